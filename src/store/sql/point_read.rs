//! Point reads: one row of an SQLite file by its key, read on the calling thread.
//!
//! The driver runs every connection on a thread of its own, and the way there and back takes
//! several times as long as finding a row whose pages are in memory. A page that is not in memory
//! blocks the calling thread and all requests that it serves. So after a few reads that waited for
//! the disk, point reads are paused, and the driver's threads read instead. A WAL reader waits for
//! no writer; any error is left to the driver too, which reads the row again.

use super::{Driver, Engine, trace_statement};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A read that takes longer is thought to have waited for the disk.
const SLOW_READ: Duration = Duration::from_millis(1);
/// How many fast reads make up for a slow one: now and then a thread only waited for a processor.
const SLOW_READ_COST: u32 = 8;
/// Point reads pause at one slow read more than this, unless fast ones made up for them.
const MAX_SLOW_READS: u32 = 3;
/// How long point reads pause, in milliseconds.
const PAUSE_MS: u64 = 100;

/// Connections of this process to an SQLite file, each used by one thread at a time.
#[derive(Debug)]
pub(in crate::store) struct PointReader {
    file: PathBuf,
    cache_size: &'static str,
    idle: Mutex<Vec<Connection>>,
    /// A slow read adds [`SLOW_READ_COST`], a fast one takes 1 away.
    slowness: AtomicU32,
    created: Instant,
    /// Until when point reads pause, in milliseconds since `created`.
    paused_until: AtomicU64,
}

impl PointReader {
    /// Point reads of this file, by connections with a page cache of this size.
    pub(in crate::store) fn of(file: &Path, cache_size: &'static str) -> Self {
        Self {
            file: file.to_owned(),
            cache_size,
            idle: Mutex::default(),
            slowness: AtomicU32::new(0),
            created: Instant::now(),
            paused_until: AtomicU64::new(0),
        }
    }

    /// Closes the idle connections. It is called before the driver's are closed: the last
    /// connection to close moves the write-ahead log into the file, which a read-only one cannot.
    pub(in crate::store) fn close(&self) {
        self.idle().clear();
    }

    /// The one blob that a statement finds under these keys. The outer `None` says that it was not
    /// read.
    fn blob(&self, sql: &'static str, keys: &[&str]) -> Option<Option<Vec<u8>>> {
        let started = Instant::now();
        let now = u64::try_from((started - self.created).as_millis()).unwrap_or(u64::MAX);
        if self.paused_until.load(Ordering::Relaxed) > now {
            return None;
        }
        let found = self.read(sql, keys);
        trace_statement(sql, started);
        self.note(started.elapsed(), now);
        found
            .inspect_err(
                |error| tracing::debug!(target: "acquaint::db", sql, %error, "left to the driver"),
            )
            .ok()
    }

    fn read(&self, sql: &str, keys: &[&str]) -> rusqlite::Result<Option<Vec<u8>>> {
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| self.open(), Ok)?;
        let found = connection
            .prepare_cached(sql)?
            .query_row(params_from_iter(keys), |row| row.get(0))
            .optional()?;
        self.idle().push(connection);
        Ok(found)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "cache_size", self.cache_size)?;
        Ok(connection)
    }

    /// Counts a read that took so long, and pauses point reads if too many were slow.
    fn note(&self, took: Duration, now: u64) {
        // Losing an update of another thread does no harm.
        let slowness = self.slowness.load(Ordering::Relaxed);
        if took < SLOW_READ {
            if slowness > 0 {
                self.slowness.store(slowness - 1, Ordering::Relaxed);
            }
        } else if slowness < MAX_SLOW_READS * SLOW_READ_COST {
            self.slowness
                .store(slowness + SLOW_READ_COST, Ordering::Relaxed);
        } else {
            self.slowness.store(0, Ordering::Relaxed);
            self.paused_until.store(now + PAUSE_MS, Ordering::Relaxed);
        }
    }
}

impl Driver {
    /// The one blob that a statement finds under these keys, read on the calling thread. The outer
    /// `None` says that the statement has to be run on the driver: on PostgreSQL, and on SQLite
    /// while point reads pause.
    pub(in crate::store) fn point_read(
        &self,
        sql: &'static str,
        keys: &[&str],
    ) -> Option<Option<Vec<u8>>> {
        match &self.engine {
            Engine::Sqlite { point_reader, .. } => point_reader.as_ref()?.blob(sql, keys),
            Engine::Postgres(_) => None,
        }
    }
}
