//! The website: the browser SDK sends each call on its own, as text, with the write key in the
//! body.

use super::dice::{Dice, MINUTE};
use super::person::{Browser, DemoPerson};
use super::request::DemoRequest;
use super::shop::PRODUCTS;
use super::shopify::{dollars, total_cents};
use crate::clock::Time;
use serde_json::{Value, json};

/// Writes the calls of a person, one after another.
struct CallWriter<'a> {
    person: &'a DemoPerson,
    browser: &'a Browser,
    write_key: &'a str,
    signed_in: bool,
    sent: Vec<DemoRequest>,
}

/// The calls of all visits: pages, searches, sign-ups.
pub(super) fn requests(people: &[DemoPerson], write_key: &str) -> Vec<DemoRequest> {
    let of = |person: &DemoPerson| {
        let Some(browser) = &person.browser else {
            return Vec::new();
        };
        let mut writer = CallWriter {
            person,
            browser,
            write_key,
            signed_in: false,
            sent: Vec::new(),
        };
        writer.run();
        writer.sent
    };
    people.iter().flat_map(of).collect()
}

impl CallWriter<'_> {
    fn run(&mut self) {
        let mut dice = Dice::new(self.person.number + 10_000);
        for (nth, visit) in self.browser.visits.iter().copied().enumerate() {
            let product = dice.below(PRODUCTS.len() as u64) as usize;
            self.page(visit, "Home", "/");
            self.look_at(visit + 2 * MINUTE, product);
            if nth == 0 && self.browser.signs_up {
                self.sign_up(visit + 9 * MINUTE);
            }
            if dice.below(3) == 0 {
                let query = PRODUCTS[(product + 5) % PRODUCTS.len()].name.to_lowercase();
                self.track(
                    visit + 11 * MINUTE,
                    "Products Searched",
                    &json!({"query": query}),
                );
            }
        }
        if self.signed_in {
            self.buy();
        }
    }

    /// The checkout sends the order as well; it is the same order as in the shop's webhooks.
    fn buy(&mut self) {
        let since = self.browser.visits[0];
        for order in self
            .person
            .orders
            .iter()
            .filter(|order| order.at > since + 10 * MINUTE)
        {
            let products: Vec<Value> = order
                .lines
                .iter()
                .map(|(product, quantity)| {
                    let product = &PRODUCTS[*product];
                    json!({
                        "product_id": product.id.to_string(), "sku": product.sku, "name": product.name, "variant": product.variant,
                        "price": product.cents as f64 / 100.0, "quantity": quantity,
                    })
                })
                .collect();
            let total = dollars(total_cents(order));
            let properties = json!({"order_id": order.id.to_string(), "total": total, "currency": "USD", "products": products});
            self.track(order.at, "Order Completed", &properties);
        }
    }

    fn page(&mut self, at: Time, name: &str, path: &str) {
        let properties = json!({"name": name, "path": path, "title": name, "url": url(path)});
        self.send(
            "/v1/p",
            at,
            json!({"type": "page", "name": name, "properties": properties}),
        );
    }

    fn look_at(&mut self, at: Time, product: usize) {
        let product = &PRODUCTS[product];
        let path = format!("/products/{}", product.sku.to_lowercase());
        self.page(at, product.name, &path);
        let properties = json!({
            "product_id": product.id.to_string(), "sku": product.sku, "name": product.name,
            "price": product.cents as f64 / 100.0, "currency": "USD",
        });
        self.track(at + 5_000, "Product Viewed", &properties);
    }

    fn sign_up(&mut self, at: Time) {
        self.signed_in = true;
        let (person, email) = (self.person, self.person.email());
        let traits = json!({"email": email, "first_name": person.first, "name": person.name(), "created_at": at});
        let consent = json!({"categoryPreferences": {"Analytics": true, "Advertising": person.number % 3 == 0}});
        self.send(
            "/v1/i",
            at,
            json!({"type": "identify", "traits": traits, "context": {"consent": consent}}),
        );
        self.track(at + 2_000, "Signed Up", &json!({"type": "email"}));
    }

    fn track(&mut self, at: Time, event: &str, properties: &Value) {
        let call = json!({"type": "track", "event": event, "properties": properties});
        self.send("/v1/t", at, call);
    }

    fn send(&mut self, path: &'static str, at: Time, mut call: Value) {
        let number = self.person.number;
        call["messageId"] = json!(format!("ajs-next-{number:05}-{:04}", self.sent.len()));
        call["timestamp"] = json!(at);
        call["anonymousId"] = json!(self.browser.id);
        call["userId"] = json!(self.signed_in.then(|| self.person.user_id()));
        call["context"]["library"] = json!({"name": "analytics.js", "version": "next-1.84.3"});
        call["context"]["locale"] = json!("en-US");
        call["integrations"] = json!({});
        call["writeKey"] = json!(self.write_key);
        self.sent.push(DemoRequest {
            path,
            headers: vec![("content-type", "text/plain".to_owned())],
            body: call.to_string().into_bytes(),
            events: 1,
        });
    }
}

fn url(path: &str) -> String {
    format!("https://tidewater.example{path}")
}
