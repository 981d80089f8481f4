//! The shelf: profiles that a process keeps of a database, and how it is made sure that they are not stale.
//!
//! Before a kept profile is used, it is made sure that nothing has changed since: `Watch::confirm` reads which profiles the
//! commits changed that came in between, and forgets those. That reading begins after the question came, so it sees every
//! commit that was acknowledged before, by whichever process on the database; on PostgreSQL that is read-your-writes through
//! any replica, without a message that could be late or lost. Questions that come while one reading is under way share the next, so its cost is
//! divided by the load. Mostly nothing has to be read at all: an SQLite file shows that nothing happened (`stamp`), and a process on
//! PostgreSQL can have the word of all others that they do nothing without telling it (`lease`).

use super::change::{self, Profiles};
use super::lease::{Lease, Leases};
use super::reads::Reads;
use super::sql::Driver;
use super::stamp::{self, Stamp};
use crate::Result;
use crate::profile::Profile;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// About how many bytes of profiles are kept.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// About how many bytes a profile of them takes.
const USUAL: usize = 2_048;
/// Most names of customers that are remembered.
const MAX_NAMES: usize = 100_000;

/// A profile as it was read. What is kept is its document: a parsed one takes several times as much, and most questions are
/// asked again as they were.
#[derive(Debug)]
pub struct Kept {
    /// Differs from that of every other reading of any profile in this process: what is computed from this one alone can be
    /// remembered under it.
    pub edition: u64,
    /// When the last event about the customer arrived, in UTC milliseconds.
    pub received_at: i64,
    id: String,
    pub(super) doc: Vec<u8>,
    rules: i64,
    outdated: AtomicBool,
}

impl Kept {
    /// Whether it is as it was read, as far as changes are known.
    pub(super) fn holds(&self) -> bool {
        !self.outdated.load(Ordering::Acquire)
    }
}

/// A kept profile weighs what it takes in memory.
#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<String, Arc<Kept>> for Bytes {
    fn weight(&self, id: &String, kept: &Arc<Kept>) -> u64 {
        (size_of::<Kept>() + kept.doc.len() + kept.id.len() + id.len()) as u64
    }
}

/// All that a process keeps of a database.
#[derive(Debug)]
pub(super) struct Shelf {
    profiles: Cache<String, Arc<Kept>, Bytes>,
    names: Cache<String, Weak<Kept>>,
    watches: Mutex<HashMap<String, Arc<Watch>>>,
    editions: AtomicU64,
    stamp: Option<Stamp>,
    leases: Arc<Leases>,
}

/// What stays the same while nobody commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Header(stamp::Mark),
    Leased(u64),
}

/// How far one workspace's changes are known.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The number of the reading that began last.
    begun: AtomicU64,
    /// The number of the last reading that came to its end.
    done: AtomicU64,
    /// The last change that is known; none before the first reading. What is kept is as it was then, or later.
    seen: Mutex<Option<i64>>,
    /// The stamp before the last reading.
    stamped: Mutex<Option<Mark>>,
    turn: tokio::sync::Mutex<()>,
    lease: Arc<Lease>,
    pub(super) reads: Reads,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What names and ids of a workspace are kept under.
pub(super) fn key(workspace: &str, name: &str) -> String {
    format!("{workspace}\0{name}")
}

impl Shelf {
    /// A profile as it was read just now, under an edition of its own.
    pub(super) fn edition(&self, profile: &Profile, doc: Vec<u8>, rules: i64) -> Arc<Kept> {
        Arc::new(Kept {
            edition: self.editions.fetch_add(1, Ordering::Relaxed),
            received_at: profile.seen.received_at,
            id: profile.id.clone(),
            doc,
            rules,
            outdated: AtomicBool::new(false),
        })
    }

    pub(super) fn new(stamp: Option<Stamp>, leases: Arc<Leases>) -> Self {
        Self {
            profiles: Cache::with_weighter(MAX_BYTES as usize / USUAL, MAX_BYTES, Bytes),
            names: Cache::new(MAX_NAMES),
            watches: Mutex::default(),
            editions: AtomicU64::new(0),
            stamp,
            leases,
        }
    }

    fn mark(&self, watch: &Watch) -> Option<Mark> {
        match &self.stamp {
            Some(stamp) => stamp.read().map(Mark::Header),
            None => watch.lease.mark(Instant::now()).map(Mark::Leased),
        }
    }

    /// How far a workspace's changes are known.
    pub(super) fn watch(&self, workspace: &str) -> Arc<Watch> {
        let mut watches = held(&self.watches);
        if let Some(watch) = watches.get(workspace) {
            return Arc::clone(watch);
        }
        let watch = Arc::new(Watch {
            lease: self.leases.of(workspace),
            ..Watch::default()
        });
        watches.insert(workspace.to_owned(), Arc::clone(&watch));
        watch
    }

    /// The profile kept under a name, if it is kept and was not changed as far as is known.
    pub(super) fn find(&self, name: &str, rules: i64) -> Option<Arc<Kept>> {
        let kept = self.names.get(name)?.upgrade()?;
        (kept.rules == rules && kept.holds()).then_some(kept)
    }

    /// Keeps what was read under a name, unless changes became known since the reading began: it may be older than they are.
    pub(super) fn put(
        &self,
        workspace: &str,
        name: String,
        read: &Arc<Kept>,
        watch: &Watch,
        before: i64,
    ) {
        let seen = held(&watch.seen);
        if *seen != Some(before) {
            return;
        }
        let id = key(workspace, &read.id);
        let good = |kept: &Arc<Kept>| kept.rules == read.rules && kept.holds();
        let kept = self.profiles.get(&id).filter(good).unwrap_or_else(|| {
            self.profiles.insert(id, Arc::clone(read));
            Arc::clone(read)
        });
        self.names.insert(name, Arc::downgrade(&kept));
    }

    /// Forgets what changed.
    fn forget(&self, workspace: &str, changed: &Profiles) {
        let outdated = |kept: &Kept| kept.outdated.store(true, Ordering::Release);
        match changed {
            Profiles::These(ids) => {
                let kept = ids
                    .iter()
                    .filter_map(|id| self.profiles.remove(&key(workspace, id)));
                kept.for_each(|(_, kept)| outdated(&kept));
            }
            Profiles::All => {
                let prefix = key(workspace, "");
                self.profiles.retain(|id, kept| {
                    let other = !id.starts_with(&prefix);
                    if !other {
                        outdated(kept);
                    }
                    other
                });
            }
        }
    }
}

impl Watch {
    /// The last change that is known; none before the first reading.
    pub(super) fn seen(&self) -> Option<i64> {
        *held(&self.seen)
    }

    /// Returns once it is known what changed in all commits that were acknowledged before the call.
    pub(super) async fn confirm(
        &self,
        driver: &Driver,
        shelf: &Shelf,
        workspace: &str,
    ) -> Result<()> {
        let mark = shelf.mark(self);
        if mark.is_some() && *held(&self.stamped) == mark {
            return Ok(());
        }
        let came = self.begun.load(Ordering::Acquire);
        let _turn = self.turn.lock().await;
        // A reading that began while this question waited has answered it too.
        if self.done.load(Ordering::Acquire) > came {
            return Ok(());
        }
        let reading = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let mark = shelf.mark(self);
        if mark.is_none() {
            shelf.leases.ask();
        }
        let known = *held(&self.seen);
        match known {
            None => {
                let last = change::last(driver, workspace).await?;
                *held(&self.seen) = Some(last);
            }
            Some(known) => {
                let (last, changed) = change::since(driver, workspace, known).await?;
                let mut seen = held(&self.seen);
                shelf.forget(workspace, &changed);
                *seen = Some(last);
            }
        }
        *held(&self.stamped) = mark;
        self.done.store(reading, Ordering::Release);
        Ok(())
    }
}
