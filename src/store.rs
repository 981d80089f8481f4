//! The one room that knows the database: opening it, its schema, and the hooks where the two engines differ.
//!
//! The engine follows from the URL: `sqlite://file.db` or `postgres://…`. Each file below holds the statements of one group
//! of tables; they read through [`Db`] and write through [`Tx`].

use crate::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub mod access;
mod cache;
mod change;
pub mod customer;
mod db;
pub mod decided;
pub mod event;
pub mod identifier;
pub mod identity;
pub mod link;
pub mod matching;
pub mod profile;
mod reads;
pub mod record;
pub mod reject;
mod schema;
mod sql;
#[cfg(test)]
mod statements;
pub mod suggestion;
pub mod table;
mod written;

pub use db::{Db, Tx};
pub use sql::{Answer, Driver, Rows, Statement, Transaction};

use cache::stamp::Stamp;
use sql::{Engine, Lookup};

/// How long a statement waits for another process's write lock before it gives up.
const BUSY: Duration = Duration::from_secs(30);
/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// After how long a connection to PostgreSQL is asked whether it still stands before it is used.
const RESTED: Duration = Duration::from_secs(5);
/// The page caches of the SQLite connection that writes and of each that reads; negative numbers are KiB. What is not in
/// them is mostly in the system's.
const CACHES: (&str, &str) = ("-16384", "-2048");
/// Prepared statements that each SQLite connection holds; more than there are, in all their sizes.
const STATEMENTS: usize = 400;
/// Pages of the write-ahead log after which the writer itself moves it into the file and begins it anew. Most of it has been
/// moved by then, beside the writer.
const CHECKPOINT: &str = "48000";
/// How long after a commit the write-ahead log is moved into the file: a page that changes often is moved once for all of them.
/// While the log fills up so fast that the writer would come to move much of it itself, it is moved sooner.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(2);
const CHECKPOINT_SOON: Duration = Duration::from_millis(250);
/// Pages in the log from which on it is moved soon.
const FILLING: i64 = 12_000;
/// After which commits of a process PostgreSQL's tables are analysed: the powers of two in between.
const ANALYZE_FROM: u32 = 2;
const ANALYZE_UNTIL: u32 = 512;
/// Most connections to PostgreSQL from one process.
const CONNECTIONS: u32 = 16;
/// Most readers of an SQLite file; each is a thread.
const READERS: u32 = 4;

/// An id as a row for a `rows($n, r: id text)`.
#[derive(serde::Serialize)]
struct Id<'a> {
    id: &'a str,
}

/// Opens the database that `url` names, creating an SQLite file if there is none, and brings its schema up to date.
///
/// # Errors
/// [`Error::Invalid`] for a URL of another kind, [`Error::Conflict`] for a database that was not made by these migrations,
/// [`Error::Database`] when it cannot be opened or migrated.
pub async fn open(url: &str) -> Result<Db> {
    let (engine, stamp) = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        (postgres(url).await?, None)
    } else if url.starts_with("sqlite:") {
        sqlite(url).await?
    } else {
        return Err(Error::invalid(
            "the database URL must start with `sqlite:` or `postgres:`",
        ));
    };
    schema::migrate(&engine).await?;
    let (committed, commits) = watch::channel(());
    match &engine {
        Engine::Sqlite { read, .. } if stamp.is_some() => {
            tokio::spawn(checkpoint(read.clone(), commits));
        }
        Engine::Sqlite { .. } => {}
        Engine::Postgres(pool) => drop(tokio::spawn(analyze(pool.clone(), commits))),
    }
    Ok(Db::new(Driver::new(engine, committed), stamp))
}

/// Moves an SQLite file's write-ahead log into the file some time after commits, beside the writer, until nobody writes any
/// more.
async fn checkpoint(pool: SqlitePool, mut commits: watch::Receiver<()>) {
    let mut after = CHECKPOINT_AFTER;
    while commits.changed().await.is_ok() {
        tokio::time::sleep(after).await;
        commits.mark_unchanged();
        let done: sqlx::Result<(i64, i64, i64)> = sqlx::query_as("pragma wal_checkpoint(passive)")
            .fetch_one(&pool)
            .await;
        after = match done {
            Ok((_, pages, _)) if pages >= FILLING => CHECKPOINT_SOON,
            Ok(_) => CHECKPOINT_AFTER,
            Err(error) => {
                // The writer does it too, and says so if it cannot.
                tracing::debug!(target: "acquaint::db", %error, "no checkpoint");
                CHECKPOINT_AFTER
            }
        };
    }
}

/// Has PostgreSQL look at its tables after the first commits of a process. It does so by itself within a minute or two; until
/// then it takes full tables for empty ones, and looks rows up by the wrong index.
async fn analyze(pool: PgPool, mut commits: watch::Receiver<()>) {
    let mut seen: u32 = 0;
    while seen < ANALYZE_UNTIL && commits.changed().await.is_ok() {
        seen += 1;
        if !seen.is_power_of_two() || seen < ANALYZE_FROM {
            continue;
        }
        let tables = AssertSqlSafe(table::analyze());
        if let Err(error) = sqlx::query(tables).execute(&pool).await {
            tracing::debug!(target: "acquaint::db", %error, "not analysed");
        }
    }
}

async fn postgres(url: &str) -> Result<Engine> {
    // Every statement looks rows up by key, in the order in which it is written. Of tables that were never analysed PostgreSQL
    // thinks that they are nearly empty, and would rather read all of them.
    let options = PgConnectOptions::from_str(url)?
        .application_name("acquaint")
        .options([
            ("join_collapse_limit", "1"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // A document is compressed on every write. Servers that were built without lz4 keep their slower way.
                let faster = "set default_toast_compression = lz4";
                drop(sqlx::raw_sql(faster).execute(connection).await);
                Ok(())
            })
        })
        .before_acquire(|connection, used| {
            Box::pin(async move {
                // A ping costs as much as the read it precedes, so only a connection that rested is asked.
                if used.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(Engine::Postgres(pool))
}

/// Opens an SQLite file in WAL mode. `synchronous=full` makes a commit survive a power cut, which an acknowledgement promises.
async fn sqlite(url: &str) -> Result<(Engine, Option<Stamp>)> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("temp_store", "memory")
        .statement_cache_capacity(STATEMENTS)
        .pragma("wal_autocheckpoint", CHECKPOINT);
    let memory = url.contains(":memory:") || url.contains("mode=memory");
    let pool = |most| {
        SqlitePoolOptions::new()
            .max_connections(most)
            .acquire_timeout(BUSY)
            // Whoever writes waits for the one writer; that is nothing to warn of.
            .acquire_slow_threshold(BUSY)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let (writes, reads) = CACHES;
    let writer = options.clone().pragma("cache_size", writes);
    let write = pool(1).connect_with(writer).await?;
    // Now the file is there, so that it is known where it really is.
    let stamp = (!memory).then(|| Stamp::of(options.get_filename()));
    // A database in memory lives in its one connection.
    let (read, lookup) = if memory {
        (write.clone(), None)
    } else {
        let lookup = Lookup::of(options.get_filename(), reads);
        let read = pool(READERS).connect_lazy_with(options.pragma("cache_size", reads));
        (read, Some(Arc::new(lookup)))
    };
    let engine = Engine::Sqlite {
        write,
        read,
        lookup,
    };
    Ok((engine, stamp))
}

impl Db {
    /// The engine's name, for the log.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.sql("select 1").execute().await.map(drop)
    }

    /// Closes every connection; an SQLite file is checkpointed by it.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                write,
                read,
                lookup,
            } => {
                lookup.iter().for_each(|lookup| lookup.close());
                read.close().await;
                write.close().await;
            }
            Engine::Postgres(pool) => {
                self.cache.release_reader();
                pool.close().await;
            }
        }
    }
}
