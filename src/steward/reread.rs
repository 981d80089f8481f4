//! Reading older events under rules that take other identifiers from them, so that they stand under
//! other links.
//!
//! It goes link by link in small transactions and notes how far it is; links that come to be
//! meanwhile are read so already. A link that its events left is remembered: its id leads to where
//! the oldest of them went, because profiles were called by such ids.

use super::snapshot::holders;
use super::{Progress, begin};
use crate::Result;
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};
use crate::identity::compare::{RulesDiff, compare};
use crate::identity::{self, Constraints, Identifier, Link, MOVED};
use crate::ingest::move_events;
use crate::store::access::Workspace;
use crate::store::event::{LogPosition, LoggedEvent};
use crate::store::{self, Db};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Links whose events are read in one transaction.
const LINKS: i64 = 200;
/// Events that are read at a time.
const PAGE: i64 = 5_000;

/// Reads every event anew, unless the rules in force read them as those that were applied last did.
pub(super) async fn all(db: &Db, workspace: &Workspace, progress: Progress<'_>) -> Result<()> {
    let mut tx = begin(db, workspace).await?;
    let state = store::identity::rules_state(&mut tx, &workspace.id).await?;
    tx.commit().await?;
    let applied = store::identity::rulebook(db, &workspace.id, state.applied).await?;
    if applied.rules.reads_like(&workspace.rules.rules) {
        return Ok(());
    }
    let total = usize::try_from(store::link::count(db, &workspace.id).await?).unwrap_or(0);
    let (mut after, mut done) = (state.moved_to, 0);
    loop {
        let page = store::link::page(db, &workspace.id, &after, LINKS).await?;
        let ids: Vec<LinkId> = page.into_iter().map(|held| held.link.id).collect();
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after.clone_from(last);
        done += ids.len();
        let mut tx = begin(db, workspace).await?;
        let held = store::link::load(&mut tx, &workspace.id, &ids).await?;
        move_events(&mut tx, workspace, held).await?;
        store::identity::set_moved_to(&mut tx, &workspace.id, &after).await?;
        tx.commit().await?;
        progress("reading events anew", done, total);
    }
}

/// What rules that read events differently would make of a workspace.
pub(super) async fn compared(
    db: &Db,
    workspace: &Workspace,
    stored: HashMap<&LinkId, (&Link, Option<&ProfileId>)>,
    constraints: &Constraints,
    progress: Progress<'_>,
) -> Result<RulesDiff> {
    let total = usize::try_from(store::event::count(db, &workspace.id).await?).unwrap_or(0);
    let mut links: BTreeMap<LinkId, Link> = BTreeMap::new();
    let mut remembered: BTreeMap<LinkId, (Time, LinkId)> = BTreeMap::new();
    let mut moves: HashSet<(LinkId, LinkId)> = HashSet::new();
    let (mut after, mut done) = (LogPosition::default(), 0);
    loop {
        let page = store::event::page(db, &workspace.id, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = LogPosition::of(&last.event);
        done += page.len();
        for LoggedEvent { event, link } in page {
            let now = workspace.rules.read(&workspace.secret, &event);
            let new = links.entry(now.link.clone()).or_insert_with(|| Link {
                id: now.link.clone(),
                first_at: event.at,
                identifiers: now.identifiers,
                marks: Vec::new(),
            });
            new.first_at = new.first_at.min(event.at);
            for earlier in now.earlier {
                let place = (event.at, now.link.clone());
                let oldest = remembered.entry(earlier).or_insert_with(|| place.clone());
                *oldest = place.min(oldest.clone());
            }
            moves.insert((link, now.link));
        }
        progress("reading events", done, total);
    }
    for (id, (first_at, to)) in remembered {
        let marks = vec![Identifier::new(MOVED, to.as_str())];
        let memory = Link {
            id: id.clone(),
            first_at,
            identifiers: Vec::new(),
            marks,
        };
        links.entry(id).or_insert(memory);
    }
    for (id, link) in &mut links {
        if let Some((stored, _)) = stored.get(id) {
            link.marks.extend(stored.unmoved());
            link.marks.sort_unstable();
        }
    }
    let links: Vec<Link> = links.into_values().collect();
    let resolution = identity::fold(&links, &workspace.rules.rules, constraints);
    let holder = holders(&resolution);
    Ok(compare(moves.iter().map(|(old, new)| {
        let before = stored.get(old).and_then(|(_, held)| *held);
        (before, holder.get(new).copied())
    })))
}
