//! An event as identity and profile read it, with all that can be known of it without the database.
//!
//! It is read under the rules that the caller knows. If others are in force once the transaction has
//! the lock, the committer reads it again.

use crate::clock::Time;
use crate::event::Event;
use crate::id::LinkId;
use crate::identity::Identification;
use crate::profile::record::{Record, RecordKind};
use crate::profile::{EventFacts, packed};
use crate::store::access::Workspace;
use std::sync::Arc;

/// What identity and the profile take of one event. Live and in a rebuild, events are folded from
/// this alone.
#[derive(Clone, Debug)]
pub(super) struct ReadEvent {
    /// What identity takes.
    pub identification: Identification,
    /// What the profile takes.
    pub facts: EventFacts,
    /// What it says of an order or ticket.
    pub record: Option<EventRecord>,
}

/// What one event says of an order or ticket.
#[derive(Clone, Debug)]
pub(super) struct EventRecord {
    pub kind: RecordKind,
    pub record: Arc<Record>,
    /// The record as it is stored, if nothing else is known of it.
    pub doc: Arc<[u8]>,
}

impl ReadEvent {
    /// Reads an event under the rules in force.
    pub fn of(workspace: &Workspace, event: &Event) -> Self {
        let facts = EventFacts::of(event);
        Self {
            identification: workspace.rules.read(&workspace.secret, event),
            record: EventRecord::of(&facts),
            facts,
        }
    }

    /// The link that the event stands under.
    pub fn link(&self) -> &LinkId {
        &self.identification.link
    }

    /// When the event happened.
    pub fn at(&self) -> Time {
        self.facts.provenance().at
    }
}

impl EventRecord {
    fn of(facts: &EventFacts) -> Option<Self> {
        let (kind, record) = facts.record()?;
        Some(Self {
            kind,
            record: Arc::clone(record),
            doc: packed::pack(&**record).into(),
        })
    }
}
