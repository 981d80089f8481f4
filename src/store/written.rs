//! Documents that a transaction has written so far, for itself to read again and for the cache once it is committed.

use lru::LruCache;
use std::sync::Arc;

/// About how many bytes of documents one transaction holds.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// About how many bytes a document takes beside its own.
const OVERHEAD: usize = 150;

/// A document as a transaction wrote it last.
#[derive(Clone, Debug)]
pub(super) struct WrittenDocument {
    pub doc: Arc<[u8]>,
    /// When the last event about the customer arrived, in UTC milliseconds.
    pub received_at: i64,
    /// Whether links or identifiers may have come or gone, so that names may lead elsewhere.
    pub renamed: bool,
}

/// Written documents of one workspace by their ids. The least recently used are dropped first.
#[derive(Debug)]
pub(super) struct Written {
    docs: LruCache<String, WrittenDocument>,
    bytes: usize,
    /// Whether a document was dropped, so that what it said of names is forgotten.
    overflowed: bool,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            docs: LruCache::unbounded(),
            bytes: 0,
            overflowed: false,
        }
    }
}

impl Written {
    /// The document of this id, if it is at hand.
    pub(super) fn get(&mut self, id: &str) -> Option<Arc<[u8]>> {
        self.docs.get(id).map(|written| Arc::clone(&written.doc))
    }

    /// Takes in a document. One that had been renamed before stays so.
    pub(super) fn put(&mut self, id: String, mut written: WrittenDocument) {
        self.bytes += written.doc.len() + OVERHEAD;
        if let Some(before) = self.docs.pop(&id) {
            self.bytes -= before.doc.len() + OVERHEAD;
            written.renamed |= before.renamed;
        }
        self.docs.push(id, written);
        while self.bytes > MAX_BYTES
            && let Some((_, dropped)) = self.docs.pop_lru()
        {
            self.bytes -= dropped.doc.len() + OVERHEAD;
            self.overflowed = true;
        }
    }

    /// Drops the document of this id.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(dropped) = self.docs.pop(id) {
            self.bytes -= dropped.doc.len() + OVERHEAD;
        }
    }

    /// The ids of the profiles to which all names lead that led to them before.
    pub(super) fn keeping_names(&self) -> impl Iterator<Item = &str> {
        let known = self.docs.iter().filter(|_| !self.overflowed);
        known
            .filter(|(_, written)| !written.renamed)
            .map(|(id, _)| id.as_str())
    }

    /// All documents, the least recently used first.
    pub(super) fn into_documents(mut self) -> impl Iterator<Item = (String, WrittenDocument)> {
        std::iter::from_fn(move || self.docs.pop_lru())
    }
}
