//! What a profile says, cut into small pieces: each is taken whole or left out, with a rank and the sources it rests on.

use super::known::{self, Trait};
use crate::clock::rfc3339;
use crate::event::Kind;
use crate::profile::activity::{self, Activity, Session};
use crate::profile::claim::Claim;
use crate::profile::{Account, Profile};
use crate::tool::money::Money;
use crate::tool::purchases::Order;
use crate::tool::text::{Untrusted, clean};
use crate::tool::tickets::Case;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};

/// What was spent in one currency.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Spending {
    /// Orders that were not cancelled.
    orders: u64,
    /// Their totals.
    spent: Money,
    /// What was paid back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
}

/// One visit: a run of events without a pause of half an hour.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Visit {
    /// When it began, RFC 3339.
    at: String,
    /// How long it lasted, in minutes.
    minutes: i64,
    /// How many events it had.
    events: usize,
    /// What happened, newest first.
    what: Vec<Untrusted>,
    /// The systems that told of it.
    source: Vec<String>,
}

/// A company or team the customer belongs to.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Membership {
    /// Its id.
    id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Untrusted>,
    /// The system that said so.
    source: String,
}

/// One consent.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Consent {
    /// The category or channel.
    name: String,
    /// What was said: true, false, subscribed, unsubscribed, …
    status: String,
    /// The system that said so.
    source: String,
    /// When, RFC 3339.
    at: String,
}

/// A list of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Traits,
    Spending,
    OpenTickets,
    Purchases,
    RecentActivity,
    Accounts,
    Consents,
}

impl Section {
    pub const ALL: [Self; 7] = [
        Self::Traits,
        Self::Spending,
        Self::OpenTickets,
        Self::Purchases,
        Self::RecentActivity,
        Self::Accounts,
        Self::Consents,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traits => "traits",
            Self::Spending => "spending",
            Self::OpenTickets => "open_tickets",
            Self::Purchases => "purchases",
            Self::RecentActivity => "recent_activity",
            Self::Accounts => "accounts",
            Self::Consents => "consents",
        }
    }
}

/// A piece of the profile that is taken, whole or in short, or left out.
pub(super) enum Piece {
    Trait(Trait),
    Spending(Spending),
    Ticket(Case),
    Purchase(Order),
    Visit(Visit),
    Account(Membership),
    Consent(Consent),
}

impl Piece {
    /// The list it goes into.
    pub fn section(&self) -> Section {
        match self {
            Self::Trait(_) => Section::Traits,
            Self::Spending(_) => Section::Spending,
            Self::Ticket(_) => Section::OpenTickets,
            Self::Purchase(_) => Section::Purchases,
            Self::Visit(_) => Section::RecentActivity,
            Self::Account(_) => Section::Accounts,
            Self::Consent(_) => Section::Consents,
        }
    }

    /// As it stands in the answer.
    pub fn json(&self) -> Box<RawValue> {
        let json = match self {
            Self::Trait(piece) => to_raw_value(piece),
            Self::Spending(piece) => to_raw_value(piece),
            Self::Ticket(piece) => to_raw_value(piece),
            Self::Purchase(piece) => to_raw_value(piece),
            Self::Visit(piece) => to_raw_value(piece),
            Self::Account(piece) => to_raw_value(piece),
            Self::Consent(piece) => to_raw_value(piece),
        };
        json.unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    /// The piece without what can be spared, and the sources that this rests on; none where all of it is needed.
    pub fn in_short(self) -> Option<(Self, Vec<String>)> {
        let Self::Trait(known) = self else {
            return None;
        };
        let known = known.in_short()?;
        let sources = known.sources();
        Some((Self::Trait(known), sources))
    }

    /// Words that a topic may use for the piece's section.
    pub fn words(&self) -> &'static [&'static str] {
        match self {
            Self::Purchase(_) | Self::Spending(_) => &[
                "order", "purchase", "bought", "buy", "deliver", "ship", "parcel", "package",
                "refund", "return", "pay", "invoice", "tracking",
            ],
            Self::Ticket(_) => &[
                "ticket", "support", "problem", "issue", "complain", "broken", "help", "request",
                "case",
            ],
            Self::Visit(_) => &[
                "visit", "page", "site", "app", "browse", "click", "activity", "cart", "search",
            ],
            Self::Consent(_) => &[
                "consent",
                "newsletter",
                "subscri",
                "marketing",
                "privacy",
                "opt",
            ],
            Self::Account(_) => &[
                "account",
                "company",
                "team",
                "organisation",
                "organization",
                "member",
            ],
            Self::Trait(_) => &[
                "who", "contact", "address", "name", "email", "phone", "plan",
            ],
        }
    }
}

/// A piece with its place among the others, the lower the sooner, and the sources it rests on.
pub(super) struct Ranked {
    pub rank: u32,
    pub piece: Piece,
    pub sources: Vec<String>,
}

/// Everything there is to say. An anonymous visitor is told nothing that could be someone else's: on a shared device the
/// profile may be another's.
pub(super) fn pieces(profile: &Profile, detailed: bool, signed_in: bool) -> Vec<Ranked> {
    let mut pieces = Vec::new();
    let mut add = |base: usize, at: usize, sources: Vec<String>, piece: Piece| {
        pieces.push(Ranked {
            rank: u32::try_from(base + 10 * at).unwrap_or(u32::MAX),
            piece,
            sources,
        });
    };
    let looked = |event: &&Activity| matches!(event.kind, Kind::Page | Kind::Screen);
    let anonymous: Vec<Activity> = profile.recent.iter().filter(looked).cloned().collect();
    let visits = activity::sessions(if signed_in {
        &profile.recent
    } else {
        &anonymous
    });
    for (at, visit) in visits
        .iter()
        .take(if detailed { 10 } else { 3 })
        .enumerate()
    {
        let visit = Visit::of(visit, signed_in);
        add(95, at, visit.source.clone(), Piece::Visit(visit));
    }
    for (at, (name, claim)) in profile.consents.iter().enumerate() {
        let consent = Consent::of(name, claim);
        add(
            110,
            at,
            vec![consent.source.clone()],
            Piece::Consent(consent),
        );
    }
    if !signed_in {
        return pieces;
    }
    let (who, other): (Vec<_>, Vec<_>) = known::traits(profile).partition(Trait::says_who);
    for known in who {
        add(0, 0, known.sources(), Piece::Trait(known));
    }
    for (at, known) in other.into_iter().enumerate() {
        let base = if detailed { 60 } else { 90 };
        add(base, at, known.sources(), Piece::Trait(known));
    }
    add_dealings(profile, detailed, add);
    pieces
}

/// What they bought, asked for and belong to.
fn add_dealings(
    profile: &Profile,
    detailed: bool,
    mut add: impl FnMut(usize, usize, Vec<String>, Piece),
) {
    let purchases = &profile.purchases;
    let sellers: BTreeSet<String> = purchases
        .recent
        .iter()
        .flat_map(|purchase| purchase.sources.iter().cloned())
        .collect();
    let sellers: Vec<String> = sellers.into_iter().collect();
    for (currency, total) in &purchases.totals {
        let refunded = (total.refunded != 0).then(|| Money::new(total.refunded, currency));
        let spending = Spending {
            orders: total.orders,
            spent: Money::new(total.spent, currency),
            refunded,
        };
        add(20, 0, sellers.clone(), Piece::Spending(spending));
    }
    let most = if detailed { 10 } else { 5 };
    for (at, ticket) in profile.tickets.open.iter().take(most).enumerate() {
        let case = if detailed {
            Case::of(ticket)
        } else {
            Case::in_short(ticket)
        };
        add(30, at, ticket.sources.clone(), Piece::Ticket(case));
    }
    let most = if detailed { 10 } else { 3 };
    for (at, purchase) in purchases.recent.iter().take(most).enumerate() {
        add(
            40,
            at,
            purchase.sources.clone(),
            Piece::Purchase(Order::of(purchase)),
        );
    }
    for (at, (id, account)) in profile.accounts.iter().enumerate() {
        if let Some(membership) = Membership::of(id, account) {
            let source = vec![membership.source.clone()];
            add(70, at, source, Piece::Account(membership));
        }
    }
}

impl Visit {
    /// `in_full` also tells what each event was about: an order, a ticket, a search.
    fn of(session: &Session<'_>, in_full: bool) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut order = Vec::new();
        for event in session.events {
            let name = if event.name.is_empty() {
                event.kind.as_str()
            } else {
                &event.name
            };
            let what = event
                .about
                .as_deref()
                .filter(|_| in_full)
                .map_or_else(|| name.to_owned(), |about| format!("{name}: {about}"));
            let count = counts.entry(what.clone()).or_default();
            *count += 1;
            if *count == 1 {
                order.push(what);
            }
        }
        let what = order.iter().take(6).map(|what| match counts.get(what) {
            Some(count) if *count > 1 => Untrusted::new(&format!("{what} (x{count})"), 120),
            _ => Untrusted::new(what, 120),
        });
        let sources: BTreeSet<String> = session
            .events
            .iter()
            .map(|event| event.source.clone())
            .collect();
        Self {
            at: rfc3339(session.from),
            minutes: (session.until - session.from) / 60_000,
            events: session.events.len(),
            what: what.collect(),
            source: sources.into_iter().collect(),
        }
    }
}

impl Membership {
    fn of(id: &str, account: &Account) -> Option<Self> {
        let member = account
            .member
            .as_ref()
            .filter(|claim| claim.value == Value::Bool(true))?;
        let name = account
            .traits
            .get("name")
            .and_then(|claim| crate::event::text_of(&claim.value));
        Some(Self {
            id: clean(id, 60),
            name: name.map(|name| Untrusted::new(&name, 80)),
            source: member.source.clone(),
        })
    }
}

impl Consent {
    fn of(name: &str, claim: &Claim) -> Self {
        let status = crate::event::text_of(&claim.value).unwrap_or_default();
        Self {
            name: clean(name, 40),
            status: clean(&status, 40),
            source: claim.source.clone(),
            at: rfc3339(claim.at),
        }
    }
}
