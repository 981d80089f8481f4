//! The databases that are measured: each new and empty, an SQLite file in a folder of the run or a
//! schema of its own in PostgreSQL.

use acquaint::store::table::TABLES;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// Longest that a PostgreSQL server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a database lies.
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A schema.
    Postgres {
        /// The URL as it was given.
        url: String,
        /// The schema's name.
        schema: &'static str,
    },
}

enum Open {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    /// A file of this name that is not there yet.
    pub fn sqlite(folder: &Path, name: &str) -> Self {
        Self::Sqlite(folder.join(name))
    }

    /// A schema of this name, emptied first. None when no server answers.
    pub async fn postgres(url: &str, schema: &'static str) -> Option<Self> {
        let database = Self::Postgres {
            url: url.to_owned(),
            schema,
        };
        let made = async {
            database.drop_schema().await?;
            let sql = format!("create schema {schema}");
            database.execute(sql).await
        };
        let made = tokio::time::timeout(PATIENCE, made).await;
        matches!(made, Ok(Ok(()))).then_some(database)
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// The URL as acquaint takes it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres { url, schema } => {
                let mark = if url.contains('?') { '&' } else { '?' };
                format!("{url}{mark}options[search_path]={schema}")
            }
        }
    }

    /// The name of the PostgreSQL database that it is a part of.
    pub fn backend(&self) -> Option<String> {
        let Self::Postgres { url, .. } = self else {
            return None;
        };
        let options = PgConnectOptions::from_str(url).ok()?;
        let name = options.get_database().unwrap_or(options.get_username());
        Some(name.to_owned())
    }

    async fn open(&self) -> sqlx::Result<Open> {
        Ok(match self {
            Self::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                let options = options.create_if_missing(true);
                Open::Sqlite(
                    options
                        .journal_mode(SqliteJournalMode::Wal)
                        .connect()
                        .await?,
                )
            }
            Self::Postgres { .. } => Open::Postgres(PgConnection::connect(&self.url()).await?),
        })
    }

    /// Runs statements.
    pub async fn execute(&self, sql: String) -> sqlx::Result<()> {
        self.execute_all(std::iter::once(sql)).await
    }

    /// Runs many statements over one connection.
    pub async fn execute_all(&self, statements: impl Iterator<Item = String>) -> sqlx::Result<()> {
        let mut open = self.open().await?;
        for sql in statements {
            let sql = sqlx::raw_sql(AssertSqlSafe(sql));
            match &mut open {
                Open::Sqlite(connection) => sql.execute(connection).await.map(|_| ())?,
                Open::Postgres(connection) => sql.execute(connection).await.map(|_| ())?,
            }
        }
        match open {
            Open::Sqlite(connection) => connection.close().await,
            Open::Postgres(connection) => connection.close().await,
        }
    }

    /// The one number that a statement gives.
    pub async fn number(&self, sql: &'static str) -> sqlx::Result<i64> {
        match self.open().await? {
            Open::Sqlite(mut connection) => {
                let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(number)
            }
            Open::Postgres(mut connection) => {
                let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(number)
            }
        }
    }

    /// Lets PostgreSQL look at what its tables hold, as it does by itself within a minute or two;
    /// until then its plans are guesses. SQLite never does by itself, and acquaint does not ask it
    /// to.
    pub async fn settle(&self) -> sqlx::Result<()> {
        if matches!(self, Self::Sqlite(_)) {
            return Ok(());
        }
        let tables = TABLES.iter().map(|table| format!("analyze {}", table.name));
        self.execute_all(tables).await
    }

    /// Events in the log.
    pub async fn events(&self) -> sqlx::Result<i64> {
        self.number("select count(*) from event").await
    }

    /// Bytes that it occupies, indexes included. An SQLite file's log is counted as it lies there,
    /// so ask after a server has ended and with that moved it into the file.
    pub async fn bytes(&self) -> Result<u64, Box<dyn Error>> {
        match self {
            Self::Sqlite(path) => {
                let wal = PathBuf::from(format!("{}-wal", path.display()));
                let log = std::fs::metadata(wal).map_or(0, |log| log.len());
                Ok(std::fs::metadata(path)?.len() + log)
            }
            Self::Postgres { .. } => {
                let bytes = self.number(
                    "select cast(coalesce(sum(pg_total_relation_size(oid)), 0) as bigint) from pg_class
                     where relkind = 'r' and relnamespace = to_regnamespace(current_schema())",
                );
                Ok(bytes.await?.unsigned_abs())
            }
        }
    }

    /// Removes it.
    pub async fn remove(self) -> Result<(), Box<dyn Error>> {
        match &self {
            Self::Sqlite(path) => Ok(std::fs::remove_file(path)?),
            Self::Postgres { .. } => Ok(self.drop_schema().await?),
        }
    }

    async fn drop_schema(&self) -> sqlx::Result<()> {
        let Self::Postgres { schema, .. } = self else {
            return Ok(());
        };
        let sql = format!("drop schema if exists {schema} cascade");
        self.execute(sql).await
    }
}
