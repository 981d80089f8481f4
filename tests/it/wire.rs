//! Requests as SDKs make them, replayed byte for byte: each message is stored once, as what it was.

use crate::app::{Data, TestApp, json_files};
use acquaint::clock::Time;
use acquaint::event::Kind;
use acquaint::store::access::Source;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::collections::BTreeMap;

both_on!(
    Wire;
    what_sdks_sent_is_stored_once,
    what_sdks_sent_twice_changes_nothing
);

/// The calls of a captured body.
fn calls(request: &Value) -> Vec<Value> {
    match &request["body"]["batch"] {
        Value::Array(calls) => calls.clone(),
        _ if request["body"]["type"].is_string() => vec![request["body"].clone()],
        _ => Vec::new(),
    }
}

/// The bytes that were sent. Where a capture has none, they are made again: SDKs write compact
/// JSON.
fn sent(request: &Value) -> Vec<u8> {
    let bytes = match request["raw_b64"].as_str() {
        Some(raw) => BASE64.decode(raw.as_bytes()).expect("base 64"),
        None => request["body"].to_string().into_bytes(),
    };
    assert_eq!(Some(bytes.len() as u64), request["raw_len"].as_u64());
    bytes
}

/// Every captured request of Segment's and RudderStack's SDKs, in the order in which they were
/// made.
fn captures(data: &Data) -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    for (file, content) in json_files(&data.folder) {
        if !file.starts_with("segment-") && !file.starts_with("rudder-") {
            continue;
        }
        for (name, capture) in content["captures"].as_object().expect("captures") {
            for request in capture.as_array().expect("requests") {
                requests.push((name.clone(), request.clone()));
            }
        }
    }
    requests
}

/// Adds a source for each of the write keys that the captures were made with.
async fn add_sources(app: &TestApp) {
    for name in ["segment", "rudder", "browser"] {
        app.add(Source {
            workspace: app.tenant.workspace.id.clone(),
            name: name.to_owned(),
            kind: "segment".to_owned(),
            write_key: format!("wk_test_{name}"),
            secret: None,
            created_at: Time::default(),
        })
        .await;
    }
}

async fn replay(app: &TestApp, (name, request): &(String, Value)) {
    let pairs: Vec<(String, String)> =
        serde_json::from_value(request["headers"].clone()).expect("pairs");
    let headers: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let (method, path) = (
        request["method"].as_str().expect("a method"),
        request["path"].as_str().expect("a path"),
    );
    let answer = app.request(method, path, &headers, sent(request)).await;
    let body = answer.ok();
    if method == "POST" {
        assert_eq!(body, json!({"success": true}), "{name} {path}");
    } else {
        assert!(body["integrations"]["Segment.io"]["apiHost"].is_string());
    }
}

async fn what_sdks_sent_is_stored_once(app: &TestApp, data: &Data) {
    let captures = captures(data);
    add_sources(app).await;
    let mut expected: BTreeMap<String, (Kind, Value)> = BTreeMap::new();
    for capture in &captures {
        replay(app, capture).await;
        for call in calls(&capture.1) {
            let id = call["messageId"].as_str().expect("an id").to_owned();
            let kind = Kind::parse(call["type"].as_str().expect("a type")).expect("a kind");
            expected.entry(id).or_insert((kind, call));
        }
    }
    let least = data.pick(35, 81);
    assert!(expected.len() >= least, "{} messages", expected.len());
    let events = app.events().await;
    assert_eq!(events.len(), expected.len(), "retries are the same message");
    for logged in events {
        let event = logged.event;
        let (kind, call) = &expected[&event.message_id];
        assert_eq!(event.kind, *kind, "{call}");
        for (kept, field) in [
            (&event.user_id, "userId"),
            (&event.anonymous_id, "anonymousId"),
            (&event.previous_id, "previousId"),
            (&event.group_id, "groupId"),
        ] {
            assert_eq!(kept.as_deref(), call[field].as_str(), "{field} of {call}");
        }
        let name = match kind {
            Kind::Track => &call["event"],
            Kind::Page | Kind::Screen => &call["name"],
            _ => &Value::Null,
        };
        assert_eq!(event.name, name.as_str().unwrap_or_default(), "{call}");
        assert_eq!(app.rejects(&event.source).await.len(), 0);
    }
    let staff = &app.tenant.staff_key;
    let profile = app.get("/v1/profiles/email:ada@example.com", staff).await;
    assert_eq!(profile.status, 200, "the SDKs' user is a customer");
}

async fn what_sdks_sent_twice_changes_nothing(app: &TestApp, data: &Data) {
    let captures = captures(data);
    add_sources(app).await;
    for capture in &captures {
        replay(app, capture).await;
    }
    let (events, profile) = state(app).await;
    app.clock.set(crate::app::NOW + 90 * 86_400_000);
    for capture in captures.iter().rev() {
        replay(app, capture).await;
    }
    assert_eq!((events, profile), state(app).await);
}

async fn state(app: &TestApp) -> (usize, Value) {
    let staff = &app.tenant.staff_key;
    let profile = app.get("/v1/profiles/user_id:u-1", staff).await.ok();
    (app.events().await.len(), profile)
}
