//! The canonical event: what every source's record becomes before anything else looks at it.
//!
//! It follows Segment's spec (identify, track, page, screen, group, alias). An event is immutable;
//! all other state is a fold of events, so a profile can only hold what an event can say.

use crate::clock::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

mod external;

pub use external::{ExternalId, external_ids};

/// Longest `messageId`, in bytes, as in Segment's tracking API.
pub const MAX_MESSAGE_ID: usize = 100;
/// Longest user, anonymous, previous or group id, in bytes.
pub const MAX_ID: usize = 500;
/// Most properties or traits of one event.
pub const MAX_KEYS: usize = 300;
/// Most levels that a trait, property or field of the context may nest. `serde_json` reads 127
/// levels, and documents nest values a few levels deeper.
pub const MAX_DEPTH: usize = 100;
/// The prefix of the field names that `serde_json` keeps for itself: an object whose first field
/// has one is not read as an object.
const RESERVED: &str = "$serde_json::private::";
/// The earliest time an event may claim: 1900-01-01.
pub const EARLIEST: Time = Time::from_ms(-2_208_988_800_000);

/// The six calls of Segment's spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Who someone is: traits of a user.
    Identify,
    /// Something they did, named by `event`.
    Track,
    /// A page they saw.
    Page,
    /// A screen of an app they saw.
    Screen,
    /// The account they belong to.
    Group,
    /// Two ids of the same person.
    Alias,
}

impl Kind {
    /// The word for it on the wire and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }

    /// The kind that a word or its one-letter short form names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "identify" | "i" => Self::Identify,
            "track" | "t" => Self::Track,
            "page" | "p" => Self::Page,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            _ => return None,
        })
    }
}

/// One thing that one source says about one customer. The ids and times below are columns of the
/// log; the rest is its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// A hash of source and message id: the same message is the same event, for good.
    #[serde(skip)]
    pub id: String,
    /// Name of the source it came through.
    #[serde(skip)]
    pub source: String,
    /// The sender's id of this message, unique within the source.
    #[serde(skip)]
    pub message_id: String,
    /// Which of the six calls it is.
    #[serde(skip)]
    pub kind: Kind,
    /// The `event` of a track call, the name of a page or screen, else empty.
    #[serde(skip)]
    pub name: String,
    /// When it happened, corrected for the sender's clock and never after `received_at`.
    #[serde(skip)]
    pub at: Time,
    /// When it reached us.
    #[serde(skip)]
    pub received_at: Time,
    /// The company's own id of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of a browser or app before anyone signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The earlier id of an alias call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<String>,
    /// The account of a group call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// Traits of the user (identify) or of the account (group).
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Value>,
    /// Properties of a track, page or screen call.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    /// Everything around the call: device, page, campaign, consent, external ids.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
}

impl Default for Event {
    fn default() -> Self {
        Self::new("", "", Kind::Track, Time::default(), Time::default())
    }
}

/// Why one event was refused: a stable code and what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Stable and machine-readable, such as `no_user_anon_id`.
    pub code: &'static str,
    /// What is wrong and what to send instead.
    pub message: String,
}

impl Reject {
    /// A refusal with this code and text.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Event {
    /// An event without content, happening at `at` but not after `received_at`; its id follows from
    /// source and message id.
    #[must_use]
    pub fn new(source: &str, message_id: &str, kind: Kind, at: Time, received_at: Time) -> Self {
        Self {
            id: event_id(source, message_id),
            source: source.to_owned(),
            message_id: message_id.to_owned(),
            kind,
            name: String::new(),
            at: at.min(received_at),
            received_at,
            user_id: None,
            anonymous_id: None,
            previous_id: None,
            group_id: None,
            traits: Map::new(),
            properties: Map::new(),
            context: Map::new(),
        }
    }

    /// A property as text: a string as it is, a number as it is written.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(text_of)
    }

    /// The event if it may enter the log.
    ///
    /// # Errors
    /// The first thing about it that Segment's spec or a limit of ours forbids.
    pub fn check(mut self) -> Result<Self, Reject> {
        strip_nul(&mut self.name);
        if self.message_id.contains('\0') {
            strip_nul(&mut self.message_id);
            // The id follows the message id that the log keeps, or one event would have two ids.
            self.id = event_id(&self.source, &self.message_id);
        }
        let length = self.message_id.len();
        if length == 0 || length > MAX_MESSAGE_ID {
            let message = format!("`messageId` has {length} bytes; send 1 to {MAX_MESSAGE_ID}");
            return Err(Reject::new("invalid_message_id", message));
        }
        for (field, id) in [
            ("userId", &mut self.user_id),
            ("anonymousId", &mut self.anonymous_id),
            ("previousId", &mut self.previous_id),
            ("groupId", &mut self.group_id),
        ] {
            check_id(field, id)?;
        }
        self.check_required()?;
        for map in [&mut self.traits, &mut self.properties, &mut self.context] {
            clean_map(map, MAX_DEPTH)?;
        }
        if self.traits.len().max(self.properties.len()) > MAX_KEYS {
            let message =
                format!("more than {MAX_KEYS} traits or properties; send fewer, or nest them");
            return Err(Reject::new("too_many_properties", message));
        }
        if self.at < EARLIEST {
            return Err(Reject::new(
                "timestamp_out_of_range",
                "`timestamp` is before 1900-01-01",
            ));
        }
        Ok(self)
    }

    fn check_required(&self) -> Result<(), Reject> {
        let known = self.user_id.is_some() || self.anonymous_id.is_some();
        if !known && !self.context.contains_key("externalIds") {
            let message = "neither `userId` nor `anonymousId` is set; every call needs one of them";
            return Err(Reject::new("no_user_anon_id", message));
        }
        match self.kind {
            Kind::Track if self.name.trim().is_empty() => Err(Reject::new(
                "no_event",
                "a track call needs the name of the `event`",
            )),
            Kind::Group if self.group_id.is_none() => {
                Err(Reject::new("no_group_id", "a group call needs a `groupId`"))
            }
            Kind::Alias if self.previous_id.is_none() || self.user_id.is_none() => {
                Err(Reject::new(
                    "no_previous_id",
                    "an alias call needs `previousId` and `userId`",
                ))
            }
            _ => Ok(()),
        }
    }
}

fn check_id(field: &str, id: &mut Option<String>) -> Result<(), Reject> {
    let Some(text) = id else { return Ok(()) };
    strip_nul(text);
    if text.len() > MAX_ID {
        let message = format!(
            "`{field}` has {} bytes; an id has at most {MAX_ID}",
            text.len()
        );
        return Err(Reject::new("id_too_long", message));
    }
    if text.trim().is_empty() {
        *id = None;
    }
    Ok(())
}

/// The id of the event that `source` sends as `message_id`: 128 bits of SHA-256, in base 32.
#[must_use]
pub fn event_id(source: &str, message_id: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(source.as_bytes());
    hash.update([0]);
    hash.update(message_id.as_bytes());
    crate::clock::base32(&hash.finalize()[..16])
}

/// A string as it is, a number or boolean as it is written; nothing for null, arrays and objects.
#[must_use]
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Removes U+0000, which no PostgreSQL text can hold.
fn strip_nul(text: &mut String) {
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
}

/// Makes a map fit to be written and read again; its values may nest so many levels.
fn clean_map(map: &mut Map<String, Value>, levels: usize) -> Result<(), Reject> {
    if map.keys().any(|key| key.contains('\0')) {
        *map = std::mem::take(map)
            .into_iter()
            .map(|(key, value)| (key.replace('\0', ""), value))
            .collect();
    }
    if map.keys().any(|key| key.starts_with(RESERVED)) {
        let message = format!("no name of a trait or property may begin with `{RESERVED}`");
        return Err(Reject::new("reserved_name", message));
    }
    map.values_mut()
        .try_for_each(|value| clean_value(value, levels))
}

fn clean_value(value: &mut Value, levels: usize) -> Result<(), Reject> {
    match value {
        Value::String(text) => strip_nul(text),
        Value::Array(_) | Value::Object(_) if levels == 0 => {
            let message =
                format!("a value nests more than {MAX_DEPTH} levels deep; send it flatter");
            return Err(Reject::new("nested_too_deep", message));
        }
        Value::Array(items) => {
            return items
                .iter_mut()
                .try_for_each(|item| clean_value(item, levels - 1));
        }
        Value::Object(map) => return clean_map(map, levels - 1),
        _ => {}
    }
    Ok(())
}

/// Whether a value nests no deeper than an event may. The log may hold deeper ones from before
/// there was a bound.
#[must_use]
pub fn is_shallow(value: &Value) -> bool {
    fn within(value: &Value, levels: usize) -> bool {
        match value {
            Value::Array(items) => levels > 0 && items.iter().all(|item| within(item, levels - 1)),
            Value::Object(map) => levels > 0 && map.values().all(|item| within(item, levels - 1)),
            _ => true,
        }
    }
    within(value, MAX_DEPTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track() -> Event {
        let mut event = Event::new("web", "m1", Kind::Track, Time::from_ms(5), Time::from_ms(9));
        event.user_id = Some("u1".into());
        event.name = "Order Completed".into();
        event
    }

    #[test]
    fn the_same_message_is_the_same_event_only_within_its_source() {
        assert_eq!(event_id("web", "m1"), track().id);
        assert_ne!(event_id("app", "m1"), track().id);
        assert_ne!(event_id("we", "bm1"), event_id("web", "m1"));
    }

    #[test]
    fn a_future_time_is_capped_at_receipt() {
        let (ten, nine) = (Time::from_ms(10), Time::from_ms(9));
        assert_eq!(Event::new("web", "m", Kind::Page, ten, nine).at, nine);
    }

    #[test]
    fn each_refusal_names_its_reason() {
        let code = |change: fn(&mut Event)| {
            let mut event = track();
            change(&mut event);
            event.check().expect_err("refused").code
        };
        assert_eq!(code(|e| e.user_id = None), "no_user_anon_id");
        assert_eq!(code(|e| e.user_id = Some("  ".into())), "no_user_anon_id");
        assert_eq!(code(|e| e.name = String::new()), "no_event");
        assert_eq!(code(|e| e.kind = Kind::Group), "no_group_id");
        assert_eq!(code(|e| e.kind = Kind::Alias), "no_previous_id");
        assert_eq!(
            code(|e| e.message_id = "x".repeat(101)),
            "invalid_message_id"
        );
        assert_eq!(code(|e| e.user_id = Some("x".repeat(501))), "id_too_long");
        assert_eq!(code(|e| e.at = EARLIEST - 1), "timestamp_out_of_range");
        assert!(track().check().is_ok());
    }

    #[test]
    fn nul_characters_are_removed_everywhere() {
        let mut event = track();
        event
            .properties
            .insert("a\0b".into(), serde_json::json!(["x\0y"]));
        let checked = event.check().expect("accepted");
        assert_eq!(
            serde_json::to_string(&checked.properties).unwrap(),
            r#"{"ab":["xy"]}"#
        );
    }
}
