//! Who is who: identifiers are taken from events, events with the same identifiers share a link,
//! and links are folded into profiles.
//!
//! All of it is a pure function of the log and the [`Rules`], so every merge can be undone and
//! every id recomputed: [`extract`] reads an event's identifiers, [`link_id`] names their set,
//! [`fold`] decides which links are one customer.

use crate::clock::Time;
use crate::id::LinkId;
use serde::{Deserialize, Serialize};
use std::fmt;

pub mod compare;
pub mod decision;
pub mod explain;
mod extract;
pub mod fast_path;
mod field_path;
mod fold;
mod normal;
mod rulebook;
mod rules;
pub mod split;
pub mod survivorship;

pub use extract::extract;
pub use fold::{
    CannotLink, Constraints, Customer, Demotion, LinkTrace, MustLinkOutcome, Resolution, Why, fold,
    trace,
};
pub use normal::normalise;
pub use rulebook::{Identification, Rulebook};
pub use rules::{Class, MENTION, RECORD, REFERENCE, Rule, Rules, SHIPPED, ValueForm, Window};

use hmac::{KeyInit, Mac};

/// One value that names a customer in one system: `email:ada@example.com`. The value is normalised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// The kind: `user_id`, `email`, `phone`, `anonymous_id`, `shopify_customer_id`, …
    pub kind: String,
    /// The value in its kind's normal form.
    pub value: String,
}

impl Identifier {
    /// An identifier of this kind and (already normalised) value.
    pub fn new(kind: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            value: value.into(),
        }
    }

    /// Reads `kind:value` as customers are named everywhere, and normalises the value.
    #[must_use]
    pub fn parse(text: &str, rules: &Rules) -> Option<Self> {
        let (kind, value) = text.split_once(':')?;
        // No event's identifier has U+0000, and PostgreSQL could not even be asked for it.
        if !is_kind(kind) || value.contains('\0') {
            return None;
        }
        let value = normalise(rules.rule(kind).form, value, None)?;
        Some(Self::new(kind, value))
    }
}

/// Whether a text can name a kind of identifier.
pub(crate) fn is_kind(text: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    !text.is_empty() && text.len() <= 64 && text.chars().all(plain)
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

/// A distinct set of identifiers that some event carried, and the earliest time one did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// [`link_id`] of the identifiers.
    pub id: LinkId,
    /// The earliest event time of any event with exactly these identifiers.
    pub first_at: Time,
    /// Sorted and without duplicates.
    pub identifiers: Vec<Identifier>,
    /// What decisions, and changes of the rules, made of it: [`MUST_LINK`], [`MOVED`] and
    /// [`APART`], with what they refer to; sorted.
    pub marks: Vec<Identifier>,
}

/// The mark of links whose customers a steward joined; its value is the decision.
pub const MUST_LINK: &str = "=merge";
/// The mark of a link whose events stand under another one since the rules read them differently;
/// its value is that link's id.
pub const MOVED: &str = "=moved";
/// The mark of a link that a steward parted from everyone; its value is the decision.
pub const APART: &str = "!apart";

impl Link {
    /// Links are folded in this order: by when they were first seen, then by id.
    #[must_use]
    pub fn order(&self) -> (Time, &LinkId) {
        (self.first_at, &self.id)
    }

    /// Whether a steward parted it from everyone.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        self.marks.iter().any(|mark| mark.kind == APART)
    }

    /// The link that its events stand under now, if that is another one.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        let moved = self.marks.iter().find(|mark| mark.kind == MOVED);
        moved.map(|mark| mark.value.as_str())
    }

    /// Its marks but for that of having moved.
    #[must_use]
    pub fn unmoved(&self) -> Vec<Identifier> {
        let marks = self.marks.iter().filter(|mark| mark.kind != MOVED);
        marks.cloned().collect()
    }

    /// What connects it to other links: identifiers that can join customers, and marks that tie
    /// links.
    pub fn connections<'a>(&'a self, rules: &'a Rules) -> impl Iterator<Item = &'a Identifier> {
        let joining = |id: &&Identifier| rules.joins(&id.kind, &id.value);
        let ties = self.marks.iter().filter(|mark| mark.kind != APART);
        self.identifiers.iter().filter(joining).chain(ties)
    }
}

/// The id of a set of identifiers: an HMAC-SHA256 keyed by the workspace's secret, cut to 128 bits,
/// in base 32. It cannot be computed from an e-mail address without the secret, and it is the same
/// after every rebuild.
#[must_use]
pub fn link_id(secret: &str, identifiers: &[Identifier]) -> LinkId {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())
        .expect("HMAC takes any key length");
    for identifier in identifiers {
        for part in [&identifier.kind, &identifier.value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
    }
    LinkId::new(crate::clock::base32(&mac.finalize().into_bytes()[..16]))
}
