//! Builds the event of one record: values are added column by column and become traits.

use super::column::{Role, Use, is_known, recognise, snake};
use super::date::{self, DateOrder};
use crate::clock::{Time, base32};
use crate::event::{Event, Kind, MAX_ID, Reject, text_of};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The parts of an address, in the order of the stored address.
const PARTS: [&str; 5] = ["street", "city", "postal_code", "state", "country"];

/// The values of one record.
pub(super) struct RecordBuilder {
    order: DateOrder,
    today: Date,
    id: Option<String>,
    user_id: Option<String>,
    updated_at: Option<String>,
    traits: BTreeMap<String, Vec<(usize, Value)>>,
    /// Addresses of several columns, by name: the texts of each part, with the positions of their
    /// columns.
    parts: BTreeMap<String, BTreeMap<String, Vec<(usize, String)>>>,
    /// Addresses that are one value.
    addresses: Vec<Value>,
}

impl RecordBuilder {
    /// An empty record that was received at this time.
    pub fn new(order: DateOrder, received_at: Time) -> Self {
        Self {
            order,
            today: date::today(received_at),
            id: None,
            user_id: None,
            updated_at: None,
            traits: BTreeMap::new(),
            parts: BTreeMap::new(),
            addresses: Vec::new(),
        }
    }

    /// Adds a cell.
    pub fn put_text(&mut self, used: &Use, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match &used.role {
            Role::Id => self.id = Some(text.to_owned()),
            Role::UserId => self.user_id = Some(text.to_owned()),
            Role::UpdatedAt => self.updated_at = Some(text.to_owned()),
            Role::Trait(name) => {
                let day = if name == "birthday" {
                    date::day(text, self.order, self.today)
                } else {
                    None
                };
                let value = Value::String(day.unwrap_or_else(|| text.to_owned()));
                self.put_trait(name, used.place, value);
            }
            Role::Part { address, part } => self.put_part(address, part, used.place, text),
            Role::Address(address) => self.put_part(address, "street", used.place, text),
            Role::LeftOut => {}
        }
    }

    /// Adds a JSON value: each element of a list, and the known members of an object.
    pub fn put(&mut self, used: &Use, value: &Value) {
        match (&used.role, value) {
            (Role::LeftOut, _) | (_, Value::Null) => {}
            (Role::Trait(name), value) if !is_known(name) => {
                if value.as_str().is_none_or(|text| !text.trim().is_empty()) {
                    let trimmed = value.as_str().map(|text| json!(text.trim()));
                    self.put_trait(name, used.place, trimmed.unwrap_or_else(|| value.clone()));
                }
            }
            (Role::Address(_), Value::Object(fields)) => self.put_address(fields),
            (Role::Address(_), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    let one = Use::new(Role::Address(format!("{at:03}")), used.place);
                    self.put(&one, item);
                }
            }
            (_, Value::Array(items)) => items.iter().for_each(|item| self.put(used, item)),
            (Role::Trait(name), Value::Object(fields)) => {
                if let Some(text) = text_in(name, fields) {
                    self.put_text(used, &text);
                }
            }
            (_, value) => {
                if let Some(text) = text_of(value) {
                    self.put_text(used, &text);
                }
            }
        }
    }

    fn put_trait(&mut self, name: &str, place: usize, value: Value) {
        match self.traits.get_mut(name) {
            Some(values) => values.push((place, value)),
            None => drop(self.traits.insert(name.to_owned(), vec![(place, value)])),
        }
    }

    fn put_part(&mut self, address: &str, part: &str, place: usize, text: &str) {
        let parts = match self.parts.get_mut(address) {
            Some(parts) => parts,
            None => self.parts.entry(address.to_owned()).or_default(),
        };
        parts
            .entry(part.to_owned())
            .or_default()
            .push((place, text.to_owned()));
    }

    /// Adds a whole address: known members as the parts of an address, others under their own
    /// names.
    fn put_address(&mut self, fields: &Map<String, Value>) {
        let (mut parts, mut others) = (BTreeMap::<String, Vec<(usize, String)>>::new(), Map::new());
        for (key, value) in fields {
            match (
                recognise(key).map(|used| (used.role, used.place)),
                text_of(value),
            ) {
                (_, None) if value.is_null() => {}
                (Some((Role::Part { part, .. }, place)), Some(text))
                    if part == "street" || !parts.contains_key(&part) =>
                {
                    push_text(parts.entry(part).or_default(), place, &text);
                }
                (Some((Role::Address(_), place)), Some(text)) => {
                    push_text(parts.entry("street".to_owned()).or_default(), place, &text);
                }
                (_, Some(text)) if text.trim().is_empty() => {}
                _ => drop(others.insert(snake(key), value.clone())),
            }
        }
        parts.retain(|_, texts| !texts.is_empty());
        let mut address = address(parts);
        others.sort_keys();
        address.extend(others);
        if !address.is_empty() {
            self.addresses.push(Value::Object(address));
        }
    }

    /// The event of the record. `join` names the contacts by which it may join customers.
    ///
    /// # Errors
    /// A [`Reject`] when the record has no usable id, or the event is invalid for another reason.
    pub fn finish(
        mut self,
        source: &str,
        join: &[&str],
        received_at: Time,
    ) -> Result<Event, Reject> {
        let Some(id) = self.id.take() else {
            return Err(Reject::new(
                "no_record_id",
                "the column with the record's id is empty here; give the record one",
            ));
        };
        if id.len() > MAX_ID {
            let message = format!(
                "the record's id has {} bytes; an id has at most {MAX_ID}",
                id.len()
            );
            return Err(Reject::new("id_too_long", message));
        }
        let updated_at = self.updated_at.take();
        let at = updated_at
            .as_deref()
            .and_then(|text| date::moment(text, self.order, self.today))
            .filter(|at| *at >= crate::event::EARLIEST);
        if let (None, Some(text)) = (at, updated_at) {
            self.put_trait("updated_at", 0, Value::String(text));
        }
        let user_id = self.user_id.take();
        let traits = self.traits();
        let message_id = message_id(&json!([id, user_id, at.map(Time::ms), join, traits]));
        let mut event = Event::new(
            source,
            &message_id,
            Kind::Identify,
            at.unwrap_or(received_at),
            received_at,
        );
        event.user_id = user_id;
        event.traits = traits;
        event.add_external_id(&super::record_kind(source), id);
        if !join.is_empty() {
            event.context.insert("join".to_owned(), json!(join));
        }
        event.check()
    }

    /// The traits by name; several values of one trait are a list without duplicates.
    fn traits(self) -> Map<String, Value> {
        let mut all = self.traits;
        let made = self
            .parts
            .into_values()
            .map(|parts| Value::Object(address(parts)));
        let addresses: Vec<_> = made
            .chain(self.addresses)
            .map(|address| (0, address))
            .collect();
        if !addresses.is_empty() {
            all.insert("address".to_owned(), addresses);
        }
        let listed = all.into_iter().map(|(name, mut values)| {
            values.sort_by_key(|(place, _)| *place);
            let mut distinct: Vec<Value> = Vec::with_capacity(values.len());
            for (_, value) in values {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            }
            let only = (distinct.len() == 1).then(|| distinct.pop()).flatten();
            (name, only.unwrap_or(Value::Array(distinct)))
        });
        listed.collect()
    }
}

fn push_text(texts: &mut Vec<(usize, String)>, place: usize, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        texts.push((place, text.to_owned()));
    }
}

/// An address from its parts; the texts of each part are sorted by position.
fn address(mut parts: BTreeMap<String, Vec<(usize, String)>>) -> Map<String, Value> {
    let mut address = Map::new();
    let known = PARTS
        .iter()
        .filter_map(|part| parts.remove_entry(*part))
        .collect::<Vec<_>>();
    for (part, mut texts) in known.into_iter().chain(parts) {
        texts.sort_by_key(|(place, _)| *place);
        texts.dedup_by(|a, b| a.1 == b.1);
        let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        address.insert(part, Value::String(texts.join(" ")));
    }
    address
}

/// The text of an object where a text is expected: `{"type": "work", "value": "ada@example.com"}`,
/// `{"given": …, "family": …}`.
fn text_in(name: &str, fields: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| {
        fields
            .get(key)
            .and_then(text_of)
            .filter(|text| !text.trim().is_empty())
    };
    if name == "name" {
        let trait_of = |key: &str| recognise(key).map(|used| used.role);
        let part = |wanted: &str| {
            let role = Role::Trait(wanted.to_owned());
            let found = fields.iter().find(|(key, _)| {
                trait_of(&format!("name.{key}")).as_ref() == Some(&role)
                    || trait_of(key).as_ref() == Some(&role)
            });
            found
                .and_then(|(_, value)| text_of(value))
                .filter(|text| !text.trim().is_empty())
        };
        let parts: Vec<String> = ["first_name", "middle_name", "last_name"]
            .into_iter()
            .filter_map(part)
            .collect();
        if !parts.is_empty() {
            return Some(parts.join(" "));
        }
    }
    [name, "value", "number", "address", "name", "full", "id"]
        .into_iter()
        .find_map(text)
}

/// A hash of the content of the record.
fn message_id(content: &Value) -> String {
    base32(&Sha256::digest(content.to_string().as_bytes())[..20])
}
