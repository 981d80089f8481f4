//! A PostgreSQL schema for one test, in a database `acquaint_test_en` that is made on first use.

use super::outside::{env, in_ci, say};
use acquaint::clock::{Clock, random_id};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";
const DATABASE: &str = "acquaint_test_en";
/// How long a server may take to answer where nobody promised that there is one.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the schema of a failed test is kept.
const KEPT_MS: i64 = 60 * 60 * 1000;

/// The test database's URL; none where there is no server.
static SERVER: OnceCell<Option<String>> = OnceCell::const_new();
/// A pool may grow to 16 connections, a test may run a second server, and PostgreSQL usually takes
/// 100 connections.
static ROOM: Semaphore = Semaphore::const_new(3);

/// A schema that only one test uses.
pub struct Schema {
    /// How to connect to it.
    pub url: String,
    name: String,
    _room: SemaphorePermit<'static>,
}

/// A new schema, once there is room; none where there is no server.
pub async fn schema() -> Option<Schema> {
    let server = SERVER.get_or_init(server).await.as_deref()?;
    let room = ROOM.acquire().await.expect("never closed");
    let now = Clock::default().now().ms();
    let name = format!("t_{now}_{}", random_id("", 5));
    run(server, &format!("create schema {name}")).await;
    let separator = if server.contains('?') { '&' } else { '?' };
    Some(Schema {
        url: format!("{server}{separator}options=-c%20search_path%3D{name}"),
        name,
        _room: room,
    })
}

impl Schema {
    /// Removes it.
    pub async fn remove(self) {
        if let Some(Some(server)) = SERVER.get() {
            run(server, &format!("drop schema {} cascade", self.name)).await;
        }
    }
}

/// Finds the server and makes the test database ready.
async fn server() -> Option<String> {
    let wanted = env("TEST_DATABASE_URL");
    let url = wanted.clone().unwrap_or_else(|| DEFAULT_URL.to_owned());
    let connected = tokio::time::timeout(PATIENCE, PgConnection::connect(&url)).await;
    let Ok(Ok(mut connection)) = connected else {
        assert!(
            wanted.is_none() && !in_ci(),
            "PostgreSQL does not answer; set TEST_DATABASE_URL"
        );
        say("databases: sqlite; skipped: postgres, no server at 127.0.0.1:5432");
        return None;
    };
    // There is no `if not exists` for databases; a process that was quicker is as good. Strings are
    // ordered as in English, where `~` comes before letters, so that a statement that relies on the
    // order of bytes fails here.
    for locale in [
        "template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'",
        "",
    ] {
        let create = format!("create database {DATABASE} {locale}");
        let _ = sqlx::query(AssertSqlSafe(create))
            .execute(&mut connection)
            .await;
    }
    let url = with_database(&url);
    sweep(&url).await;
    say("databases: sqlite, postgres");
    Some(url)
}

/// The URL with the test database in place of its own.
fn with_database(url: &str) -> String {
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let authority = head.find("://").map_or(0, |at| at + 3);
    let end = head[authority..]
        .find('/')
        .map_or(head.len(), |at| authority + at);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{}/{DATABASE}{query}", &head[..end])
}

/// Removes what tests that failed long ago left behind.
async fn sweep(url: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the test database");
    let rows = sqlx::query(r"select nspname from pg_namespace where nspname like 't\_%'")
        .fetch_all(&mut connection)
        .await
        .expect("the schemas");
    let now = Clock::default().now().ms();
    for row in rows {
        let name: String = row.get(0);
        let made_at = name.split('_').nth(1).and_then(|at| at.parse::<i64>().ok());
        if made_at.is_some_and(|at| at < now - KEPT_MS) {
            let drop = format!("drop schema if exists {name} cascade");
            // Another process may be sweeping as well.
            let _ = sqlx::query(AssertSqlSafe(drop))
                .execute(&mut connection)
                .await;
        }
    }
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the test database");
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .expect(sql);
}
