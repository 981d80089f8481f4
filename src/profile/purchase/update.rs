//! What an event of the Segment e-commerce spec says of an order.

use super::super::record::{RecordUpdate, fields, id_property, text_property, time_property};
use crate::event::Event;
use serde_json::Value;

/// The properties of an order event that become fields of the record as they are.
const FIELDS: &[&str] = &[
    "currency",
    "total",
    "revenue",
    "value",
    "subtotal",
    "shipping",
    "tax",
    "discount",
    "coupon",
    "order_number",
    "tracking_number",
    "tracking_url",
    "carrier",
    "cancel_reason",
    "products",
];

/// The order events, by their names in both versions of the spec, and the status each one implies.
fn implied_status(name: &str) -> Option<Option<&'static str>> {
    Some(match name.to_ascii_lowercase().as_str() {
        "order completed" | "completed order" => Some("completed"),
        "order updated" | "updated order" => None,
        "order cancelled" | "cancelled order" => Some("cancelled"),
        "order refunded" | "refunded order" => Some("refunded"),
        "order shipped" => Some("shipped"),
        "order delivered" => Some("delivered"),
        _ => return None,
    })
}

/// What an event says of an order, if it is about one. An explicit `status` property beats the one
/// that the event's name implies.
pub(super) fn update(event: &Event) -> Option<RecordUpdate> {
    let implied = implied_status(&event.name)?;
    let id = id_property(event, "order_id")?;
    let refund = implied == Some("refunded");
    let mut fields = fields(event, if refund { &["currency"] } else { FIELDS });
    let mut entries = Vec::new();
    if refund {
        let key = text_property(event, "refund_id").unwrap_or_else(|| event.id.clone());
        let amount = ["total", "value", "revenue"]
            .iter()
            .find_map(|name| event.properties.get(*name));
        entries.push(("refunds", key, amount.cloned().unwrap_or(Value::Null)));
    }
    let stated = text_property(event, "status")
        .map(|status| status.to_lowercase().replace("canceled", "cancelled"));
    if let Some(status) = stated.or_else(|| implied.map(str::to_owned)) {
        fields.push(("status", Value::String(status.clone())));
        entries.push(("status", event.id.clone(), Value::String(status)));
    }
    Some(RecordUpdate {
        id,
        began_at: time_property(event, "placed_at").unwrap_or(event.at),
        fields,
        entries,
    })
}
