//! Odd values: an event that is taken can be read back and folded again, and one that is not costs nobody but itself.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::ingest;
use serde_json::Value;

both!(a_nul_costs_its_own_event_alone,);

/// Sends calls, each as the text that it is, as one batch; the codes of those that were refused, by position.
async fn send(app: &TestApp, calls: &[String]) -> Vec<(u64, String)> {
    let key = &app.tenant.write_key;
    let body = format!(r#"{{"writeKey": "{key}", "batch": [{}]}}"#, calls.join(","));
    let answer = app.request("POST", "/v1/batch", &[], body).await.ok();
    let refused = answer["rejected"].as_array().cloned().unwrap_or_default();
    let one = |one: &Value| {
        let code = one["code"].as_str().unwrap_or_default().to_owned();
        (one["index"].as_u64().unwrap_or_default(), code)
    };
    refused.iter().map(one).collect()
}

/// Folds the log again; it gives what is there.
async fn rebuild(app: &TestApp) {
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let rebuilt = ingest::rebuild(&mut tx, workspace, |_| {}).await;
    rebuilt.expect("the log can be folded");
    tx.commit().await.expect("committed");
    assert_eq!(derived(&app.db, workspace).await, before);
}

async fn a_nul_costs_its_own_event_alone(app: &TestApp) {
    let texts = [
        r#"{"type":"track","event":"A","userId":"u1","messageId":"good"}"#,
        r#"{"type":"track","event":"B","userId":"u1","messageId":"m\u00001"}"#,
        r#"{"type":"track","event":"C","userId":"u1","messageId":"m1"}"#,
        r#"{"type":"track","event":"D","userId":"u1","messageId":"\u0000"}"#,
        r#"{"type":"track","userId":"u1","messageId":"no\u0000event"}"#,
        r#"{"type":"track","event":"\u0000","userId":"u1","messageId":"m2"}"#,
        r#"{"type":"track","event":"E\u0000","userId":"u\u00001","messageId":"m3"}"#,
        r#"{"type":"track","event":"F","userId":"\u0000","messageId":"m4"}"#,
        r#"{"type":"identify","userId":"u1","messageId":"m5","traits":{"a\u0000":"b\u0000","c":[{"\u0000d":"\u0000"}]},
           "context":{"externalIds":[{"id":"7\u0000","type":"crm_id\u0000","collection":"users","encoding":"none"}],"\u0000":{"\u0000":"\u0000"}}}"#,
        r#"{"type":"track\u0000","event":"A","userId":"u1","messageId":"m6\u0000"}"#,
        r#"{"type":"group","groupId":"g\u0000","userId":"u1","messageId":"m7"}"#,
        r#"{"type":"alias","previousId":"p\u0000","userId":"u1","messageId":"m8"}"#,
        r#"{"type":"track","event":"Order Completed","userId":"u1","messageId":"m9","properties":{"order_id":"o\u00001","total":"1\u0000"}}"#,
    ];
    let calls = texts.map(str::to_owned);
    let expected = [
        (3, "invalid_message_id"),
        (4, "no_event"),
        (5, "no_event"),
        (7, "no_user_anon_id"),
        (9, "unknown_type"),
    ];
    for _ in 0..2 {
        let refused = send(app, &calls).await;
        let refused: Vec<_> = refused.iter().map(|(at, code)| (*at, &**code)).collect();
        assert_eq!(refused, expected);
    }
    let events = app.events().await;
    let logged: Vec<(&str, &str)> = events
        .iter()
        .map(|logged| (&*logged.event.message_id, &*logged.event.name))
        .collect();
    let taken = [
        ("good", "A"),
        ("m1", "B"),
        ("m3", "E"),
        ("m5", ""),
        ("m7", ""),
        ("m8", ""),
        ("m9", "Order Completed"),
    ];
    assert_eq!(logged, taken);
    let mut kept: Vec<Option<String>> = app
        .rejects("web")
        .await
        .into_iter()
        .map(|one| one.message_id)
        .collect();
    kept.sort();
    let ids = ["", "m2", "m4", "m6", "noevent"].map(|id| Some(id.to_owned()));
    assert_eq!(kept, ids);
    for (customer, status) in [
        ("user_id:u1", 200),
        ("crm_id:7", 200),
        ("user_id:u%001", 400),
        ("profile:%00", 400),
    ] {
        let answer = app
            .get(&format!("/v1/profiles/{customer}"), &app.tenant.staff_key)
            .await;
        assert_eq!(answer.status, status, "{customer}: {}", answer.text());
    }
    rebuild(app).await;
}
