//! `recent_purchases`: the customer's orders, newest first.

use super::money::Money;
use super::page::{self, FoundEntries, PageEntry};
use super::text::clean;
use super::{Answer, Reach, ToolDefinition, cursor, schema, typed};
use crate::Result;
use crate::clock::{Time, parse_time};
use crate::profile::money::display;
use crate::profile::purchase::{Item, Purchase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "recent_purchases",
    file: include_str!("../../tools/recent_purchases.toml"),
    arguments: schema::canonical::<Arguments>,
    result: schema::result::<RecentPurchases>,
    depends_on: &[],
    run: |reach, arguments| Box::pin(run(reach, arguments)),
};

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    #[schemars(extend("format" = "date"))]
    since: Option<String>,
    status: Option<Status>,
    #[schemars(range(min = 1, max = 50))]
    #[serde(default = "default_limit")]
    limit: u32,
    cursor: Option<String>,
}

fn default_limit() -> u32 {
    5
}

/// Where an order stands, in one of seven words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pending,
    Processing,
    Shipped,
    Delivered,
    Completed,
    Cancelled,
    Refunded,
}

impl Status {
    /// The status of a shop's own word.
    fn of(status: &str) -> Self {
        match status {
            "processing" | "processed" | "paid" | "confirmed" | "packed" => Self::Processing,
            "shipped" | "fulfilled" | "in_transit" | "partially_shipped" => Self::Shipped,
            "delivered" => Self::Delivered,
            "completed" | "complete" | "closed" => Self::Completed,
            "cancelled" | "voided" => Self::Cancelled,
            "refunded" | "partially_refunded" | "returned" => Self::Refunded,
            _ => Self::Pending,
        }
    }
}

/// The customer's orders.
#[derive(Debug, Serialize, JsonSchema)]
struct RecentPurchases {
    /// The orders, newest first.
    purchases: Vec<Order>,
    /// How many orders the customer has in all.
    order_count: u64,
}

/// One order.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Order {
    /// The order's id.
    order_id: String,
    /// The number that the customer sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<String>,
    /// When it was placed, RFC 3339.
    at: Time,
    /// Where it stands, in the shop's own word.
    status: String,
    /// Since when it stands there, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_since: Option<Time>,
    /// What it cost in all.
    total: Money,
    /// What was paid back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// What was bought.
    items: Vec<Line>,
    /// How many different items there are, where not all are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<u64>,
    /// The parcel's tracking number.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
    /// Where the parcel can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    /// The systems that told of it.
    source: Vec<String>,
}

/// One item of an order.
#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    /// The product's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    /// What it is called.
    name: String,
    /// Which one: size, colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    /// How many.
    quantity: i64,
    /// The price of one, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
}

impl Order {
    pub(super) fn of(purchase: &Purchase) -> Self {
        let currency = &purchase.currency;
        let last = purchase
            .history
            .last()
            .filter(|change| change.at != purchase.placed_at);
        let hidden = purchase.item_count > purchase.items.len() as u64;
        Self {
            order_id: clean(&purchase.order_id, 100),
            order_number: purchase
                .order_number
                .as_deref()
                .map(|number| clean(number, 60)),
            at: purchase.placed_at,
            status: clean(&purchase.status, 40),
            status_since: last.map(|change| change.at),
            total: Money::new(purchase.total, currency),
            refunded: (purchase.refunded != 0).then(|| Money::new(purchase.refunded, currency)),
            items: purchase
                .items
                .iter()
                .map(|item| Line::of(item, currency))
                .collect(),
            item_count: hidden.then_some(purchase.item_count),
            tracking_number: purchase
                .tracking_number
                .as_deref()
                .map(|number| clean(number, 60)),
            tracking_url: purchase.tracking_url.as_deref().map(|url| clean(url, 200)),
            source: purchase.sources.clone(),
        }
    }
}

impl Line {
    fn of(item: &Item, currency: &str) -> Self {
        Self {
            product_id: item.product_id.as_deref().map(|id| clean(id, 60)),
            name: clean(&item.name, 80),
            variant: item.variant.as_deref().map(|variant| clean(variant, 120)),
            quantity: item.quantity,
            price: item.price.map(|price| display(price, currency)),
        }
    }
}

async fn run(reach: Reach<'_>, arguments: serde_json::Value) -> Result<Answer> {
    let arguments: Arguments = typed(arguments)?;
    let since = arguments
        .since
        .as_deref()
        .and_then(parse_time)
        .unwrap_or(Time::MIN);
    let wanted = |purchase: &Purchase| {
        purchase.placed_at >= since
            && arguments
                .status
                .is_none_or(|status| Status::of(&purchase.status) == status)
    };
    let after = cursor::decode_time(arguments.cursor.as_deref())?;
    let limit = arguments.limit as usize;
    let found = scan(&reach, after, since, limit + 1, wanted).await?;
    page::answer(found, limit, |purchases| RecentPurchases {
        purchases: purchases.iter().map(Order::of).collect(),
        order_count: reach.profile().purchases.count,
    })
}

/// The first `most` wanted orders after a position: from the profile, then from the database.
async fn scan(
    reach: &Reach<'_>,
    mut after: (Time, String),
    since: Time,
    most: usize,
    wanted: impl Fn(&Purchase) -> bool,
) -> Result<FoundEntries<Purchase>> {
    let held = &reach.profile().purchases;
    let follows = |purchase: &&Purchase| purchase.position() < (after.0, after.1.as_str());
    let mut entries: Vec<Purchase> = held
        .recent
        .iter()
        .filter(follows)
        .filter(|purchase| wanted(purchase))
        .cloned()
        .collect();
    entries.truncate(most);
    let all_held = held.count as usize <= held.recent.len();
    let Some(last) = held
        .recent
        .last()
        .filter(|_| !all_held && entries.len() < most)
    else {
        return Ok(FoundEntries {
            entries,
            stopped: None,
        });
    };
    if last.position() < (after.0, after.1.as_str()) {
        after = (last.placed_at, last.order_id.clone());
    }
    page::read_on(reach, after, since, most, entries, wanted).await
}
