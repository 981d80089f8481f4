//! Which identifiers an event carries, and where each is taken from.

use super::{Identifier, normalise};
use crate::event::{Event, Kind, text_of};
use serde_json::{Map, Value};

/// The identifiers of an event, normalised, sorted and without duplicates.
///
/// Taken from: `userId`; `anonymousId` and an alias call's `previousId`; `email` and `phone` in the traits of identify calls
/// and in `context.traits`; device ids, advertising ids (where tracking is allowed) and push tokens in `context.device`;
/// Google Analytics' client id; and `context.externalIds` of the collection `users`. A group's traits are the account's, so
/// its e-mail address and phone number name nobody.
#[must_use]
pub fn extract(event: &Event) -> Vec<Identifier> {
    let mut found = Vec::new();
    let mut add = |kind: &str, value: &str, country: Option<&str>| {
        found.extend(normalise(kind, value, country).map(|value| Identifier::new(kind, value)));
    };
    for (kind, id) in [
        ("user_id", &event.user_id),
        ("anonymous_id", &event.anonymous_id),
        ("anonymous_id", &event.previous_id),
    ] {
        if let Some(id) = id {
            add(kind, id, None);
        }
    }
    let own = (event.kind == Kind::Identify).then_some(&event.traits);
    for traits in own
        .into_iter()
        .chain(event.context.get("traits").and_then(Value::as_object))
    {
        for kind in ["email", "phone"] {
            if let Some(value) = traits.get(kind).and_then(text_of) {
                add(kind, &value, country(traits));
            }
        }
    }
    device(&event.context, &mut add);
    external(&event.context, &mut add);
    found.sort_unstable();
    found.dedup();
    found
}

fn country(traits: &Map<String, Value>) -> Option<&str> {
    let address = traits
        .get("address")
        .and_then(|address| address.get("country"));
    address
        .or_else(|| traits.get("country"))
        .and_then(Value::as_str)
        .filter(|code| code.len() == 2)
}

fn device(context: &Map<String, Value>, add: &mut impl FnMut(&str, &str, Option<&str>)) {
    let client = context
        .get("integrations")
        .and_then(|all| all.get("Google Analytics"))
        .and_then(|ga| ga.get("clientId"));
    if let Some(client) = client.and_then(text_of) {
        add("ga_client_id", &client, None);
    }
    let Some(device) = context.get("device") else {
        return;
    };
    let system = match device
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("android") => "android",
        Some("ios") => "ios",
        _ => return,
    };
    let tracked = device
        .get("adTrackingEnabled")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    for (field, kind, allowed) in [
        ("id", "id", true),
        ("token", "push_token", true),
        ("advertisingId", "idfa", tracked),
    ] {
        if let (true, Some(value)) = (allowed, device.get(field).and_then(text_of)) {
            add(&format!("{system}.{kind}"), &value, None);
        }
    }
}

fn external(context: &Map<String, Value>, add: &mut impl FnMut(&str, &str, Option<&str>)) {
    let Some(ids) = context.get("externalIds").and_then(Value::as_array) else {
        return;
    };
    for entry in ids {
        let text = |field: &str| entry.get(field).and_then(text_of);
        if text("collection").is_some_and(|collection| collection != "users") {
            continue;
        }
        if let (Some(kind), Some(id)) = (text("type"), text("id")) {
            let lower = kind.to_lowercase();
            let plain = lower
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            if plain && !lower.is_empty() && lower.len() <= 64 {
                add(&lower, &id, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifiers(kind: Kind, body: Value) -> Vec<String> {
        let mut event: Event = serde_json::from_value(body).expect("an event body");
        event.kind = kind;
        extract(&event).iter().map(ToString::to_string).collect()
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
            ],
            "traits": {"email": "ada@example.com"},
        }});
        let all = [
            "anonymous_id:a1",
            "email:ada@example.com",
            "ios.id:D1",
            "ios.push_token:T",
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
