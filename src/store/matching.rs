//! The model of matching, and the index by which one customer is matched against all others.
//!
//! A run over everyone writes the model, the people by number, and buckets of their blocking keys.
//! A customer that is matched alone later adds rows to `match_key`. Both hold links' ids, which
//! lead to the present profiles.

use super::sql::row;
use super::table::{self, TableKind};
use super::{Db, Tx};
use crate::clock::Time;
use crate::id::{ProfileId, WorkspaceId};
use crate::profile::Profile;
use crate::{Error, Result};
use data_encoding::BASE64_NOPAD;
use serde_json::{Value, json};

/// Most rows that one statement writes.
const ROWS: usize = 500;
/// Bytes of an entry of a bucket: 8 of a key, 4 of a person's number.
const ENTRY: usize = 12;

/// A stored model.
#[derive(Clone, Debug)]
pub struct StoredModel {
    /// The model as JSON.
    pub doc: String,
    /// How many buckets its index has.
    pub buckets: i64,
    /// When it was trained.
    pub trained_at: Time,
}

row!(StoredModel {
    doc,
    buckets,
    trained_at
});

/// The model trained last.
pub async fn model(db: &Db, workspace: &WorkspaceId) -> Result<Option<StoredModel>> {
    db.sql("select doc, buckets, trained_at from match_model where workspace = $1")
        .bind(workspace)
        .optional()
        .await
}

/// Writes a model, and empties the index for the one of the same run.
pub async fn set_model(tx: &mut Tx, workspace: &WorkspaceId, model: &StoredModel) -> Result<()> {
    table::clear(tx, workspace, TableKind::Index).await?;
    tx.sql("insert into match_model (workspace, doc, buckets, trained_at) values ($1, $2, $3, $4)")
        .bind(workspace)
        .bind(&model.doc)
        .bind(model.buckets)
        .bind(model.trained_at)
        .execute()
        .await
        .map(drop)
}

/// Writes the people of a run. A person's number is the position in the slice.
pub async fn add_people(tx: &mut Tx, workspace: &WorkspaceId, people: &[ProfileId]) -> Result<()> {
    for (page, people) in people.chunks(ROWS).enumerate() {
        let rows: Vec<Value> = people
            .iter()
            .enumerate()
            .map(|(at, profile)| json!({"number": page * ROWS + at, "profile": profile}))
            .collect();
        tx.sql(
            "insert into match_person (workspace, number, profile)
             select $1, r.number, r.profile from rows($2, r: number bigint, profile text)",
        )
        .bind(workspace)
        .rows(&rows)
        .execute()
        .await?;
    }
    Ok(())
}

/// A bucket's number, and its entries: a blocking key and the number of a person that has it.
pub type Bucket = (i64, Vec<(u64, u32)>);

/// Writes buckets of the index.
pub async fn add_buckets(tx: &mut Tx, workspace: &WorkspaceId, buckets: &[Bucket]) -> Result<()> {
    let row = |(bucket, entries): &Bucket| {
        let bytes = entries.iter().flat_map(|(key, person)| {
            let mut entry = [0; ENTRY];
            entry[..8].copy_from_slice(&key.to_le_bytes());
            entry[8..].copy_from_slice(&person.to_le_bytes());
            entry
        });
        json!({"bucket": bucket, "entries": BASE64_NOPAD.encode(&bytes.collect::<Vec<u8>>())})
    };
    let rows: Vec<Value> = buckets.iter().map(row).collect();
    tx.sql(
        "insert into match_bucket (workspace, bucket, entries)
         select $1, r.bucket, r.entries from rows($2, r: bucket bigint, entries text)",
    )
    .bind(workspace)
    .rows(&rows)
    .execute()
    .await
    .map(drop)
}

/// The entries of these buckets.
pub async fn buckets(db: &Db, workspace: &WorkspaceId, buckets: &[i64]) -> Result<Vec<(u64, u32)>> {
    let keys: Vec<Value> = buckets
        .iter()
        .map(|bucket| json!({"bucket": bucket}))
        .collect();
    let rows: Vec<(String,)> = db
        .sql(
            "select b.entries from rows($2, r: bucket bigint) cross join match_bucket b
             where b.workspace = $1 and b.bucket = r.bucket",
        )
        .bind(workspace)
        .rows(&keys)
        .all()
        .await?;
    let mut entries = Vec::new();
    for (text,) in rows {
        let bytes = BASE64_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| Error::internal("a bucket of the index of matching cannot be read"))?;
        entries.extend(bytes.chunks_exact(ENTRY).map(|entry| {
            let (key, person) = entry.split_at(8);
            let key = key.try_into().map_or(0, u64::from_le_bytes);
            let person = person.try_into().map_or(0, u32::from_le_bytes);
            (key, person)
        }));
    }
    Ok(entries)
}

/// The profiles that the people with these numbers belong to now.
pub async fn holders(db: &Db, workspace: &WorkspaceId, people: &[u32]) -> Result<Vec<ProfileId>> {
    let keys: Vec<Value> = people
        .iter()
        .map(|number| json!({"number": number}))
        .collect();
    let rows: Vec<(ProfileId,)> = db
        .sql(
            "select distinct l.profile from rows($2, r: number bigint) cross join match_person p cross join link l
             where p.workspace = $1 and p.number = r.number and l.workspace = $1 and l.id = p.profile
               and l.profile is not null",
        )
        .bind(workspace)
        .rows(&keys)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(profile,)| profile).collect())
}

/// The key as it is stored: the same bits as a signed number.
fn signed(key: u64) -> i64 {
    i64::from_le_bytes(key.to_le_bytes())
}

/// Adds one customer's keys to the index.
pub async fn add_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    profile: &ProfileId,
    keys: &[u64],
) -> Result<()> {
    let rows: Vec<Value> = keys
        .iter()
        .map(|key| json!({"key": signed(*key)}))
        .collect();
    tx.sql(
        "insert into match_key (workspace, key, profile) select $1, r.key, $3 from rows($2, r: key bigint)
         where true on conflict do nothing",
    )
    .bind(workspace)
    .rows(&rows)
    .bind(profile)
    .execute()
    .await
    .map(drop)
}

/// At most `limit` pairs of one of these keys and a profile that has it, among the customers that
/// were matched alone.
pub async fn added(
    db: &Db,
    workspace: &WorkspaceId,
    keys: &[u64],
    limit: i64,
) -> Result<Vec<(u64, ProfileId)>> {
    let rows: Vec<Value> = keys
        .iter()
        .map(|key| json!({"key": signed(*key)}))
        .collect();
    let found: Vec<(i64, ProfileId)> = db
        .sql(
            "select k.key, l.profile from rows($2, r: key bigint) cross join match_key k cross join link l
             where k.workspace = $1 and k.key = r.key and l.workspace = $1 and l.id = k.profile
               and l.profile is not null limit $3",
        )
        .bind(workspace)
        .rows(&rows)
        .bind(limit)
        .all()
        .await?;
    let unsigned =
        |(key, profile): (i64, ProfileId)| (u64::from_le_bytes(key.to_le_bytes()), profile);
    Ok(found.into_iter().map(unsigned).collect())
}

/// The next `limit` profiles whose ids are greater than `after`.
pub async fn profiles(
    db: &Db,
    workspace: &WorkspaceId,
    after: &ProfileId,
    limit: i64,
) -> Result<Vec<Profile>> {
    let rows: Vec<(Vec<u8>,)> = db
        .sql("select doc from profile where workspace = $1 and id > $2 order by id limit $3")
        .bind(workspace)
        .bind(after)
        .bind(limit)
        .all()
        .await?;
    rows.iter()
        .map(|(doc,)| super::profile::open(doc))
        .collect()
}

/// The stored profiles of these ids.
pub async fn profiles_of(
    db: &Db,
    workspace: &WorkspaceId,
    ids: &[ProfileId],
) -> Result<Vec<Profile>> {
    let keys: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let rows: Vec<(Vec<u8>,)> = db
        .sql("select p.doc from rows($2, r: id text) cross join profile p where p.workspace = $1 and p.id = r.id")
        .bind(workspace)
        .rows(&keys)
        .all()
        .await?;
    rows.iter()
        .map(|(doc,)| super::profile::open(doc))
        .collect()
}

/// Up to `limit` profiles that changed since they were matched.
pub async fn unmatched(db: &Db, workspace: &WorkspaceId, limit: i64) -> Result<Vec<ProfileId>> {
    let rows: Vec<(ProfileId,)> = db
        .sql("select profile from unmatched where workspace = $1 order by profile limit $2")
        .bind(workspace)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes that these profiles are matched as they are now.
pub async fn set_matched(tx: &mut Tx, workspace: &WorkspaceId, ids: &[ProfileId]) -> Result<()> {
    for ids in ids.chunks(ROWS) {
        let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        tx.sql(
            "delete from unmatched
             where workspace = $1 and profile in (select r.id from rows($2, r: id text))",
        )
        .bind(workspace)
        .rows(&rows)
        .execute()
        .await?;
    }
    Ok(())
}
