//! A load generator that costs little: prepared HTTP/1.1 requests over keep-alive connections, answers read by their length.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Longest that one answer may take; a server that hangs ends the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to a server on this machine.
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// Sends a request; gives the status and the body of its answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await??;
        let (status, from, until) =
            answer(&self.buffer).ok_or_else(|| io::Error::other("an answer without a length"))?;
        Ok((status, &self.buffer[from..until]))
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        while answer(&self.buffer).is_none_or(|(_, _, until)| self.buffer.len() < until) {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

/// The status of an answer whose head has arrived, and where its body begins and ends.
fn answer(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    })?;
    Some((status, end + 4, end + 4 + length))
}

/// A POST of JSON as it goes over the wire.
pub fn post(path: &str, authorization: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What a stretch of load came to.
#[derive(Default)]
pub struct Load {
    /// How long each answer took, in nanoseconds.
    pub took: Vec<u64>,
    /// How long the whole stretch took.
    pub elapsed: Duration,
    /// An answer that was no 200, if there was one.
    pub refused: Option<String>,
}

impl Load {
    /// Adds another stretch of the same load.
    pub fn extend(&mut self, other: Self) {
        self.took.extend(other.took);
        self.elapsed += other.elapsed;
        self.refused = self.refused.take().or(other.refused);
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The time within which this share of the answers came, in milliseconds; sorts what was measured.
    pub fn within(&mut self, share: f64) -> f64 {
        self.took.sort_unstable();
        let last = self.took.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        self.took.get(at).map_or(0.0, |took| *took as f64 / 1e6)
    }
}

/// Which requests are sent.
#[derive(Clone)]
pub struct Requests {
    /// The requests, ready for the wire.
    pub list: Arc<Vec<Vec<u8>>>,
    /// Where the next is taken from; connections share it.
    pub next: Arc<AtomicUsize>,
    /// Whether to begin again at the end; events are sent only once.
    pub again: bool,
}

impl Requests {
    /// Requests to be sent in turn.
    pub fn new(list: Vec<Vec<u8>>, again: bool) -> Self {
        Self {
            list: Arc::new(list),
            next: Arc::default(),
            again,
        }
    }

    fn take(&self) -> Option<&[u8]> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let at = if self.again { at % self.list.len() } else { at };
        self.list.get(at).map(Vec::as_slice)
    }
}

/// Sends requests over this many connections, each one after another, until the time is up or the requests are used up.
pub async fn run(
    port: u16,
    connections: usize,
    lasting: Duration,
    requests: &Requests,
) -> io::Result<Load> {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::connect(port).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(one(client, requests.clone(), began + lasting));
    }
    let mut load = Load::default();
    while let Some(done) = tasks.join_next().await {
        load.extend(done.map_err(io::Error::other)??);
    }
    load.elapsed = began.elapsed();
    Ok(load)
}

async fn one(mut client: Client, requests: Requests, until: Instant) -> io::Result<Load> {
    let mut load = Load::default();
    while Instant::now() < until
        && let Some(request) = requests.take()
    {
        let sent = Instant::now();
        let (status, body) = client.send(request).await?;
        load.took.push(sent.elapsed().as_nanos() as u64);
        if status != 200 && load.refused.is_none() {
            let body = String::from_utf8_lossy(body);
            load.refused = Some(format!("{status} {body}"));
        }
    }
    Ok(load)
}
