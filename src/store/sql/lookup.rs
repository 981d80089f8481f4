//! One row of an SQLite file by its key, read on the thread that asks.
//!
//! The driver gives every connection a thread, and the way there and back takes several times as long as finding a row whose
//! pages are in memory. Pages that are not would hold up the asking thread and all requests that it serves: when reads have to wait
//! for the disk, those that follow are sent to the driver's threads for a while. SQLite's own WAL readers wait for
//! nobody, so whatever else is in the way is left to the driver too, which knows how to wait.

use super::{Driver, Engine, traced};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From when on a read is thought to have waited for the disk.
const LONG: Duration = Duration::from_millis(1);
/// How many short reads make up for a long one: now and then a thread merely had to wait for a processor.
const WORTH: u32 = 8;
/// Most long reads that nothing made up for.
const MOST: u32 = 3;
/// How long reads are then left to the driver, in milliseconds.
const LEFT_MS: u64 = 100;

/// Connections of this process to an SQLite file, each used by one thread at a time.
#[derive(Debug)]
pub(in crate::store) struct Lookup {
    file: PathBuf,
    cache: &'static str,
    idle: Mutex<Vec<Connection>>,
    /// What long reads there were, less what made up for them.
    waits: AtomicU32,
    began: Instant,
    /// Until when reads are left to the driver, in milliseconds since `began`.
    left_until: AtomicU64,
}

impl Lookup {
    /// Reads of this file, by connections with so large a page cache.
    pub(in crate::store) fn of(file: &Path, cache: &'static str) -> Self {
        Self {
            file: file.to_owned(),
            cache,
            idle: Mutex::default(),
            waits: AtomicU32::new(0),
            began: Instant::now(),
            left_until: AtomicU64::new(0),
        }
    }

    /// Closes the connections that nobody uses. The last connection to close moves the log into the file, which one that only
    /// reads cannot.
    pub(in crate::store) fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "cache_size", self.cache)?;
        Ok(connection)
    }

    fn read(&self, sql: &str, keys: &[&str]) -> rusqlite::Result<Option<Vec<u8>>> {
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| self.open(), Ok)?;
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_row(params_from_iter(keys), |row| row.get(0));
        let found = found.optional()?;
        drop(statement);
        self.idle().push(connection);
        Ok(found)
    }

    fn blob(&self, sql: &'static str, keys: &[&str]) -> Option<Option<Vec<u8>>> {
        let began = Instant::now();
        let now = u64::try_from((began - self.began).as_millis()).unwrap_or(u64::MAX);
        if self.left_until.load(Ordering::Relaxed) > now {
            return None;
        }
        let read = self.read(sql, keys);
        traced(sql, began);
        // A count that another thread changed meanwhile is as good.
        let waits = self.waits.load(Ordering::Relaxed);
        if began.elapsed() < LONG {
            if waits > 0 {
                self.waits.store(waits - 1, Ordering::Relaxed);
            }
        } else if waits < MOST * WORTH {
            self.waits.store(waits + WORTH, Ordering::Relaxed);
        } else {
            self.waits.store(0, Ordering::Relaxed);
            self.left_until.store(now + LEFT_MS, Ordering::Relaxed);
        }
        read.inspect_err(
            |error| tracing::debug!(target: "acquaint::db", sql, %error, "left to the driver"),
        )
        .ok()
    }
}

impl Driver {
    /// The one blob that a statement finds under these keys, if that can be told at once: on SQLite, while its pages are in
    /// memory. Without it the statement has to be run as any other.
    pub(in crate::store) fn look_up(
        &self,
        sql: &'static str,
        keys: &[&str],
    ) -> Option<Option<Vec<u8>>> {
        match &self.engine {
            Engine::Sqlite { lookup, .. } => lookup.as_ref()?.blob(sql, keys),
            Engine::Postgres(_) => None,
        }
    }
}
