//! Links, the identifiers they carry, and where each identifier leads.

use super::{Db, Tx};
use crate::identity::{Identifier, Link};
use crate::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;
use std::collections::{BTreeMap, HashSet};

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
        let identifiers = pairs
            .into_iter()
            .map(|(kind, value)| Identifier { kind, value })
            .collect();
        Ok(Self {
            link: Link {
                id: row.id,
                first_at: row.first_at,
                identifiers,
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
        let pairs: Vec<(&str, &str)> = link
            .identifiers
            .iter()
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

/// An identifier and a link that carries it.
#[derive(Serialize)]
struct Carried<'a> {
    #[serde(flatten)]
    identifier: &'a Identifier,
    link: &'a str,
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

/// Where each of these identifiers leads, and which of them are shared.
///
/// # Errors
/// When the database refuses.
pub async fn owners(
    tx: &mut Tx,
    workspace: &str,
    identifiers: &[Identifier],
) -> Result<(BTreeMap<Identifier, Option<String>>, HashSet<Identifier>)> {
    let rows: Vec<(String, String, Option<String>, bool)> = tx
        .sql(
            "select i.kind, i.value, i.profile, i.shared from rows($2, r: kind text, value text)
             cross join identifier i where i.workspace = $1 and i.kind = r.kind and i.value = r.value",
        )
        .bind(workspace)
        .rows(&identifiers)
        .all()
        .await?;
    let (mut owners, mut shared) = (BTreeMap::new(), HashSet::new());
    for (kind, value, profile, is_shared) in rows {
        let identifier = Identifier { kind, value };
        if is_shared {
            shared.insert(identifier.clone());
        }
        owners.insert(identifier, profile);
    }
    Ok((owners, shared))
}

/// Writes links: new ones with their identifiers, known ones with their first time and profile.
///
/// # Errors
/// When the database refuses.
pub async fn save(
    tx: &mut Tx,
    workspace: &str,
    links: &[&Held],
    new: &HashSet<String>,
) -> Result<()> {
    let rows: Vec<NewLink<'_>> = links.iter().map(|held| NewLink::of(held)).collect();
    tx.sql(
        "insert into link (workspace, id, first_at, profile, identifiers)
         select $1, r.id, r.first_at, r.profile, r.identifiers
         from rows($2, r: id text, first_at bigint, profile text, identifiers text)
         where true on conflict (workspace, id) do update set first_at = excluded.first_at, profile = excluded.profile",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await?;
    let carried: Vec<Carried<'_>> = links
        .iter()
        .filter(|held| new.contains(&held.link.id))
        .flat_map(|held| {
            held.link.identifiers.iter().map(|identifier| Carried {
                identifier,
                link: &held.link.id,
            })
        })
        .collect();
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
