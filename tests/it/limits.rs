//! Bad input and too much of it: each has its documented answer, and nothing that was accepted is
//! lost.

use crate::app::{Answer, NOW, TestApp};
use crate::collect::gzip;
use acquaint::clock::Time;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

both!(
    a_body_that_cannot_be_read_is_refused_whole,
    limits_of_events_and_batches,
    a_small_body_cannot_grow_without_bound,
    a_call_is_refused_alone_and_kept_with_its_reason,
    odd_ids_and_times,
    the_same_refusal_is_kept_once,
    a_busy_server_asks_for_patience,
);

async fn send(app: &TestApp, body: impl Into<axum::body::Body>) -> Answer {
    let path = format!("/v1/batch?writeKey={}", app.tenant.write_key);
    app.request("POST", &path, &[], body).await
}

fn page(id: &str, extra: &str) -> String {
    format!(r#"{{"type":"page","userId":"u1","messageId":"{id}"{extra}}}"#)
}

fn batch(calls: &[String]) -> String {
    format!(r#"{{"batch":[{}]}}"#, calls.join(","))
}

/// Events in the log and refusals beside it.
async fn stored(app: &TestApp) -> (usize, usize) {
    (app.events().await.len(), app.rejects("web").await.len())
}

async fn a_body_that_cannot_be_read_is_refused_whole(app: &TestApp) {
    let good = batch(&[page("m1", "")]);
    let packed = gzip(good.as_bytes());
    let deep = format!("{}1{}", "[".repeat(15_000), "]".repeat(15_000));
    let deep = format!(r#"{{"batch":[{}],"context":{deep}}}"#, page("m1", ""));
    for (what, body) in [
        ("truncated gzip", packed[..packed.len() - 9].to_vec()),
        ("damaged gzip", [&packed[..12], &[0xff; 30]].concat()),
        ("gzip of nothing", packed[..10].to_vec()),
        ("truncated JSON", good.as_bytes()[..good.len() - 3].to_vec()),
        ("no JSON", b"hello".to_vec()),
        ("nothing", Vec::new()),
        (
            "not UTF-8",
            b"{\"batch\":[{\"type\":\"page\",\"userId\":\"\xff\"}]}".to_vec(),
        ),
        ("deep", deep.into_bytes()),
        ("an empty batch", b"{\"batch\":[]}".to_vec()),
        ("an empty list", b"[]".to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("a batch of another kind", b"{\"batch\":{}}".to_vec()),
        ("a number", b"7".to_vec()),
    ] {
        let answer = send(app, body).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        let body = answer.json();
        assert_eq!(body["code"], "invalid_request", "{what}");
        assert!(
            body["message"].as_str().is_some_and(|text| text.len() > 20),
            "{what}: {body}"
        );
    }
    assert_eq!(stored(app).await, (0, 0));
}

async fn limits_of_events_and_batches(app: &TestApp) {
    let large = |bytes: usize| {
        let empty = page("large", r#","x":"""#).len();
        page("large", &format!(r#","x":"{}""#, "x".repeat(bytes - empty)))
    };
    assert_eq!(large(33 * 1024).len(), 33 * 1024);
    let answer = send(app, batch(&[large(33 * 1024), page("beside", "")]))
        .await
        .ok();
    assert_eq!(answer["success"], true);
    assert_eq!(answer["rejected"].as_array().map(Vec::len), Some(1));
    let rejected = &answer["rejected"][0];
    assert_eq!(rejected["index"], 0);
    assert_eq!(rejected["messageId"], "large");
    assert_eq!(rejected["code"], "event_too_large");
    assert_eq!(stored(app).await, (1, 1));
    assert_eq!(
        app.rejects("web").await[0].body,
        large(33 * 1024),
        "kept as it came"
    );
    assert_eq!(
        send(app, batch(&[large(32 * 1024)])).await.ok(),
        json!({"success": true}),
        "32 KB is not too much"
    );

    let padded = |bytes: usize| {
        let body = batch(&[page("padded", "")]);
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    let answer = send(app, padded(501 * 1024)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["code"], "too_large");
    assert!(answer.json()["message"].is_string());
    assert_eq!(send(app, padded(500 * 1024)).await.status, 200);
    assert_eq!(stored(app).await, (3, 1));

    let calls: Vec<String> = (0..2_503).map(|at| page(&format!("n{at}"), "")).collect();
    let answer = send(app, batch(&calls)).await.ok();
    let rejected = answer["rejected"].as_array().expect("a list");
    assert_eq!(rejected.len(), 1, "one refusal for all that is too much");
    assert_eq!(rejected[0]["index"], 2_500);
    assert_eq!(rejected[0]["code"], "batch_too_long");
    assert_eq!(stored(app).await, (2_503, 2));
    let kept = app.rejects("web").await.into_iter();
    let kept: Vec<_> = kept.filter(|kept| kept.code == "batch_too_long").collect();
    let beyond: Vec<Value> = serde_json::from_str(&kept[0].body).expect("the calls");
    assert_eq!(beyond.len(), 3);
    assert_eq!(
        beyond[0]["messageId"], "n2500",
        "they can be sent again from there"
    );
}

async fn a_small_body_cannot_grow_without_bound(app: &TestApp) {
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100 * 1024);
    let answer = send(app, bomb).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(answer.json()["code"], "too_large");
    assert_eq!(stored(app).await, (0, 0));
}

/// Calls that are refused, each with the code of its reason.
fn bad_calls() -> Vec<(&'static str, String)> {
    let nested = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    vec![
        ("invalid_event", "7".to_owned()),
        ("no_type", r#"{"userId":"u1"}"#.to_owned()),
        (
            "unknown_type",
            r#"{"type":"purchase","userId":"u1"}"#.to_owned(),
        ),
        (
            "no_user_anon_id",
            r#"{"type":"page","messageId":"x"}"#.to_owned(),
        ),
        ("no_event", r#"{"type":"track","userId":"u1"}"#.to_owned()),
        (
            "no_group_id",
            r#"{"type":"group","userId":"u1"}"#.to_owned(),
        ),
        (
            "no_previous_id",
            r#"{"type":"alias","userId":"u1"}"#.to_owned(),
        ),
        ("invalid_id", r#"{"type":"page","userId":{}}"#.to_owned()),
        ("invalid_message_id", page(&"x".repeat(101), "")),
        ("invalid_field", page("f", r#","context":[]"#)),
        (
            "invalid_event",
            page("deep", &format!(r#","properties":{{"a":{nested}}}"#)),
        ),
        (
            "invalid_timestamp",
            page("t", r#","timestamp":"yesterday""#),
        ),
        (
            "timestamp_out_of_range",
            page("t", r#","timestamp":"1899-12-31T23:59:59Z""#),
        ),
        (
            "id_too_long",
            format!(r#"{{"type":"page","userId":"{}"}}"#, "u".repeat(501)),
        ),
    ]
}

async fn a_call_is_refused_alone_and_kept_with_its_reason(app: &TestApp) {
    let bad = bad_calls();
    let mut calls: Vec<String> = bad.iter().map(|(_, call)| call.clone()).collect();
    calls.push(page("good", ""));
    let answer = send(app, batch(&calls)).await.ok();
    assert_eq!(answer["success"], true);
    let rejected = answer["rejected"].as_array().expect("a list");
    assert_eq!(rejected.len(), bad.len());
    for (at, (code, _)) in bad.iter().enumerate() {
        assert_eq!(rejected[at]["index"], at);
        assert_eq!(rejected[at]["code"], *code, "{}", rejected[at]);
        assert!(
            rejected[at]["reason"]
                .as_str()
                .is_some_and(|text| text.len() > 15)
        );
    }
    assert_eq!(stored(app).await, (1, bad.len()), "nothing is lost");
    let mut kept: Vec<_> = app
        .rejects("web")
        .await
        .into_iter()
        .map(|kept| (kept.code, kept.body))
        .collect();
    let mut sent: Vec<_> = bad
        .into_iter()
        .map(|(code, call)| (code.to_owned(), call))
        .collect();
    kept.sort_unstable();
    sent.sort_unstable();
    assert_eq!(kept, sent);
}

async fn odd_ids_and_times(app: &TestApp) {
    let calls = [
        r#"{"type":"page","messageId":"number","userId":123}"#.to_owned(),
        r#"{"type":"page","messageId":"large","userId":12345678901234567890123}"#.to_owned(),
        r#"{"type":"page","messageId":99,"userId":"u1"}"#.to_owned(),
        r#"{"type":"page","messageId":"null","userId":null,"anonymousId":"a1"}"#.to_owned(),
        r#"{"type":"page","userId":"u1"}"#.to_owned(),
        page("future", r#","timestamp":"9999-12-31T23:59:59Z""#),
        page("ancient", r#","timestamp":"1901-01-01T00:00:00Z""#),
        page("seconds", r#","timestamp":1795458590"#),
    ];
    let answer = send(app, batch(&calls)).await.ok();
    assert_eq!(answer, json!({"success": true}));
    assert_eq!(app.event("number").await.user_id.as_deref(), Some("123"));
    assert_eq!(
        app.event("large").await.user_id.as_deref(),
        Some("12345678901234567890123"),
        "every digit"
    );
    assert_eq!(app.event("99").await.user_id.as_deref(), Some("u1"));
    let event_null = app.event("null").await;
    assert_eq!(event_null.user_id, None);
    assert_eq!(event_null.anonymous_id.as_deref(), Some("a1"));
    assert_eq!(app.event("future").await.at, NOW);
    assert_eq!(
        app.event("ancient").await.at,
        Time::from_ms(-2_177_452_800_000)
    );
    assert_eq!(app.event("seconds").await.at, NOW - 10_000);
    let answer = send(
        app,
        batch(&[r#"{"type":"page","userId":null,"anonymousId":null}"#.into()]),
    );
    let answer = answer.await.ok();
    assert_eq!(answer["rejected"][0]["code"], "no_user_anon_id");
    assert_eq!(answer["rejected"][0]["messageId"], Value::Null);
    assert_eq!(stored(app).await, (calls.len(), 1));
}

async fn the_same_refusal_is_kept_once(app: &TestApp) {
    let body = batch(&[r#"{"type":"page"}"#.to_owned()]);
    for _ in 0..3 {
        let answer = send(app, body.clone()).await.ok();
        assert_eq!(answer["rejected"][0]["code"], "no_user_anon_id");
    }
    assert_eq!(stored(app).await, (0, 1));
}

/// Holds the database so that nothing can be written, and sends more than may wait.
async fn a_busy_server_asks_for_patience(app: &TestApp) {
    let mut held = app.db.begin().await.expect("a transaction");
    held.lock(&app.tenant.workspace.id).await.expect("the lock");
    let refused = Notify::new();
    let requests = (0..150).map(|at| {
        let body = batch(&[page(&format!("m{at}"), "")]);
        let body = format!("{body}{}", " ".repeat(500_000 - body.len()));
        let refused = &refused;
        async move {
            let answer = send(app, body).await;
            if answer.status == 429 {
                refused.notify_one();
            }
            answer
        }
    });
    let release = async {
        let waited = timeout(Duration::from_secs(20), refused.notified()).await;
        drop(held);
        waited.expect("one too many is refused");
    };
    let (answers, ()) = join(join_all(requests), release).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    // What comes after the first refusal may be taken too: by then the lock is given back.
    assert!(taken.len() >= 33, "16 MB may wait: {}", taken.len());
    for answer in refused {
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert_eq!(answer.json()["code"], "busy");
        assert!(answer.json()["message"].is_string());
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(answer.headers["x-ratelimit-reset"], "1");
    }
    assert_eq!(
        stored(app).await,
        (taken.len(), 0),
        "what was acknowledged is there, what was not is not"
    );
}
