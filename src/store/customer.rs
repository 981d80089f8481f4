//! The customer that a name leads to, as of now.
//!
//! If the name is cached, the cache is confirmed and answers, unless the document is out of date.
//! Otherwise the document is read. A read starts after the question, so it sees every acknowledged
//! commit and needs no confirmation. A contact that leads nowhere is looked for among those that
//! records mention, by one more statement each time.

use super::Db;
use super::access::Workspace;
use super::cache::{CacheLookup, CachedProfile};
use super::profile::{self, CustomerName};
use crate::Result;
use crate::profile::Profile;
use std::sync::Arc;

/// A customer that was found.
#[derive(Debug)]
pub struct FoundCustomer {
    /// The profile as it is cached.
    pub cached: Arc<CachedProfile>,
    /// The same parsed and ranked, if it was just read.
    parsed: Option<Profile>,
}

impl FoundCustomer {
    /// The profile, with the winner of every trait first.
    pub fn profile(self, workspace: &Workspace) -> Result<Profile> {
        match self.parsed {
            Some(profile) => Ok(profile),
            None => profile::ranked(workspace, &self.cached.doc),
        }
    }
}

/// The customer of this name: `type:value`, where `profile:` takes the id of any link of theirs.
///
/// # Errors
/// As [`profile::by_name`].
pub async fn find(db: &Db, workspace: &Workspace, name: &str) -> Result<Option<FoundCustomer>> {
    let (cache, id, rules) = (&db.cache, &workspace.id, workspace.rules.version);
    let before = match cache.look_up(db, id, rules, name).await? {
        CacheLookup::Hit(cached) => {
            let parsed = None;
            return Ok(Some(FoundCustomer { cached, parsed }));
        }
        CacheLookup::Miss { last_known } => last_known,
    };
    let customer = CustomerName::parse(workspace, name)?;
    let Some(doc) = read(db, workspace, &customer).await? else {
        // Any event can change which records mention a contact, so that is read each time.
        return match profile::by_mention(db, workspace, &customer).await? {
            Some(id) => Box::pin(find(db, workspace, &format!("profile:{id}"))).await,
            None => Ok(None),
        };
    };
    let profile = profile::ranked(workspace, &doc)?;
    let read = (doc.into(), profile.seen.received_at);
    let cached = cache.put_read(id, (rules, name), &profile.id, read, before);
    let parsed = Some(profile);
    Ok(Some(FoundCustomer { cached, parsed }))
}

/// The document that a name leads to: by a point read where there are any, else by a batched read,
/// else by a statement of its own.
async fn read(db: &Db, workspace: &Workspace, customer: &CustomerName) -> Result<Option<Vec<u8>>> {
    if let Some(doc) = customer.point_read(db, workspace) {
        return Ok(doc);
    }
    let (kind, value) = match customer {
        CustomerName::Link(id) => (None, id.as_str()),
        CustomerName::Identifier(it) => (Some(it.kind.as_str()), it.value.as_str()),
    };
    // SQLite cuts a list of rows at U+0000, and PostgreSQL refuses the list.
    if !value.contains('\0') {
        let cache = db.cache.workspace(&workspace.id);
        let read = cache.batched_reads.read(db, &workspace.id, kind, value);
        if let Some(doc) = read.await {
            return Ok(doc);
        }
    }
    customer.read(db, workspace).await
}
