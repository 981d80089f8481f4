//! The app: the mobile SDK sends a gzipped batch with the write key in it. It knows its device
//! first and the customer later.

use super::dice::Dice;
use super::person::{DemoPerson, PhoneApp};
use super::request::DemoRequest;
use super::shop::PRODUCTS;
use crate::clock::Time;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

/// The requests of the app: a batch for each time that it was open.
pub(super) fn requests(people: &[DemoPerson], write_key: &str) -> Vec<DemoRequest> {
    let of = |person| batches(person, write_key);
    people.iter().flat_map(of).collect()
}

fn batches(person: &DemoPerson, write_key: &str) -> Vec<DemoRequest> {
    let Some(app) = &person.phone_app else {
        return Vec::new();
    };
    let batch = |(nth, opened): (usize, &Time)| {
        let calls = calls(person, app, nth, *opened);
        let events = calls.len();
        let body = json!({"batch": calls, "writeKey": write_key});
        DemoRequest {
            path: "/v1/b",
            headers: vec![
                ("content-type", "text/plain".to_owned()),
                ("content-encoding", "gzip".to_owned()),
            ],
            body: gzip(body.to_string().as_bytes()),
            events,
        }
    };
    app.opened.iter().enumerate().map(batch).collect()
}

fn calls(person: &DemoPerson, app: &PhoneApp, nth: usize, opened: Time) -> Vec<Value> {
    let mut dice = Dice::new(person.number + 20_000 + nth as u64);
    let product = &PRODUCTS[dice.below(PRODUCTS.len() as u64) as usize];
    let user_id = (nth > 0).then(|| person.user_id());
    let mut calls = vec![
        json!({"type": "track", "event": "Application Opened", "userId": user_id, "properties": {"version": "3.2.0"}}),
        json!({"type": "screen", "name": "Home", "userId": user_id}),
    ];
    if nth == 0 {
        let traits = json!({"first_name": person.first});
        calls.push(json!({"type": "identify", "userId": person.user_id(), "traits": traits}));
        calls.push(json!({"type": "track", "event": "Signed In", "userId": person.user_id()}));
    }
    let looked = json!({"product_id": product.id.to_string(), "name": product.name});
    calls.push(json!({"type": "track", "event": "Product Viewed", "userId": person.user_id(), "properties": looked}));
    for (at, call) in calls.iter_mut().enumerate() {
        call["messageId"] = json!(format!("app-{:05}-{nth}-{at}", person.number));
        call["timestamp"] = json!(opened + at as i64 * 45_000);
        call["anonymousId"] = json!(app.install);
        call["context"] = context(app);
    }
    calls
}

fn context(app: &PhoneApp) -> Value {
    let (kind, model, maker, library) = if app.ios {
        ("ios", "iPhone15,2", "Apple", "analytics-swift")
    } else {
        ("android", "Pixel 8", "Google", "analytics-kotlin")
    };
    json!({
        "device": {"id": app.device, "type": kind, "model": model, "manufacturer": maker, "adTrackingEnabled": false},
        "library": {"name": library, "version": "1.6.2"},
        "app": {"name": "Tidewater", "version": "3.2.0"},
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory never fails")
}
