//! An open database and a write transaction: the drivers, composed with the cache of what they read and wrote.

use super::cache::{Cache, Point, stamp::Stamp};
use super::change::{self, Changed, Changes};
use super::sql::{Driver, Transaction};
use super::written::{Written, WrittenDocument};
use crate::Result;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// An open database, cheap to clone. Reads go through it, writes through a [`Tx`].
#[derive(Clone, Debug)]
pub struct Db {
    driver: Driver,
    pub(super) cache: Arc<Cache>,
}

/// A write transaction, and what it changes of what is cached.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction,
    cache: Arc<Cache>,
    changed: Changed,
    locked: Option<Locked>,
}

/// The workspace whose lock a transaction holds.
#[derive(Debug)]
struct Locked {
    workspace: String,
    /// Where its changes stood when the lock was taken.
    from: Point,
    written: Written,
}

/// A database is read as its driver is.
impl Deref for Db {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

/// Statements are run as in any transaction; only its end is another.
impl Deref for Tx {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.transaction
    }
}

impl Db {
    pub(super) fn new(driver: Driver, stamp: Option<Stamp>) -> Self {
        Self {
            driver,
            cache: Arc::new(Cache::new(stamp)),
        }
    }

    /// Begins a write transaction. On SQLite it is the only one from its first statement on.
    ///
    /// # Errors
    /// When no connection could be had.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx {
            transaction: self.driver.transaction().await?,
            cache: Arc::clone(&self.cache),
            changed: Changed::new(),
            locked: None,
        })
    }
}

impl Tx {
    /// Makes this the only transaction that writes to the workspace, until it ends. On PostgreSQL the advisory lock is what
    /// keeps two replicas from resolving the same customer differently; on SQLite every write transaction is alone anyway.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn lock(&mut self, workspace: &str) -> Result<()> {
        if self.is_locked(workspace) {
            return Ok(());
        }
        self.transaction.lock(workspace).await?;
        let from = match self.cache.current(workspace) {
            Some(from) => from,
            None => {
                let known = self.cache.known(workspace);
                let found = change::since_in(&mut self.transaction, workspace, known).await?;
                self.cache.begin(workspace, found.0, &found.1)
            }
        };
        self.locked = Some(Locked {
            workspace: workspace.to_owned(),
            from,
            written: Written::default(),
        });
        Ok(())
    }

    fn is_locked(&self, workspace: &str) -> bool {
        let locked = self.locked.as_ref();
        locked.is_some_and(|locked| locked.workspace == workspace)
    }

    /// A document as it is in the transaction, if it is at hand.
    pub(super) fn document(&mut self, workspace: &str, id: &str) -> Option<Arc<[u8]>> {
        let locked = self.locked.as_mut()?;
        if locked.workspace != workspace {
            return None;
        }
        if let Some(written) = locked.written.get(id) {
            return Some(written);
        }
        // What the transaction changed and does not hold any more is in the database alone.
        let changed = self.changed.get(workspace);
        if changed.is_some_and(|changed| changed.names(id)) {
            return None;
        }
        self.cache.document(workspace, id)
    }

    /// Notes a document that was written.
    pub(super) fn wrote(&mut self, workspace: &str, id: String, document: WrittenDocument) {
        if let Some(locked) = &mut self.locked
            && locked.workspace == workspace
        {
            locked.written.put(id, document);
        }
    }

    /// Notes that these profiles are removed.
    pub(super) fn removed(&mut self, workspace: &str, ids: &[&str]) {
        self.changes(workspace, ids.iter().copied());
        if let Some(locked) = &mut self.locked {
            ids.iter().for_each(|id| locked.written.remove(id));
        }
    }

    /// Notes that these profiles are changed, made or removed.
    pub(super) fn changes<'a>(&mut self, workspace: &str, ids: impl Iterator<Item = &'a str>) {
        change::note(&mut self.changed, workspace, ids);
    }

    /// Notes that any profile of the workspace may be changed, made or removed.
    pub(super) fn changes_all(&mut self, workspace: &str) {
        self.changed.insert(workspace.to_owned(), Changes::All);
        if let Some(locked) = &mut self.locked {
            locked.written = Written::default();
        }
    }

    /// Makes everything in it durable and visible.
    ///
    /// # Errors
    /// When the database could not; then nothing of it happened.
    pub async fn commit(mut self) -> Result<()> {
        let changed = std::mem::take(&mut self.changed);
        let mut number = None;
        for (workspace, changes) in &changed {
            let locked = self.is_locked(workspace);
            if !locked {
                self.transaction.lock(workspace).await?;
            }
            let appended = change::append(&mut self.transaction, workspace, changes).await?;
            if locked {
                number = Some(appended);
            }
        }
        self.transaction.end().await?;
        if let Some(Locked {
            workspace,
            from,
            written,
        }) = self.locked
            && let (Some(number), Some(changes)) = (number, changed.get(&workspace))
        {
            self.cache
                .write_through(&workspace, from, number, changes, written);
        }
        Ok(())
    }
}
