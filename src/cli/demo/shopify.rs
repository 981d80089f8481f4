//! The shop: Shopify's webhooks of customers, orders and parcels.

use super::person::{DemoOrder, DemoPerson, ShopAccount, Stage};
use super::request::DemoRequest;
use super::shop::{PRODUCTS, SHOP_DOMAIN};
use crate::clock::Time;
use serde_json::{Value, json};

const HOUR: i64 = 60 * 60 * 1000;
const SHIPPING_CENTS: u64 = 500;

/// The webhooks of all customers and their orders.
pub(super) fn requests(people: &[DemoPerson], _write_key: &str) -> Vec<DemoRequest> {
    people.iter().flat_map(webhooks).collect()
}

fn webhooks(person: &DemoPerson) -> Vec<DemoRequest> {
    let Some(account) = &person.shop_account else {
        return Vec::new();
    };
    let customer = customer(person, account);
    let mut sent = vec![webhook("customers/create", account.id, &customer)];
    for order in &person.orders {
        let body = |at, paid, cancelled: Option<Time>| {
            order_body(person, account, order, at, paid, cancelled)
        };
        sent.push(webhook(
            "orders/create",
            order.id,
            &body(order.at, false, None),
        ));
        sent.push(webhook(
            "orders/paid",
            order.id,
            &body(order.at + 90_000, true, None),
        ));
        let (packed, arrived) = (order.at + 20 * HOUR, order.at + 75 * HOUR);
        if order.stage == Stage::Cancelled {
            let cancelled = order.at + 5 * HOUR;
            sent.push(webhook(
                "orders/cancelled",
                order.id,
                &body(cancelled, true, Some(cancelled)),
            ));
        }
        if matches!(order.stage, Stage::Shipped | Stage::Delivered) {
            sent.push(webhook(
                "fulfillments/create",
                order.id,
                &parcel(order, packed, None),
            ));
        }
        if order.stage == Stage::Delivered {
            sent.push(webhook(
                "fulfillments/update",
                order.id,
                &parcel(order, arrived, Some(arrived)),
            ));
        }
    }
    sent
}

fn webhook(topic: &str, id: u64, body: &Value) -> DemoRequest {
    DemoRequest {
        path: "/v1/webhooks/shop",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-shop-domain", SHOP_DOMAIN.to_owned()),
            ("x-shopify-api-version", "2026-07".to_owned()),
            (
                "x-shopify-webhook-id",
                format!("tw-{}-{id}", topic.replace('/', "-")),
            ),
        ],
        body: body.to_string().into_bytes(),
        events: 1,
    }
}

/// The phone number as the customer typed it: (415) 555-0104, without the country.
fn typed_phone(person: &DemoPerson) -> String {
    let [area, exchange, line] = person.phone();
    format!("({area}) {exchange}-{line}")
}

fn customer(person: &DemoPerson, account: &ShopAccount) -> Value {
    let consent = if person.number.is_multiple_of(4) {
        "not_subscribed"
    } else {
        "subscribed"
    };
    json!({
        "id": account.id, "email": account.email, "created_at": account.since, "updated_at": account.since,
        "first_name": person.first, "last_name": person.last, "state": "enabled", "currency": "USD", "tags": "",
        "phone": null, "verified_email": true, "orders_count": 0, "total_spent": "0.00",
        "email_marketing_consent": account.email.as_ref().map(|_| json!({"state": consent, "opt_in_level": "single_opt_in"})),
        "default_address": address(person),
    })
}

fn address(person: &DemoPerson) -> Value {
    let town = person.town;
    json!({
        "first_name": person.first, "last_name": person.last, "address1": format!("{} Wharf Street", 10 + person.number),
        "address2": null, "city": town.city, "province": town.state, "province_code": town.state_code, "zip": town.zip,
        "country": "United States", "country_code": "US", "phone": typed_phone(person),
    })
}

/// The total of an order with shipping.
pub(super) fn total_cents(order: &DemoOrder) -> u64 {
    let lines = order.lines.iter();
    SHIPPING_CENTS
        + lines
            .map(|(product, quantity)| PRODUCTS[*product].cents * quantity)
            .sum::<u64>()
}

pub(super) fn dollars(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn order_body(
    person: &DemoPerson,
    account: &ShopAccount,
    order: &DemoOrder,
    at: Time,
    paid: bool,
    cancelled: Option<Time>,
) -> Value {
    let total = total_cents(order);
    let lines: Vec<Value> = order
        .lines
        .iter()
        .enumerate()
        .map(|(nth, line)| line_item(order, nth, *line))
        .collect();
    json!({
        "id": order.id, "name": format!("#{}", order.number), "order_number": order.number, "number": order.number - 1000,
        "created_at": order.at, "updated_at": at, "cancelled_at": cancelled,
        "cancel_reason": cancelled.map(|_| "customer"), "currency": "USD", "email": account.email, "phone": null,
        "financial_status": if paid { "paid" } else { "pending" }, "fulfillment_status": null, "source_name": "web",
        "subtotal_price": dollars(total - SHIPPING_CENTS), "total_discounts": "0.00", "total_tax": "0.00", "total_price": dollars(total),
        "total_shipping_price_set": {"shop_money": {"amount": dollars(SHIPPING_CENTS), "currency_code": "USD"}},
        "customer": {"id": account.id, "email": account.email, "first_name": person.first, "last_name": person.last},
        "billing_address": address(person), "shipping_address": address(person),
        "discount_codes": [], "fulfillments": [], "refunds": [], "tags": "", "user_id": null, "line_items": lines,
    })
}

fn line_item(order: &DemoOrder, nth: usize, (product, quantity): (usize, u64)) -> Value {
    let product = &PRODUCTS[product];
    json!({
        "id": order.id * 10 + nth as u64, "product_id": product.id, "variant_id": product.id + 10_000, "sku": product.sku,
        "title": product.name, "variant_title": product.variant, "name": format!("{} - {}", product.name, product.variant),
        "price": dollars(product.cents), "quantity": quantity, "requires_shipping": true, "vendor": "Tidewater Coffee",
    })
}

fn parcel(order: &DemoOrder, at: Time, arrived: Option<Time>) -> Value {
    let tracking = format!("TW{}US", order.id % 1_000_000_000);
    json!({
        "id": order.id + 1_000_000, "order_id": order.id, "name": format!("#{}.1", order.number), "status": "success",
        "created_at": order.at + 20 * HOUR, "updated_at": at, "service": "manual", "line_items": [],
        "shipment_status": arrived.map(|_| "delivered"), "tracking_company": "Harbor Post",
        "tracking_number": tracking, "tracking_numbers": [tracking],
        "tracking_url": format!("https://track.example/{tracking}"), "tracking_urls": [],
    })
}
