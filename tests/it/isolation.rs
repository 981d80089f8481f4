//! A session sees one customer, whatever is tried with it: every tool, every provider's form, every trick that came to mind.
//!
//! Each customer's data is full of a word of their own, a canary. What a caller gets is searched for the canaries of everybody
//! else, and a plain call is checked to sing with one's own, so that the search is known to find something.

use crate::app::{Answer, NOW, Tenant, TestApp};
use acquaint::tool::caller::{self, Verification};
use axum::body::Body;
use serde_json::{Value, json};

mod crowd;
mod forgery;
mod trick;

use crowd::{ANN, BOB, Crowd, RIVAL};

both!(
    a_plain_call_shows_all_of_ones_own,
    no_argument_leads_to_another_customer,
    no_cursor_leads_to_another_customer,
    no_form_of_call_leads_to_another_customer,
    no_header_or_query_leads_to_another_customer,
    no_name_of_a_tool_leads_to_another_customer,
    no_token_but_ones_own_opens_anything,
    a_session_opens_no_other_door,
    a_session_is_no_steward,
    the_public_write_key_pulls_nobody_else_in,
    a_key_of_another_workspace_finds_nobody_here,
);

/// Every tool there is.
const TOOLS: [&str; 3] = ["get_customer_context", "recent_purchases", "open_tickets"];

/// Fails if an answer shows a word of anyone but `own`, or that something broke.
#[track_caller]
fn check(answer: &Answer, own: &str, what: &str) {
    let shown = answer.everything().to_lowercase();
    for other in [ANN, BOB, RIVAL].into_iter().filter(|name| *name != own) {
        assert!(!shown.contains(other), "{what} shows {other}: {shown}");
    }
    assert!(answer.status.as_u16() < 500, "{what}: {shown}");
}

/// Fails if an answer shows anything at all.
#[track_caller]
fn check_refused(answer: &Answer, status: u16, what: &str) {
    check(answer, "nobody", what);
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
}

async fn a_plain_call_shows_all_of_ones_own(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let rival = app.session_as(&crowd.rival, "user_id:u1").await;
    for (own, token) in [(ANN, &crowd.ann), (BOB, &crowd.bob), (RIVAL, &rival)] {
        let mut shown = String::new();
        for (tool, arguments) in [
            (
                TOOLS[0],
                json!({"detail": "detailed", "max_tokens": 4000, "topic": "consent account plan"}),
            ),
            (TOOLS[1], json!({"limit": 50})),
            (TOOLS[2], json!({"limit": 20, "status": "any"})),
        ] {
            let answer = app.tool(token, tool, &arguments).await;
            assert_eq!(answer.status, 200, "{tool}");
            check(&answer, own, tool);
            shown += &answer.text();
        }
        for part in [
            "name", "email", "plan", "order", "item", "variant", "parcel", "ticket", "subject",
            "body", "agent", "account", "consent", "page",
        ] {
            let canary = format!("{own}-{part}");
            assert!(shown.contains(&canary), "{canary} is not in {shown}");
        }
    }
}

async fn no_argument_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let mut refused = 0;
    for tool in TOOLS {
        for arguments in trick::arguments(&crowd) {
            let answer = app
                .post(&format!("/v1/tools/{tool}"), &crowd.ann, &arguments)
                .await;
            let what = format!("{tool} {arguments}");
            check(&answer, ANN, &what);
            refused += usize::from(answer.status == 400);
        }
        for body in trick::bodies(&crowd) {
            let bearer = format!("Bearer {}", crowd.ann);
            let headers = [("authorization", bearer.as_str())];
            let path = format!("/v1/tools/{tool}");
            let answer = app.request("POST", &path, &headers, body.clone()).await;
            check(&answer, ANN, &format!("{tool} {body}"));
        }
    }
    assert!(
        refused > 600,
        "an argument that is not declared is refused: {refused}"
    );
}

async fn no_cursor_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let rival = app.session_as(&crowd.rival, "user_id:u1").await;
    for tool in ["recent_purchases", "open_tickets"] {
        let mut cursors = trick::cursors();
        for other in [&crowd.bob, &rival] {
            let page = app.tool(other, tool, &json!({"limit": 1})).await.ok();
            let cursor = page["next_cursor"].as_str().expect("there is more");
            cursors.extend(trick::tampered(cursor));
            let tokens = [cursor, &crowd.bob].join(".");
            cursors.push(tokens);
        }
        let mut taken = 0;
        for cursor in cursors {
            let answer = app
                .tool(&crowd.ann, tool, &json!({"limit": 20, "cursor": cursor}))
                .await;
            check(&answer, ANN, &format!("{tool} at {cursor}"));
            taken += usize::from(answer.status == 200);
        }
        assert!(taken > 5, "a cursor says where, never whose");
    }
}

async fn no_form_of_call_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let mut sung = 0;
    for arguments in trick::arguments(&crowd) {
        for tool in TOOLS {
            for body in trick::calls(tool, &arguments) {
                let answer = app.post("/v1/tool-calls", &crowd.ann, &body).await;
                check(&answer, ANN, &body.to_string());
                sung += usize::from(answer.text().contains(ANN));
            }
        }
    }
    assert!(sung > 20, "some of them are plain calls: {sung}");
}

async fn no_header_or_query_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let bearer = format!("Bearer {}", crowd.ann);
    for tool in TOOLS {
        for name in trick::HEADERS {
            for value in trick::names(&crowd) {
                let headers = [("authorization", bearer.as_str()), (name, value.as_str())];
                let path = format!("/v1/tools/{tool}");
                let answer = app.request("POST", &path, &headers, "{}").await;
                check(&answer, ANN, &format!("{tool} {name}: {value}"));
            }
        }
        for name in trick::FIELDS {
            for value in trick::names(&crowd) {
                let query = format!("{}={}", trick::escaped(name), trick::escaped(&value));
                let direct = format!("/v1/tools/{tool}?{query}");
                let answer = app.post(&direct, &crowd.ann, &json!({})).await;
                check(&answer, ANN, &direct);
                assert!(answer.text().contains(ANN), "{direct} is a plain call");
            }
        }
    }
    for value in trick::names(&crowd) {
        let path = format!("/v1/tools?customer={}&strict=true", trick::escaped(&value));
        let answer = app.get(&path, &crowd.ann).await;
        check_refused(&answer, 200, &path);
        assert!(
            !answer.text().contains("\"customer\""),
            "a session's tools name no customer"
        );
    }
}

async fn no_name_of_a_tool_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    for name in trick::tools(&crowd) {
        let path = format!("/v1/tools/{}", trick::escaped(&name));
        let answer = app.post(&path, &crowd.ann, &json!({})).await;
        check_refused(&answer, 404, &path);
        for body in trick::calls(&name, &json!({})) {
            let answer = app.post("/v1/tool-calls", &crowd.ann, &body).await;
            check(&answer, "nobody", &body.to_string());
        }
    }
    for path in [
        "/v1/tools/recent_purchases/../../profiles/user_id:u2",
        "/v1/tools/..%2fprofiles%2fuser_id:u2",
        "//v1/profiles/user_id:u2",
        "/v1/tools/recent_purchases/user_id:u2",
    ] {
        let answer = app.post(path, &crowd.ann, &json!({})).await;
        check(&answer, "nobody", path);
        let answer = app.get(path, &crowd.ann).await;
        check(&answer, "nobody", path);
    }
}

async fn no_token_but_ones_own_opens_anything(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let tenant = &app.tenant.workspace;
    let other = &crowd.rival.workspace;
    for (what, token) in forgery::tokens(&crowd, tenant, other) {
        for tool in TOOLS {
            let answer = app.tool(&token, tool, &json!({})).await;
            check_refused(&answer, 401, &what);
            assert!(
                answer.json()["error"]["hint"].is_string(),
                "{what}: {}",
                answer.text()
            );
        }
        let answer = app.get("/v1/profiles/user_id:u2", &token).await;
        check_refused(&answer, 401, &what);
    }
    // Another workspace may sign what it likes for itself: there is nobody of that id there.
    let (token, _) =
        caller::mint(other, &crowd.bob_id, 900, Verification::Verified, NOW).expect("a token");
    let answer = app.tool(&token, "recent_purchases", &json!({})).await;
    check_refused(&answer, 404, "a profile id of another workspace");

    app.clock.set(NOW + 901_000);
    let answer = app.tool(&crowd.ann, "recent_purchases", &json!({})).await;
    check_refused(&answer, 401, "an expired token");
}

async fn a_session_opens_no_other_door(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    for name in trick::names(&crowd) {
        for section in [
            "",
            "/traits",
            "/identifiers",
            "/purchases",
            "/tickets",
            "/events",
            "/accounts",
            "/consents",
        ] {
            let path = format!("/v1/profiles/{}{section}", trick::escaped(&name));
            check_refused(&app.get(&path, &crowd.ann).await, 403, &path);
        }
        let request = json!({"customer": name, "verification": "verified"});
        let answer = app.post("/v1/sessions", &crowd.ann, &request).await;
        check_refused(&answer, 403, &format!("a session for {name}"));
    }
    let bearer = format!("Bearer {}", crowd.ann);
    let headers = [("authorization", bearer.as_str())];
    for (method, path) in [
        ("POST", "/v1/webhooks/web"),
        ("POST", "/v1/webhooks/help"),
        ("POST", "/v1/batch?source=web"),
        ("POST", "/v1/identify?source=web"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("GET", "/healthz"),
        ("GET", "/openapi.json"),
        ("GET", "/v1/profiles"),
        ("GET", "/v1/profiles/"),
        ("GET", "/v1/events"),
        ("DELETE", "/v1/profiles/user_id:u2"),
        ("GET", "/v1/tools/recent_purchases"),
        ("GET", "/v1/projects/web/settings"),
        ("GET", "/sourceConfig"),
    ] {
        let answer = app.request(method, path, &headers, Body::from("{}")).await;
        check(&answer, "nobody", path);
    }
    let before = app.events().await.len();
    let call = json!({"batch": [{"type": "alias", "previousId": "u2", "userId": "u1"}]});
    let answer = app.post("/v1/batch?source=web", &crowd.ann, &call).await;
    check_refused(&answer, 403, "a session collects nothing");
    assert_eq!(app.events().await.len(), before);
}

async fn a_session_is_no_steward(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let bearer = format!("Bearer {}", crowd.ann);
    let headers = [("authorization", bearer.as_str())];
    let body = json!({"customer": "user_id:u1", "with": "user_id:u2", "identifiers": ["user_id:u1"], "reason": "x"});
    for (method, path) in [
        ("GET", "/v1/profiles/user_id:u1/explain"),
        ("GET", "/v1/profiles/user_id:u2/explain?format=text"),
        ("GET", "/v1/profiles/user_id:u2/explain?format=svg"),
        ("POST", "/v1/identity/merge"),
        ("POST", "/v1/identity/split"),
        ("POST", "/v1/identity/decisions/d_0/undo"),
        ("GET", "/v1/identity/decisions"),
        ("GET", "/v1/identity/decisions?customer=user_id:u2"),
        ("GET", "/v1/identity/rules"),
        ("PUT", "/v1/identity/rules"),
        ("POST", "/v1/identity/match"),
        ("GET", "/v1/identity/suggestions"),
        ("GET", "/v1/identity/suggestions?state=accepted&limit=1"),
        ("POST", "/v1/identity/suggestions/s_0/accept"),
        ("POST", "/v1/identity/suggestions/s_0/reject"),
    ] {
        let answer = app.request(method, path, &headers, body.to_string()).await;
        check_refused(&answer, 403, &format!("{method} {path}"));
    }
}

/// The write key stands in every page, so a customer can send what they like; it must not make another's data theirs.
async fn the_public_write_key_pulls_nobody_else_in(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let claims = [
        json!({"type": "alias", "previousId": "u2", "userId": "u1"}),
        json!({"type": "alias", "previousId": "u1", "userId": "u2"}),
        json!({"type": "identify", "userId": "u1", "anonymousId": "a-u2"}),
        json!({"type": "identify", "userId": "u1", "traits": {"email": "u2@example.com", "user_id": "u2", "id": "u2"}}),
        json!({"type": "identify", "userId": "u1", "traits": {"phone": "+14155550122"}}),
        json!({"type": "identify", "userId": "u1", "context": {"externalIds": [
            {"id": "u2", "type": "user_id", "collection": "users", "encoding": "none"}]}}),
        json!({"type": "track", "userId": "u1", "event": "Order Updated", "properties": {"order_id": "1001", "status": "shipped"}}),
        json!({"type": "track", "userId": "u1", "event": "Ticket Updated", "properties": {"ticket_id": "77", "status": "open"}}),
        json!({"type": "group", "userId": "u1", "groupId": "team-u2"}),
    ];
    for claim in claims {
        app.send(vec![claim.clone()]).await;
        for (tool, arguments) in [
            (TOOLS[0], json!({"detail": "detailed", "max_tokens": 4000})),
            (TOOLS[1], json!({"limit": 50})),
            (TOOLS[2], json!({"limit": 20, "status": "any"})),
        ] {
            let answer = app.tool(&crowd.ann, tool, &arguments).await;
            let shown = answer.text();
            assert_eq!(answer.status, 200, "{shown}");
            assert!(
                shown.contains(ANN) && !shown.contains(BOB),
                "{claim}: {shown}"
            );
        }
    }
}

async fn a_key_of_another_workspace_finds_nobody_here(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let Tenant {
        staff_key,
        write_key,
        ..
    } = &crowd.rival;
    for tool in TOOLS {
        for name in trick::names(&crowd) {
            let answer = app.tool(staff_key, tool, &json!({"customer": name})).await;
            check(&answer, RIVAL, &format!("{tool} {name}"));
        }
        let own = app
            .tool(staff_key, tool, &json!({"customer": "user_id:u1"}))
            .await;
        assert!(own.text().contains(RIVAL), "the same id, another customer");
        let own = app
            .tool(
                &app.tenant.staff_key,
                tool,
                &json!({"customer": "user_id:u1"}),
            )
            .await;
        check(&own, ANN, tool);
        assert!(own.text().contains(ANN));
        for key in [write_key, &app.tenant.write_key] {
            let answer = app
                .tool(key, tool, &json!({"customer": "user_id:u2"}))
                .await;
            check_refused(&answer, 401, "a write key is no secret key");
        }
    }
    for name in trick::names(&crowd) {
        for section in ["", "/events", "/explain", "/explain?format=svg"] {
            let path = format!("/v1/profiles/{}{section}", trick::escaped(&name));
            check(&app.get(&path, staff_key).await, RIVAL, &path);
        }
        let request = json!({"customer": name});
        let answer = app.post("/v1/sessions", staff_key, &request).await;
        check(&answer, RIVAL, &format!("a session for {name}"));
        if let Some(token) = answer.json()["token"].as_str() {
            let answer = app.tool(token, "recent_purchases", &json!({})).await;
            check(&answer, RIVAL, &format!("with a session for {name}"));
        }
    }
    let reader = app.key(&app.tenant, "profile:read").await;
    for arguments in [json!({}), json!({"customer": "user_id:u2"})] {
        let answer: Value = app
            .tool(&reader, "recent_purchases", &arguments)
            .await
            .json();
        assert!(
            answer["error"]["code"] == "forbidden" || answer["error"]["code"] == "invalid_request",
            "a key without `customers:any` names nobody: {answer}"
        );
    }
}
