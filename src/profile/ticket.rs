//! Support tickets of any help desk.

use super::packed::packed;
use super::part::ProfilePart;
use super::record::{Record, RecordList, replace_in};
use crate::clock::Time;
use crate::event::{Event, text_of};
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::sync::Arc;

mod update;

use update::update;

/// Most tickets that a profile repeats, newest first.
pub const MAX_RECENT: usize = 10;
/// Most open tickets that a profile repeats.
pub const MAX_OPEN: usize = 20;
/// Most messages of one ticket that a profile repeats, the newest.
pub const MAX_MESSAGES: usize = 3;
/// Most characters of a message that a profile repeats.
const SHOWN_BODY: usize = 500;

/// One ticket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ticket {
    /// The ticket's id in the help desk.
    pub ticket_id: String,
    /// What it is about; written by the customer.
    pub subject: String,
    /// `open`, `pending`, `solved` or `closed`.
    pub status: String,
    /// The help desk's word for its urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// How it came: email, chat, phone, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// How satisfied the customer said they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat: Option<String>,
    /// When it was opened.
    pub opened_at: Time,
    /// When anything about it last changed.
    pub changed_at: Time,
    /// How many messages are kept.
    pub message_count: u64,
    /// The newest messages, oldest first.
    pub messages: Vec<Message>,
    /// The sources that spoke of it.
    pub sources: Vec<String>,
}

/// One public message of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// When it was written.
    pub at: Time,
    /// `customer` or `agent`.
    pub author: String,
    /// What they wrote, cut to a length.
    pub body: String,
}

/// The customer's tickets.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tickets {
    /// How many there are in all.
    pub count: u64,
    /// How many are open or pending.
    pub open_count: u64,
    /// The newest that are open or pending, newest first.
    pub open: Vec<Ticket>,
    /// The newest of the others, newest first.
    pub recent: Vec<Ticket>,
}

packed!(Ticket {
    ticket_id,
    subject,
    status,
    priority,
    channel,
    assignee,
    tags,
    csat,
    opened_at,
    changed_at,
    message_count,
    messages,
    sources,
});
packed!(Message { at, author, body });
packed!(Tickets {
    count,
    open_count,
    open,
    recent
});

impl ProfilePart for Tickets {
    type Facts = Option<Arc<Record>>;

    fn read(event: &Event) -> Self::Facts {
        Record::read(event, update)
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.open_count += other.open_count;
        for (mine, theirs, most) in [
            (&mut self.open, other.open, MAX_OPEN),
            (&mut self.recent, other.recent, MAX_RECENT),
        ] {
            mine.extend(theirs);
            let newest = |ticket: &Ticket| Reverse((ticket.opened_at, ticket.ticket_id.clone()));
            mine.sort_by_cached_key(newest);
            mine.truncate(most);
        }
    }
}

impl RecordList for Tickets {
    fn replace(&mut self, before: Option<&Record>, after: &Record) -> bool {
        let after = Ticket::of(after);
        let was_open = before.is_some_and(|before| Ticket::of(before).is_open());
        let is_open = after.is_open();
        self.count += u64::from(before.is_none());
        self.open_count = self.open_count + u64::from(is_open) - u64::from(was_open);
        let shut = self.count - self.open_count;
        // A ticket that changes sides may leave a gap in a full list.
        let gap = before.is_some()
            && was_open != is_open
            && (self.open_count >= MAX_OPEN as u64 || shut >= MAX_RECENT as u64);
        let id = after.ticket_id.clone();
        let (into, out_of, total, most) = if is_open {
            (&mut self.open, &mut self.recent, self.open_count, MAX_OPEN)
        } else {
            (&mut self.recent, &mut self.open, shut, MAX_RECENT)
        };
        out_of.retain(|held| held.ticket_id != id);
        let moved = replace_in(
            into,
            total,
            most,
            after,
            |held| held.ticket_id == id,
            |held| (held.opened_at, held.ticket_id.clone()),
        );
        gap || moved
    }

    fn remove(&mut self, record: &Record) -> bool {
        let shut = self.count - self.open_count;
        let dropped_others = self.open_count > MAX_OPEN as u64 || shut > MAX_RECENT as u64;
        let was_open = Ticket::of(record).is_open();
        self.count = self.count.saturating_sub(1);
        self.open_count = self.open_count.saturating_sub(u64::from(was_open));
        for list in [&mut self.open, &mut self.recent] {
            list.retain(|held| held.ticket_id != record.id);
        }
        dropped_others
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Ticket {
    /// The ticket that a record describes, with its newest messages.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let messages = record.entries("messages");
        let tags = record
            .field("tags")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        Self {
            ticket_id: record.id.clone(),
            subject: record
                .text("subject")
                .unwrap_or_default()
                .chars()
                .take(200)
                .collect(),
            status: record.text("status").unwrap_or_else(|| "open".to_owned()),
            priority: record.text("priority"),
            channel: record.text("channel"),
            assignee: record.text("assignee"),
            tags: tags.iter().filter_map(text_of).take(20).collect(),
            csat: record.text("csat"),
            opened_at: record.began_at,
            changed_at: record.changed_at,
            message_count: messages.len() as u64,
            messages: messages
                .iter()
                .rev()
                .take(MAX_MESSAGES)
                .rev()
                .map(|(at, value)| Message::of(*at, value))
                .collect(),
            sources: record.sources.iter().cloned().collect(),
        }
    }

    /// Whether someone still has to do something about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "solved" | "closed" | "deleted" | "archived"
        )
    }
}

impl Message {
    fn of(at: Time, value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(text_of).unwrap_or_default();
        Self {
            at,
            author: text("author"),
            body: text("body").chars().take(SHOWN_BODY).collect(),
        }
    }
}
