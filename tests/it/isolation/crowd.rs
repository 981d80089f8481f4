//! Two customers of one workspace and one of another, whose data is full of their canaries.

use crate::app::{Tenant, TestApp};
use serde_json::{Value, json};

/// The canary of the customer who tries things.
pub const ANN: &str = "canaryann";
/// Of another customer of the same company.
pub const BOB: &str = "canarybob";
/// Of a customer of another company, who has the user id of the first.
pub const RIVAL: &str = "canaryrival";

/// Who is there, and what opens them.
pub struct Crowd {
    /// Ann's session token.
    pub ann: String,
    /// Bob's session token.
    pub bob: String,
    /// Id of Bob's profile.
    pub bob_id: String,
    /// Id of the rival's customer's profile.
    pub rival_id: String,
    /// The other company.
    pub rival: Tenant,
}

impl Crowd {
    /// Fills both workspaces.
    pub async fn settle(app: &TestApp) -> Self {
        let rival = app.tenant("rival").await;
        app.send(life(ANN, "u1", "+14155550111")).await;
        app.send(life(BOB, "u2", "+14155550122")).await;
        app.send_as(&rival, life(RIVAL, "u1", "+14155550111")).await;
        let id = |answer: Value| answer["id"].as_str().expect("an id").to_owned();
        let bob = app.get("/v1/profiles/user_id:u2", &app.tenant.staff_key);
        let of_rival = app.get("/v1/profiles/user_id:u1", &rival.staff_key);
        Self {
            bob_id: id(bob.await.ok()),
            rival_id: id(of_rival.await.ok()),
            ann: app.session("user_id:u1").await,
            bob: app.session("user_id:u2").await,
            rival,
        }
    }
}

/// What a user would ask about their own, by its id or in a word. There is no canary in it, so an
/// answer that sings does not merely repeat the question.
pub fn words(user: &str) -> Vec<String> {
    let own = ["o-", "t-", "team-", "a-"].map(|kind| format!("{kind}{user}"));
    let plain = ["1001", "77", "orders consent account plan", "likes tea"];
    own.into_iter().chain(plain.map(str::to_owned)).collect()
}

/// Everything that a customer can leave behind, each with their canary in it. Some orders and
/// tickets have plain ids, which others can guess: one that everybody has, and one of their own. A
/// tool that shows something else needs it here.
fn life(canary: &str, user: &str, phone: &str) -> Vec<Value> {
    let word = |part: &str| format!("{canary}-{part}");
    let mut calls = vec![
        // An earlier address without the canary, which others can know and name.
        json!({"type": "identify", "userId": user, "timestamp": "2026-01-01T00:00:00Z", "traits": {"email": format!("{user}@example.com")}}),
        json!({"type": "identify", "userId": user, "anonymousId": format!("a-{user}"), "traits": {
            "name": word("name"), "email": format!("{canary}-email@example.com"), "phone": phone, "plan": word("plan"),
            "note": format!("{} likes tea", word("note")), "address": {"city": word("city"), "country": "US"},
        }, "context": {"consent": {"categoryPreferences": {(word("consent")): true}}}}),
        json!({"type": "group", "userId": user, "groupId": word("account"), "traits": {"name": word("company")}}),
        json!({"type": "group", "userId": user, "groupId": format!("team-{user}"), "traits": {"name": word("team")}}),
        json!({"type": "page", "userId": user, "name": word("page"), "properties": {"url": format!("https://{}.example/", word("url"))}}),
    ];
    let orders = [
        word("order"),
        word("order-2"),
        "1001".to_owned(),
        format!("o-{user}"),
    ];
    for (at, id) in orders.iter().enumerate() {
        calls.push(json!({"type": "track", "userId": user, "event": "Order Completed",
            "timestamp": format!("2026-11-2{at}T10:00:00Z"), "properties": {
                "order_id": id, "order_number": word("number"), "total": 10 + at, "currency": "USD",
                "tracking_number": word("parcel"), "tracking_url": format!("https://{}.example/", word("tracking")),
                "products": [{"product_id": word("product"), "name": word("item"), "variant": word("variant"), "price": 10}],
            }}));
    }
    let tickets = [
        word("ticket"),
        word("ticket-2"),
        "77".to_owned(),
        format!("t-{user}"),
    ];
    for (at, id) in tickets.iter().enumerate() {
        calls.push(json!({"type": "track", "userId": user, "event": "Ticket Created",
            "timestamp": format!("2026-11-2{at}T11:00:00Z"), "properties": {
                "ticket_id": id, "subject": word("subject"), "body": word("body"), "assignee": word("agent"),
                "priority": "high", "channel": "email", "tags": [word("tag")], "status": "open",
            }}));
    }
    calls
}
