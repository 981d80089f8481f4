//! Errors tell a caller a code and what to change, and never that something broke.

use crate::app::{Answer, TestApp};
use crate::calls;
use acquaint::tool::caller::Verification;
use axum::body::Body;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

both!(
    without_a_key_there_is_a_hint,
    a_key_does_what_its_scopes_say,
    a_bad_argument_says_what_to_change,
    a_bad_argument_of_a_model_is_a_result,
    odd_requests_break_nothing,
    a_session_is_made_for_somebody,
    a_visitor_whom_nobody_asked_is_told_nothing_personal,
);

/// The error of an answer in the one shape that there is.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    let error = &body["error"];
    assert_eq!(error["code"], code, "{body}");
    assert!(
        error["message"].as_str().is_some_and(|text| text.len() > 4),
        "{body}"
    );
    let fields = error.as_object().expect("an object").keys();
    for field in fields {
        assert!(
            ["code", "message", "hint"].contains(&field.as_str()),
            "{body}"
        );
    }
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    error.clone()
}

async fn without_a_key_there_is_a_hint(app: &TestApp) {
    let mut routes = app.operations("user_id:u1").await;
    routes.retain(|route| route.opened_by == ["bearer"]);
    assert!(routes.len() > 13, "{routes:?}");
    let mut paths: Vec<_> = routes
        .into_iter()
        .map(|route| (route.method, route.path))
        .collect();
    paths.push(("POST".to_owned(), "/v1/tools/nothing".to_owned()));
    for authorization in [
        None,
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer ak_unknown"),
        Some("Bearer a.b.c"),
        Some("Basic YWs6"),
        Some("ak_unknown"),
    ] {
        let headers: Vec<_> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        for (method, path) in &paths {
            let answer = app.request(method, path, &headers, Body::from("{}")).await;
            let error = error(&answer, 401, "unauthorized");
            let hint = error["hint"].as_str().expect("a hint");
            assert!(hint.contains("Authorization: Bearer"), "{path}: {hint}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

async fn a_key_does_what_its_scopes_say(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let named = json!({"customer": "user_id:u1"});
    for (scopes, catalogue, tool, profile, session, collect) in [
        ("collect", 403, 403, 403, 403, 200),
        ("profile:read", 200, 400, 403, 403, 403),
        ("customers:any", 403, 403, 403, 200, 403),
        ("profile:read customers:any", 200, 200, 200, 200, 403),
        ("admin", 200, 200, 200, 200, 200),
    ] {
        let key = app.key(&app.tenant, scopes).await;
        let call = json!({"batch": [{"type": "page", "userId": "u1"}]});
        for (what, answer, status) in [
            ("catalogue", app.get("/v1/tools", &key).await, catalogue),
            (
                "profile",
                app.get("/v1/profiles/user_id:u1", &key).await,
                profile,
            ),
            (
                "session",
                app.post("/v1/sessions", &key, &named).await,
                session,
            ),
            (
                "collect",
                app.post("/v1/batch?source=web", &key, &call).await,
                collect,
            ),
        ] {
            assert_eq!(answer.status, status, "{scopes}: {what} {}", answer.text());
        }
        for known in calls::tools(app).all() {
            for example in known.declaration(false).examples {
                let named = calls::with(example, "customer", json!("user_id:u1"));
                let answer = app.tool(&key, known.name, &named).await;
                let told = answer.text();
                assert_eq!(answer.status, tool, "{scopes}: `{}` {told}", known.name);
            }
        }
    }
}

/// The tools whose own rules are broken below; what any tool refuses is tried with all.
const CONTEXT: &str = "get_customer_context";
const PURCHASES: &str = "recent_purchases";

/// Arguments that do not fit, with a word that the refusal must say.
fn bad_arguments(app: &TestApp) -> Vec<(&'static str, Value, &'static str)> {
    let tools = calls::tools(app);
    let any = tools.all().iter().flat_map(|tool| {
        let wrong = [
            (json!({"colour": "blue"}), "colour"),
            (json!([]), "object"),
            (json!("limit"), "object"),
            (json!(7), "object"),
        ];
        wrong.map(|(arguments, word)| (tool.name, arguments, word))
    });
    let some = vec![
        (PURCHASES, json!({"limit": 0}), "limit"),
        (PURCHASES, json!({"limit": 51}), "50"),
        (PURCHASES, json!({"limit": "many"}), "limit"),
        (PURCHASES, json!({"limit": 1.5}), "limit"),
        (PURCHASES, json!({"limit": -1}), "limit"),
        (PURCHASES, json!({"status": "lost"}), "delivered"),
        (PURCHASES, json!({"since": "last week"}), "since"),
        (PURCHASES, json!({"cursor": "x"}), "next_cursor"),
        (PURCHASES, json!({"cursor": 7}), "cursor"),
        ("open_tickets", json!({"status": "broken"}), "closed"),
        ("open_tickets", json!({"limit": 21}), "20"),
        (CONTEXT, json!({"detail": "all"}), "detailed"),
        (CONTEXT, json!({"max_tokens": 99}), "100"),
        (CONTEXT, json!({"max_tokens": 4001}), "4000"),
        (CONTEXT, json!({"topic": ["a"]}), "topic"),
    ];
    any.chain(some).collect()
}

async fn a_bad_argument_says_what_to_change(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let session = app.session("user_id:u1").await;
    for (tool, arguments, word) in bad_arguments(app) {
        let answer = app.tool(&session, tool, &arguments).await;
        let error = error(&answer, 400, "invalid_request");
        let message = error["message"].as_str().expect("text");
        assert!(message.contains(word), "{arguments}: {message}");
    }
    for body in ["{", "nonsense", "{\"limit\":}", "\u{feff}{}"] {
        let bearer = format!("Bearer {session}");
        let headers = [("authorization", bearer.as_str())];
        let path = "/v1/tools/recent_purchases";
        let answer = app.request("POST", path, &headers, body.to_owned()).await;
        error(&answer, 400, "invalid_request");
    }
    let answer = app.tool(&session, "refund_order", &json!({})).await;
    let unknown = error(&answer, 404, "not_found");
    let message = unknown["message"].as_str().expect("text");
    for tool in calls::tools(app).all() {
        assert!(message.contains(tool.name), "{message}");
    }
    for (customer, status, code) in [
        ("user_id:nobody", 404, "not_found"),
        ("profile:nobody", 404, "not_found"),
        ("ada", 400, "invalid_request"),
        (":", 400, "invalid_request"),
        ("", 400, "invalid_request"),
    ] {
        let named = json!({"customer": customer});
        let answer = app.tool(&app.tenant.staff_key, PURCHASES, &named).await;
        error(&answer, status, code);
    }
    let answer = app.tool(&app.tenant.staff_key, PURCHASES, &json!({})).await;
    error(&answer, 400, "invalid_request");
    let answer = app.get("/v1/tools?format=cobol", &session).await;
    error(&answer, 400, "invalid_request");
}

async fn a_bad_argument_of_a_model_is_a_result(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let session = app.session("user_id:u1").await;
    let mut wrong = bad_arguments(app);
    wrong.push(("refund_order", json!({}), "recent_purchases"));
    for (tool, arguments, word) in wrong {
        let text = arguments.to_string();
        let chat = json!({"tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": tool, "arguments": text}},
            {"id": "c2", "type": "function", "function": {"name": PURCHASES, "arguments": "{}"}},
        ]});
        let answer = app.post("/v1/tool-calls", &session, &chat).await.ok();
        assert_eq!(answer[0]["tool_call_id"], "c1");
        let told: Value = serde_json::from_str(answer[0]["content"].as_str().expect("text"))
            .expect("JSON in text");
        let message = told["error"]["message"].as_str().expect("text");
        assert!(message.contains(word), "{arguments}: {message}");
        assert!(
            answer[1]["content"]
                .as_str()
                .is_some_and(|text| text.contains("order_count")),
            "the other call is answered all the same"
        );

        let block = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": tool, "input": arguments}]});
        let answer = app.post("/v1/tool-calls", &session, &block).await.ok();
        assert_eq!(answer["content"][0]["is_error"], true, "{answer}");
        assert!(answer.to_string().contains(word));

        let part = json!({"role": "model", "parts": [{"functionCall": {"name": tool, "args": arguments}}]});
        let answer = app.post("/v1/tool-calls", &session, &part).await.ok();
        assert!(answer.to_string().contains(word), "{answer}");

        let item =
            json!([{"type": "function_call", "call_id": "c1", "name": tool, "arguments": text}]);
        let answer = app.post("/v1/tool-calls", &session, &item).await.ok();
        assert_eq!(answer[0]["type"], "function_call_output");
        assert!(answer.to_string().contains(word), "{answer}");
    }
    for body in [
        json!({}),
        json!([]),
        json!({"tool_calls": []}),
        json!({"content": "hello"}),
        json!({"tool_calls": vec![json!({"id": "c", "function": {"name": PURCHASES, "arguments": "{}"}}); 33]}),
        json!({"tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]}),
        json!({"format": "cobol"}),
    ] {
        let answer = app.post("/v1/tool-calls", &session, &body).await;
        error(&answer, 400, "invalid_request");
    }
}

/// Forged requests: no text holds U+0000 on PostgreSQL, and no number has more than 64 bits.
const ODD: &[(&str, &str, &str)] = &[
    ("POST", "/v1/webhooks/%00", "{}"),
    ("POST", "/v1/webhooks/%ff%fe", "{}"),
    ("GET", "/v1/projects/%00/settings", ""),
    ("GET", "/sourceConfig?writeKey=%00", ""),
    ("POST", "/v1/batch?writeKey=%00", "{}"),
    ("POST", "/v1/batch?source=%00", "{}"),
    ("POST", "/v1/batch", r#"{"writeKey":"\u0000","batch":[{}]}"#),
    ("GET", "/v1/profiles/user_id:%00", ""),
    ("GET", "/v1/profiles/user_id:u1%00", ""),
    ("GET", "/v1/profiles/profile:%00", ""),
    ("GET", "/v1/profiles/user_id:u1/%00", ""),
    (
        "GET",
        "/v1/profiles/user_id:u1/events?limit=9999999999999999999",
        "",
    ),
    ("GET", "/v1/profiles/user_id:u1/events?limit=-5", ""),
    ("GET", "/v1/profiles/user_id:u1/events?cursor=x", ""),
    ("POST", "/v1/tools/%00", "{}"),
    (
        "POST",
        "/v1/tools/recent_purchases",
        r#"{"customer":"user_id:u1\u0000"}"#,
    ),
    (
        "POST",
        "/v1/tools/recent_purchases",
        r#"{"customer":"profile:\u0000"}"#,
    ),
    (
        "POST",
        "/v1/tools/recent_purchases",
        r#"{"customer":"user_id:u1","limit":1e999}"#,
    ),
    ("POST", "/v1/sessions", r#"{"customer":"user_id:\u0000"}"#),
    ("POST", "/v1/tool-calls", "\u{0}"),
    ("PUT", "/v1/tools", ""),
    ("GET", "/v1/sessions", ""),
    ("GET", "/v1/batch", ""),
    ("GET", "/v1/tools?strict=maybe", ""),
    ("GET", "/nothing/here", ""),
    ("TRACE", "/", ""),
];

async fn odd_requests_break_nothing(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let bearer = format!("Bearer {}", app.tenant.staff_key);
    let headers = [("authorization", bearer.as_str())];
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = "x".repeat(2 * 1024 * 1024);
    let tool = "/v1/tools/recent_purchases";
    let more = [("POST", tool, deep.as_str()), ("POST", tool, &large)];
    for (method, path, body) in ODD.iter().chain(&more) {
        let answer = app
            .request(method, path, &headers, (*body).to_owned())
            .await;
        let status = answer.status.as_u16();
        let body: String = body.chars().take(80).collect();
        assert!(
            (400..500).contains(&status) || status == 200,
            "{method} {path} {body}: {status} {}",
            answer.text()
        );
    }
    let session = app.session("user_id:u1").await;
    let words = ["\u{0}".to_owned(), BASE64URL_NOPAD.encode(b"5:\0")];
    for tool in calls::tools(app).all() {
        for arguments in calls::of(tool, &words) {
            let answer = app.tool(&session, tool.name, &arguments).await;
            let told = answer.text();
            assert!(
                answer.status.as_u16() < 500,
                "`{}` {arguments}: {told}",
                tool.name
            );
        }
    }
}

async fn a_session_is_made_for_somebody(app: &TestApp) {
    app.identify("u1", json!({"email": "ada@example.com"}))
        .await;
    let staff = &app.tenant.staff_key;
    for (body, status, code) in [
        (json!({}), 400, "invalid_request"),
        (json!({"customer": "ada"}), 400, "invalid_request"),
        (
            json!({"customer": "user_id:u1", "ttl_s": 59}),
            400,
            "invalid_request",
        ),
        (
            json!({"customer": "user_id:u1", "ttl_s": 86_401}),
            400,
            "invalid_request",
        ),
        (
            json!({"customer": "user_id:u1", "verification": "sure"}),
            400,
            "invalid_request",
        ),
        (
            json!({"customer": "user_id:u1", "scope": "admin"}),
            400,
            "invalid_request",
        ),
        (json!({"customer": "user_id:u9"}), 404, "not_found"),
    ] {
        let answer = app.post("/v1/sessions", staff, &body).await;
        error(&answer, status, code);
    }
    let made = json!({"customer": "email:ADA@example.com", "ttl_s": 60});
    let made = app.post("/v1/sessions", staff, &made).await.ok();
    assert_eq!(made["expires_at"], "2026-11-23T18:31:00Z");
    let token = made["token"].as_str().expect("a token");
    let claimed = app.tool(token, CONTEXT, &json!({})).await.ok();
    assert_eq!(claimed["data"]["verification"], "claimed");
}

async fn a_visitor_whom_nobody_asked_is_told_nothing_personal(app: &TestApp) {
    app.identify("u1", json!({"email": "ada@example.com"}))
        .await;
    let staff = &app.tenant.staff_key;
    let order = json!({"order_id": "o-1", "total": 5});
    app.track("u1", "Order Completed", order).await;
    let visitor = json!({"customer": "user_id:u1", "verification": "anonymous"});
    let visitor = app.post("/v1/sessions", staff, &visitor).await.ok();
    let visitor = visitor["token"].as_str().expect("a token");
    let tools = calls::tools(app);
    for tool in tools.all() {
        for arguments in calls::of(tool, &["order of ada".to_owned()]) {
            let told = app.tool(visitor, tool.name, &arguments).await.text();
            assert!(
                !told.contains("ada@example.com") && !told.contains("\"o-1\""),
                "an anonymous visitor is told nothing personal: {told}"
            );
            assert!(
                !told.contains("Order Completed"),
                "nor that there was an order: {told}"
            );
        }
    }
    assert_eq!(app.tool(visitor, CONTEXT, &json!({})).await.status, 200);
    let (open, closed): (Vec<_>, Vec<_>) = tools
        .all()
        .iter()
        .partition(|tool| tool.verification() == Verification::Anonymous);
    assert!(!open.is_empty() && !closed.is_empty());
    for tool in closed {
        let answer = app.tool(visitor, tool.name, &json!({})).await;
        error(&answer, 403, "forbidden");
    }
}
