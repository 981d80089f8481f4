//! Documents as this process wrote them last. Whoever sent events just now will often send more, and then the document need not
//! be read again.
//!
//! They serve only a transaction that holds its workspace's lock, after what others committed meanwhile has been dropped, so
//! that they are what the database would give.

use super::change::{self, Profiles};
use super::{Db, Tx};
use crate::Result;
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

    fn clear(&mut self, workspace: &str) {
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
    fn drop_changed(&mut self, workspace: &str, changed: &Profiles) {
        match changed {
            Profiles::These(ids) => {
                for id in ids {
                    self.drafts.take(workspace, id);
                }
            }
            Profiles::All => self.drafts.clear(workspace),
        }
    }
}

impl Tx {
    /// Makes the workspace's drafts ready: what others changed since they were written is dropped. The lock must be held.
    pub(super) async fn open_drafts(&mut self, workspace: &str) -> Result<()> {
        let known = self.desk().known.get(workspace).copied();
        let now = match known {
            Some(known) => {
                let (now, changed) = change::since_in(self, workspace, known).await?;
                self.desk().drop_changed(workspace, &changed);
                now
            }
            None => change::last_in(self, workspace).await?,
        };
        self.desk().known.insert(workspace.to_owned(), now);
        self.locked = Some((workspace.to_owned(), now));
        Ok(())
    }

    /// A document as it was written last, if it is at hand; it is gone then.
    pub(super) fn draft(&mut self, workspace: &str, id: &str) -> Option<Arc<[u8]>> {
        let own = self.drafts.take(workspace, id);
        let (locked, _) = self.locked.as_ref()?;
        if locked != workspace {
            return None;
        }
        // Both, so that an older one does not come up later.
        let older = self.desk().drafts.take(workspace, id);
        own.or(older)
    }

    /// Holds on to a document that was written.
    pub(super) fn keep_draft(&mut self, workspace: &str, id: &str, doc: Arc<[u8]>) {
        self.drafts.put(key(workspace, id), doc);
    }

    /// Drops all drafts of a workspace.
    pub(super) fn clear_drafts(&mut self, workspace: &str) {
        self.drafts.clear(workspace);
        self.desk().drafts.clear(workspace);
    }
}

/// Hands over what a transaction wrote, now that it is committed as change `number` of the workspace.
pub(super) fn hand_over(db: &Db, locked: &(String, i64), number: i64, written: Drafts) {
    let (workspace, before) = locked;
    let mut desk = db.desk();
    let known = desk.known.get(workspace).copied();
    if number == before + 1 && known == Some(*before) {
        desk.drafts.absorb(written);
        desk.known.insert(workspace.clone(), number);
    } else {
        desk.drafts.clear(workspace);
        desk.known.remove(workspace);
    }
}
