//! Single calls: each field, and each reason for a refusal.

use serde_json::json;

use super::*;

const RECEIVED: Time = Time::from_ms(1_795_458_600_000);

fn envelope(only: Option<Kind>) -> CallContext<'static> {
    CallContext {
        source: "web",
        received_at: RECEIVED,
        only,
        context: Map::new(),
        sent_at: None,
        corrects_clock: true,
    }
}

fn read(json: &str) -> Parsed {
    envelope(None).parse(serde_json::from_str(json).expect("JSON"))
}

/// A call of user `u1` with these fields on top.
fn parsed(fields: &Value) -> Parsed {
    let mut call =
        json!({"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"});
    for (key, value) in fields.as_object().expect("fields") {
        call[key] = value.clone();
    }
    read(&call.to_string())
}

fn event(fields: &Value) -> Event {
    parsed(fields).outcome.expect("accepted")
}

fn reject(fields: &Value) -> Reject {
    parsed(fields).outcome.expect_err("refused")
}

#[test]
fn an_accepted_call_keeps_its_content_and_no_text() {
    let call = parsed(&json!({
        "anonymousId": null, "integrations": {"All": true}, "_metadata": {"x": 1}, "writeKey": "wk",
        "properties": {"total": 27.5}, "context": {"ip": "203.0.113.9"}, "channel": "server",
    }));
    assert_eq!(
        (call.raw.as_str(), call.message_id.as_deref()),
        ("", Some("m1"))
    );
    let event = call.outcome.expect("accepted");
    assert_eq!(
        (event.source.as_str(), event.message_id.as_str()),
        ("web", "m1")
    );
    assert_eq!(
        (event.name.as_str(), event.user_id.as_deref()),
        ("Order Completed", Some("u1"))
    );
    assert_eq!(event.anonymous_id, None);
    assert_eq!(Value::Object(event.properties), json!({"total": 27.5}));
    assert_eq!(
        Value::Object(event.context),
        json!({"ip": "203.0.113.9", "channel": "server"})
    );
    assert_eq!((event.at, event.received_at), (RECEIVED, RECEIVED));
}

#[test]
fn ids_are_strings_or_numbers() {
    let ids = read(
        r#"{"type": "alias", "messageId": -7, "userId": 12345678901234567890123, "previousId": 1.50, "groupId": null}"#,
    );
    assert_eq!(ids.message_id.as_deref(), Some("-7"));
    let event = ids.outcome.expect("accepted");
    assert_eq!(event.user_id.as_deref(), Some("12345678901234567890123"));
    assert_eq!(event.previous_id.as_deref(), Some("1.50"));
    assert_eq!(event.group_id, None);
    for field in [
        "userId",
        "anonymousId",
        "previousId",
        "groupId",
        "messageId",
    ] {
        for value in [json!(true), json!(["u1"]), json!({"id": "u1"})] {
            let reject = reject(&json!({ field: value }));
            assert_eq!(reject.code, "invalid_id");
            assert!(reject.message.contains(field), "{}", reject.message);
        }
    }
}

#[test]
fn only_the_field_names_of_the_spec_count() {
    let call = read(r#"{"type": "page", "user_id": "u1", "messageId": "m1"}"#);
    assert_eq!(call.outcome.expect_err("refused").code, "no_user_anon_id");
}

#[test]
fn maps_must_be_objects() {
    for field in ["context", "traits", "properties"] {
        for value in [json!("x"), json!([1]), json!(1), json!(false)] {
            let call = parsed(&json!({ field: value }));
            assert!(call.raw.contains("\"messageId\":\"m1\""));
            assert_eq!(call.message_id.as_deref(), Some("m1"));
            let reject = call.outcome.expect_err("refused");
            assert_eq!(reject.code, "invalid_field");
            assert!(reject.message.contains(field), "{}", reject.message);
        }
        event(&json!({ field: null }));
    }
}

#[test]
fn names_of_events_pages_and_screens() {
    assert_eq!(reject(&json!({"event": 1})).code, "invalid_field");
    assert_eq!(reject(&json!({"event": null})).code, "no_event");
    assert_eq!(
        reject(&json!({"type": "page", "name": {}})).code,
        "invalid_field"
    );
    let page = event(&json!({
        "type": "page", "name": null, "category": "Docs",
        "properties": {"name": "Home", "url": "https://shop.example/p"},
    }));
    assert_eq!(page.name, "Home");
    let properties = json!({"name": "Home", "url": "https://shop.example/p", "category": "Docs"});
    assert_eq!(Value::Object(page.properties), properties);
    let screen = event(
        &json!({"type": "screen", "name": "Cart", "category": "a", "properties": {"category": "b"}}),
    );
    assert_eq!(screen.name, "Cart");
    assert_eq!(Value::Object(screen.properties), json!({"category": "b"}));
}

#[test]
fn types_are_the_six_words_unless_the_route_names_one() {
    for word in [json!("Track"), json!("t"), json!(1), json!("")] {
        let reject = reject(&json!({ "type": word }));
        assert_eq!(reject.code, "unknown_type");
        assert!(
            reject
                .message
                .contains("identify, track, page, screen, group or alias")
        );
    }
    assert_eq!(reject(&json!({"type": null})).code, "no_type");
    let json = r#"{"type": "nonsense", "userId": "u1", "groupId": "g1", "messageId": "m1"}"#;
    let call = envelope(Some(Kind::Group)).parse(serde_json::from_str(json).expect("JSON"));
    assert_eq!(call.outcome.expect("accepted").kind, Kind::Group);
}

#[test]
fn identify_takes_traits_from_context_only_without_its_own() {
    let context = json!({"traits": {"email": "ada@shop.example"}, "ip": "203.0.113.9"});
    let rudder = event(&json!({"type": "identify", "context": context}));
    assert_eq!(
        Value::Object(rudder.traits),
        json!({"email": "ada@shop.example"})
    );
    assert_eq!(Value::Object(rudder.context), json!({"ip": "203.0.113.9"}));
    let own = event(&json!({"type": "identify", "context": context, "traits": {"plan": "pro"}}));
    assert_eq!(Value::Object(own.traits), json!({"plan": "pro"}));
    assert_eq!(Value::Object(own.context), context);
    let track = event(&json!({"context": context}));
    assert!(track.traits.is_empty());
    assert_eq!(Value::Object(track.context), context);
}

#[test]
fn a_wrong_clock_is_corrected_by_the_time_of_sending() {
    let at = |fields: Value| event(&fields).at;
    let (happened, sent) = ("2020-01-01T00:00:00Z", "2020-01-01T00:00:05Z");
    let original = Time::from_ms(1_577_836_800_000);
    assert_eq!(
        at(json!({"timestamp": happened, "sentAt": sent})),
        RECEIVED - 5_000
    );
    assert_eq!(
        at(json!({"originalTimestamp": happened, "sentAt": sent})),
        RECEIVED - 5_000
    );
    assert_eq!(at(json!({"timestamp": happened})), original);
    assert_eq!(
        at(json!({"timestamp": happened, "sentAt": "soon"})),
        original
    );
    assert_eq!(at(json!({"sentAt": sent})), RECEIVED);
    let both = json!({"timestamp": happened, "originalTimestamp": sent, "sentAt": sent});
    assert_eq!(at(both), original, "`timestamp` is corrected already");
    assert_eq!(
        at(json!({"timestamp": sent, "sentAt": happened})),
        RECEIVED,
        "never in the future"
    );
    for (timestamp, sent_at) in [(1e18, -1e18), (-1e18, 1e18)] {
        parsed(&json!({"timestamp": timestamp, "sentAt": sent_at}));
    }
    let mut batch = envelope(None);
    batch.sent_at = Some(original + 7_000);
    let json = format!(
        r#"{{"type": "page", "userId": "u1", "messageId": "m1", "timestamp": "{happened}"}}"#
    );
    let call = batch.parse(serde_json::from_str(&json).expect("JSON"));
    assert_eq!(call.outcome.expect("accepted").at, RECEIVED - 7_000);
    batch.corrects_clock = false;
    let call = batch.parse(serde_json::from_str(&json).expect("JSON"));
    assert_eq!(call.outcome.expect("accepted").at, original);
    for timestamp in [json!("yesterday"), json!(""), json!(true), json!({})] {
        assert_eq!(
            reject(&json!({ "timestamp": timestamp })).code,
            "invalid_timestamp"
        );
    }
}

#[test]
fn a_call_without_message_id_gets_the_same_one_again_if_it_has_a_time() {
    let made = |fields: Value| event(&fields).message_id;
    let timed = json!({"messageId": null, "timestamp": 1_700_000_000});
    assert!(made(timed.clone()).starts_with("auto-"));
    assert_eq!(made(timed.clone()), made(timed.clone()));
    assert_ne!(
        made(timed),
        made(json!({"messageId": " ", "timestamp": 1_700_000_001}))
    );
    assert_ne!(
        made(json!({"messageId": null})),
        made(json!({"messageId": null}))
    );
}

#[test]
fn what_no_event_can_be_read_from_is_refused_alone() {
    let code = |json: &str| read(json).outcome.expect_err("refused").code;
    for json in ["null", "1", r#""track""#, r#"["track", "m1"]"#] {
        assert_eq!(code(json), "invalid_event");
    }
    let call = read(r#"{"type": "page", "userId": "a", "userId": "b", "messageId": "m1"}"#);
    assert_eq!(call.outcome.expect_err("refused").code, "invalid_event");
    assert_eq!(call.message_id.as_deref(), Some("m1"));
    let large = parsed(&json!({"properties": {"x": "x".repeat(MAX_EVENT_BYTES)}}));
    assert_eq!(large.message_id.as_deref(), Some("m1"));
    assert_eq!(large.outcome.expect_err("refused").code, "event_too_large");
}

#[test]
fn shared_context_lies_under_the_call_s_own() {
    let mut batch = envelope(None);
    let shared = json!({"ip": "203.0.113.1", "library": {"name": "a", "version": "1"}, "page": {"url": "u"}});
    batch.context = shared.as_object().expect("object").clone();
    let json = r#"{"type": "page", "userId": "u1", "messageId": "m1",
        "context": {"ip": "203.0.113.9", "library": {"name": "b"}, "page": null}}"#;
    let call = batch.parse(serde_json::from_str(json).expect("JSON"));
    let merged =
        json!({"ip": "203.0.113.9", "library": {"name": "b", "version": "1"}, "page": null});
    assert_eq!(
        Value::Object(call.outcome.expect("accepted").context),
        merged
    );
    let call =
        batch.parse(serde_json::from_str(r#"{"type": "page", "userId": "u1"}"#).expect("JSON"));
    assert_eq!(
        Value::Object(call.outcome.expect("accepted").context),
        shared
    );
}
