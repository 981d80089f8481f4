//! A claim: a value that a source stated at some time. The newest claim wins, and the others stay visible.

use crate::event::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most bytes of a trait's value, as JSON, that a profile repeats; a larger one stays on its event only.
const MAX_VALUE: usize = 2_000;
/// Most sources whose claims on one trait are kept apart.
const MAX_CLAIMANTS: usize = 10;

/// A value, and who stated it when. `null` says that the value was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// What was stated.
    pub value: Value,
    /// Event time, in UTC milliseconds.
    pub at: i64,
    /// The source that stated it.
    pub source: String,
    /// The event that stated it.
    pub event: String,
}

impl Claim {
    /// The claim that `event` makes with this value.
    #[must_use]
    pub fn of(event: &Event, value: Value) -> Self {
        Self {
            value,
            at: event.at,
            source: event.source.clone(),
            event: event.id.clone(),
        }
    }

    /// The claim, if its value is small enough for a profile.
    #[must_use]
    pub fn sized(event: &Event, value: &Value) -> Option<Self> {
        (size(value) <= MAX_VALUE).then(|| Self::of(event, value.clone()))
    }

    fn order(&self) -> (i64, &str) {
        (self.at, &self.event)
    }
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

/// What each source says of one trait: its own newest claim.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(BTreeMap<String, Claim>);

impl Claims {
    /// Adds a claim of a source.
    pub fn add(&mut self, source: &str, claim: Claim) {
        newest(&mut self.0, source.to_owned(), claim);
        super::keep_first(&mut self.0, MAX_CLAIMANTS);
    }

    /// Adds all claims of another set.
    pub fn merge(&mut self, other: Self) {
        for (source, claim) in other.0 {
            self.add(&source, claim);
        }
    }

    /// The newest claim, unless it removed the value.
    #[must_use]
    pub fn winner(&self) -> Option<&Claim> {
        self.0
            .values()
            .max_by_key(|claim| claim.order())
            .filter(|claim| !claim.value.is_null())
    }

    /// Whether two sources state different values.
    #[must_use]
    pub fn conflict(&self) -> bool {
        let mut values = self
            .0
            .values()
            .map(|claim| &claim.value)
            .filter(|value| !value.is_null());
        values
            .next()
            .is_some_and(|first| values.any(|other| other != first))
    }

    /// Every claim, by source name.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.values()
    }
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
