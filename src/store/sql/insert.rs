//! Many rows in one insert: `values rows(text, bigint, …)` in the text, and [`Rows`] with its
//! values.
//!
//! PostgreSQL gets an array for each column (`unnest`). SQLite gets a parameter for each value, up
//! to 256 rows at a time: taking a value out of a row given as JSON would parse the row each time.
//!
//! An insert is pipelined: it runs while the caller goes on, and its error comes with the next
//! statement that is awaited, or with the commit.

use super::{EngineTransaction, TextCache, Transaction, statement_error, trace_statement};
use crate::Result;
use crate::id::WorkspaceId;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, SqliteConnection};
use std::sync::Arc;
use std::time::Instant;

/// How many rows one SQLite statement inserts. Each size is prepared once; the greatest stays below
/// SQLite's limit of parameters.
const SIZES: [usize; 4] = [256, 64, 8, 1];

/// The values of one column.
#[derive(Debug)]
enum Column {
    Text(Vec<Option<Arc<str>>>),
    Bytes(Vec<Arc<[u8]>>),
    Bigint(Vec<i64>),
    Boolean(Vec<bool>),
}

/// The values of an insert, column by column in the order of `values rows(…)`. The workspace, which
/// is the first column of every table, is not among them.
#[derive(Debug, Default)]
pub struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    /// A column of texts.
    #[must_use]
    pub fn text<T: AsRef<str>>(self, values: impl Iterator<Item = T>) -> Self {
        self.nullable(values.map(Some))
    }

    /// A column of texts, some of which are null.
    #[must_use]
    pub fn nullable<T: AsRef<str>>(mut self, values: impl Iterator<Item = Option<T>>) -> Self {
        // Consecutive rows often have the same value in a column, which they then share.
        let mut last: Arc<str> = "".into();
        let values = values.map(|value| {
            let value = value?;
            if *last != *value.as_ref() {
                last = value.as_ref().into();
            }
            Some(Arc::clone(&last))
        });
        self.columns.push(Column::Text(values.collect()));
        self
    }

    /// A column of texts that are shared and not copied.
    #[must_use]
    pub fn shared(mut self, values: impl Iterator<Item = Arc<str>>) -> Self {
        self.columns.push(Column::Text(values.map(Some).collect()));
        self
    }

    /// A column of bytes that are shared and not copied.
    #[must_use]
    pub fn bytes(mut self, values: Vec<Arc<[u8]>>) -> Self {
        self.columns.push(Column::Bytes(values));
        self
    }

    /// A column of numbers.
    #[must_use]
    pub fn bigint(mut self, values: impl Iterator<Item = i64>) -> Self {
        self.columns.push(Column::Bigint(values.collect()));
        self
    }

    /// A column of truth values.
    #[must_use]
    pub fn boolean(mut self, values: impl Iterator<Item = bool>) -> Self {
        self.columns.push(Column::Boolean(values.collect()));
        self
    }

    fn len(&self) -> usize {
        match self.columns.first() {
            Some(Column::Text(values)) => values.len(),
            Some(Column::Bytes(values)) => values.len(),
            Some(Column::Bigint(values)) => values.len(),
            Some(Column::Boolean(values)) => values.len(),
            None => 0,
        }
    }
}

/// An insert, about to be run.
#[derive(Debug)]
pub(super) struct Insert {
    sql: &'static str,
    workspace: WorkspaceId,
    rows: Rows,
    texts: TextCache,
}

impl Transaction {
    /// Enqueues an insert: `insert into unmatched (workspace, profile) values rows(text)` with one
    /// column of texts, for example. If the database refuses it, the next statement or the commit
    /// gives the error.
    pub fn insert(&mut self, sql: &'static str, workspace: &WorkspaceId, rows: Rows) {
        if rows.len() == 0 {
            return;
        }
        let insert = Insert {
            sql,
            workspace: workspace.clone(),
            rows,
            texts: self.driver.texts.clone(),
        };
        self.enqueue(|engine| Box::pin(insert.run(engine)));
    }
}

impl Insert {
    async fn run(self, engine: &mut EngineTransaction) -> Result<()> {
        let (started, sql) = (Instant::now(), self.sql);
        let result = match engine {
            EngineTransaction::Sqlite(tx) => self.with_parameters(tx).await,
            EngineTransaction::Postgres(tx) => self.with_arrays(tx).await,
        };
        trace_statement(sql, started);
        result.map_err(statement_error)
    }

    async fn with_arrays(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        let mut args = PgArguments::default();
        let add = |added: std::result::Result<(), _>| added.map_err(sqlx::Error::Encode);
        add(args.add(&self.workspace))?;
        for column in self.rows.columns {
            add(match column {
                Column::Text(values) => {
                    let values = values.iter().map(|value| value.as_deref());
                    args.add(values.collect::<Vec<Option<&str>>>())
                }
                Column::Bytes(values) => {
                    args.add(values.iter().map(|value| &**value).collect::<Vec<&[u8]>>())
                }
                Column::Bigint(values) => args.add(values),
                Column::Boolean(values) => args.add(values),
            })?;
        }
        let sql = AssertSqlSafe(self.texts.postgres(self.sql));
        sqlx::query_with(sql, args).execute(tx).await.map(drop)
    }

    async fn with_parameters(self, tx: &mut SqliteConnection) -> sqlx::Result<()> {
        let count = self.rows.len();
        let mut columns = self.rows.columns;
        let mut from = 0;
        while from < count {
            let fits = |size: &usize| *size <= count - from;
            let size = SIZES.into_iter().find(fits).unwrap_or(1);
            let mut args = SqliteArguments::default();
            args.reserve(size * (columns.len() + 1), 0);
            for row in from..from + size {
                args.add(&self.workspace).map_err(sqlx::Error::Encode)?;
                for column in &mut columns {
                    match column {
                        Column::Text(values) => args.add(values[row].take()),
                        Column::Bytes(values) => args.add(Arc::clone(&values[row])),
                        Column::Bigint(values) => args.add(values[row]),
                        Column::Boolean(values) => args.add(values[row]),
                    }
                    .map_err(sqlx::Error::Encode)?;
                }
            }
            let sql = AssertSqlSafe(self.texts.sqlite_rows(self.sql, size));
            sqlx::query_with(sql, args).execute(&mut *tx).await?;
            from += size;
        }
        Ok(())
    }
}
