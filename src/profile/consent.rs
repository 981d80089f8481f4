//! Consents: what the customer agreed to or refused.

use super::MAX_TRAITS;
use super::claim::{self, Claim};
use super::part::{ProfilePart, keep_first};
use super::provenance::Provenance;
use crate::event::Event;
use serde_json::Value;
use std::collections::BTreeMap;

/// The newest claim on each category or channel.
pub type Consents = BTreeMap<String, Claim>;

impl ProfilePart for Consents {
    /// Categories and channels, each with its status.
    type Facts = Vec<(String, Value)>;

    fn read(event: &Event) -> Self::Facts {
        categories(event).chain(channels(event)).collect()
    }

    fn apply(&mut self, by: &Provenance, facts: &Self::Facts) {
        for (name, status) in facts {
            claim::newest(self, name.clone(), Claim::of(by, status));
        }
        keep_first(self, MAX_TRAITS);
    }

    fn merge(&mut self, other: Self) {
        for (name, claim) in other {
            claim::newest(self, name, claim);
        }
        keep_first(self, MAX_TRAITS);
    }
}

/// Segment's `context.consent.categoryPreferences`: `true` or `false` for each category.
fn categories(event: &Event) -> impl Iterator<Item = (String, Value)> {
    let consent = event.context.get("consent");
    consent
        .and_then(|consent| consent.get("categoryPreferences"))
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, granted)| granted.is_boolean())
        .map(|(category, granted)| (category.clone(), granted.clone()))
}

/// Segment's `context.messaging_subscriptions`: named by their channel, with Segment's words for
/// the status.
fn channels(event: &Event) -> impl Iterator<Item = (String, Value)> {
    let subscriptions = event.context.get("messaging_subscriptions");
    subscriptions
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|subscription| {
            let text = |name: &str| Some(subscription.get(name)?.as_str()?.to_lowercase());
            Some((text("type")?, Value::String(text("status")?)))
        })
}
