//! The routes of matching: what they answer, and what they refuse.

use super::{queue, run, settle, together};
use crate::app::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

both!(
    a_customer_is_matched_and_answered_over_http,
    suggestions_are_paged,
    what_is_asked_wrongly_of_matching_is_refused,
    matching_is_for_stewards,
);

const MATCH: &str = "/v1/identity/match";
const LIST: &str = "/v1/identity/suggestions";

/// A steward's key.
async fn steward(app: &TestApp) -> String {
    app.key(&app.tenant, "profile:read profile:write customers:any")
        .await
}

async fn a_customer_is_matched_and_answered_over_http(app: &TestApp) {
    settle(app);
    let (key, body) = (steward(app).await, json!({"customer": "record.crm:c8"}));
    let early = app.post(MATCH, &key, &body).await;
    assert_eq!(early.status, 409, "{}", early.text());
    assert!(early.text().contains("acquaint identity match"));
    run(app).await;
    let matched = app.post(MATCH, &key, &body).await.ok();
    let [found] = matched["matches"].as_array().expect("matches").as_slice() else {
        panic!("{matched}");
    };
    assert!(found["probability"].as_f64() > Some(0.95), "{found}");
    let words = found["fields"].to_string();
    assert!(words.contains("last name: nakamura = nakamura"), "{words}");
    let listed = app.get(LIST, &key).await.ok();
    let of = |pair: &Value| {
        let listed = listed["data"].as_array().into_iter().flatten();
        let mut same = listed.filter(|one| one["profiles"] == *pair);
        same.next().expect("in the queue")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let (yes, no) = (of(&found["profiles"]), listed["data"][0]["id"].as_str());
    let no = no
        .filter(|id| *id != yes)
        .or(listed["data"][1]["id"].as_str());
    let no = no.expect("another").to_owned();
    let because = json!({"reason": "they called"});
    let accepted = app
        .post(&format!("{LIST}/{yes}/accept"), &key, &because)
        .await;
    let decision = accepted.ok()["decision"].as_str().expect("one").to_owned();
    assert_eq!(
        together(app).await,
        BTreeSet::from([vec!["c8".to_owned(), "h8".to_owned()]])
    );
    let told = app.get("/v1/identity/decisions", &key).await.ok();
    assert_eq!(told["data"][0]["id"], json!(decision));
    assert_eq!(told["data"][0]["reason"], "they called");
    let rejected = app
        .post(&format!("{LIST}/{no}/reject"), &key, &because)
        .await;
    assert_eq!(rejected.ok(), json!({"id": no, "decision": null}));
    for (id, answer) in [(&yes, "reject"), (&no, "accept"), (&yes, "accept")] {
        let again = app
            .post(&format!("{LIST}/{id}/{answer}"), &key, &because)
            .await;
        assert_eq!(again.status, 400, "{}", again.text());
    }
    for (state, id) in [("accepted", yes), ("rejected", no)] {
        let listed = app.get(&format!("{LIST}?state={state}"), &key).await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&listed["data"][0]["id"], &listed["data"][0]["state"]),
            (&json!(id), &json!(state))
        );
    }
}

async fn suggestions_are_paged(app: &TestApp) {
    settle(app);
    run(app).await;
    let key = &app.tenant.staff_key;
    let (mut ids, mut path, mut pages) = (Vec::new(), format!("{LIST}?limit=4"), 0);
    loop {
        let page = app.get(&path, key).await.ok();
        pages += 1;
        for one in page["data"].as_array().expect("a page") {
            ids.push(one["id"].as_str().expect("an id").to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{LIST}?limit=4&cursor={next}");
    }
    let all: Vec<String> = queue(app, "open").await.into_iter().map(|s| s.id).collect();
    assert_eq!((ids, pages), (all, 3), "the likeliest first, each once");
}

/// What is refused: where, the body, the status, and what the answer names. `OPEN` is a suggestion
/// that is open.
fn wrong() -> Vec<(&'static str, Value, u16, &'static str)> {
    let at = |threshold: Value| json!({"customer": "record.crm:c1", "threshold": threshold});
    let because = |reason: &str| json!({"reason": reason});
    let (accept, reject) = ("suggestions/OPEN/accept", "suggestions/OPEN/reject");
    let extra = json!({"reason": "x", "by": "me"});
    vec![
        ("match", json!({}), 400, "customer"),
        ("match", json!({"customer": "record.crm:c99"}), 404, "c99"),
        (
            "match",
            json!({"customer": "u", "thresh": 0.9}),
            400,
            "thresh",
        ),
        ("match", at(json!(2)), 400, "threshold"),
        ("match", at(json!(1.0)), 400, "threshold"),
        ("match", at(json!(-0.1)), 400, "threshold"),
        ("match", at(json!("high")), 400, "expected"),
        ("suggestions/s_none/accept", because("x"), 404, "s_none"),
        ("suggestions/s_none/reject", because("x"), 404, "s_none"),
        (accept, json!({}), 400, "reason"),
        (accept, because(" "), 400, "say why"),
        (reject, because(""), 400, "say why"),
        (accept, extra, 400, "by"),
    ]
}

async fn what_is_asked_wrongly_of_matching_is_refused(app: &TestApp) {
    settle(app);
    run(app).await;
    let open = queue(app, "open").await.remove(0).id;
    let key = steward(app).await;
    for (path, body, status, says) in wrong() {
        let path = format!("/v1/identity/{}", path.replace("OPEN", &open));
        let answer = app.post(&path, &key, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains(says), "{path} {body}: {message}");
    }
    for query in ["state=done", "cursor=x", "offset=1", "limit=many"] {
        let answer = app.get(&format!("{LIST}?{query}"), &key).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
    assert_eq!(queue(app, "open").await.len(), 11, "nothing was answered");
}

async fn matching_is_for_stewards(app: &TestApp) {
    settle(app);
    run(app).await;
    let open = queue(app, "open").await.remove(0).id;
    let session = app.session("record.crm:c1").await;
    let reads = app.key(&app.tenant, "profile:read customers:any").await;
    let writes = app.key(&app.tenant, "profile:write customers:any").await;
    let bound = app.key(&app.tenant, "profile:read profile:write").await;
    let body = json!({"customer": "record.crm:c1"});
    let because = json!({"reason": "x"});
    let answers = ["accept", "reject"].map(|answer| format!("{LIST}/{open}/{answer}"));
    for (who, key) in [("session", &session), ("reader", &reads), ("bound", &bound)] {
        assert_eq!(app.post(MATCH, key, &body).await.status, 403, "{who}");
        for path in &answers {
            assert_eq!(
                app.post(path, key, &because).await.status,
                403,
                "{who} {path}"
            );
        }
    }
    for (who, key) in [
        ("session", &session),
        ("writer", &writes),
        ("bound", &bound),
    ] {
        assert_eq!(app.get(LIST, key).await.status, 403, "{who}");
    }
    assert_eq!(app.get(LIST, "nobody").await.status, 401);
    let other = app.tenant("rival").await;
    let rival = app
        .key(&other, "profile:read profile:write customers:any")
        .await;
    assert_eq!(app.get(LIST, &rival).await.ok()["data"], json!([]));
    for path in &answers {
        assert_eq!(app.post(path, &rival, &because).await.status, 404, "{path}");
    }
    app.get(LIST, &reads).await.ok();
    app.post(MATCH, &writes, &body).await.ok();
    app.post(&answers[1], &writes, &because).await.ok();
}
