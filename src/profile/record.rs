//! A record: what events say of one thing of the customer, an order or a ticket, before it is shown as one.
//!
//! Records are kept per link and merged per customer, so that joining or parting customers never rewrites one. A field keeps
//! the newest statement, a list its newest entries; merging is commutative and takes repetition.

use super::packed::{Packed, Packer, Unpacker, packed};
use crate::event::{Event, MAX_ID, is_shallow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Most entries of one list of a record: status changes, refunds, messages.
const MAX_ENTRIES: usize = 50;

/// The sorts of things that have records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// An order.
    Purchase,
    /// A support ticket.
    Ticket,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Purchase, Self::Ticket];

    /// The word for it in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Ticket => "ticket",
        }
    }

    /// The kind that a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What one event says of one record.
#[derive(Debug)]
pub struct Statement {
    /// Which sort of record.
    pub kind: RecordKind,
    /// The order's or ticket's id.
    pub id: String,
    /// When the thing came to be, if the event says more than its own time.
    pub began_at: i64,
    /// Fields and their values.
    pub fields: Vec<(&'static str, Value)>,
    /// Entries of lists: the list, the entry's key, the entry.
    pub entries: Vec<(&'static str, String, Value)>,
}

/// A value and the (time, event id) of the statement it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stated(pub(super) i64, pub(super) String, pub(super) Value);

impl Stated {
    fn order(&self) -> (i64, &str) {
        (self.0, &self.1)
    }
}

/// Everything stated of one order or ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The order's or ticket's id.
    pub id: String,
    /// When it came to be: the earliest time any event gives, in UTC milliseconds.
    pub began_at: i64,
    /// Time of the newest event about it.
    pub changed_at: i64,
    pub(super) fields: BTreeMap<String, Stated>,
    pub(super) lists: BTreeMap<String, BTreeMap<String, Stated>>,
    /// The sources that spoke of it.
    pub sources: BTreeSet<String>,
}

packed!(Record {
    id,
    began_at,
    changed_at,
    fields,
    lists,
    sources
});

impl Packed for Stated {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        self.0.pack(into);
        self.1.pack(into);
        self.2.pack(into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self(
            Packed::unpack(from)?,
            Packed::unpack(from)?,
            Packed::unpack(from)?,
        ))
    }
}

impl Record {
    /// The record that one event alone makes.
    #[must_use]
    pub fn of(event: &Event, statement: Statement) -> Self {
        let stated = |value: Value| Stated(event.at, event.id.clone(), value);
        let mut record = Self {
            id: statement.id,
            began_at: statement.began_at.min(event.at),
            changed_at: event.at,
            sources: BTreeSet::from([event.source.clone()]),
            ..Self::default()
        };
        for (name, value) in statement.fields {
            record.fields.insert(name.to_owned(), stated(value));
        }
        for (list, key, value) in statement.entries {
            record
                .lists
                .entry(list.to_owned())
                .or_default()
                .insert(key, stated(value));
        }
        record
    }

    /// Takes in what another record says of the same thing.
    pub fn merge(&mut self, other: &Self) {
        self.began_at = self.began_at.min(other.began_at);
        self.changed_at = self.changed_at.max(other.changed_at);
        self.sources.extend(other.sources.iter().cloned());
        for (name, stated) in &other.fields {
            put(&mut self.fields, name, stated);
        }
        for (list, entries) in &other.lists {
            let mine = self.lists.entry(list.clone()).or_default();
            for (key, stated) in entries {
                put(mine, key, stated);
            }
            while mine.len() > MAX_ENTRIES {
                let oldest = mine
                    .iter()
                    .min_by_key(|(_, stated)| stated.order())
                    .map(|(key, _)| key.clone());
                oldest.and_then(|key| mine.remove(&key));
            }
        }
    }

    /// All records of one thing as one.
    #[must_use]
    pub fn merged<'a>(records: impl IntoIterator<Item = &'a Self>) -> Option<Cow<'a, Self>> {
        let mut records = records.into_iter();
        let mut merged = Cow::Borrowed(records.next()?);
        for record in records {
            merged.to_mut().merge(record);
        }
        Some(merged)
    }

    /// The newest statement of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(|stated| &stated.2)
    }

    /// The newest statement of a field as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).and_then(crate::event::text_of)
    }

    /// A list's entries, oldest first, each with its time.
    #[must_use]
    pub fn entries(&self, list: &str) -> Vec<(i64, &Value)> {
        let mut entries: Vec<&Stated> = self
            .lists
            .get(list)
            .into_iter()
            .flat_map(BTreeMap::values)
            .collect();
        entries.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        entries
            .into_iter()
            .map(|stated| (stated.0, &stated.2))
            .collect()
    }
}

fn put(held: &mut BTreeMap<String, Stated>, name: &str, stated: &Stated) {
    match held.get_mut(name) {
        Some(mine) if mine.order() >= stated.order() => {}
        Some(mine) => *mine = stated.clone(),
        None => {
            held.insert(name.to_owned(), stated.clone());
        }
    }
}

/// Adds to or replaces in a list that keeps the `most` newest by `order`, newest first. True when an entry moved back in
/// a list that may have dropped others before, so that one of those may belong in it now.
pub fn replace_in<T, K: Ord>(
    list: &mut Vec<T>,
    total: u64,
    most: usize,
    entry: T,
    same: impl Fn(&T) -> bool,
    order: impl Fn(&T) -> K,
) -> bool {
    let before = list.iter().position(same).map(|at| order(&list.remove(at)));
    let moved_back = before.is_some_and(|before| order(&entry) < before);
    let at = list.partition_point(|held| order(held) > order(&entry));
    let dropped_others = total > most as u64;
    list.insert(at, entry);
    list.truncate(most);
    moved_back && dropped_others
}

/// A text property under a name, trimmed, if it is there and not empty.
pub(super) fn text_property(event: &Event, name: &str) -> Option<String> {
    event
        .property(name)
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// The id of what an event is about: one that is longer than any identifier is none, and PostgreSQL could not index it.
pub(super) fn id_property(event: &Event, name: &str) -> Option<String> {
    text_property(event, name).filter(|id| id.len() <= MAX_ID)
}

/// The properties of these names that are not null, as fields of a statement.
pub(super) fn fields(event: &Event, names: &[&'static str]) -> Vec<(&'static str, Value)> {
    let stated = |name: &&'static str| {
        Some((
            *name,
            event
                .properties
                .get(*name)
                .filter(|value| !value.is_null() && is_shallow(value))?
                .clone(),
        ))
    };
    names.iter().filter_map(stated).collect()
}
