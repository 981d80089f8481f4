//! Which events speak of an order or a ticket, and what each says: one list of the sorts of records.

use super::record::Statement;
use super::{purchase, ticket};
use crate::event::{Event, Kind};

/// What reads an event as a statement on one sort of record; none where it is about something else.
type Read = fn(&Event) -> Option<Statement>;

/// The sorts of records, in the order in which an event is offered to them.
const READ: [Read; 2] = [purchase::statement, ticket::statement];

impl Statement {
    /// What the event says of an order or a ticket, if it is about one.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        if event.kind != Kind::Track {
            return None;
        }
        READ.iter().find_map(|read| read(event))
    }
}
