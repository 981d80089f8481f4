//! Where a statement is from: the event, its source and its times.

use crate::clock::Time;
use crate::event::Event;

/// When an event happened and through which source it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The event's id.
    pub event: String,
    /// The source it came through.
    pub source: String,
    /// When it happened.
    pub at: Time,
    /// When it reached us.
    pub received_at: Time,
}

impl Provenance {
    /// The provenance of everything that an event states.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            event: event.id.clone(),
            source: event.source.clone(),
            at: event.at,
            received_at: event.received_at,
        }
    }
}
