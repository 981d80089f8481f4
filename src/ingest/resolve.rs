//! Identity for a batch: which profile each of its links belongs to, and the documents of the profiles that it touches.
//!
//! Most batches speak of known links and cost two reads, of links and of documents. A new link that says nothing new about who is
//! who is a step, which costs two more. Any other that is new, or turns out older than it seemed, re-folds its [`Component`].

use super::component::{Ahead, Component};
use super::read_event::ReadEvent;
use super::resolved::Resolved;
use super::step::Plan;
use crate::Result;
use crate::identity::{Identifier, Link, MOVED};
use crate::store::access::Workspace;
use crate::store::event::Place;
use crate::store::link::StoredLink;
use crate::store::{self, Answer, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Asks for the links that events carry, or carried under other rules.
pub(super) fn ask<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    events: impl Iterator<Item = &'a ReadEvent>,
) -> Answer<Vec<StoredLink>> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for ReadEvent {
        identification: carried,
        ..
    } in events
    {
        ids.insert(&carried.link);
        ids.extend(carried.earlier.iter().map(String::as_str));
    }
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    store::link::ask(tx, &workspace.id, &ids)
}

/// Resolves a batch, and writes links and identifiers. `held` are the stored ones among the links that
/// the events carry.
pub(super) async fn resolve(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    held: Vec<StoredLink>,
    folded: Option<&Place>,
) -> Result<Resolved> {
    let seen = Seen::of(events);
    let held = held.into_iter().map(|held| (held.link.id.clone(), held));
    let mut held: HashMap<String, StoredLink> = held.collect();
    let mut resolved = Resolved::default();
    let changed = seen.changed(&held, &HashSet::new());
    for id in seen.present.keys().filter(|id| !changed.contains_key(**id)) {
        let profile = held.get(*id).and_then(|held| held.profile.clone());
        resolved.links.insert((*id).to_owned(), profile);
    }
    if !changed.is_empty() {
        let before: Vec<StoredLink> = changed.keys().filter_map(|id| held.remove(id)).collect();
        let stored: HashSet<&str> = before.iter().map(|held| held.link.id.as_str()).collect();
        let mut plan = Plan::of(tx, workspace, changed, |id| stored.contains(id)).await?;
        if !plan.rest.is_empty() {
            let component = plan.component(tx, workspace, before.into_iter()).await?;
            component
                .settle(tx, workspace, folded, &mut resolved)
                .await?;
        }
        plan.write(tx, workspace, &mut resolved);
    }
    Ok(resolved)
}

/// Resolves events that were put under other links. `left` are the links that they left, and since when these have events now,
/// if any.
pub(super) async fn resolve_moved(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    left: &HashMap<String, Option<i64>>,
) -> Result<Resolved> {
    let seen = Seen::of(events);
    let mut ids: BTreeSet<String> = left.keys().cloned().collect();
    ids.extend(
        seen.present
            .keys()
            .chain(seen.moved.keys())
            .map(|link| (*link).to_owned()),
    );
    let ids: Vec<String> = ids.into_iter().collect();
    let mut held: HashMap<String, StoredLink> = HashMap::new();
    for link in store::link::load(tx, &workspace.id, &ids).await? {
        held.insert(link.link.id.clone(), link);
    }
    let mut remaining = held.clone();
    let mut vacated = HashSet::new();
    for (id, since) in left {
        if let Some(known) = remaining.get_mut(id) {
            // Nothing of what it was is left, so it begins with what enters it now, if anything does.
            known.link.first_at = since.unwrap_or(i64::MAX);
        }
        if since.is_none() {
            vacated.insert(id.clone());
        }
    }
    let mut changed = seen.changed(&remaining, &vacated);
    for (id, known) in &held {
        changed
            .entry(id.clone())
            .or_insert_with(|| match left.get(id) {
                Some(Some(since)) => Link {
                    first_at: *since,
                    ..known.link.clone()
                },
                // A link without events connects nobody.
                Some(None) => Link {
                    identifiers: Vec::new(),
                    ..known.link.clone()
                },
                None => known.link.clone(),
            });
    }
    let (changed, before) = (changed.into_values().collect(), held.into_values());
    let mut component = Component::load(tx, workspace, changed, before, Ahead::default()).await?;
    component.stale.extend(left.keys().cloned());
    component
        .stale
        .extend(seen.present.keys().map(|link| (*link).to_owned()));
    let mut resolved = Resolved::default();
    component.settle(tx, workspace, None, &mut resolved).await?;
    Ok(resolved)
}

/// The links that a batch speaks of.
#[derive(Default)]
struct Seen<'a> {
    /// Each link of an event, since when, and its identifiers.
    present: BTreeMap<&'a str, (i64, &'a [Identifier])>,
    /// Each link that events stood under earlier: since when, and where the oldest of them stands now.
    moved: BTreeMap<&'a str, (i64, &'a str)>,
}

impl<'a> Seen<'a> {
    fn of(events: &[&'a ReadEvent]) -> Self {
        let mut seen = Self::default();
        for event in events {
            let (link, at) = (event.link(), event.at());
            let (first_at, _) = seen
                .present
                .entry(link)
                .or_insert((at, &event.identification.identifiers));
            *first_at = at.min(*first_at);
            for earlier in &event.identification.earlier {
                let oldest = seen.moved.entry(earlier).or_insert((at, link));
                *oldest = (*oldest).min((at, link));
            }
        }
        seen
    }

    /// The links that are new or other than stored, as they are to be. A link that was `vacated` is only remembered.
    fn changed(
        &self,
        held: &HashMap<String, StoredLink>,
        vacated: &HashSet<String>,
    ) -> BTreeMap<String, Link> {
        let mut changed: BTreeMap<String, Link> = BTreeMap::new();
        for (id, (first_at, identifiers)) in &self.present {
            let known = held.get(*id).map(|held| &held.link);
            let mut link = match known {
                Some(known) if known.moved_to().is_none() => known.clone(),
                // The link was a memory of earlier rules; under these it is one again.
                other => Link {
                    id: (*id).to_owned(),
                    first_at: *first_at,
                    identifiers: identifiers.to_vec(),
                    marks: other.map(Link::unmoved).unwrap_or_default(),
                },
            };
            link.first_at = link.first_at.min(*first_at);
            if known != Some(&link) {
                changed.insert((*id).to_owned(), link);
            }
        }
        for (id, (first_at, to)) in &self.moved {
            let known = held.get(*id).map(|held| &held.link);
            let real =
                known.is_some_and(|known| known.moved_to().is_none()) && !vacated.contains(*id);
            let older = known.is_some_and(|known| {
                let to_now = known.moved_to();
                to_now.is_some_and(|to_now| (known.first_at, to_now) <= (*first_at, *to))
            });
            if real || older || self.present.contains_key(id) {
                continue;
            }
            let mut marks = known.map(Link::unmoved).unwrap_or_default();
            marks.push(Identifier::new(MOVED, *to));
            marks.sort_unstable();
            let (id, first_at) = ((*id).to_owned(), *first_at);
            let link = Link {
                id: id.clone(),
                first_at,
                identifiers: Vec::new(),
                marks,
            };
            changed.insert(id, link);
        }
        changed
    }
}
