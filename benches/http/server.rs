//! The other processes: acquaint and the floor, each this program run again, so that their CPU time is theirs alone.

use acquaint::clock::{Clock, random_id};
use acquaint::ingest::Ingest;
use acquaint::store::access::{self, ApiKey, Source, Workspace};
use acquaint::store::{self, Db};
use acquaint::surface::{self, App};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Clock ticks of /proc in a second; Linux shows 100 to programs whatever the kernel uses.
const TICKS: u64 = 100;

/// A server and what opens it.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// A key that may name customers and make sessions.
    pub key: String,
    /// The write key of its source.
    pub write_key: String,
    /// From the start of the process to its first answer.
    pub start: Duration,
    postgres: bool,
}

impl Server {
    /// Starts this program again; `arguments` say as what. None when it could not start, which it says itself.
    pub fn start(arguments: &[&str]) -> io::Result<Option<Self>> {
        let began = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let Some(port) = words.next().and_then(|word| word.parse().ok()) else {
            child.wait()?;
            return Ok(None);
        };
        Ok(Some(Self {
            child,
            port,
            key: words.next().unwrap_or_default(),
            write_key: words.next().unwrap_or_default(),
            start: began.elapsed(),
            postgres: arguments.iter().any(|word| word.starts_with("postgres")),
        }))
    }

    /// CPU time so far of the server and of its database's processes, in microseconds.
    pub fn cpu(&self) -> u64 {
        let own = cpu_of(&self.child.id().to_string(), None);
        let backends = if self.postgres { postgres() } else { 0 };
        own + backends
    }

    /// Most memory that the server has held, in megabytes.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
    }
}

impl Drop for Server {
    /// Closing its input ends the server.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// CPU time of this process so far, in microseconds.
pub fn own_cpu() -> u64 {
    cpu_of("self", None)
}

fn postgres() -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
    names.map(|pid| cpu_of(&pid, Some("postgres"))).sum()
}

/// User and system time of a process, 0 where there is no /proc or the process has another name.
fn cpu_of(pid: &str, named: Option<&str>) -> u64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return 0;
    };
    let Some((head, rest)) = stat.rsplit_once(") ") else {
        return 0;
    };
    if named.is_some_and(|name| !head.ends_with(&format!("({name}"))) {
        return 0;
    }
    // proc(5): the state is field 3, utime and stime are fields 14 and 15.
    let ticks: u64 = rest
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks * 1_000_000 / TICKS
}

/// The server's side: serves a database until its input is closed.
#[expect(clippy::print_stdout, reason = "the parent reads where to connect")]
pub async fn serve(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let db = tokio::time::timeout(Duration::from_secs(5), store::open(url)).await??;
    let clock = Clock::default();
    let (key, write_key) = keys(&db, &clock).await?;
    let (ingest, _committer) = Ingest::start(db.clone());
    let app = Arc::new(App::new(db, ingest, clock, None)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{} {key} {write_key}", listener.local_addr()?.port());
    surface::serve(listener, app, input_closed()).await?;
    Ok(())
}

/// A workspace of its own with a source and a key, as `acquaint source add` and `acquaint key create` make them.
async fn keys(db: &Db, clock: &Clock) -> acquaint::Result<(String, String)> {
    let (now, key) = (clock.now(), random_id("ak_", 20));
    let workspace = Workspace {
        id: random_id("w_", 10),
        name: random_id("bench_", 10),
        secret: random_id("", 20),
        rules: Default::default(),
    };
    let source = Source {
        workspace: workspace.id.clone(),
        name: "shop".to_owned(),
        kind: "segment".to_owned(),
        write_key: random_id("wk_", 20),
        secret: None,
        created_at: now,
    };
    let stored = ApiKey {
        workspace: workspace.id.clone(),
        id: random_id("k_", 10),
        scopes: "profile:read customers:any".to_owned(),
        created_at: now,
        revoked_at: None,
    };
    let mut tx = db.begin().await?;
    access::create_workspace(&mut tx, &workspace, now).await?;
    access::add_source(&mut tx, &source).await?;
    access::add_key(&mut tx, &stored, &access::hash(&key)).await?;
    tx.commit().await?;
    Ok((key, source.write_key))
}

/// The floor's side: the least that axum does for the same request.
#[expect(clippy::print_stdout, reason = "the parent reads where to connect")]
pub async fn floor() -> Result<(), Box<dyn std::error::Error>> {
    async fn constant(_: axum::body::Bytes) -> axum::Json<serde_json::Value> {
        axum::Json(serde_json::json!({"id": 1, "name": "Ada Abbott", "plan": "pro"}))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let router = axum::Router::new().route("/v1/tools/{name}", axum::routing::post(constant));
    axum::serve(listener, router)
        .with_graceful_shutdown(input_closed())
        .await?;
    Ok(())
}

/// Resolves when the parent is gone or wants the server gone.
async fn input_closed() {
    let closed = tokio::task::spawn_blocking(|| {
        drop(io::copy(&mut io::stdin(), &mut io::sink()));
    });
    drop(closed.await);
}
