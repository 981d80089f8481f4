//! Questions to a transaction that are answered while whoever asked goes on.

use super::{Engined, On, Row, Statement, Transaction, lost, refused, traced};
use crate::{Error, Result};
use sqlx::AssertSqlSafe;
use std::time::Instant;
use tokio::sync::oneshot;

/// What a transaction was asked.
#[derive(Debug)]
pub struct Answer<T>(oneshot::Receiver<Result<T>>);

impl<T> Answer<T> {
    /// The answer, once it is there.
    ///
    /// # Errors
    /// When the database refused the statement or one before it, or cannot be reached.
    pub async fn get(self, tx: &mut Transaction) -> Result<T> {
        match self.0.await {
            Ok(answer) => answer,
            // It was not asked, because something before it failed.
            Err(_) => Err(tx.ready().await.err().unwrap_or_else(lost)),
        }
    }

    /// An answer that is known already.
    #[must_use]
    pub fn known(answer: T) -> Self {
        Self::ready(Ok(answer))
    }

    fn ready(answer: Result<T>) -> Self {
        let (give, answered) = oneshot::channel();
        drop(give.send(answer));
        Self(answered)
    }
}

impl Statement<'_> {
    /// Asks for every row, in its turn after what was written and asked before, and makes an answer of them. Only a
    /// transaction is asked so.
    #[must_use]
    pub fn ask<R: Row + 'static, T: Send + 'static>(
        self,
        make: impl FnOnce(Vec<R>) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        let Statement {
            sql: text,
            on,
            texts,
            failed,
        } = self;
        if let Some(error) = failed {
            return Answer::ready(Err(error.into()));
        }
        let (give, answered) = oneshot::channel();
        // What is made of the rows need not keep the connection from what comes next.
        let answer = move |began, rows: sqlx::Result<Vec<R>>| {
            traced(text, began);
            let made = move || rows.map_err(refused).and_then(make);
            drop(tokio::spawn(async move { give.send(made()).ok() }));
        };
        match on {
            On::SqliteTx(tx, args) => tx.then(move |engine| {
                Box::pin(async move {
                    let Engined::Sqlite(tx) = engine else {
                        return Err(lost());
                    };
                    let (began, sql) = (Instant::now(), AssertSqlSafe(texts.sqlite(text)));
                    let query = sqlx::query_as_with::<_, R, _>(sql, args);
                    answer(began, query.fetch_all(&mut **tx).await);
                    Ok(())
                })
            }),
            On::PostgresTx(tx, args) => tx.then(move |engine| {
                Box::pin(async move {
                    let Engined::Postgres(tx) = engine else {
                        return Err(lost());
                    };
                    let (began, sql) = (Instant::now(), AssertSqlSafe(texts.postgres(text)));
                    let query = sqlx::query_as_with::<_, R, _>(sql, args);
                    answer(began, query.fetch_all(&mut **tx).await);
                    Ok(())
                })
            }),
            On::Sqlite(..) | On::Postgres(..) | On::PostgresReader(..) => {
                let error = Error::internal("only a transaction is asked ahead");
                return Answer::ready(Err(error));
            }
        }
        Answer(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use crate::Error;
    use crate::store;

    #[tokio::test]
    async fn what_is_asked_is_answered_in_its_turn() -> crate::Result<()> {
        let db = store::open("sqlite::memory:").await?;
        let mut tx = db.begin().await?;
        let text = "select profile from unmatched order by profile";
        let before = tx.sql(text).ask(|rows: Vec<(String,)>| Ok(rows.len()));
        let rows = Rows::default().text(["a", "b"].iter());
        tx.insert(
            "insert into unmatched (workspace, profile) values rows(text)",
            "w",
            rows,
        );
        let after = tx.sql(text).ask(|rows: Vec<(String,)>| Ok(rows.len()));
        assert_eq!(after.get(&mut tx).await?, 2);
        assert_eq!(before.get(&mut tx).await?, 0);
        let (asked_now,): (i64,) = tx.sql("select count(*) from unmatched").one().await?;
        assert_eq!(asked_now, 2);
        Ok(())
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_says_what_failed_before() -> crate::Result<()> {
        let db = store::open("sqlite::memory:").await?;
        let mut tx = db.begin().await?;
        let rows = Rows::default().text(["a"].iter());
        tx.insert(
            "insert into nowhere (workspace, id) values rows(text)",
            "w",
            rows,
        );
        let answer = tx
            .sql("select profile from unmatched")
            .ask(|rows: Vec<(String,)>| Ok(rows.len()));
        let failed = answer.get(&mut tx).await;
        assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
        Ok(())
    }
}
