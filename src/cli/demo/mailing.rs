//! The e-mail tool: events of newsletters, in batches. It knows an address and its own number for
//! it.

use super::dice::{Dice, MINUTE};
use super::person::DemoPerson;
use super::request::{DemoRequest, batches};
use crate::clock::Time;
use serde_json::{Value, json};

const SUBJECTS: [&str; 4] = [
    "New crop from Huehuetenango",
    "How to clean a grinder",
    "Free shipping this weekend",
    "Low Tide Decaf is back",
];

/// The requests for every newsletter: delivered, opened, clicked.
pub(super) fn requests(people: &[DemoPerson], write_key: &str) -> Vec<DemoRequest> {
    let calls: Vec<Value> = people.iter().flat_map(letters).collect();
    batches(&calls, write_key)
}

fn letters(person: &DemoPerson) -> Vec<Value> {
    let mut dice = Dice::new(person.number + 30_000);
    let mut calls = Vec::new();
    for (nth, at) in person.letters.iter().enumerate() {
        let mut call = |event: &str, at: Time| {
            let kind = event.replace(' ', "-").to_lowercase();
            calls.push(json!({
                "type": "track", "event": event, "messageId": format!("mail-{:05}-{nth}-{kind}", person.number),
                "timestamp": at,
                "properties": {
                    "email_id": format!("nl-{nth}-{}", person.number), "email_subject": SUBJECTS[nth % SUBJECTS.len()],
                    "campaign_name": "Newsletter",
                },
                "context": {
                    "traits": {"email": person.email()},
                    "externalIds": [{"id": format!("S{}", 90_000 + person.number), "type": "subscriber_id", "collection": "users", "encoding": "none"}],
                },
            }));
        };
        call("Email Delivered", *at);
        let opened = dice.below(100) < 55;
        if opened {
            call("Email Opened", *at + (10 + dice.below(300) as i64) * MINUTE);
        }
        if opened && dice.below(100) < 40 {
            call("Email Link Clicked", *at + 320 * MINUTE);
        }
    }
    calls
}
