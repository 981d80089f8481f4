//! `spending`, `open_tickets` and `purchases`: what the customer paid, asked for and bought.

use super::{Piece, Section, ViewOptions};
use crate::profile::Profile;
use crate::tool::money::Money;
use crate::tool::purchases::Order;
use crate::tool::tickets::Case;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Words of a topic for orders and spending.
const BUYING: &[&str] = &[
    "order", "purchase", "bought", "buy", "deliver", "ship", "parcel", "package", "refund",
    "return", "pay", "invoice", "tracking",
];

pub(super) const SPENDING: Section = Section {
    name: "spending",
    description: "What they spent in all, by currency.",
    words: BUYING,
    for_anonymous: false,
    schema: |generator| generator.subschema_for::<Vec<Spending>>(),
    pieces: spending,
};

pub(super) const OPEN_TICKETS: Section = Section {
    name: "open_tickets",
    description: "Tickets not yet solved, newest first; `open_tickets` has their messages.",
    words: &[
        "ticket", "support", "problem", "issue", "complain", "broken", "help", "request", "case",
    ],
    for_anonymous: false,
    schema: |generator| generator.subschema_for::<Vec<Case>>(),
    pieces: open_tickets,
};

pub(super) const PURCHASES: Section = Section {
    name: "purchases",
    description: "Their last orders, newest first; `recent_purchases` has the rest.",
    words: BUYING,
    for_anonymous: false,
    schema: |generator| generator.subschema_for::<Vec<Order>>(),
    pieces: purchases,
};

/// What was spent in one currency.
#[derive(Debug, Serialize, JsonSchema)]
struct Spending {
    /// Orders that were not cancelled.
    orders: u64,
    /// Their totals.
    spent: Money,
    /// What was paid back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
}

fn spending(profile: &Profile, _: ViewOptions) -> Vec<Piece> {
    let purchases = &profile.purchases;
    let sellers: BTreeSet<&String> = purchases
        .recent
        .iter()
        .flat_map(|purchase| &purchase.sources)
        .collect();
    let pieces = purchases.totals.iter().map(|(currency, total)| {
        let refunded = (total.refunded != 0).then(|| Money::new(total.refunded, currency));
        let spending = Spending {
            orders: total.orders,
            spent: Money::new(total.spent, currency),
            refunded,
        };
        let sellers = sellers.iter().copied().cloned().collect();
        Piece::new(20, 0, sellers, &spending)
    });
    pieces.collect()
}

fn open_tickets(profile: &Profile, view: ViewOptions) -> Vec<Piece> {
    let most = if view.detailed { 10 } else { 5 };
    let tickets = profile.tickets.open.iter().take(most).enumerate();
    let pieces = tickets.map(|(at, ticket)| {
        let case = if view.detailed {
            Case::of(ticket)
        } else {
            Case::in_short(ticket)
        };
        Piece::new(30, at, ticket.sources.clone(), &case)
    });
    pieces.collect()
}

fn purchases(profile: &Profile, view: ViewOptions) -> Vec<Piece> {
    let most = if view.detailed { 10 } else { 3 };
    let purchases = profile.purchases.recent.iter().take(most).enumerate();
    let pieces = purchases
        .map(|(at, purchase)| Piece::new(40, at, purchase.sources.clone(), &Order::of(purchase)));
    pieces.collect()
}
