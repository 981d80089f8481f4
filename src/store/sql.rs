//! One SQL text for two drivers: a [`Statement`] binds its values for SQLite or PostgreSQL.
//!
//! Nearly every statement of the crate runs through here, so this is also where statements are
//! traced and slow ones are logged. A text uses `$n` and the common subset of both engines.
//! `dialect` translates what differs: a list of rows as a parameter,
//! `rows($2, r: id text, at bigint)`; rows to be inserted, `values rows(text, bigint)`; and an
//! order by bytes, `collate binary`.
//!
//! Joins are written `cross join … where`: SQLite keeps that order (sqlite.org/optoverview.html,
//! 8.2). Without statistics SQLite would otherwise read a whole workspace, and the list of rows
//! again for each row of it. PostgreSQL is told to keep the order too.

use crate::id::WorkspaceId;
use crate::{Error, Result};
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgPool};
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{Arguments, AssertSqlSafe, Encode, PgConnection, Postgres, Sqlite, Type};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod dialect;
mod id;
mod insert;
mod pipeline;
mod point_read;
mod read_connection;
mod row;
mod time;

use dialect::TextCache;
pub(super) use dialect::translate_migration;
pub use insert::Rows;
pub use pipeline::Pending;
pub(super) use point_read::PointReader;
pub(super) use read_connection::ReadConnection;
pub use row::Row;
pub(super) use row::row;
pub(super) use time::number;

/// A statement that takes longer than this is logged as slow.
const SLOW: Duration = Duration::from_millis(500);

/// Under another isolation that a server may have by default, a statement after the lock would see
/// what was there before it.
const BEGIN: &str = "begin isolation level read committed";
/// Takes the lock of a workspace until the transaction ends.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('acquaint:' || $1, 0))";

/// The engine behind the pools.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    /// SQLite has one writer and a pool of readers. A point read goes past the driver.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        point_reader: Option<Arc<PointReader>>,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// The pools of an open database, and the texts translated for its engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(super) engine: Engine,
    /// Notified of every commit.
    committed: Arc<watch::Sender<()>>,
    texts: TextCache,
}

/// A transaction of either engine. Inserts and pipelined statements run one after another in a
/// task, while the caller goes on.
#[derive(Debug)]
pub struct Transaction {
    state: ConnectionState,
    driver: Driver,
}

/// Where a transaction's connection is.
#[derive(Debug)]
enum ConnectionState {
    /// Free for the next statement.
    Ready(EngineTransaction),
    /// With a task that runs an insert or a pipelined statement, and gives it back with the result.
    Busy(JoinHandle<(Option<EngineTransaction>, Result<()>)>),
    /// Gone with a task that was aborted or panicked.
    Lost,
}

/// The transaction of the driver.
#[derive(Debug)]
enum EngineTransaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A value that both drivers can bind.
pub trait Bind<'q>:
    Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>
{
}
impl<'q, T: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>> Bind<'q>
    for T
{
}

/// A text with its values, about to be run.
#[derive(Debug)]
pub struct Statement<'c> {
    sql: &'static str,
    executor: Executor<'c>,
    texts: TextCache,
    failed: Option<sqlx::Error>,
}

/// What a statement runs on, with the values bound so far.
#[derive(Debug)]
enum Executor<'c> {
    Sqlite(&'c SqlitePool, SqliteArguments),
    Postgres(&'c PgPool, PgArguments),
    PostgresConnection(&'c mut PgConnection, PgArguments),
    SqliteTx(&'c mut Transaction, SqliteArguments),
    PostgresTx(&'c mut Transaction, PgArguments),
}

impl Driver {
    pub(super) fn new(engine: Engine, committed: watch::Sender<()>) -> Self {
        Self {
            engine,
            committed: Arc::new(committed),
            texts: TextCache::default(),
        }
    }

    /// A read.
    pub fn sql(&self, sql: &'static str) -> Statement<'_> {
        let executor = match &self.engine {
            Engine::Sqlite { read, .. } => Executor::Sqlite(read, SqliteArguments::default()),
            Engine::Postgres(pool) => Executor::Postgres(pool, PgArguments::default()),
        };
        Statement {
            sql,
            executor,
            texts: self.texts.clone(),
            failed: None,
        }
    }

    /// Begins a write transaction. On SQLite only one runs at a time, in all processes.
    pub(super) async fn transaction(&self) -> Result<Transaction> {
        let engine = match &self.engine {
            Engine::Sqlite { write, .. } => {
                EngineTransaction::Sqlite(write.begin_with("begin immediate").await?)
            }
            Engine::Postgres(pool) => EngineTransaction::Postgres(begin(pool).await?),
        };
        Ok(Transaction {
            state: ConnectionState::Ready(engine),
            driver: self.clone(),
        })
    }
}

/// Begins a transaction in a task of its own, which runs to its end. If the caller's future were
/// dropped while `begin` runs, sqlx would not know of the begun transaction and would return the
/// connection to the pool within it.
pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<sqlx::Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(BEGIN).await }).await;
    begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Transaction {
    /// A statement within the transaction.
    pub fn sql(&mut self, sql: &'static str) -> Statement<'_> {
        let texts = self.driver.texts.clone();
        let executor = if self.is_postgres() {
            Executor::PostgresTx(self, PgArguments::default())
        } else {
            Executor::SqliteTx(self, SqliteArguments::default())
        };
        Statement {
            sql,
            executor,
            texts,
            failed: None,
        }
    }

    /// The connection, once everything that was enqueued is done.
    async fn connection(&mut self) -> Result<&mut EngineTransaction> {
        if let ConnectionState::Busy(task) = &mut self.state {
            let (engine, done) = task
                .await
                .unwrap_or_else(|_| (None, Err(connection_lost())));
            self.state = engine.map_or(ConnectionState::Lost, ConnectionState::Ready);
            done?;
        }
        match &mut self.state {
            ConnectionState::Ready(engine) => Ok(engine),
            _ => Err(connection_lost()),
        }
    }

    /// Enqueues work on the connection. It is skipped if the work before it failed.
    fn enqueue<F>(&mut self, work: F)
    where
        F: for<'c> FnOnce(&'c mut EngineTransaction) -> BoxFuture<'c, Result<()>> + Send + 'static,
    {
        let before = std::mem::replace(&mut self.state, ConnectionState::Lost);
        self.state = ConnectionState::Busy(tokio::spawn(async move {
            let (engine, done) = match before {
                ConnectionState::Ready(engine) => (Some(engine), Ok(())),
                ConnectionState::Busy(task) => task
                    .await
                    .unwrap_or_else(|_| (None, Err(connection_lost()))),
                ConnectionState::Lost => (None, Err(connection_lost())),
            };
            match (engine, done) {
                (Some(mut engine), Ok(())) => {
                    let done = work(&mut engine).await;
                    (Some(engine), done)
                }
                failed => failed,
            }
        }));
    }

    /// Takes the workspace's lock until the transaction ends: no other can commit to it meanwhile.
    pub(super) async fn lock(&mut self, workspace: &WorkspaceId) -> Result<()> {
        if self.is_postgres() {
            self.sql(LOCK).bind(workspace).execute().await?;
        }
        Ok(())
    }

    fn is_postgres(&self) -> bool {
        matches!(self.driver.engine, Engine::Postgres(_))
    }

    /// Commits what was executed and enqueued.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.connection().await?;
        match self.state {
            ConnectionState::Ready(EngineTransaction::Sqlite(tx)) => tx.commit().await?,
            ConnectionState::Ready(EngineTransaction::Postgres(tx)) => tx.commit().await?,
            _ => return Err(connection_lost()),
        }
        self.driver.committed.send_replace(());
        Ok(())
    }
}

/// The error of a transaction whose connection is lost.
fn connection_lost() -> Error {
    Error::internal("a transaction lost its connection")
}

/// Runs the query of `$sql` and `$args` on the statement's executor, and maps its result. A macro,
/// because the drivers' queries are of different types.
macro_rules! run {
    ($statement:expr, |$sql:ident, $args:ident| $query:expr, $method:ident, |$result:ident| $map:expr) => {{
        let Statement {
            sql: text,
            executor,
            texts,
            failed,
        } = $statement;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let started = Instant::now();
        let result = match executor {
            Executor::Sqlite(pool, $args) => {
                let $sql = AssertSqlSafe(texts.sqlite(text));
                $query.$method(pool).await.map(|$result| $map)
            }
            Executor::Postgres(pool, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                $query.$method(pool).await.map(|$result| $map)
            }
            Executor::PostgresConnection(connection, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                $query.$method(connection).await.map(|$result| $map)
            }
            Executor::SqliteTx(tx, $args) => {
                let $sql = AssertSqlSafe(texts.sqlite(text));
                let EngineTransaction::Sqlite(tx) = tx.connection().await? else {
                    return Err(connection_lost());
                };
                $query.$method(&mut **tx).await.map(|$result| $map)
            }
            Executor::PostgresTx(tx, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                let EngineTransaction::Postgres(tx) = tx.connection().await? else {
                    return Err(connection_lost());
                };
                $query.$method(&mut **tx).await.map(|$result| $map)
            }
        };
        trace_statement(text, started);
        result.map_err(statement_error)
    }};
}

impl Statement<'_> {
    /// Binds the next `$n`.
    #[must_use]
    pub fn bind<'q, T: Bind<'q>>(mut self, value: T) -> Self {
        let added = match &mut self.executor {
            Executor::Sqlite(_, args) | Executor::SqliteTx(_, args) => args.add(value),
            Executor::Postgres(_, args)
            | Executor::PostgresConnection(_, args)
            | Executor::PostgresTx(_, args) => args.add(value),
        };
        if let Err(error) = added {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Binds rows for the next `rows($n, …)`, as JSON: `[{"id": "p_1"}, {"id": "p_2"}]` for
    /// `rows($2, r: id text)`.
    #[must_use]
    pub fn rows(self, rows: &impl serde::Serialize) -> Self {
        match serde_json::to_string(rows) {
            Ok(text) => self.bind(text),
            Err(error) => Self {
                failed: Some(sqlx::Error::Encode(error.into())),
                ..self
            },
        }
    }

    /// Every row that it gives.
    pub async fn all<T: Row>(self) -> Result<Vec<T>> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_all,
            |rows| rows
        )
    }

    /// The one row that it gives, if there is one.
    pub async fn optional<T: Row>(self) -> Result<Option<T>> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_optional,
            |rows| rows
        )
    }

    /// The one row that it always gives.
    ///
    /// # Errors
    /// [`Error::Database`] also when there is no row.
    pub async fn one<T: Row>(self) -> Result<T> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_one,
            |rows| rows
        )
    }

    /// Runs it for its effect, and gives the number of rows that it changed.
    pub async fn execute(self) -> Result<u64> {
        run!(
            self,
            |sql, args| sqlx::query_with(sql, args),
            execute,
            |done| done.rows_affected()
        )
    }
}

/// The error of a statement. PostgreSQL's text cannot hold U+0000 (error 22021, or 22P05 within
/// JSON): such a value is invalid input, and no failure of the database.
fn statement_error(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|error| error.code());
    if code.is_some_and(|code| code == "22021" || code == "22P05") {
        return Error::invalid("a value holds the character U+0000; leave it out");
    }
    error.into()
}

/// Logs a statement that ran, as a warning if it was slow.
fn trace_statement(sql: &'static str, started: Instant) {
    let took = started.elapsed();
    if took > SLOW {
        tracing::warn!(target: "acquaint::db", sql, ms = took.as_millis() as u64, "slow statement");
    } else {
        tracing::trace!(target: "acquaint::db", sql, us = took.as_micros() as u64);
    }
}
