//! The index of matching: who has which blocking key, packed into buckets.

use crate::Result;
use crate::id::ProfileId;
use crate::matching::{Person, keys};
use crate::store::access::Workspace;
use crate::store::matching::Bucket;
use crate::store::{self, Db};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Entries that a bucket of the index has on average.
const BUCKET: usize = 256;
/// Most customers with one key; a key that more have says too little.
const MAX_KEY: usize = 100;
/// Most customers that one is compared with.
const MAX_COMPARED: usize = 2_000;

/// The blocking keys of everyone, by key, without those that too many have.
pub(super) fn entries(people: &[Person]) -> Vec<(u64, u32)> {
    let numbered = people.iter().enumerate();
    let mut entries: Vec<(u64, u32)> = numbered
        .flat_map(|(at, person)| keys(person).into_iter().map(move |key| (key, at as u32)))
        .collect();
    entries.sort_unstable();
    let mut kept = Vec::with_capacity(entries.len());
    for same in entries
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|same| same.len() <= MAX_KEY)
    {
        kept.extend_from_slice(same);
    }
    kept
}

/// The entries in buckets, and how many buckets there are.
pub(super) fn buckets(entries: &[(u64, u32)]) -> (Vec<Bucket>, i64) {
    let count = (entries.len() / BUCKET).max(1).next_power_of_two() as i64;
    let mut filled: HashMap<i64, Vec<(u64, u32)>> = HashMap::new();
    for entry in entries {
        filled
            .entry(bucket(entry.0, count))
            .or_default()
            .push(*entry);
    }
    (filled.into_iter().collect(), count)
}

fn bucket(key: u64, buckets: i64) -> i64 {
    (key % buckets.unsigned_abs().max(1)) as i64
}

/// The profiles that share a key with someone.
pub(super) async fn others(
    db: &Db,
    workspace: &Workspace,
    keys: &[u64],
    buckets: i64,
    own: &ProfileId,
) -> Result<Vec<ProfileId>> {
    let wanted: HashSet<u64> = keys.iter().copied().collect();
    let numbers: BTreeSet<i64> = keys.iter().map(|key| bucket(*key, buckets)).collect();
    let numbers: Vec<i64> = numbers.into_iter().collect();
    let entries = store::matching::buckets(db, &workspace.id, &numbers).await?;
    let people: BTreeSet<u32> = entries
        .iter()
        .filter(|(key, _)| wanted.contains(key))
        .map(|(_, person)| *person)
        .collect();
    let people: Vec<u32> = people.into_iter().take(MAX_COMPARED).collect();
    let mut others: BTreeSet<ProfileId> = store::matching::holders(db, &workspace.id, &people)
        .await?
        .into_iter()
        .collect();
    let added = store::matching::added(db, &workspace.id, keys, MAX_COMPARED as i64).await?;
    others.extend(added.into_iter().map(|(_, profile)| profile));
    others.remove(own);
    Ok(others.into_iter().take(MAX_COMPARED).collect())
}
