//! Reading what changed, before a cached document answers a question.
//!
//! A reading of the `change` table begins after the question came, so it sees every commit that was acknowledged before, by any
//! process on the database. That is the whole proof of "200 means visible"; it needs no clock and no message. Questions that
//! come while a reading is under way share the next one, so under load one short statement serves many questions. On SQLite nothing is
//! read while the stamp says that nobody committed.

use super::{Cache, Known, WorkspaceCache, locked};
use crate::Result;
use crate::store::change;
use crate::store::sql::{Driver, Reader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, watch};

/// How long a connection may rest between two readings before it goes back to the pool.
const MAX_REST: Duration = Duration::from_secs(2);

/// Whose turn it is to read, and which readings are over.
#[derive(Debug)]
pub(super) struct Turns {
    /// The number of the reading that began last.
    begun: AtomicU64,
    /// The number of the last reading that ended, and whether it went well.
    ended: watch::Sender<(u64, bool)>,
    /// Held while a reading is under way.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            begun: AtomicU64::new(0),
            ended: watch::Sender::new((0, true)),
            turn: Arc::default(),
        }
    }
}

impl Cache {
    /// Returns once every change is known that was acknowledged before the call.
    ///
    /// # Errors
    /// When the changes cannot be read.
    pub(in crate::store) async fn confirm(
        self: &Arc<Self>,
        driver: &Driver,
        workspace: &str,
    ) -> Result<()> {
        let cache = self.workspace(workspace);
        let known = *locked(&cache.known);
        if self.is_current(known) {
            return Ok(());
        }
        let turns = &cache.turns;
        let begun = turns.begun.load(Ordering::Acquire);
        let mut ended = turns.ended.subscribe();
        loop {
            let (last, well) = *ended.borrow_and_update();
            if last > begun && well {
                return Ok(());
            }
            if last > begun {
                // What is wrong is told to each question by a reading of its own.
                return self.read_alone(driver, workspace, &cache).await;
            }
            if let Ok(turn) = Arc::clone(&turns.turn).try_lock_owned() {
                let reading = Reading {
                    cache: Arc::clone(self),
                    known: Arc::clone(&cache),
                    number: 0,
                    well: false,
                    turn: Some(turn),
                };
                // A task of its own, so that no reading ends with the request that began it.
                tokio::spawn(reading.run(driver.clone(), workspace.to_owned()));
            }
            // The sender lives as long as the workspace's part of the cache.
            drop(ended.changed().await);
        }
    }

    async fn read_alone(
        &self,
        driver: &Driver,
        workspace: &str,
        cache: &WorkspaceCache,
    ) -> Result<()> {
        let mut reader = driver.reader().await?;
        self.read_changes(&mut reader, workspace, cache).await
    }

    /// Reads the changes since the last known one, and drops what they name.
    async fn read_changes(
        &self,
        reader: &mut Reader,
        workspace: &str,
        cache: &WorkspaceCache,
    ) -> Result<()> {
        // Before the reading, so that a commit after it gives another mark.
        let mark = self.stamp.as_ref().and_then(super::Stamp::read);
        let before = locked(&cache.known).change;
        let (last, changes) = change::since(reader, workspace, before).await?;
        let mut known = locked(&cache.known);
        // A transaction of this process may have come as far or further meanwhile.
        if known.change == before || known.change < Some(last) {
            self.forget(workspace, &changes);
            *known = Known {
                change: Some(last),
                mark,
            };
        }
        Ok(())
    }

    /// The connection that the last reading left, or another.
    async fn take_reader(&self, driver: &Driver) -> Result<Reader> {
        let left = locked(&self.reader).take();
        match left {
            Some((reader, since)) if since.elapsed() < MAX_REST => Ok(reader),
            _ => driver.reader().await,
        }
    }

    /// Gives the held connection back to its pool.
    pub(in crate::store) fn release_reader(&self) {
        drop(locked(&self.reader).take());
    }
}

/// A reading that is under way. When it is dropped, finished or cut off, the questions that wait for it go on.
struct Reading {
    cache: Arc<Cache>,
    known: Arc<WorkspaceCache>,
    number: u64,
    well: bool,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Reading {
    async fn run(mut self, driver: Driver, workspace: String) {
        // Requests that have arrived already come along.
        tokio::task::yield_now().await;
        self.number = self.known.turns.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let read = async {
            let mut reader = self.cache.take_reader(&driver).await?;
            self.cache
                .read_changes(&mut reader, &workspace, &self.known)
                .await?;
            Ok::<_, crate::Error>(reader)
        };
        match read.await {
            Ok(reader) => {
                self.well = true;
                *locked(&self.cache.reader) = Some((reader, Instant::now()));
            }
            Err(error) => {
                tracing::debug!(target: "acquaint::db", %error, "each question reads the changes itself");
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // The turn is free before anybody is told, so that a question that wakes up can take it.
        drop(self.turn.take());
        self.known.turns.ended.send_modify(|ended| {
            *ended = (*ended).max((self.number, self.well));
        });
    }
}
