//! The cache: profile documents that this process read or wrote last, and names that lead to them.
//!
//! There is one for reads and writes. A read puts in the document that it found, a commit the documents that it wrote. Every
//! entry is at least as new as the last change that is known of its workspace. Before an entry is used for an answer,
//! [`Cache::confirm`] makes sure that every change acknowledged before the question is known, and drops the entries that
//! those changes name.

use super::change::Changes;
use super::reads::Reads;
use super::sql::Reader;
use super::written::Written;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Bounded;
use stamp::{Mark, Stamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

mod confirm;
pub(super) mod stamp;

#[cfg(test)]
mod tests;

use confirm::Turns;

/// Most bytes of cached documents.
const MAX_BYTES: u64 = 48 * 1024 * 1024;
/// The usual size of a document, in bytes.
const USUAL_BYTES: usize = 2_048;
/// Most cached names of customers.
const MAX_NAMES: usize = 100_000;

/// A profile document as it was read or written last. It is cached packed: parsed it takes several times the memory, and most
/// questions are answered from the cache of answers.
#[derive(Debug)]
pub struct CachedProfile {
    /// Unique in this process: answers that are computed from this document alone are cached under it.
    pub generation: u64,
    /// When the last event about the customer arrived, in UTC milliseconds.
    pub received_at: i64,
    pub(super) doc: Arc<[u8]>,
}

/// A cached document, and which names lead to it.
#[derive(Clone, Debug)]
struct Entry {
    profile: Arc<CachedProfile>,
    /// A name leads here while it holds the same number. It changes when identifiers or links may have moved.
    names: u64,
}

/// Where a name leads.
#[derive(Clone, Debug)]
struct Target {
    key: Arc<str>,
    names: u64,
}

/// An entry weighs what it takes in memory.
#[derive(Clone, Copy, Debug)]
struct EntryWeight;

impl Weighter<Arc<str>, Entry> for EntryWeight {
    fn weight(&self, key: &Arc<str>, entry: &Entry) -> u64 {
        (size_of::<CachedProfile>() + entry.profile.doc.len() + key.len()) as u64
    }
}

/// The cache of a process.
#[derive(Debug)]
pub(super) struct Cache {
    documents: Bounded<Arc<str>, Entry, EntryWeight>,
    names: Bounded<String, Target>,
    workspaces: Mutex<HashMap<String, Arc<WorkspaceCache>>>,
    /// The last generation that was given out.
    generation: AtomicU64,
    stamp: Option<Stamp>,
    /// A connection that is held between readings of changes, and since when it rests.
    reader: Mutex<Option<(Reader, Instant)>>,
}

/// What the cache knows of one workspace.
#[derive(Debug, Default)]
pub(super) struct WorkspaceCache {
    known: Mutex<Known>,
    turns: Turns,
    /// Reads of its customers that are under way.
    pub(super) reads: Reads,
}

/// Up to where a workspace's changes are known.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The number of the last known change; none before the first reading.
    change: Option<i64>,
    /// The stamp under which no later change is there.
    mark: Option<Mark>,
}

/// A point in the order of a workspace's changes, as a transaction finds it under the lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The number of the last change.
    pub change: i64,
    mark: Option<Mark>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key of a document.
fn key(workspace: &str, id: &str) -> String {
    format!("{workspace}\0{id}")
}

/// The key of a name; how it is read depends on the rules.
fn name_key(workspace: &str, rules: i64, name: &str) -> String {
    format!("{workspace}\0{rules}\0{name}")
}

impl Cache {
    pub(super) fn new(stamp: Option<Stamp>) -> Self {
        let usual = MAX_BYTES as usize / USUAL_BYTES;
        Self {
            documents: Bounded::with_weighter(usual, MAX_BYTES, EntryWeight),
            names: Bounded::new(MAX_NAMES),
            workspaces: Mutex::default(),
            generation: AtomicU64::new(0),
            stamp,
            reader: Mutex::default(),
        }
    }

    /// What is known of a workspace.
    pub(super) fn workspace(&self, workspace: &str) -> Arc<WorkspaceCache> {
        let mut workspaces = locked(&self.workspaces);
        if let Some(known) = workspaces.get(workspace) {
            return Arc::clone(known);
        }
        Arc::clone(workspaces.entry(workspace.to_owned()).or_default())
    }

    /// The profile that a name leads to, as of the last known change.
    pub(super) fn find(
        &self,
        workspace: &str,
        rules: i64,
        name: &str,
    ) -> Option<Arc<CachedProfile>> {
        let name = name_key(workspace, rules, name);
        let target = self.names.get(name.as_str())?;
        let entry = self.documents.get(&*target.key)?;
        (entry.names == target.names).then_some(entry.profile)
    }

    /// A document, as of the last known change.
    pub(super) fn document(&self, workspace: &str, id: &str) -> Option<Arc<[u8]>> {
        let entry = self.documents.get(key(workspace, id).as_str())?;
        Some(Arc::clone(&entry.profile.doc))
    }

    /// Puts in a document that was read under a name when the changes up to `before` were known. It is not kept when later
    /// changes became known meanwhile, because it may be older than they are.
    pub(super) fn put(
        &self,
        workspace: &str,
        (rules, name): (i64, &str),
        id: &str,
        (doc, received_at): (Arc<[u8]>, i64),
        before: Option<i64>,
    ) -> Arc<CachedProfile> {
        let cache = self.workspace(workspace);
        let known = locked(&cache.known);
        let profile = Arc::new(self.profile(doc, received_at));
        if before.is_none() || known.change != before {
            return profile;
        }
        let id: Arc<str> = key(workspace, id).into();
        let entry = self.documents.get(&id).unwrap_or_else(|| {
            let names = self.next();
            let entry = Entry { profile, names };
            self.documents.insert(Arc::clone(&id), entry.clone());
            entry
        });
        let names = entry.names;
        let name = name_key(workspace, rules, name);
        self.names.insert(name, Target { key: id, names });
        entry.profile
    }

    /// Drops the documents that changed.
    fn forget(&self, workspace: &str, changes: &Changes) {
        match changes {
            Changes::Profiles(ids) => {
                for id in ids {
                    self.documents.remove(key(workspace, id).as_str());
                }
            }
            Changes::All => {
                let prefix = key(workspace, "");
                self.documents.retain(|id, _| !id.starts_with(&prefix));
            }
        }
    }

    /// The point that a transaction begins from, under the workspace's lock: the changes of others since the last known one
    /// are dropped, so that every cached document is what the database holds.
    pub(super) fn begin(&self, workspace: &str, change: i64, changes: &Changes) -> Point {
        let cache = self.workspace(workspace);
        let mut known = locked(&cache.known);
        let mark = self.stamp.as_ref().and_then(Stamp::read);
        // A reading beside the transaction may know as much already.
        if known.change.is_none_or(|known| known != change) {
            self.forget(workspace, changes);
        }
        *known = Known {
            change: Some(change),
            mark,
        };
        Point { change, mark }
    }

    /// The last known change of a workspace.
    pub(super) fn known(&self, workspace: &str) -> Option<i64> {
        locked(&self.workspace(workspace).known).change
    }

    /// The last known change, if the stamp shows that no later one is there.
    pub(super) fn current(&self, workspace: &str) -> Option<Point> {
        let known = *locked(&self.workspace(workspace).known);
        let (change, mark) = (known.change?, known.mark);
        self.is_current(known).then_some(Point { change, mark })
    }

    /// Whether the stamp shows that nothing was committed since the known changes.
    fn is_current(&self, known: Known) -> bool {
        let now = || self.stamp.as_ref().and_then(Stamp::read);
        known.change.is_some() && known.mark.is_some() && known.mark == now()
    }

    /// Takes in the documents that a transaction wrote which began at `from`, after its commit as change `number`.
    pub(super) fn write_through(
        &self,
        workspace: &str,
        from: Point,
        number: i64,
        changes: &Changes,
        written: Written,
    ) {
        let cache = self.workspace(workspace);
        let mut known = locked(&cache.known);
        if number != from.change + 1 {
            return;
        }
        if known.change == Some(from.change) {
            let kept = self.kept_names(workspace, &written);
            self.forget(workspace, changes);
            known.change = Some(number);
            let now = self.stamp.as_ref().and_then(Stamp::read);
            known.mark = now.filter(|now| from.mark.is_some_and(|from| now.follows(&from)));
            self.insert(workspace, written, &kept);
        } else if known.change == Some(number) {
            // A reading beside the commit knows of it already, and has dropped what changed.
            self.insert(workspace, written, &HashMap::new());
        }
    }

    /// The numbers under which names lead to documents whose links and identifiers stay.
    fn kept_names(&self, workspace: &str, written: &Written) -> HashMap<String, u64> {
        let kept = written.keeping_names().filter_map(|id| {
            let entry = self.documents.get(key(workspace, id).as_str())?;
            Some((id.to_owned(), entry.names))
        });
        kept.collect()
    }

    fn insert(&self, workspace: &str, written: Written, kept: &HashMap<String, u64>) {
        for (id, document) in written.into_documents() {
            let names = kept.get(&id).copied().unwrap_or_else(|| self.next());
            let profile = Arc::new(self.profile(document.doc, document.received_at));
            let entry = Entry { profile, names };
            self.documents.insert(key(workspace, &id).into(), entry);
        }
    }

    fn profile(&self, doc: Arc<[u8]>, received_at: i64) -> CachedProfile {
        CachedProfile {
            generation: self.next(),
            received_at,
            doc,
        }
    }

    fn next(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }
}
