//! The input of an import: a file or standard input. Its head is read first, to detect columns and
//! dates.

use super::ImportFormat;
use crate::clock::base32;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// The size of the head, in bytes.
const HEAD: u64 = 4 * 1024 * 1024;
/// The bytes at the beginning that identify a file.
const FINGERPRINT: usize = 64 * 1024;

/// An opened input.
pub(super) struct Input {
    /// The head.
    pub head: Vec<u8>,
    /// Its length, or 0 if it is unknown.
    pub length: u64,
    /// The time of its last change, if the system knows it; `None` for standard input.
    changed: Option<String>,
    rest: Box<dyn Read + Send>,
}

impl Input {
    pub fn open(path: &Path) -> Result<Self> {
        let (mut rest, length, changed): (Box<dyn Read + Send>, _, _) = if path == Path::new("-") {
            (Box::new(io::stdin()), 0, None)
        } else {
            let cannot = |error| Error::invalid(format!("cannot read {}: {error}", path.display()));
            let file = File::open(path).map_err(cannot)?;
            let metadata = file.metadata().map_err(cannot)?;
            if metadata.is_dir() {
                return Err(Error::invalid(format!(
                    "{} is a folder; name one file",
                    path.display()
                )));
            }
            let changed = format!("{:?}", metadata.modified().ok());
            (Box::new(file), metadata.len(), Some(changed))
        };
        let mut head = Vec::new();
        rest.by_ref().take(HEAD).read_to_end(&mut head)?;
        Ok(Self {
            head,
            length,
            changed,
            rest,
        })
    }

    /// All bytes, with the head. Can be called once.
    pub fn bytes(&mut self) -> Box<dyn Read + Send> {
        let rest = std::mem::replace(&mut self.rest, Box::new(io::empty()));
        Box::new(Cursor::new(std::mem::take(&mut self.head)).chain(rest))
    }

    /// The key under which the position of an import is stored. A log of events may have grown, so
    /// its beginning identifies it. A file of people may have changed anywhere, and another `map`
    /// (its text) reads it differently, so its length, time of change and map are part of the key.
    pub fn position_key(&self, format: ImportFormat, map: &str) -> Option<String> {
        let changed = self.changed.as_ref()?;
        let mut hash = Sha256::new();
        hash.update(&self.head[..self.head.len().min(FINGERPRINT)]);
        if format != ImportFormat::Events {
            hash.update(format!("{format:?} {} {changed} ", self.length));
            hash.update(map);
        }
        Some(base32(&hash.finalize()[..16]))
    }
}
