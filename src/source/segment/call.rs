//! One tracking call: from its JSON text to an event or the reason for its refusal.
//!
//! This is the hot path of collection, so a call is read once, straight into the values of the
//! event. Only a call that cannot be read is read again, to name the field at fault.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::MAX_EVENT_BYTES;
use super::field::{id, kind, text, time, word};
use crate::clock::{Time, base32, random_id};
use crate::event::{Event, Kind, MAX_DEPTH, Reject};
use crate::source::Parsed;

/// The values that a call takes from its request and its batch.
pub(super) struct CallContext<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// The time of arrival, by our clock.
    pub received_at: Time,
    /// The kind that the route names; the `type` of the call is ignored then.
    pub only: Option<Kind>,
    /// The context of the batch; the call's own context wins.
    pub context: Map<String, Value>,
    /// The time of sending, by the sender's clock.
    pub sent_at: Option<Time>,
    /// Whether the call was sent just before it arrived, so that the difference of the two times is
    /// the error of the sender's clock.
    pub corrects_clock: bool,
}

/// A call as it is on the wire. Scalars stay text until their own rule reads them; unknown fields
/// are skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCall<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    anonymous_id: Option<&'a RawValue>,
    #[serde(borrow)]
    previous_id: Option<&'a RawValue>,
    #[serde(borrow)]
    group_id: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    category: Option<&'a RawValue>,
    #[serde(borrow)]
    channel: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    original_timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    sent_at: Option<&'a RawValue>,
    traits: Option<Map<String, Value>>,
    properties: Option<Map<String, Value>>,
    context: Option<Map<String, Value>>,
}

impl CallContext<'_> {
    /// Reads a call: its event, or the reason for its refusal.
    pub fn parse(&self, raw: &RawValue) -> Parsed {
        let json = raw.get();
        if json.len() > MAX_EVENT_BYTES {
            let message = format!(
                "the event has {} bytes; send at most {MAX_EVENT_BYTES}",
                json.len()
            );
            return refuse(raw, Reject::new("event_too_large", message));
        }
        // A derived `Deserialize` would also accept an array, field by field.
        if !json.starts_with('{') {
            return refuse(
                raw,
                Reject::new("invalid_event", "an event is a JSON object"),
            );
        }
        let call: RawCall = match serde_json::from_str(json) {
            Ok(call) => call,
            Err(error) => return refuse(raw, fault(json, &error)),
        };
        let message_id = match id("messageId", call.message_id) {
            Ok(message_id) => message_id.filter(|text| !text.trim().is_empty()),
            Err(reject) => return refused(raw, None, reject),
        };
        match self.event(call, message_id.as_deref(), json) {
            Ok(event) => Parsed {
                outcome: Ok(event),
                message_id,
                raw: String::new(),
            },
            Err(reject) => refused(raw, message_id, reject),
        }
    }

    fn event(
        &self,
        call: RawCall<'_>,
        message_id: Option<&str>,
        json: &str,
    ) -> Result<Event, Reject> {
        let kind = match self.only {
            Some(kind) => kind,
            None => kind(call.kind)?,
        };
        let at = self.at(&call)?;
        let made;
        let message_id = match message_id {
            Some(message_id) => message_id,
            None => {
                made = self.message_id(&call, kind, json);
                &made
            }
        };
        let mut event = Event::new(self.source, message_id, kind, at, self.received_at);
        event.user_id = id("userId", call.user_id)?;
        event.anonymous_id = id("anonymousId", call.anonymous_id)?;
        event.previous_id = id("previousId", call.previous_id)?;
        event.group_id = id("groupId", call.group_id)?;
        event.properties = call.properties.unwrap_or_default();
        event.context = call.context.unwrap_or_default();
        self.add_shared_context(&mut event.context);
        add_text(&mut event.context, "channel", call.channel);
        event.traits = match call.traits {
            Some(traits) if !traits.is_empty() => traits,
            _ if kind == Kind::Identify => context_traits(&mut event.context),
            _ => Map::new(),
        };
        match kind {
            Kind::Track => event.name = word("event", call.event)?.unwrap_or_default(),
            Kind::Page | Kind::Screen => {
                event.name = match word("name", call.name)? {
                    Some(name) if !name.is_empty() => name,
                    _ => string(&event.properties, "name").unwrap_or_default(),
                };
                add_text(&mut event.properties, "category", call.category);
            }
            Kind::Identify | Kind::Group | Kind::Alias => {}
        }
        event.check()
    }

    /// The time of the event, by our clock.
    ///
    /// Segment's spec: `timestamp = receivedAt - (sentAt - originalTimestamp)`, where the SDKs call
    /// the original `timestamp`. A call with both has the corrected one in `timestamp`, as
    /// `RudderStack` keeps it.
    fn at(&self, call: &RawCall<'_>) -> Result<Time, Reject> {
        let field = call.timestamp.or(call.original_timestamp);
        let Some(field) = field else {
            return Ok(self.received_at);
        };
        let Some(original) = time(field) else {
            let message =
                "`timestamp` is no time; send RFC 3339 such as `2026-11-23T18:29:57.441Z`";
            return Err(Reject::new("invalid_timestamp", message));
        };
        let corrected = call.timestamp.is_some() && call.original_timestamp.is_some();
        if corrected || !self.corrects_clock {
            return Ok(original);
        }
        let sent_at = call.sent_at.and_then(time).or(self.sent_at);
        Ok(sent_at.map_or(original, |sent_at| self.received_at - (sent_at - original)))
    }

    /// An id for a call without one. It is a hash of the call if the call states its time, so a
    /// repeated call gets the same id. It is also a hash for a line of a file, because an
    /// interrupted import reads some lines twice.
    fn message_id(&self, call: &RawCall<'_>, kind: Kind, json: &str) -> String {
        if self.corrects_clock && call.timestamp.or(call.original_timestamp).is_none() {
            return random_id("auto-", 16);
        }
        let mut hash = Sha256::new();
        hash.update(kind.as_str());
        hash.update(json);
        format!("auto-{}", base32(&hash.finalize()[..16]))
    }

    /// Merges the context of the batch into the call's own, one level deep; the call's own wins.
    fn add_shared_context(&self, own: &mut Map<String, Value>) {
        for (key, shared) in &self.context {
            match (own.get_mut(key), shared) {
                (None, _) => {
                    own.insert(key.clone(), shared.clone());
                }
                (Some(Value::Object(own)), Value::Object(shared)) => {
                    for (key, value) in shared {
                        own.entry(key).or_insert_with(|| value.clone());
                    }
                }
                _ => {}
            }
        }
    }
}

/// The refusal of a call, with its message id if that can be read.
fn refuse(raw: &RawValue, reject: Reject) -> Parsed {
    let fields = fields(raw.get());
    let message_id = fields
        .get("messageId")
        .and_then(|field| id("messageId", Some(field)).ok());
    refused(raw, message_id.flatten(), reject)
}

fn refused(raw: &RawValue, message_id: Option<String>, reject: Reject) -> Parsed {
    Parsed {
        outcome: Err(reject),
        message_id,
        raw: raw.get().to_owned(),
    }
}

/// The fields of a call as text. This works at any depth, because text is skipped without
/// recursion.
fn fields(json: &str) -> HashMap<Cow<'_, str>, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The reason why a call could not be read.
fn fault(json: &str, error: &serde_json::Error) -> Reject {
    let fields = fields(json);
    for name in ["context", "traits", "properties"] {
        let is_map = |field: &&RawValue| field.get().starts_with('{') || field.get() == "null";
        if !fields.get(name).is_none_or(is_map) {
            return Reject::new(
                "invalid_field",
                format!("`{name}` is not an object; send one or leave it out"),
            );
        }
    }
    let message = format!(
        "the event cannot be read ({error}); send each field once, nested at most {MAX_DEPTH} deep"
    );
    Reject::new("invalid_event", message)
}

fn string(map: &Map<String, Value>, key: &str) -> Option<String> {
    Some(map.get(key)?.as_str()?.to_owned())
}

/// Adds a top-level field of the call to the map, unless the map has that name.
fn add_text(map: &mut Map<String, Value>, key: &str, raw: Option<&RawValue>) {
    if let Some(text) = raw.and_then(text)
        && !map.contains_key(key)
    {
        map.insert(key.to_owned(), Value::String(text.into_owned()));
    }
}

/// The traits in the context of an identify call, where `RudderStack`'s SDKs put them.
fn context_traits(context: &mut Map<String, Value>) -> Map<String, Value> {
    match context.get_mut("traits") {
        Some(Value::Object(traits)) => {
            let traits = std::mem::take(traits);
            context.remove("traits");
            traits
        }
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
