//! Where a statement is from: the event, its source and its times.

use crate::event::Event;

/// When an event happened and through which source it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The event's id.
    pub event: String,
    /// The source it came through.
    pub source: String,
    /// When it happened, in UTC milliseconds.
    pub at: i64,
    /// When it reached us, in UTC milliseconds.
    pub received_at: i64,
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
