//! Every route that is not a tool, tried with a customer's session.

use super::crowd::Crowd;
use super::{check, check_refused, trick};
use crate::app::TestApp;
use axum::body::Body;
use serde_json::json;

both!(a_session_opens_no_other_door, a_session_is_no_steward,);

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
