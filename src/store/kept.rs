//! Customers as they are asked for: from the shelf, where they are as they were, else by one keyed read.

use super::Db;
use super::access::Workspace;
use super::profile::{self, Asked};
use super::reads::Reads;
use super::shelf::key;
use crate::Result;
use crate::profile::Profile;
use std::sync::Arc;

pub use super::shelf::Kept;

/// A customer who was asked for.
#[derive(Debug)]
pub struct Found {
    /// The profile as it is kept.
    pub kept: Arc<Kept>,
    /// The same parsed, if it was read just now.
    parsed: Option<Profile>,
}

impl Found {
    /// The profile, with the winner of every trait first.
    ///
    /// # Errors
    /// When the document cannot be read.
    pub fn profile(self, workspace: &Workspace) -> Result<Profile> {
        match self.parsed {
            Some(profile) => Ok(profile),
            None => profile::ranked(workspace, &self.kept.doc),
        }
    }
}

/// The customer of this name (`type:value`; `profile:` takes any link's id) as of now: kept from before if nothing changed,
/// else by one keyed read.
///
/// # Errors
/// As [`profile::by_name`].
pub async fn customer(db: &Db, workspace: &Workspace, name: &str) -> Result<Option<Found>> {
    let (shelf, rules) = (&db.shelf, workspace.rules.version);
    let name_key = key(&workspace.id, name);
    let watch = shelf.watch(&workspace.id);
    if let Some(kept) = shelf.find(&name_key, rules) {
        watch.confirm(db, shelf, &workspace.id).await?;
        if kept.holds() {
            return Ok(Some(Found { kept, parsed: None }));
        }
    }
    if watch.seen().is_none() {
        watch.confirm(db, shelf, &workspace.id).await?;
    }
    let before = watch.seen();
    let asked = Asked::parse(workspace, name)?;
    let Some(doc) = read(db, workspace, &watch.reads, &asked).await? else {
        // A contact may only be mentioned: who that is can change with any event, so it is looked up anew each time.
        return match profile::by_mention(db, workspace, &asked).await? {
            Some(id) => Box::pin(customer(db, workspace, &format!("profile:{id}"))).await,
            None => Ok(None),
        };
    };
    let profile = profile::ranked(workspace, &doc)?;
    let kept = shelf.edition(&profile, doc, rules);
    if let Some(before) = before {
        shelf.put(&workspace.id, name_key, &kept, &watch, before);
    }
    let parsed = Some(profile);
    Ok(Some(Found { kept, parsed }))
}

/// The document that a name leads to: at once where it can be told, else by the next statement, else by one of its own.
async fn read(
    db: &Db,
    workspace: &Workspace,
    reads: &Reads,
    asked: &Asked<'_>,
) -> Result<Option<Vec<u8>>> {
    if let Some(doc) = asked.look_up(db, workspace) {
        return Ok(doc);
    }
    let (kind, value) = match asked {
        Asked::Link(id) => (None, *id),
        Asked::Identifier(it) => (Some(it.kind.as_str()), it.value.as_str()),
    };
    // SQLite takes the text in a list of rows for ended there, and PostgreSQL refuses the list.
    if !value.contains('\0')
        && let Some(doc) = reads.ask(db, &workspace.id, kind, value).await
    {
        return Ok(doc);
    }
    asked.read(db, workspace).await
}
