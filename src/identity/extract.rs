//! Which identifiers an event carries, and where each is taken from.

use super::rules::{Class, MENTION, RECORD, REFERENCE, Rules};
use super::{Identifier, normalise};
use crate::event::{Event, ExternalId, external_ids};
use serde_json::Value;

/// The identifiers of an event, normalised, sorted and without duplicates: what the rules take from
/// its fields, and `context.externalIds` of the collections `users` and `references`, the latter
/// under `reference.<type>`.
///
/// A row of a people file carries the kind `record.<source>`. Its e-mail addresses and phone
/// numbers are mentions, because rows share mailboxes and switchboards; `context.join` lists the
/// kinds that are personal in this file all the same.
#[must_use]
pub fn extract(event: &Event, rules: &Rules) -> Vec<Identifier> {
    let mut found = external(event, rules);
    let row = found.iter().any(|id| id.kind.starts_with(RECORD));
    let joined = |kind: &str| {
        let listed = event.context.get("join").and_then(Value::as_array);
        listed.is_some_and(|kinds| kinds.iter().any(|listed| listed == kind))
    };
    for (kind, rule) in rules.listed() {
        for place in rule.places(event) {
            let country = place.country(event);
            let mention = row && rule.class == Class::Contact && !joined(kind);
            let named = if mention {
                format!("{MENTION}{kind}")
            } else {
                kind.to_owned()
            };
            for text in place.texts(event) {
                if let Some(value) = normalise(rule.form, &text, country) {
                    found.push(Identifier::new(named.as_str(), value));
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn external(event: &Event, rules: &Rules) -> Vec<Identifier> {
    let known = |id: ExternalId| {
        if !super::is_kind(&id.kind) || id.kind.starts_with(MENTION) {
            return None;
        }
        let kind = if id.reference {
            format!("{REFERENCE}{}", id.kind)
        } else {
            id.kind
        };
        let value = normalise(rules.rule(&kind).form, &id.value, None)?;
        Some(Identifier::new(kind, value))
    };
    external_ids(&event.context).filter_map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    fn identifiers(kind: Kind, body: Value) -> Vec<String> {
        let mut event: Event = serde_json::from_value(body).expect("an event body");
        event.kind = kind;
        extract(&event, &Rules::shipped())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn identify_gives_ids_email_and_phone() {
        let body = serde_json::json!({
            "user_id": "u1", "anonymous_id": "a1",
            "traits": {"email": "Ada@Example.com", "phone": "(415) 555-0134", "address": {"country": "US"}},
        });
        let all = [
            "anonymous_id:a1",
            "email:ada@example.com",
            "phone:+14155550134",
            "user_id:u1",
        ];
        assert_eq!(identifiers(Kind::Identify, body.clone()), all);
        assert_eq!(
            identifiers(Kind::Group, body),
            ["anonymous_id:a1", "user_id:u1"],
            "a group's traits are the account's"
        );
    }

    #[test]
    fn devices_and_external_ids() {
        let body = serde_json::json!({"anonymous_id": "a1", "context": {
            "device": {"type": "iOS", "id": "D1", "advertisingId": "AD", "adTrackingEnabled": false, "token": "T"},
            "externalIds": [
                {"id": 7, "type": "shopify_customer_id", "collection": "users", "encoding": "none"},
                {"id": "acme", "type": "crm_account", "collection": "accounts", "encoding": "none"},
                {"id": 1001, "type": "shopify_order_id", "collection": "references", "encoding": "none"},
            ],
            "traits": {"email": "ada@example.com"},
        }});
        let all = [
            "anonymous_id:a1",
            "email:ada@example.com",
            "ios.id:D1",
            "ios.push_token:T",
            "reference.shopify_order_id:1001",
            "shopify_customer_id:7",
        ];
        assert_eq!(identifiers(Kind::Track, body), all);
    }

    #[test]
    fn alias_ties_the_previous_id_to_the_user() {
        let body = serde_json::json!({"user_id": "u1", "previous_id": "a1"});
        assert_eq!(
            identifiers(Kind::Alias, body),
            ["anonymous_id:a1", "user_id:u1"]
        );
    }
}
