//! The cache: profile documents that this process read or wrote last, and names that lead to them.
//!
//! One cache serves reads and writes. A read puts in the document that it found, a commit the
//! documents that it wrote. Every cached document is at least as new as the last *known change* of
//! its workspace, the greatest number in the table `change` that this process has seen. Before a
//! cached document answers a question, [`Cache::confirm`] makes sure that every change acknowledged
//! before the question is known, and removes the documents that those changes name.
//!
//! A document that was read is put in unless a later change became known meanwhile. A commit of this
//! process makes its own change known.
//!
//! A cached name notes the *name generation* of its document. When identity changes the customer,
//! the document gets another one, and its cached names lead nowhere. They do so as well when the
//! document is removed. That a name has no customer is never cached.

use super::change::ChangedProfiles;
use super::read_batch::BatchedReads;
use super::sql::{Driver, ReadConnection};
use super::written_document::WrittenDocuments;
use crate::Result;
use crate::clock::Time;
use crate::id::{ProfileId, WorkspaceId};
use quick_cache::Weighter;
use quick_cache::sync::Cache as Bounded;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

mod confirmation;
pub(super) mod wal_index;

#[cfg(test)]
mod tests;

use confirmation::ChangeReads;
use wal_index::{WalHeader, WalIndex};

/// Most bytes of cached documents.
const MAX_BYTES: u64 = 48 * 1024 * 1024;
/// The usual size of a document, in bytes.
const USUAL_BYTES: usize = 2_048;
/// Most cached names of customers.
const MAX_NAMES: usize = 100_000;

/// A profile document as it was read or written last. It is cached packed: parsed it takes several
/// times the memory, and most questions are answered from the cache of answers.
#[derive(Debug)]
pub struct CachedProfile {
    /// Unique in this process. An answer computed from this document alone is cached under it.
    pub generation: u64,
    /// When the last event about the customer arrived.
    pub received_at: Time,
    pub(super) doc: Arc<[u8]>,
}

/// A cached document.
#[derive(Clone, Debug)]
struct DocumentEntry {
    profile: Arc<CachedProfile>,
    /// Names with the same number lead here. A new number when links or identifiers may have come
    /// or gone makes all cached names of the customer invalid.
    name_generation: u64,
}

/// The document that a cached name leads to.
#[derive(Clone, Debug)]
struct NameEntry {
    document_key: Arc<str>,
    name_generation: u64,
}

/// Weighs a document by the bytes that it takes in memory.
#[derive(Clone, Copy, Debug)]
struct DocumentWeight;

impl Weighter<Arc<str>, DocumentEntry> for DocumentWeight {
    fn weight(&self, key: &Arc<str>, entry: &DocumentEntry) -> u64 {
        (size_of::<CachedProfile>() + entry.profile.doc.len() + key.len()) as u64
    }
}

/// What the cache holds under a name.
#[derive(Debug)]
pub(super) enum CacheLookup {
    Hit(Arc<CachedProfile>),
    Miss {
        /// The last known change before the lookup, for [`Cache::put_read`].
        last_known: Option<i64>,
    },
}

/// The cache of a process.
#[derive(Debug)]
pub(super) struct Cache {
    documents: Bounded<Arc<str>, DocumentEntry, DocumentWeight>,
    names: Bounded<String, NameEntry>,
    workspaces: Mutex<HashMap<WorkspaceId, Arc<WorkspaceCache>>>,
    /// The next number for a document or for the names that lead to it.
    next_generation: AtomicU64,
    /// Of an SQLite file.
    wal_index: Option<WalIndex>,
    /// A connection that is kept between reads of changes, and since when it is idle.
    connection: Mutex<Option<(ReadConnection, Instant)>>,
}

/// What the cache holds of one workspace besides documents and names.
#[derive(Debug, Default)]
pub(super) struct WorkspaceCache {
    known: Mutex<KnownChange>,
    change_reads: ChangeReads,
    /// Reads of its customers that are waiting.
    pub(super) batched_reads: BatchedReads,
}

/// The last known change of a workspace.
#[derive(Clone, Copy, Debug, Default)]
struct KnownChange {
    /// Its number; `None` before changes are read for the first time.
    number: Option<i64>,
    /// While the wal-index has this header, there is no later change.
    wal_header: Option<WalHeader>,
}

/// The last change of a workspace when a transaction took the workspace's lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct BaseChange {
    pub number: i64,
    wal_header: Option<WalHeader>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn document_key(workspace: &WorkspaceId, id: &ProfileId) -> String {
    format!("{workspace}\0{id}")
}

/// The rules are in the key of a name, because they say how a name is normalised.
fn name_key(workspace: &WorkspaceId, rules: i64, name: &str) -> String {
    format!("{workspace}\0{rules}\0{name}")
}

impl Cache {
    pub(super) fn new(wal_index: Option<WalIndex>) -> Self {
        let usual = MAX_BYTES as usize / USUAL_BYTES;
        Self {
            documents: Bounded::with_weighter(usual, MAX_BYTES, DocumentWeight),
            names: Bounded::new(MAX_NAMES),
            workspaces: Mutex::default(),
            next_generation: AtomicU64::new(0),
            wal_index,
            connection: Mutex::default(),
        }
    }

    pub(super) fn workspace(&self, workspace: &WorkspaceId) -> Arc<WorkspaceCache> {
        let mut workspaces = lock(&self.workspaces);
        if let Some(cache) = workspaces.get(workspace) {
            return Arc::clone(cache);
        }
        Arc::clone(workspaces.entry(workspace.clone()).or_default())
    }

    /// The number of the last known change of a workspace.
    pub(super) fn last_known(&self, workspace: &WorkspaceId) -> Option<i64> {
        lock(&self.workspace(workspace).known).number
    }

    /// Looks up the profile that a name leads to. A hit has every change in it that was
    /// acknowledged before the call.
    ///
    /// # Errors
    /// When the changes cannot be read.
    pub(super) async fn look_up(
        self: &Arc<Self>,
        driver: &Driver,
        workspace: &WorkspaceId,
        rules: i64,
        name: &str,
    ) -> Result<CacheLookup> {
        let known = *lock(&self.workspace(workspace).known);
        match self.find(workspace, rules, name) {
            // Nothing was committed since what the document was at least as new as.
            Some(profile) if self.is_current(known) => return Ok(CacheLookup::Hit(profile)),
            // Documents are cached only after the changes are read for the first time.
            None if known.number.is_some() => {
                let last_known = known.number;
                return Ok(CacheLookup::Miss { last_known });
            }
            _ => self.confirm(driver, workspace).await?,
        }
        let last_known = self.last_known(workspace);
        Ok(match self.find(workspace, rules, name) {
            Some(profile) => CacheLookup::Hit(profile),
            None => CacheLookup::Miss { last_known },
        })
    }

    /// The profile that a name leads to, as of the last known change.
    fn find(&self, workspace: &WorkspaceId, rules: i64, name: &str) -> Option<Arc<CachedProfile>> {
        let name = self.names.get(name_key(workspace, rules, name).as_str())?;
        let entry = self.documents.get(&*name.document_key)?;
        (entry.name_generation == name.name_generation).then_some(entry.profile)
    }

    /// The document of a profile, as of the last known change.
    pub(super) fn document(&self, workspace: &WorkspaceId, id: &ProfileId) -> Option<Arc<[u8]>> {
        let entry = self.documents.get(document_key(workspace, id).as_str())?;
        Some(Arc::clone(&entry.profile.doc))
    }

    /// Puts in a document that was read under a name while the change `before` was the last known.
    /// If later changes are known by now, the document may be older than they are and is not
    /// cached.
    pub(super) fn put_read(
        &self,
        workspace: &WorkspaceId,
        (rules, name): (i64, &str),
        id: &ProfileId,
        (doc, received_at): (Arc<[u8]>, Time),
        before: Option<i64>,
    ) -> Arc<CachedProfile> {
        let cache = self.workspace(workspace);
        // Locked to the end, so that no change becomes known before the document is in.
        let known = lock(&cache.known);
        let profile = Arc::new(self.profile(doc, received_at));
        if before.is_none() || known.number != before {
            return profile;
        }
        let document_key: Arc<str> = document_key(workspace, id).into();
        // The cached document stays if it is the same: other names and answers lead to it. It may be
        // older than the read, since a read can see a change that is not known yet.
        let cached = self.documents.get(&document_key);
        let same = cached.filter(|entry| entry.profile.doc == profile.doc);
        let entry = same.unwrap_or_else(|| {
            let entry = DocumentEntry {
                profile,
                name_generation: self.next_generation(),
            };
            self.documents
                .insert(Arc::clone(&document_key), entry.clone());
            entry
        });
        let target = NameEntry {
            document_key,
            name_generation: entry.name_generation,
        };
        self.names.insert(name_key(workspace, rules, name), target);
        entry.profile
    }

    /// The base of a transaction that holds the workspace's lock, if the wal-index shows that every
    /// change is known. Otherwise the transaction reads the changes and calls [`Self::catch_up`].
    pub(super) fn current_base(&self, workspace: &WorkspaceId) -> Option<BaseChange> {
        let known = *lock(&self.workspace(workspace).known);
        let base = BaseChange {
            number: known.number?,
            wal_header: known.wal_header,
        };
        self.is_current(known).then_some(base)
    }

    /// The base of a transaction that holds the workspace's lock and has read the changes since the
    /// last known one, the last of them `number`. What they name is removed, so that every cached
    /// document is what the database holds.
    pub(super) fn catch_up(
        &self,
        workspace: &WorkspaceId,
        number: i64,
        changes: &ChangedProfiles,
    ) -> BaseChange {
        let cache = self.workspace(workspace);
        let mut known = lock(&cache.known);
        let wal_header = self.wal_header();
        // A read beside the transaction may have made this change known meanwhile.
        if known.number.is_none_or(|known| known != number) {
            self.invalidate(workspace, changes);
        }
        *known = KnownChange {
            number: Some(number),
            wal_header,
        };
        BaseChange { number, wal_header }
    }

    /// Puts in the documents that a transaction wrote, after its commit as change `number`. They
    /// are not cached if the number does not follow that of its base.
    pub(super) fn write_through(
        &self,
        workspace: &WorkspaceId,
        base: BaseChange,
        number: i64,
        changes: &ChangedProfiles,
        written: WrittenDocuments,
    ) {
        let cache = self.workspace(workspace);
        let mut known = lock(&cache.known);
        if number != base.number + 1 {
            // The changes before the base are gone: the database was set back.
            self.invalidate(workspace, &ChangedProfiles::All);
            *known = KnownChange::default();
            return;
        }
        if known.number == Some(base.number) {
            let kept = self.kept_name_generations(workspace, &written);
            self.invalidate(workspace, changes);
            let after = self.wal_header();
            *known = KnownChange {
                number: Some(number),
                wal_header: after.filter(|after| {
                    let before = base.wal_header;
                    before.is_some_and(|before| after.follows(&before))
                }),
            };
            self.put_written(workspace, written, &kept);
        } else if known.number == Some(number) {
            // A read after the commit has made it known and has invalidated what it changed.
            self.put_written(workspace, written, &HashMap::new());
        }
    }

    /// The name generations of the written documents whose names still lead to them.
    fn kept_name_generations(
        &self,
        workspace: &WorkspaceId,
        written: &WrittenDocuments,
    ) -> HashMap<ProfileId, u64> {
        let kept = written.with_same_names().filter_map(|id| {
            let entry = self.documents.get(document_key(workspace, id).as_str())?;
            Some((id.clone(), entry.name_generation))
        });
        kept.collect()
    }

    fn put_written(
        &self,
        workspace: &WorkspaceId,
        written: WrittenDocuments,
        kept: &HashMap<ProfileId, u64>,
    ) {
        for (id, document) in written.into_documents() {
            let kept = kept.get(&id).copied();
            let entry = DocumentEntry {
                name_generation: kept.unwrap_or_else(|| self.next_generation()),
                profile: Arc::new(self.profile(document.doc, document.received_at)),
            };
            let key = document_key(workspace, &id);
            self.documents.insert(key.into(), entry);
        }
    }

    /// Removes the documents that changed.
    fn invalidate(&self, workspace: &WorkspaceId, changes: &ChangedProfiles) {
        match changes {
            ChangedProfiles::Ids(ids) => {
                for id in ids {
                    self.documents.remove(document_key(workspace, id).as_str());
                }
            }
            ChangedProfiles::All => {
                let prefix = document_key(workspace, &ProfileId::default());
                self.documents.retain(|key, _| !key.starts_with(&prefix));
            }
        }
    }

    /// Whether the wal-index shows that nothing was committed since the known change.
    fn is_current(&self, known: KnownChange) -> bool {
        known.number.is_some()
            && known.wal_header.is_some()
            && known.wal_header == self.wal_header()
    }

    fn wal_header(&self) -> Option<WalHeader> {
        self.wal_index.as_ref().and_then(WalIndex::header)
    }

    fn profile(&self, doc: Arc<[u8]>, received_at: Time) -> CachedProfile {
        CachedProfile {
            generation: self.next_generation(),
            received_at,
            doc,
        }
    }

    fn next_generation(&self) -> u64 {
        self.next_generation.fetch_add(1, Ordering::Relaxed)
    }
}
