//! A shop whose customers are the same in every run: customer `i` signs up, orders ten times and
//! opens two tickets.
//!
//! A customer is made once and told twice: as calls, which acquaint collects, and as rows, which
//! the peer reads.

use acquaint::clock::Time;
use serde_json::{Value, json};

/// Events of one customer: a sign-up, the orders, the tickets.
pub const EVENTS: usize = 1 + ORDERS + TICKETS;
const ORDERS: usize = 10;
const TICKETS: usize = 2;
/// The shop opened in January 2022 and is looked at until late in 2026.
const OPENED: Time = Time::from_ms(1_640_995_200_000);
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

    /// All numbers below `end`, each once, in an order like that of a shuffled pack.
    pub fn shuffled(&mut self, end: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..end).collect();
        for last in (1..end).rev() {
            numbers.swap(last, self.below(last as u64 + 1) as usize);
        }
        numbers
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn time(&mut self) -> Time {
        OPENED + 1_000_000 + self.below(SPAN) as i64
    }
}

/// A customer and all that they did.
pub struct Customer {
    /// Counted from 0.
    pub number: usize,
    /// Who they are.
    pub person: Person,
    /// When each order was placed, and the order.
    pub orders: Vec<(Time, Order)>,
    /// When each ticket was opened, and the ticket.
    pub tickets: Vec<(Time, Ticket)>,
}

/// Who signed up.
pub struct Person {
    /// First and last name.
    pub name: String,
    /// A mailbox of their own.
    pub email: String,
    /// A number of their own.
    pub phone: String,
    /// free, pro or team.
    pub plan: &'static str,
    /// City and country.
    pub place: (&'static str, &'static str),
}

/// An order.
pub struct Order {
    /// In cents of a dollar.
    pub total: u64,
    /// The shop's own word.
    pub status: &'static str,
    /// What was bought, as in a call.
    pub products: Vec<Value>,
}

/// A ticket.
pub struct Ticket {
    /// closed, open or pending.
    pub status: &'static str,
    /// low, normal or high.
    pub priority: &'static str,
    /// email, chat or phone.
    pub channel: &'static str,
    /// What it is about.
    pub subject: &'static str,
}

impl Customer {
    /// The customer of a number.
    pub fn of(number: usize) -> Self {
        let mut dice = Dice(number as u64);
        Self {
            number,
            person: Person::of(&mut dice, number),
            orders: (0..ORDERS)
                .map(|_| (dice.time(), Order::of(&mut dice)))
                .collect(),
            tickets: (0..TICKETS)
                .map(|_| (dice.time(), Ticket::of(&mut dice)))
                .collect(),
        }
    }
}

impl Person {
    fn of(dice: &mut Dice, number: usize) -> Self {
        let (first, last) = (dice.pick(FIRST), dice.pick(LAST));
        let place = dice.pick(CITY);
        Self {
            name: format!("{first} {last}"),
            email: format!("{first}.{last}.{number}@example.com").to_lowercase(),
            phone: format!("+1212{:07}", 2_000_000 + number % 8_000_000),
            plan: dice.pick(&["free", "pro", "team"]),
            place,
        }
    }

    fn call(&self) -> Value {
        let (city, country) = self.place;
        json!({"type": "identify", "traits": {
            "email": self.email, "name": self.name, "phone": self.phone, "plan": self.plan,
            "address": {"city": city, "country": country},
        }})
    }
}

impl Order {
    fn of(dice: &mut Dice) -> Self {
        let lines = 1 + dice.below(3);
        let (mut total, mut products) = (0, Vec::new());
        for _ in 0..lines {
            let (sku, price, quantity) =
                (dice.below(500), 300 + dice.below(29_700), 1 + dice.below(3));
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
        Self {
            total,
            status,
            products,
        }
    }

    fn call(&self, id: &str) -> Value {
        json!({"type": "track", "event": "Order Completed", "properties": {
            "order_id": id, "total": self.total as f64 / 100.0, "currency": "USD", "status": self.status,
            "products": self.products,
        }})
    }
}

impl Ticket {
    fn of(dice: &mut Dice) -> Self {
        Self {
            status: dice.pick(&["closed", "closed", "open", "pending"]),
            priority: dice.pick(&["low", "normal", "high"]),
            channel: dice.pick(&["email", "chat", "phone"]),
            subject: dice.pick(SUBJECT),
        }
    }

    fn call(&self, id: &str) -> Value {
        json!({"type": "track", "event": "Ticket Created", "properties": {
            "ticket_id": id, "status": self.status, "priority": self.priority, "channel": self.channel,
            "subject": self.subject,
        }})
    }
}

/// The `userId` of a customer.
pub fn user_id(customer: usize) -> String {
    format!("cus_{customer:08}")
}

/// The call with which a customer signed up; everything else came later.
pub fn sign_up(customer: usize) -> String {
    let person = Person::of(&mut Dice(customer as u64), customer);
    sign(person.call(), customer, OPENED, "0")
}

/// Everything that a customer did, oldest first, as calls.
pub fn history(customer: usize) -> Vec<String> {
    let all = Customer::of(customer);
    let mut calls = vec![(OPENED, all.person.call())];
    for (number, (at, order)) in all.orders.iter().enumerate() {
        calls.push((*at, order.call(&format!("ord_{customer}_{number}"))));
    }
    for (number, (at, ticket)) in all.tickets.iter().enumerate() {
        calls.push((*at, ticket.call(&format!("tic_{customer}_{number}"))));
    }
    calls.sort_by_key(|(at, _)| *at);
    let signed = calls.into_iter().enumerate();
    signed
        .map(|(number, (at, call))| sign(call, customer, at, &format!("{number}")))
        .collect()
}

/// One more order of a customer who is known already; `number` is new each time.
pub fn live(customer: usize, number: usize) -> String {
    let order = Order::of(&mut Dice(number as u64));
    let at = OPENED + SPAN as i64 + number as i64;
    let call = order.call(&format!("live_{number}"));
    sign(call, customer, at, &format!("live-{number}"))
}

/// An order of a customer that its shop knows by a number of its own, so that it comes with a new
/// reference.
pub fn placed(customer: usize, number: usize) -> String {
    let order = Order::of(&mut Dice(number as u64));
    let id = format!("placed_{number}");
    let mut call = order.call(&id);
    call["context"] = json!({"externalIds": [
        {"id": id, "type": "shopify_order_id", "collection": "references", "encoding": "none"},
    ]});
    let at = OPENED + SPAN as i64 + number as i64;
    sign(call, customer, at, &format!("placed-{number}"))
}

/// A product that a customer looked at.
pub fn view(customer: usize, number: usize) -> String {
    let sku = format!("SKU-{:04}", Dice(number as u64).below(500));
    let call =
        json!({"type": "track", "event": "Product Viewed", "properties": {"product_id": sku}});
    let at = OPENED + SPAN as i64 + number as i64;
    sign(call, customer, at, &format!("view-{number}"))
}

/// A visitor with a cookie of their own who gives the address that all of them give; every tenth
/// signs in.
pub fn visitor(number: usize) -> String {
    let mut call = json!({
        "type": "identify",
        "messageId": format!("visit-{number}"),
        "anonymousId": format!("visitor-{number:08}"),
        "timestamp": OPENED + number as i64,
        "traits": {"email": "frontdesk@example.com"},
    });
    if number % 10 == 9 {
        call["userId"] = json!(user_id(number));
    }
    call.to_string()
}

/// Calls in one body.
pub fn batch(calls: &[String]) -> String {
    format!("{{\"batch\":[{}]}}", calls.join(","))
}

fn sign(mut call: Value, customer: usize, at: Time, message: &str) -> String {
    let user = user_id(customer);
    call["messageId"] = json!(format!("{user}-{message}"));
    call["userId"] = json!(user);
    call["timestamp"] = json!(at);
    call.to_string()
}
