//! A profile is the same however its events are ordered, split and merged.

use super::*;
use crate::clock::Time;
use crate::event::Kind;
use crate::profile::Profile;
use crate::profile::activity::KINDS;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

const NAMES: [&str; 4] = [
    "Account Removed User",
    "Order Completed",
    "Ticket Created",
    "",
];

/// Everything that an event can say that a profile might take; `number` makes the values differ.
fn full(number: usize, at: i64, kind: Kind, name: &str) -> Event {
    let source = ["web", "shop", "crm"][number % 3];
    let mut event = Event::new(
        source,
        &format!("m{number}"),
        kind,
        Time::from_ms(at),
        Time::from_ms(1_000),
    );
    name.clone_into(&mut event.name);
    event.group_id = Some(format!("acme{}", number % 2));
    let map = |value: Value| value.as_object().cloned().unwrap_or_default();
    event.traits = map(json!({
        "email": format!("{number}@b.c"), "email_verified": true, "plan": null, "list": [1, {"a": 2}],
    }));
    event.properties = map(json!({
        "order_id": format!("o{number}"), "ticket_id": number, "query": "q", "product_name": "p",
        "email_subject": "s", "path": "/p", "title": "t", "name": "n", "total": 5,
        "products": [{"product_id": "x"}],
    }));
    event.context = map(json!({
        "traits": {"email": "b@b.c", "city": number}, "groupId": "acme1", "page": {"path": "/q", "title": "u"},
        "consent": {"categoryPreferences": {"ads": number.is_multiple_of(2)}}, "device": {"id": "d"},
        "messaging_subscriptions": [{"type": "EMAIL", "status": "SUBSCRIBED"}],
        "campaign": {"name": "c"},
    }));
    event
}

/// The event without some of what it says: a bit of `keep` for each.
fn some(mut event: Event, keep: u32) -> Event {
    let mut bit = 0;
    for map in [&mut event.traits, &mut event.properties, &mut event.context] {
        map.retain(|_, _| {
            bit += 1;
            keep >> bit & 1 == 1
        });
    }
    event
}

/// Events that say some of everything, with ties in time.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let drawn = (0..KINDS.len(), 0..NAMES.len(), 0..5_i64, any::<u32>());
    prop::collection::vec(drawn, 1..24).prop_map(|drawn| {
        let numbered = drawn.into_iter().enumerate();
        numbered
            .map(|(number, (kind, name, at, keep))| {
                some(full(number, at, KINDS[kind], NAMES[name]), keep)
            })
            .collect()
    })
}

/// The profile of these events, with the orders and tickets that they make.
fn folded(events: &[Event]) -> Profile {
    let mut profile = Profile::default();
    for facts in events.iter().map(EventFacts::of) {
        profile.apply(&facts);
        if let Some((kind, record)) = facts.record() {
            let _ = profile.replace(kind, None, record);
        }
    }
    profile
}

proptest! {
    #[test]
    fn order_and_splits_do_not_matter(
        (events, shuffled) in events().prop_flat_map(|events| {
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
        splits in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut ends: Vec<usize> = splits.iter().map(|at| at.index(shuffled.len())).collect();
        ends.push(shuffled.len());
        ends.sort_unstable();
        let mut merged = Profile::default();
        let mut begin = 0;
        for end in ends {
            merged.merge(folded(&shuffled[begin..end]));
            begin = end;
        }
        prop_assert_eq!(merged, folded(&events));
    }
}

#[test]
fn an_event_makes_one_record_at_most() {
    let record = |name: &str| {
        let facts = EventFacts::of(&full(1, 5, Kind::Track, name));
        facts
            .record()
            .map(|(kind, record)| (kind, record.id.clone()))
    };
    assert_eq!(
        record("Order Completed"),
        Some((RecordKind::Purchase, "o1".to_owned()))
    );
    assert_eq!(
        record("Ticket Created"),
        Some((RecordKind::Ticket, "1".to_owned()))
    );
    assert_eq!(record("Account Removed User"), None);
}
