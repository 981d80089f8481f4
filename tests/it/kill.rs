//! The plug is pulled: the real binary is killed in the middle of concurrent batches and of an
//! import, again and again. What was acknowledged is there, nothing is there twice, and what is
//! derived is what the log gives.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::ingest;
use acquaint::profile::Profile;
use acquaint::profile::packed::unpack;
use acquaint::store::{access, table};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

both!(
    acknowledged_batches_survive_sigkill,
    an_import_resumes_after_sigkill
);

/// How often the server is killed in one test.
const ROUNDS: u64 = 6;
/// Clients that send at the same time.
const CLIENTS: u32 = 4;
/// Events of a batch.
pub(crate) const BATCH: u32 = 20;

/// A process that does not outlive its test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The binary with these arguments, on the database of the test.
pub(crate) fn acquaint(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquaint"));
    command.args(arguments).args([
        "--database",
        &app.url,
        "--workspace",
        &app.tenant.workspace.name,
        "--log",
        "error",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A server that answers, and its port.
pub(crate) fn serve(app: &TestApp) -> (Process, u16) {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let listen = format!("127.0.0.1:{port}");
    let process = Process(
        acquaint(app, &["serve", "--listen", &listen])
            .spawn()
            .expect("the binary starts"),
    );
    for _ in 0..600 {
        if matches!(request(port, "GET /healthz", "", ""), Some((200, _))) {
            return (process, port);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the server does not answer");
}

/// One request on a connection of its own: status and body, or nothing if the server went away.
pub(crate) fn request(port: u16, line: &str, headers: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    let length = body.len();
    let text = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// A batch about a few customers whose identifiers overlap, so that links and profiles are joined
/// under way.
pub(crate) fn batch(write_key: &str, number: u32) -> String {
    let event = |at: u32| -> Value {
        let id = number * BATCH + at;
        json!({
            "type": "track", "event": "Order Completed", "messageId": format!("m{id}"),
            "userId": format!("u{}", id % 7), "anonymousId": format!("a{}", id % 5),
            "context": {"traits": {"email": format!("p{}@x.example", id % 11)}},
            "properties": {"order_id": format!("o{}", id % 60), "total": id % 100, "currency": "EUR"},
            "timestamp": "2026-01-01T00:00:00Z",
        })
    };
    json!({"writeKey": write_key, "batch": (0..BATCH).map(event).collect::<Vec<_>>()}).to_string()
}

/// Sends batches until the server is gone; those that were not acknowledged are put back, as an SDK
/// would try them again.
fn send(
    port: u16,
    write_key: &str,
    next: &AtomicU32,
    again: &Mutex<Vec<u32>>,
    acknowledged: &Mutex<Vec<u32>>,
) {
    loop {
        let retried = again.lock().expect("not poisoned").pop();
        let number = retried.unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed));
        match request(port, "POST /v1/batch", "", &batch(write_key, number)) {
            Some((200, body)) if body == "{\"success\":true}" => {
                acknowledged.lock().expect("not poisoned").push(number)
            }
            _ => {
                again.lock().expect("not poisoned").push(number);
                return;
            }
        }
    }
}

async fn acknowledged_batches_survive_sigkill(app: &TestApp) {
    let (next, again, acknowledged) = (
        AtomicU32::new(0),
        Mutex::new(Vec::new()),
        Mutex::new(Vec::new()),
    );
    tokio::task::block_in_place(|| {
        for round in 0..ROUNDS {
            let (mut server, port) = serve(app);
            std::thread::scope(|scope| {
                for _ in 0..CLIENTS {
                    scope.spawn(|| send(port, &app.tenant.write_key, &next, &again, &acknowledged));
                }
                std::thread::sleep(Duration::from_millis(150 + 97 * round));
                server.0.kill().expect("killed");
            });
        }
        let (_server, port) = serve(app);
        for number in again.into_inner().expect("not poisoned") {
            let answer = request(
                port,
                "POST /v1/batch",
                "",
                &batch(&app.tenant.write_key, number),
            );
            assert!(matches!(answer, Some((200, _))), "{answer:?}");
            acknowledged.lock().expect("not poisoned").push(number);
        }
    });
    let mut acknowledged = acknowledged.into_inner().expect("not poisoned");
    acknowledged.sort_unstable();
    acknowledged.dedup();
    assert!(
        acknowledged.len() as u64 > ROUNDS,
        "the test did something: {} batches",
        acknowledged.len()
    );
    let expected = acknowledged.len() * BATCH as usize;
    check_log(app, expected).await;
}

async fn an_import_resumes_after_sigkill(app: &TestApp) {
    const EVENTS: u32 = 12_000;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("events.jsonl");
    let mut file = std::fs::File::create(&path).expect("a file");
    for number in 0..EVENTS / BATCH {
        let batch: Value = serde_json::from_str(&batch("", number)).expect("JSON");
        for event in batch["batch"].as_array().expect("a batch") {
            writeln!(file, "{event}").expect("written");
        }
    }
    let path = path.to_string_lossy().into_owned();
    let arguments = [
        "import",
        path.as_str(),
        "--format",
        "events",
        "--source",
        "web",
    ];
    let mut kills = 0;
    tokio::task::block_in_place(|| {
        for attempt in 0..60_u64 {
            let mut import = Process(
                acquaint(app, &arguments)
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("the binary starts"),
            );
            let until = Instant::now() + Duration::from_millis(300 + 170 * attempt);
            while Instant::now() < until {
                if let Some(status) = import.0.try_wait().expect("a status") {
                    assert!(status.success(), "{status}");
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            import.0.kill().expect("killed");
            kills += 1;
        }
        panic!("the import never ended");
    });
    assert!(kills > 0, "the import was killed at least once");
    check_log(app, EVENTS as usize).await;
}

/// Every event is in the log once, every profile counts its events once, and a rebuild changes
/// nothing.
pub(crate) async fn check_log(app: &TestApp, expected: usize) {
    let workspace = &app.tenant.workspace;
    let events = table::count(&app.db, "event", &workspace.id).await;
    let events = events.expect("a count");
    assert_eq!(events as usize, expected, "events in the log");
    let counted: u64 = documents(app)
        .await
        .iter()
        .map(|doc| doc["seen"]["events"].as_u64().expect("a count"))
        .sum();
    assert_eq!(counted as usize, expected, "events counted in profiles");
    let folded = derived(&app.db, workspace).await;
    let current = access::workspace_by_id(&app.db, &workspace.id).await;
    let current = current.expect("found").expect("the workspace");
    ingest::rebuild(&app.db, &current, |_| {})
        .await
        .expect("rebuilt");
    let rebuilt = derived(&app.db, workspace).await;
    assert!(rebuilt == folded, "a rebuild gives the same");
}

pub(crate) async fn documents(app: &TestApp) -> Vec<Value> {
    let rows: Vec<(Vec<u8>,)> = app
        .db
        .sql("select doc from profile where workspace = $1 order by id")
        .bind(&app.tenant.workspace.id)
        .all()
        .await
        .expect("documents");
    rows.iter()
        .map(|(doc,)| {
            let profile: Profile = unpack(doc).expect("a document");
            serde_json::to_value(profile).expect("JSON")
        })
        .collect()
}
