//! Profile documents: one keyed read for a tool call, one multi-row write for a batch.

use super::access::Workspace;
use super::{Db, Tx};
use crate::identity::{Identifier, MENTION};
use crate::profile::Profile;
use crate::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The profile that any link's id leads to, old profile ids included.
///
/// # Errors
/// When the database refuses.
pub async fn by_id(db: &Db, workspace: &Workspace, id: &str) -> Result<Option<Profile>> {
    let row: Option<(String,)> = db
        .sql(
            "select p.doc from link l cross join profile p
             where l.workspace = $1 and l.id = $2 and p.workspace = l.workspace and p.id = l.profile",
        )
        .bind(&workspace.id)
        .bind(id)
        .optional()
        .await?;
    row.map(|(doc,)| ranked(workspace, &doc)).transpose()
}

/// The profile that an identifier leads to.
///
/// # Errors
/// When the database refuses.
pub async fn by_identifier(
    db: &Db,
    workspace: &Workspace,
    identifier: &Identifier,
) -> Result<Option<Profile>> {
    let row: Option<(String,)> = db
        .sql(
            "select p.doc from identifier i cross join profile p
             where i.workspace = $1 and i.kind = $2 and i.value = $3 and p.workspace = i.workspace and p.id = i.profile",
        )
        .bind(&workspace.id)
        .bind(&identifier.kind)
        .bind(&identifier.value)
        .optional()
        .await?;
    row.map(|(doc,)| ranked(workspace, &doc)).transpose()
}

/// The profile of a customer named `type:value`; `profile:` takes any link's id.
///
/// # Errors
/// [`Error::Invalid`] when the text names nothing that could be a customer.
pub async fn by_name(db: &Db, workspace: &Workspace, customer: &str) -> Result<Option<Profile>> {
    if let Some(id) = customer.strip_prefix("profile:") {
        return by_id(db, workspace, id.trim()).await;
    }
    let identifier = Identifier::parse(customer, &workspace.rules.rules).ok_or_else(|| {
        Error::invalid("name a customer as `type:value`, such as `email:ada@example.com`, `user_id:u1` or `phone:+14155550134`")
    })?;
    match by_identifier(db, workspace, &identifier).await? {
        None => by_mention(db, workspace, &identifier).await,
        found => Ok(found),
    }
}

/// The one profile whose records mention a contact that leads nowhere.
async fn by_mention(
    db: &Db,
    workspace: &Workspace,
    identifier: &Identifier,
) -> Result<Option<Profile>> {
    let found: Vec<(String,)> = db
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
        [(only,)] => by_id(db, workspace, only).await,
        [] => Ok(None),
        _ => Err(Error::Conflict(format!(
            "several customers' records mention this {}; name the customer by another identifier",
            identifier.kind
        ))),
    }
}

/// A document to be read, with the winner of every trait first.
fn ranked(workspace: &Workspace, doc: &str) -> Result<Profile> {
    let mut profile = parse(doc)?;
    profile.rank(&workspace.rules.rules.survivorship);
    Ok(profile)
}

pub(super) fn parse(doc: &str) -> Result<Profile> {
    serde_json::from_str(doc).map_err(|error| {
        Error::internal(format!(
            "a profile document cannot be read, `acquaint store rebuild` makes all anew: {error}"
        ))
    })
}

/// The stored profiles among these ids.
///
/// # Errors
/// When the database refuses.
pub async fn load<'a>(
    tx: &mut Tx,
    workspace: &str,
    ids: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Profile>> {
    let keys: Vec<Value> = ids.map(|id| json!({"id": id})).collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String)> = tx
        .sql("select p.id, p.doc from rows($2, r: id text) cross join profile p where p.workspace = $1 and p.id = r.id")
        .bind(workspace)
        .rows(&keys)
        .all()
        .await?;
    rows.into_iter()
        .map(|(id, doc)| Ok((id, parse(&doc)?)))
        .collect()
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: &'a str,
    doc: String,
}

/// Writes profiles.
///
/// # Errors
/// When the database refuses.
pub async fn save<'a>(
    tx: &mut Tx,
    workspace: &str,
    profiles: impl Iterator<Item = &'a Profile>,
) -> Result<()> {
    let row = |profile: &'a Profile| -> Result<NewRow<'a>> {
        let doc = serde_json::to_string(profile)
            .map_err(|_| Error::internal("a profile cannot be written as JSON"))?;
        Ok(NewRow {
            id: &profile.id,
            doc,
        })
    };
    let rows = profiles.map(row).collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        return Ok(());
    }
    tx.sql(
        "insert into profile (workspace, id, doc) select $1, r.id, r.doc from rows($2, r: id text, doc text)
         where true on conflict (workspace, id) do update set doc = excluded.doc, matched = false",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// Removes profiles whose links are all held by others now.
///
/// # Errors
/// When the database refuses.
pub async fn remove<'a>(
    tx: &mut Tx,
    workspace: &str,
    ids: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let keys: Vec<Value> = ids.map(|id| json!({"id": id})).collect();
    if keys.is_empty() {
        return Ok(());
    }
    tx.sql("delete from profile where workspace = $1 and id in (select r.id from rows($2, r: id text))")
        .bind(workspace)
        .rows(&keys)
        .execute()
        .await
        .map(drop)
}

/// How many profiles there are.
///
/// # Errors
/// When the database refuses.
pub async fn count(db: &Db, workspace: &str) -> Result<i64> {
    let (count,): (i64,) = db
        .sql("select count(*) from profile where workspace = $1")
        .bind(workspace)
        .one()
        .await?;
    Ok(count)
}

/// Empties every derived table of the workspace, for a rebuild.
///
/// # Errors
/// When the database refuses.
pub async fn clear_derived(tx: &mut Tx, workspace: &str) -> Result<()> {
    for text in [
        "delete from link where workspace = $1",
        "delete from link_identifier where workspace = $1",
        "delete from identifier where workspace = $1",
        "delete from profile where workspace = $1",
        "delete from record where workspace = $1",
    ] {
        tx.sql(text).bind(workspace).execute().await?;
    }
    Ok(())
}
