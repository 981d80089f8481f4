//! The customer whom a name leads to, as of now: from the cache if nothing changed, else by one keyed read.

use super::Db;
use super::access::Workspace;
use super::cache::CachedProfile;
use super::profile::{self, CustomerName};
use super::reads::Reads;
use crate::Result;
use crate::profile::Profile;
use std::sync::Arc;

/// A customer who was looked up.
#[derive(Debug)]
pub struct FoundCustomer {
    /// The profile as it is cached.
    pub cached: Arc<CachedProfile>,
    /// The same parsed, if it was read just now.
    parsed: Option<Profile>,
}

impl FoundCustomer {
    /// The profile, with the winner of every trait first.
    ///
    /// # Errors
    /// When the document cannot be read.
    pub fn profile(self, workspace: &Workspace) -> Result<Profile> {
        match self.parsed {
            Some(profile) => Ok(profile),
            None => profile::ranked(workspace, &self.cached.doc),
        }
    }
}

/// Finds the customer of this name: `type:value`, where `profile:` takes the id of any of their links.
///
/// # Errors
/// As [`profile::by_name`].
pub async fn find(db: &Db, workspace: &Workspace, name: &str) -> Result<Option<FoundCustomer>> {
    let (cache, id, rules) = (&db.cache, workspace.id.as_str(), workspace.rules.version);
    if cache.find(id, rules, name).is_some() {
        cache.confirm(db, id).await?;
        if let Some(cached) = cache.find(id, rules, name) {
            let parsed = None;
            return Ok(Some(FoundCustomer { cached, parsed }));
        }
    } else if cache.known(id).is_none() {
        cache.confirm(db, id).await?;
    }
    let before = cache.known(id);
    let asked = CustomerName::parse(workspace, name)?;
    let Some(doc) = read(db, workspace, &cache.workspace(id).reads, &asked).await? else {
        // Which customer's records mention a contact can change with any event, so that is looked up each time.
        return match profile::by_mention(db, workspace, &asked).await? {
            Some(id) => Box::pin(find(db, workspace, &format!("profile:{id}"))).await,
            None => Ok(None),
        };
    };
    let profile = profile::ranked(workspace, &doc)?;
    let read = (doc.into(), profile.seen.received_at);
    let cached = cache.put(id, (rules, name), &profile.id, read, before);
    let parsed = Some(profile);
    Ok(Some(FoundCustomer { cached, parsed }))
}

/// The document that a name leads to: at once where SQLite has its pages in memory, else by the next statement that reads
/// for several, else by one of its own.
async fn read(
    db: &Db,
    workspace: &Workspace,
    reads: &Reads,
    name: &CustomerName<'_>,
) -> Result<Option<Vec<u8>>> {
    if let Some(doc) = name.look_up(db, workspace) {
        return Ok(doc);
    }
    let (kind, value) = match name {
        CustomerName::Link(id) => (None, *id),
        CustomerName::Identifier(it) => (Some(it.kind.as_str()), it.value.as_str()),
    };
    // SQLite ends a list of rows at this character, and PostgreSQL refuses the list.
    if !value.contains('\0')
        && let Some(doc) = reads.ask(db, &workspace.id, kind, value).await
    {
        return Ok(doc);
    }
    name.read(db, workspace).await
}
