//! A reader: one connection for reads that follow each other closely.
//!
//! A pool asks each connection that comes back whether it still stands, which costs PostgreSQL as much as a short read.

use super::{Driver, Engine, On, Statement};
use crate::Result;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;

/// What reads one after another. SQLite's reads go to its pool all the same: its connections ask nobody.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    driver: Driver,
    connection: Option<PoolConnection<Postgres>>,
}

impl Driver {
    /// A connection for several reads.
    pub(in crate::store) async fn reader(&self) -> Result<Reader> {
        let connection = match &self.engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres(pool) => Some(pool.acquire().await?),
        };
        Ok(Reader {
            driver: self.clone(),
            connection,
        })
    }
}

impl Reader {
    /// A read.
    pub(in crate::store) fn sql(&mut self, sql: &'static str) -> Statement<'_> {
        let Some(connection) = &mut self.connection else {
            return self.driver.sql(sql);
        };
        Statement {
            sql,
            on: On::PostgresReader(connection, PgArguments::default()),
            texts: self.driver.texts.clone(),
            failed: None,
        }
    }
}
