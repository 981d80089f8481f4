//! The CRM: a nightly job sends its contacts through the server SDK, with the write key as Basic
//! authorization.

use super::person::DemoPerson;
use super::request::{DemoRequest, batches};
use serde_json::{Value, json};

const COMPANIES: [&str; 5] = [
    "Blue Door Bakery",
    "Quayside Hotel",
    "Marlow & Finch",
    "Pier 9 Studio",
    "Northbank Books",
];

/// The requests with all contacts, and the companies of those who buy for one.
pub(super) fn requests(people: &[DemoPerson], write_key: &str) -> Vec<DemoRequest> {
    let calls: Vec<Value> = people.iter().flat_map(contact).collect();
    batches(&calls, write_key)
}

fn contact(person: &DemoPerson) -> Vec<Value> {
    let Some(at) = person.contact_at else {
        return Vec::new();
    };
    let [area, exchange, line] = person.phone();
    let id = format!("C-{}", 20_000 + person.number);
    let context = json!({
        "externalIds": [{"id": id, "type": "crm_contact_id", "collection": "users", "encoding": "none"}],
        "library": {"name": "analytics-python", "version": "2.4.0"},
    });
    let traits = json!({
        "email": person.email().to_uppercase(), "phone": format!("{area}.{exchange}.{line}"), "name": person.name(),
        "address": {"city": person.town.city, "state": person.town.state, "country": "US"},
        "plan": if person.number % 4 == 2 { "wholesale" } else { "retail" },
        "account_owner": if person.number.is_multiple_of(2) { "Dana Holt" } else { "Luis Prado" },
    });
    let mut calls = vec![json!({
        "type": "identify", "messageId": format!("crm-{id}"), "timestamp": at, "traits": traits, "context": context,
    })];
    if person.number % 4 == 2 {
        let company = COMPANIES[(person.number / 4) as usize % COMPANIES.len()];
        calls.push(json!({
            "type": "group", "messageId": format!("crm-{id}-company"), "timestamp": at + 60_000, "context": context,
            "groupId": company.to_lowercase().replace([' ', '&'], "-"), "traits": {"name": company},
        }));
    }
    calls
}
