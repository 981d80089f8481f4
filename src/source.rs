//! Where events come from: one table of source kinds, each with the door that its records come in by.
//!
//! A new system is one file in `source/`, its recorded deliveries in `tests/fixtures/`, and one line in [`SOURCES`]. Everything
//! here is pure: bytes and headers in, events or reasons out.

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
    /// Name of the source it is for; becomes [`Event::source`].
    pub source: &'a str,
    /// Header names in lower case, with their values.
    pub headers: &'a [(String, String)],
    /// The body's bytes, unchanged: signatures are over these.
    pub body: &'a [u8],
    /// When it arrived, in UTC milliseconds.
    pub received_at: i64,
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

/// One event of a delivery, or why it is none, with the text to keep if it is refused.
#[derive(Debug)]
pub struct Parsed {
    /// The event, or why it is refused.
    pub outcome: Result<Event, Reject>,
    /// The sender's id of the message, where it has one.
    pub message_id: Option<String>,
    /// What was sent, kept beside a refusal so that nothing is lost.
    pub raw: String,
}

/// A kind of system, and how its records come in.
#[derive(Debug)]
pub struct SourceKind {
    /// The name given to `acquaint source add --kind`.
    pub name: &'static str,
    /// What it is, for the docs.
    pub summary: &'static str,
    /// Another system whose records come in just so.
    pub also_for: Option<&'static str>,
    /// How they come in.
    pub door: Door,
}

/// Reads a delivery: one call of the kind that its path names, or as many as there are.
pub type Calls = fn(&Delivery<'_>, Option<Kind>) -> Result<Vec<Parsed>>;

/// How records come in.
#[derive(Debug)]
pub enum Door {
    /// Calls of an SDK. The write key in them is all the proof that SDKs send.
    Sdk {
        /// The delivery's calls.
        parse: Calls,
    },
    /// Files that `acquaint import` reads.
    File,
    /// Deliveries that the other system signs.
    Webhook(Webhook),
}

/// The headers that sign a delivery, names in lower case.
pub type Signature = Vec<(&'static str, String)>;

/// What there is to know of a system's webhooks.
#[derive(Debug)]
pub struct Webhook {
    /// Refuses a delivery whose signature does not fit the secret, or the time.
    pub verify: fn(&Delivery<'_>, secret: &str) -> Result<()>,
    /// The delivery's events, each accepted or refused on its own.
    pub parse: fn(&Delivery<'_>) -> Result<Vec<Parsed>>,
    /// Signs a body at a time, as the system does.
    pub sign: fn(secret: &str, body: &[u8], at: i64) -> Signature,
}

impl SourceKind {
    /// Its webhooks, if it delivers by them.
    #[must_use]
    pub fn webhook(&self) -> Option<&Webhook> {
        match &self.door {
            Door::Webhook(webhook) => Some(webhook),
            Door::Sdk { .. } | Door::File => None,
        }
    }
}

/// Every kind of source there is.
pub const SOURCES: &[SourceKind] = &[
    segment::SOURCE,
    shopify::SOURCE,
    zendesk::SOURCE,
    people::SOURCE,
];

/// How the calls are read that come with the write key of a source of this kind: as its SDK sends them, and where it has
/// none, as Segment's do.
#[must_use]
pub fn calls(kind: &str) -> Calls {
    let known = SOURCES.iter().find(|known| known.name == kind);
    match known.map(|known| &known.door) {
        Some(Door::Sdk { parse }) => *parse,
        Some(Door::File | Door::Webhook(_)) | None => segment::parse,
    }
}

/// The kind of this name.
///
/// # Errors
/// [`Error::Invalid`] that lists the kinds there are.
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
                received_at: 0,
            };
            let read = calls(kind)(&delivery, Some(Kind::Page)).expect("a call");
            assert!(read[0].outcome.is_ok(), "{kind}");
        }
    }

    /// A file that describes a kind and is in no list would be compiled by nobody, or used by nobody.
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
