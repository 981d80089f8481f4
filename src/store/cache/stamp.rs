//! A cheap way to see that nobody has committed to an SQLite file: the header of its wal-index.
//!
//! Every commit in WAL mode, by whichever process, rewrites that header (a counter, the last frame, a checksum) after the
//! commit is durable and before it returns; readers find the newest data by it (sqlite.org/walformat.html, 2.1). It is shared
//! memory, mapped from a file beside the database, and reading a file that others have mapped gives what is in the memory.
//! So the same header before and after means: no commit in between.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The header at some moment: one of its two copies of 48 bytes, which are alike unless one is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Mark([u8; 48]);

impl Mark {
    /// Whether one commit, and no more, lies between `before` and this mark. The third word of the header is "incremented
    /// with each transaction"; beginning the log anew changes other words only.
    pub(super) fn follows(&self, before: &Self) -> bool {
        self.commits() == before.commits().wrapping_add(1)
    }

    fn commits(&self) -> u32 {
        let Self([_, _, _, _, _, _, _, _, a, b, c, d, ..]) = *self;
        u32::from_ne_bytes([a, b, c, d])
    }
}

/// The wal-index of one database.
#[derive(Debug)]
pub(in crate::store) struct Stamp {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Stamp {
    /// That of the database in this file, which must be there. SQLite follows symbolic links, so the wal-index stands beside
    /// the file that they lead to.
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

    /// The header now; none where it cannot be told or is being written.
    #[cfg(unix)]
    pub(super) fn read(&self) -> Option<Mark> {
        use std::os::unix::fs::{FileExt, MetadataExt};
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever closes the database last removes the file, and the next to open it makes another.
        if !file
            .as_ref()
            .is_some_and(|file| file.metadata().is_ok_and(|it| it.nlink() > 0))
        {
            *file = File::open(&self.path).ok();
        }
        let mut copies = [0; 96];
        file.as_ref()?.read_exact_at(&mut copies, 0).ok()?;
        let (first, second) = copies.split_first_chunk()?;
        (first == second).then_some(Mark(*first))
    }

    /// Other systems may not show in a file what is mapped from it.
    #[cfg(not(unix))]
    pub(super) fn read(&self) -> Option<Mark> {
        None
    }
}
