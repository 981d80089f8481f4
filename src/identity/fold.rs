//! The fold: links in the order they were first seen become customers.
//!
//! For each link: drop values that can join nobody, find the customers that hold the rest, and
//! join them unless that breaks a rule: a kind would exceed its limit, two customers are each
//! identified, or a cannot-link constraint stands between them. Where a rule would be broken, the
//! strongest identifier decides whose link it is, and the weakest identifier that stands in the way
//! is demoted: it stays on the event and connects nothing. So a second `user_id` on one browser
//! never welds two people. After that the must-link constraints are followed. The order of the
//! links is part of the log, so the result is too.

use super::{Identifier, Link, Rules};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

mod union_find;

use union_find::UnionFind;

/// One customer: the links that make it, oldest first, and the identifiers it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Ids of its links, in fold order.
    pub links: Vec<LinkId>,
    /// The identifiers that lead to it, and since when.
    pub identifiers: BTreeMap<Identifier, Time>,
    id: ProfileId,
}

impl Customer {
    /// The customer of these links, in fold order, and of the identifiers that lead to it.
    fn new(links: Vec<LinkId>, identifiers: BTreeMap<Identifier, Time>) -> Self {
        Self {
            id: ProfileId::of(&links[0]),
            links,
            identifiers,
        }
    }

    /// The profile's id.
    #[must_use]
    pub fn id(&self) -> &ProfileId {
        &self.id
    }
}

/// What limits how identifiers connect, beside the links and their marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// Values that are shared for good; more are found among the links.
    pub shared: HashSet<Identifier>,
    /// The cannot-link constraints of each identifier.
    pub cannot_links: HashMap<Identifier, Vec<CannotLink>>,
}

/// One side of a split: identifiers on different sides of one decision never lead to one customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CannotLink {
    /// The decision.
    pub decision: String,
    /// Whether this is the side that was split off.
    pub off: bool,
}

/// What the fold of one component gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The customers, by id.
    pub customers: Vec<Customer>,
    /// Links without any usable identifier; their events belong to nobody.
    pub unattributed: Vec<LinkId>,
    /// Values that more people carry than the rules allow; they connect nothing.
    pub shared: BTreeSet<Identifier>,
    /// Links that are not complete: an identifier of theirs was demoted, they have none to connect,
    /// were set apart, or moved.
    pub incomplete: HashSet<LinkId>,
    /// What was decided for each link, in fold order; only [`trace`] fills it.
    pub traces: Vec<LinkTrace>,
    /// What became of each must-link constraint; only [`trace`] fills it.
    pub must_links: Vec<MustLinkOutcome>,
}

impl Resolution {
    /// Whether all identifiers of a link that can connect lead to one customer from its place on.
    #[must_use]
    pub fn is_complete(&self, link: &Link) -> bool {
        !self.incomplete.contains(&link.id)
    }
}

/// What one link did to the customers there were before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTrace {
    /// The link.
    pub link: LinkId,
    /// Ids of the customers it found and joined, as they were called then; none where it began a
    /// new one.
    pub joined: Vec<ProfileId>,
    /// The identifiers by which it found them.
    pub by: Vec<Identifier>,
    /// Identifiers that were left out of it.
    pub demoted: Vec<Demotion>,
}

/// An identifier that connects nothing in one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    /// The identifier that was left out.
    pub identifier: Identifier,
    /// What it would have broken.
    pub why: Why,
}

/// Why an identifier was left out of a link, or a decision not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The customer would have had too many identifiers of this kind.
    Limit(String),
    /// It would have joined two customers who are each identified.
    Guard,
    /// It would have broken the cannot-link constraint of this decision.
    CannotLink(String),
}

/// What became of a must-link constraint: a decision to join customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustLinkOutcome {
    /// The decision.
    pub decision: String,
    /// Ids of the customers that it joined, as they were called then.
    pub joined: Vec<ProfileId>,
    /// What it would have broken, where it was not followed.
    pub refused: Option<Why>,
}

/// Folds links into customers. The order of `links` does not matter, nor do duplicates.
#[must_use]
pub fn fold(links: &[Link], rules: &Rules, constraints: &Constraints) -> Resolution {
    run(links, rules, constraints, false)
}

/// Like [`fold`], and says what was decided on the way.
#[must_use]
pub fn trace(links: &[Link], rules: &Rules, constraints: &Constraints) -> Resolution {
    run(links, rules, constraints, true)
}

fn run(links: &[Link], rules: &Rules, constraints: &Constraints, trace: bool) -> Resolution {
    let mut ordered: Vec<&Link> = links.iter().collect();
    ordered.sort_unstable_by_key(|link| link.order());
    ordered.dedup_by(|a, b| a.id == b.id);
    let found = shared(&ordered, rules).into_iter();
    let shared: BTreeSet<Identifier> = found.chain(constraints.shared.iter().cloned()).collect();
    let mut state = UnionFind::new(ordered, rules, &shared, &constraints.cannot_links, trace);
    state.fold();
    let folded = state.finish();
    Resolution { shared, ..folded }
}

/// The contact and device values that are seen with more than the allowed number of distinct values
/// of one stronger kind.
fn shared(links: &[&Link], rules: &Rules) -> BTreeSet<Identifier> {
    let mut seen_with: HashMap<&Identifier, HashMap<&str, HashSet<&str>>> = HashMap::new();
    for link in links.iter().filter(|link| link.identifiers.len() > 1) {
        for weak in link
            .identifiers
            .iter()
            .filter(|id| rules.can_be_shared(&id.kind) && rules.joins(&id.kind, &id.value))
        {
            let strength = rules.rule(&weak.kind).priority;
            let stronger = link.identifiers.iter().filter(|id| {
                rules.rule(&id.kind).priority < strength && rules.joins(&id.kind, &id.value)
            });
            for strong in stronger {
                let kinds = seen_with.entry(weak).or_default();
                kinds.entry(&strong.kind).or_default().insert(&strong.value);
            }
        }
    }
    let too_many = |kinds: HashMap<&str, HashSet<&str>>| {
        kinds
            .values()
            .any(|values| values.len() > rules.shared_above)
    };
    seen_with
        .into_iter()
        .filter_map(|(id, kinds)| too_many(kinds).then(|| id.clone()))
        .collect()
}
