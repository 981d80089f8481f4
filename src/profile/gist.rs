//! The gist of an event: what a profile takes from it. An event that waits to be written is held as its gist and its text, since
//! the rest of it, parsed, takes several times as much memory as both.

use super::activity::ABOUT;
use crate::event::{Event, Kind};
use serde_json::{Map, Value, json};

/// What of an event's context says something of the customer.
const CONTEXT: [&str; 4] = ["traits", "consent", "messaging_subscriptions", "groupId"];

/// The event without what no profile takes from it: [`Profile::apply`](super::Profile::apply) does the same with either.
#[must_use]
pub fn gist(event: &Event) -> Event {
    let mut context = some(&event.context, &CONTEXT);
    if let Some(path) = event.context.get("page").and_then(|page| page.get("path")) {
        context.insert("page".to_owned(), json!({"path": path}));
    }
    let stated = matches!(event.kind, Kind::Identify | Kind::Group);
    Event {
        id: event.id.clone(),
        source: event.source.clone(),
        message_id: event.message_id.clone(),
        kind: event.kind,
        name: event.name.clone(),
        at: event.at,
        received_at: event.received_at,
        user_id: None,
        anonymous_id: None,
        previous_id: None,
        group_id: event.group_id.clone(),
        traits: if stated {
            event.traits.clone()
        } else {
            Map::new()
        },
        properties: some(&event.properties, &ABOUT),
        context,
    }
}

fn some(map: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let found = names.iter().filter_map(|name| map.get_key_value(*name));
    found
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use proptest::prelude::*;

    /// Everything that an event can say that a profile might take.
    fn full(kind: Kind) -> Event {
        let mut event = Event::new("web", "m1", kind, 1_000, 2_000);
        event.name = "Account Removed User".to_owned();
        event.group_id = Some("acme".to_owned());
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        event.traits = map(
            json!({"email": "a@b.c", "email_verified": true, "plan": null, "list": [1, {"a": 2}]}),
        );
        event.properties = map(json!({
            "order_id": "o1", "ticket_id": 7, "query": "q", "product_name": "p", "email_subject": "s", "path": "/p",
            "title": "t", "name": "n", "total": 5, "products": [{"product_id": "x"}],
        }));
        event.context = map(json!({
            "traits": {"email": "b@b.c", "city": "Bonn"}, "groupId": "acme", "page": {"path": "/q", "title": "u"},
            "consent": {"categoryPreferences": {"ads": true}}, "device": {"id": "d"}, "campaign": {"name": "c"},
            "messaging_subscriptions": [{"type": "EMAIL", "status": "SUBSCRIBED"}],
        }));
        event
    }

    proptest! {
        #[test]
        fn a_profile_takes_the_same_from_the_gist(kind in 0..6_usize, keep in any::<u32>()) {
            let kinds = [Kind::Identify, Kind::Track, Kind::Page, Kind::Screen, Kind::Group, Kind::Alias];
            let mut event = full(kinds[kind]);
            let mut bit = 0;
            for map in [&mut event.traits, &mut event.properties, &mut event.context] {
                map.retain(|_, _| {
                    bit += 1;
                    keep >> bit & 1 == 1
                });
            }
            let (mut whole, mut short) = (Profile::default(), Profile::default());
            whole.apply(&event);
            short.apply(&gist(&event));
            prop_assert_eq!(short, whole);
        }
    }
}
