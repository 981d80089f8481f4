//! A record: what events say of one order or ticket, before the profile shows it.
//!
//! Records are kept per link and merged per customer, so that joining or parting customers never
//! rewrites one. A field keeps its newest value, a list its newest entries; merging is commutative
//! and idempotent.

use super::packed::{Packed, Packer, Unpacker, packed};
use super::provenance::Provenance;
use crate::clock::{Time, parse_time};
use crate::event::{Event, Kind, MAX_ID, is_shallow};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most entries of one list of a record: status changes, refunds, messages.
const MAX_ENTRIES: usize = 50;

/// The kinds of things that have records.
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

/// What one event says of one order or ticket.
pub(super) struct RecordUpdate {
    /// The order's or ticket's id.
    pub(super) id: String,
    /// When the thing came to be, as far as the event tells.
    pub(super) began_at: Time,
    /// Fields and their values.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// Entries of lists: the list, the entry's key, the entry.
    pub(super) entries: Vec<(&'static str, String, Value)>,
}

/// A part of the profile that shows records of one kind.
///
/// The methods return true when a list that keeps only the newest entries may now lack one that it
/// dropped earlier; then it has to be built again from all records.
pub(super) trait RecordList {
    /// Replaces what is known of one order or ticket.
    fn replace(&mut self, before: Option<&Record>, after: &Record) -> bool;

    /// Takes out one order or ticket.
    fn remove(&mut self, record: &Record) -> bool;

    /// Takes out all of them.
    fn clear(&mut self);
}

/// A value and the (time, event id) of the event it is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FieldValue(pub(super) Time, pub(super) String, pub(super) Value);

impl FieldValue {
    fn order(&self) -> (Time, &str) {
        (self.0, &self.1)
    }
}

/// Everything stated of one order or ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Record {
    /// The order's or ticket's id.
    pub id: String,
    /// When it came to be: the earliest time any event gives.
    pub began_at: Time,
    /// Time of the newest event about it.
    pub changed_at: Time,
    pub(super) fields: BTreeMap<String, FieldValue>,
    pub(super) lists: BTreeMap<String, BTreeMap<String, FieldValue>>,
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

impl Packed for FieldValue {
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
    /// The record that an event alone makes, if it is a track call that `update` can read.
    pub(super) fn read(
        event: &Event,
        update: impl FnOnce(&Event) -> Option<RecordUpdate>,
    ) -> Option<Arc<Self>> {
        let update = (event.kind == Kind::Track).then(|| update(event))??;
        Some(Arc::new(Self::of(&Provenance::of(event), update)))
    }

    /// The record that one update alone makes.
    fn of(by: &Provenance, update: RecordUpdate) -> Self {
        let dated = |value: Value| FieldValue(by.at, by.event.clone(), value);
        let fields = update.fields.into_iter();
        let mut lists: BTreeMap<String, BTreeMap<String, FieldValue>> = BTreeMap::new();
        for (list, key, value) in update.entries {
            let entries = lists.entry(list.to_owned()).or_default();
            entries.insert(key, dated(value));
        }
        Self {
            id: update.id,
            began_at: update.began_at.min(by.at),
            changed_at: by.at,
            fields: fields
                .map(|(name, value)| (name.to_owned(), dated(value)))
                .collect(),
            lists,
            sources: BTreeSet::from([by.source.clone()]),
        }
    }

    /// Merges another record of the same thing.
    pub fn merge(&mut self, other: &Self) {
        self.began_at = self.began_at.min(other.began_at);
        self.changed_at = self.changed_at.max(other.changed_at);
        self.sources.extend(other.sources.iter().cloned());
        for (name, value) in &other.fields {
            put(&mut self.fields, name, value);
        }
        for (list, entries) in &other.lists {
            let mine = self.lists.entry(list.clone()).or_default();
            for (key, value) in entries {
                put(mine, key, value);
            }
            while mine.len() > MAX_ENTRIES {
                let oldest = mine
                    .iter()
                    .min_by_key(|(_, value)| value.order())
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

    /// The newest value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(|value| &value.2)
    }

    /// The newest value of a field as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).and_then(crate::event::text_of)
    }

    /// A list's entries, oldest first, each with its time.
    #[must_use]
    pub fn entries(&self, list: &str) -> Vec<(Time, &Value)> {
        let mut entries: Vec<&FieldValue> = self
            .lists
            .get(list)
            .into_iter()
            .flat_map(BTreeMap::values)
            .collect();
        entries.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        entries
            .into_iter()
            .map(|value| (value.0, &value.2))
            .collect()
    }
}

fn put(held: &mut BTreeMap<String, FieldValue>, name: &str, value: &FieldValue) {
    match held.get_mut(name) {
        Some(mine) if mine.order() >= value.order() => {}
        Some(mine) => *mine = value.clone(),
        None => {
            held.insert(name.to_owned(), value.clone());
        }
    }
}

/// Adds to or replaces in a list that keeps the `most` newest by `order`, newest first. True when
/// an entry moved back in a list that may have dropped others before, so that one of those may
/// belong in it now.
pub(super) fn replace_in<T, K: Ord>(
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

/// A text property under a name as a time, if it is one.
pub(super) fn time_property(event: &Event, name: &str) -> Option<Time> {
    parse_time(&text_property(event, name)?)
}

/// The id of the order or ticket that an event is about. An id that is longer than any identifier
/// is ignored: PostgreSQL could not index it.
pub(super) fn id_property(event: &Event, name: &str) -> Option<String> {
    text_property(event, name).filter(|id| id.len() <= MAX_ID)
}

/// The properties of these names that are not null, as fields of a record.
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
