//! A whole shop: its customers and their orders go in as calls, and every order can be read back.

use crate::app::{Data, NOW, TestApp};
use acquaint::clock::Time;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

both_on!(Shop; every_order_of_a_shop_can_be_read_back);

/// Calls of one request.
const BATCH: usize = 100;

fn cents(amount: &Value) -> i64 {
    (amount.as_f64().expect("an amount") * 100.0).round() as i64
}

/// What an order's options become: a line.
fn variant(options: &Value) -> String {
    let options = options.as_object().expect("options").iter();
    let parts: Vec<String> = options
        .map(|(name, value)| format!("{name}: {}", value.as_str().expect("text")))
        .collect();
    parts.join(", ")
}

fn identify(user: &Value) -> Value {
    let (name, address) = (&user["name"], &user["address"]);
    json!({"type": "identify", "userId": user["user_id"], "messageId": format!("i {}", user["user_id"]), "traits": {
        "email": user["email"], "firstName": name["first_name"], "lastName": name["last_name"],
        "address": {"street": address["address1"], "city": address["city"], "postalCode": address["zip"], "country": address["country"]},
    }})
}

fn order_completed(order: &Value, at: Time) -> Value {
    let products: Vec<Value> = order["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            json!({"name": item["name"], "product_id": item["product_id"], "sku": item["item_id"],
                "price": item["price"], "quantity": 1, "options": item["options"]})
        })
        .collect();
    json!({
        "type": "track", "event": "Order Completed", "userId": order["user_id"],
        "messageId": format!("o {}", order["order_id"]), "timestamp": at,
        "properties": {
            "order_id": order["order_id"], "status": order["status"], "currency": "USD",
            "total": order["payment_history"][0]["amount"], "products": products,
        },
    })
}

/// All orders of a customer, a page at a time.
async fn orders_of(app: &TestApp, user: &str, limit: u32) -> (Vec<Value>, u64) {
    let mut arguments = json!({"customer": format!("user_id:{user}"), "limit": limit});
    let mut orders = Vec::new();
    loop {
        let key = &app.tenant.staff_key;
        let answer = app.tool(key, "recent_purchases", &arguments).await.ok();
        let page = answer["data"]["purchases"].as_array().expect("orders");
        assert!(page.len() <= limit as usize);
        assert_eq!(answer["truncated"], answer["next_cursor"].is_string());
        orders.extend(page.iter().cloned());
        if answer["next_cursor"].is_null() {
            let count = answer["data"]["order_count"].as_u64();
            return (orders, count.expect("a count"));
        }
        arguments["cursor"] = answer["next_cursor"].clone();
    }
}

async fn every_order_of_a_shop_can_be_read_back(app: &TestApp, data: &Data) {
    let text = std::fs::read_to_string(data.folder.join("db.json")).expect("the shop");
    let shop: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    let users = shop["users"].as_object().expect("users");
    let orders = shop["orders"].as_object().expect("orders");
    let size = (users.len(), orders.len());
    assert_eq!(size, data.pick((12, 30), (500, 1_000)));

    let mut calls: Vec<Value> = users.values().map(identify).collect();
    let placed = orders
        .values()
        .zip(1..)
        .map(|(order, at)| order_completed(order, NOW - at * 60_000));
    calls.extend(placed);
    for batch in calls.chunks(BATCH) {
        app.send(batch.to_vec()).await;
    }

    let mut expected: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for order in orders.values() {
        let user = order["user_id"].as_str().expect("a user");
        expected.entry(user).or_default().push(order);
    }
    for (at, user) in users.keys().enumerate() {
        let wanted = expected.remove(user.as_str()).unwrap_or_default();
        let (found, count) = orders_of(app, user, if at % 2 == 0 { 2 } else { 50 }).await;
        assert_eq!(count as usize, wanted.len(), "{user}");
        assert_eq!(found.len(), wanted.len(), "{user}");
        for (found, wanted) in found.iter().zip(wanted) {
            compare(found, wanted);
        }
    }
    assert!(expected.is_empty());
}

fn compare(found: &Value, wanted: &Value) {
    let id = &wanted["order_id"];
    assert_eq!(found["order_id"], *id, "newest first");
    assert_eq!(found["status"], wanted["status"], "{id}");
    let items = wanted["items"].as_array().expect("items");
    let paid = cents(&wanted["payment_history"][0]["amount"]);
    assert_eq!(found["total"]["minor"], paid, "{id}");
    assert_eq!(found["total"]["currency"], "USD", "{id}");
    let sum: i64 = items.iter().map(|item| cents(&item["price"])).sum();
    assert_eq!(sum, paid, "{id}");
    let lines = found["items"].as_array().expect("items");
    assert_eq!(lines.len(), items.len(), "{id}");
    for (line, item) in lines.iter().zip(items) {
        assert_eq!(line["name"], item["name"], "{id}");
        assert_eq!(line["product_id"], item["product_id"], "{id}");
        let price = line["price"].as_str().expect("a price");
        let digits: String = price.chars().filter(char::is_ascii_digit).collect();
        let minor: i64 = digits.parse().expect("digits");
        assert_eq!(minor, cents(&item["price"]), "{id}: {price}");
        assert_eq!(line["quantity"], 1, "{id}");
        let options = variant(&item["options"]);
        if options.is_empty() {
            assert_eq!(line["variant"], Value::Null, "{id}");
        } else {
            assert_eq!(line["variant"], options, "{id}");
        }
    }
}
