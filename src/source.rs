//! Where events come from: one table of source kinds, each with how a delivery is verified and how it is parsed.
//!
//! A new system is one file in `source/` and one line in [`SOURCES`]. Everything here is pure: bytes and headers in,
//! events or reasons out.

use crate::event::{Event, Reject};
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

/// How one kind of system delivers its records.
#[derive(Debug)]
pub struct SourceKind {
    /// The name given to `acquaint source add --kind`.
    pub name: &'static str,
    /// What it is, for `--help` and the docs.
    pub summary: &'static str,
    /// Refuses a delivery whose signature does not fit the secret.
    pub verify: fn(&Delivery<'_>, secret: &str) -> Result<()>,
    /// The delivery's events, each accepted or refused on its own.
    pub parse: fn(&Delivery<'_>) -> Result<Vec<Parsed>>,
    /// Whether it needs the other system's signing secret.
    pub signed: bool,
}

/// Every kind of source there is.
pub const SOURCES: &[SourceKind] = &[
    SourceKind {
        name: "segment",
        summary: "calls of the Segment and RudderStack SDKs, authenticated by a write key",
        verify: segment::verify,
        parse: segment::parse,
        signed: false,
    },
    SourceKind {
        name: "shopify",
        summary: "Shopify webhooks: orders, refunds, fulfillments, customers",
        verify: shopify::verify,
        parse: shopify::parse,
        signed: true,
    },
    SourceKind {
        name: "zendesk",
        summary: "Zendesk webhooks: tickets, comments, users",
        verify: zendesk::verify,
        parse: zendesk::parse,
        signed: true,
    },
    SourceKind {
        name: "file",
        summary: "rows of CSV and JSONL files, read by `acquaint import`",
        verify: people::verify,
        parse: people::parse,
        signed: false,
    },
];

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
