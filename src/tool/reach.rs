//! All that a tool's function can read: one customer's profile and records, and the declared
//! dependencies.
//!
//! A tool's function sees no database, caller or clock. So a mistake in a tool cannot show the data
//! of another customer, and its answer cannot depend on anything that is missing in the cache key.

use super::cache::{CallerKind, DependencyValues};
use crate::Result;
use crate::clock::Time;
use crate::profile::Profile;
use crate::profile::record::{Record, RecordKind};
use crate::store::access::Workspace;
use crate::store::{self, Db};

/// The input of a tool's function.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    db: &'a Db,
    workspace: &'a Workspace,
    profile: &'a Profile,
    values: DependencyValues,
}

impl<'a> Reach<'a> {
    pub(super) fn new(
        db: &'a Db,
        workspace: &'a Workspace,
        profile: &'a Profile,
        values: DependencyValues,
    ) -> Self {
        Self {
            db,
            workspace,
            profile,
            values,
        }
    }

    /// The customer.
    #[must_use]
    pub fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The customer's orders or tickets before a time and an id, newest first. Every event that
    /// changes them makes a new generation of the profile, so cached answers are never stale.
    pub async fn history(
        &self,
        kind: RecordKind,
        before: (Time, &str),
        most: i64,
    ) -> Result<Vec<Record>> {
        let (workspace, profile) = (&self.workspace.id, &self.profile.id);
        store::record::history(self.db, workspace, profile, kind, before, most).await
    }

    /// The kind of the caller.
    ///
    /// # Errors
    /// When the tool does not declare [`Dependency::CallerKind`](super::Dependency::CallerKind).
    pub fn caller_kind(&self) -> Result<CallerKind> {
        self.values.caller_kind()
    }

    /// The day in UTC, in days since 1970.
    ///
    /// # Errors
    /// When the tool does not declare [`Dependency::Day`](super::Dependency::Day).
    pub fn day(&self) -> Result<i64> {
        self.values.day()
    }
}
