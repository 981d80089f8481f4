//! Clients that send events until the server is gone, and remember what it acknowledged.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Events of a batch.
const BATCH: u32 = 20;
/// Customers that the events are about. They are many, so that a commit takes little work and there
/// are many commits.
const CUSTOMERS: u32 = 500;

/// Events of one request: one, or a batch.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    first: u32,
    count: u32,
}

impl Delivery {
    fn line(self) -> &'static str {
        if self.count == 1 {
            "POST /v1/track"
        } else {
            "POST /v1/batch"
        }
    }

    fn body(self, write_key: &str) -> String {
        let mut events: Vec<Value> = self.numbers().map(event).collect();
        let mut body = if self.count == 1 {
            events.remove(0)
        } else {
            json!({"batch": events})
        };
        body["writeKey"] = write_key.into();
        body.to_string()
    }

    fn numbers(self) -> Range<u32> {
        self.first..self.first + self.count
    }
}

/// A call. Every customer comes with two devices, so that profiles are joined under way.
fn event(number: u32) -> Value {
    let name = if number.is_multiple_of(8) {
        "Order Completed"
    } else {
        "Product Viewed"
    };
    json!({
        "type": "track", "event": name, "messageId": message_id(number),
        "userId": format!("u{}", number % CUSTOMERS),
        "anonymousId": format!("a{}", number % (2 * CUSTOMERS)),
        "properties": {"order_id": format!("o{number}"), "total": number % 100, "currency": "EUR"},
        "timestamp": "2026-01-01T00:00:00Z",
    })
}

fn message_id(number: u32) -> String {
    format!("m{number}")
}

/// What is sent, over all rounds.
#[derive(Debug)]
pub(super) struct Load {
    write_key: String,
    next: AtomicU32,
    /// Not acknowledged; to be sent again, as an SDK would.
    again: Mutex<Vec<Delivery>>,
    acknowledged: Mutex<Vec<String>>,
}

impl Load {
    pub(super) fn new(write_key: &str) -> Self {
        Self {
            write_key: write_key.to_owned(),
            next: AtomicU32::new(0),
            again: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    /// Message ids of what was acknowledged so far.
    pub(super) fn acknowledged(&self) -> Vec<String> {
        self.acknowledged.lock().expect("not poisoned").clone()
    }

    /// How many that are.
    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().expect("not poisoned").len()
    }

    /// One client on one connection: sends until the server is gone.
    pub(super) fn send(&self, port: u16, batches: bool) {
        let mut connection = Connection::open(port);
        loop {
            let again = self.again.lock().expect("not poisoned").pop();
            let delivery = again.unwrap_or_else(|| {
                let count = if batches { BATCH } else { 1 };
                let first = self.next.fetch_add(count, Ordering::Relaxed);
                Delivery { first, count }
            });
            if !self.deliver(&mut connection, delivery) {
                return;
            }
        }
    }

    /// Sends once more what was not acknowledged; now all of it must be.
    pub(super) fn send_rest(&self, port: u16) {
        let rest = std::mem::take(&mut *self.again.lock().expect("not poisoned"));
        let mut connection = Connection::open(port);
        for delivery in rest {
            let acknowledged = self.deliver(&mut connection, delivery);
            assert!(acknowledged, "{delivery:?} is refused");
        }
    }

    /// Whether it was acknowledged.
    fn deliver(&self, connection: &mut Option<Connection>, delivery: Delivery) -> bool {
        let body = delivery.body(&self.write_key);
        let answer = connection
            .as_mut()
            .and_then(|connection| connection.request(delivery.line(), &body));
        let acknowledged = matches!(&answer, Some((200, body)) if body == "{\"success\":true}");
        if acknowledged {
            let mut all = self.acknowledged.lock().expect("not poisoned");
            all.extend(delivery.numbers().map(message_id));
        } else {
            self.again.lock().expect("not poisoned").push(delivery);
        }
        acknowledged
    }
}

/// A connection that stays open from one request to the next.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_nodelay(true).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .ok()?;
        Some(Self(BufReader::new(stream)))
    }

    /// Status and body; nothing if the server went away.
    fn request(&mut self, line: &str, body: &str) -> Option<(u16, String)> {
        let length = body.len();
        let text =
            format!("{line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}");
        self.0.get_mut().write_all(text.as_bytes()).ok()?;
        let status = self.line()?.split(' ').nth(1)?.parse().ok()?;
        let mut length = 0;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((status, String::from_utf8(body).ok()?))
    }

    /// A line without its end; nothing if the connection ended within it.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        line.strip_suffix("\r\n").map(str::to_owned)
    }
}
