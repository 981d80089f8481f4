//! The database. Other rooms read through [`Db`], and read and write through [`Tx`].
//!
//! Every function that reads or writes fails with [`Error::Database`] when the database refuses or
//! cannot be reached, and with [`Error::Internal`] when a stored row cannot be read. Other errors
//! are named at the function.
//!
//! The engine follows from the URL: `sqlite://file.db` or `postgres://…`. This file opens it,
//! moves SQLite's log into its file, and has PostgreSQL analysed. The others, in the order in which
//! to read them:
//!
//! | file | what it holds |
//! |---|---|
//! | `migrations/0001_init.sql` | the tables, with comments |
//! | `table` | the list of tables: for each its kind, and the columns that name a customer |
//! | `schema` | migrates a database when it is opened |
//! | `sql` | the driver: one SQL text and its values for either engine |
//! | `sql/dialect` | translates what the engines write differently |
//! | `sql/row` | reads a struct from a row |
//! | `sql/id`, `sql/time` | ids and times as values of both databases |
//! | `sql/insert` | inserts many rows with one statement |
//! | `sql/pipeline` | statements that run while the caller goes on |
//! | `sql/read_connection` | a connection that is held for several reads |
//! | `sql/point_read` | reads one row of an SQLite file on the calling thread |
//! | `change` | which profiles each commit changed, in the order of commits |
//! | `cache` | documents of this process, and names that lead to them |
//! | `cache/confirmation` | makes sure that the cache knows every acknowledged change |
//! | `cache/wal_index` | sees whether an SQLite file was committed to, without a statement |
//! | `written_document` | documents that a transaction wrote |
//! | `db` | [`Db`] and [`Tx`]: the driver and the cache together |
//! | `access` | workspaces, sources and keys |
//! | `event`, `event/log_position` | the log |
//! | `reject` | events that were refused |
//! | `identity` | rules of identity and decisions, as they are written and folded |
//! | `decision_view` | decisions, as people look at them |
//! | `link` | links, and the identifiers that they carry |
//! | `identifier` | the profile that an identifier leads to |
//! | `record` | orders and tickets, for each link that tells of them |
//! | `profile` | profile documents |
//! | `read_batch` | reads customers who are looked up at the same time by one statement |
//! | `customer` | the customer that a name leads to: cache, point read, batched read |
//! | `suggestion` | pairs of customers who may be one |
//! | `matching` | the model of matching and its index |
//! | `statements` | tests that read every statement of the room |

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
pub mod decision_view;
pub mod event;
pub mod identifier;
pub mod identity;
pub mod link;
pub mod matching;
pub mod profile;
mod read_batch;
pub mod record;
pub mod reject;
mod schema;
mod sql;
#[cfg(test)]
mod statements;
pub mod suggestion;
pub mod table;
mod written_document;

pub use db::{Db, Tx};
pub use sql::{Driver, Pending, Rows, Statement, Transaction};

use cache::wal_index::WalIndex;
use sql::{Engine, PointReader};

/// How long SQLite waits for the lock of another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a caller waits for a free connection to PostgreSQL.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection to PostgreSQL that was idle for longer is pinged before it is used.
const MAX_IDLE: Duration = Duration::from_secs(5);
/// The page cache of the SQLite connection that writes. A negative number is in KiB.
const WRITER_CACHE: &str = "-16384";
/// The page cache of each SQLite connection that reads. The operating system caches the other
/// pages.
const READER_CACHE: &str = "-2048";
/// Prepared statements that each SQLite connection keeps: more than there are, inserts of each size
/// included.
const PREPARED_STATEMENTS: usize = 400;
/// Pages of the write-ahead log at which the writer itself moves them into the file and restarts
/// the log. By then [`checkpoint`] has moved most of them, while the writer goes on.
const AUTOCHECKPOINT_PAGES: &str = "48000";
/// How long after a commit the write-ahead log is moved into the file: a page that changes often is
/// then moved once for many commits.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(2);
/// The same while the log has [`SOON_PAGES`], so that it does not reach [`AUTOCHECKPOINT_PAGES`].
const CHECKPOINT_SOON: Duration = Duration::from_millis(250);
/// Pages of a write-ahead log that fills up fast.
const SOON_PAGES: i64 = 12_000;
/// The first commit of a process after which PostgreSQL's tables are analysed; after it, at each
/// power of two.
const ANALYZE_FROM: u32 = 2;
/// The last commit of a process after which they are analysed.
const ANALYZE_UNTIL: u32 = 512;
/// Most connections to PostgreSQL from one process.
const MAX_CONNECTIONS: u32 = 16;
/// Most readers of an SQLite file; each is a thread.
const MAX_READERS: u32 = 4;

/// An id as a row for `rows($n, r: id text)`.
#[derive(serde::Serialize)]
struct IdRow<'a> {
    id: &'a str,
}

/// Opens the database of this URL and migrates it. An SQLite file that is missing is created.
///
/// # Errors
/// [`Error::Invalid`] for a URL of another kind, [`Error::Conflict`] for a database that was not
/// made by these migrations.
pub async fn open(url: &str) -> Result<Db> {
    let (engine, wal_index) = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
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
        Engine::Sqlite { read, .. } if wal_index.is_some() => {
            tokio::spawn(checkpoint(read.clone(), commits));
        }
        Engine::Sqlite { .. } => {}
        Engine::Postgres(pool) => drop(tokio::spawn(analyze(pool.clone(), commits))),
    }
    Ok(Db::new(Driver::new(engine, committed), wal_index))
}

/// Moves an SQLite file's write-ahead log into the file some time after commits, while the writer
/// goes on. It ends when the database is closed.
async fn checkpoint(pool: SqlitePool, mut commits: watch::Receiver<()>) {
    let mut after = CHECKPOINT_AFTER;
    while commits.changed().await.is_ok() {
        tokio::time::sleep(after).await;
        commits.mark_unchanged();
        let result: sqlx::Result<(i64, i64, i64)> =
            sqlx::query_as("pragma wal_checkpoint(passive)")
                .fetch_one(&pool)
                .await;
        after = match result {
            Ok((_, pages, _)) if pages >= SOON_PAGES => CHECKPOINT_SOON,
            Ok(_) => CHECKPOINT_AFTER,
            Err(error) => {
                // The writer does it at AUTOCHECKPOINT_PAGES at the latest.
                tracing::debug!(target: "acquaint::db", %error, "no checkpoint");
                CHECKPOINT_AFTER
            }
        };
    }
}

/// Analyses PostgreSQL's tables after the first commits of a process. PostgreSQL does it by itself
/// within a minute or two. Until then it takes full tables for empty ones and uses wrong indexes.
async fn analyze(pool: PgPool, mut commits: watch::Receiver<()>) {
    let mut count: u32 = 0;
    while count < ANALYZE_UNTIL && commits.changed().await.is_ok() {
        count += 1;
        if !count.is_power_of_two() || count < ANALYZE_FROM {
            continue;
        }
        let tables = AssertSqlSafe(table::analyze());
        if let Err(error) = sqlx::query(tables).execute(&pool).await {
            tracing::debug!(target: "acquaint::db", %error, "not analysed");
        }
    }
}

async fn postgres(url: &str) -> Result<Engine> {
    // Every statement finds rows by key, in the order of its joins. PostgreSQL takes tables that
    // were never analysed for nearly empty, and would choose to read all of them.
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
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // Documents are compressed on every write. A server that was built without lz4
                // refuses this and goes on with its slower method.
                let faster = "set default_toast_compression = lz4";
                drop(sqlx::raw_sql(faster).execute(connection).await);
                Ok(())
            })
        })
        .before_acquire(|connection, used| {
            Box::pin(async move {
                // A ping costs as much as the read after it.
                if used.idle_for > MAX_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(Engine::Postgres(pool))
}

/// Opens an SQLite file in WAL mode. With `synchronous=full` a commit survives a power cut, as an
/// acknowledgement promises.
async fn sqlite(url: &str) -> Result<(Engine, Option<WalIndex>)> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("temp_store", "memory")
        .statement_cache_capacity(PREPARED_STATEMENTS)
        .pragma("wal_autocheckpoint", AUTOCHECKPOINT_PAGES);
    let memory = url.contains(":memory:") || url.contains("mode=memory");
    let pool = |max_connections| {
        SqlitePoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(BUSY_TIMEOUT)
            // Waiting for the one connection that writes is usual, and no reason for a warning.
            .acquire_slow_threshold(BUSY_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer = options.clone().pragma("cache_size", WRITER_CACHE);
    let write = pool(1).connect_with(writer).await?;
    // Only after the file was created, because its symbolic links are followed.
    let wal_index = (!memory).then(|| WalIndex::of(options.get_filename()));
    // A database in memory exists in one connection only.
    let (read, point_reader) = if memory {
        (write.clone(), None)
    } else {
        let point_reader = PointReader::of(options.get_filename(), READER_CACHE);
        let read = pool(MAX_READERS).connect_lazy_with(options.pragma("cache_size", READER_CACHE));
        (read, Some(Arc::new(point_reader)))
    };
    let engine = Engine::Sqlite {
        write,
        read,
        point_reader,
    };
    Ok((engine, wal_index))
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

    /// Fails if the database does not answer.
    pub async fn ping(&self) -> Result<()> {
        self.sql("select 1").execute().await.map(drop)
    }

    /// Closes every connection. The last one that closes moves SQLite's write-ahead log into the
    /// file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                write,
                read,
                point_reader,
            } => {
                point_reader
                    .iter()
                    .for_each(|point_reader| point_reader.close());
                read.close().await;
                write.close().await;
            }
            Engine::Postgres(pool) => {
                let closed = pool.close();
                self.cache.release_connection();
                closed.await;
            }
        }
    }
}
