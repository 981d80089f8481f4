//! Batched reads: customers who are looked up at the same time are read by one statement.
//!
//! It serves the lookups that no point read can. Most of what reading one customer costs is the way
//! to the connection's thread or process and back. So a lookup that arrives while statements are
//! running waits for the next one, which reads for all that wait. That statement starts after every
//! one of these lookups arrived, so it sees whatever was acknowledged before them. If it fails,
//! each lookup reads alone, because one bad name must not fail the others.

use super::sql::{Driver, ReadConnection};
use crate::Error;
use crate::id::WorkspaceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Most lookups that one statement answers.
const MAX_BATCH: usize = 64;
/// Most statements of a queue at once: more than one, so that a slow one does not block all others.
const MAX_WORKERS: usize = 2;

/// With `$2` = `[{"n": 0, "value": "l_1"}, {"n": 1, "value": "l_9"}]` it gives `(0, doc)`, and no
/// row for 1 if there is no such link.
const BY_LINK: &str =
    "select r.n, p.doc from rows($2, r: n bigint, value text) cross join link l cross join profile p
     where l.workspace = $1 and l.id = r.value and p.workspace = l.workspace and p.id = l.profile";
/// The same with `$2` = `[{"n": 0, "kind": "email", "value": "ada@example.com"}]`.
const BY_IDENTIFIER: &str =
    "select r.n, p.doc from rows($2, r: n bigint, kind text, value text) cross join identifier i cross join profile p
     where i.workspace = $1 and i.kind = r.kind and i.value = r.value and p.workspace = i.workspace and p.id = i.profile";

/// The lookups of one workspace's customers.
#[derive(Debug)]
pub(super) struct BatchedReads {
    by_link: Arc<ReadQueue>,
    by_identifier: Arc<ReadQueue>,
}

/// Lookups that share a statement.
#[derive(Debug)]
struct ReadQueue {
    sql: &'static str,
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    /// Lookups whose statement has not started.
    waiting: Vec<WaitingRead>,
    workers: usize,
}

/// A lookup, and where its document goes: `None` if there is no such customer.
#[derive(Debug)]
struct WaitingRead {
    key: ReadKey,
    result: ResultSender,
}

type ResultSender = oneshot::Sender<Option<Vec<u8>>>;

/// A link's id, or the kind and value of an identifier. A link has an empty kind.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ReadKey {
    kind: String,
    value: String,
}

/// A key as a row for `rows($2, r: n bigint, …)`.
#[derive(serde::Serialize)]
struct NumberedKey<'a> {
    n: usize,
    kind: &'a str,
    value: &'a str,
}

impl Default for BatchedReads {
    fn default() -> Self {
        let queue = |sql| {
            let state = Mutex::default();
            Arc::new(ReadQueue { sql, state })
        };
        Self {
            by_link: queue(BY_LINK),
            by_identifier: queue(BY_IDENTIFIER),
        }
    }
}

impl BatchedReads {
    /// The document that a link's id leads to, or the kind and value of an identifier. The outer
    /// `None` says that the statement failed.
    pub(super) async fn read(
        &self,
        driver: &Driver,
        workspace: &WorkspaceId,
        kind: Option<&str>,
        value: &str,
    ) -> Option<Option<Vec<u8>>> {
        let queue = if kind.is_some() {
            &self.by_identifier
        } else {
            &self.by_link
        };
        let key = ReadKey {
            kind: kind.unwrap_or_default().to_owned(),
            value: value.to_owned(),
        };
        queue.read(driver, workspace, key).await
    }
}

impl ReadQueue {
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(
        self: &Arc<Self>,
        driver: &Driver,
        workspace: &WorkspaceId,
        key: ReadKey,
    ) -> Option<Option<Vec<u8>>> {
        let (result, receiver) = oneshot::channel();
        let starts_worker = {
            let mut state = self.state();
            state.waiting.push(WaitingRead { key, result });
            let starts_worker = state.workers < MAX_WORKERS;
            state.workers += usize::from(starts_worker);
            starts_worker
        };
        if starts_worker {
            // In a task of its own, so that no lookup ends with another's request.
            let worker = QueueWorker {
                queue: Arc::clone(self),
                counted: true,
            };
            tokio::spawn(worker.run(driver.clone(), workspace.clone()));
        }
        receiver.await.ok()
    }
}

/// Runs one statement after another while lookups wait.
struct QueueWorker {
    queue: Arc<ReadQueue>,
    /// Whether it still counts among the queue's workers.
    counted: bool,
}

impl QueueWorker {
    async fn run(mut self, driver: Driver, workspace: WorkspaceId) {
        let mut connection = driver.read_connection().await;
        loop {
            // Lets requests that have already arrived enter the queue first.
            tokio::task::yield_now().await;
            let batch = self.next_batch();
            if batch.is_empty() {
                return;
            }
            match &mut connection {
                Ok(connection) => {
                    read_batch(connection, &workspace, self.queue.sql, batch).await;
                }
                Err(error) => log_failure(error, batch.len()),
            }
        }
    }

    /// The lookups that wait now. If there are none, the worker no longer counts.
    fn next_batch(&mut self) -> Vec<WaitingRead> {
        let mut state = self.queue.state();
        state.waiting.retain(|read| !read.result.is_closed());
        let size = state.waiting.len().min(MAX_BATCH);
        let batch: Vec<WaitingRead> = state.waiting.drain(..size).collect();
        if batch.is_empty() {
            state.workers -= 1;
            self.counted = false;
        }
        batch
    }
}

impl Drop for QueueWorker {
    /// If the last worker was aborted, the waiting lookups are dropped, so that they read alone.
    fn drop(&mut self) {
        if self.counted {
            let mut state = self.queue.state();
            state.workers -= 1;
            if state.workers == 0 {
                state.waiting.clear();
            }
        }
    }
}

/// Reads the documents of a batch and sends them. If the statement fails, the senders are dropped.
async fn read_batch(
    connection: &mut ReadConnection,
    workspace: &WorkspaceId,
    sql: &'static str,
    batch: Vec<WaitingRead>,
) {
    let mut by_key: HashMap<ReadKey, Vec<ResultSender>> = HashMap::with_capacity(batch.len());
    for WaitingRead { key, result } in batch {
        by_key.entry(key).or_default().push(result);
    }
    let (keys, senders): (Vec<ReadKey>, Vec<Vec<ResultSender>>) = by_key.into_iter().unzip();
    let rows: Vec<NumberedKey<'_>> = keys
        .iter()
        .enumerate()
        .map(|(n, ReadKey { kind, value })| NumberedKey { n, kind, value })
        .collect();
    let found = connection.sql(sql).bind(workspace).rows(&rows).all().await;
    let found: Vec<(i64, Vec<u8>)> = match found {
        Ok(found) => found,
        Err(error) => return log_failure(&error, rows.len()),
    };
    let mut docs: Vec<Option<Vec<u8>>> = vec![None; keys.len()];
    for (n, doc) in found {
        if let Some(slot) = usize::try_from(n).ok().and_then(|n| docs.get_mut(n)) {
            *slot = Some(doc);
        }
    }
    for (doc, mut senders) in docs.into_iter().zip(senders) {
        let last = senders.pop();
        // A send fails if the request was dropped meanwhile.
        for sender in senders {
            drop(sender.send(doc.clone()));
        }
        drop(last.map(|sender| sender.send(doc)));
    }
}

fn log_failure(error: &Error, customers: usize) {
    tracing::debug!(target: "acquaint::db", %error, customers, "each is read alone");
}
