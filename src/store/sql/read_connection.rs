//! One connection for reads that follow each other closely.
//!
//! A pool pings a PostgreSQL connection that is returned to it, which costs as much as a short
//! read.

use super::{Driver, Engine, Executor, Statement};
use crate::Result;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;

/// A connection that is held for several reads. On SQLite each read takes one from the pool, which
/// costs nothing there.
#[derive(Debug)]
pub(in crate::store) struct ReadConnection {
    driver: Driver,
    postgres: Option<PoolConnection<Postgres>>,
}

impl Driver {
    /// Whether the pool that gives such connections was closed.
    pub(in crate::store) fn is_closed(&self) -> bool {
        match &self.engine {
            Engine::Sqlite { .. } => false,
            Engine::Postgres(pool) => pool.is_closed(),
        }
    }

    /// A connection for several reads.
    pub(in crate::store) async fn read_connection(&self) -> Result<ReadConnection> {
        let postgres = match &self.engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres(pool) => Some(pool.acquire().await?),
        };
        Ok(ReadConnection {
            driver: self.clone(),
            postgres,
        })
    }
}

impl ReadConnection {
    /// A read.
    pub(in crate::store) fn sql(&mut self, sql: &'static str) -> Statement<'_> {
        let Some(connection) = &mut self.postgres else {
            return self.driver.sql(sql);
        };
        Statement {
            sql,
            executor: Executor::PostgresConnection(connection, PgArguments::default()),
            texts: self.driver.texts.clone(),
            failed: None,
        }
    }
}
