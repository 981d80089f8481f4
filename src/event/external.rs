//! External ids, in the shape of Segment's `context.externalIds`: ids of the customer in the
//! collection `users`, and references, which are ids of things that belong to the customer.

use super::{Event, text_of};
use serde_json::{Map, Value, json};

/// The collection of ids of the customer.
const USERS: &str = "users";
/// The collection of ids of their things: orders, tickets.
const REFERENCES: &str = "references";

/// One of the ids that an event carries beside those that have fields of their own.
#[derive(Debug)]
pub struct ExternalId {
    /// Its kind, in lower case.
    pub kind: String,
    /// Its value, as it was sent.
    pub value: String,
    /// Whether it names a thing of the customer, and not the customer.
    pub reference: bool,
}

impl Event {
    /// Adds an id that the customer has in a system of its own: `shopify_customer_id`, …
    pub fn add_external_id(&mut self, kind: &str, value: impl Into<String>) {
        self.list_id(kind, &value.into(), USERS);
    }

    /// Adds the id of a thing that belongs to the customer, such as an order. It ties this event to
    /// the other events about the thing, also to those without an id of the customer.
    pub fn add_reference(&mut self, kind: &str, value: impl Into<String>) {
        self.list_id(kind, &value.into(), REFERENCES);
    }

    fn list_id(&mut self, kind: &str, value: &str, collection: &str) {
        let entry =
            json!({"id": value, "type": kind, "collection": collection, "encoding": "none"});
        let ids = self
            .context
            .entry("externalIds")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(ids) = ids {
            ids.push(entry);
        }
    }
}

/// The external ids of an event's context. An id without a collection is the customer's; ids of
/// other collections, such as accounts, are left out.
pub fn external_ids(context: &Map<String, Value>) -> impl Iterator<Item = ExternalId> {
    let listed = context.get("externalIds").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|entry| {
        let text = |field: &str| entry.get(field).and_then(text_of);
        let reference = match text("collection").as_deref() {
            None | Some(USERS) => false,
            Some(REFERENCES) => true,
            Some(_) => return None,
        };
        Some(ExternalId {
            kind: text("type")?.to_lowercase(),
            value: text("id")?,
            reference,
        })
    })
}
