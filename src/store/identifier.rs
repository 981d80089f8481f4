//! Identifiers: where each leads, whether it is shared, and its cannot-link constraints.

use super::{Db, Rows, Tx};
use crate::id::{ProfileId, WorkspaceId};
use crate::identity::{CannotLink, Constraints, Identifier};
use crate::{Error, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where each of these identifiers leads, and the constraints on them.
pub async fn owners(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    identifiers: &[Identifier],
) -> Result<(BTreeMap<Identifier, Option<ProfileId>>, Constraints)> {
    if identifiers.is_empty() {
        return Ok(Default::default());
    }
    let rows: Vec<OwnerRow> = tx
        .sql(
            "select i.kind, i.value, i.profile, i.shared, i.cannot_links from rows($2, r: kind text, value text)
             cross join identifier i where i.workspace = $1 and i.kind = r.kind and i.value = r.value",
        )
        .bind(workspace)
        .rows(&identifiers)
        .all()
        .await?;
    let (mut owners, mut constraints) = (BTreeMap::new(), Constraints::default());
    for (kind, value, profile, shared, cannot_links) in rows {
        let identifier = Identifier { kind, value };
        if shared {
            constraints.shared.insert(identifier.clone());
        }
        if let Some(cannot_links) = cannot_links {
            constraints
                .cannot_links
                .insert(identifier.clone(), read_cannot_links(&cannot_links)?);
        }
        owners.insert(identifier, profile);
    }
    Ok((owners, constraints))
}

type OwnerRow = (String, String, Option<ProfileId>, bool, Option<String>);

/// Cannot-link constraints as they are stored: `[["d_…", true]]`.
fn read_cannot_links(text: &str) -> Result<Vec<CannotLink>> {
    let pairs: Vec<(String, bool)> = serde_json::from_str(text)
        .map_err(|_| Error::internal("the constraints of an identifier cannot be read"))?;
    Ok(pairs
        .into_iter()
        .map(|(decision, off)| CannotLink { decision, off })
        .collect())
}

/// Sets the cannot-link constraints of identifiers.
pub async fn set_cannot_links<'a>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    cannot_links: impl Iterator<Item = (&'a Identifier, &'a [CannotLink])>,
) -> Result<()> {
    let row = |(identifier, cannot_links): (&Identifier, &[CannotLink])| {
        let pairs: Vec<(&str, bool)> = cannot_links
            .iter()
            .map(|one| (one.decision.as_str(), one.off))
            .collect();
        let text = (!pairs.is_empty()).then(|| json!(pairs).to_string());
        json!({"kind": identifier.kind, "value": identifier.value, "cannot_links": text})
    };
    let rows: Vec<Value> = cannot_links.map(row).collect();
    tx.sql(
        "insert into identifier (workspace, kind, value, shared, cannot_links)
         select $1, r.kind, r.value, false, r.cannot_links from rows($2, r: kind text, value text, cannot_links text)
         where true on conflict (workspace, kind, value) do update set cannot_links = excluded.cannot_links",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// Where an identifier leads, as it is stored.
#[derive(Clone, Debug)]
pub struct StoredIdentifier {
    /// The identifier.
    pub identifier: Identifier,
    /// The profile, unless it leads nowhere.
    pub profile: Option<ProfileId>,
    /// Whether it is shared.
    pub shared: bool,
    /// Its cannot-link constraints.
    pub cannot_links: Vec<CannotLink>,
}

/// The next `limit` identifiers after `after`, by kind and value.
pub async fn page(
    db: &Db,
    workspace: &WorkspaceId,
    after: &Identifier,
    limit: i64,
) -> Result<Vec<StoredIdentifier>> {
    let rows: Vec<OwnerRow> = db
        .sql(
            "select kind, value, profile, shared, cannot_links from identifier
             where workspace = $1 and (kind, value) > ($2, $3) order by kind, value limit $4",
        )
        .bind(workspace)
        .bind(&after.kind)
        .bind(&after.value)
        .bind(limit)
        .all()
        .await?;
    let read = |(kind, value, profile, shared, cannot_links): OwnerRow| {
        Ok(StoredIdentifier {
            identifier: Identifier { kind, value },
            profile,
            shared,
            cannot_links: cannot_links.map_or(Ok(Vec::new()), |cannot_links| {
                read_cannot_links(&cannot_links)
            })?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Forgets those of these identifiers that no link carries and that have no cannot-link constraint.
pub async fn forget(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    identifiers: &[&Identifier],
) -> Result<()> {
    if identifiers.is_empty() {
        return Ok(());
    }
    tx.sql(
        "delete from identifier where workspace = $1 and cannot_links is null
           and (kind, value) in (select r.kind, r.value from rows($2, r: kind text, value text))
           and not exists (select 1 from link_identifier c
             where c.workspace = $1 and c.kind = identifier.kind and c.value = identifier.value)",
    )
    .bind(workspace)
    .rows(&identifiers)
    .execute()
    .await
    .map(drop)
}

/// The cannot-link constraints of all identifiers, each with the profile that holds its identifier.
pub async fn cannot_links(
    db: &Db,
    workspace: &WorkspaceId,
) -> Result<Vec<(ProfileId, CannotLink)>> {
    let rows: Vec<(ProfileId, String)> = db
        .sql("select profile, cannot_links from identifier where workspace = $1 and cannot_links is not null and profile is not null")
        .bind(workspace)
        .all()
        .await?;
    let mut found = Vec::new();
    for (profile, cannot_links) in rows {
        let cannot_links = read_cannot_links(&cannot_links)?.into_iter();
        found.extend(cannot_links.map(|one| (profile.clone(), one)));
    }
    Ok(found)
}

/// Notes that values are not shared any more.
pub async fn unshare(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    identifiers: &[Identifier],
) -> Result<()> {
    if identifiers.is_empty() {
        return Ok(());
    }
    tx.sql(
        "update identifier set shared = false where workspace = $1 and (kind, value) in
         (select r.kind, r.value from rows($2, r: kind text, value text))",
    )
    .bind(workspace)
    .rows(&identifiers)
    .execute()
    .await
    .map(drop)
}

/// Where an identifier leads from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOwner {
    /// The identifier.
    pub identifier: Identifier,
    /// The profile, unless it leads nowhere.
    pub profile: Option<ProfileId>,
    /// Whether it is shared.
    pub shared: bool,
}

/// Sets where identifiers lead.
pub fn set_owners(tx: &mut Tx, workspace: &WorkspaceId, owners: &[&NewOwner]) {
    let mut owners = owners.to_vec();
    owners.sort_unstable_by(|a, b| a.identifier.cmp(&b.identifier));
    let rows = Rows::default()
        .text(owners.iter().map(|new| new.identifier.kind.as_str()))
        .text(owners.iter().map(|new| new.identifier.value.as_str()))
        .nullable(owners.iter().map(|new| new.profile.as_deref()))
        .boolean(owners.iter().map(|new| new.shared));
    tx.insert(
        "insert into identifier (workspace, kind, value, profile, shared) values rows(text, text, text, boolean)
         on conflict (workspace, kind, value) do update set profile = excluded.profile, shared = excluded.shared",
        workspace,
        rows,
    );
}
