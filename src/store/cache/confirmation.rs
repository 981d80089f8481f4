//! Confirming that the cache is current before a cached document answers a question.
//!
//! A read of the `change` table starts after the question arrived, so it sees every commit that was
//! acknowledged before, by any process on the database. That proves "200 means visible", and it
//! needs no clock and no notification. Questions that arrive while one read runs share the next, so
//! under load one short statement serves many questions. On SQLite nothing is read while the
//! wal-index shows that nothing was committed.

use super::{Cache, KnownChange, WorkspaceCache, lock};
use crate::Result;
use crate::id::WorkspaceId;
use crate::store::change;
use crate::store::sql::{Driver, ReadConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, watch};

/// How long a connection may be idle between two reads before it goes back to the pool.
const MAX_IDLE: Duration = Duration::from_secs(2);

/// The shared reads of one workspace's changes, one at a time and numbered from 1.
#[derive(Debug)]
pub(super) struct ChangeReads {
    /// The number of the last read that started.
    started: AtomicU64,
    /// The number of the last read that ended, and whether it succeeded.
    ended: watch::Sender<(u64, bool)>,
    /// Locked while a read runs.
    running: Arc<tokio::sync::Mutex<()>>,
}

impl Default for ChangeReads {
    fn default() -> Self {
        Self {
            started: AtomicU64::new(0),
            ended: watch::Sender::new((0, true)),
            running: Arc::default(),
        }
    }
}

impl Cache {
    /// Returns once the cache knows every change that was acknowledged before the call.
    pub(in crate::store) async fn confirm(
        self: &Arc<Self>,
        driver: &Driver,
        workspace: &WorkspaceId,
    ) -> Result<()> {
        let cache = self.workspace(workspace);
        let known = *lock(&cache.known);
        if self.is_current(known) {
            return Ok(());
        }
        let reads = &cache.change_reads;
        let started = reads.started.load(Ordering::Acquire);
        let mut ended = reads.ended.subscribe();
        loop {
            // Only a read with a greater number started after the call.
            let (last, succeeded) = *ended.borrow_and_update();
            if last > started && succeeded {
                return Ok(());
            }
            if last > started {
                // The shared read failed. Reading alone gives each question its own error.
                return self.read_alone(driver, workspace, &cache).await;
            }
            if let Ok(running) = Arc::clone(&reads.running).try_lock_owned() {
                let read = ChangeRead {
                    cache: Arc::clone(self),
                    workspace_cache: Arc::clone(&cache),
                    number: 0,
                    succeeded: false,
                    running: Some(running),
                };
                // In a task of its own, so that the read does not end with the request.
                tokio::spawn(read.run(driver.clone(), workspace.clone()));
            }
            // It cannot fail: `cache` holds the sender.
            drop(ended.changed().await);
        }
    }

    async fn read_alone(
        &self,
        driver: &Driver,
        workspace: &WorkspaceId,
        cache: &WorkspaceCache,
    ) -> Result<()> {
        let mut connection = driver.read_connection().await?;
        self.read_changes(&mut connection, workspace, cache).await
    }

    /// Reads the changes since the last known one, and removes the documents that they name.
    async fn read_changes(
        &self,
        connection: &mut ReadConnection,
        workspace: &WorkspaceId,
        cache: &WorkspaceCache,
    ) -> Result<()> {
        // Taken before the read, so that any later commit leads to another header.
        let wal_header = self.wal_header();
        let before = lock(&cache.known).number;
        let (last, changes) = change::since(connection, workspace, before).await?;
        let mut known = lock(&cache.known);
        // A transaction of this process may know the same or a later change by now.
        if known.number == before || known.number < Some(last) {
            self.invalidate(workspace, &changes);
            *known = KnownChange {
                number: Some(last),
                wal_header,
            };
        }
        Ok(())
    }

    /// The connection that the last read left here, or a new one.
    async fn take_connection(&self, driver: &Driver) -> Result<ReadConnection> {
        let idle = lock(&self.connection).take();
        match idle {
            Some((connection, since)) if since.elapsed() < MAX_IDLE => Ok(connection),
            _ => driver.read_connection().await,
        }
    }

    /// Keeps a connection for the next read, unless the pool was closed meanwhile.
    fn keep_connection(&self, connection: ReadConnection, driver: &Driver) {
        let mut idle = lock(&self.connection);
        if !driver.is_closed() {
            *idle = Some((connection, Instant::now()));
        }
    }

    /// Gives the idle connection back to its pool, which must be closed already.
    pub(in crate::store) fn release_connection(&self) {
        drop(lock(&self.connection).take());
    }
}

/// A shared read that is running. Dropping it, finished or aborted, wakes the questions that wait.
struct ChangeRead {
    cache: Arc<Cache>,
    workspace_cache: Arc<WorkspaceCache>,
    number: u64,
    succeeded: bool,
    running: Option<OwnedMutexGuard<()>>,
}

impl ChangeRead {
    async fn run(mut self, driver: Driver, workspace: WorkspaceId) {
        // Requests that have arrived already run first, so that they share this read.
        tokio::task::yield_now().await;
        let started = &self.workspace_cache.change_reads.started;
        self.number = started.fetch_add(1, Ordering::AcqRel) + 1;
        match self.read(&driver, &workspace).await {
            Ok(connection) => {
                self.succeeded = true;
                self.cache.keep_connection(connection, &driver);
            }
            Err(error) => {
                tracing::debug!(target: "acquaint::db", %error, "each question reads the changes itself");
            }
        }
    }

    async fn read(&self, driver: &Driver, workspace: &WorkspaceId) -> Result<ReadConnection> {
        let mut connection = self.cache.take_connection(driver).await?;
        self.cache
            .read_changes(&mut connection, workspace, &self.workspace_cache)
            .await?;
        Ok(connection)
    }
}

impl Drop for ChangeRead {
    fn drop(&mut self) {
        // Unlocked before it wakes the questions, so that one of them can start the next read.
        drop(self.running.take());
        let reads = &self.workspace_cache.change_reads;
        reads.ended.send_modify(|ended| {
            *ended = (*ended).max((self.number, self.succeeded));
        });
    }
}
