//! What a data steward sees and does: the complaints about other systems, each by name.

use crate::app::{Answer, TestApp};
use serde_json::{Value, json};
use std::collections::HashMap;

mod command;
mod explained;
mod route;
mod shared;
mod xml;

both!(
    posthog_104939_splitting_the_first_id_of_a_profile,
    tracardi_892_784_850_a_merge_loses_nothing_and_doubles_nothing,
    posthog_37000_late_events_do_not_overwrite_newer_traits,
    segments_documentation_example_end_to_end,
    a_logout_without_reset_end_to_end,
    posthog_14093_two_identified_users_are_joined_by_a_person_only,
);

/// A steward's key.
async fn steward(app: &TestApp) -> String {
    app.key(&app.tenant, "profile:read profile:write customers:any")
        .await
}

async fn profile(app: &TestApp, customer: &str) -> Value {
    app.get(&format!("/v1/profiles/{customer}"), &app.tenant.staff_key)
        .await
        .ok()
}

/// Id of a customer's profile; nothing where there is none.
async fn id(app: &TestApp, customer: &str) -> Option<String> {
    let answer = app
        .get(&format!("/v1/profiles/{customer}"), &app.tenant.staff_key)
        .await;
    answer.json()["id"].as_str().map(str::to_owned)
}

async fn merge(app: &TestApp, customer: &str, with: &str) -> Value {
    let body = json!({"customer": customer, "with": with, "reason": "they called"});
    app.post("/v1/identity/merge", &steward(app).await, &body)
        .await
        .ok()
}

async fn split(app: &TestApp, customer: &str, identifiers: &[&str]) -> Value {
    let body = json!({"customer": customer, "identifiers": identifiers, "reason": "not theirs"});
    app.post("/v1/identity/split", &steward(app).await, &body)
        .await
        .ok()
}

async fn explained(app: &TestApp, customer: &str, format: &str) -> Answer {
    let path = format!("/v1/profiles/{customer}/explain?format={format}");
    app.get(&path, &app.tenant.staff_key).await
}

/// An explanation with short names for what is long or random.
async fn text(app: &TestApp, customer: &str) -> String {
    let text = explained(app, customer, "text").await;
    assert_eq!(text.status, 200, "{}", text.text());
    let (text, mut names) = (text.text(), HashMap::new());
    let mut shown = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let long = match bare {
            _ if bare.len() == 26 => "LINK",
            _ if bare.starts_with("d_") => "DECISION",
            _ if bare.starts_with("key_") => "KEY",
            _ => {
                shown.push_str(word);
                continue;
            }
        };
        let count = names.len() + 1;
        let name = names
            .entry(bare)
            .or_insert_with(|| format!("{long}{count}"));
        shown.push_str(name);
        shown.push_str(&word[bare.len()..]);
    }
    shown
}

/// A call on a day of January; an empty id is none.
fn identify(user: &str, anonymous: &str, day: usize, traits: Value) -> Value {
    let mut call = json!({"type": "identify", "timestamp": format!("2026-01-{day:02}T00:00:00Z")});
    let given = [("userId", user), ("anonymousId", anonymous)];
    for (name, id) in given.into_iter().filter(|(_, id)| !id.is_empty()) {
        call[name] = json!(id);
    }
    call["traits"] = traits;
    call
}

fn track(user: &str, anonymous: &str, day: usize, event: &str, properties: Value) -> Value {
    let mut call = identify(user, anonymous, day, Value::Null);
    call["type"] = json!("track");
    call["event"] = json!(event);
    call["properties"] = properties;
    call
}

/// There the split reports success, changes nothing, and blanks the person.
async fn posthog_104939_splitting_the_first_id_of_a_profile(app: &TestApp) {
    app.send(vec![
        track("", "a1", 1, "Visited", json!({})),
        identify(
            "u1",
            "a1",
            2,
            json!({"name": "Ada", "email": "ada@example.com"}),
        ),
    ])
    .await;
    let first = id(app, "anonymous_id:a1").await.expect("a profile");
    assert_eq!(id(app, "user_id:u1").await.as_ref(), Some(&first));
    let done = split(app, "user_id:u1", &["anonymous_id:a1"]).await;
    assert_eq!(done["profiles"].as_array().map(Vec::len), Some(2), "{done}");
    let ada = profile(app, "user_id:u1").await;
    assert_eq!(
        ada["traits"]["name"][0]["value"], "Ada",
        "nobody is blanked"
    );
    assert_eq!(ada["seen"]["events"], 1);
    let visitor = profile(app, "anonymous_id:a1").await;
    assert_ne!(visitor["id"], ada["id"]);
    assert_eq!(visitor["seen"]["events"], 1);
    assert_eq!(
        id(app, &format!("profile:{first}")).await.as_ref(),
        Some(&first),
        "a stored id leads on"
    );
    app.send(vec![
        track("", "a1", 3, "Visited", json!({})),
        identify("u1", "a1", 4, json!({"plan": "pro"})),
    ])
    .await;
    let (ada, visitor) = (
        profile(app, "user_id:u1").await,
        profile(app, "anonymous_id:a1").await,
    );
    assert_eq!(
        (&ada["seen"]["events"], &visitor["seen"]["events"]),
        (&json!(2), &json!(2)),
        "it stays so"
    );
}

async fn tracardi_892_784_850_a_merge_loses_nothing_and_doubles_nothing(app: &TestApp) {
    let order = |id: &str| json!({"order_id": id, "total": 10, "currency": "EUR"});
    let log = vec![
        identify("u1", "", 1, json!({"name": "Ada", "plan": "free"})),
        track("u1", "", 2, "Order Completed", order("1")),
        identify(
            "u2",
            "",
            3,
            json!({"email": "ada@example.com", "plan": "pro"}),
        ),
        track("u2", "", 4, "Order Completed", order("2")),
    ];
    app.send(log.clone()).await;
    let (one, other) = (
        profile(app, "user_id:u1").await,
        profile(app, "user_id:u2").await,
    );
    let made = merge(app, "user_id:u1", "user_id:u2").await;
    let both = profile(app, "user_id:u2").await;
    assert_eq!(both["id"], profile(app, "user_id:u1").await["id"]);
    for (name, value) in [
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("plan", "pro"),
    ] {
        assert_eq!(both["traits"][name][0]["value"], value, "892: {name}");
    }
    let events = app
        .get("/v1/profiles/user_id:u1/events", &app.tenant.staff_key)
        .await
        .ok();
    assert_eq!(
        events["data"].as_array().map(Vec::len),
        Some(4),
        "784: every event is there"
    );
    assert_eq!(both["seen"]["events"], 4, "850: and counted once");
    assert_eq!(both["purchases"]["count"], 2);
    app.send(vec![track("u1", "", 5, "Visited", json!({}))])
        .await;
    assert_eq!(profile(app, "user_id:u2").await["seen"]["events"], 5);

    let undo = made["decisions"][0]["id"].as_str().expect("a decision");
    let path = format!("/v1/identity/decisions/{undo}/undo");
    app.post(&path, &steward(app).await, &json!({"reason": "two Adas"}))
        .await
        .ok();
    assert_eq!(profile(app, "user_id:u2").await, other, "as it was");
    let now = profile(app, "user_id:u1").await;
    assert_eq!(
        (&now["traits"], &now["purchases"]),
        (&one["traits"], &one["purchases"])
    );
    assert_eq!(
        now["seen"]["events"], 3,
        "what came meanwhile goes where it belongs"
    );
}

async fn posthog_37000_late_events_do_not_overwrite_newer_traits(app: &TestApp) {
    app.send(vec![identify("u1", "", 20, json!({"plan": "pro"}))])
        .await;
    app.send(vec![identify(
        "u1",
        "",
        1,
        json!({"plan": "trial", "city": "Paris"}),
    )])
    .await;
    app.send(vec![identify(
        "u2",
        "",
        10,
        json!({"plan": "old", "city": "Rome"}),
    )])
    .await;
    merge(app, "user_id:u1", "user_id:u2").await;
    let both = profile(app, "user_id:u1").await;
    assert_eq!(both["traits"]["plan"][0]["value"], "pro");
    assert_eq!(both["traits"]["city"][0]["value"], "Rome");
}

async fn segments_documentation_example_end_to_end(app: &TestApp) {
    let jane = json!({"email": "jane@example1.com"});
    app.send(vec![identify("abc123", "", 1, jane.clone())])
        .await;
    app.send(vec![identify("abc456", "", 2, jane)]).await;
    let (one, other) = (
        id(app, "user_id:abc123").await,
        id(app, "user_id:abc456").await,
    );
    assert!(one.is_some() && other.is_some() && one != other);
    assert_eq!(
        id(app, "email:jane@example1.com").await,
        one,
        "the address stays with whom it was seen first"
    );
    let text = text(app, "user_id:abc456").await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r"
        profile LINK1, 1 event
        folded under the rules that ship
        identifiers that lead here
          user_id:abc456  since 2026-01-02T00:00:00Z
        links, oldest first: 1
          2026-01-02T00:00:00Z  web  1 event  began a customer  (link LINK1)
            carries user_id:abc456
            left out email:jane@example1.com (leads to another customer, and one has at most 1 user_id)
        other customers, kept apart
          profile LINK2: email:jane@example1.com, user_id:abc123
            left out email:jane@example1.com (leads to another customer, and one has at most 1 user_id)
        ");
    }
}

async fn a_logout_without_reset_end_to_end(app: &TestApp) {
    app.send(vec![
        identify("u1", "a1", 1, json!({})),
        identify("u2", "a1", 2, json!({})),
        track("", "a1", 3, "Visited", json!({})),
    ])
    .await;
    assert_ne!(id(app, "user_id:u1").await, id(app, "user_id:u2").await);
    assert_eq!(
        id(app, "anonymous_id:a1").await,
        id(app, "user_id:u1").await
    );
}

async fn posthog_14093_two_identified_users_are_joined_by_a_person_only(app: &TestApp) {
    app.send(vec![
        identify("u1", "a1", 1, json!({"email": "ada@example.com"})),
        identify("u2", "a2", 2, json!({"email": "ada@work.example"})),
        json!({"type": "alias", "previousId": "u2", "userId": "u1", "timestamp": "2026-01-03T00:00:00Z"}),
        json!({"type": "alias", "previousId": "a2", "userId": "u1", "timestamp": "2026-01-04T00:00:00Z"}),
    ])
    .await;
    let (one, other) = (id(app, "user_id:u1").await, id(app, "user_id:u2").await);
    assert_ne!(one, other, "no call joins two who are each identified");
    let before = (
        profile(app, "user_id:u1").await,
        profile(app, "user_id:u2").await,
    );
    merge(app, "user_id:u1", "email:ada@work.example").await;
    assert_eq!(id(app, "user_id:u1").await, id(app, "user_id:u2").await);
    split(app, "user_id:u1", &["user_id:u2"]).await;
    assert_eq!(
        (
            profile(app, "user_id:u1").await,
            profile(app, "user_id:u2").await
        ),
        before,
        "and parted again"
    );
}
