//! The raw limit: how fast SQLite takes the very rows that acquaint wrote, from a loop that does
//! nothing else.

use crate::database::Database;
use acquaint::store::{self, table::TABLES};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo,
    ValueRef,
};
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// Most events that are taken, so that all rows fit into memory.
const MOST_EVENTS: i64 = 200_000;
/// Rows of one statement.
const AT_ONCE: usize = 200;
/// The table whose rows are counted as events.
const EVENT: &str = "event";

/// How many rows each table has.
pub type Counts = HashMap<&'static str, i64>;

/// Rows of one table, oldest first.
struct Table {
    name: String,
    /// Whether it lies in the order of its key, which its first columns are.
    by_key: bool,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// What the loop came to.
pub struct Raw {
    /// Events whose rows were written.
    pub events: usize,
    /// Rows of all tables.
    pub rows: usize,
    /// How long it took until the last was durable.
    pub took: Duration,
}

async fn connect(path: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // The same as acquaint sets, but that the log is not moved into the file meanwhile.
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", "48000")
        .connect()
        .await
}

/// How many rows there are now.
pub async fn counts(path: &Path) -> Result<Counts, Box<dyn Error>> {
    let mut connection = connect(path).await?;
    let mut counts = Counts::new();
    for table in TABLES {
        let sql = AssertSqlSafe(format!("select count(*) from {}", table.name));
        let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        counts.insert(table.name, count);
    }
    connection.close().await?;
    Ok(counts)
}

/// Writes the rows that came since they were counted into a new file with the same schema,
/// `per_commit` events and their share of the other tables' rows in each transaction.
pub async fn write(
    path: &Path,
    before: &Counts,
    per_commit: f64,
    folder: &Path,
) -> Result<Raw, Box<dyn Error>> {
    let mut tables = take(path, before).await?;
    let new = Database::sqlite(folder, "raw.db");
    store::open(&new.url()).await?.close().await;
    let Database::Sqlite(file) = &new else {
        return Err("the raw limit is SQLite's".into());
    };
    let of_events = tables.iter().find(|table| table.name == EVENT);
    let events = of_events.map_or(0, |table| table.rows.len());
    let rows = tables.iter().map(|table| table.rows.len()).sum();
    let commits = (events as f64 / per_commit.max(1.0)).ceil().max(1.0) as usize;
    let mut connection = connect(file).await?;
    // A table's rows are given away from their end, so they are turned round.
    for table in &mut tables {
        table.rows.reverse();
    }
    let began = Instant::now();
    for left in (1..=commits).rev() {
        let mut tx = connection.begin_with("begin immediate").await?;
        for table in &mut tables {
            let share = table.rows.len() / left;
            let keep = table.rows.len() - share;
            let mut rows = table.rows.split_off(keep);
            rows.reverse();
            if table.by_key {
                rows.sort_by(|a, b| key(a).cmp(key(b)));
            }
            insert(&mut tx, &table.name, &table.columns, rows).await?;
        }
        tx.commit().await?;
    }
    let took = began.elapsed();
    connection.close().await?;
    new.remove().await?;
    Ok(Raw { events, rows, took })
}

/// The texts that a row begins with.
fn key(row: &[Cell]) -> impl Iterator<Item = &str> {
    row.iter().map_while(|cell| match cell {
        Cell::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[String],
    rows: Vec<Vec<Cell>>,
) -> sqlx::Result<()> {
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut arguments = SqliteArguments::default();
        let mut count = 0;
        for cells in rows.by_ref().take(AT_ONCE) {
            count += 1;
            for cell in cells {
                match cell {
                    Cell::Null => arguments.add(None::<i64>),
                    Cell::Integer(value) => arguments.add(value),
                    Cell::Real(value) => arguments.add(value),
                    Cell::Text(value) => arguments.add(value),
                    Cell::Blob(value) => arguments.add(value),
                }
                .map_err(sqlx::Error::Encode)?;
            }
        }
        let (columns, values) = (columns.join(","), vec![row.as_str(); count].join(","));
        let sql = format!("insert or fail into {table} ({columns}) values {values}");
        sqlx::query_with(AssertSqlSafe(sql), arguments)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The rows that came since they were counted, or the share of them that belongs to the newest
/// events.
async fn take(path: &Path, before: &Counts) -> Result<Vec<Table>, Box<dyn Error>> {
    let after = counts(path).await?;
    let came = |name: &str| {
        let first = before.get(name).copied().unwrap_or(0);
        after.get(name).copied().unwrap_or(0) - first
    };
    let events = came(EVENT).max(1);
    let share = (MOST_EVENTS as f64 / events as f64).min(1.0);
    let mut connection = connect(path).await?;
    let mut tables = Vec::new();
    for name in after.keys().filter(|name| came(name) > 0) {
        let most = (came(name) as f64 * share).ceil() as i64;
        // Rows lie in the order in which they came. A table that lies in the order of its key tells
        // no order; its keys are hashes, so any order is as good as theirs.
        let by_key: bool = sqlx::query_scalar(
            "select sql like '%without rowid%' from sqlite_master where name = $1",
        )
        .bind(*name)
        .fetch_one(&mut connection)
        .await?;
        let order = if by_key { "random()" } else { "rowid desc" };
        let sql = AssertSqlSafe(format!(
            "select * from {name} order by {order} limit {most}"
        ));
        let rows = sqlx::query(sql).fetch_all(&mut connection).await?;
        let columns = rows.first().map_or(Vec::new(), |row| {
            let names = row.columns().iter().map(|column| column.name().to_owned());
            names.collect()
        });
        let rows: sqlx::Result<Vec<_>> = rows.iter().rev().map(cells).collect();
        tables.push(Table {
            name: (*name).to_owned(),
            by_key,
            columns,
            rows: rows?,
        });
    }
    connection.close().await?;
    Ok(tables)
}

fn cells(row: &SqliteRow) -> sqlx::Result<Vec<Cell>> {
    let cell = |at: usize| {
        let value = row.try_get_raw(at)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let kind = value.type_info().name().to_owned();
        Ok(match kind.as_str() {
            "TEXT" => Cell::Text(row.try_get_unchecked(at)?),
            "REAL" => Cell::Real(row.try_get_unchecked(at)?),
            "BLOB" => Cell::Blob(row.try_get_unchecked(at)?),
            _ => Cell::Integer(row.try_get_unchecked(at)?),
        })
    };
    (0..row.len()).map(cell).collect()
}
