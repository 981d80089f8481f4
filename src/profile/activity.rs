//! Recent activity: the newest events in a line each, and the sessions they make.

use super::packed::{Packed, Packer, Unpacker, packed};
use super::part::ProfilePart;
use super::provenance::Provenance;
use crate::clock::Time;
use crate::event::{Event, Kind};
use serde::Serialize;

/// Most events that a profile repeats; the rest is in the log.
pub const MAX_RECENT: usize = 50;
/// A pause longer than this ends a session, in milliseconds, as web analytics count it.
pub const SESSION_GAP: i64 = 30 * 60 * 1000;

/// The properties that say what an event was about, the first that it has.
const ABOUT: [&str; 7] = [
    "order_id",
    "ticket_id",
    "query",
    "product_name",
    "email_subject",
    "path",
    "title",
];
/// The property that says so only of what a customer did.
const ABOUT_TRACK: &str = "name";

/// The newest events, newest first.
pub type Recent = Vec<Activity>;

/// One event in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Event time.
    pub at: Time,
    /// The event's id.
    pub event: String,
    /// Which of the six calls it was.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The event's, page's or screen's name; may be empty.
    pub name: String,
    /// The source it came through.
    pub source: String,
    /// What the event was about, if it says: a page's path, a product, an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

packed!(Activity {
    at,
    event,
    kind,
    name,
    source,
    about
});

/// Every kind, in the order of its numbers.
pub(super) const KINDS: [Kind; 6] = [
    Kind::Identify,
    Kind::Track,
    Kind::Page,
    Kind::Screen,
    Kind::Group,
    Kind::Alias,
];

impl Packed for Kind {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.byte(*self as u8);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let number = usize::from(from.byte()?);
        KINDS.get(number).copied()
    }
}

/// What the line for one event says, without its provenance.
#[derive(Clone, Debug)]
pub(super) struct ActivityFact {
    kind: Kind,
    name: String,
    about: Option<String>,
}

impl ProfilePart for Recent {
    type Facts = ActivityFact;

    fn read(event: &Event) -> Self::Facts {
        ActivityFact {
            kind: event.kind,
            name: cut(&event.name, 80),
            about: about(event).map(|text| cut(&text, 120)),
        }
    }

    fn apply(&mut self, by: &Provenance, facts: &Self::Facts) {
        keep(self, Activity::of(by, facts));
    }

    fn merge(&mut self, other: Self) {
        for activity in other {
            keep(self, activity);
        }
    }
}

impl Activity {
    /// The line for an event.
    fn of(by: &Provenance, fact: &ActivityFact) -> Self {
        Self {
            at: by.at,
            event: by.event.clone(),
            kind: fact.kind,
            name: fact.name.clone(),
            source: by.source.clone(),
            about: fact.about.clone(),
        }
    }

    fn order(&self) -> (Time, &str) {
        (self.at, &self.event)
    }
}

fn about(event: &Event) -> Option<String> {
    let track = (event.kind == Kind::Track).then_some(&ABOUT_TRACK);
    let path = || event.context.get("page")?.get("path")?.as_str();
    ABOUT
        .iter()
        .chain(track)
        .find_map(|name| event.property(name))
        .or_else(|| path().map(str::to_owned))
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Adds an entry to a list that holds the newest first and drops the oldest when full.
fn keep(recent: &mut Recent, activity: Activity) {
    let at = recent.partition_point(|held| held.order() > activity.order());
    if at < MAX_RECENT {
        recent.insert(at, activity);
        recent.truncate(MAX_RECENT);
    }
}

/// A run of events without a long pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Time of its first event.
    pub from: Time,
    /// Time of its last event.
    pub until: Time,
    /// Its events, newest first.
    pub events: &'a [Activity],
}

/// The sessions in a list of events that is newest first; the last may have begun before the list
/// does.
#[must_use]
pub fn sessions(recent: &[Activity]) -> Vec<Session<'_>> {
    recent
        .chunk_by(|later, earlier| later.at - earlier.at <= SESSION_GAP)
        .filter_map(|events| {
            Some(Session {
                from: events.last()?.at,
                until: events.first()?.at,
                events,
            })
        })
        .collect()
}
