//! Links, and the identifiers and marks that they carry.

use super::sql::row;
use super::{Db, Pending, Rows, Tx};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::identity::fast_path::SET_KEY;
use crate::identity::{APART, Identifier, Link, MOVED, MUST_LINK};
use crate::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A link as it is stored, with the profile that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLink {
    /// The link.
    pub link: Link,
    /// The profile that holds it now, unless none of its identifiers is usable.
    pub profile: Option<ProfileId>,
    /// Whether the fold left nothing out of it.
    pub complete: bool,
    /// Its identifier set key, as [`crate::identity::fast_path::set_keys`] has it.
    pub set_key: Option<String>,
}

impl StoredLink {
    /// Its rows of `link_identifier`: identifiers, marks and set key.
    #[must_use]
    pub fn rows(&self) -> BTreeSet<Identifier> {
        let all = self.link.identifiers.iter().chain(&self.link.marks);
        let key = self.set_key.iter().map(|key| Identifier::new(SET_KEY, key));
        all.cloned().chain(key).collect()
    }
}

struct LinkRow {
    id: LinkId,
    first_at: Time,
    profile: Option<ProfileId>,
    identifiers: String,
    complete: bool,
}

row!(LinkRow {
    id,
    first_at,
    profile,
    identifiers,
    complete
});

impl TryFrom<LinkRow> for StoredLink {
    type Error = Error;

    fn try_from(row: LinkRow) -> Result<Self> {
        let pairs: Vec<(String, String)> = serde_json::from_str(&row.identifiers)
            .map_err(|_| Error::internal(format!("link {} cannot be read", row.id)))?;
        let (mut marks, identifiers): (Vec<_>, _) = pairs
            .into_iter()
            .map(|(kind, value)| Identifier { kind, value })
            .partition(|id| [MUST_LINK, MOVED, APART, SET_KEY].contains(&id.kind.as_str()));
        let key = marks.iter().position(|mark| mark.kind == SET_KEY);
        let set_key = key.map(|at| marks.remove(at).value);
        Ok(Self {
            link: Link {
                id: row.id,
                first_at: row.first_at,
                identifiers,
                marks,
            },
            profile: row.profile,
            complete: row.complete,
            set_key,
        })
    }
}

/// A link's identifiers and marks as they are stored: `[["email", "ada@example.com"]]`.
fn written(held: &StoredLink) -> String {
    let all = held.link.identifiers.iter().chain(&held.link.marks);
    let pairs: Vec<(&str, &str)> = all
        .map(|id| (id.kind.as_str(), id.value.as_str()))
        .chain(held.set_key.iter().map(|key| (SET_KEY, key.as_str())))
        .collect();
    json!(pairs).to_string()
}

/// Ids as rows for `rows($n, r: link text)`: `[{"link": "l_1"}, {"link": "l_2"}]`.
pub(super) fn id_rows(links: &[LinkId]) -> Vec<LinkIdRow<'_>> {
    links.iter().map(|link| LinkIdRow { link }).collect()
}

/// A link's id as a row.
#[derive(Serialize)]
pub(super) struct LinkIdRow<'a> {
    link: &'a str,
}

/// Loads the stored links among these ids, pipelined.
#[must_use]
pub fn load_later(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    links: &[LinkId],
) -> Pending<Vec<StoredLink>> {
    tx.sql(
        "select l.id, l.first_at, l.profile, l.identifiers, l.complete
         from rows($2, r: link text) cross join link l where l.workspace = $1 and l.id = r.link",
    )
    .bind(workspace)
    .rows(&id_rows(links))
    .pipelined(|rows: Vec<LinkRow>| rows.into_iter().map(StoredLink::try_from).collect())
}

/// The stored links among these ids.
pub async fn load(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    links: &[LinkId],
) -> Result<Vec<StoredLink>> {
    load_later(tx, workspace, links).get(tx).await
}

/// The stored links that carry any of these identifiers.
pub async fn with_identifiers(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    identifiers: &[Identifier],
) -> Result<Vec<StoredLink>> {
    if identifiers.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(
        "select distinct l.id, l.first_at, l.profile, l.identifiers, l.complete
         from rows($2, r: kind text, value text)
         cross join link_identifier i cross join link l
         where i.workspace = $1 and i.kind = r.kind and i.value = r.value and l.workspace = $1 and l.id = i.link",
    )
    .bind(workspace)
    .rows(&identifiers)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(StoredLink::try_from)
    .collect()
}

struct IdentifierLinkRow {
    kind: String,
    value: String,
    link: LinkRow,
}

row!(IdentifierLinkRow { kind, value; ..link });

/// For each of these identifiers and set keys a stored link that it leads to: the first by id of
/// those that carry it. A set key without a row leads to the link of this id, which carries just
/// that set.
pub async fn one_by_identifier(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[Identifier],
) -> Result<Vec<(Identifier, StoredLink)>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .sql(
            "select r.kind, r.value, l.id, l.first_at, l.profile, l.identifiers, l.complete
             from rows($2, r: kind text, value text) cross join link l
             where l.workspace = $1 and l.id = coalesce(
               (select min(i.link) from link_identifier i
                where i.workspace = $1 and i.kind = r.kind and i.value = r.value), r.value)",
        )
        .bind(workspace)
        .rows(&keys)
        .all::<IdentifierLinkRow>()
        .await?;
    let read = |row: IdentifierLinkRow| {
        let key = Identifier::new(row.kind, row.value);
        Ok((key, StoredLink::try_from(row.link)?))
    };
    rows.into_iter().map(read).collect()
}

/// Writes links, whether new or known.
pub fn save(tx: &mut Tx, workspace: &WorkspaceId, links: &[&StoredLink]) {
    let rows = Rows::default()
        .text(links.iter().map(|held| held.link.id.as_str()))
        .bigint(links.iter().map(|held| held.link.first_at.ms()))
        .nullable(links.iter().map(|held| held.profile.as_deref()))
        .text(links.iter().copied().map(written))
        .boolean(links.iter().map(|held| held.complete));
    tx.insert(
        "insert into link (workspace, id, first_at, profile, identifiers, complete)
         values rows(text, bigint, text, text, boolean)
         on conflict (workspace, id) do update set first_at = excluded.first_at, profile = excluded.profile,
           identifiers = excluded.identifiers, complete = excluded.complete",
        workspace,
        rows,
    );
}

/// An identifier or mark, and a link that carries it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LinkIdentifier<'a> {
    /// The identifier or mark.
    #[serde(flatten)]
    pub identifier: &'a Identifier,
    /// The link's id.
    pub link: &'a LinkId,
}

/// Notes that links carry these identifiers and marks.
pub fn add_identifiers(tx: &mut Tx, workspace: &WorkspaceId, added: &[LinkIdentifier<'_>]) {
    let mut added = added.to_vec();
    added.sort_unstable_by_key(|one| (one.identifier, one.link));
    let rows = Rows::default()
        .text(added.iter().map(|one| one.identifier.kind.as_str()))
        .text(added.iter().map(|one| one.identifier.value.as_str()))
        .text(added.iter().map(|one| one.link.as_str()));
    tx.insert(
        "insert into link_identifier (workspace, kind, value, link) values rows(text, text, text) on conflict do nothing",
        workspace,
        rows,
    );
}

/// Notes that links no longer carry these identifiers and marks.
pub async fn remove_identifiers(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    removed: &[LinkIdentifier<'_>],
) -> Result<()> {
    if removed.is_empty() {
        return Ok(());
    }
    tx.sql(
        "delete from link_identifier where workspace = $1 and (kind, value, link) in
         (select r.kind, r.value, r.link from rows($2, r: kind text, value text, link text))",
    )
    .bind(workspace)
    .rows(&removed)
    .execute()
    .await
    .map(drop)
}

/// How many links there are.
pub async fn count(db: &Db, workspace: &WorkspaceId) -> Result<i64> {
    super::table::count(db, "link", workspace).await
}

/// The next `limit` links after `after` by id.
pub async fn page(
    db: &Db,
    workspace: &WorkspaceId,
    after: &LinkId,
    limit: i64,
) -> Result<Vec<StoredLink>> {
    db.sql(
        "select id, first_at, profile, identifiers, complete from link
         where workspace = $1 and id > $2 order by id limit $3",
    )
    .bind(workspace)
    .bind(after)
    .bind(limit)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(StoredLink::try_from)
    .collect()
}

/// The links of these profiles.
pub async fn of_profiles(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    profiles: &[ProfileId],
) -> Result<Vec<StoredLink>> {
    let keys: Vec<Value> = profiles.iter().map(|id| json!({"profile": id})).collect();
    tx.sql(
        "select l.id, l.first_at, l.profile, l.identifiers, l.complete from rows($2, r: profile text)
         cross join link l where l.workspace = $1 and l.profile = r.profile",
    )
    .bind(workspace)
    .rows(&keys)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(StoredLink::try_from)
    .collect()
}

/// The links of a profile, oldest first.
pub async fn of_profile(
    db: &Db,
    workspace: &WorkspaceId,
    profile: &ProfileId,
) -> Result<Vec<StoredLink>> {
    db.sql(
        "select id, first_at, profile, identifiers, complete from link where workspace = $1 and profile = $2
         order by first_at, id",
    )
    .bind(workspace)
    .bind(profile)
    .all::<LinkRow>()
    .await?
    .into_iter()
    .map(StoredLink::try_from)
    .collect()
}

/// A record of a people file, and the profile that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRecord {
    /// The source that it was imported from.
    pub source: String,
    /// Its id there.
    pub record: String,
    /// The profile; `None` if none is known for its id.
    pub profile: Option<ProfileId>,
}

row!(ImportedRecord {
    source,
    record,
    profile
});

/// The next imported records by source and id, after that one, each with its profile. If a record's
/// own id leads nowhere, it has the first by id of the profiles that hold its links.
pub async fn records(
    db: &Db,
    workspace: &WorkspaceId,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<ImportedRecord>> {
    db.sql(
        "select substr(i.kind, 8) as source, i.value as record, coalesce(i.profile,
           (select min(l.profile) from link_identifier c cross join link l
            where c.workspace = $1 and c.kind = i.kind and c.value = i.value and l.workspace = $1 and l.id = c.link)) as profile
         from identifier i
         where i.workspace = $1 and i.kind collate binary < 'record/'
           and (i.kind collate binary, i.value collate binary) > ('record.' || $2, $3)
         order by i.kind collate binary, i.value collate binary limit $4",
    )
    .bind(workspace)
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
    .all()
    .await
}
