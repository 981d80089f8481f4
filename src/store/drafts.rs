//! Documents as this process wrote them last. Whoever sent events just now will often send more, and then the document need not
//! be read again.
//!
//! They serve only a transaction that holds its workspace's lock, after what others committed meanwhile has been dropped, so
//! that they are what the database would give.

use super::change::Profiles;
use lru::LruCache;
use std::collections::HashMap;
use std::sync::Arc;

/// About how many bytes of documents are held in memory.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// About how many bytes a document takes beside its own.
const BESIDE: usize = 150;

/// Documents by workspace and id, the ones used longest ago dropped first.
#[derive(Debug)]
pub(super) struct Drafts {
    docs: LruCache<String, Arc<[u8]>>,
    bytes: usize,
}

impl Default for Drafts {
    fn default() -> Self {
        Self {
            docs: LruCache::unbounded(),
            bytes: 0,
        }
    }
}

fn key(workspace: &str, id: &str) -> String {
    format!("{workspace}\0{id}")
}

impl Drafts {
    /// Takes a document out.
    pub(super) fn take(&mut self, workspace: &str, id: &str) -> Option<Arc<[u8]>> {
        self.remove(&key(workspace, id))
    }

    fn remove(&mut self, key: &str) -> Option<Arc<[u8]>> {
        let doc = self.docs.pop(key)?;
        self.bytes -= doc.len() + BESIDE;
        Some(doc)
    }

    /// Holds on to a document that was written.
    pub(super) fn keep(&mut self, workspace: &str, id: &str, doc: Arc<[u8]>) {
        self.put(key(workspace, id), doc);
    }

    fn put(&mut self, key: String, doc: Arc<[u8]>) {
        self.bytes += doc.len() + BESIDE;
        if let Some((_, replaced)) = self.docs.push(key, doc) {
            self.bytes -= replaced.len() + BESIDE;
        }
        while self.bytes > MAX_BYTES
            && let Some((_, dropped)) = self.docs.pop_lru()
        {
            self.bytes -= dropped.len() + BESIDE;
        }
    }

    fn absorb(&mut self, mut other: Self) {
        while let Some((key, doc)) = other.docs.pop_lru() {
            self.put(key, doc);
        }
    }

    pub(super) fn clear(&mut self, workspace: &str) {
        let prefix = key(workspace, "");
        let held = self.docs.iter().map(|(key, _)| key);
        let held: Vec<String> = held
            .filter(|key| key.starts_with(&prefix))
            .cloned()
            .collect();
        for key in held {
            self.remove(&key);
        }
    }
}

/// The documents that a process wrote, and up to which change of each workspace they are good.
#[derive(Debug, Default)]
pub(super) struct Desk {
    drafts: Drafts,
    known: HashMap<String, i64>,
}

impl Desk {
    /// Up to which change of the workspace the drafts are good.
    pub(super) fn known(&self, workspace: &str) -> Option<i64> {
        self.known.get(workspace).copied()
    }

    /// Makes the workspace's drafts good up to a change: what others changed since they were written is dropped.
    pub(super) fn open(&mut self, workspace: &str, now: i64, changed: &Profiles) {
        match changed {
            Profiles::These(ids) => {
                for id in ids {
                    self.drafts.take(workspace, id);
                }
            }
            Profiles::All => self.drafts.clear(workspace),
        }
        self.known.insert(workspace.to_owned(), now);
    }

    /// Takes a document out.
    pub(super) fn take(&mut self, workspace: &str, id: &str) -> Option<Arc<[u8]>> {
        self.drafts.take(workspace, id)
    }

    /// Drops all drafts of a workspace.
    pub(super) fn clear(&mut self, workspace: &str) {
        self.drafts.clear(workspace);
    }

    /// Takes over what a transaction wrote that began after the change `before`, now that it is committed as change `number`.
    pub(super) fn take_over(
        &mut self,
        (workspace, before): &(String, i64),
        number: i64,
        written: Drafts,
    ) {
        if number == before + 1 && self.known(workspace) == Some(*before) {
            self.drafts.absorb(written);
            self.known.insert(workspace.clone(), number);
        } else {
            self.drafts.clear(workspace);
            self.known.remove(workspace);
        }
    }
}
