//! The links that the events of a batch stand under, and which of them are new or differ from what
//! is stored.
//!
//! A stored link changes when an event older than all of its events comes, when its events move to
//! another link under other rules, or when events come back to it.

use super::read_event::ReadEvent;
use crate::clock::Time;
use crate::id::LinkId;
use crate::identity::{Identification, Identifier, Link, MOVED};
use crate::store::link::StoredLink;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The links that a batch speaks of.
#[derive(Default)]
pub(super) struct BatchLinks<'a> {
    /// Each link of an event, since when, and its identifiers.
    pub present: BTreeMap<&'a LinkId, (Time, &'a [Identifier])>,
    /// Each link that events stood under earlier: since when, and where the oldest of them stands
    /// now.
    pub moved: BTreeMap<&'a LinkId, (Time, &'a LinkId)>,
}

impl<'a> BatchLinks<'a> {
    /// The links of events.
    pub fn of(events: impl Iterator<Item = &'a ReadEvent>) -> Self {
        Self::at(events.map(|event| (event.at(), &event.identification)))
    }

    /// The links of events, given as the time and the identification of each.
    fn at(events: impl Iterator<Item = (Time, &'a Identification)>) -> Self {
        let mut links = Self::default();
        for (at, read) in events {
            let (first_at, _) = links
                .present
                .entry(&read.link)
                .or_insert((at, &read.identifiers));
            *first_at = at.min(*first_at);
            for earlier in &read.earlier {
                let oldest = links.moved.entry(earlier).or_insert((at, &read.link));
                *oldest = (*oldest).min((at, &read.link));
            }
        }
        links
    }

    /// The links that are new or other than stored, as they are to be. A link that was `vacated`
    /// is only remembered.
    pub fn changed(
        &self,
        stored: &HashMap<LinkId, StoredLink>,
        vacated: &HashSet<LinkId>,
    ) -> BTreeMap<LinkId, Link> {
        let stored = |id: &LinkId| stored.get(id).map(|stored| &stored.link);
        let present = self.present.iter().filter_map(|(id, (first_at, own))| {
            let link = present(id, *first_at, own, stored(id));
            (stored(id) != Some(&link)).then_some(link)
        });
        let moved = self.moved.iter().filter_map(|(id, to)| {
            let taken = self.present.contains_key(id);
            let link = moved(id, *to, stored(id), vacated.contains(*id));
            link.filter(|_| !taken)
        });
        present
            .chain(moved)
            .map(|link| (link.id.clone(), link))
            .collect()
    }

    /// The ids of all links that it speaks of.
    pub fn ids(&self) -> impl Iterator<Item = &'a LinkId> {
        self.present.keys().chain(self.moved.keys()).copied()
    }

    /// The links of events that were moved, and those that the events left, as they are to be.
    /// `left` is since when each of the latter has events now, if it has any.
    pub fn after_move(
        &self,
        stored: &HashMap<LinkId, StoredLink>,
        left: &HashMap<LinkId, Option<Time>>,
    ) -> Vec<Link> {
        // A link without events begins with those that enter it now, if any do.
        let remaining: HashMap<LinkId, StoredLink> = stored
            .iter()
            .map(|(id, held)| {
                let mut held = held.clone();
                if let Some(since) = left.get(id) {
                    held.link.first_at = since.unwrap_or(Time::MAX);
                }
                (id.clone(), held)
            })
            .collect();
        let vacated = left.iter().filter(|(_, since)| since.is_none());
        let vacated: HashSet<LinkId> = vacated.map(|(id, _)| id.clone()).collect();
        let mut changed = self.changed(&remaining, &vacated);
        for (id, held) in stored {
            changed
                .entry(id.clone())
                .or_insert_with(|| after_leaving(&held.link, left.get(id).copied()));
        }
        changed.into_values().collect()
    }
}

/// A link that events stand under, as it is to be.
fn present(id: &LinkId, first_at: Time, identifiers: &[Identifier], stored: Option<&Link>) -> Link {
    match stored {
        Some(stored) if stored.moved_to().is_none() => Link {
            first_at: stored.first_at.min(first_at),
            ..stored.clone()
        },
        // The link was a memory of earlier rules; under these events stand under it again.
        other => Link {
            id: id.clone(),
            first_at,
            identifiers: identifiers.to_vec(),
            marks: other.map(Link::unmoved).unwrap_or_default(),
        },
    }
}

/// A link that its events left, as it is to be, unless it is stored so or events stand under it.
fn moved(id: &LinkId, to: (Time, &LinkId), stored: Option<&Link>, vacated: bool) -> Option<Link> {
    let kept = stored.is_some_and(|link| match link.moved_to() {
        None => !vacated,
        Some(now) => (link.first_at, now) <= (to.0, to.1.as_str()),
    });
    if kept {
        return None;
    }
    let (first_at, to) = to;
    let mut marks = stored.map(Link::unmoved).unwrap_or_default();
    marks.push(Identifier::new(MOVED, to.as_str()));
    marks.sort_unstable();
    Some(Link {
        id: id.clone(),
        first_at,
        identifiers: Vec::new(),
        marks,
    })
}

/// A stored link that no moved event enters, as it is to be.
fn after_leaving(link: &Link, left: Option<Option<Time>>) -> Link {
    match left {
        Some(Some(since)) => Link {
            first_at: since,
            ..link.clone()
        },
        // A link without events connects nobody.
        Some(None) => Link {
            identifiers: Vec::new(),
            ..link.clone()
        },
        None => link.clone(),
    }
}

#[cfg(test)]
mod tests;
