//! Fulfillments: the parcels of an order.

use super::{Hook, list, put, text};
use crate::event::{Event, Kind, Reject};
use serde_json::{Map, Value};

/// `fulfillments/create` and `fulfillments/update`.
pub(super) fn shipped(hook: &Hook<'_>) -> Result<Event, Reject> {
    let fulfillment = hook.body;
    let name = match fulfillment {
        fulfillment if failed(fulfillment) => "Order Updated",
        fulfillment if is_delivered(fulfillment) => "Order Delivered",
        _ => "Order Shipped",
    };
    let mut event = hook.event(Kind::Track, name, &["updated_at", "created_at"]);
    let order_id = hook.id("order_id")?;
    event.add_reference("shopify_order_id", order_id.as_str());
    put(&mut event.properties, "order_id", Some(order_id));
    put(
        &mut event.properties,
        "shipment_status",
        text(fulfillment, "shipment_status"),
    );
    if !failed(fulfillment) {
        put_tracking(&mut event.properties, fulfillment);
    }
    Ok(event)
}

/// Whether the parcel has arrived.
pub(super) fn is_delivered(fulfillment: &Value) -> bool {
    text(fulfillment, "shipment_status").as_deref() == Some("delivered")
}

/// Whether the parcel was never sent, so that its tracking number leads nowhere.
pub(super) fn failed(fulfillment: &Value) -> bool {
    matches!(
        text(fulfillment, "status").as_deref(),
        Some("cancelled" | "error" | "failure")
    )
}

/// Inserts the tracking number and address of the parcel.
pub(super) fn put_tracking(properties: &mut Map<String, Value>, fulfillment: &Value) {
    let first = |field| {
        list(fulfillment, field)
            .iter()
            .find_map(|value| value.as_str().map(str::to_owned))
    };
    let number = text(fulfillment, "tracking_number").or_else(|| first("tracking_numbers"));
    put(properties, "tracking_number", number);
    put(
        properties,
        "tracking_url",
        text(fulfillment, "tracking_url").or_else(|| first("tracking_urls")),
    );
    put(properties, "carrier", text(fulfillment, "tracking_company"));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, fixture};
    use crate::source::testing::ids;
    use serde_json::json;

    #[test]
    fn a_fulfillment_is_named_by_where_the_parcel_is() {
        for (fulfillment, name) in [
            (
                json!({"order_id": 7, "status": "success", "shipment_status": null}),
                "Order Shipped",
            ),
            (
                json!({"order_id": 7, "status": "success", "shipment_status": "in_transit"}),
                "Order Shipped",
            ),
            (
                json!({"order_id": 7, "status": "success", "shipment_status": "delivered"}),
                "Order Delivered",
            ),
            (
                json!({"order_id": 7, "status": "cancelled", "tracking_number": "C3"}),
                "Order Updated",
            ),
        ] {
            let event = event("fulfillments/update", &fulfillment);
            assert_eq!(
                (event.name.as_str(), event.property("tracking_number")),
                (name, None)
            );
        }
        let event = fixture(include_str!(
            "../../../tests/fixtures/shopify/fulfillment_created.json"
        ));
        assert_eq!(
            (event.property("carrier").as_deref(), ids(&event).len()),
            (Some("CTT"), 1)
        );
    }
}
