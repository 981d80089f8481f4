//! Who is who: identifiers are taken from events, events with the same identifiers share a link, and links are folded
//! into profiles.
//!
//! All of it is a pure function of the log and the [`Rules`], so every merge can be undone and every id recomputed:
//! [`extract`] reads an event's identifiers, [`link_id`] names their set, [`fold`] decides which links are one customer.

use serde::{Deserialize, Serialize};
use std::fmt;

mod extract;
mod fold;
mod normal;
mod rules;

pub use extract::extract;
pub use fold::{Customer, Demotion, Resolution, Step, fold};
pub use normal::normalise;
pub use rules::{Class, Rule, Rules};

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
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, value) = text.split_once(':')?;
        let kind_ok = !kind.is_empty()
            && kind
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'));
        if !kind_ok {
            return None;
        }
        let value = normalise(kind, value, None)?;
        Some(Self::new(kind, value))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

/// A distinct set of identifiers that some event carried, and the earliest time one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// [`link_id`] of the identifiers.
    pub id: String,
    /// The earliest event time of any event with exactly these identifiers, in UTC milliseconds.
    pub first_at: i64,
    /// Sorted and without duplicates.
    pub identifiers: Vec<Identifier>,
}

impl Link {
    /// Links are folded in this order: by when they were first seen, then by id.
    #[must_use]
    pub fn order(&self) -> (i64, &str) {
        (self.first_at, &self.id)
    }
}

/// The id of a set of identifiers: an HMAC-SHA256 keyed by the workspace's secret, cut to 128 bits, in base 32. It cannot be
/// computed from an e-mail address without the secret, and it is the same after every rebuild.
#[must_use]
pub fn link_id(secret: &str, identifiers: &[Identifier]) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())
        .expect("HMAC takes any key length");
    for identifier in identifiers {
        for part in [&identifier.kind, &identifier.value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
    }
    crate::clock::base32(&mac.finalize().into_bytes()[..16])
}
