//! The one room that knows the database: opening it, its schema, and the hooks where the two engines differ.
//!
//! The engine follows from the URL: `sqlite://file.db` or `postgres://…`. Each file below holds the statements of one group
//! of tables; they read through [`Db`] and write through [`Tx`].

use crate::{Error, Result};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::str::FromStr;
use std::time::Duration;

pub mod access;
pub mod decided;
pub mod event;
pub mod identifier;
pub mod identity;
pub mod link;
pub mod matching;
pub mod profile;
pub mod record;
pub mod reject;
mod sql;
pub mod suggestion;

pub use sql::{Db, Statement, Tx};

use sql::Engine;

/// How long a statement waits for another process's write lock before it gives up.
const BUSY: Duration = Duration::from_secs(30);
/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// After how long a connection to PostgreSQL is asked whether it still stands before it is used.
const RESTED: Duration = Duration::from_secs(5);
/// The page cache of each SQLite connection; negative numbers are KiB.
const CACHE: &str = "-8192";
/// Pages of the write-ahead log after which it is moved into the file.
const CHECKPOINT: &str = "8000";
/// Most connections to PostgreSQL from one process, and most readers of an SQLite file.
const CONNECTIONS: u32 = 16;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Opens the database that `url` names, creating an SQLite file if there is none, and brings its schema up to date.
///
/// # Errors
/// [`Error::Invalid`] for a URL of another kind, [`Error::Database`] when it cannot be opened or migrated.
pub async fn open(url: &str) -> Result<Db> {
    let engine = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        postgres(url).await?
    } else if url.starts_with("sqlite:") {
        sqlite(url).await?
    } else {
        return Err(Error::invalid(
            "the database URL must start with `sqlite:` or `postgres:`",
        ));
    };
    let migrated = match &engine {
        Engine::Sqlite { write, .. } => MIGRATIONS.run(write).await,
        Engine::Postgres(pool) => MIGRATIONS.run(pool).await,
    };
    migrated.map_err(|error| Error::Database(error.into()))?;
    Ok(Db::new(engine))
}

async fn postgres(url: &str) -> Result<Engine> {
    let options = PgConnectOptions::from_str(url)?.application_name("acquaint");
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
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
async fn sqlite(url: &str) -> Result<Engine> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", CACHE)
        // A checkpoint writes a page once however often it changed since the last, so fewer of them write less.
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
    let write = pool(1).connect_with(options.clone()).await?;
    // A database in memory lives in its one connection.
    let read = if memory {
        write.clone()
    } else {
        pool(CONNECTIONS).connect_lazy_with(options)
    };
    Ok(Engine::Sqlite { write, read })
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
            Engine::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes this the only transaction that writes to the workspace, until it ends. On PostgreSQL the advisory lock is what
    /// keeps two replicas from resolving the same customer differently; on SQLite every write transaction is alone anyway.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn lock(&mut self, workspace: &str) -> Result<()> {
        if self.is_postgres() {
            self.sql("select pg_advisory_xact_lock(hashtextextended('acquaint:' || $1, 0))")
                .bind(workspace)
                .execute()
                .await?;
        }
        Ok(())
    }
}
