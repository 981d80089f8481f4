//! The facts of an event: what a profile takes from it.
//!
//! A fold gets facts and never the event, live and in a rebuild, so it cannot depend on anything
//! that one of the two lacks. An event that waits to be written is held as its facts and its text,
//! because the whole event, parsed, takes several times as much memory as both.

use super::PartFacts;
use super::provenance::Provenance;
use super::record::{Record, RecordKind};
use crate::event::Event;
use std::sync::Arc;

/// What a profile takes from one event, and where that is from.
///
/// A profile applies nothing else:
/// ```
/// use acquaint::clock::Time;
/// use acquaint::event::{Event, Kind};
/// use acquaint::profile::{EventFacts, Profile};
///
/// let event = Event::new("web", "m1", Kind::Page, Time::from_ms(5), Time::from_ms(9));
/// Profile::default().apply(&EventFacts::of(&event));
/// ```
/// An event itself is refused:
/// ```compile_fail
/// use acquaint::clock::Time;
/// use acquaint::event::{Event, Kind};
/// use acquaint::profile::{EventFacts, Profile};
///
/// let event = Event::new("web", "m1", Kind::Page, Time::from_ms(5), Time::from_ms(9));
/// Profile::default().apply(&event);
/// ```
#[derive(Clone, Debug)]
pub struct EventFacts {
    provenance: Provenance,
    parts: PartFacts,
}

impl EventFacts {
    /// The facts of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            provenance: Provenance::of(event),
            parts: PartFacts::read(event),
        }
    }

    /// When the event happened and through which source it came.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The record that the event alone makes, if it is about an order or a ticket.
    #[must_use]
    pub fn record(&self) -> Option<(RecordKind, &Arc<Record>)> {
        let record_of = |kind| match kind {
            RecordKind::Purchase => self.parts.purchases.as_ref(),
            RecordKind::Ticket => self.parts.tickets.as_ref(),
        };
        RecordKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, record_of(kind)?)))
    }

    pub(super) fn parts(&self) -> &PartFacts {
        &self.parts
    }
}

#[cfg(test)]
mod tests;
