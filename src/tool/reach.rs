//! All that a tool's function can read: one customer's profile, the records behind it, and what its answer depends on.
//!
//! The database, the caller and the clock stay out of its sight. So a mistake in a tool shows nobody another customer's data, and
//! nothing that its answer is made of can be missing from the key that the answer is remembered under.

use super::remember::{Asker, Given};
use crate::Result;
use crate::profile::Profile;
use crate::profile::record::{Record, RecordKind};
use crate::store::access::Workspace;
use crate::store::{self, Db};

/// What a tool's function is given.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    db: &'a Db,
    workspace: &'a Workspace,
    profile: &'a Profile,
    given: Given,
}

impl<'a> Reach<'a> {
    pub(super) fn new(
        db: &'a Db,
        workspace: &'a Workspace,
        profile: &'a Profile,
        given: Given,
    ) -> Self {
        Self {
            db,
            workspace,
            profile,
            given,
        }
    }

    /// The customer.
    #[must_use]
    pub fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The customer's orders or tickets before a time and an id, newest first, of which the profile holds the newest. Every
    /// event that changes them makes a new generation of the profile, so answers made of them go with it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn history(
        &self,
        kind: RecordKind,
        before: (i64, &str),
        most: i64,
    ) -> Result<Vec<Record>> {
        let (workspace, profile) = (&self.workspace.id, &self.profile.id);
        store::record::history(self.db, workspace, profile, kind, before, most).await
    }

    /// Who asks.
    ///
    /// # Errors
    /// When the tool does not declare [`Dependency::Asker`](super::Dependency::Asker).
    pub fn asker(&self) -> Result<Asker> {
        self.given.asker()
    }

    /// The day in UTC, in days since 1970.
    ///
    /// # Errors
    /// When the tool does not declare [`Dependency::Day`](super::Dependency::Day).
    pub fn day(&self) -> Result<i64> {
        self.given.day()
    }
}
