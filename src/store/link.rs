//! Links, the identifiers they carry, and where each identifier leads.

use super::{Db, Tx};
use crate::identity::{APART, Identifier, Known, Link, MERGED, MOVED, Wall};
use crate::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;
use std::collections::BTreeMap;

/// A link as it is stored, with the profile that holds it.
#[derive(Clone, Debug)]
pub struct Held {
    /// The link.
    pub link: Link,
    /// The profile that holds it now, unless none of its identifiers is usable.
    pub profile: Option<String>,
}

#[derive(FromRow)]
struct LinkRow {
    id: String,
    first_at: i64,
    profile: Option<String>,
    identifiers: String,
}

impl TryFrom<LinkRow> for Held {
    type Error = Error;

    fn try_from(row: LinkRow) -> Result<Self> {
        let pairs: Vec<(String, String)> = serde_json::from_str(&row.identifiers)
            .map_err(|_| Error::internal(format!("link {} cannot be read", row.id)))?;
        let (marks, identifiers) = pairs
            .into_iter()
            .map(|(kind, value)| Identifier { kind, value })
            .partition(|id| [MERGED, MOVED, APART].contains(&id.kind.as_str()));
        Ok(Self {
            link: Link {
                id: row.id,
                first_at: row.first_at,
                identifiers,
                marks,
            },
            profile: row.profile,
        })
    }
}

#[derive(Serialize)]
struct NewLink<'a> {
    id: &'a str,
    first_at: i64,
    profile: Option<&'a str>,
    identifiers: String,
}

impl<'a> NewLink<'a> {
    fn of(held: &'a Held) -> Self {
        let Held { link, profile } = held;
        let all = link.identifiers.iter().chain(&link.marks);
        let pairs: Vec<(&str, &str)> = all
            .map(|id| (id.kind.as_str(), id.value.as_str()))
            .collect();
        Self {
            id: &link.id,
            first_at: link.first_at,
            profile: profile.as_deref(),
            identifiers: json!(pairs).to_string(),
        }
    }
}

/// Where an identifier leads.
#[derive(Serialize)]
struct Leads<'a> {
    #[serde(flatten)]
    identifier: &'a Identifier,
    profile: Option<&'a str>,
    shared: bool,
}

/// Ids as rows for a `rows($n, r: link text)`.
pub(super) fn keys(links: &[String]) -> Vec<Value> {
    links.iter().map(|link| json!({"link": link})).collect()
}

/// The stored links among these ids.
///
/// # Errors
/// When the database refuses.
pub async fn load(tx: &mut Tx, workspace: &str, links: &[String]) -> Result<Vec<Held>> {
    tx.sql(
        "select l.id, l.first_at, l.profile, l.identifiers
         from rows($2, r: link text) cross join link l where l.workspace = $1 and l.id = r.link",
    )
    .bind(workspace)
    .rows(&keys(links))
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(Held::try_from)
    .collect()
}

/// The stored links that carry any of these identifiers.
///
/// # Errors
/// When the database refuses.
pub async fn carrying(
    tx: &mut Tx,
    workspace: &str,
    identifiers: &[Identifier],
) -> Result<Vec<Held>> {
    tx.sql(
        "select distinct l.id, l.first_at, l.profile, l.identifiers
         from rows($2, r: kind text, value text)
         cross join link_identifier i cross join link l
         where i.workspace = $1 and i.kind = r.kind and i.value = r.value and l.workspace = $1 and l.id = i.link",
    )
    .bind(workspace)
    .rows(&identifiers)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(Held::try_from)
    .collect()
}

/// Where each of these identifiers leads, which of them are shared, and what stewards keep them apart from.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub async fn owners(
    tx: &mut Tx,
    workspace: &str,
    identifiers: &[Identifier],
) -> Result<(BTreeMap<Identifier, Option<String>>, Known)> {
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

/// Writes links, whether new or known.
///
/// # Errors
/// When the database refuses.
pub async fn save(tx: &mut Tx, workspace: &str, links: &[Held]) -> Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    let rows: Vec<NewLink<'_>> = links.iter().map(NewLink::of).collect();
    tx.sql(
        "insert into link (workspace, id, first_at, profile, identifiers)
         select $1, r.id, r.first_at, r.profile, r.identifiers
         from rows($2, r: id text, first_at bigint, profile text, identifiers text)
         where true on conflict (workspace, id) do update
         set first_at = excluded.first_at, profile = excluded.profile, identifiers = excluded.identifiers",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// An identifier or mark, and a link that carries it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Carries<'a> {
    /// The identifier or mark.
    #[serde(flatten)]
    pub identifier: &'a Identifier,
    /// The link's id.
    pub link: &'a str,
}

/// Notes that links carry these identifiers and marks.
///
/// # Errors
/// When the database refuses.
pub async fn carry(tx: &mut Tx, workspace: &str, carried: &[Carries<'_>]) -> Result<()> {
    if carried.is_empty() {
        return Ok(());
    }
    tx.sql(
        "insert into link_identifier (workspace, kind, value, link) select $1, r.kind, r.value, r.link
         from rows($2, r: kind text, value text, link text) where true on conflict do nothing",
    )
    .bind(workspace)
    .rows(&carried)
    .execute()
    .await
    .map(drop)
}

/// Notes that links no longer carry these identifiers and marks.
///
/// # Errors
/// When the database refuses.
pub async fn shed(tx: &mut Tx, workspace: &str, shed: &[Carries<'_>]) -> Result<()> {
    if shed.is_empty() {
        return Ok(());
    }
    tx.sql(
        "delete from link_identifier where workspace = $1 and (kind, value, link) in
         (select r.kind, r.value, r.link from rows($2, r: kind text, value text, link text))",
    )
    .bind(workspace)
    .rows(&shed)
    .execute()
    .await
    .map(drop)
}

/// Sets where identifiers lead.
///
/// # Errors
/// When the database refuses.
pub async fn point(
    tx: &mut Tx,
    workspace: &str,
    to: &[(&Identifier, Option<&str>, bool)],
) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let rows: Vec<Leads<'_>> = to
        .iter()
        .map(|(identifier, profile, shared)| Leads {
            identifier,
            profile: *profile,
            shared: *shared,
        })
        .collect();
    tx.sql(
        "insert into identifier (workspace, kind, value, profile, shared)
         select $1, r.kind, r.value, r.profile, r.shared
         from rows($2, r: kind text, value text, profile text, shared boolean)
         where true on conflict (workspace, kind, value) do update set profile = excluded.profile, shared = excluded.shared",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// The links of a profile, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_profile(db: &Db, workspace: &str, profile: &str) -> Result<Vec<Held>> {
    db.sql(
        "select id, first_at, profile, identifiers from link where workspace = $1 and profile = $2
         order by first_at, id",
    )
    .bind(workspace)
    .bind(profile)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(Held::try_from)
    .collect()
}
