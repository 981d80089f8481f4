//! Many rows in one statement: `values rows(text, bigint, …)` in a text, and the rows column by column.
//!
//! PostgreSQL is given an array for each column (`unnest`), SQLite a list of parameters, some rows at a time, because every
//! value of a list as JSON costs it a walk through the row's text.

use super::{Engined, Texts, Transaction, refused, traced};
use crate::Result;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, SqliteConnection};
use std::sync::Arc;
use std::time::Instant;

/// Rows of one SQLite statement. Few sizes, so that each is prepared once; the greatest stays below its limit of parameters.
const SIZES: [usize; 4] = [256, 64, 8, 1];

/// A column of rows that are to be written.
#[derive(Debug)]
enum Column {
    Text(Vec<Option<Arc<str>>>),
    Bytes(Vec<Arc<[u8]>>),
    Bigint(Vec<i64>),
    Boolean(Vec<bool>),
}

/// Rows that are to be written, column by column in the order of the text.
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
        // Many a column says the same in row after row.
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

    /// A column of texts that others hold too.
    #[must_use]
    pub fn shared(mut self, values: impl Iterator<Item = Arc<str>>) -> Self {
        self.columns.push(Column::Text(values.map(Some).collect()));
        self
    }

    /// A column of bytes that others hold too.
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

/// Rows on their way into a table.
#[derive(Debug)]
pub(super) struct Write {
    sql: &'static str,
    workspace: Arc<str>,
    rows: Rows,
    texts: Texts,
}

impl Transaction {
    /// Has rows written, by `insert into … (workspace, …) values rows(text, …) …`; each gets the workspace in front. Should the
    /// database refuse them, the next statement or the end of the transaction says so.
    pub fn insert(&mut self, sql: &'static str, workspace: &str, rows: Rows) {
        if rows.len() == 0 {
            return;
        }
        let write = Write {
            sql,
            workspace: workspace.into(),
            rows,
            texts: self.driver.texts.clone(),
        };
        self.then(|engine| Box::pin(write.run(engine)));
    }
}

impl Write {
    async fn run(self, engine: &mut Engined) -> Result<()> {
        let (began, sql) = (Instant::now(), self.sql);
        let done = match engine {
            Engined::Sqlite(tx) => self.with_parameters(tx).await,
            Engined::Postgres(tx) => self.with_arrays(tx).await,
        };
        traced(sql, began);
        done.map_err(refused)
    }

    async fn with_arrays(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        let mut args = PgArguments::default();
        let add = |added: std::result::Result<(), _>| added.map_err(sqlx::Error::Encode);
        add(args.add(&*self.workspace))?;
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
        let done = sqlx::query_with(sql, args).execute(tx).await;
        done.map(drop)
    }

    async fn with_parameters(self, tx: &mut SqliteConnection) -> sqlx::Result<()> {
        let count = self.rows.len();
        let mut columns = self.rows.columns;
        let mut from = 0;
        while from < count {
            let left = count - from;
            let size = SIZES.into_iter().find(|size| *size <= left).unwrap_or(1);
            let mut args = SqliteArguments::default();
            args.reserve(size * (columns.len() + 1), 0);
            for row in from..from + size {
                args.add(Arc::clone(&self.workspace))
                    .map_err(sqlx::Error::Encode)?;
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
