//! An open database and a write transaction: the driver's, and what they take from the cache and
//! put into it.

use super::cache::{BaseChange, Cache, wal_index::WalIndex};
use super::change::{self, ChangedProfiles, ChangesByWorkspace};
use super::sql::{Driver, Transaction};
use super::written_document::{WrittenDocument, WrittenDocuments};
use crate::Result;
use crate::id::{ProfileId, WorkspaceId};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// An open database, cheap to clone. Reads go through it, writes through a [`Tx`].
#[derive(Clone, Debug)]
pub struct Db {
    driver: Driver,
    pub(super) cache: Arc<Cache>,
}

/// A write transaction. Its commit adds a row to the table `change` for each workspace whose
/// profiles it changed, and puts the documents that it wrote into the cache.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction,
    cache: Arc<Cache>,
    changed: ChangesByWorkspace,
    locked: Option<LockedWorkspace>,
}

/// The workspace whose lock a transaction holds.
#[derive(Debug)]
struct LockedWorkspace {
    id: WorkspaceId,
    /// Its last change when the lock was taken.
    base: BaseChange,
    written: WrittenDocuments,
}

/// Reads go straight to the driver.
impl Deref for Db {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

/// Statements go straight to the driver's transaction.
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
    pub(super) fn new(driver: Driver, wal_index: Option<WalIndex>) -> Self {
        Self {
            driver,
            cache: Arc::new(Cache::new(wal_index)),
        }
    }

    /// Begins a write transaction. On SQLite only one runs at a time, in all processes.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx {
            transaction: self.driver.transaction().await?,
            cache: Arc::clone(&self.cache),
            changed: ChangesByWorkspace::new(),
            locked: None,
        })
    }
}

impl Tx {
    /// Makes this the only transaction that writes to the workspace, until it ends. On PostgreSQL
    /// the advisory lock keeps two replicas from resolving one customer differently; on SQLite
    /// there is only one write transaction anyway.
    pub async fn lock(&mut self, workspace: &WorkspaceId) -> Result<()> {
        if self.is_locked(workspace) {
            return Ok(());
        }
        self.transaction.lock(workspace).await?;
        let base = match self.cache.current_base(workspace) {
            Some(base) => base,
            None => {
                let known = self.cache.last_known(workspace);
                let (last, changes) =
                    change::since_in(&mut self.transaction, workspace, known).await?;
                self.cache.catch_up(workspace, last, &changes)
            }
        };
        self.locked = Some(LockedWorkspace {
            id: workspace.clone(),
            base,
            written: WrittenDocuments::default(),
        });
        Ok(())
    }

    fn is_locked(&self, workspace: &WorkspaceId) -> bool {
        let locked = self.locked.as_ref();
        locked.is_some_and(|locked| locked.id == *workspace)
    }

    /// A document as the transaction sees it, if it can be had without a statement.
    pub(super) fn document(
        &mut self,
        workspace: &WorkspaceId,
        id: &ProfileId,
    ) -> Option<Arc<[u8]>> {
        let locked = self.locked.as_mut()?;
        if locked.id != *workspace {
            return None;
        }
        if let Some(written) = locked.written.get(id) {
            return Some(written);
        }
        // A changed document that `written` has dropped is newer than the cached one.
        let changed = self.changed.get(workspace);
        if changed.is_some_and(|changed| changed.contains(id)) {
            return None;
        }
        self.cache.document(workspace, id)
    }

    /// Notes a document that the transaction wrote.
    pub(super) fn note_written(
        &mut self,
        workspace: &WorkspaceId,
        id: ProfileId,
        document: WrittenDocument,
    ) {
        if let Some(locked) = &mut self.locked
            && locked.id == *workspace
        {
            locked.written.put(id, document);
        }
    }

    /// Notes that these profiles are removed.
    pub(super) fn note_removed(&mut self, workspace: &WorkspaceId, ids: &[&ProfileId]) {
        self.note_changed(workspace, ids.iter().copied());
        if let Some(locked) = &mut self.locked {
            ids.iter().for_each(|id| locked.written.remove(id));
        }
    }

    /// Notes that these profiles are changed, made or removed.
    pub(super) fn note_changed<'a>(
        &mut self,
        workspace: &WorkspaceId,
        ids: impl Iterator<Item = &'a ProfileId>,
    ) {
        change::add(&mut self.changed, workspace, ids);
    }

    /// Notes that any profile of the workspace may be changed, made or removed.
    pub(super) fn note_all_changed(&mut self, workspace: &WorkspaceId) {
        self.changed.insert(workspace.clone(), ChangedProfiles::All);
        if let Some(locked) = &mut self.locked {
            locked.written = WrittenDocuments::default();
        }
    }

    /// Makes everything in it durable and visible. If it fails, the transaction changed nothing.
    pub async fn commit(mut self) -> Result<()> {
        let changed = std::mem::take(&mut self.changed);
        let mut number = None;
        for (workspace, profiles) in &changed {
            let locked = self.is_locked(workspace);
            if !locked {
                self.transaction.lock(workspace).await?;
            }
            let appended = change::append(&mut self.transaction, workspace, profiles).await?;
            if locked {
                number = Some(appended);
            }
        }
        self.transaction.commit().await?;
        if let Some(LockedWorkspace { id, base, written }) = self.locked
            && let (Some(number), Some(profiles)) = (number, changed.get(&id))
        {
            self.cache
                .write_through(&id, base, number, profiles, written);
        }
        Ok(())
    }
}
