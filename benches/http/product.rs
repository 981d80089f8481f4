//! acquaint as it ships: the program itself with its own settings, on a database with a workspace,
//! a source and its keys.

use crate::client::{Client, get, post};
use crate::database::Database;
use crate::load::{Load, Script, run};
use crate::server::{Server, free_port};
use crate::shop;
use acquaint::clock::{Clock, random_id};
use acquaint::id::ProfileId;
use acquaint::source::segment;
use acquaint::store;
use acquaint::store::access::{self, Source, Workspace};
use acquaint::tool::caller::{self, Verification};
use data_encoding::BASE64;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_acquaint");
/// The workspace, and the source that feeds it.
const WORKSPACE: &str = "bench";
const SOURCE: &str = "shop";
/// Customers of one delivery of the seed; their events make about a hundred.
const SEEDED_AT_ONCE: usize = 8;
/// Connections that seed.
const SEEDERS: usize = 8;
/// How long a session lasts, in seconds.
const SESSION_S: i64 = 86_400;

/// A server of ours and what opens it.
pub struct Product {
    /// Where it keeps everything.
    pub database: Database,
    /// The server.
    pub server: Server,
    workspace: Workspace,
    write_key: String,
    log: PathBuf,
    peak: u64,
}

impl Product {
    /// Starts a server on a new database and gives it a workspace.
    pub async fn create(database: Database, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let log = folder.join(format!("{}.log", database.engine()));
        let server = serve(&database, &log).await?;
        let db = store::open(&database.url()).await?;
        let workspace = access::workspace(&db, WORKSPACE).await?;
        let workspace = workspace.ok_or("the server made no workspace")?;
        let source = Source {
            workspace: workspace.id.clone(),
            name: SOURCE.to_owned(),
            kind: "segment".to_owned(),
            write_key: random_id("wk_", 15),
            secret: None,
            created_at: Clock::default().now(),
        };
        let mut tx = db.begin().await?;
        access::add_source(&mut tx, &source).await?;
        tx.commit().await?;
        db.close().await;
        Ok(Self {
            database,
            server,
            workspace,
            write_key: source.write_key,
            log,
            peak: 0,
        })
    }

    /// Ends the server, which closes the database.
    pub fn stop(&mut self) -> Result<(), Box<dyn Error>> {
        self.peak = self.peak.max(self.server.peak());
        Ok(self.server.stop()?)
    }

    /// Ends the server and starts it anew on the same database: it has read nothing yet.
    pub async fn restart(&mut self) -> Result<(), Box<dyn Error>> {
        self.stop()?;
        self.server = serve(&self.database, &self.log).await?;
        Ok(())
    }

    /// Most memory that any of its servers held, in megabytes.
    pub fn peak(&self) -> u64 {
        self.peak.max(self.server.peak())
    }

    /// Lines of its log that warn or tell of an error: how many, and the first.
    pub fn warnings(&self) -> Option<(usize, String)> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let bad = |line: &&str| line.contains("\"WARN\"") || line.contains("\"ERROR\"");
        let first = text.lines().find(bad)?.to_owned();
        Some((text.lines().filter(bad).count(), first))
    }

    /// Ends the server and removes its database.
    pub async fn remove(mut self) -> Result<(), Box<dyn Error>> {
        self.stop()?;
        self.database.remove().await
    }

    /// A call of a tool by a session of a customer. The token is made from the workspace's secret,
    /// so that the server has not read anything of the customer for it.
    pub fn call(&self, tool: &str, customer: usize) -> Result<Vec<u8>, Box<dyn Error>> {
        let now = Clock::default().now();
        let parsed = segment::parse_line(SOURCE, &shop::sign_up(customer), now);
        let event = parsed.outcome.map_err(|reject| reject.message)?;
        let oldest = self.workspace.rules.read(&self.workspace.secret, &event);
        self.call_of(tool, &ProfileId::of(&oldest.link))
    }

    /// The same for the customer of a profile.
    pub fn call_of(&self, tool: &str, profile: &ProfileId) -> Result<Vec<u8>, Box<dyn Error>> {
        let now = Clock::default().now();
        let verified = Verification::Verified;
        let (token, _) = caller::mint(&self.workspace, profile, SESSION_S, verified, now)?;
        let path = format!("/v1/tools/{tool}");
        Ok(post(&path, &format!("Bearer {token}"), arguments(tool)))
    }

    /// A delivery of calls.
    pub fn batch(&self, calls: &[String]) -> Vec<u8> {
        post("/v1/batch", &self.basic(), &shop::batch(calls))
    }

    /// Deliveries of this many calls each.
    pub fn batches(&self, calls: &[String], size: usize) -> Vec<Vec<u8>> {
        calls.chunks(size).map(|calls| self.batch(calls)).collect()
    }

    /// A delivery of one `track` call.
    pub fn single(&self, call: &str) -> Vec<u8> {
        post("/v1/track", &self.basic(), call)
    }

    fn basic(&self) -> String {
        basic(&self.write_key)
    }

    /// Puts a database that an earlier run seeded in the place of this one; it is copied, and the
    /// server started anew.
    pub async fn take_over(&mut self, file: &Path) -> Result<(), Box<dyn Error>> {
        self.stop()?;
        let Database::Sqlite(own) = &self.database else {
            return Err("only an SQLite database can be taken over".into());
        };
        copy(file, own)?;
        self.restart().await?;
        let db = store::open(&self.database.url()).await?;
        let workspace = access::workspace(&db, WORKSPACE).await?;
        self.workspace = workspace.ok_or("the database has no such workspace")?;
        let sources = access::sources(&db, &self.workspace.id).await?;
        let source = sources.into_iter().find(|source| source.name == SOURCE);
        self.write_key = source.ok_or("the database has no such source")?.write_key;
        db.close().await;
        Ok(())
    }

    /// Ends the server and leaves a copy of its database in this file.
    pub fn leave(&mut self, file: &Path) -> Result<(), Box<dyn Error>> {
        self.stop()?;
        if let Database::Sqlite(own) = &self.database {
            copy(own, file)?;
        }
        Ok(())
    }

    /// Sends the histories of the first customers, made on the way; how long the making took is in
    /// the load.
    pub async fn seed(&self, customers: usize) -> Result<Load, Box<dyn Error>> {
        let basic = self.basic();
        let script = Script::made(move |number| {
            let from = number * SEEDED_AT_ONCE;
            let until = customers.min(from + SEEDED_AT_ONCE);
            let calls: Vec<String> = (from..until).flat_map(shop::history).collect();
            (!calls.is_empty()).then(|| post("/v1/batch", &basic, &shop::batch(&calls)))
        });
        let all = Duration::from_secs(86_400);
        let load = run(self.server.port, SEEDERS, all, &script).await?;
        if let Some(refused) = load.refused {
            return Err(refused.into());
        }
        self.database.settle().await?;
        Ok(load)
    }

    /// A number that the server counts; 0 when it has counted none.
    pub async fn counted(&self, name: &str) -> Result<f64, Box<dyn Error>> {
        let mut client = Client::connect(self.server.port).await?;
        let (_, text) = client.send(&get("/metrics")).await?;
        let text = String::from_utf8_lossy(text);
        let mut values = text.lines().filter_map(|line| line.split_once(' '));
        let value = values.find_map(|(found, value)| (found == name).then_some(value));
        Ok(value.map_or(Ok(0.0), str::parse)?)
    }
}

/// Copies a file and waits until all of it is on the disk, or its way there would be measured too.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(from, to)?;
    std::fs::File::open(to)?.sync_all()
}

/// Asks for as many orders as the statement beside it gives.
fn arguments(tool: &str) -> &'static str {
    match tool {
        "recent_purchases" => "{\"limit\":10}",
        _ => "{}",
    }
}

fn basic(user: &str) -> String {
    let text = BASE64.encode(format!("{user}:").as_bytes());
    format!("Basic {text}")
}

async fn serve(database: &Database, log: &Path) -> Result<Server, Box<dyn Error>> {
    let port = free_port()?;
    let mut command = Command::new(PROGRAM);
    command
        .env_remove("ACQUAINT_LOG")
        .args(["serve", "--listen"]);
    command.arg(format!("127.0.0.1:{port}"));
    command.args(["--database", &database.url(), "--workspace", WORKSPACE]);
    let backend = database.backend();
    Server::start(command, port, "/readyz", log, backend.as_deref()).await
}
