//! Which profiles every commit changed, in the order of commits: how processes learn that what they keep is out of date.

use super::sql::{Reader, Statement, Transaction};
use crate::profile::packed;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Most changes that are remembered; whoever is further behind forgets all that it keeps.
const REMEMBERED: i64 = 512;
/// Most profiles that one change names; beyond that it speaks of all.
const MAX_NAMED: usize = 4_000;

/// The profiles that a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Those of these ids, changed, made or removed.
    Profiles(BTreeSet<String>),
    /// Any of the workspace.
    All,
}

impl Changes {
    /// Whether this profile may be changed.
    pub(super) fn names(&self, id: &str) -> bool {
        match self {
            Self::Profiles(ids) => ids.contains(id),
            Self::All => true,
        }
    }
}

/// What a transaction changed so far, by workspace.
pub(super) type Changed = BTreeMap<String, Changes>;

/// Notes that these profiles are changed, made or removed.
pub(super) fn note<'a>(changed: &mut Changed, workspace: &str, ids: impl Iterator<Item = &'a str>) {
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if ids.is_empty() {
        return;
    }
    let nothing = Changes::Profiles(BTreeSet::new());
    let changed = changed.entry(workspace.to_owned()).or_insert(nothing);
    if let Changes::Profiles(known) = changed {
        known.extend(ids);
        if known.len() > MAX_NAMED {
            *changed = Changes::All;
        }
    }
}

/// Adds a change, under the workspace's lock, so that the greater of two numbers is committed later; its number.
pub(super) async fn append(
    tx: &mut Transaction,
    workspace: &str,
    profiles: &Changes,
) -> Result<i64> {
    let named = match profiles {
        Changes::Profiles(ids) => Some(packed::pack(ids)),
        Changes::All => None,
    };
    let (number,): (i64,) = tx
        .sql(
            "insert into change (workspace, number, profiles)
             select $1, coalesce(max(c.number), 0) + 1, $2 from change c where c.workspace = $1 returning number",
        )
        .bind(workspace)
        .bind(named)
        .one()
        .await?;
    if number % 64 == 0 {
        tx.sql("delete from change where workspace = $1 and number <= $2")
            .bind(workspace)
            .bind(number - REMEMBERED)
            .execute()
            .await?;
    }
    Ok(number)
}

const LAST: &str = "select coalesce(max(number), 0) from change where workspace = $1";
const SINCE: &str = "select number, case when number > $2 then profiles end from change
    where workspace = $1 and number >= $2 order by number";

/// The number of the last change, 0 before the first, and the profiles that changed since the `known` one.
///
/// # Errors
/// When a row cannot be read.
pub(super) async fn since(
    reader: &mut Reader,
    workspace: &str,
    known: Option<i64>,
) -> Result<(i64, Changes)> {
    read_since(workspace, known, |text| reader.sql(text)).await
}

/// The same within a transaction.
///
/// # Errors
/// When a row cannot be read.
pub(super) async fn since_in(
    tx: &mut Transaction,
    workspace: &str,
    known: Option<i64>,
) -> Result<(i64, Changes)> {
    read_since(workspace, known, |text| tx.sql(text)).await
}

async fn read_since<'c>(
    workspace: &str,
    known: Option<i64>,
    sql: impl FnOnce(&'static str) -> Statement<'c>,
) -> Result<(i64, Changes)> {
    let Some(known) = known else {
        let (last,): (i64,) = sql(LAST).bind(workspace).one().await?;
        return Ok((last, Changes::Profiles(BTreeSet::new())));
    };
    let rows = sql(SINCE).bind(workspace).bind(known).all().await?;
    changes(&rows, known)
}

/// All of some changes, and the number of the last. The first is the one that was seen already: where it is missing it was
/// dropped long ago, or the database was set back to before it, and then nothing is known. What comes next is read from 0 on.
fn changes(rows: &[(i64, Option<Vec<u8>>)], seen: i64) -> Result<(i64, Changes)> {
    let rows = match rows {
        [(first, _), new @ ..] if *first == seen => new,
        all if seen == 0 => all,
        all => return Ok((all.last().map_or(0, |(last, _)| *last), Changes::All)),
    };
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else {
        return Ok((seen, Changes::Profiles(BTreeSet::new())));
    };
    if *first != seen + 1 || rows.iter().any(|(_, named)| named.is_none()) {
        return Ok((*last, Changes::All));
    }
    let mut all = BTreeSet::new();
    for named in rows.iter().filter_map(|(_, named)| named.as_deref()) {
        let ids: Option<BTreeSet<String>> = packed::unpack(named);
        all.extend(ids.ok_or_else(|| Error::internal("a change cannot be read"))?);
    }
    Ok((*last, Changes::Profiles(all)))
}
