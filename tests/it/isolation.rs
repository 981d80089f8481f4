//! A session sees one customer, whatever is tried with it: every tool of the catalogue, every
//! provider's form, every trick that came to mind. A tool is attacked through its own examples and
//! its own schema, so nobody has to write its attack.
//!
//! Each customer's data is full of a word of their own, a canary. What a caller gets is searched
//! for the canaries of everybody else, and a plain call is checked to sing with one's own, so that
//! the search is known to find something.

use crate::app::{Answer, NOW, Tenant, TestApp};
use crate::calls;
use acquaint::id::ProfileId;
use acquaint::tool::Tool;
use acquaint::tool::caller::{self, Verification};
use serde_json::{Value, json};

pub mod crowd;
mod door;
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
    the_public_write_key_pulls_nobody_else_in,
    a_key_of_another_workspace_finds_nobody_here,
);

/// Fails if an answer shows a word of anyone but `own`, or that something broke.
#[track_caller]
fn check(answer: &Answer, own: &str, what: &str) {
    let shown = answer.everything().to_lowercase();
    for other in [ANN, BOB, RIVAL].into_iter().filter(|name| *name != own) {
        assert!(!shown.contains(other), "{what} shows {other}: {shown}");
    }
    assert!(answer.status.as_u16() < 500, "{what}: {shown}");
}

/// The calls of a tool that sing of the caller; one that has none could leak unheard.
async fn own_calls(app: &TestApp, tool: &Tool, own: &str, token: &str, user: &str) -> Vec<Value> {
    let mut singing = Vec::new();
    for arguments in calls::of(tool, &crowd::words(user)) {
        let answer = app.tool(token, tool.name, &arguments).await;
        check(&answer, own, &format!("`{}` {arguments}", tool.name));
        if answer.status == 200 && answer.text().contains(own) {
            singing.push(arguments);
        }
    }
    assert!(
        !singing.is_empty(),
        "`{}` shows {own} nothing of their own, so no attack on it means anything: add what it shows to `crowd::life`",
        tool.name
    );
    singing
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
        let user = if own == BOB { "u2" } else { "u1" };
        let mut shown = String::new();
        for tool in calls::tools(app).all() {
            for arguments in own_calls(app, tool, own, token, user).await {
                shown += &app.tool(token, tool.name, &arguments).await.text();
            }
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
    let rival = app.session_as(&crowd.rival, "user_id:u1").await;
    let bearer = format!("Bearer {}", crowd.ann);
    let headers = [("authorization", bearer.as_str())];
    for tool in calls::tools(app).all() {
        let name = tool.name;
        for arguments in trick::fitting(tool, &crowd) {
            // What the others were told of the same is remembered by now.
            for (own, token) in [(BOB, &crowd.bob), (RIVAL, &rival), (ANN, &crowd.ann)] {
                let answer = app.tool(token, name, &arguments).await;
                check(&answer, own, &format!("`{name}` {arguments}"));
            }
        }
        let mut refused = 0;
        let tricks = trick::arguments(&crowd).into_iter();
        for arguments in tricks.chain(trick::examples(tool, &crowd)) {
            let answer = app.tool(&crowd.ann, name, &arguments).await;
            check(&answer, ANN, &format!("`{name}` {arguments}"));
            refused += usize::from(answer.status == 400);
        }
        assert!(
            refused > 400,
            "an argument that `{name}` does not declare is refused: {refused}"
        );
        for body in trick::bodies(&crowd) {
            let path = format!("/v1/tools/{name}");
            let answer = app.request("POST", &path, &headers, body.clone()).await;
            check(&answer, ANN, &format!("`{name}` {body}"));
        }
    }
}

async fn no_cursor_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let rival = app.session_as(&crowd.rival, "user_id:u1").await;
    let tools = calls::tools(app);
    let paged = tools
        .all()
        .iter()
        .filter(|tool| calls::argument(tool, "cursor").is_some());
    let mut attacked = 0;
    for tool in paged {
        attacked += 1;
        let plain = own_calls(app, tool, ANN, &crowd.ann, "u1").await.remove(0);
        let one = calls::with(&plain, "limit", json!(1));
        let most = calls::argument(tool, "limit").expect("pages have a size")["maximum"].clone();
        let most = calls::with(&plain, "limit", most);
        let tool = tool.name;
        let mut cursors = trick::cursors();
        for other in [&crowd.bob, &rival] {
            let page = app.tool(other, tool, &one).await.ok();
            let cursor = page["next_cursor"].as_str().expect("there is more");
            cursors.extend(trick::tampered(cursor));
            let tokens = [cursor, &crowd.bob].join(".");
            cursors.push(tokens);
        }
        let mut taken = 0;
        for cursor in cursors {
            let arguments = calls::with(&most, "cursor", json!(cursor));
            let answer = app.tool(&crowd.ann, tool, &arguments).await;
            check(&answer, ANN, &format!("`{tool}` at {cursor}"));
            taken += usize::from(answer.status == 200);
        }
        assert!(taken > 5, "`{tool}`: a cursor says where, never whose");
    }
    assert!(attacked >= 2, "purchases and tickets have pages");
}

async fn no_form_of_call_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    for tool in calls::tools(app).all() {
        let own = own_calls(app, tool, ANN, &crowd.ann, "u1").await;
        let mut all = trick::arguments(&crowd);
        all.extend(trick::fitting(tool, &crowd));
        all.extend(own);
        let mut sung = 0;
        for arguments in all {
            for body in trick::calls(tool.name, &arguments) {
                let answer = app.post("/v1/tool-calls", &crowd.ann, &body).await;
                check(&answer, ANN, &format!("`{}` {body}", tool.name));
                sung += usize::from(answer.text().contains(ANN));
            }
        }
        assert!(sung > 7, "`{}`: its own calls are plain: {sung}", tool.name);
    }
}

async fn no_header_or_query_leads_to_another_customer(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let bearer = format!("Bearer {}", crowd.ann);
    for tool in calls::tools(app).all() {
        let plain = own_calls(app, tool, ANN, &crowd.ann, "u1").await.remove(0);
        let tool = tool.name;
        for name in trick::HEADERS {
            for value in trick::names(&crowd) {
                let headers = [("authorization", bearer.as_str()), (name, value.as_str())];
                let path = format!("/v1/tools/{tool}");
                let answer = app.request("POST", &path, &headers, plain.to_string());
                check(&answer.await, ANN, &format!("`{tool}` {name}: {value}"));
            }
        }
        for name in trick::FIELDS {
            for value in trick::names(&crowd) {
                let query = format!("{}={}", trick::escaped(name), trick::escaped(&value));
                let direct = format!("/v1/tools/{tool}?{query}");
                let answer = app.post(&direct, &crowd.ann, &plain).await;
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
    for name in trick::tools(&calls::tools(app), &crowd) {
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
    let tools = calls::tools(app);
    for (what, token) in forgery::tokens(&crowd, tenant, other) {
        for tool in tools.all() {
            let answer = app.tool(&token, tool.name, &json!({})).await;
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
    let (token, _) = caller::mint(
        other,
        &ProfileId::new(crowd.bob_id.as_str()),
        900,
        Verification::Verified,
        NOW,
    )
    .expect("a token");
    for (at, token, status, what) in [
        (NOW, &token, 404, "a profile id of another workspace"),
        (NOW + 901_000, &crowd.ann, 401, "an expired token"),
    ] {
        app.clock.set(at);
        for tool in tools.all() {
            for arguments in trick::fitting(tool, &crowd) {
                let answer = app.tool(token, tool.name, &arguments).await;
                // What does not fit a tool is refused before anybody is looked up, but after the
                // token.
                let fits = status == 401 || answer.status != 400;
                let status = if fits { status } else { 400 };
                check_refused(&answer, status, &format!("`{}`: {what}", tool.name));
            }
        }
    }
}

/// The write key stands in every page, so a customer can send what they like; it must not make
/// another's data theirs.
async fn the_public_write_key_pulls_nobody_else_in(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let tools = calls::tools(app);
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
        for tool in tools.all() {
            own_calls(app, tool, ANN, &crowd.ann, "u1").await;
            for arguments in trick::fitting(tool, &crowd) {
                let answer = app.tool(&crowd.ann, tool.name, &arguments).await;
                let what = format!("`{}` {arguments} after {claim}", tool.name);
                check(&answer, ANN, &what);
            }
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
    for tool in calls::tools(app).all() {
        let plain = own_calls(app, tool, ANN, &crowd.ann, "u1").await.remove(0);
        let tool = tool.name;
        let named = |name: &str| calls::with(&plain, "customer", json!(name));
        for name in trick::names(&crowd) {
            let answer = app.tool(staff_key, tool, &named(&name)).await;
            check(&answer, RIVAL, &format!("`{tool}` {name}"));
        }
        let own = app.tool(staff_key, tool, &named("user_id:u1")).await;
        assert!(own.text().contains(RIVAL), "the same id, another customer");
        let own = named("user_id:u1");
        let own = app.tool(&app.tenant.staff_key, tool, &own).await;
        check(&own, ANN, tool);
        assert!(own.text().contains(ANN), "`{tool}` for staff");
        for key in [write_key, &app.tenant.write_key] {
            let answer = app.tool(key, tool, &named("user_id:u2")).await;
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
        let Some(token) = answer.json()["token"].as_str().map(str::to_owned) else {
            continue;
        };
        for tool in calls::tools(app).all() {
            let answer = app.tool(&token, tool.name, &json!({})).await;
            check(&answer, RIVAL, &format!("with a session for {name}"));
        }
    }
    let reader = app.key(&app.tenant, "profile:read").await;
    for tool in calls::tools(app).all() {
        for arguments in trick::fitting(tool, &crowd) {
            let named = calls::with(&arguments, "customer", json!("user_id:u2"));
            for arguments in [arguments, named] {
                let answer = app.tool(&reader, tool.name, &arguments).await;
                check(&answer, "nobody", tool.name);
                let code = &answer.json()["error"]["code"];
                assert!(
                    code == "forbidden" || code == "invalid_request",
                    "a key without `customers:any` names nobody: `{}` {code}",
                    tool.name
                );
            }
        }
    }
}
