//! Group commit: deliveries wait for the one committer of this process. It takes up to about 3,000
//! events at a time and writes those of each workspace in one transaction. If a transaction fails,
//! each of its deliveries is written in one of its own. A delivery is answered after its commit.
//!
//! What waits is bounded in bytes; beyond that a request is told to come back (429) and an import
//! waits.
//!
//! The committer has a thread of its own, so that it keeps no worker of the runtime from requests
//! that are quickly answered.

use super::batch::{Batch, Prepared, Receipt};
use super::{Taken, take};
use crate::id::WorkspaceId;
use crate::store::Db;
use crate::store::access::{self, Workspace};
use crate::store::reject::Rejected;
use crate::{Error, Result};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Most bytes of deliveries that may wait to be written. In memory they take several times as much.
const MAX_WAITING: usize = 16 * 1024 * 1024;
/// Most events of one transaction; a commit costs the same for one event as for thousands.
const MAX_COMMIT: usize = 3_000;
/// How often a transaction is tried again after the database refused it.
const TRIES: u32 = 3;
/// What a busy server asks clients to wait, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// What a sender does while too much waits to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is told to come back, as requests are.
    None,
    /// It waits for room, as imports do.
    Waits,
}

struct WaitingBatch {
    workspace: Workspace,
    batch: Batch,
    /// Gives the batch back, so that the caller frees its memory and not the committer.
    answer: oneshot::Sender<Result<Batch>>,
    _space: OwnedSemaphorePermit,
}

/// The way into the log. Clones share one committer, which ends when the last of them is gone.
#[derive(Clone, Debug)]
pub struct Ingest {
    queue: mpsc::UnboundedSender<WaitingBatch>,
    space: Arc<Semaphore>,
    /// Bounds how many large deliveries are read at a time.
    pub(super) readers: Arc<Semaphore>,
}

impl Ingest {
    /// Starts the committer of a database.
    #[must_use]
    pub fn start(db: Db) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::unbounded_channel();
        let committer = Committer { db };
        let runtime = tokio::runtime::Handle::current();
        let run = move || runtime.block_on(committer.run(waiting));
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name("committer".to_owned());
        let started = thread.spawn(move || {
            run();
            ended.send(()).ok();
        });
        if let Err(error) = started {
            tracing::error!(%error, "the committer has no thread; nothing can be written");
        }
        let ingest = Self {
            queue,
            space: Arc::new(Semaphore::new(MAX_WAITING)),
            readers: Arc::new(Semaphore::new(readers())),
        };
        // Without a word at its end it was cut off; the task that waits for it has to know.
        let ended = async { end.await.expect("the committer comes to its end") };
        (ingest, tokio::spawn(ended))
    }

    /// Writes a delivery; returns once it is durable.
    pub(super) async fn submit(
        &self,
        workspace: &Workspace,
        batch: Batch,
        patience: Patience,
    ) -> Result<Receipt> {
        let (room, bytes) = (Arc::clone(&self.space), weight(&batch));
        let space = match patience {
            Patience::None => room
                .try_acquire_many_owned(bytes)
                .map_err(|_| Error::Busy {
                    retry_after_s: RETRY_AFTER_S,
                })?,
            Patience::Waits => room
                .acquire_many_owned(bytes)
                .await
                .map_err(|_| Error::internal("the write queue is closed"))?,
        };
        self.enqueue(workspace, batch, space).await
    }

    async fn enqueue(
        &self,
        workspace: &Workspace,
        batch: Batch,
        space: OwnedSemaphorePermit,
    ) -> Result<Receipt> {
        let (answer, answered) = oneshot::channel();
        let waiting = WaitingBatch {
            workspace: workspace.clone(),
            batch,
            answer,
            _space: space,
        };
        let stopped = || Error::internal("the committer has stopped");
        self.queue.send(waiting).map_err(|_| stopped())?;
        let written = answered.await.map_err(|_| stopped())?;
        written.map(Batch::receipt)
    }
}

/// How many deliveries are read at a time.
fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Bytes that a batch occupies while it waits.
fn weight(batch: &Batch) -> u32 {
    u32::try_from(batch.bytes.clamp(256, MAX_WAITING)).unwrap_or(u32::MAX)
}

struct Committer {
    db: Db,
}

impl Committer {
    async fn run(self, mut queue: mpsc::UnboundedReceiver<WaitingBatch>) {
        while let Some(first) = queue.recv().await {
            let mut events = first.batch.events.len();
            let mut group = vec![first];
            while events < MAX_COMMIT
                && let Ok(next) = queue.try_recv()
            {
                events += next.batch.events.len();
                group.push(next);
            }
            // One transaction is of one workspace, so that no two ever wait for each other's lock.
            group.sort_by(|a, b| a.workspace.id.cmp(&b.workspace.id));
            while !group.is_empty() {
                let id = group[0].workspace.id.clone();
                let rest = group
                    .iter()
                    .position(|waiting| waiting.workspace.id != id)
                    .unwrap_or(group.len());
                let others = group.split_off(rest);
                self.commit_group(std::mem::replace(&mut group, others))
                    .await;
            }
        }
    }

    /// Commits all, or, should that fail, each on its own, so that nobody pays for another's
    /// trouble.
    async fn commit_group(&self, group: Vec<WaitingBatch>) {
        if group.len() > 1 && self.commit(&group).await.is_ok() {
            group.into_iter().for_each(acknowledge);
            return;
        }
        for waiting in group {
            match self.commit(std::slice::from_ref(&waiting)).await {
                Ok(()) => acknowledge(waiting),
                Err(error) => drop(waiting.answer.send(Err(error))),
            }
        }
    }

    async fn commit(&self, group: &[WaitingBatch]) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.try_commit(group).await {
                Err(error @ Error::Database(_)) if tries < TRIES => {
                    tracing::warn!(%error, tries, "a write transaction is tried again");
                    tries += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(50 * u64::from(tries)))
                        .await;
                }
                done => return done,
            }
        }
    }

    async fn try_commit(&self, group: &[WaitingBatch]) -> Result<()> {
        let Some(first) = group.first() else {
            return Ok(());
        };
        let began = Instant::now();
        let events = group.iter().flat_map(|waiting| &waiting.batch.events);
        let rejected: Vec<Rejected> = group
            .iter()
            .flat_map(|waiting| waiting.batch.rejected.iter().cloned())
            .collect();
        let mut tx = self.db.begin().await?;
        let taken = take(&mut tx, &first.workspace, events.clone(), &rejected).await?;
        let taken = match taken {
            Some(taken) => {
                tx.commit().await?;
                taken
            }
            None => {
                drop(tx);
                self.commit_anew(&first.workspace.id, events, &rejected)
                    .await?
            }
        };
        metrics::counter!("acquaint_events_total").increment(taken.new as u64);
        metrics::counter!("acquaint_duplicate_events_total").increment(taken.known as u64);
        metrics::counter!("acquaint_rejected_events_total").increment(rejected.len() as u64);
        metrics::histogram!("acquaint_commit_seconds").record(began.elapsed().as_secs_f64());
        let us = began.elapsed().as_micros() as u64;
        tracing::debug!(
            requests = group.len(),
            new = taken.new,
            known = taken.known,
            rejected = rejected.len(),
            us,
            "committed"
        );
        Ok(())
    }

    /// Commits events that were read under rules that are not in force any more.
    async fn commit_anew<'a>(
        &self,
        workspace: &WorkspaceId,
        events: impl Iterator<Item = &'a Prepared> + Clone,
        rejected: &[Rejected],
    ) -> Result<Taken> {
        for _ in 0..TRIES {
            let workspace = access::workspace_by_id(&self.db, workspace).await?;
            let workspace = workspace.ok_or_else(|| Error::internal("the workspace is gone"))?;
            let again: Vec<Prepared> = events
                .clone()
                .map(|prepared| prepared.again(&workspace))
                .collect::<Result<_>>()?;
            let mut tx = self.db.begin().await?;
            if let Some(taken) = take(&mut tx, &workspace, again.iter(), rejected).await? {
                tx.commit().await?;
                return Ok(taken);
            }
        }
        Err(Error::internal(
            "the rules change faster than events can be read",
        ))
    }
}

fn acknowledge(waiting: WaitingBatch) {
    // The sender may have hung up; what it sent is written all the same.
    drop(waiting.answer.send(Ok(waiting.batch)));
}
