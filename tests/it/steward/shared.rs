//! Values that many people have, or that mean nobody, weld nobody together.

use super::{id, identify, profile, text, track};
use crate::app::TestApp;
use acquaint::store;
use serde_json::json;

both!(
    posthogs_illegal_ids_end_to_end,
    rudder_transformer_1180_events_without_a_usable_id_are_nobodys,
    posthog_5527_a_shared_device_welds_nobody,
    a_shared_mailbox_end_to_end,
);

/// Ids that `PostHog` takes from nobody.
const ILLEGAL: [&str; 22] = [
    "anonymous",
    "guest",
    "distinctid",
    "distinct_id",
    "id",
    "not_authenticated",
    "email",
    "undefined",
    "true",
    "false",
    "[object Object]",
    "NaN",
    "None",
    "none",
    "null",
    "0",
    "Anonymous",
    "GUEST",
    "Undefined",
    "TRUE",
    " null ",
    " ",
];

async fn posthogs_illegal_ids_end_to_end(app: &TestApp) {
    let quoted = ILLEGAL
        .iter()
        .flat_map(|id| [format!("'{id}'"), format!("\"{id}\"")]);
    let plain = ILLEGAL.iter().map(|id| (*id).to_owned());
    let illegal: Vec<String> = plain.chain(quoted).collect();
    let mut calls = Vec::new();
    for (at, illegal) in illegal.iter().enumerate() {
        for user in [format!("l{at}"), format!("r{at}")] {
            let traits = json!({"email": format!("{user}@example.com")});
            let visitor = format!("a-{user}");
            calls.push(json!({"type": "identify", "userId": user, "anonymousId": illegal}));
            calls.push(json!({"type": "identify", "userId": illegal, "anonymousId": visitor, "traits": traits}));
            // An alias of nothing is no call at all.
            if !illegal.trim().is_empty() {
                calls.push(json!({"type": "alias", "userId": user, "previousId": illegal}));
            }
        }
    }
    for calls in calls.chunks(40) {
        app.send(calls.to_vec()).await;
    }
    for (at, illegal) in illegal.iter().enumerate() {
        for kind in ["user_id:", "anonymous_id:a-"] {
            let (left, right) = (format!("{kind}l{at}"), format!("{kind}r{at}"));
            let (left, right) = (id(app, &left).await, id(app, &right).await);
            assert!(
                left.is_some() && right.is_some() && left != right,
                "`{illegal}` joins by {kind}"
            );
        }
    }
    let everyone = store::table::count(&app.db, "profile", &app.tenant.workspace.id).await;
    let everyone = everyone.expect("a count");
    assert_eq!(
        everyone as usize,
        4 * illegal.len(),
        "and there is nobody else"
    );
}

/// There one empty id became the hub of everybody.
async fn rudder_transformer_1180_events_without_a_usable_id_are_nobodys(app: &TestApp) {
    let calls = (0..30).map(|n| {
        let id = ["null", "undefined", "00000000-0000-0000-0000-000000000000"][n % 3];
        track(id, id, 1, "Visited", json!({"n": n}))
    });
    app.send(calls.collect()).await;
    app.send(vec![identify("u1", "null", 1, json!({}))]).await;
    app.send(vec![identify("u2", "null", 1, json!({}))]).await;
    assert_eq!(app.events().await.len(), 32, "they are kept");
    assert_eq!(id(app, "anonymous_id:null").await, None);
    for user in ["user_id:u1", "user_id:u2"] {
        assert_eq!(profile(app, user).await["seen"]["events"], 1);
    }
}

async fn posthog_5527_a_shared_device_welds_nobody(app: &TestApp) {
    for n in 1..=4 {
        let (user, email) = (format!("u{n}"), format!("p{n}@example.com"));
        app.send(vec![identify(&user, "kiosk", n, json!({"email": email}))])
            .await;
    }
    let mut ids = Vec::new();
    for n in 1..=4 {
        let user = id(app, &format!("user_id:u{n}")).await.expect("a profile");
        assert_eq!(
            id(app, &format!("email:p{n}@example.com")).await.as_ref(),
            Some(&user),
            "what is in nobody's way is kept"
        );
        ids.push(user);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

async fn a_shared_mailbox_end_to_end(app: &TestApp) {
    for n in 10..21 {
        let external = json!([{"id": format!("z{n}"), "type": "crm_id", "collection": "users", "encoding": "none"}]);
        let call = json!({"type": "identify", "anonymousId": "null", "timestamp": format!("2026-01-{n}T00:00:00Z"),
            "traits": {"email": "info@example.com", "name": format!("Person {n}")}, "context": {"externalIds": external}});
        app.send(vec![call]).await;
    }
    let mut ids = Vec::new();
    for n in 10..21 {
        ids.push(id(app, &format!("crm_id:z{n}")).await.expect("a profile"));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(
        ids.len(),
        11,
        "with the eleventh it is a mailbox, for the past too"
    );
    assert_eq!(id(app, "email:info@example.com").await, None);
    let text = text(app, "crm_id:z12").await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r"
        profile LINK1, 1 event
        folded under the rules that ship
        identifiers that lead here
          crm_id:z12  since 2026-01-12T00:00:00Z
        links, oldest first: 1
          2026-01-12T00:00:00Z  web  1 event  began a customer  (link LINK1)
            carries crm_id:z12
            left out anonymous_id:null (names nobody: `null` is blocked)
            left out email:info@example.com (is shared: seen with more than 10 distinct values of one stronger kind)
        ");
    }
}
