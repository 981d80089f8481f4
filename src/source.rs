//! The kinds of sources, in one table, each with the way its records come in.
//!
//! A new system is one file in `source/`, its recorded deliveries in `tests/fixtures/`, and one
//! line in [`SOURCES`]. All functions here are pure: bytes and headers in, events or refusals out.

use crate::clock::Time;
use crate::event::{Event, Kind, Reject};
use crate::{Error, Result};

pub mod people;
pub mod segment;
mod shopify;
pub mod signature;
mod zendesk;

/// One HTTP request of a source, as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The name of the source that it is for; becomes [`Event::source`].
    pub source: &'a str,
    /// Header names in lower case, with their values.
    pub headers: &'a [(String, String)],
    /// The unchanged bytes of the body, which the signature covers.
    pub body: &'a [u8],
    /// The time of arrival.
    pub received_at: Time,
}

impl Delivery<'_> {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One event of a delivery, or the reason for its refusal.
#[derive(Debug)]
pub struct Parsed {
    /// The event, or the reason for its refusal.
    pub outcome: Result<Event, Reject>,
    /// The sender's id of the message, if it has one.
    pub message_id: Option<String>,
    /// The text as it was sent, stored with a refusal so that nothing is lost.
    pub raw: String,
}

/// A kind of system, and the way its records come in.
#[derive(Debug)]
pub struct SourceKind {
    /// The name given to `acquaint source add --kind`.
    pub name: &'static str,
    /// A description, for the docs.
    pub summary: &'static str,
    /// Another system whose records come in the same way.
    pub also_for: Option<&'static str>,
    /// The way its records come in.
    pub intake: Intake,
}

/// Reads the calls of a delivery: a single one of the given kind if the path names a kind, else all
/// in the body.
pub type Calls = fn(&Delivery<'_>, Option<Kind>) -> Result<Vec<Parsed>>;

/// The way records come in.
#[derive(Debug)]
pub enum Intake {
    /// Calls of an SDK. They carry a write key; SDKs send no other proof.
    Sdk {
        /// Reads the calls of a delivery.
        parse: Calls,
    },
    /// Files that `acquaint import` reads.
    File,
    /// Deliveries that the source system signs.
    Webhook(Webhook),
}

/// The headers that sign a delivery, names in lower case.
pub type Signature = Vec<(&'static str, String)>;

/// How the webhooks of a system are verified, read and signed.
#[derive(Debug)]
pub struct Webhook {
    /// Refuses a delivery if its signature does not fit the secret, or its time is too far away.
    pub verify: fn(&Delivery<'_>, secret: &str) -> Result<()>,
    /// Reads the events of a delivery, each accepted or refused on its own.
    pub parse: fn(&Delivery<'_>) -> Result<Vec<Parsed>>,
    /// Signs a body at a time, as the system does; for tests and the demo.
    pub sign: fn(secret: &str, body: &[u8], at: Time) -> Signature,
}

impl SourceKind {
    /// The webhooks, if the system delivers by webhook.
    #[must_use]
    pub fn webhook(&self) -> Option<&Webhook> {
        match &self.intake {
            Intake::Webhook(webhook) => Some(webhook),
            Intake::Sdk { .. } | Intake::File => None,
        }
    }
}

/// All kinds of sources.
pub const SOURCES: &[SourceKind] = &[
    segment::SOURCE,
    shopify::SOURCE,
    zendesk::SOURCE,
    people::SOURCE,
];

/// How calls with the write key of a source of this kind are read: as its SDK sends them, or as
/// Segment's SDKs do where it has none.
#[must_use]
pub fn calls(kind: &str) -> Calls {
    let known = SOURCES.iter().find(|known| known.name == kind);
    match known.map(|known| &known.intake) {
        Some(Intake::Sdk { parse }) => *parse,
        Some(Intake::File | Intake::Webhook(_)) | None => segment::parse,
    }
}

/// The kind of this name.
///
/// # Errors
/// [`Error::Invalid`] with a list of all kinds.
pub fn kind(name: &str) -> Result<&'static SourceKind> {
    SOURCES
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = SOURCES.iter().map(|kind| kind.name).collect();
            Error::invalid(format!(
                "no source kind `{name}`; there are {}",
                names.join(", ")
            ))
        })
}

#[cfg(test)]
mod testing {
    use crate::event::Event;

    /// The external ids of an event, as `kind:value`.
    pub(super) fn ids(event: &Event) -> Vec<String> {
        let ids = event.context["externalIds"].as_array().expect("a list");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let id = |id: &serde_json::Value| format!("{}:{}", text(&id["type"]), text(&id["id"]));
        ids.iter().map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for (nth, source) in SOURCES.iter().enumerate() {
            let first = SOURCES.iter().position(|known| known.name == source.name);
            assert_eq!(first, Some(nth), "{}", source.name);
            assert!(kind(source.name).is_ok() && !source.summary.is_empty());
        }
        let unknown = kind("fax").expect_err("unknown").to_string();
        assert!(
            SOURCES.iter().all(|known| unknown.contains(known.name)),
            "{unknown}"
        );
    }

    #[test]
    fn calls_come_with_the_write_key_of_any_source() {
        for kind in SOURCES.iter().map(|kind| kind.name).chain(["gone"]) {
            let delivery = Delivery {
                source: "web",
                headers: &[],
                body: br#"{"userId": "u1"}"#,
                received_at: Time::default(),
            };
            let read = calls(kind)(&delivery, Some(Kind::Page)).expect("a call");
            assert!(read[0].outcome.is_ok(), "{kind}");
        }
    }

    /// A file with a kind that is missing in the list would be compiled and never used.
    #[test]
    fn every_file_of_a_kind_is_in_the_list_once() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source");
        let files = std::fs::read_dir(folder).unwrap();
        let text = files.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
        let described = text.filter(|text| text.contains("const SOURCE: SourceKind"));
        assert_eq!(described.count(), SOURCES.len());
        let names: std::collections::BTreeSet<&str> =
            SOURCES.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), SOURCES.len());
    }
}
