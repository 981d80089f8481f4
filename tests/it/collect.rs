//! Collection: every route, wherever the key is and however the body is packed, and what is stored
//! of it.

use crate::app::{NOW, TestApp};
use acquaint::clock::parse_time;
use acquaint::event::Kind;
use axum::body::{Body, Bytes};
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use serde_json::{Value, json};
use std::io::Write;

both!(
    every_route_and_alias_takes_a_call,
    every_batch_route_takes_a_batch,
    the_write_key_is_found_wherever_it_is,
    the_content_type_says_nothing,
    bodies_may_be_compressed_and_chunked,
    a_batch_gives_its_context_to_its_calls,
    a_message_counts_once_for_good,
    times_are_corrected_and_capped,
);

/// Compressed as SDKs do it.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Basic authorization as SDKs send it.
pub fn basic(user: &str) -> String {
    format!("Basic {}", BASE64.encode(user.as_bytes()))
}

/// Kinds and message ids of the log.
async fn logged(app: &TestApp) -> Vec<(Kind, String)> {
    let events = app.events().await.into_iter();
    let mut found: Vec<_> = events
        .map(|logged| (logged.event.kind, logged.event.message_id.clone()))
        .collect();
    found.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    found
}

async fn every_route_and_alias_takes_a_call(app: &TestApp) {
    let routes = [
        (["identify", "i"], Kind::Identify),
        (["track", "t"], Kind::Track),
        (["page", "p"], Kind::Page),
        (["screen", "s"], Kind::Screen),
        (["group", "g"], Kind::Group),
        (["alias", "a"], Kind::Alias),
    ];
    let mut expected = Vec::new();
    for (words, kind) in routes {
        for word in words {
            for path in [
                format!("/v1/{word}"),
                format!("/v1/{word}/"),
                format!("/api/ingest/v1/{word}"),
                format!("/beacon/v1/{word}/"),
            ] {
                let call = json!({
                    "messageId": path, "userId": "u1", "previousId": "u0", "groupId": "g1", "event": "Signed In",
                    "writeKey": app.tenant.write_key,
                });
                let answer = app.request("POST", &path, &[], call.to_string()).await;
                assert_eq!(answer.ok(), json!({"success": true}), "{path}");
                expected.push((kind, path));
            }
        }
    }
    expected.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(logged(app).await, expected);
}

async fn every_batch_route_takes_a_batch(app: &TestApp) {
    let mut expected = Vec::new();
    for word in ["batch", "import", "b"] {
        for path in [
            format!("/v1/{word}"),
            format!("/v1/{word}/"),
            format!("/proxy/v1/{word}"),
        ] {
            let body = json!({"writeKey": app.tenant.write_key, "batch": [
                {"type": "page", "anonymousId": "a1", "messageId": format!("{path}1")},
                {"type": "track", "anonymousId": "a1", "event": "Signed Up", "messageId": format!("{path}2")},
            ]});
            let answer = app.request("POST", &path, &[], body.to_string()).await;
            assert_eq!(answer.ok(), json!({"success": true}), "{path}");
            expected.push((Kind::Page, format!("{path}1")));
            expected.push((Kind::Track, format!("{path}2")));
        }
    }
    for path in ["/v1/m", "/v1/m/", "/v1/metrics"] {
        let answer = app.request("POST", path, &[], r#"{"series":[]}"#).await;
        assert_eq!(answer.ok(), json!({"success": true}), "{path}");
    }
    expected.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(logged(app).await, expected);
    for path in ["/v1/nothing", "/v2/batch", "/batchv1"] {
        assert_eq!(app.request("POST", path, &[], "{}").await.status, 404);
    }
}

async fn the_write_key_is_found_wherever_it_is(app: &TestApp) {
    let key = app.tenant.write_key.as_str();
    let call = json!({"type": "page", "userId": "u1"});
    let plain = json!({"batch": [call]}).to_string();
    let in_body = json!({"batch": [call], "writeKey": key}).to_string();
    let mut first = call.clone();
    first["writeKey"] = json!(key);
    let in_call = json!({"batch": [first, call]}).to_string();
    let (with_colon, without) = (basic(&format!("{key}:")), basic(key));
    let query = format!("/v1/batch?writeKey={key}");
    for (path, authorization, body) in [
        ("/v1/batch", Some(with_colon.as_str()), &plain),
        ("/v1/batch", Some(without.as_str()), &plain),
        (query.as_str(), None, &plain),
        ("/v1/batch", None, &in_body),
        ("/v1/batch", None, &in_call),
        ("/v1/batch", Some("Bearer an-oauth-token"), &in_body),
    ] {
        let headers: Vec<_> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let answer = app.request("POST", path, &headers, body.clone()).await;
        assert_eq!(answer.status, 200, "{path} {authorization:?} {body}");
    }
    let collector = app.key(&app.tenant, "collect").await;
    let body: Value = serde_json::from_str(&plain).expect("JSON");
    let answer = app.post("/v1/batch?source=web", &collector, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let stored = app.events().await.len();
    assert_eq!(stored, 8);

    let staff = app.tenant.staff_key.as_str();
    for (path, authorization, status) in [
        ("/v1/batch", String::new(), 401),
        ("/v1/batch", basic("wk_unknown:"), 401),
        ("/v1/batch?writeKey=wk_unknown", String::new(), 401),
        ("/v1/batch?source=web", "Bearer ak_unknown".into(), 401),
        ("/v1/batch?source=web", format!("Bearer {staff}"), 403),
        ("/v1/batch", format!("Bearer {collector}"), 400),
        ("/v1/batch?source=x", format!("Bearer {collector}"), 404),
    ] {
        let headers: &[(&str, &str)] = &[("authorization", &authorization)];
        let headers = if authorization.is_empty() {
            &[]
        } else {
            headers
        };
        let answer = app.request("POST", path, headers, plain.clone()).await;
        assert_eq!(answer.status, status, "{path} {authorization}");
        let body = answer.json();
        assert!(
            body["code"].is_string() && body["message"].is_string(),
            "{body}"
        );
    }
    assert_eq!(app.events().await.len(), stored);
}

async fn the_content_type_says_nothing(app: &TestApp) {
    let body = json!({"userId": "u1", "writeKey": app.tenant.write_key}).to_string();
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/octet-stream",
        "nonsense",
        "",
    ] {
        let headers = [("content-type", content_type)];
        let answer = app.request("POST", "/v1/page", &headers, body.clone());
        assert_eq!(
            answer.await.ok(),
            json!({"success": true}),
            "{content_type}"
        );
    }
    let answer = app.request("POST", "/v1/page", &[], body).await;
    assert_eq!(
        answer.headers["content-type"], "application/json",
        "the answer is JSON"
    );
    assert_eq!(app.events().await.len(), 10);
}

async fn bodies_may_be_compressed_and_chunked(app: &TestApp) {
    let body =
        json!({"batch": [{"type": "page", "userId": "u1"}], "writeKey": app.tenant.write_key});
    let (plain, packed) = (
        body.to_string().into_bytes(),
        gzip(body.to_string().as_bytes()),
    );
    let chunked = |bytes: &[u8]| {
        let pieces: Vec<_> = bytes
            .chunks(7)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
            .collect();
        Body::from_stream(stream::iter(pieces))
    };
    let encoded: &[(&str, &str)] = &[("content-encoding", "gzip")];
    for (headers, body) in [
        (encoded, Body::from(packed.clone())),
        (&[], Body::from(packed.clone())),
        (encoded, chunked(&packed)),
        (&[], chunked(&plain)),
    ] {
        let answer = app.request("POST", "/v1/b", headers, body).await;
        assert_eq!(answer.ok(), json!({"success": true}), "{headers:?}");
    }
    assert_eq!(app.events().await.len(), 4);
    for (headers, body) in [
        (encoded, plain),
        (&[("content-encoding", "br")][..], packed[..9].to_vec()),
        (&[("content-encoding", "zstd")][..], b"{}".to_vec()),
    ] {
        let answer = app.request("POST", "/v1/b", headers, body).await;
        assert_eq!(answer.status, 400, "{headers:?}: {}", answer.text());
    }
}

async fn a_batch_gives_its_context_to_its_calls(app: &TestApp) {
    let body = json!({
        "writeKey": app.tenant.write_key,
        "context": {"ip": "192.0.2.7", "library": {"name": "shared", "version": "1"}},
        "batch": [
            {"type": "page", "userId": "u1", "messageId": "m1"},
            {"type": "page", "userId": "u1", "messageId": "m2", "context": {"library": {"name": "own"}, "locale": "de"}},
        ],
    });
    app.request("POST", "/v1/batch", &[], body.to_string())
        .await
        .ok();
    let shared = app.event("m1").await.context;
    assert_eq!(Value::Object(shared), body["context"]);
    let own = app.event("m2").await.context;
    assert_eq!(
        Value::Object(own),
        json!({"library": {"name": "own", "version": "1"}, "locale": "de", "ip": "192.0.2.7"})
    );
}

async fn a_message_counts_once_for_good(app: &TestApp) {
    let order = |key: &str, total: u32| {
        json!({"writeKey": key, "batch": [
            {"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m1", "properties": {"order_id": "o1", "total": total}},
            {"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m1", "properties": {"order_id": "o2", "total": total}},
        ]}).to_string()
    };
    let key = app.tenant.write_key.as_str();
    for (days, total) in [(0, 10), (1, 20), (400, 30)] {
        app.clock.set(NOW + days * 86_400_000);
        let answer = app.request("POST", "/v1/batch", &[], order(key, total));
        assert_eq!(
            answer.await.ok(),
            json!({"success": true}),
            "after {days} days"
        );
    }
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].event.properties["total"], 10,
        "the first one stays"
    );

    let other = app.source(&app.tenant, "app", "segment", None).await;
    app.request("POST", "/v1/batch", &[], order(&other, 40))
        .await
        .ok();
    assert_eq!(
        app.events().await.len(),
        2,
        "another source has ids of its own"
    );
    let token = app.session("user_id:u1").await;
    let answer = app.tool(&token, "recent_purchases", &json!({})).await.ok();
    assert_eq!(answer["data"]["order_count"], 1, "{answer}");
}

async fn times_are_corrected_and_capped(app: &TestApp) {
    let at = |text: &str| parse_time(text).expect("a time");
    // What is sent: the time of the call, that of sending, and when it happened by the server's
    // clock.
    for (id, timestamp, sent_at, expected) in [
        (
            "plain",
            "2026-11-23T18:00:00Z",
            None,
            at("2026-11-23T18:00:00Z"),
        ),
        (
            "clock is right",
            "2026-11-23T18:29:50Z",
            Some("2026-11-23T18:30:00Z"),
            NOW - 10_000,
        ),
        (
            "clock is a year late",
            "2025-11-23T18:29:50Z",
            Some("2025-11-23T18:30:00Z"),
            NOW - 10_000,
        ),
        (
            "clock is a day early",
            "2026-11-24T18:29:50Z",
            Some("2026-11-24T18:30:00Z"),
            NOW - 10_000,
        ),
        (
            "history",
            "2024-01-01T00:00:00Z",
            Some("2026-11-23T18:30:00Z"),
            at("2024-01-01T00:00:00Z"),
        ),
        ("future", "2031-01-01T00:00:00Z", None, NOW),
        (
            "future by its own clock",
            "2026-11-23T19:00:00Z",
            Some("2026-11-23T18:30:00Z"),
            NOW,
        ),
    ] {
        let mut body = json!({"writeKey": app.tenant.write_key, "batch": [
            {"type": "page", "userId": "u1", "messageId": id, "timestamp": timestamp},
        ]});
        if let Some(sent_at) = sent_at {
            body["sentAt"] = json!(sent_at);
        }
        app.request("POST", "/v1/batch", &[], body.to_string())
            .await
            .ok();
        let event = app.event(id).await;
        assert_eq!((event.at, event.received_at), (expected, NOW), "{id}");
    }
}
