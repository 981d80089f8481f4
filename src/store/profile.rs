//! Profile documents: how names find one, and how a batch loads, writes and removes them.

use super::access::Workspace;
use super::table::{self, TableKind};
use super::written_document::WrittenDocument;
use super::{Db, IdRow, Pending, Rows, Statement, Tx};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::identity::{Identifier, MENTION};
use crate::profile::{Profile, packed};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A name of a customer.
pub(super) enum CustomerName {
    /// By a link's id.
    Link(LinkId),
    /// By an identifier.
    Identifier(Identifier),
}

impl CustomerName {
    /// Parses `type:value`, where `profile:` takes any link's id.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the text is no name of a customer.
    pub(super) fn parse(workspace: &Workspace, customer: &str) -> Result<Self> {
        if let Some(id) = customer.strip_prefix("profile:")
            && !id.contains('\0')
        {
            return Ok(Self::Link(LinkId::new(id.trim())));
        }
        let identifier = Identifier::parse(customer, &workspace.rules.rules);
        identifier.map(Self::Identifier).ok_or_else(|| {
            Error::invalid("name a customer as `type:value`, such as `email:ada@example.com`, `user_id:u1` or `phone:+14155550134`")
        })
    }

    /// The statement that reads its document. `$1` is the workspace, and the keys are `$2` and on.
    fn statement(&self) -> (&'static str, Vec<&str>) {
        match self {
            Self::Link(id) => (
                "select p.doc from link l cross join profile p
                 where l.workspace = $1 and l.id = $2 and p.workspace = l.workspace and p.id = l.profile",
                vec![id],
            ),
            Self::Identifier(it) => (
                "select p.doc from identifier i cross join profile p
                 where i.workspace = $1 and i.kind = $2 and i.value = $3 and p.workspace = i.workspace and p.id = i.profile",
                vec![&it.kind, &it.value],
            ),
        }
    }

    /// The document that it leads to, by a point read. The outer `None` says that it was not read.
    pub(super) fn point_read(&self, db: &Db, workspace: &Workspace) -> Option<Option<Vec<u8>>> {
        let (sql, mut keys) = self.statement();
        keys.insert(0, &workspace.id);
        db.point_read(sql, &keys)
    }

    /// The document that it leads to, by a statement of its own.
    pub(super) async fn read(&self, db: &Db, workspace: &Workspace) -> Result<Option<Vec<u8>>> {
        let (sql, keys) = self.statement();
        let row: Option<(Vec<u8>,)> = keys
            .into_iter()
            .fold(db.sql(sql).bind(&workspace.id), Statement::bind)
            .optional()
            .await?;
        Ok(row.map(|(doc,)| doc))
    }

    /// The profile that it leads to.
    async fn profile(&self, db: &Db, workspace: &Workspace) -> Result<Option<Profile>> {
        let doc = match self.point_read(db, workspace) {
            Some(doc) => doc,
            None => self.read(db, workspace).await?,
        };
        doc.map(|doc| ranked(workspace, &doc)).transpose()
    }
}

/// The profile that any link's id leads to. A profile's id is a link's id, and older ones still
/// lead to it.
pub async fn by_id(db: &Db, workspace: &Workspace, id: &LinkId) -> Result<Option<Profile>> {
    CustomerName::Link(id.clone()).profile(db, workspace).await
}

/// The profile of a customer named `type:value`; `profile:` takes any link's id.
///
/// # Errors
/// [`Error::Invalid`] when the text is no name of a customer, [`Error::Conflict`] when only records
/// mention it and these are of several customers.
pub async fn by_name(db: &Db, workspace: &Workspace, customer: &str) -> Result<Option<Profile>> {
    let name = CustomerName::parse(workspace, customer)?;
    if let Some(profile) = name.profile(db, workspace).await? {
        return Ok(Some(profile));
    }
    match by_mention(db, workspace, &name).await? {
        Some(id) => by_id(db, workspace, &id.oldest_link()).await,
        None => Ok(None),
    }
}

/// The id of the only profile whose records mention this contact, for a contact that leads nowhere
/// itself.
///
/// # Errors
/// [`Error::Conflict`] when records of several profiles mention it.
pub(super) async fn by_mention(
    db: &Db,
    workspace: &Workspace,
    name: &CustomerName,
) -> Result<Option<ProfileId>> {
    let CustomerName::Identifier(identifier) = name else {
        return Ok(None);
    };
    let found: Vec<(ProfileId,)> = db
        .sql(
            "select distinct l.profile from link_identifier i cross join link l
             where i.workspace = $1 and i.kind = $2 and i.value = $3 and l.workspace = $1 and l.id = i.link
               and l.profile is not null limit 2",
        )
        .bind(&workspace.id)
        .bind(format!("{MENTION}{}", identifier.kind))
        .bind(&identifier.value)
        .all()
        .await?;
    match found.as_slice() {
        [(only,)] => Ok(Some(only.clone())),
        [] => Ok(None),
        _ => Err(Error::Conflict(format!(
            "several customers' records mention this {}; name the customer by another identifier",
            identifier.kind
        ))),
    }
}

/// Unpacks a stored document for a reader: the winner of every trait comes first.
pub(super) fn ranked(workspace: &Workspace, doc: &[u8]) -> Result<Profile> {
    let mut profile = open(doc)?;
    profile.rank(&workspace.rules.rules.survivorship);
    Ok(profile)
}

/// Unpacks a stored document, for events to be added to it.
pub fn open(doc: &[u8]) -> Result<Profile> {
    packed::unpack(doc).ok_or_else(|| {
        Error::internal(
            "a profile document cannot be read; `acquaint store rebuild` makes all anew",
        )
    })
}

/// Documents by the ids of their profiles.
pub type Documents = BTreeMap<ProfileId, Arc<[u8]>>;

/// Loads the stored documents among these ids, pipelined.
#[must_use]
pub fn load_later<'a>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: impl Iterator<Item = &'a ProfileId>,
) -> Pending<Documents> {
    let (mut loaded, mut keys) = (Documents::new(), Vec::new());
    for id in ids {
        match tx.document(workspace, id) {
            Some(doc) => drop(loaded.insert(id.clone(), doc)),
            None => keys.push(IdRow { id }),
        }
    }
    if keys.is_empty() {
        return Pending::ready(loaded);
    }
    tx.sql("select p.id, p.doc from rows($2, r: id text) cross join profile p where p.workspace = $1 and p.id = r.id")
        .bind(workspace)
        .rows(&keys)
        .pipelined(|rows: Vec<(ProfileId, Vec<u8>)>| {
            loaded.extend(rows.into_iter().map(|(id, doc)| (id, doc.into())));
            Ok(loaded)
        })
}

/// A document that is to be written.
#[derive(Debug)]
pub struct NewDocument {
    /// The profile's id.
    pub id: ProfileId,
    /// The document.
    pub doc: Arc<[u8]>,
    /// When the last event about the customer arrived.
    pub received_at: Time,
    /// Whether the profile was made anew, so that names that led to it may lead elsewhere.
    pub names_changed: bool,
    /// Whether what it says about the customer's identity changed, so that it is matched again.
    pub rematch: bool,
}

/// Writes documents.
pub fn save(tx: &mut Tx, workspace: &WorkspaceId, documents: Vec<NewDocument>) {
    let ids = || documents.iter().map(|document| &document.id);
    tx.note_changed(workspace, ids());
    let docs = documents.iter().map(|document| Arc::clone(&document.doc));
    tx.insert(
        "insert into profile (workspace, id, doc) values rows(text, bytea)
         on conflict (workspace, id) do update set doc = excluded.doc",
        workspace,
        Rows::default()
            .text(ids().map(ProfileId::as_str))
            .bytes(docs.collect()),
    );
    let rematch = documents.iter().filter(|document| document.rematch);
    tx.insert(
        "insert into unmatched (workspace, profile) values rows(text) on conflict do nothing",
        workspace,
        Rows::default().text(rematch.map(|document| document.id.as_str())),
    );
    for document in documents {
        let written = WrittenDocument {
            doc: document.doc,
            received_at: document.received_at,
            names_changed: document.names_changed,
        };
        tx.note_written(workspace, document.id, written);
    }
}

/// Removes profiles that have no links left.
pub async fn remove<'a>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: impl Iterator<Item = &'a ProfileId>,
) -> Result<()> {
    let ids: Vec<&ProfileId> = ids.collect();
    if ids.is_empty() {
        return Ok(());
    }
    tx.note_removed(workspace, &ids);
    let keys: Vec<IdRow<'_>> = ids.iter().map(|id| IdRow { id }).collect();
    for text in [
        "delete from profile where workspace = $1 and id in (select r.id from rows($2, r: id text))",
        "delete from unmatched where workspace = $1 and profile in (select r.id from rows($2, r: id text))",
    ] {
        tx.sql(text).bind(workspace).rows(&keys).execute().await?;
    }
    Ok(())
}

/// How many profiles there are.
pub async fn count(db: &Db, workspace: &WorkspaceId) -> Result<i64> {
    table::count(db, "profile", workspace).await
}

/// Empties every derived table of the workspace, for a rebuild.
pub async fn clear_derived(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    table::clear(tx, workspace, TableKind::Derived).await?;
    tx.note_all_changed(workspace);
    Ok(())
}
