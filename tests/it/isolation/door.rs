//! Every route that is not a tool, tried with a customer's session.

use super::crowd::{ANN, Crowd};
use super::{check, check_refused, trick};
use crate::app::TestApp;
use axum::body::Body;
use serde_json::json;

both!(a_session_opens_no_other_door, a_session_is_no_steward,);

async fn a_session_opens_no_other_door(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let document = app.get("/openapi.json", "").await.json();
    let parts = &document["components"]["schemas"]["Profile"]["properties"];
    let parts = parts.as_object().expect("the parts of a profile").keys();
    let parts = parts.map(|part| format!("/{part}"));
    let sections: Vec<String> = parts.chain([String::new(), "/events".to_owned()]).collect();
    assert!(sections.len() > 10, "{sections:?}");
    for name in trick::names(&crowd) {
        for section in &sections {
            let path = format!("/v1/profiles/{}{section}", trick::escaped(&name));
            check_refused(&app.get(&path, &crowd.ann).await, 403, &path);
        }
        let request = json!({"customer": name, "verification": "verified"});
        let answer = app.post("/v1/sessions", &crowd.ann, &request).await;
        check_refused(&answer, 403, &format!("a session for {name}"));
    }
    let bearer = format!("Bearer {}", crowd.ann);
    let headers = [("authorization", bearer.as_str())];
    // What is said to be served, and what some might think is.
    for customer in ["user_id:u2", "profile:u2"] {
        for route in app.operations(customer).await {
            let (method, path) = (&route.method, &route.path);
            let answer = app.request(method, path, &headers, Body::from("{}")).await;
            match route.tag.as_str() {
                "profiles" => check_refused(&answer, 403, path),
                // Those answer whose session it is.
                "tools" => check(&answer, ANN, path),
                _ => check(&answer, "nobody", path),
            }
        }
    }
    for (method, path) in [
        ("POST", "/v1/webhooks/help"),
        ("POST", "/v1/batch?source=web"),
        ("POST", "/v1/identify?source=web"),
        ("GET", "/v1/profiles"),
        ("GET", "/v1/profiles/"),
        ("GET", "/v1/events"),
        ("DELETE", "/v1/profiles/user_id:u2"),
        ("GET", "/v1/tools/recent_purchases"),
        ("GET", "/v1/projects/web/settings"),
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
    let mut paths = Vec::new();
    for customer in ["user_id:u1", "user_id:u2"] {
        let routes = app.operations(customer).await.into_iter();
        let stewards = routes.filter(|route| route.tag == "identity");
        paths.extend(stewards.map(|route| (route.method, route.path)));
    }
    for asked in [
        "/v1/profiles/user_id:u2/explain?format=text",
        "/v1/profiles/user_id:u2/explain?format=svg",
        "/v1/identity/decisions?customer=user_id:u2",
        "/v1/identity/suggestions?state=accepted&limit=1",
    ] {
        paths.push(("GET".to_owned(), asked.to_owned()));
    }
    assert!(paths.len() > 25, "{paths:?}");
    for (method, path) in &paths {
        let answer = app.request(method, path, &headers, body.to_string()).await;
        check_refused(&answer, 403, &format!("{method} {path}"));
    }
}
