//! A shop whose customers are the same in every run: customer `i` signs up, orders ten times and opens two tickets.

use acquaint::clock::rfc3339;
use serde_json::{Value, json};

/// Events of one customer: a sign-up, the orders, the tickets.
pub const EVENTS: usize = 1 + ORDERS + TICKETS;
const ORDERS: usize = 10;
const TICKETS: usize = 2;
/// The shop opened in January 2022 and is looked at until late in 2026.
const OPENED: i64 = 1_640_995_200_000;
const SPAN: u64 = 154_000_000_000;

const FIRST: &[&str] = &[
    "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jade", "Kai", "Lena",
];
const LAST: &[&str] = &[
    "Abbott", "Baker", "Castro", "Dietz", "Evans", "Fischer", "Grant", "Huang", "Ito", "Jensen",
];
const CITY: &[(&str, &str)] = &[
    ("Berlin", "DE"),
    ("Lyon", "FR"),
    ("Austin", "US"),
    ("Osaka", "JP"),
    ("Lagos", "NG"),
];
const SUBJECT: &[&str] = &[
    "Refund for damaged item",
    "Where is my parcel?",
    "Wrong size delivered",
    "Invoice copy needed",
    "Change delivery address",
];

/// Numbers that look random and are the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn time(&mut self) -> i64 {
        OPENED + 1_000_000 + self.below(SPAN) as i64
    }
}

/// The `userId` of a customer.
pub fn user_id(customer: usize) -> String {
    format!("cus_{customer:08}")
}

/// Everything that a customer did, oldest first, as calls.
pub fn history(customer: usize) -> Vec<String> {
    let mut dice = Dice(customer as u64);
    let mut calls = vec![(OPENED, identify(&mut dice, customer))];
    for number in 0..ORDERS {
        let at = dice.time();
        calls.push((at, order(&mut dice, &format!("ord_{customer}_{number}"))));
    }
    for number in 0..TICKETS {
        let at = dice.time();
        calls.push((at, ticket(&mut dice, &format!("tic_{customer}_{number}"))));
    }
    calls.sort_by_key(|(at, _)| *at);
    let signed = calls.into_iter().enumerate();
    signed
        .map(|(number, (at, call))| sign(call, customer, at, &format!("{number}")))
        .collect()
}

/// One more order of a customer who is known already; `number` is new each time.
pub fn live(customer: usize, number: usize) -> String {
    let mut dice = Dice(number as u64);
    let call = order(&mut dice, &format!("live_{number}"));
    let at = OPENED + SPAN as i64 + number as i64;
    sign(call, customer, at, &format!("live-{number}"))
}

/// Calls in one body.
pub fn batch(calls: &[String]) -> String {
    format!("{{\"batch\":[{}]}}", calls.join(","))
}

fn sign(mut call: Value, customer: usize, at: i64, message: &str) -> String {
    let user = user_id(customer);
    call["messageId"] = json!(format!("{user}-{message}"));
    call["userId"] = json!(user);
    call["timestamp"] = json!(rfc3339(at));
    call.to_string()
}

fn identify(dice: &mut Dice, customer: usize) -> Value {
    let (first, last) = (dice.pick(FIRST), dice.pick(LAST));
    let (city, country) = dice.pick(CITY);
    json!({"type": "identify", "traits": {
        "email": format!("{first}.{last}.{customer}@example.com").to_lowercase(),
        "name": format!("{first} {last}"),
        "phone": format!("+1212{:07}", 2_000_000 + customer % 8_000_000),
        "plan": dice.pick(&["free", "pro", "team"]),
        "address": {"city": city, "country": country},
    }})
}

fn order(dice: &mut Dice, id: &str) -> Value {
    let lines = 1 + dice.below(3);
    let (mut total, mut products) = (0, Vec::new());
    for _ in 0..lines {
        let (sku, price, quantity) = (dice.below(500), 300 + dice.below(29_700), 1 + dice.below(3));
        total += price * quantity;
        let name = format!("SKU-{sku:04}");
        products.push(json!({
            "sku": name, "product_id": name, "name": name, "quantity": quantity, "price": price as f64 / 100.0,
        }));
    }
    let status = dice.pick(&[
        "delivered",
        "delivered",
        "delivered",
        "shipped",
        "processing",
    ]);
    json!({"type": "track", "event": "Order Completed", "properties": {
        "order_id": id, "total": total as f64 / 100.0, "currency": "USD", "status": status, "products": products,
    }})
}

fn ticket(dice: &mut Dice, id: &str) -> Value {
    json!({"type": "track", "event": "Ticket Created", "properties": {
        "ticket_id": id,
        "status": dice.pick(&["closed", "closed", "open", "pending"]),
        "priority": dice.pick(&["low", "normal", "high"]),
        "channel": dice.pick(&["email", "chat", "phone"]),
        "subject": dice.pick(SUBJECT),
    }})
}
