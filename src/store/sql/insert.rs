//! Many rows in one statement: `values rows(text, bigint, …)` in a text, and the rows column by column.
//!
//! PostgreSQL is given an array for each column (`unnest`), SQLite a list of parameters, some rows at a time, because every
//! value of a list as JSON costs it a walk through the row's text.

use super::{Engined, Tx, refused, traced};
use crate::Result;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe};
use std::sync::Arc;
use std::time::Instant;

/// Rows of one SQLite statement. Few sizes, so that each is prepared once; the greatest stays below its limit of parameters.
const SIZES: [usize; 4] = [256, 64, 8, 1];

/// A column of rows that are to be written.
#[derive(Debug)]
enum Column {
    Text(Vec<Option<String>>),
    Shared(Vec<Arc<str>>),
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
    pub fn text<T: Into<String>>(self, values: impl Iterator<Item = T>) -> Self {
        self.nullable(values.map(Some))
    }

    /// A column of texts, some of which are null.
    #[must_use]
    pub fn nullable<T: Into<String>>(mut self, values: impl Iterator<Item = Option<T>>) -> Self {
        let values = values.map(|value| value.map(Into::into));
        self.columns.push(Column::Text(values.collect()));
        self
    }

    /// A column of texts that others hold too.
    #[must_use]
    pub fn shared(mut self, values: Vec<Arc<str>>) -> Self {
        self.columns.push(Column::Shared(values));
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
            Some(Column::Shared(values)) => values.len(),
            Some(Column::Bigint(values)) => values.len(),
            Some(Column::Boolean(values)) => values.len(),
            None => 0,
        }
    }
}

/// Rows about to be written for one workspace.
#[derive(Debug)]
pub struct Insert<'c> {
    tx: &'c mut Tx,
    sql: &'static str,
    workspace: &'c str,
    rows: Rows,
}

impl Tx {
    /// `insert into … (workspace, …) values rows(text, …) …`: each row gets the workspace in front.
    pub fn insert<'c>(
        &'c mut self,
        sql: &'static str,
        workspace: &'c str,
        rows: Rows,
    ) -> Insert<'c> {
        Insert {
            tx: self,
            sql,
            workspace,
            rows,
        }
    }
}

impl Insert<'_> {
    /// Writes the rows. Nothing is done where there are none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn execute(self) -> Result<()> {
        let count = self.rows.len();
        if count == 0 {
            return Ok(());
        }
        let (began, sql) = (Instant::now(), self.sql);
        let done = if self.tx.is_postgres() {
            self.with_arrays().await
        } else {
            self.with_parameters(count).await
        };
        traced(sql, began);
        done.map_err(refused)
    }

    async fn with_arrays(self) -> sqlx::Result<()> {
        let Engined::Postgres(tx) = &mut self.tx.engine else {
            return Ok(());
        };
        let mut args = PgArguments::default();
        let add = |added: std::result::Result<(), _>| added.map_err(sqlx::Error::Encode);
        add(args.add(self.workspace))?;
        for column in self.rows.columns {
            add(match column {
                Column::Text(values) => args.add(values),
                Column::Shared(values) => {
                    args.add(values.iter().map(|value| &**value).collect::<Vec<&str>>())
                }
                Column::Bigint(values) => args.add(values),
                Column::Boolean(values) => args.add(values),
            })?;
        }
        let sql = AssertSqlSafe(self.tx.texts.postgres(self.sql));
        sqlx::query_with(sql, args)
            .execute(&mut **tx)
            .await
            .map(drop)
    }

    async fn with_parameters(self, count: usize) -> sqlx::Result<()> {
        let Engined::Sqlite(tx) = &mut self.tx.engine else {
            return Ok(());
        };
        let workspace: Arc<str> = self.workspace.into();
        let mut columns = self.rows.columns;
        let mut from = 0;
        while from < count {
            let left = count - from;
            let size = SIZES.into_iter().find(|size| *size <= left).unwrap_or(1);
            let mut args = SqliteArguments::default();
            args.reserve(size * (columns.len() + 1), 0);
            for row in from..from + size {
                args.add(Arc::clone(&workspace))
                    .map_err(sqlx::Error::Encode)?;
                for column in &mut columns {
                    match column {
                        Column::Text(values) => args.add(values[row].take()),
                        Column::Shared(values) => args.add(Arc::clone(&values[row])),
                        Column::Bigint(values) => args.add(values[row]),
                        Column::Boolean(values) => args.add(values[row]),
                    }
                    .map_err(sqlx::Error::Encode)?;
                }
            }
            let sql = AssertSqlSafe(self.tx.texts.sqlite_rows(self.sql, size));
            sqlx::query_with(sql, args).execute(&mut **tx).await?;
            from += size;
        }
        Ok(())
    }
}
