//! A claim: a value that a source stated at some time. Every value that a system holds stays
//! visible, whichever wins.

use super::packed::packed;
use super::provenance::Provenance;
use crate::clock::Time;
use crate::event::is_shallow;
use serde::Serialize;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

pub(super) mod claims;

pub use claims::Claims;

/// Most bytes of a trait's value, as JSON, that a profile repeats; a larger one stays on its event
/// only.
const MAX_VALUE: usize = 2_000;

/// A value, its source and its time. `null` says that the value was removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// What was stated.
    pub value: Value,
    /// Event time.
    pub at: Time,
    /// The source that stated it.
    pub source: String,
    /// The event that stated it.
    pub event: String,
    /// Whether the source said that it had checked the value, as `email_verified` beside `email`
    /// does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
}

packed!(Claim {
    value,
    at,
    source,
    event,
    verified
});

/// What a claim does to the trait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Remove,
    State,
    Verify,
}

impl Claim {
    /// The claim that an event makes with this value.
    #[must_use]
    pub fn of(by: &Provenance, value: &Value) -> Self {
        Self {
            value: value.clone(),
            at: by.at,
            source: by.source.clone(),
            event: by.event.clone(),
            verified: false,
        }
    }

    /// The same claim, of a value that the source has checked. A removal cannot be checked.
    pub(super) fn verified(self) -> Self {
        let verified = !self.value.is_null();
        Self { verified, ..self }
    }

    fn order(&self) -> (Time, &str) {
        (self.at, &self.event)
    }

    fn effect(&self) -> Effect {
        match (&self.value, self.verified) {
            (Value::Null, _) => Effect::Remove,
            (_, false) => Effect::State,
            (_, true) => Effect::Verify,
        }
    }

    /// Whether the two differ in time and event alone.
    fn repeats(&self, other: &Self) -> bool {
        (&self.source, &self.value, self.verified) == (&other.source, &other.value, other.verified)
    }

    /// By event time; what follows settles ties.
    fn compare(&self, other: &Self) -> Ordering {
        let key = |claim: &'_ Self| (claim.effect(), claim.value.to_string());
        self.order()
            .cmp(&other.order())
            .then_with(|| self.source.cmp(&other.source))
            .then_with(|| key(self).cmp(&key(other)))
    }
}

/// The traits whose values are small and flat enough for a profile.
pub(super) fn sized(traits: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    traits
        .iter()
        .filter(|(_, value)| size(value) <= MAX_VALUE && is_shallow(value))
}

/// About how many bytes a value is as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + 4 + size(value))
            .sum(),
        _ => 8,
    }
}

/// The traits that a map of traits says are verified.
pub(super) fn verified(traits: &Map<String, Value>) -> Vec<&str> {
    traits
        .iter()
        .filter(|(_, value)| **value == Value::Bool(true) || *value == "true")
        .filter_map(|(name, _)| verifies(name))
        .collect()
}

/// The trait that a trait of this name says is verified: `email` for `email_verified` and
/// `emailVerified`.
#[must_use]
pub fn verifies(name: &str) -> Option<&str> {
    name.strip_suffix("_verified")
        .or_else(|| name.strip_suffix("Verified"))
}

/// Puts a claim under a name unless a newer one is there; ties go to the greater event id.
pub fn newest(claims: &mut BTreeMap<String, Claim>, name: String, claim: Claim) {
    match claims.entry(name) {
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(claim);
        }
        std::collections::btree_map::Entry::Occupied(mut held) => {
            if claim.order() > held.get().order() {
                held.insert(claim);
            }
        }
    }
}

/// Replaces a claim by a newer one.
pub fn newer(held: &mut Option<Claim>, claim: Option<Claim>) {
    if let Some(claim) = claim
        && held
            .as_ref()
            .is_none_or(|held| claim.order() > held.order())
    {
        *held = Some(claim);
    }
}
