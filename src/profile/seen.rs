//! How much came in and when: in all, and from each source.

use super::packed::packed;
use super::part::{ProfilePart, keep_first};
use super::provenance::Provenance;
use crate::clock::Time;
use crate::event::Event;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most sources that are counted apart.
pub const MAX_SOURCES: usize = 50;

/// What came from each source.
pub type Sources = BTreeMap<String, Seen>;

/// How many events there were and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Distinct events.
    pub events: u64,
    /// Time of the earliest.
    pub first_at: Time,
    /// Time of the latest.
    pub last_at: Time,
    /// When the last one to arrive arrived.
    pub received_at: Time,
}

packed!(Seen {
    events,
    first_at,
    last_at,
    received_at
});

impl Seen {
    fn one(by: &Provenance) -> Self {
        Self {
            events: 1,
            first_at: by.at,
            last_at: by.at,
            received_at: by.received_at,
        }
    }
}

/// The provenance of an event is all that it takes.
impl ProfilePart for Seen {
    type Facts = ();

    fn read(_: &Event) {}

    fn apply(&mut self, by: &Provenance, (): &()) {
        self.merge(Self::one(by));
    }

    fn merge(&mut self, other: Self) {
        if self.events == 0 {
            *self = other;
        } else if other.events > 0 {
            *self = Self {
                events: self.events + other.events,
                first_at: self.first_at.min(other.first_at),
                last_at: self.last_at.max(other.last_at),
                received_at: self.received_at.max(other.received_at),
            };
        }
    }
}

impl ProfilePart for Sources {
    type Facts = ();

    fn read(_: &Event) {}

    fn apply(&mut self, by: &Provenance, (): &()) {
        let seen = self.entry(by.source.clone()).or_default();
        seen.merge(Seen::one(by));
        keep_first(self, MAX_SOURCES);
    }

    fn merge(&mut self, other: Self) {
        for (source, seen) in other {
            self.entry(source).or_default().merge(seen);
        }
        keep_first(self, MAX_SOURCES);
    }
}
