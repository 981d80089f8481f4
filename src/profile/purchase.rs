//! Purchases: orders of the Segment e-commerce spec, with their items, totals, status history and
//! refunds.

use super::money::{self, DEFAULT_CURRENCY, MAX_AMOUNT};
use super::packed::packed;
use super::part::ProfilePart;
use super::record::{Record, RecordList, replace_in};
use crate::clock::Time;
use crate::event::{Event, text_of};
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

mod update;

use update::update;

/// Most purchases that a profile repeats; older ones are paged from the store.
pub const MAX_RECENT: usize = 20;
/// Most items of one purchase that are shown.
const MAX_ITEMS: usize = 30;

/// One order. Amounts are integer minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purchase {
    /// The order's id in the shop.
    pub order_id: String,
    /// The number that the customer sees, such as `#1001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// When it was placed.
    pub placed_at: Time,
    /// When anything about it last changed.
    pub changed_at: Time,
    /// Where it stands, in the shop's own word; lower case.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// What it cost in all.
    pub total: i64,
    /// What was paid back.
    pub refunded: i64,
    /// What was bought.
    pub items: Vec<Item>,
    /// How many items there are, should there be more than are shown.
    pub item_count: u64,
    /// Status changes, oldest first.
    pub history: Vec<Change>,
    /// The parcel's tracking number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where the parcel can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// The sources that spoke of it.
    pub sources: Vec<String>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The product's id, or its SKU where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Which one of it: size, colour, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How many.
    pub quantity: i64,
    /// The price of one, in minor units of the order's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<i64>,
}

/// A status and when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Since when.
    pub at: Time,
    /// The status.
    pub status: String,
}

/// The customer's orders and what they add up to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Purchases {
    /// How many orders there are in all.
    pub count: u64,
    /// What they add up to, by currency.
    pub totals: BTreeMap<String, Total>,
    /// The newest, newest first.
    pub recent: Vec<Purchase>,
}

/// Sums over all orders in one currency. Cancelled orders are not in `spent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Orders that count.
    pub orders: u64,
    /// Their totals, in minor units.
    pub spent: i64,
    /// What was paid back, in minor units.
    pub refunded: i64,
}

packed!(Purchase {
    order_id,
    order_number,
    placed_at,
    changed_at,
    status,
    currency,
    total,
    refunded,
    items,
    item_count,
    history,
    tracking_number,
    tracking_url,
    sources,
});
packed!(Item {
    product_id,
    name,
    variant,
    quantity,
    price
});
packed!(Change { at, status });
packed!(Purchases {
    count,
    totals,
    recent
});
packed!(Total {
    orders,
    spent,
    refunded
});

impl ProfilePart for Purchases {
    type Facts = Option<Arc<Record>>;

    fn read(event: &Event) -> Self::Facts {
        Record::read(event, update)
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (currency, theirs) in other.totals {
            let total = self.totals.entry(currency).or_default();
            total.orders += theirs.orders;
            total.spent = total.spent.wrapping_add(theirs.spent);
            total.refunded = total.refunded.wrapping_add(theirs.refunded);
        }
        self.recent.extend(other.recent);
        let newest = |purchase: &Purchase| Reverse((purchase.placed_at, purchase.order_id.clone()));
        self.recent.sort_by_cached_key(newest);
        self.recent.truncate(MAX_RECENT);
    }
}

impl RecordList for Purchases {
    fn replace(&mut self, before: Option<&Record>, after: &Record) -> bool {
        let after = Purchase::of(after);
        match before {
            Some(before) => self.count_in(&Purchase::of(before), -1),
            None => self.count += 1,
        }
        self.count_in(&after, 1);
        let id = after.order_id.clone();
        replace_in(
            &mut self.recent,
            self.count,
            MAX_RECENT,
            after,
            |held| held.order_id == id,
            |held| (held.placed_at, held.order_id.clone()),
        )
    }

    fn remove(&mut self, record: &Record) -> bool {
        let dropped_others = self.count > MAX_RECENT as u64;
        self.count = self.count.saturating_sub(1);
        self.count_in(&Purchase::of(record), -1);
        self.recent.retain(|held| held.order_id != record.id);
        dropped_others
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Purchases {
    fn count_in(&mut self, purchase: &Purchase, sign: i64) {
        let total = self.totals.entry(purchase.currency.clone()).or_default();
        if purchase.status != "cancelled" {
            total.orders = total.orders.saturating_add_signed(sign);
            // A sum that leaves the range is right again once it is back, whatever the order in
            // which orders come and go.
            total.spent = total.spent.wrapping_add(sign * purchase.total);
        }
        total.refunded = total.refunded.wrapping_add(sign * purchase.refunded);
        if *total == Total::default() {
            self.totals.remove(&purchase.currency);
        }
    }
}

impl Purchase {
    /// The order that a record describes.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let currency = record.text("currency").map_or_else(
            || DEFAULT_CURRENCY.to_owned(),
            |code| code.trim().to_uppercase(),
        );
        let products = record
            .field("products")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let items: Vec<Item> = products
            .iter()
            .filter_map(|product| Item::of(product, &currency))
            .collect();
        let total = total(record, &items, &currency);
        let refunded = refunded(record, total, &currency);
        let mut status = record.text("status").unwrap_or_else(|| "placed".to_owned());
        if status == "refunded" && refunded < total {
            "partially_refunded".clone_into(&mut status);
        }
        Self {
            order_id: record.id.clone(),
            order_number: record.text("order_number"),
            placed_at: record.began_at,
            changed_at: record.changed_at,
            status,
            total,
            refunded,
            item_count: items.len() as u64,
            items: items.into_iter().take(MAX_ITEMS).collect(),
            history: history(record),
            tracking_number: record.text("tracking_number"),
            tracking_url: record.text("tracking_url"),
            sources: record.sources.iter().cloned().collect(),
            currency,
        }
    }
}

/// `total`, or the older names for it, or what the items add up to.
fn total(record: &Record, items: &[Item], currency: &str) -> i64 {
    let stated = ["total", "revenue", "value", "subtotal"]
        .iter()
        .find_map(|name| money::minor(record.field(name)?, currency));
    stated.unwrap_or_else(|| {
        let sum = items.iter().fold(0, |sum: i64, item| {
            sum.saturating_add(item.price.unwrap_or(0).saturating_mul(item.quantity))
        });
        sum.clamp(-MAX_AMOUNT, MAX_AMOUNT)
    })
}

/// What the refunds add up to; a refund without an amount is of the whole order.
fn refunded(record: &Record, total: i64, currency: &str) -> i64 {
    let refunds = record.entries("refunds");
    let amount = |value: &Value| money::minor(value, currency).map_or(total, i64::abs);
    let sum = refunds
        .iter()
        .fold(0, |sum: i64, (_, value)| sum.saturating_add(amount(value)));
    if refunds.is_empty() {
        0
    } else {
        sum.min(total.max(0))
    }
}

fn history(record: &Record) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (at, status) in record.entries("status") {
        let status = text_of(status).unwrap_or_default();
        if changes.last().is_none_or(|last| last.status != status) {
            changes.push(Change { at, status });
        }
    }
    changes
}

impl Item {
    fn of(product: &Value, currency: &str) -> Option<Self> {
        let text = |name: &str| {
            product
                .get(name)
                .and_then(text_of)
                .filter(|text| !text.is_empty())
        };
        let name = text("name")
            .or_else(|| text("title"))
            .or_else(|| text("sku"))
            .or_else(|| text("product_id"))?;
        let variant = text("variant").or_else(|| {
            product
                .get("variant")
                .or_else(|| product.get("options"))
                .and_then(options)
        });
        Some(Self {
            product_id: text("product_id").or_else(|| text("sku")),
            name,
            variant,
            quantity: text("quantity")
                .and_then(|text| text.parse::<f64>().ok())
                .map_or(1, |quantity| quantity as i64),
            price: product
                .get("price")
                .and_then(|price| money::minor(price, currency)),
        })
    }
}

/// An object of options (`{"color": "blue"}`) in a line.
fn options(value: &Value) -> Option<String> {
    let parts: Vec<String> = value
        .as_object()?
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}: {}", text_of(value)?)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
