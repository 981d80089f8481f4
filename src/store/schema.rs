//! A database that was not made by these migrations: why it is refused, and what to do.
//!
//! Until the first release there is one migration, and it is edited. What it made before its last edit cannot be brought up to
//! date by this program, log included, because nothing tells how the tables differ.

use super::MIGRATIONS;
use super::sql::Engine;
use crate::{Error, Result};
use sqlx::migrate::MigrateError;

/// Why the schema could not be brought up to date. A database of a version that was edited since has another first migration; one
/// of a newer version has the same, and more of them.
pub(super) async fn refused(engine: &Engine, error: MigrateError) -> Error {
    let edited = match error {
        MigrateError::VersionMismatch(_) => Ok(true),
        MigrateError::VersionMissing(_) => first(engine).await.map(|first| {
            let ours = MIGRATIONS.iter().next();
            ours.is_none_or(|ours| *ours.checksum != *first)
        }),
        other => Err(Error::Database(other.into())),
    };
    match edited {
        Ok(true) => Error::Conflict(
            "another version of acquaint made this database, and its tables, the log among them, cannot be carried over; \
             import everything again into a new one: `--database sqlite://new.db`, or an empty database of PostgreSQL"
                .to_owned(),
        ),
        Ok(false) => Error::Conflict(
            "a newer version of acquaint wrote this database; use that one, or a copy from before"
                .to_owned(),
        ),
        Err(error) => error,
    }
}

/// The checksum of the first migration that was applied.
async fn first(engine: &Engine) -> Result<Vec<u8>> {
    let text = "select checksum from _sqlx_migrations order by version limit 1";
    let (first,): (Vec<u8>,) = match engine {
        Engine::Sqlite { write, .. } => sqlx::query_as(text).fetch_one(write).await?,
        Engine::Postgres(pool) => sqlx::query_as(text).fetch_one(pool).await?,
    };
    Ok(first)
}
