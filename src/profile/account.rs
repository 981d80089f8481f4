//! Accounts: the companies and teams that the customer belongs to.

use super::MAX_TRAITS;
use super::claim::{self, Claim};
use super::packed::packed;
use super::part::{ProfilePart, keep_first};
use super::provenance::Provenance;
use crate::event::{Event, Kind, text_of};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most accounts that a profile keeps.
pub const MAX_ACCOUNTS: usize = 100;

/// Accounts by group id.
pub type Accounts = BTreeMap<String, Account>;

/// A company or team the customer belongs to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Account {
    /// Its traits, newest claim each.
    pub traits: BTreeMap<String, Claim>,
    /// Whether the customer is a member: the newest claim.
    pub member: Option<Claim>,
}

packed!(Account { traits, member });

/// What one event says of an account.
#[derive(Clone, Debug)]
pub(super) struct AccountFact {
    id: String,
    traits: Vec<(String, Value)>,
    member: bool,
}

impl ProfilePart for Accounts {
    type Facts = Option<AccountFact>;

    fn read(event: &Event) -> Self::Facts {
        match event.kind {
            Kind::Group => joined(event),
            Kind::Track if event.name.eq_ignore_ascii_case("Account Removed User") => left(event),
            _ => None,
        }
    }

    fn apply(&mut self, by: &Provenance, facts: &Self::Facts) {
        let Some(fact) = facts else { return };
        let account = self.entry(fact.id.clone()).or_default();
        account.merge(Account {
            traits: fact
                .traits
                .iter()
                .map(|(name, value)| (name.clone(), Claim::of(by, value)))
                .collect(),
            member: Some(Claim::of(by, &Value::Bool(fact.member))),
        });
        keep_first(self, MAX_ACCOUNTS);
    }

    fn merge(&mut self, other: Self) {
        for (id, account) in other {
            self.entry(id).or_default().merge(account);
        }
        keep_first(self, MAX_ACCOUNTS);
    }
}

impl Account {
    fn merge(&mut self, other: Self) {
        for (name, claim) in other.traits {
            claim::newest(&mut self.traits, name, claim);
        }
        keep_first(&mut self.traits, MAX_TRAITS);
        claim::newer(&mut self.member, other.member);
    }
}

/// A group call makes the customer a member and states traits of the account.
fn joined(event: &Event) -> Option<AccountFact> {
    Some(AccountFact {
        id: event.group_id.clone()?,
        traits: claim::sized(&event.traits)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        member: true,
    })
}

/// Segment's `Account Removed User` names the account in `context.groupId`.
fn left(event: &Event) -> Option<AccountFact> {
    Some(AccountFact {
        id: event.context.get("groupId").and_then(text_of)?,
        traits: Vec::new(),
        member: false,
    })
}
