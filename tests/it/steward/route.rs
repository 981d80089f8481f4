//! The routes of identity: what they answer, and what they refuse.

use super::{explained, merge, split, steward};
use crate::app::TestApp;
use serde_json::{Value, json};

both!(
    decisions_are_listed_with_who_and_why,
    what_is_asked_wrongly_is_refused_with_what_to_change,
    a_decision_is_undone_once_and_by_those_who_may,
    rules_are_read_and_set,
);

const ONE: &str = "user_id:u1";
const TWO: &str = "user_id:u2";

async fn decisions_are_listed_with_who_and_why(app: &TestApp) {
    for user in ["u1", "u2", "u3"] {
        app.identify(user, json!({})).await;
    }
    merge(app, "user_id:u1", "user_id:u2").await;
    split(app, "user_id:u1", &["user_id:u2"]).await;
    merge(app, "user_id:u2", "user_id:u3").await;
    let key = &app.tenant.staff_key;
    let all = app.get("/v1/identity/decisions", key).await.ok();
    let kinds: Vec<&Value> = all["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|told| &told["kind"])
        .collect();
    assert_eq!(kinds, ["merge", "undo", "merge"], "newest first");
    assert_eq!(all["data"][2]["in_force"], false);
    assert_eq!(all["data"][2]["undone_by"], all["data"][1]["id"]);
    assert_eq!(all["data"][1]["reason"], "not theirs");
    assert!(
        all["data"][0]["by"]
            .as_str()
            .expect("a key")
            .starts_with("key_"),
        "{all}"
    );
    let page = app.get("/v1/identity/decisions?limit=2", key).await.ok();
    let path = format!(
        "/v1/identity/decisions?limit=2&cursor={}",
        page["next_cursor"].as_str().expect("more")
    );
    let rest = app.get(&path, key).await.ok();
    assert_eq!(rest["data"], json!([all["data"][2]]));
    assert_eq!(rest["next_cursor"], Value::Null);
    let of_third = app
        .get("/v1/identity/decisions?customer=user_id:u3", key)
        .await
        .ok();
    assert!(
        of_third["data"]
            .as_array()
            .is_some_and(|data| data.contains(&all["data"][0]))
    );
    let of_first = app
        .get("/v1/identity/decisions?customer=user_id:u1", key)
        .await
        .ok();
    assert_eq!(of_first["data"], json!([all["data"][1], all["data"][2]]));
}

/// Bodies that are refused: where, the body, the status, and what the answer names.
fn wrong() -> Vec<(&'static str, Value, u16, &'static str)> {
    let merge = |with: &str, reason: &str| json!({"customer": ONE, "with": with, "reason": reason});
    let split =
        |identifiers: &[&str]| json!({"customer": ONE, "identifiers": identifiers, "reason": "x"});
    let link = |link: &str| json!({"customer": ONE, "link": link, "reason": "x"});
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    vec![
        (
            "merge",
            json!({"customer": ONE, "with": TWO}),
            400,
            "reason",
        ),
        ("merge", merge(TWO, " "), 400, "say why"),
        ("merge", merge(ONE, "x"), 400, "one customer already"),
        ("merge", merge("user_id:u9", "x"), 404, "user_id:u9"),
        (
            "merge",
            with(merge(TWO, "x"), "force", json!(true)),
            400,
            "force",
        ),
        (
            "split",
            json!({"customer": ONE, "reason": "x"}),
            400,
            "identifiers",
        ),
        ("split", split(&[TWO]), 400, "what does"),
        ("split", split(&["u1"]), 400, "type:value"),
        (
            "split",
            split(&[ONE, "email:ada@example.com"]),
            400,
            "nothing would be left",
        ),
        ("split", link("nolink"), 400, "nolink"),
        (
            "split",
            with(link("l"), "identifiers", json!([ONE])),
            400,
            "not both",
        ),
        (
            "decisions/d_none/undo",
            json!({"reason": "x"}),
            404,
            "d_none",
        ),
        ("decisions/d_none/undo", json!({}), 400, "reason"),
    ]
}

async fn what_is_asked_wrongly_is_refused_with_what_to_change(app: &TestApp) {
    let email = json!({"email": "ada@example.com"});
    app.identify("u1", email).await;
    app.identify("u2", json!({})).await;
    let key = steward(app).await;
    for (path, body, status, says) in wrong() {
        let answer = app.post(&format!("/v1/identity/{path}"), &key, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains(says), "{path} {body}: {message}");
    }
    for (path, status) in [
        ("/v1/profiles/user_id:u9/explain", 404),
        ("/v1/profiles/user_id:u1/explain?format=png", 400),
        ("/v1/profiles/user_id:u1/explain?form=svg", 400),
        ("/v1/identity/decisions?cursor=x", 400),
        ("/v1/identity/decisions?offset=1", 400),
    ] {
        let answer = app.get(path, &key).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.json()["error"]["message"].is_string(), "{path}");
    }
}

async fn a_decision_is_undone_once_and_by_those_who_may(app: &TestApp) {
    app.identify("u1", json!({})).await;
    app.identify("u2", json!({})).await;
    let body = json!({"customer": ONE, "with": TWO, "reason": "x"});
    for scopes in [
        "profile:read customers:any",
        "profile:write",
        "profile:read profile:write",
    ] {
        let key = app.key(&app.tenant, scopes).await;
        let answer = app.post("/v1/identity/merge", &key, &body).await;
        assert_eq!(answer.status, 403, "{scopes}");
    }
    let made = merge(app, ONE, TWO).await;
    let id = made["decisions"][0]["id"].as_str().expect("an id");
    let (undo, key) = (
        format!("/v1/identity/decisions/{id}/undo"),
        steward(app).await,
    );
    app.post(&undo, &key, &json!({"reason": "x"})).await.ok();
    let again = app.post(&undo, &key, &json!({"reason": "x"})).await;
    assert_eq!(again.status, 400, "it was undone already");
}

async fn rules_are_read_and_set(app: &TestApp) {
    let admin = app.key(&app.tenant, "admin").await;
    let shipped = app.get("/v1/identity/rules", &admin).await.ok();
    assert_eq!(
        (&shipped["version"], &shipped["applied"]),
        (&json!(0), &json!(0))
    );
    let text = shipped["rules"]
        .as_str()
        .expect("TOML")
        .replace("shared_above = 10", "shared_above = 2");
    let put = async |key: &str, text: String| {
        let bearer = format!("Bearer {key}");
        app.request(
            "PUT",
            "/v1/identity/rules",
            &[("authorization", bearer.as_str())],
            text,
        )
        .await
    };
    assert_eq!(put(&steward(app).await, text.clone()).await.status, 403);
    let bad = put(&admin, text.replace("shared_above", "shared_abov")).await;
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("line 6"), "{}", bad.text());
    assert_eq!(put(&admin, text.clone()).await.ok()["version"], 1);
    assert_eq!(
        put(&admin, text.clone()).await.ok()["version"],
        1,
        "the same is no new version"
    );
    let now = app.get("/v1/identity/rules", &admin).await.ok();
    assert_eq!(now, json!({"version": 1, "applied": 0, "rules": text}));
    // A decision is made under the rules in force, whatever the server remembers.
    app.identify("u1", json!({})).await;
    app.identify("u2", json!({})).await;
    merge(app, "user_id:u1", "user_id:u2").await;
    assert_eq!(
        explained(app, "user_id:u1", "json").await.ok()["rules"],
        json!({"in_force": 1, "applied": 0})
    );
}
