//! Whether an SQLite file was committed to, told by the header of its wal-index.
//!
//! In WAL mode every commit of any process rewrites that header (a counter, the last frame, a
//! checksum) after the commit is durable and before it returns; readers find the newest data by it
//! (sqlite.org/walformat.html, 2.1). The wal-index is shared memory mapped from a file beside the
//! database, and a read of the file gives what the memory holds. So if the header is the same as
//! before, nothing was committed in between.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The header at one time. The file has two copies of its 48 bytes, which differ only while a
/// commit writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct WalHeader([u8; 48]);

impl WalHeader {
    /// Whether exactly one commit lies between `before` and this header. Its third word is
    /// "incremented with each transaction"; restarting the log changes other words only.
    pub(super) fn follows(&self, before: &Self) -> bool {
        self.commits() == before.commits().wrapping_add(1)
    }

    /// Whether SQLite has made the header; a new file is all zeroes.
    fn is_initialised(&self) -> bool {
        self.0[12] == 1
    }

    fn commits(&self) -> u32 {
        let Self([_, _, _, _, _, _, _, _, a, b, c, d, ..]) = *self;
        u32::from_ne_bytes([a, b, c, d])
    }
}

/// The wal-index of one database.
#[derive(Debug)]
pub(in crate::store) struct WalIndex {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl WalIndex {
    /// The wal-index of the database in this file, which must exist. SQLite follows symbolic links,
    /// so the wal-index stands beside the file that they lead to.
    pub(in crate::store) fn of(database: &Path) -> Self {
        let real = std::fs::canonicalize(database);
        let mut path = real
            .unwrap_or_else(|_| database.to_owned())
            .into_os_string();
        path.push("-shm");
        Self {
            path: path.into(),
            file: Mutex::default(),
        }
    }

    /// The header now; `None` if it cannot be read or a commit is writing it.
    #[cfg(unix)]
    pub(super) fn header(&self) -> Option<WalHeader> {
        use std::os::unix::fs::{FileExt, MetadataExt};
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // The last connection to close removes the file, and the next one to open makes another.
        let in_use = |file: &File| file.metadata().is_ok_and(|it| it.nlink() > 0);
        if !file.as_ref().is_some_and(in_use) {
            *file = File::open(&self.path).ok();
        }
        let mut copies = [0; 96];
        file.as_ref()?.read_exact_at(&mut copies, 0).ok()?;
        let (first, second) = copies.split_first_chunk()?;
        let header = WalHeader(*first);
        (first == second && header.is_initialised()).then_some(header)
    }

    /// Other systems may not show in a file what is written to its mapped memory.
    #[cfg(not(unix))]
    pub(super) fn header(&self) -> Option<WalHeader> {
        None
    }
}
