//! An open database and a write transaction: the drivers, and what this process keeps of the database in memory.

use super::change::{self, Before, Changed, Profiles};
use super::drafts::{Desk, Drafts};
use super::lease::{self, Committing, Leases};
use super::shelf::Shelf;
use super::sql::{Driver, Transaction};
use super::stamp::Stamp;
use crate::Result;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open database, cheap to clone. Reads go through it, writes through a [`Tx`].
#[derive(Clone, Debug)]
pub struct Db {
    driver: Driver,
    pub(super) shelf: Arc<Shelf>,
    pub(super) leases: Arc<Leases>,
    desk: Arc<Mutex<Desk>>,
}

/// A write transaction, and what it changes of what is kept in memory.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction,
    db: Db,
    changed: Changed,
    /// The workspace whose lock it holds, and its last change before.
    locked: Option<(String, i64)>,
    /// Whether nobody else holds that workspace's lease, as was read under the lock.
    unleased: bool,
    drafts: Drafts,
}

/// A database is asked as its driver is.
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
        let leases = Arc::new(Leases::new());
        Self {
            driver,
            shelf: Arc::new(Shelf::new(stamp, Arc::clone(&leases))),
            leases,
            desk: Arc::default(),
        }
    }

    /// What this process wrote last.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a write transaction. On SQLite it is the only one from its first statement on.
    ///
    /// # Errors
    /// When no connection could be had.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx {
            transaction: self.driver.transaction().await?,
            db: self.clone(),
            changed: Changed::new(),
            locked: None,
            unleased: false,
            drafts: Drafts::default(),
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
        lease::lock(self, workspace).await?;
        let known = self.desk().known(workspace);
        let found = change::before(self, workspace, known).await?;
        let Before {
            last,
            changed,
            holder,
        } = found;
        self.desk().open(workspace, last, &changed);
        self.locked = Some((workspace.to_owned(), last));
        self.unleased = holder.is_some_and(|holder| self.db.leases.allow(&holder));
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
        let older = self.desk().take(workspace, id);
        own.or(older)
    }

    /// Holds on to a document that was written.
    pub(super) fn keep_draft(&mut self, workspace: &str, id: &str, doc: Arc<[u8]>) {
        self.drafts.keep(workspace, id, doc);
    }

    /// Drops all drafts of a workspace.
    pub(super) fn clear_drafts(&mut self, workspace: &str) {
        self.drafts.clear(workspace);
        self.desk().clear(workspace);
    }

    /// Notes that these profiles are changed, made or removed.
    pub(super) fn change<'a>(&mut self, workspace: &str, ids: impl Iterator<Item = &'a str>) {
        change::note(&mut self.changed, workspace, ids);
    }

    /// Notes that any profile of the workspace may be changed.
    pub(super) fn change_all(&mut self, workspace: &str) {
        self.changed.insert(workspace.to_owned(), Profiles::All);
    }

    /// What this process wrote last.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.db.desk()
    }

    /// Makes everything in it durable and visible.
    ///
    /// # Errors
    /// When the database could not; then nothing of it happened.
    pub async fn commit(mut self) -> Result<()> {
        let mut numbers = BTreeMap::new();
        for (workspace, profiles) in std::mem::take(&mut self.changed) {
            // Leases are taken under the lock, so what was read under it holds until the end.
            let locked = self.locked.as_ref().is_some_and(|(id, _)| *id == workspace);
            if !locked {
                lease::lock(&mut self, &workspace).await?;
            }
            let number = change::append(&mut self, &workspace, &profiles).await?;
            if !(locked && self.unleased) {
                let (db, tx) = (&self.db, &mut self.transaction);
                db.leases.outwait(db, tx, &workspace).await?;
            }
            numbers.insert(workspace, number);
        }
        let (locked, written) = (self.locked.take(), std::mem::take(&mut self.drafts));
        let db = self.db.clone();
        let lease = |(workspace, number): (&String, &i64)| (db.leases.of(workspace), *number);
        let committing = Committing::begin(numbers.iter().map(lease).collect());
        self.transaction.end().await?;
        committing.done();
        if let Some(locked) = locked
            && let Some(number) = numbers.get(&locked.0)
        {
            db.desk().take_over(&locked, *number, written);
        }
        Ok(())
    }
}
