//! Orders and tickets: stored for each link that tells of them, read for each customer.

use super::sql::row;
use super::{Db, Pending, Rows, Tx};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::profile::packed;
use crate::profile::record::{Record, RecordKind};
use crate::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one link knows of a record.
#[derive(Clone, Debug)]
pub struct LinkRecord {
    /// The kind of record.
    pub kind: RecordKind,
    /// The link.
    pub link: LinkId,
    /// The profile that holds the link.
    pub profile: Option<ProfileId>,
    /// What it knows.
    pub record: Arc<Record>,
}

struct LinkRecordRow {
    kind: String,
    link: LinkId,
    profile: Option<ProfileId>,
    doc: Vec<u8>,
}

row!(LinkRecordRow {
    kind,
    link,
    profile,
    doc
});

impl TryFrom<LinkRecordRow> for LinkRecord {
    type Error = Error;

    fn try_from(row: LinkRecordRow) -> Result<Self> {
        let broken = || Error::internal("a record cannot be read");
        let kind = RecordKind::parse(&row.kind).ok_or_else(broken)?;
        let record = packed::unpack(&row.doc).ok_or_else(broken)?;
        let record = Arc::new(record);
        Ok(Self {
            kind,
            link: row.link,
            profile: row.profile,
            record,
        })
    }
}

fn read(rows: Vec<LinkRecordRow>) -> Result<Vec<LinkRecord>> {
    rows.into_iter().map(LinkRecord::try_from).collect()
}

/// Asks for all that links know of these orders and tickets.
#[must_use]
pub fn load_later(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[(RecordKind, &str)],
) -> Pending<Vec<LinkRecord>> {
    #[derive(Serialize)]
    struct RecordKey<'a> {
        kind: &'static str,
        id: &'a str,
    }
    if ids.is_empty() {
        return Pending::ready(Vec::new());
    }
    let keys = ids.iter().map(|(kind, id)| RecordKey {
        kind: kind.as_str(),
        id,
    });
    let keys: Vec<RecordKey<'_>> = keys.collect();
    tx.sql(
        "select c.kind, c.link, l.profile, c.doc from rows($2, r: kind text, id text)
         cross join record c cross join link l
         where c.workspace = $1 and c.kind = r.kind and c.id = r.id and l.workspace = $1 and l.id = c.link",
    )
    .bind(workspace)
    .rows(&keys)
    .pipelined(read)
}

/// All that links know of these orders and tickets.
pub async fn load(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[(RecordKind, &str)],
) -> Result<Vec<LinkRecord>> {
    load_later(tx, workspace, ids).get(tx).await
}

/// The orders and tickets that some of these links and some of the `others` know of.
pub async fn known_to_both(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    links: &[LinkId],
    others: &[LinkId],
) -> Result<Vec<(RecordKind, String)>> {
    let rows: Vec<(String, String)> = tx
        .sql(
            "select distinct c.kind, c.id from rows($2, r: link text)
             cross join record c cross join record d
             where c.workspace = $1 and c.link = r.link
               and d.workspace = $1 and d.kind = c.kind and d.id = c.id
               and d.link in (select o.link from rows($3, o: link text))",
        )
        .bind(workspace)
        .rows(&super::link::id_rows(links))
        .rows(&super::link::id_rows(others))
        .all()
        .await?;
    let key = |(kind, id): (String, String)| Some((RecordKind::parse(&kind)?, id));
    Ok(rows.into_iter().filter_map(key).collect())
}

/// All that the links of a profile know of one kind of record.
pub async fn of_profile(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    profile: &ProfileId,
    kind: RecordKind,
) -> Result<Vec<LinkRecord>> {
    let rows = tx
        .sql(
            "select c.kind, c.link, l.profile, c.doc from link l cross join record c
             where l.workspace = $1 and l.profile = $2 and c.workspace = l.workspace and c.link = l.id and c.kind = $3",
        )
        .bind(workspace)
        .bind(profile)
        .bind(kind.as_str())
        .all()
        .await?;
    read(rows)
}

/// Forgets what these links know.
pub async fn remove(tx: &mut Tx, workspace: &WorkspaceId, links: &[LinkId]) -> Result<()> {
    tx.sql("delete from record where workspace = $1 and link in (select r.link from rows($2, r: link text))")
        .bind(workspace)
        .rows(&super::link::id_rows(links))
        .execute()
        .await
        .map(drop)
}

/// What one link knows now, to be written.
#[derive(Debug)]
pub struct NewRecord<'a> {
    /// The kind of record.
    pub kind: RecordKind,
    /// The link.
    pub link: &'a LinkId,
    /// What it knows.
    pub record: &'a Record,
    /// The same packed, if the caller has packed it already.
    pub doc: Option<Arc<[u8]>>,
}

/// Writes what links know.
pub fn save(tx: &mut Tx, workspace: &WorkspaceId, records: &[NewRecord<'_>]) {
    let doc = |new: &NewRecord<'_>| match &new.doc {
        Some(doc) => Arc::clone(doc),
        None => packed::pack(new.record).into(),
    };
    let docs = records.iter().map(doc).collect();
    let rows = Rows::default()
        .text(records.iter().map(|new| new.kind.as_str()))
        .text(records.iter().map(|new| new.record.id.as_str()))
        .text(records.iter().map(|new| new.link.as_str()))
        .bigint(records.iter().map(|new| new.record.began_at.ms()))
        .bytes(docs);
    tx.insert(
        "insert into record (workspace, kind, id, link, began_at, doc) values rows(text, text, text, bigint, bytea)
         on conflict (workspace, kind, id, link) do update set began_at = excluded.began_at, doc = excluded.doc",
        workspace,
        rows,
    );
}

/// A customer's orders or tickets before `(began_at, id)`, newest first, each merged over the links that know of it. Ids are
/// compared by their bytes, as profiles compare them.
pub async fn history(
    db: &Db,
    workspace: &WorkspaceId,
    profile: &ProfileId,
    kind: RecordKind,
    before: (Time, &str),
    limit: i64,
) -> Result<Vec<Record>> {
    let rows: Vec<LinkRecordRow> = db
        .sql(
            "with page as (
               select c.id, min(c.began_at) as began_at from link l cross join record c
               where l.workspace = $1 and l.profile = $2 and c.workspace = l.workspace and c.link = l.id and c.kind = $3
               group by c.id having (min(c.began_at), c.id collate binary) < ($4, $5)
               order by 2 desc, c.id collate binary desc limit $6)
             select c.kind, c.link, l.profile, c.doc from page cross join record c cross join link l
             where c.workspace = $1 and c.kind = $3 and c.id = page.id and l.workspace = $1 and l.id = c.link and l.profile = $2",
        )
        .bind(workspace)
        .bind(profile)
        .bind(kind.as_str())
        .bind(before.0)
        .bind(before.1)
        .bind(limit)
        .all()
        .await?;
    let mut merged = merge(read(rows)?);
    merged.sort_unstable_by(|a, b| (b.began_at, &b.id).cmp(&(a.began_at, &a.id)));
    Ok(merged)
}

/// What several links know, as one record per order or ticket.
#[must_use]
pub fn merge(records: Vec<LinkRecord>) -> Vec<Record> {
    let mut merged: BTreeMap<String, Record> = BTreeMap::new();
    for LinkRecord { record, .. } in records {
        match merged.get_mut(&record.id) {
            Some(held) => held.merge(&record),
            None => {
                let record = Arc::unwrap_or_clone(record);
                merged.insert(record.id.clone(), record);
            }
        }
    }
    merged.into_values().collect()
}
