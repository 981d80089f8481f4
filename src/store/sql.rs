//! One SQL text for two drivers: a [`Statement`] binds to SQLite or PostgreSQL, whichever the database is.
//!
//! It is the only way to the database, so this is also where statements are traced and slow ones are named. The text uses
//! `$n` and the neutral dialect. Two things need two spellings (`text`): a list of rows as a parameter is written
//! `rows($2, r: id text, at bigint)` and becomes `json_to_recordset` or `json_each`; `collate binary` becomes `collate "C"`.
//! Rows to be written have a notation of their own (`insert`).
//!
//! Joins are written `cross join … where`: SQLite keeps that order (sqlite.org/optoverview.html, 8.2). Left to itself and
//! without statistics it walks all of a workspace and reads the list again for each row. PostgreSQL is told to keep it too.

use crate::{Error, Result};
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, FromRow, PgConnection, Postgres, Sqlite, Type};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod ask;
mod insert;
mod lookup;
mod reader;
mod row;
mod text;

pub use ask::Answer;
pub use insert::Rows;
pub(super) use lookup::Lookup;
pub(super) use reader::Reader;
pub(super) use row::row;
use text::Texts;
pub(super) use text::spell_migration;

/// A statement that takes longer than this is named in the log.
const SLOW: Duration = Duration::from_millis(500);

/// Takes the lock of a workspace until the transaction ends.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('acquaint:' || $1, 0))";

/// The engine behind the pools.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    /// SQLite has one writer; reads go to a pool of their own, those of one row past it.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        lookup: Option<Arc<Lookup>>,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// The pools of an open database, cheap to clone, and what is said to them in the words of its engine.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(super) engine: Engine,
    /// Told of every commit.
    committed: Arc<watch::Sender<()>>,
    texts: Texts,
}

/// A transaction of either engine. Rows are written, and questions answered, while whoever gave them goes on, one after another.
#[derive(Debug)]
pub struct Transaction {
    state: State,
    driver: Driver,
}

/// Where a transaction's connection is.
#[derive(Debug)]
enum State {
    Ready(Engined),
    /// With the task that writes or reads rows through it.
    Busy(JoinHandle<(Option<Engined>, Result<()>)>),
    /// Nowhere, since that task was given up.
    Gone,
}

#[derive(Debug)]
enum Engined {
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

/// A row that both drivers can read.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A text with its values, about to be run.
#[derive(Debug)]
pub struct Statement<'c> {
    sql: &'static str,
    on: On<'c>,
    texts: Texts,
    failed: Option<sqlx::Error>,
}

#[derive(Debug)]
enum On<'c> {
    Sqlite(&'c SqlitePool, SqliteArguments),
    Postgres(&'c PgPool, PgArguments),
    PostgresReader(&'c mut PgConnection, PgArguments),
    SqliteTx(&'c mut Transaction, SqliteArguments),
    PostgresTx(&'c mut Transaction, PgArguments),
}

impl Driver {
    pub(super) fn new(engine: Engine, committed: watch::Sender<()>) -> Self {
        Self {
            engine,
            committed: Arc::new(committed),
            texts: Texts::default(),
        }
    }

    /// A read.
    pub fn sql(&self, sql: &'static str) -> Statement<'_> {
        let on = match &self.engine {
            Engine::Sqlite { read, .. } => On::Sqlite(read, SqliteArguments::default()),
            Engine::Postgres(pool) => On::Postgres(pool, PgArguments::default()),
        };
        Statement {
            sql,
            on,
            texts: self.texts.clone(),
            failed: None,
        }
    }

    /// Begins a transaction that writes. On SQLite it is the only one from its first statement on.
    pub(super) async fn transaction(&self) -> Result<Transaction> {
        let engine = match &self.engine {
            Engine::Sqlite { write, .. } => {
                Engined::Sqlite(write.begin_with("begin immediate").await?)
            }
            Engine::Postgres(pool) => Engined::Postgres(begin(pool).await?),
        };
        Ok(Transaction {
            state: State::Ready(engine),
            driver: self.clone(),
        })
    }
}

/// Begins a transaction, in a task that nobody cuts off: of one that is given up while it begins, sqlx does not know that it
/// was begun, and its connection would go back to the pool within it.
pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<sqlx::Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Transaction {
    /// A statement within the transaction.
    pub fn sql(&mut self, sql: &'static str) -> Statement<'_> {
        let texts = self.driver.texts.clone();
        let on = if self.is_postgres() {
            On::PostgresTx(self, PgArguments::default())
        } else {
            On::SqliteTx(self, SqliteArguments::default())
        };
        Statement {
            sql,
            on,
            texts,
            failed: None,
        }
    }

    /// The connection, once the rows that are being written are there.
    async fn ready(&mut self) -> Result<&mut Engined> {
        if let State::Busy(task) = &mut self.state {
            let (engine, done) = task.await.unwrap_or_else(|_| (None, Err(lost())));
            self.state = engine.map_or(State::Gone, State::Ready);
            done?;
        }
        match &mut self.state {
            State::Ready(engine) => Ok(engine),
            _ => Err(lost()),
        }
    }

    /// Has something done with the connection once all before it is done, unless that failed.
    fn then<F>(&mut self, work: F)
    where
        F: for<'c> FnOnce(&'c mut Engined) -> BoxFuture<'c, Result<()>> + Send + 'static,
    {
        let before = std::mem::replace(&mut self.state, State::Gone);
        self.state = State::Busy(tokio::spawn(async move {
            let (engine, done) = match before {
                State::Ready(engine) => (Some(engine), Ok(())),
                State::Busy(task) => task.await.unwrap_or_else(|_| (None, Err(lost()))),
                State::Gone => (None, Err(lost())),
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

    /// Waits until no other transaction may commit to the workspace before this one ends.
    pub(super) async fn lock(&mut self, workspace: &str) -> Result<()> {
        if self.is_postgres() {
            self.sql(LOCK).bind(workspace).execute().await?;
        }
        Ok(())
    }

    fn is_postgres(&self) -> bool {
        matches!(self.driver.engine, Engine::Postgres(_))
    }

    /// Ends it, with everything in it.
    pub(super) async fn end(mut self) -> Result<()> {
        self.ready().await?;
        match self.state {
            State::Ready(Engined::Sqlite(tx)) => tx.commit().await?,
            State::Ready(Engined::Postgres(tx)) => tx.commit().await?,
            _ => return Err(lost()),
        }
        self.driver.committed.send_replace(());
        Ok(())
    }
}

fn lost() -> Error {
    Error::internal("a transaction lost its connection")
}

/// Runs a query of `$sql` and `$args` on whichever connection there is, and makes `$map` of what it gives.
macro_rules! run {
    ($statement:expr, |$sql:ident, $args:ident| $query:expr, $method:ident, |$done:ident| $map:expr) => {{
        let Statement {
            sql: text,
            on,
            texts,
            failed,
        } = $statement;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let began = Instant::now();
        let done = match on {
            On::Sqlite(pool, $args) => {
                let $sql = AssertSqlSafe(texts.sqlite(text));
                $query.$method(pool).await.map(|$done| $map)
            }
            On::Postgres(pool, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                $query.$method(pool).await.map(|$done| $map)
            }
            On::PostgresReader(connection, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                $query.$method(connection).await.map(|$done| $map)
            }
            On::SqliteTx(tx, $args) => {
                let $sql = AssertSqlSafe(texts.sqlite(text));
                let Engined::Sqlite(tx) = tx.ready().await? else {
                    return Err(lost());
                };
                $query.$method(&mut **tx).await.map(|$done| $map)
            }
            On::PostgresTx(tx, $args) => {
                let $sql = AssertSqlSafe(texts.postgres(text));
                let Engined::Postgres(tx) = tx.ready().await? else {
                    return Err(lost());
                };
                $query.$method(&mut **tx).await.map(|$done| $map)
            }
        };
        traced(text, began);
        done.map_err(refused)
    }};
}

impl Statement<'_> {
    /// Binds the next `$n`.
    #[must_use]
    pub fn bind<'q, T: Bind<'q>>(mut self, value: T) -> Self {
        let added = match &mut self.on {
            On::Sqlite(_, args) | On::SqliteTx(_, args) => args.add(value),
            On::Postgres(_, args) | On::PostgresReader(_, args) | On::PostgresTx(_, args) => {
                args.add(value)
            }
        };
        if let Err(error) = added {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Binds rows for a `rows($n, …)`.
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

    /// Every row of the answer.
    ///
    /// # Errors
    /// When the database refuses the statement or cannot be reached.
    pub async fn all<T: Row>(self) -> Result<Vec<T>> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_all,
            |rows| rows
        )
    }

    /// The one row there is, if there is one.
    ///
    /// # Errors
    /// When the database refuses the statement or cannot be reached.
    pub async fn optional<T: Row>(self) -> Result<Option<T>> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_optional,
            |rows| rows
        )
    }

    /// The one row that there always is.
    ///
    /// # Errors
    /// When the database refuses the statement or cannot be reached, or there is none.
    pub async fn one<T: Row>(self) -> Result<T> {
        run!(
            self,
            |sql, args| sqlx::query_as_with::<_, T, _>(sql, args),
            fetch_one,
            |rows| rows
        )
    }

    /// Runs it for its effect; the number of rows it touched.
    ///
    /// # Errors
    /// When the database refuses the statement or cannot be reached.
    pub async fn execute(self) -> Result<u64> {
        run!(
            self,
            |sql, args| sqlx::query_with(sql, args),
            execute,
            |done| done.rows_affected()
        )
    }
}

/// No text of PostgreSQL holds U+0000 (its error 22021, or 22P05 within JSON): that is the fault of whoever sent one.
fn refused(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|error| error.code());
    if code.is_some_and(|code| code == "22021" || code == "22P05") {
        return Error::invalid("a value holds the character U+0000; leave it out");
    }
    error.into()
}

fn traced(sql: &'static str, began: Instant) {
    let took = began.elapsed();
    if took > SLOW {
        tracing::warn!(target: "acquaint::db", sql, ms = took.as_millis() as u64, "slow statement");
    } else {
        tracing::trace!(target: "acquaint::db", sql, us = took.as_micros() as u64);
    }
}
