//! Which profiles every commit changed, in the order of commits: how processes learn that what they keep is out of date.

use super::sql::{Driver, Transaction};
use crate::profile::packed;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Most changes that are remembered; whoever is further behind forgets all that it keeps.
const REMEMBERED: i64 = 512;
/// Most profiles that one change names; beyond that it speaks of all.
const MAX_NAMED: usize = 4_000;

/// The profiles that a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profiles {
    /// Those of these ids, changed, made or removed.
    These(BTreeSet<String>),
    /// Any of the workspace.
    All,
}

/// What a transaction changed so far, by workspace.
pub(super) type Changed = BTreeMap<String, Profiles>;

/// Notes that these profiles are changed, made or removed.
pub(super) fn note<'a>(changed: &mut Changed, workspace: &str, ids: impl Iterator<Item = &'a str>) {
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if ids.is_empty() {
        return;
    }
    let nothing = Profiles::These(BTreeSet::new());
    let changed = changed.entry(workspace.to_owned()).or_insert(nothing);
    if let Profiles::These(known) = changed {
        known.extend(ids);
        if known.len() > MAX_NAMED {
            *changed = Profiles::All;
        }
    }
}

/// Adds a change, under the workspace's lock, so that the greater of two numbers is committed later; its number.
pub(super) async fn append(
    tx: &mut Transaction,
    workspace: &str,
    profiles: &Profiles,
) -> Result<i64> {
    let named = match profiles {
        Profiles::These(ids) => Some(packed::pack(ids)),
        Profiles::All => None,
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

/// The number of the last change; 0 before the first.
///
/// # Errors
/// When the database refuses.
pub(super) async fn last(driver: &Driver, workspace: &str) -> Result<i64> {
    let (last,): (i64,) = driver.sql(LAST).bind(workspace).one().await?;
    Ok(last)
}

/// What changed after this number: the new last number, and the profiles.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub(super) async fn since(driver: &Driver, workspace: &str, seen: i64) -> Result<(i64, Profiles)> {
    let rows = driver.sql(SINCE).bind(workspace).bind(seen).all().await?;
    read(&rows, seen)
}

const LAST_HELD: &str =
    "select coalesce(max(c.number), 0), (select l.holder from lease l where l.workspace = $1)
    from change c where c.workspace = $1";
const SINCE_HELD: &str = "select c.number, case when c.number > $2 then c.profiles end,
        (select l.holder from lease l where l.workspace = $1)
    from change c where c.workspace = $1 and c.number >= $2 order by c.number";

/// What a transaction finds that has the workspace's lock.
pub(super) struct Before {
    /// The number of the last change.
    pub last: i64,
    /// What changed since it was last known.
    pub changed: Profiles,
    /// Who holds the lease, empty for nobody; none where that was not read.
    pub holder: Option<String>,
}

/// What changed before a transaction, since the change of this number if one is known, and who holds the lease.
///
/// # Errors
/// When the database refuses or a row cannot be read.
pub(super) async fn before(
    tx: &mut Transaction,
    workspace: &str,
    known: Option<i64>,
) -> Result<Before> {
    let Some(known) = known else {
        let (last, holder): (i64, Option<String>) = tx.sql(LAST_HELD).bind(workspace).one().await?;
        return Ok(Before {
            last,
            changed: Profiles::These(BTreeSet::new()),
            holder: Some(holder.unwrap_or_default()),
        });
    };
    let rows = tx.sql(SINCE_HELD).bind(workspace).bind(known).all().await?;
    let rows: Vec<(i64, Option<Vec<u8>>, Option<String>)> = rows;
    let holder = rows.first().map(|row| row.2.clone().unwrap_or_default());
    let rows: Vec<_> = rows.into_iter().map(|row| (row.0, row.1)).collect();
    let (last, changed) = read(&rows, known)?;
    Ok(Before {
        last,
        changed,
        holder,
    })
}

/// All of some changes, and the number of the last. The first is the one that was seen already: where it is missing it was
/// dropped long ago, or the database was set back to before it, and then nothing is known. What comes next is read from 0 on.
fn read(rows: &[(i64, Option<Vec<u8>>)], seen: i64) -> Result<(i64, Profiles)> {
    let rows = match rows {
        [(first, _), new @ ..] if *first == seen => new,
        all if seen == 0 => all,
        all => return Ok((all.last().map_or(0, |(last, _)| *last), Profiles::All)),
    };
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else {
        return Ok((seen, Profiles::These(BTreeSet::new())));
    };
    if *first != seen + 1 || rows.iter().any(|(_, named)| named.is_none()) {
        return Ok((*last, Profiles::All));
    }
    let mut all = BTreeSet::new();
    for named in rows.iter().filter_map(|(_, named)| named.as_deref()) {
        let ids: Option<BTreeSet<String>> = packed::unpack(named);
        all.extend(ids.ok_or_else(|| Error::internal("a change cannot be read"))?);
    }
    Ok((*last, Profiles::These(all)))
}
