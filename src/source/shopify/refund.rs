//! Refunds: the amount, and the lines of the order.

use super::order::{product, put_products, put_quantity, sum};
use super::{Hook, list, put, text};
use crate::event::{Event, Kind, Reject};
use serde_json::Value;

/// `refunds/create`.
pub(super) fn refunded(hook: &Hook<'_>) -> Result<Event, Reject> {
    let refund = hook.body;
    let mut event = hook.event(
        Kind::Track,
        "Order Refunded",
        &["processed_at", "created_at"],
    );
    let order_id = hook.id("order_id")?;
    event.add_reference("shopify_order_id", order_id.as_str());
    let lines = list(refund, "refund_line_items");
    let paid_back = || {
        let is =
            |transaction: &Value, field, word| text(transaction, field).as_deref() == Some(word);
        let transactions = list(refund, "transactions").iter();
        transactions.filter(move |one| is(one, "kind", "refund") && is(one, "status", "success"))
    };
    let total = sum(paid_back().map(|transaction| text(transaction, "amount")));
    let line_currency =
        |line: &Value| text(line.pointer("/subtotal_set/shop_money")?, "currency_code");
    let currency = paid_back().find_map(|transaction| text(transaction, "currency"));
    let properties = &mut event.properties;
    put(properties, "order_id", Some(order_id));
    put(properties, "refund_id", text(refund, "id"));
    put(
        properties,
        "total",
        total.or_else(|| sum(lines.iter().map(|line| text(line, "subtotal")))),
    );
    put(
        properties,
        "currency",
        currency.or_else(|| lines.iter().find_map(line_currency)),
    );
    put(properties, "reason", text(refund, "note"));
    put_products(
        properties,
        lines.iter().map(|line| {
            let mut product = line.get("line_item").map(product).unwrap_or_default();
            // The quantity of the line item is the bought one, not the refunded one.
            put_quantity(&mut product, line);
            product
        }),
    );
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, fixture};
    use super::*;
    use crate::source::testing::ids;
    use serde_json::json;

    #[test]
    fn a_refund_is_what_was_really_paid_back() {
        let event = fixture(include_str!(
            "../../../tests/fixtures/shopify/refund_created.json"
        ));
        assert_eq!(ids(&event), ["shopify_order_id:6120045512"]);
        let product = json!([{
            "product_id": "5602", "variant_id": "5612", "sku": "FIL-100", "name": "Paper Filters", "price": "6.50", "quantity": 1,
        }]);
        assert_eq!(
            Value::Object(event.properties),
            json!({
                "order_id": "6120045512", "refund_id": "880045", "total": "5.85", "currency": "EUR",
                "reason": "One pack of filters was torn", "products": product,
            })
        );
    }

    #[test]
    fn a_refund_without_a_payment_is_the_worth_of_its_lines() {
        let lines = json!([
            {"quantity": 1, "subtotal": 0.1, "subtotal_set": {"shop_money": {"amount": "0.10", "currency_code": "USD"}}},
            {"quantity": 1, "subtotal": 0.2},
        ]);
        let event = event(
            "refunds/create",
            &json!({"id": 1, "order_id": 7, "refund_line_items": lines, "transactions": []}),
        );
        assert_eq!(
            (&event.properties["total"], &event.properties["currency"]),
            (&json!("0.3"), &json!("USD"))
        );
    }
}
