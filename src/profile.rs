//! The profile: one document per customer, a fold of their events.
//!
//! Every part is built so that order and repetition cannot matter: traits keep what each source holds, consents the newest
//! claim, lists the newest entries by (time, event id), counts count distinct events, and where a map is full it keeps the
//! first keys by name. Which claim on a trait wins is decided by the rules, when the profile is read.
//! [`Profile::apply`] takes one event, [`Profile::merge`] joins two profiles; purchases and tickets come from
//! [`record::Record`]s, because several events, and several links, speak of the same order.

use crate::event::{Event, Kind, text_of};
use crate::identity::Identifier;
use crate::identity::survivorship::{Rule, Survivorship};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

pub mod activity;
mod agree;
pub mod claim;
mod gist;
pub mod money;
pub mod packed;
pub mod purchase;
pub mod record;
mod statement;
mod survivorship;
pub mod ticket;

use activity::Activity;
use claim::{Claim, Claims};
pub use gist::gist;
use packed::packed;
use purchase::{Purchase, Purchases};
use record::{Record, RecordKind};
use ticket::{Ticket, Tickets};

/// Most traits, and most consents, that a profile keeps.
pub const MAX_TRAITS: usize = 300;
/// Most accounts that a profile keeps.
pub const MAX_ACCOUNTS: usize = 100;
/// Most sources that are counted apart.
pub const MAX_SOURCES: usize = 50;

/// Different texts that most documents have at most.
const WORDS: usize = 200;

/// Everything that an agent is likely to ask about one customer. Times are UTC milliseconds, money is integer minor units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The id of its oldest link.
    pub id: String,
    /// What leads to this customer, and since when.
    pub identifiers: Vec<Known>,
    /// What each source says of each trait.
    pub traits: BTreeMap<String, Claims>,
    /// Orders and what they add up to.
    pub purchases: Purchases,
    /// Support tickets.
    pub tickets: Tickets,
    /// The newest events, newest first.
    pub recent: Vec<Activity>,
    /// Accounts (companies, teams) they belong to, by group id.
    pub accounts: BTreeMap<String, Account>,
    /// What they agreed to or refused, by category or channel.
    pub consents: BTreeMap<String, Claim>,
    /// What came from each source.
    pub sources: BTreeMap<String, Seen>,
    /// What came in all.
    pub seen: Seen,
}

/// An identifier of the customer and the earliest time it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The kind and value.
    #[serde(flatten)]
    pub identifier: Identifier,
    /// When it was first seen, in UTC milliseconds.
    pub since: i64,
}

/// How many events there were and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Distinct events.
    pub events: u64,
    /// Time of the earliest.
    pub first_at: i64,
    /// Time of the latest.
    pub last_at: i64,
    /// When the last one to arrive arrived.
    pub received_at: i64,
}

/// A company or team the customer belongs to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Its traits, newest claim each.
    pub traits: BTreeMap<String, Claim>,
    /// Whether the customer is a member: the newest word on it.
    pub member: Option<Claim>,
}

packed!(Profile {
    id,
    identifiers,
    traits,
    purchases,
    tickets,
    recent,
    accounts,
    consents,
    sources,
    seen
});
packed!(Known { identifier, since });
packed!(Identifier { kind, value });
packed!(Seen {
    events,
    first_at,
    last_at,
    received_at
});
packed!(Account { traits, member });

impl Seen {
    fn add(&mut self, other: &Self) {
        if other.events == 0 {
            return;
        }
        let empty = self.events == 0;
        self.first_at = if empty {
            other.first_at
        } else {
            self.first_at.min(other.first_at)
        };
        self.last_at = if empty {
            other.last_at
        } else {
            self.last_at.max(other.last_at)
        };
        self.received_at = if empty {
            other.received_at
        } else {
            self.received_at.max(other.received_at)
        };
        self.events += other.events;
    }

    fn one(event: &Event) -> Self {
        Self {
            events: 1,
            first_at: event.at,
            last_at: event.at,
            received_at: event.received_at,
        }
    }
}

impl Profile {
    /// The document as it is stored.
    #[must_use]
    pub fn packed(&self) -> Arc<[u8]> {
        packed::pack_with_room(self, WORDS).into()
    }

    /// Whether an event may say something of who the customer is that the profile does not say yet, and not only what they did.
    #[must_use]
    pub fn learns_from(&self, event: &Event) -> bool {
        event.kind == Kind::Identify
            || event.context.contains_key("traits")
            || !self.sources.contains_key(&event.source)
    }

    /// Takes one event into everything but purchases and tickets, which records bring. The event must not have been taken before.
    pub fn apply(&mut self, event: &Event) {
        let one = Seen::one(event);
        self.seen.add(&one);
        self.sources
            .entry(event.source.clone())
            .or_default()
            .add(&one);
        keep_first(&mut self.sources, MAX_SOURCES);
        activity::keep(&mut self.recent, Activity::of(event));
        let own = (event.kind == Kind::Identify).then_some(&event.traits);
        if let Some(traits) = own {
            self.claim_traits(event, traits, None);
        }
        if let Some(traits) = event.context.get("traits").and_then(Value::as_object) {
            self.claim_traits(event, traits, own);
        }
        if event.kind == Kind::Group {
            self.join_account(event);
        }
        if event.kind == Kind::Track && event.name.eq_ignore_ascii_case("Account Removed User") {
            self.leave_account(event);
        }
        for (category, status) in consents(event) {
            claim::newest(&mut self.consents, category, Claim::of(event, status));
        }
        keep_first(&mut self.consents, MAX_TRAITS);
    }

    /// Joins another profile into this one. No event may be in both; an order or ticket that both know of has to be put right
    /// with [`Profile::unite`].
    pub fn merge(&mut self, other: Self) {
        self.seen.add(&other.seen);
        for (source, seen) in other.sources {
            self.sources.entry(source).or_default().add(&seen);
        }
        keep_first(&mut self.sources, MAX_SOURCES);
        for activity in other.recent {
            activity::keep(&mut self.recent, activity);
        }
        for (name, claims) in other.traits {
            self.traits.entry(name).or_default().merge(claims);
        }
        keep_first(&mut self.traits, MAX_TRAITS);
        for (id, account) in other.accounts {
            let mine = self.accounts.entry(id).or_default();
            for (name, claim) in account.traits {
                claim::newest(&mut mine.traits, name, claim);
            }
            keep_first(&mut mine.traits, MAX_TRAITS);
            claim::newer(&mut mine.member, account.member);
        }
        keep_first(&mut self.accounts, MAX_ACCOUNTS);
        for (category, claim) in other.consents {
            claim::newest(&mut self.consents, category, claim);
        }
        keep_first(&mut self.consents, MAX_TRAITS);
        self.purchases.merge(other.purchases);
        self.tickets.merge(other.tickets);
    }

    /// Makes one order or ticket of what several joined profiles each knew of it. True when a list may lack an entry that it
    /// dropped earlier; then [`Profile::recount`] has to see all records.
    #[must_use]
    pub fn unite(&mut self, kind: RecordKind, parts: &[Record]) -> bool {
        let mut lacks = false;
        for part in parts {
            lacks |= match kind {
                RecordKind::Purchase => self.purchases.remove(&Purchase::of(part)),
                RecordKind::Ticket => self.tickets.remove(&Ticket::of(part)),
            };
        }
        match Record::merged(parts) {
            Some(whole) => self.replace(kind, None, &whole) || lacks,
            None => lacks,
        }
    }

    /// Replaces what is known of one order or ticket. True when a list that keeps only the newest entries may now lack one
    /// that it dropped earlier; then [`Profile::recount`] has to see all records.
    #[must_use]
    pub fn replace(&mut self, kind: RecordKind, before: Option<&Record>, after: &Record) -> bool {
        match kind {
            RecordKind::Purchase => self
                .purchases
                .replace(before.map(Purchase::of).as_ref(), Purchase::of(after)),
            RecordKind::Ticket => self
                .tickets
                .replace(before.map(Ticket::of).as_ref(), Ticket::of(after)),
        }
    }

    /// Sets purchases or tickets from all records of the customer.
    pub fn recount<'a>(&mut self, kind: RecordKind, records: impl IntoIterator<Item = &'a Record>) {
        match kind {
            RecordKind::Purchase => self.purchases = Purchases::default(),
            RecordKind::Ticket => self.tickets = Tickets::default(),
        }
        for record in records {
            let _ = self.replace(kind, None, record);
        }
    }

    /// Puts the winner of every trait first, by these rules. A profile is stored as [`Rule::Newest`] has it, so the default
    /// costs nothing. For reading only: a profile that was ranked must not be stored.
    pub fn rank(&mut self, survivorship: &Survivorship) {
        if survivorship.default == Rule::Newest {
            for name in survivorship.traits.keys() {
                if let Some(claims) = self.traits.get_mut(name) {
                    let (rule, sources) = survivorship.of(name);
                    claims.rank(rule, sources);
                }
            }
            return;
        }
        for (name, claims) in &mut self.traits {
            let (rule, sources) = survivorship.of(name);
            claims.rank(rule, sources);
        }
    }

    /// The value of a trait: that of the claim that wins, unless it removed it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Claim> {
        self.traits.get(name)?.winner()
    }

    /// The value of a trait as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(&self.value(name)?.value)
    }

    /// Takes the traits that an event states, except those it stated already.
    fn claim_traits(
        &mut self,
        event: &Event,
        traits: &Map<String, Value>,
        stated: Option<&Map<String, Value>>,
    ) {
        let verified = claim::verified(traits);
        for (name, value) in traits {
            if stated.is_some_and(|stated| stated.contains_key(name)) {
                continue;
            }
            if let Some(mut claim) = Claim::sized(event, value) {
                if verified.contains(&name.as_str()) {
                    claim = claim.verified();
                }
                self.traits.entry(name.clone()).or_default().add(claim);
            }
        }
        keep_first(&mut self.traits, MAX_TRAITS);
    }

    fn join_account(&mut self, event: &Event) {
        let Some(id) = &event.group_id else { return };
        let account = self.accounts.entry(id.clone()).or_default();
        for (name, value) in &event.traits {
            if let Some(claim) = Claim::sized(event, value) {
                claim::newest(&mut account.traits, name.clone(), claim);
            }
        }
        keep_first(&mut account.traits, MAX_TRAITS);
        claim::newer(
            &mut account.member,
            Some(Claim::of(event, Value::Bool(true))),
        );
        keep_first(&mut self.accounts, MAX_ACCOUNTS);
    }

    fn leave_account(&mut self, event: &Event) {
        if let Some(id) = event.context.get("groupId").and_then(text_of) {
            let account = self.accounts.entry(id).or_default();
            claim::newer(
                &mut account.member,
                Some(Claim::of(event, Value::Bool(false))),
            );
            keep_first(&mut self.accounts, MAX_ACCOUNTS);
        }
    }
}

/// Keeps the first `most` keys by name. Which keys those are depends on the set of keys alone, never on their order of arrival.
fn keep_first<T>(map: &mut BTreeMap<String, T>, most: usize) {
    while map.len() > most {
        map.pop_last();
    }
}

/// The consents that an event states: `context.consent.categoryPreferences` and `context.messaging_subscriptions` of
/// Segment's spec. Categories are `true` or `false`; subscriptions are named by their channel and keep Segment's words.
fn consents(event: &Event) -> Vec<(String, Value)> {
    let mut stated = Vec::new();
    let preferences = event
        .context
        .get("consent")
        .and_then(|consent| consent.get("categoryPreferences"));
    for (category, granted) in preferences.and_then(Value::as_object).into_iter().flatten() {
        if granted.is_boolean() {
            stated.push((category.clone(), granted.clone()));
        }
    }
    let subscriptions = event
        .context
        .get("messaging_subscriptions")
        .and_then(Value::as_array);
    for subscription in subscriptions.into_iter().flatten() {
        let channel = subscription.get("type").and_then(Value::as_str);
        let status = subscription.get("status").and_then(Value::as_str);
        if let (Some(channel), Some(status)) = (channel, status) {
            stated.push((channel.to_lowercase(), Value::String(status.to_lowercase())));
        }
    }
    stated
}

#[cfg(test)]
mod tests;
