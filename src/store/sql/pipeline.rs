//! Pipelined statements: a transaction runs them in their order while the caller goes on.
//!
//! The caller gets a [`Pending`] at once and awaits it when it needs the rows:
//! `let links = tx.sql("select …").pipelined(read); …; let links = links.get(tx).await?;`

use super::{
    EngineTransaction, Executor, Row, Statement, Transaction, connection_lost, statement_error,
    trace_statement,
};
use crate::{Error, Result};
use sqlx::AssertSqlSafe;
use std::time::Instant;
use tokio::sync::oneshot;

/// The result of a pipelined statement, which may still be running.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T>>);

impl<T> Pending<T> {
    /// Waits for the result.
    ///
    /// # Errors
    /// [`Error::Database`] also when the database refused a statement before this one.
    pub async fn get(self, tx: &mut Transaction) -> Result<T> {
        match self.0.await {
            Ok(result) => result,
            // The statement was skipped, because one before it failed.
            Err(_) => Err(tx.connection().await.err().unwrap_or_else(connection_lost)),
        }
    }

    /// A value that needs no statement.
    #[must_use]
    pub fn ready(value: T) -> Self {
        Self::done(Ok(value))
    }

    fn done(result: Result<T>) -> Self {
        let (sender, receiver) = oneshot::channel();
        drop(sender.send(result));
        Self(receiver)
    }
}

impl Statement<'_> {
    /// Enqueues the statement in its transaction, and makes a value of all its rows. Outside of a
    /// transaction it is an error.
    #[must_use]
    pub fn pipelined<R: Row + 'static, T: Send + 'static>(
        self,
        make: impl FnOnce(Vec<R>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        let Statement {
            sql: text,
            executor,
            texts,
            failed,
        } = self;
        if let Some(error) = failed {
            return Pending::done(Err(error.into()));
        }
        let (sender, receiver) = oneshot::channel();
        // `make` runs in a task of its own, so that the next statement need not wait for it.
        let finish = move |started, rows: sqlx::Result<Vec<R>>| {
            trace_statement(text, started);
            let result = move || rows.map_err(statement_error).and_then(make);
            drop(tokio::spawn(async move { sender.send(result()).ok() }));
        };
        match executor {
            Executor::SqliteTx(tx, args) => tx.enqueue(move |engine| {
                Box::pin(async move {
                    let EngineTransaction::Sqlite(tx) = engine else {
                        return Err(connection_lost());
                    };
                    let (started, sql) = (Instant::now(), AssertSqlSafe(texts.sqlite(text)));
                    let query = sqlx::query_as_with::<_, R, _>(sql, args);
                    finish(started, query.fetch_all(&mut **tx).await);
                    Ok(())
                })
            }),
            Executor::PostgresTx(tx, args) => tx.enqueue(move |engine| {
                Box::pin(async move {
                    let EngineTransaction::Postgres(tx) = engine else {
                        return Err(connection_lost());
                    };
                    let (started, sql) = (Instant::now(), AssertSqlSafe(texts.postgres(text)));
                    let query = sqlx::query_as_with::<_, R, _>(sql, args);
                    finish(started, query.fetch_all(&mut **tx).await);
                    Ok(())
                })
            }),
            Executor::Sqlite(..) | Executor::Postgres(..) | Executor::PostgresConnection(..) => {
                let error = Error::internal("a statement is pipelined outside of a transaction");
                return Pending::done(Err(error));
            }
        }
        Pending(receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use crate::Error;
    use crate::id::WorkspaceId;
    use crate::store;

    #[tokio::test]
    async fn statements_run_in_the_order_in_which_they_were_given() -> crate::Result<()> {
        let db = store::open("sqlite::memory:").await?;
        let mut tx = db.begin().await?;
        let text = "select profile from unmatched order by profile";
        let before = tx
            .sql(text)
            .pipelined(|rows: Vec<(String,)>| Ok(rows.len()));
        let rows = Rows::default().text(["a", "b"].iter());
        tx.insert(
            "insert into unmatched (workspace, profile) values rows(text)",
            &WorkspaceId::new("w"),
            rows,
        );
        let after = tx
            .sql(text)
            .pipelined(|rows: Vec<(String,)>| Ok(rows.len()));
        assert_eq!(after.get(&mut tx).await?, 2);
        assert_eq!(before.get(&mut tx).await?, 0);
        let (now,): (i64,) = tx.sql("select count(*) from unmatched").one().await?;
        assert_eq!(now, 2);
        Ok(())
    }

    #[tokio::test]
    async fn a_skipped_statement_gives_the_error_that_came_before() -> crate::Result<()> {
        let db = store::open("sqlite::memory:").await?;
        let mut tx = db.begin().await?;
        let rows = Rows::default().text(["a"].iter());
        tx.insert(
            "insert into nowhere (workspace, id) values rows(text)",
            &WorkspaceId::new("w"),
            rows,
        );
        let answer = tx
            .sql("select profile from unmatched")
            .pipelined(|rows: Vec<(String,)>| Ok(rows.len()));
        let failed = answer.get(&mut tx).await;
        assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
        Ok(())
    }
}
