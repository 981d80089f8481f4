//! The table `change`: which profiles each commit changed. By it a process learns which of its cached
//! documents are out of date.
//!
//! A commit that changed profiles adds a row for each of their workspaces. It takes the next number
//! of the workspace while it holds the workspace's lock, so numbers are in the order of commits.

use super::sql::{ReadConnection, Statement, Transaction};
use crate::id::{ProfileId, WorkspaceId};
use crate::profile::packed;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How many changes of a workspace are kept. A process that is further behind invalidates all its
/// cached documents of the workspace.
const MAX_KEPT: i64 = 512;
/// Most profiles that one change names. A change of more stands for all profiles.
const MAX_NAMED: usize = 4_000;

/// The profiles of a workspace that one or more changes name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedProfiles {
    /// Profiles with these ids were changed, made or removed.
    Ids(BTreeSet<ProfileId>),
    /// Any profile may have been.
    All,
}

impl ChangedProfiles {
    /// Whether this profile may have been changed.
    pub(super) fn contains(&self, id: &ProfileId) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(id),
            Self::All => true,
        }
    }
}

/// The profiles that a transaction changed so far, by workspace.
pub(super) type ChangesByWorkspace = BTreeMap<WorkspaceId, ChangedProfiles>;

/// Adds profiles that are changed, made or removed.
pub(super) fn add<'a>(
    changed: &mut ChangesByWorkspace,
    workspace: &WorkspaceId,
    ids: impl Iterator<Item = &'a ProfileId>,
) {
    let ids: Vec<ProfileId> = ids.cloned().collect();
    if ids.is_empty() {
        return;
    }
    let nothing = ChangedProfiles::Ids(BTreeSet::new());
    let changed = changed.entry(workspace.clone()).or_insert(nothing);
    if let ChangedProfiles::Ids(known) = changed {
        known.extend(ids);
        if known.len() > MAX_NAMED {
            *changed = ChangedProfiles::All;
        }
    }
}

/// Appends a change and gives its number. The caller holds the workspace's lock, so the change with
/// the greater number is committed later.
pub(super) async fn append(
    tx: &mut Transaction,
    workspace: &WorkspaceId,
    profiles: &ChangedProfiles,
) -> Result<i64> {
    let named = match profiles {
        ChangedProfiles::Ids(ids) => Some(packed::pack(ids)),
        ChangedProfiles::All => None,
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
            .bind(number - MAX_KEPT)
            .execute()
            .await?;
    }
    Ok(number)
}

/// The number of the last change: `(7)`.
const LAST: &str = "select coalesce(max(number), 0) from change where workspace = $1";
/// The known change and those after it. With `$2` = 7 the rows are `(7, null), (8, …), (9, …)`; row
/// 7 only shows that it is still there, so its profiles are left out.
const SINCE: &str = "select number, case when number > $2 then profiles end from change
    where workspace = $1 and number >= $2 order by number";

/// The number of the last change, 0 if there is none, and the profiles that changed since the
/// `known` one.
pub(super) async fn since(
    connection: &mut ReadConnection,
    workspace: &WorkspaceId,
    known: Option<i64>,
) -> Result<(i64, ChangedProfiles)> {
    read_since(workspace, known, |text| connection.sql(text)).await
}

/// The same within a transaction.
pub(super) async fn since_in(
    tx: &mut Transaction,
    workspace: &WorkspaceId,
    known: Option<i64>,
) -> Result<(i64, ChangedProfiles)> {
    read_since(workspace, known, |text| tx.sql(text)).await
}

async fn read_since<'c>(
    workspace: &WorkspaceId,
    known: Option<i64>,
    sql: impl FnOnce(&'static str) -> Statement<'c>,
) -> Result<(i64, ChangedProfiles)> {
    let Some(known) = known else {
        let (last,): (i64,) = sql(LAST).bind(workspace).one().await?;
        return Ok((last, ChangedProfiles::Ids(BTreeSet::new())));
    };
    let rows = sql(SINCE).bind(workspace).bind(known).all().await?;
    changes(&rows, known)
}

/// The number of the last of these rows, and what they name together. The first row is the known
/// change. If it is missing, it was dropped as too old, or the database was restored from a backup
/// that did not have it; then everything counts as changed. After change 0 all rows are new.
fn changes(rows: &[(i64, Option<Vec<u8>>)], known: i64) -> Result<(i64, ChangedProfiles)> {
    let new = match rows {
        [(first, _), new @ ..] if *first == known => new,
        all if known == 0 => all,
        all => {
            let last = all.last().map_or(0, |(last, _)| *last);
            return Ok((last, ChangedProfiles::All));
        }
    };
    let (Some((first, _)), Some((last, _))) = (new.first(), new.last()) else {
        return Ok((known, ChangedProfiles::Ids(BTreeSet::new())));
    };
    if *first != known + 1 || new.iter().any(|(_, ids)| ids.is_none()) {
        return Ok((*last, ChangedProfiles::All));
    }
    let mut all = BTreeSet::new();
    for packed in new.iter().filter_map(|(_, ids)| ids.as_deref()) {
        let ids: Option<BTreeSet<ProfileId>> = packed::unpack(packed);
        all.extend(ids.ok_or_else(|| Error::internal("a change cannot be read"))?);
    }
    Ok((*last, ChangedProfiles::Ids(all)))
}
