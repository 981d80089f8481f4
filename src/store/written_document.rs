//! Documents that a transaction wrote: it reads them again, and its commit puts them into the
//! cache.

use crate::clock::Time;
use crate::id::ProfileId;
use lru::LruCache;
use std::sync::Arc;

/// About how many bytes of documents one transaction keeps.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// About how many bytes of memory a document takes besides its own.
const OVERHEAD: usize = 150;

/// A document as a transaction wrote it last.
#[derive(Clone, Debug)]
pub(super) struct WrittenDocument {
    pub doc: Arc<[u8]>,
    /// When the last event about the customer arrived.
    pub received_at: Time,
    /// Whether links or identifiers may have come or gone, so that names may lead elsewhere.
    pub names_changed: bool,
}

/// Written documents of one workspace by the ids of their profiles. When they grow beyond
/// [`MAX_BYTES`], the least recently used are dropped.
#[derive(Debug)]
pub(super) struct WrittenDocuments {
    docs: LruCache<ProfileId, WrittenDocument>,
    bytes: usize,
    /// Whether a document was dropped, and with it its `names_changed`.
    overflowed: bool,
}

impl Default for WrittenDocuments {
    fn default() -> Self {
        Self {
            docs: LruCache::unbounded(),
            bytes: 0,
            overflowed: false,
        }
    }
}

impl WrittenDocuments {
    /// The document of this profile, if it is here.
    pub(super) fn get(&mut self, id: &ProfileId) -> Option<Arc<[u8]>> {
        self.docs.get(id).map(|written| Arc::clone(&written.doc))
    }

    /// Puts in a document. Once its names changed, they count as changed until the commit.
    pub(super) fn put(&mut self, id: ProfileId, mut written: WrittenDocument) {
        self.bytes += written.doc.len() + OVERHEAD;
        if let Some(before) = self.docs.pop(&id) {
            self.bytes -= before.doc.len() + OVERHEAD;
            written.names_changed |= before.names_changed;
        }
        self.docs.push(id, written);
        while self.bytes > MAX_BYTES
            && let Some((_, dropped)) = self.docs.pop_lru()
        {
            self.bytes -= dropped.doc.len() + OVERHEAD;
            self.overflowed = true;
        }
    }

    /// Removes the document of this profile.
    pub(super) fn remove(&mut self, id: &ProfileId) {
        if let Some(removed) = self.docs.pop(id) {
            self.bytes -= removed.doc.len() + OVERHEAD;
        }
    }

    /// The ids of the profiles whose names still lead to them.
    pub(super) fn with_same_names(&self) -> impl Iterator<Item = &ProfileId> {
        self.docs
            .iter()
            .filter(|(_, written)| !self.overflowed && !written.names_changed)
            .map(|(id, _)| id)
    }

    /// All documents, the least recently used first.
    pub(super) fn into_documents(mut self) -> impl Iterator<Item = (ProfileId, WrittenDocument)> {
        std::iter::from_fn(move || self.docs.pop_lru())
    }
}
