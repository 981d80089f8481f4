//! The power fails: in the middle of load the real binary is killed, and of its SQLite files
//! everything is taken back, wholly or in part, that was written but not yet synced. What was
//! acknowledged is there all the same.
//!
//! A kill alone proves less, because the kernel keeps what a killed process wrote. On PostgreSQL
//! that is all that can be done from here: its server's files are its own.

use crate::app::{Backend, TestApp};
use crate::kill::{Process, acquaint, check_log, request};
use acquaint::store::Db;
use dice::Dice;
use load::Load;
use std::collections::HashSet;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod cut;
mod dice;
#[cfg(target_os = "linux")]
mod disk;
mod load;
#[cfg(target_os = "linux")]
mod undo;

/// How a server ends, round by round.
const ENDS: [End; 7] = [
    End::BetweenWrites,
    End::ByItself,
    End::BetweenWrites,
    End::AnyMoment,
    End::Closing,
    End::BetweenWrites,
    End::Closing,
];
/// Clients that send one event at a time.
const CLIENTS: usize = 64;
/// Clients that send batches.
const BATCH_CLIENTS: usize = 2;
/// Events that a round gets acknowledged before its end is near.
const FEWEST: usize = 200;

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Killed at any moment.
    AnyMoment,
    /// Killed while it writes a transaction.
    BetweenWrites,
    /// Killed after it was told to stop, while it moves the write-ahead log into the database.
    Closing,
    /// Told to stop, and not killed.
    ByItself,
}

/// Files that show what a server is at.
#[derive(Debug)]
struct Files {
    /// Grows with every write.
    journal: PathBuf,
    /// Changes when the write-ahead log is moved into it.
    database: PathBuf,
}

mod acknowledgements_survive_a_power_cut {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        if let Some(mut app) = TestApp::new(Backend::Sqlite).await {
            // This process must hold nothing of files that are going to change under it.
            app.db.close().await;
            let expected = cut::rounds(&app).await;
            app.db = acquaint::store::open(&app.url).await.expect("opened");
            check_log(&app, expected).await;
            app.close().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        if let Some(app) = TestApp::new(Backend::Postgres).await {
            let expected = rounds_on_postgres(&app).await;
            check_log(&app, expected).await;
            app.close().await;
        }
    }
}

/// Rounds of load, each ended by a kill; how many events were acknowledged.
async fn rounds_on_postgres(app: &TestApp) -> usize {
    let (setting,): (String,) = app
        .db
        .sql("show synchronous_commit")
        .one()
        .await
        .expect("a setting");
    assert_ne!(setting, "off", "a commit would not be durable");
    let load = Load::new(&app.tenant.write_key);
    let mut dice = Dice::new();
    for (round, end) in ENDS.into_iter().enumerate() {
        let told = format!("round {round}, {end:?}, {dice:?}");
        tokio::task::block_in_place(|| pull(app, &[], &load, None, end, &mut dice));
        let found = compare(app, &app.db, &load.acknowledged()).await;
        assert_eq!(found, Found::default(), "{told}");
    }
    tokio::task::block_in_place(|| send_rest(app, &load))
}

/// A server that answers, and its port.
fn start(app: &TestApp, environment: &[(&str, OsString)]) -> (Process, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let listen = format!("127.0.0.1:{port}");
    let mut command = acquaint(app, &["serve", "--listen", &listen]);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut process = Process(command.spawn().expect("the binary starts"));
    for _ in 0..3_000 {
        if matches!(request(port, "GET /healthz", "", ""), Some((200, _))) {
            return (process, port);
        }
        let ended = process.0.try_wait().expect("a status");
        assert_eq!(ended, None, "the server ends at its start");
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the server does not answer");
}

/// A server takes load and ends in the middle of it.
fn pull(
    app: &TestApp,
    environment: &[(&str, OsString)],
    load: &Load,
    files: Option<&Files>,
    end: End,
    dice: &mut Dice,
) {
    let before = load.count();
    let (mut server, port) = start(app, environment);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS + BATCH_CLIENTS {
            scope.spawn(move || load.send(port, client >= CLIENTS));
        }
        // How long a machine takes for a commit is not known.
        soon(20_000, || load.count() >= before + FEWEST);
        sleep(50 + dice.below(350));
        stop(&mut server, files, end, dice);
    });
    let acknowledged = load.count() - before;
    assert!(acknowledged >= FEWEST, "only {acknowledged}, {end:?}");
}

/// Ends a server. Without files that show what it is at, chance picks the moment.
fn stop(server: &mut Process, files: Option<&Files>, end: End, dice: &mut Dice) {
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |data| data.len());
    let changed = |path: &PathBuf| {
        std::fs::metadata(path)
            .and_then(|data| data.modified())
            .ok()
    };
    match (end, files) {
        (End::AnyMoment, _) | (End::BetweenWrites, None) => {}
        (End::BetweenWrites, Some(Files { journal, .. })) => {
            let enough = length(journal) + 500 + dice.below(20_000);
            soon(500, || length(journal) > enough);
        }
        (End::Closing, None) => {
            terminate(server);
            sleep(dice.below(100));
        }
        (End::Closing, Some(Files { database, .. })) => {
            let before = changed(database);
            terminate(server);
            soon(10_000, || {
                changed(database) != before || server.0.try_wait().expect("a status").is_some()
            });
        }
        (End::ByItself, _) => {
            terminate(server);
            soon(20_000, || server.0.try_wait().expect("a status").is_some());
        }
    }
    server.0.kill().expect("killed");
    server.0.wait().expect("a status");
}

/// Tells a server to stop, as service managers do.
fn terminate(server: &Process) {
    let command = format!("kill -TERM {}", server.0.id());
    let told = Command::new("sh").args(["-c", &command]).status();
    assert!(told.expect("a shell").success(), "{command}");
}

fn sleep(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Waits for something, up to so many milliseconds.
fn soon(milliseconds: u64, mut came: impl FnMut() -> bool) {
    for _ in 0..milliseconds * 4 {
        if came() {
            return;
        }
        std::thread::sleep(Duration::from_micros(250));
    }
}

/// Sends what was never acknowledged, now without an end to it; how many events there are in all.
fn send_rest(app: &TestApp, load: &Load) -> usize {
    let (_server, port) = start(app, &[]);
    load.send_rest(port);
    load.count()
}

/// What is wrong with a database.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Events that were acknowledged and are not there.
    lost: usize,
    /// Events that are there again.
    twice: usize,
    /// What SQLite finds wrong with the file.
    broken: Vec<String>,
}

/// Compares the log with what was acknowledged. More may be there: an answer that was under way
/// when the server ended.
async fn compare(app: &TestApp, db: &Db, acknowledged: &[String]) -> Found {
    let rows: Vec<(String,)> = db
        .sql("select message_id from event where workspace = $1")
        .bind(&app.tenant.workspace.id)
        .all()
        .await
        .expect("the log");
    let logged: HashSet<&str> = rows.iter().map(|(id,)| id.as_str()).collect();
    let lost = acknowledged.iter();
    Found {
        lost: lost.filter(|id| !logged.contains(id.as_str())).count(),
        twice: rows.len() - logged.len(),
        broken: Vec::new(),
    }
}
