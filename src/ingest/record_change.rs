//! What a batch says of orders and tickets. Each link keeps what its events say of a record, and a
//! profile shows what its links know together.

use super::Holders;
use super::read_event::{EventRecord, ReadEvent};
use crate::id::{LinkId, ProfileId};
use crate::profile::Profile;
use crate::profile::record::{Record, RecordKind};
use crate::store::record::{LinkRecord, NewRecord};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one link knows of one order or ticket, before the batch and with it.
pub(super) struct RecordChange {
    link: LinkId,
    /// The profile that holds the link.
    profile: Option<ProfileId>,
    before: Option<Arc<Record>>,
    now: Arc<Record>,
    /// The record as it is stored, where it is packed already.
    doc: Option<Arc<[u8]>>,
    /// Whether the batch speaks of it through this link.
    new: bool,
}

impl RecordChange {
    /// The profile that holds the link.
    pub fn profile(&self) -> Option<&ProfileId> {
        self.profile.as_ref()
    }
}

/// The orders and tickets that a batch speaks of, each with all links that know of it. Neighbours
/// in a table are read and written one after another.
pub(super) type RecordChanges = BTreeMap<(RecordKind, String), Vec<RecordChange>>;

/// What events say of orders and tickets, beside what is `stored` of these.
pub(super) fn all<'a>(
    events: impl Iterator<Item = &'a ReadEvent>,
    stored: Vec<LinkRecord>,
    holders: &Holders,
) -> RecordChanges {
    let mut changes = said(events, holders);
    for mut known in stored {
        // It was read before the batch was planned, which may give the link to another profile.
        if let Some(profile) = holders.get(&known.link) {
            known.profile.clone_from(profile);
        }
        add(&mut changes, known);
    }
    changes
}

/// The rows to be written.
pub(super) fn rows(changes: &RecordChanges) -> Vec<NewRecord<'_>> {
    let changed = changes.iter().flat_map(|((kind, _), changes)| {
        let new = changes.iter().filter(|change| change.new);
        new.map(|change| NewRecord {
            kind: *kind,
            link: &change.link,
            record: &change.now,
            doc: change.doc.clone(),
        })
    });
    changed.collect()
}

/// Shows in the profile of this id what its links know of one order or ticket. True when a list may
/// lack an entry now, as [`Profile::replace`] says.
#[must_use]
pub(super) fn show(
    profile: &mut Profile,
    id: &ProfileId,
    kind: RecordKind,
    changes: &[RecordChange],
) -> bool {
    let own = || changes.iter().filter(|change| change.profile() == Some(id));
    let before = Record::merged(own().filter_map(|change| change.before.as_deref()));
    let after = Record::merged(own().map(|change| &*change.now));
    after.is_some_and(|after| profile.replace(kind, before.as_deref(), &after))
}

/// What events say, as one change for each record and link.
fn said<'a>(events: impl Iterator<Item = &'a ReadEvent>, holders: &Holders) -> RecordChanges {
    let mut changes = RecordChanges::new();
    for event in events {
        let Some(EventRecord { kind, record, doc }) = &event.record else {
            continue;
        };
        let link = event.link();
        let of_record = changes.entry((*kind, record.id.clone())).or_default();
        if let Some(change) = of_record.iter_mut().find(|change| change.link == *link) {
            Arc::make_mut(&mut change.now).merge(record);
            change.doc = None;
            continue;
        }
        of_record.push(RecordChange {
            profile: holders.get(link).cloned().flatten(),
            link: link.clone(),
            before: None,
            now: Arc::clone(record),
            doc: Some(Arc::clone(doc)),
            new: true,
        });
    }
    changes
}

/// Adds what a link knew before, if the batch speaks of that record.
fn add(changes: &mut RecordChanges, known: LinkRecord) {
    let key = (known.kind, known.record.id.clone());
    let Some(of_record) = changes.get_mut(&key) else {
        return;
    };
    let LinkRecord {
        link,
        profile,
        record,
        ..
    } = known;
    match of_record.iter_mut().find(|change| change.link == link) {
        Some(change) => {
            Arc::make_mut(&mut change.now).merge(&record);
            change.before = Some(record);
            change.doc = None;
        }
        None => of_record.push(RecordChange {
            link,
            profile,
            now: Arc::clone(&record),
            before: Some(record),
            doc: None,
            new: false,
        }),
    }
}
