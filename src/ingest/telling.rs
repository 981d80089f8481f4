//! What a batch tells of orders and tickets: each link keeps what it was told, and the profile shows what its links tell together.

use super::read_event::{ReadEvent, Said};
use super::resolved::Resolved;
use crate::profile::Profile;
use crate::profile::record::{Record, RecordKind};
use crate::store::access::Workspace;
use crate::store::record::{NewRecord, Told};
use crate::store::{self, Answer, Tx};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one link tells of one order or ticket.
pub(super) struct Part {
    link: String,
    /// The profile that holds the link.
    profile: Option<String>,
    before: Option<Arc<Record>>,
    now: Arc<Record>,
    /// What is now known as it is stored, where that is written already.
    doc: Option<Arc<[u8]>>,
    /// Whether the batch tells of it.
    new: bool,
}

impl Part {
    /// The profile that holds the link.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }
}

/// The orders and tickets that a batch speaks of, with all links that tell of them. Neighbours in a table are read and written
/// one after another.
pub(super) type Things = BTreeMap<(RecordKind, String), Vec<Part>>;

/// Asks what is told already of the orders and tickets that a batch speaks of.
pub(super) fn ask<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    events: impl Iterator<Item = &'a ReadEvent>,
) -> Answer<Vec<Told>> {
    let ids: BTreeSet<(RecordKind, &str)> = events
        .filter_map(|event| event.said.as_ref())
        .map(|said| (said.kind, said.record.id.as_str()))
        .collect();
    let ids: Vec<(RecordKind, &str)> = ids.into_iter().collect();
    store::record::ask(tx, &workspace.id, &ids)
}

/// What is known of each order and ticket that a batch speaks of, before it, as it is `stored`, and with what its
/// events say.
pub(super) fn things<'a>(
    events: impl Iterator<Item = &'a ReadEvent>,
    stored: Vec<Told>,
    resolved: &Resolved,
) -> Things {
    let mut things = parts(events, resolved);
    for mut told in stored {
        // It was read before the batch was resolved, which may have given the link to another.
        if let Some(profile) = resolved.links.get(&told.link) {
            told.profile.clone_from(profile);
        }
        add(&mut things, told);
    }
    things
}

/// Writes what links tell now.
pub(super) fn save(tx: &mut Tx, workspace: &Workspace, things: &Things) {
    let parts = things.iter().flat_map(|((kind, _), parts)| {
        let new = parts.iter().filter(|part| part.new);
        new.map(|part| NewRecord {
            kind: *kind,
            link: &part.link,
            record: &part.now,
            doc: part.doc.clone(),
        })
    });
    store::record::save(tx, &workspace.id, &parts.collect::<Vec<_>>());
}

/// Shows in the profile of this id what its links tell of one order or ticket. True when a list may lack an entry now, as
/// [`Profile::replace`] says.
#[must_use]
pub(super) fn show(profile: &mut Profile, id: &str, kind: RecordKind, parts: &[Part]) -> bool {
    let own = || parts.iter().filter(|part| part.profile() == Some(id));
    let before = Record::merged(own().filter_map(|part| part.before.as_deref()));
    let after = Record::merged(own().map(|part| &*part.now));
    after.is_some_and(|after| profile.replace(kind, before.as_deref(), &after))
}

/// What a batch says, as one part for each thing and link.
fn parts<'a>(events: impl Iterator<Item = &'a ReadEvent>, resolved: &Resolved) -> Things {
    let mut things = Things::new();
    for event in events {
        let Some(Said { kind, record, doc }) = &event.said else {
            continue;
        };
        let link = event.link();
        let parts = things.entry((*kind, record.id.clone())).or_default();
        if let Some(part) = parts.iter_mut().find(|part| part.link == link) {
            Arc::make_mut(&mut part.now).merge(record);
            part.doc = None;
            continue;
        }
        parts.push(Part {
            profile: resolved.profile_of(link).map(str::to_owned),
            link: link.to_owned(),
            before: None,
            now: Arc::clone(record),
            doc: Some(Arc::clone(doc)),
            new: true,
        });
    }
    things
}

/// Adds what a link told before, if the batch speaks of it.
fn add(things: &mut Things, told: Told) {
    let Some(parts) = things.get_mut(&(told.kind, told.record.id.clone())) else {
        return;
    };
    match parts.iter_mut().find(|part| part.link == told.link) {
        Some(part) => {
            Arc::make_mut(&mut part.now).merge(&told.record);
            part.before = Some(told.record);
            part.doc = None;
        }
        None => parts.push(Part {
            link: told.link,
            profile: told.profile,
            now: Arc::clone(&told.record),
            before: Some(told.record),
            doc: None,
            new: false,
        }),
    }
}
