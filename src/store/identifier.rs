//! Identifiers: where each leads, whether it is shared, and what stewards keep it apart from.

use super::{Db, Rows, Tx};
use crate::identity::{Identifier, Known, Wall};
use crate::{Error, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where each of these identifiers leads, which of them are shared, and what stewards keep them apart from.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub async fn owners(
    tx: &mut Tx,
    workspace: &str,
    identifiers: &[Identifier],
) -> Result<(BTreeMap<Identifier, Option<String>>, Known)> {
    if identifiers.is_empty() {
        return Ok(Default::default());
    }
    let rows: Vec<OwnerRow> = tx
        .sql(
            "select i.kind, i.value, i.profile, i.shared, i.walls from rows($2, r: kind text, value text)
             cross join identifier i where i.workspace = $1 and i.kind = r.kind and i.value = r.value",
        )
        .bind(workspace)
        .rows(&identifiers)
        .all()
        .await?;
    let (mut owners, mut known) = (BTreeMap::new(), Known::default());
    for (kind, value, profile, shared, walls) in rows {
        let identifier = Identifier { kind, value };
        if shared {
            known.shared.insert(identifier.clone());
        }
        if let Some(walls) = walls {
            known.walls.insert(identifier.clone(), read_walls(&walls)?);
        }
        owners.insert(identifier, profile);
    }
    Ok((owners, known))
}

type OwnerRow = (String, String, Option<String>, bool, Option<String>);

/// Walls as they are stored: `[["d_…", true]]`.
fn read_walls(text: &str) -> Result<Vec<Wall>> {
    let pairs: Vec<(String, bool)> = serde_json::from_str(text)
        .map_err(|_| Error::internal("the walls of an identifier cannot be read"))?;
    Ok(pairs
        .into_iter()
        .map(|(decision, off)| Wall { decision, off })
        .collect())
}

/// Sets what keeps each of these identifiers apart from others.
///
/// # Errors
/// When the database refuses.
pub async fn set_walls<'a>(
    tx: &mut Tx,
    workspace: &str,
    walls: impl Iterator<Item = (&'a Identifier, &'a [Wall])>,
) -> Result<()> {
    let row = |(identifier, walls): (&Identifier, &[Wall])| {
        let pairs: Vec<(&str, bool)> = walls
            .iter()
            .map(|wall| (wall.decision.as_str(), wall.off))
            .collect();
        let text = (!pairs.is_empty()).then(|| json!(pairs).to_string());
        json!({"kind": identifier.kind, "value": identifier.value, "walls": text})
    };
    let rows: Vec<Value> = walls.map(row).collect();
    tx.sql(
        "insert into identifier (workspace, kind, value, shared, walls)
         select $1, r.kind, r.value, false, r.walls from rows($2, r: kind text, value text, walls text)
         where true on conflict (workspace, kind, value) do update set walls = excluded.walls",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// Where an identifier leads, as it is stored.
#[derive(Clone, Debug)]
pub struct Leading {
    /// The identifier.
    pub identifier: Identifier,
    /// The profile, unless it leads nowhere.
    pub profile: Option<String>,
    /// Whether it is shared.
    pub shared: bool,
    /// What keeps it apart from others.
    pub walls: Vec<Wall>,
}

/// The next `limit` identifiers after `after`, by kind and value.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub async fn leading(
    db: &Db,
    workspace: &str,
    after: &Identifier,
    limit: i64,
) -> Result<Vec<Leading>> {
    let rows: Vec<OwnerRow> = db
        .sql(
            "select kind, value, profile, shared, walls from identifier
             where workspace = $1 and (kind, value) > ($2, $3) order by kind, value limit $4",
        )
        .bind(workspace)
        .bind(&after.kind)
        .bind(&after.value)
        .bind(limit)
        .all()
        .await?;
    let read = |(kind, value, profile, shared, walls): OwnerRow| {
        Ok(Leading {
            identifier: Identifier { kind, value },
            profile,
            shared,
            walls: walls.map_or(Ok(Vec::new()), |walls| read_walls(&walls))?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Forgets those of these identifiers that no link carries and nothing keeps apart.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tx: &mut Tx, workspace: &str, identifiers: &[&Identifier]) -> Result<()> {
    if identifiers.is_empty() {
        return Ok(());
    }
    tx.sql(
        "delete from identifier where workspace = $1 and walls is null
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

/// The profiles that hold identifiers which stewards keep apart from others.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub async fn walled(db: &Db, workspace: &str) -> Result<Vec<(String, Wall)>> {
    let rows: Vec<(String, String)> = db
        .sql("select profile, walls from identifier where workspace = $1 and walls is not null and profile is not null")
        .bind(workspace)
        .all()
        .await?;
    let mut walled = Vec::new();
    for (profile, walls) in rows {
        let walls = read_walls(&walls)?.into_iter();
        walled.extend(walls.map(|wall| (profile.clone(), wall)));
    }
    Ok(walled)
}

/// Notes that values are not shared any more.
///
/// # Errors
/// When the database refuses.
pub async fn unshare(tx: &mut Tx, workspace: &str, identifiers: &[Identifier]) -> Result<()> {
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

/// Sets where identifiers lead.
pub fn point(tx: &mut Tx, workspace: &str, to: &[(&Identifier, Option<&str>, bool)]) {
    let rows = Rows::default()
        .text(to.iter().map(|(id, _, _)| id.kind.as_str()))
        .text(to.iter().map(|(id, _, _)| id.value.as_str()))
        .nullable(to.iter().map(|(_, profile, _)| *profile))
        .boolean(to.iter().map(|(_, _, shared)| *shared));
    tx.insert(
        "insert into identifier (workspace, kind, value, profile, shared) values rows(text, text, text, boolean)
         on conflict (workspace, kind, value) do update set profile = excluded.profile, shared = excluded.shared",
        workspace,
        rows,
    );
}
