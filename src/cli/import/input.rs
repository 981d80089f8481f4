//! The bytes of an import: a file or standard input, whose beginning is looked at before it is read.

use super::ImportFormat;
use crate::clock::base32;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// Bytes at the beginning that are looked at to learn what columns and dates there are.
const HEAD: u64 = 4 * 1024 * 1024;
/// Bytes at the beginning that tell a file from another.
const FINGERPRINT: usize = 64 * 1024;

/// A file that is about to be read.
pub(super) struct Input {
    /// Its beginning.
    pub head: Vec<u8>,
    /// Its length, or 0 if that cannot be known.
    pub length: u64,
    /// When it was last changed, as far as the system says; none for standard input.
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

    /// Everything from the first byte on; once.
    pub fn bytes(&mut self) -> Box<dyn Read + Send> {
        let rest = std::mem::replace(&mut self.rest, Box::new(io::empty()));
        Box::new(Cursor::new(std::mem::take(&mut self.head)).chain(rest))
    }

    /// What the position of an import is noted under. A log of events may have grown since, so its beginning is enough; a file
    /// of people may have been changed anywhere, and another `map`, which is given as its text, reads it differently.
    pub fn known_by(&self, format: ImportFormat, map: &str) -> Option<String> {
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
