//! Orders: products, status and buyer.
//!
//! An order also carries its id as a `shopify_order_id`: refunds and fulfillments name no customer,
//! and are tied to one by the order.

use super::fulfillment::{failed, is_delivered, put_tracking};
use super::{Hook, customer, list, put, tags, text};
use crate::clock::parse_time;
use crate::event::{Event, Kind, Reject};
use serde_json::{Map, Value};

/// The properties of an order: our name and the field of Shopify's order.
const PROPERTIES: &[(&str, &str)] = &[
    ("order_number", "name"),
    ("total", "total_price"),
    ("subtotal", "subtotal_price"),
    ("tax", "total_tax"),
    ("discount", "total_discounts"),
    ("currency", "currency"),
    ("financial_status", "financial_status"),
    ("fulfillment_status", "fulfillment_status"),
    ("cancel_reason", "cancel_reason"),
];

/// The properties of a product: our name and the field of the line item.
const PRODUCT: &[(&str, &str)] = &[
    ("product_id", "product_id"),
    ("variant_id", "variant_id"),
    ("sku", "sku"),
    ("name", "title"),
    ("variant", "variant_title"),
    ("price", "price"),
];

/// `orders/create`.
pub(super) fn completed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let event = hook.event(
        Kind::Track,
        "Order Completed",
        &["created_at", "updated_at"],
    );
    order(hook, event, status(hook.body))
}

/// `orders/updated` and the topics that are special cases of it.
pub(super) fn updated(hook: &Hook<'_>) -> Result<Event, Reject> {
    let event = hook.event(Kind::Track, "Order Updated", &["updated_at", "created_at"]);
    order(hook, event, status(hook.body))
}

/// `orders/cancelled`.
pub(super) fn cancelled(hook: &Hook<'_>) -> Result<Event, Reject> {
    let event = hook.event(
        Kind::Track,
        "Order Cancelled",
        &["cancelled_at", "updated_at", "created_at"],
    );
    order(hook, event, "cancelled")
}

fn order(hook: &Hook<'_>, mut event: Event, status: &str) -> Result<Event, Reject> {
    let order = hook.body;
    let id = hook.id("id")?;
    event.add_reference("shopify_order_id", id.as_str());
    // The `user_id` of an order is the member of staff who entered it, never the customer.
    if let Some(id) = order
        .get("customer")
        .and_then(|customer| text(customer, "id"))
    {
        event.add_external_id("shopify_customer_id", id);
    }
    let properties = &mut event.properties;
    put(properties, "order_id", Some(id));
    put(properties, "status", Some(status));
    put(
        properties,
        "placed_at",
        text(order, "created_at")
            .and_then(|at| parse_time(&at))
            .map(|at| at.to_string()),
    );
    for (name, field) in PROPERTIES {
        put(properties, name, text(order, field));
    }
    put(properties, "shipping", shipping(order));
    let coupons: Vec<_> = list(order, "discount_codes")
        .iter()
        .filter_map(|code| text(code, "code"))
        .collect();
    put(
        properties,
        "coupon",
        (!coupons.is_empty()).then(|| coupons.join(", ")),
    );
    put(properties, "tags", tags(order));
    put_products(properties, list(order, "line_items").iter().map(product));
    if let Some(last) = list(order, "fulfillments")
        .iter()
        .rfind(|fulfillment| !failed(fulfillment))
    {
        put_tracking(properties, last);
    }
    let traits = customer::buyer(order);
    put(
        &mut event.context,
        "traits",
        (!traits.is_empty()).then_some(traits),
    );
    Ok(event)
}

/// The status of the order. A refund takes precedence over a parcel, and a parcel over a payment.
fn status(order: &Value) -> &'static str {
    let fulfillments: Vec<_> = list(order, "fulfillments")
        .iter()
        .filter(|fulfillment| !failed(fulfillment))
        .collect();
    let delivered = !fulfillments.is_empty()
        && fulfillments
            .iter()
            .all(|fulfillment| is_delivered(fulfillment));
    let field = |name| text(order, name).unwrap_or_default();
    if !field("cancelled_at").is_empty() {
        return "cancelled";
    }
    match (
        field("financial_status").as_str(),
        field("fulfillment_status").as_str(),
    ) {
        ("refunded", _) => "refunded",
        ("partially_refunded", _) => "partially_refunded",
        (_, "fulfilled") if delivered => "delivered",
        (_, "fulfilled") => "shipped",
        ("paid", _) => "processing",
        _ => "pending",
    }
}

fn shipping(order: &Value) -> Option<String> {
    let stated = order
        .pointer("/total_shipping_price_set/shop_money")
        .and_then(|money| text(money, "amount"));
    stated.or_else(|| {
        sum(list(order, "shipping_lines")
            .iter()
            .map(|line| text(line, "price")))
    })
}

/// One line of an order, as a product of Segment's spec.
pub(super) fn product(line: &Value) -> Map<String, Value> {
    let mut product = Map::new();
    for (name, field) in PRODUCT {
        put(&mut product, name, text(line, field));
    }
    if !product.contains_key("name") {
        put(&mut product, "name", text(line, "name"));
    }
    put_quantity(&mut product, line);
    product
}

/// Inserts the quantity of a line.
pub(super) fn put_quantity(product: &mut Map<String, Value>, line: &Value) {
    let quantity = line.get("quantity").filter(|quantity| quantity.is_number());
    put(product, "quantity", quantity.cloned());
}

/// Inserts the products, if there are any.
pub(super) fn put_products(
    properties: &mut Map<String, Value>,
    products: impl Iterator<Item = Map<String, Value>>,
) {
    let products: Vec<_> = products
        .filter(|product| !product.is_empty())
        .map(Value::Object)
        .collect();
    put(
        properties,
        "products",
        (!products.is_empty()).then_some(products),
    );
}

/// The exact sum of decimals: floats make 0.30000000000000004 of 0.10 and 0.20. `None` if there is
/// no amount, or if one is no decimal.
pub(super) fn sum(amounts: impl Iterator<Item = Option<String>>) -> Option<String> {
    let (mut total, mut places, mut any) = (0_i128, 0_u32, false);
    for amount in amounts {
        let amount = amount?;
        let (whole, fraction) = amount.split_once('.').unwrap_or((&amount, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let own = u32::try_from(fraction.len()).ok()?;
        let scale = |number: i128, by: u32| number.checked_mul(10_i128.checked_pow(by)?);
        let wide = places.max(own);
        total = scale(total, wide - places)?.checked_add(scale(digits, wide - own)?)?;
        (places, any) = (wide, true);
    }
    let (sign, width) = (if total < 0 { "-" } else { "" }, places as usize + 1);
    let mut text = format!("{:0width$}", total.unsigned_abs());
    if places > 0 {
        text.insert(text.len() - places as usize, '.');
    }
    any.then(|| format!("{sign}{text}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, fixture};
    use super::*;
    use crate::source::testing::ids;
    use serde_json::json;

    #[test]
    fn an_order_is_told_in_full() {
        let event = fixture(include_str!(
            "../../../tests/fixtures/shopify/order_fulfilled.json"
        ));
        assert_eq!(
            (event.kind, event.name.as_str()),
            (Kind::Track, "Order Updated")
        );
        assert_eq!(event.at.to_string(), "2026-11-04T08:30:02Z");
        assert_eq!(
            ids(&event),
            ["shopify_order_id:6120045512", "shopify_customer_id:7301554"]
        );
        assert_eq!(event.user_id, None);
        assert_eq!(
            Value::Object(event.properties),
            json!({
                "order_id": "6120045512", "order_number": "#2041", "placed_at": "2026-11-02T10:20:30Z", "status": "shipped",
                "total": "96.80", "subtotal": "91.80", "tax": "17.17", "shipping": "5.00", "discount": "10.20",
                "currency": "EUR", "coupon": "WELCOME10", "financial_status": "paid", "fulfillment_status": "fulfilled",
                "tracking_number": "RR123456785PT", "tracking_url": "https://tracking.example.com/RR123456785PT",
                "carrier": "CTT",
                "products": [
                    {
                        "product_id": "5501", "variant_id": "5511", "sku": "KET-17-COP", "name": "Harbour Kettle",
                        "variant": "1.7 l / Copper", "price": "89.00", "quantity": 1,
                    },
                    {
                        "product_id": "5602", "variant_id": "5612", "sku": "FIL-100", "name": "Paper Filters",
                        "price": "6.50", "quantity": 2,
                    },
                ],
            })
        );
    }

    #[test]
    fn each_topic_has_its_name_and_its_time() {
        for (text, name, status, at) in [
            (
                include_str!("../../../tests/fixtures/shopify/order_created.json"),
                "Order Completed",
                "pending",
                "2026-11-02T10:20:30Z",
            ),
            (
                include_str!("../../../tests/fixtures/shopify/order_paid.json"),
                "Order Updated",
                "processing",
                "2026-11-02T10:21:05Z",
            ),
            (
                include_str!("../../../tests/fixtures/shopify/order_delivered.json"),
                "Order Updated",
                "delivered",
                "2026-11-06T14:02:12Z",
            ),
            (
                include_str!("../../../tests/fixtures/shopify/order_partially_refunded.json"),
                "Order Updated",
                "partially_refunded",
                "2026-11-10T16:45:01Z",
            ),
            (
                include_str!("../../../tests/fixtures/shopify/order_cancelled_guest.json"),
                "Order Cancelled",
                "cancelled",
                "2026-11-13T07:30:00Z",
            ),
        ] {
            let event = fixture(text);
            assert_eq!(
                (
                    event.name.as_str(),
                    &event.properties["status"],
                    event.at.to_string()
                ),
                (name, &json!(status), at.to_owned())
            );
        }
    }

    #[test]
    fn a_guest_is_known_by_the_order_alone() {
        let event = fixture(include_str!(
            "../../../tests/fixtures/shopify/order_cancelled_guest.json"
        ));
        assert_eq!(ids(&event), ["shopify_order_id:6120045640"]);
        assert_eq!(event.properties["tags"], json!(["gift", "rush"]));
        assert_eq!(event.properties["cancel_reason"], "customer");
        assert_eq!(event.context["traits"]["phone"], "070-174 06 05");
        assert_eq!(
            event.context["traits"]["address"]["country"], "SE",
            "the phone number needs it"
        );
    }

    #[test]
    fn a_parcel_that_never_left_is_not_tracked() {
        let fulfillments = json!([
            {"status": "success", "tracking_number": "A1"},
            {"status": "success", "tracking_numbers": ["B2"], "shipment_status": "delivered"},
            {"status": "cancelled", "tracking_number": "C3"},
        ]);
        let event = event(
            "orders/updated",
            &json!({"id": 7, "fulfillment_status": "fulfilled", "fulfillments": fulfillments}),
        );
        assert_eq!(
            (
                &event.properties["tracking_number"],
                &event.properties["status"]
            ),
            (&json!("B2"), &json!("shipped"))
        );
    }

    #[test]
    fn sums_are_exact() {
        let total = |amounts: &[&str]| sum(amounts.iter().map(|amount| Some((*amount).to_owned())));
        assert_eq!(total(&["0.10", "0.20"]).as_deref(), Some("0.30"));
        assert_eq!(total(&["10", "0.5", "-0.75"]).as_deref(), Some("9.75"));
        assert_eq!(total(&["0.01", "-0.50"]).as_deref(), Some("-0.49"));
        assert_eq!(total(&["1200"]).as_deref(), Some("1200"));
        for bad in [&["1,50"][..], &["1e3"], &["", "1"], &[]] {
            assert_eq!(total(bad), None, "{bad:?}");
        }
    }
}
