//! The catalogue as providers take it, and the sizes that it and a context promise.

use crate::app::TestApp;
use crate::calls;
use crate::provider_rules;
use acquaint::tool::caller::Verification;
use acquaint::tool::format::Format;
use acquaint::tool::schema;
use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

both!(
    every_export_keeps_to_its_providers_rules,
    examples_are_arguments,
    every_tool_answers_on_what_fits_it,
    staff_say_whose_data_they_want,
    a_session_below_a_tools_level_is_refused,
    the_catalogue_is_small,
    a_context_keeps_to_its_budget,
);

fn o200k() -> CoreBPE {
    tiktoken_rs::o200k_base().expect("the table is in the crate")
}

fn tokens(table: &CoreBPE, text: &str) -> usize {
    table.encode_with_special_tokens(text).len()
}

async fn every_export_keeps_to_its_providers_rules(app: &TestApp) {
    let (staff, session) = (&app.tenant.staff_key, {
        app.identify("u1", json!({})).await;
        app.session("user_id:u1").await
    });
    let tools = calls::tools(app);
    for format in Format::ALL {
        for strict in [false, true] {
            for (who, token) in [("staff", staff), ("session", &session)] {
                let path = format!("/v1/tools?format={}&strict={strict}", format.as_str());
                let catalogue = app.get(&path, token).await.ok();
                let found = provider_rules::check(format.as_str(), strict, &catalogue);
                assert_eq!(found, Vec::<String>::new(), "{path} for {who}");
                let text = catalogue.to_string();
                assert_eq!(text.contains("\"customer\""), who == "staff", "{path}");
                for tool in tools.all() {
                    let name = format!("\"name\":\"{}\"", tool.name);
                    assert_eq!(text.matches(&name).count(), 1, "{path}: {name}");
                }
                assert_eq!(
                    app.get(&path, token).await.ok().to_string(),
                    text,
                    "the same bytes each time, for the provider's cache"
                );
            }
        }
    }
}

/// An example is shown to models, so it must be a call that works, for both sorts of callers.
async fn examples_are_arguments(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let session = app.session("user_id:u1").await;
    for tool in calls::tools(app).all() {
        let own = tool.declaration(false);
        let staff = tool.declaration(true);
        assert!(!own.examples.is_empty(), "{}", tool.name);
        for example in own.examples {
            let answer = app.tool(&session, tool.name, example).await;
            assert_eq!(answer.status, 200, "{}: {}", tool.name, answer.text());
            schema::validate(own.parameters, example.clone()).expect("fits");
            let mut named = example.clone();
            named["customer"] = json!("user_id:u1");
            schema::validate(staff.parameters, named.clone()).expect("fits");
            let answer = app.tool(&app.tenant.staff_key, tool.name, &named).await;
            assert_eq!(answer.status, 200, "{}: {}", tool.name, answer.text());
        }
    }
}

/// A tool that nobody has data for answers all the same, and says what it cannot do without.
async fn every_tool_answers_on_what_fits_it(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let session = app.session("user_id:u1").await;
    for tool in calls::tools(app).all() {
        let name = tool.name;
        let required = calls::required(tool);
        for nothing in ["", "{}", "null"] {
            let bearer = format!("Bearer {session}");
            let headers = [("authorization", bearer.as_str())];
            let path = format!("/v1/tools/{name}");
            let answer = app.request("POST", &path, &headers, nothing).await;
            let status = if required.is_empty() { 200 } else { 400 };
            assert_eq!(answer.status, status, "`{name}`: {}", answer.text());
            for argument in &required {
                assert!(answer.text().contains(argument), "{}", answer.text());
            }
        }
        for arguments in calls::of(tool, &["anything at all".to_owned()]) {
            let answer = app.tool(&session, name, &arguments).await;
            let foreign = arguments.get("cursor").is_some();
            let status = if foreign { 400 } else { 200 };
            let told = answer.text();
            assert_eq!(answer.status, status, "`{name}` {arguments}: {told}");
        }
    }
}

async fn staff_say_whose_data_they_want(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let staff = &app.tenant.staff_key;
    for tool in calls::tools(app).all() {
        for arguments in calls::of(tool, &["anything at all".to_owned()]) {
            let answer = app.tool(staff, tool.name, &arguments).await;
            assert_eq!(answer.status, 400, "`{}` {arguments}", tool.name);
            let told = answer.text();
            assert!(told.contains("`customer`"), "`{}`: {told}", tool.name);
        }
    }
}

async fn a_session_below_a_tools_level_is_refused(app: &TestApp) {
    let life = json!({"email": "ada@example.com", "name": "Ada"});
    app.identify("u1", life).await;
    for given in [
        Verification::Anonymous,
        Verification::Claimed,
        Verification::Verified,
    ] {
        let asked = json!({"customer": "user_id:u1", "verification": given});
        let answer = app.post("/v1/sessions", &app.tenant.staff_key, &asked);
        let answer = answer.await.ok();
        let token = answer["token"].as_str().expect("a token");
        for tool in calls::tools(app).all() {
            let name = tool.name;
            for example in tool.declaration(false).examples {
                let answer = app.tool(token, name, example).await;
                let enough = given >= tool.verification();
                let status = if enough { 200 } else { 403 };
                assert_eq!(answer.status, status, "`{name}` for {}", given.as_str());
                let told = answer.text();
                if !enough {
                    assert!(told.contains(tool.verification().as_str()), "{told}");
                }
                if given == Verification::Anonymous {
                    assert!(!told.contains("ada@example.com"), "`{name}`: {told}");
                }
            }
        }
    }
}

async fn the_catalogue_is_small(app: &TestApp) {
    let table = o200k();
    for strict in [false, true] {
        let path = format!("/v1/tools?format=openai-chat&strict={strict}");
        let catalogue = app.get(&path, &app.tenant.staff_key).await;
        let tokens = tokens(&table, &catalogue.text());
        assert!(tokens <= 1_700, "{tokens} tokens");
    }
}

/// A customer about whom there is far more to say than any budget holds.
fn fat_life() -> Vec<Value> {
    let mut calls = Vec::new();
    let long = "Crème brûlée — naïve façade, 東京都渋谷区, \"quoted\" \\ and {braced} ".repeat(6);
    let mut traits = json!({"name": "Ada \"The Countess\" Lovelace", "email": "ada@example.com", "phone": "+14155550134"});
    for at in 0..80 {
        traits[format!("trait_{at}")] = match at % 4 {
            0 => json!(long),
            1 => json!(at * 1_234_567),
            2 => json!({"nested": long, "more": [1, 2, 3]}),
            _ => json!("Überraschung"),
        };
    }
    let consents: Value = (0..20)
        .map(|at| (format!("Category {at}"), json!(at % 2 == 0)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    calls.push(json!({"type": "identify", "userId": "u1", "traits": traits, "context": {"consent": {"categoryPreferences": consents}}}));
    for at in 0..30 {
        calls.push(json!({"type": "group", "userId": "u1", "groupId": format!("g-{at}"), "traits": {"name": long}}));
        let products: Vec<Value> = (0..at)
            .map(|item| json!({"name": format!("Café №{item} {long}"), "product_id": format!("p-{at}-{item}"), "variant": "größe: XL, Farbe: grün", "price": 12.34, "quantity": 3}))
            .collect();
        calls.push(json!({"type": "track", "userId": "u1", "event": "Order Completed", "timestamp": format!("2026-10-{:02}T10:00:00Z", at + 1),
            "properties": {"order_id": format!("#W{at}-żółć"), "total": 1234.5, "currency": if at % 2 == 0 { "EUR" } else { "JPY" }, "products": products, "tracking_number": format!("1Z{at}")}}));
        calls.push(json!({"type": "track", "userId": "u1", "event": "Ticket Created", "timestamp": format!("2026-11-{:02}T10:00:00Z", at % 23 + 1),
            "properties": {"ticket_id": format!("t-{at}"), "subject": long, "body": long, "status": "open", "priority": "high", "assignee": "Zoë"}}));
        calls.push(json!({"type": "page", "userId": "u1", "name": long, "timestamp": format!("2026-11-{:02}T1{}:00:00Z", at % 23 + 1, at % 10)}));
    }
    calls
}

async fn a_context_keeps_to_its_budget(app: &TestApp) {
    for source in ["mobile-app-android", "mobile-app-ios", "point-of-sale"] {
        let key = app.source(&app.tenant, source, "segment", None).await;
        let body = json!({"writeKey": key, "batch": [{"type": "page", "userId": "u1"}]});
        app.request("POST", "/v1/batch", &[], body.to_string())
            .await
            .ok();
    }
    app.send(fat_life()).await;
    let table = o200k();
    let session = app.session("user_id:u1").await;
    for (who, token) in [("staff", &app.tenant.staff_key), ("session", &session)] {
        for budget in [100, 150, 200, 300, 450, 600, 1_000, 2_000, 3_000, 4_000] {
            for detail in ["concise", "detailed"] {
                for topic in ["", "delivery of my last order, and my newsletter"] {
                    let mut arguments =
                        json!({"max_tokens": budget, "detail": detail, "topic": topic});
                    if who == "staff" {
                        arguments["customer"] = json!("user_id:u1");
                    }
                    let answer = app.tool(token, "get_customer_context", &arguments).await;
                    let envelope = answer.ok();
                    let spent = tokens(&table, &answer.text());
                    assert!(
                        spent <= budget,
                        "{who} {arguments}: {spent} tokens\n{}",
                        answer.text()
                    );
                    assert_eq!(envelope["truncated"], true, "{arguments}");
                    if budget >= 1_000 {
                        let used = spent * 100 / budget;
                        assert!(used >= 40, "{who} {arguments}: only {used} % is used");
                        assert!(answer.text().contains("ada@example.com"), "{arguments}");
                    }
                }
            }
        }
    }
}
