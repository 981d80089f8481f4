//! A server as a process of its own, so that its CPU time and memory are its alone; and the floor,
//! the least there can be.

use crate::client::{Client, get};
use crate::process;
use std::error::Error;
use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that a server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where ports are looked for: below those that the system gives to connections, or a connection
/// that waits for the server could be given its port.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A server that runs.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// From the start of the process to its first answer.
    pub start: Duration,
    /// The PostgreSQL database whose processes work for it.
    database: Option<String>,
}

impl Server {
    /// Starts a server that will listen on `port`, and waits until it answers on the path `ready`.
    /// What it says on its standard error goes to the end of `log`.
    ///
    /// # Errors
    /// When it ends or does not answer, with the last line that it said.
    pub async fn start(
        mut command: Command,
        port: u16,
        ready: &str,
        log: &Path,
        database: Option<&str>,
    ) -> Result<Self, Box<dyn Error>> {
        let log_file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let mut server = Self {
            child: command.stderr(log_file).spawn()?,
            port,
            start: Duration::ZERO,
            database: database.map(str::to_owned),
        };
        while !answers(port, ready).await {
            if began.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let last = said.lines().next_back().unwrap_or("it said nothing");
                return Err(format!("a server did not start: {last}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.start = began.elapsed();
        Ok(server)
    }

    /// CPU time so far of the server and of its database's processes, in microseconds.
    pub fn cpu(&self) -> u64 {
        let database = self.database.as_deref().map_or(0, process::backends);
        process::cpu(&self.pid()) + database
    }

    /// Memory that the server holds now, in megabytes.
    pub fn resident(&self) -> u64 {
        process::resident(&self.pid())
    }

    /// Most memory that the server has held, in megabytes.
    pub fn peak(&self) -> u64 {
        process::peak(&self.pid())
    }

    /// Asks the server to end and waits for it; nothing happens when it has ended.
    pub fn stop(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        // The standard library can only kill, which would leave an SQLite file without its last
        // checkpoint.
        let term = format!("kill -TERM {}", self.pid());
        Command::new("sh").args(["-c", &term]).status()?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                self.child.kill()?;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

async fn answers(port: u16, path: &str) -> bool {
    let asked = async {
        let mut client = Client::connect(port).await?;
        let (status, _) = client.send(&get(path)).await?;
        io::Result::Ok(status)
    };
    matches!(asked.await, Ok(200))
}

/// A free port.
pub fn free_port() -> io::Result<u16> {
    let first = std::process::id() as u16 % 5_000;
    let mut ports = PORTS.skip(usize::from(first));
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| io::Error::other("no port is free"))
}

/// Starts the floor, this program once more.
pub async fn start_floor(log: &Path) -> Result<Server, Box<dyn Error>> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--floor", &port.to_string()]);
    Server::start(command, port, "/readyz", log, None).await
}

/// The floor's side: the least that axum does for a request like ours, with the allocator that
/// acquaint has.
pub async fn floor(port: u16) -> Result<(), Box<dyn Error>> {
    async fn constant(_: axum::body::Bytes) -> axum::Json<serde_json::Value> {
        axum::Json(serde_json::json!({"id": 1, "name": "Ada Abbott", "plan": "pro"}))
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let router = axum::Router::new()
        .route("/v1/tools/{name}", axum::routing::post(constant))
        .route("/readyz", axum::routing::get(|| async { "ready" }));
    axum::serve(listener, router).await?;
    Ok(())
}
