//! The fast path: what a new link of a settled customer comes to, without folding anything.
//!
//! An order or ticket brings a link of its own, so a customer of n orders has n links, and folding
//! all of them for each new one would be quadratic. Most of these links say nothing new about who
//! is who. [`Candidate::holds`] tells when that is certain.
//!
//! # Why it is exact
//!
//! A link is *complete* if the fold left nothing out of it: it is not set apart, did not move, and
//! no identifier was demoted. From its place in the order on, all identifiers of a complete link
//! that can connect (they join and are not shared) lead to one customer, because customers only
//! ever join. So do those of several complete links, from the place of the last one on, if these
//! hang together by such identifiers. Let L be a new link, A its connecting identifiers that are
//! stored already and F those that no stored link carries, and let
//!
//! 1. complete links that come before L and hang together by identifiers of A carry all of A, and A
//!    is not empty;
//! 2. every kind in F be a reference without a limit;
//! 3. each shareable identifier of L and each stronger one beside it be together in one of those
//!    links.
//!
//! Then the fold with L gives what the fold without it gave, and L and F belong to the customer
//! that A leads to:
//!
//! - The same values are shared. The values that a value is seen with grow only by pairs of 3, and
//!   these were counted already.
//! - What comes before L is folded as before, and then all of A leads to one customer (1). No rule
//!   demotes anything of L: no limit, since one customer alone has no more than it has, and F has
//!   none (2); not the guard, since one customer alone is not two, and F identifies nobody; no
//!   cannot-link constraint, since the customer is on one side of each and F, being in no row, on
//!   neither. So L is complete, and its customer is begun by an older link and keeps its id.
//! - What comes after L is decided by counts of limited kinds, by who is identified and by
//!   cannot-link constraints, and L changed none of them for anyone. No other link carries any of
//!   F. So it is folded as before too, and must-link constraints are followed as before.
//!
//! The windows of limits and late links need no exception: nothing here depends on what lies after
//! L.
//!
//! The same holds for the next link after this one, so the links of a batch may be taken in their
//! order, each counting among the complete links for those that follow.

use super::{Class, Identifier, Link, Resolution, Rules, link_id};
use crate::id::{LinkId, ProfileId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The kind of an identifier set key: it leads to the first complete link that carries exactly this
/// set of personal identifiers, beside references. The value is the [`link_id`] of the set.
pub const SET_KEY: &str = "=core";

/// Most identifiers of a link on the fast path; one with more is folded.
const MOST: usize = 32;

/// A link whose customer may be known without a fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The customer, if [`Candidate::holds`].
    pub profile: &'a ProfileId,
    /// Its identifiers that nobody has yet.
    pub fresh: Vec<&'a Identifier>,
    link: &'a Link,
    /// Its identifiers that connect and are known.
    known: Vec<&'a Identifier>,
    /// Pairs of a value that could become shared and a stronger one.
    pairs: Vec<(&'a Identifier, &'a Identifier)>,
}

impl<'a> Candidate<'a> {
    /// Whether a new link can be one: what is known of it leads to one customer, and the rest are
    /// references. `owners` is where each stored identifier leads, `shared` are those of them that
    /// are shared.
    #[must_use]
    pub fn of(
        link: &'a Link,
        rules: &Rules,
        owners: &'a BTreeMap<Identifier, Option<ProfileId>>,
        shared: &HashSet<Identifier>,
    ) -> Option<Self> {
        if !link.marks.is_empty() || link.identifiers.len() > MOST {
            return None;
        }
        let joining: Vec<&Identifier> = link
            .identifiers
            .iter()
            .filter(|id| rules.joins(&id.kind, &id.value))
            .collect();
        let (mut leads, mut known, mut fresh) = (BTreeSet::new(), Vec::new(), Vec::new());
        for id in joining.iter().filter(|id| !shared.contains(**id)) {
            match owners.get(*id) {
                Some(profile) => {
                    leads.insert(profile.as_ref()?);
                    known.push(*id);
                }
                None if is_reference(id, rules) => fresh.push(*id),
                None => return None,
            }
        }
        let mut leads = leads.into_iter();
        let (Some(profile), None) = (leads.next(), leads.next()) else {
            return None;
        };
        Some(Self {
            profile,
            fresh,
            link,
            known,
            pairs: shareable_pairs(&joining, rules, shared),
        })
    }

    /// The key that leads to the first complete link with the same set of personal identifiers;
    /// none if all of these are shared or there are none.
    #[must_use]
    pub fn set_key(&self, rules: &Rules, secret: &str) -> Option<Identifier> {
        let own = self.known.iter().any(|id| !is_reference(id, rules));
        own.then(|| key_of(secret, &personal(self.link, rules)))
    }

    /// The known references that it carries; another link that carries one may be a witness too.
    pub fn references(&self, rules: &Rules) -> impl Iterator<Item = &'a Identifier> {
        let known = self.known.iter().copied();
        known.filter(|id| is_reference(id, rules))
    }

    /// The set key that the link is to be stored with, as [`set_keys`] has it, if it takes the fast
    /// path. `first` is the first complete link of its set so far.
    #[must_use]
    pub fn stored_key(&self, first: Option<&Link>, rules: &Rules, secret: &str) -> Option<String> {
        let plain = personal(self.link, rules).len() == self.link.identifiers.len();
        if first.is_some() || plain {
            return None;
        }
        self.set_key(rules, secret).map(|key| key.value)
    }

    /// Whether the customer is certain, by these complete links: those before it carry all that is
    /// known of it, hang together, and have seen each value with the same stronger ones. `first` is
    /// the first complete link of its set; a link that comes before that would take its place.
    #[must_use]
    pub fn holds(&self, first: Option<&Link>, complete: &[&Link]) -> bool {
        if first.is_some_and(|first| first.order() > self.link.order()) {
            return false;
        }
        let before = |one: &&&Link| {
            one.order() < self.link.order() && !one.is_apart() && one.moved_to().is_none()
        };
        let complete = complete.iter().chain(first.as_ref());
        let earlier: Vec<&Link> = complete.filter(before).copied().collect();
        let seen = |(weak, strong): &(&Identifier, &Identifier)| {
            let mut earlier = earlier.iter();
            earlier.any(|one| carries(one, weak) && carries(one, strong))
        };
        let by_some = |id: &&Identifier| earlier.iter().any(|one| carries(one, id));
        self.pairs.iter().all(seen)
            && self.known.iter().all(by_some)
            && self.hangs_together(&earlier)
    }

    /// Whether these links connect all that is known of it.
    fn hangs_together(&self, earlier: &[&Link]) -> bool {
        let mut together: HashSet<&Identifier> = self.known.iter().copied().take(1).collect();
        let mut size = 0;
        while size < together.len() {
            size = together.len();
            for one in earlier {
                if together.iter().any(|id| carries(one, id)) {
                    together.extend(self.known.iter().filter(|id| carries(one, id)));
                }
            }
        }
        together.len() == self.known.len()
    }
}

/// Pairs of a value that could become shared and a stronger one beside it.
fn shareable_pairs<'a>(
    joining: &[&'a Identifier],
    rules: &Rules,
    shared: &HashSet<Identifier>,
) -> Vec<(&'a Identifier, &'a Identifier)> {
    let priority = |id: &Identifier| rules.rule(&id.kind).priority;
    let weak = joining
        .iter()
        .filter(|id| rules.can_be_shared(&id.kind) && !shared.contains(**id));
    weak.flat_map(|weak| {
        let stronger = joining.iter().filter(|id| priority(id) < priority(weak));
        stronger.map(|strong| (*weak, *strong))
    })
    .collect()
}

fn carries(link: &Link, id: &Identifier) -> bool {
    link.identifiers.binary_search(id).is_ok()
}

/// Whether an identifier is a reference without a limit, which says nothing about who its customer
/// is.
fn is_reference(id: &Identifier, rules: &Rules) -> bool {
    let rule = rules.rule(&id.kind);
    rule.class == Class::Reference && rule.limit == usize::MAX
}

/// The personal identifiers of a link: they join customers and are no references. Most links of one
/// customer have them in common.
fn personal<'a>(link: &'a Link, rules: &Rules) -> Vec<&'a Identifier> {
    let own = |id: &&Identifier| rules.joins(&id.kind, &id.value) && !is_reference(id, rules);
    link.identifiers.iter().filter(own).collect()
}

fn key_of(secret: &str, personal: &[&Identifier]) -> Identifier {
    let set: Vec<Identifier> = personal.iter().map(|id| (*id).clone()).collect();
    Identifier::new(SET_KEY, link_id(secret, &set).as_str())
}

/// The keys by which witnesses for these links are looked up: stored complete links that may prove
/// where a link belongs. They are the links' set keys and the known references that they carry.
#[must_use]
pub fn witness_keys(
    links: &[Link],
    rules: &Rules,
    secret: &str,
    owners: &BTreeMap<Identifier, Option<ProfileId>>,
    shared: &HashSet<Identifier>,
) -> Vec<Identifier> {
    let candidates = links
        .iter()
        .filter_map(|link| Candidate::of(link, rules, owners, shared));
    let keys: BTreeSet<Identifier> = candidates
        .flat_map(|candidate| {
            let references: Vec<Identifier> = candidate.references(rules).cloned().collect();
            references
                .into_iter()
                .chain(candidate.set_key(rules, secret))
        })
        .collect();
    keys.into_iter().collect()
}

/// The set keys that links are stored with, by the links' ids: each set's first complete link has
/// its key. A link that carries nothing beside its set has no key, since its own id is that hash; a
/// set of shared values has none, since strangers would find it.
#[must_use]
pub fn set_keys<'a>(
    links: impl IntoIterator<Item = &'a Link>,
    rules: &Rules,
    secret: &str,
    resolution: &Resolution,
) -> HashMap<LinkId, String> {
    let mut first: HashMap<Vec<&Identifier>, &Link> = HashMap::new();
    let complete = links
        .into_iter()
        .filter(|link| resolution.is_complete(link));
    for link in complete {
        let set = personal(link, rules);
        if set.iter().all(|id| resolution.shared.contains(*id)) {
            continue;
        }
        let first = first.entry(set).or_insert(link);
        if link.order() < first.order() {
            *first = link;
        }
    }
    let plain = |set: &Vec<&Identifier>, link: &Link| set.len() == link.identifiers.len();
    first
        .into_iter()
        .filter(|(set, link)| !plain(set, link))
        .map(|(set, link)| (link.id.clone(), key_of(secret, &set).value))
        .collect()
}
