//! Migrates a database when it is opened, or refuses one that was not made by these migrations.
//!
//! Until the first release there is one migration, which is edited. A database from before an edit,
//! its log included, cannot be migrated: nothing records how its tables differ.

use super::sql::{self, Engine};
use crate::{Error, Result};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// The name and the text of each file in `migrations`, by number from 1.
const MIGRATIONS: [(&str, &str); 1] = [("init", include_str!("../../migrations/0001_init.sql"))];

/// The migrations with the checksums of their files. An edited file has another checksum.
fn migrations() -> impl Iterator<Item = Migration> {
    let simple = MigrationType::Simple;
    (1..).zip(MIGRATIONS).map(move |(number, (name, text))| {
        Migration::new(number, name.into(), simple, text.into_sql_str(), false)
    })
}

/// Runs the migrations that the database lacks, translated for its engine.
pub(super) async fn migrate(engine: &Engine) -> Result<()> {
    let postgres = matches!(engine, Engine::Postgres(_));
    let translated = migrations().map(|file| Migration {
        sql: AssertSqlSafe(sql::translate_migration(file.sql.as_str(), postgres)).into_sql_str(),
        ..file
    });
    let migrator = Migrator {
        migrations: translated.collect(),
        ..Migrator::DEFAULT
    };
    let migrated = match engine {
        Engine::Sqlite { write, .. } => migrator.run(write).await,
        Engine::Postgres(pool) => migrator.run(pool).await,
    };
    match migrated {
        Ok(()) => Ok(()),
        Err(error) => Err(explained(engine, error).await),
    }
}

/// Why migrating failed. A database from before an edit has another first migration; one of a newer
/// version of this program has the same first migration, and more of them.
async fn explained(engine: &Engine, error: MigrateError) -> Error {
    let edited = match error {
        MigrateError::VersionMismatch(_) => Ok(true),
        MigrateError::VersionMissing(_) => first_checksum(engine).await.map(|first| {
            let ours = migrations().next();
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
async fn first_checksum(engine: &Engine) -> Result<Vec<u8>> {
    let text = "select checksum from _sqlx_migrations order by version limit 1";
    let (first,): (Vec<u8>,) = match engine {
        Engine::Sqlite { write, .. } => sqlx::query_as(text).fetch_one(write).await?,
        Engine::Postgres(pool) => sqlx::query_as(text).fetch_one(pool).await?,
    };
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;
    use std::path::Path;

    #[test]
    fn every_file_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort_unstable();
        let listed: Vec<_> = (1..)
            .zip(MIGRATIONS)
            .map(|(number, (name, _))| format!("{number:04}_{}.sql", name.replace(' ', "_")))
            .collect();
        assert_eq!(files, listed);
    }
}
