//! Traits: who the customer is, as each source states it.

use super::MAX_TRAITS;
use super::claim::{self, Claim, Claims};
use super::part::{ProfilePart, keep_first};
use super::provenance::Provenance;
use crate::event::{Event, Kind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What each source says of each trait.
pub type Traits = BTreeMap<String, Claims>;

/// A trait as one event states it.
#[derive(Clone, Debug)]
pub(super) struct TraitFact {
    name: String,
    value: Value,
    verified: bool,
}

impl ProfilePart for Traits {
    type Facts = Vec<TraitFact>;

    /// The traits of an identify call, and those of the context that the call itself does not
    /// state.
    fn read(event: &Event) -> Self::Facts {
        let own = (event.kind == Kind::Identify).then_some(&event.traits);
        let context = event.context.get("traits").and_then(Value::as_object);
        let is_own = |fact: &TraitFact| own.is_some_and(|own| own.contains_key(&fact.name));
        let around = context.into_iter().flat_map(stated);
        own.into_iter()
            .flat_map(stated)
            .chain(around.filter(|fact| !is_own(fact)))
            .collect()
    }

    fn apply(&mut self, by: &Provenance, facts: &Self::Facts) {
        for fact in facts {
            let claim = Claim::of(by, &fact.value);
            let claim = if fact.verified {
                claim.verified()
            } else {
                claim
            };
            self.entry(fact.name.clone()).or_default().add(claim);
        }
        keep_first(self, MAX_TRAITS);
    }

    fn merge(&mut self, other: Self) {
        for (name, claims) in other {
            self.entry(name).or_default().merge(claims);
        }
        keep_first(self, MAX_TRAITS);
    }
}

/// The traits of a map that a profile has room for.
fn stated(traits: &Map<String, Value>) -> impl Iterator<Item = TraitFact> {
    let verified = claim::verified(traits);
    claim::sized(traits).map(move |(name, value)| TraitFact {
        verified: verified.contains(&name.as_str()),
        name: name.clone(),
        value: value.clone(),
    })
}
