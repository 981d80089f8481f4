//! The step: what a new link of a settled customer comes to, without folding anything.
//!
//! An order or ticket brings a link of its own, so a customer of n orders has n links, and folding all of them for each new
//! one would be quadratic. Most of these links say nothing new about who is who. [`Candidate::holds`] tells when that is certain.
//!
//! # Why it is exact
//!
//! A link is *whole* if the fold left nothing out of it: it is not set apart, did not move, and no identifier was demoted. From
//! its place in the order on, all identifiers of a whole link that can connect (they join and are not shared) lead to one
//! customer, because customers only ever join. So do those of several whole links, from the place of the last one on, if
//! these hang together by such identifiers. Let L be a new link, A its connecting identifiers that are stored already and
//! F those that no stored link carries, and let
//!
//! 1. whole links that come before L and hang together by identifiers of A carry all of A, and A is not empty;
//! 2. every kind in F be a reference without a limit;
//! 3. each shareable identifier of L and each stronger one beside it be together in one of those links.
//!
//! Then the fold with L gives what the fold without it gave, and L and F belong to the customer that A leads to:
//!
//! - The same values are shared. A value's company grows only by pairs of 3, and these were counted already.
//! - What comes before L is folded as before, and then all of A leads to one customer (1). Nothing speaks against L: no
//!   limit, since one customer alone has no more than it has, and F has none (2); not the guard, since one customer alone is
//!   not two, and F identifies nobody; no wall, since the customer is on one side of each and F, being in no row, on none.
//!   So L is taken whole, and its customer is begun by an older link and keeps its id.
//! - What comes after L is decided by counts of limited kinds, by who is identified and by walls, and L changed none of
//!   them for anyone. No other link carries any of F. So it is folded as before too, and so is what stewards joined.
//!
//! The windows of limits and late links need no exception: nothing here depends on what lies after L.
//!
//! The same holds for the next link after this one, so a batch may be taken step by step in the order of its links, each
//! counting among the whole links for those that follow.

use super::{Class, Identifier, Link, Resolution, Rules, link_id};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What connects a set of identifiers to the first whole link that carries just it and things; its value is the set's id.
pub const CORE: &str = "=core";

/// Most identifiers of a link that is looked at; one with more is folded.
const MOST: usize = 32;

/// A link whose customer may be known without a fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The customer, if [`Candidate::holds`].
    pub profile: &'a str,
    /// Its identifiers that nobody has yet.
    pub fresh: Vec<&'a Identifier>,
    link: &'a Link,
    /// Its identifiers that connect and are known.
    known: Vec<&'a Identifier>,
    /// Pairs of a value that could become shared and a stronger one.
    company: Vec<(&'a Identifier, &'a Identifier)>,
}

impl<'a> Candidate<'a> {
    /// Whether a new link can be one: what is known of it leads to one customer, and all else are things. `owners` is where
    /// each identifier leads that any link carries, `shared` are those of them that are shared.
    #[must_use]
    pub fn of(
        link: &'a Link,
        rules: &Rules,
        owners: &'a BTreeMap<Identifier, Option<String>>,
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
                    leads.insert(profile.as_deref()?);
                    known.push(*id);
                }
                None if is_thing(id, rules) => fresh.push(*id),
                None => return None,
            }
        }
        let mut company = Vec::new();
        let weak = |id: &&&Identifier| rules.can_be_shared(&id.kind) && !shared.contains(**id);
        for weak in joining.iter().filter(weak) {
            let strength = rules.rule(&weak.kind).priority;
            let stronger = joining
                .iter()
                .filter(|id| rules.rule(&id.kind).priority < strength);
            company.extend(stronger.map(|strong| (*weak, *strong)));
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
            company,
        })
    }

    /// By what the first whole link is found that has the same core; none if the core is empty or shared by all.
    #[must_use]
    pub fn core(&self, rules: &Rules, secret: &str) -> Option<Identifier> {
        let own = self.known.iter().any(|id| !is_thing(id, rules));
        own.then(|| clue(secret, &core(self.link, rules)))
    }

    /// The known things that it carries; other links that do may bear it out too.
    pub fn things(&self, rules: &Rules) -> impl Iterator<Item = &'a Identifier> {
        let things = self.known.iter().copied();
        things.filter(|id| is_thing(id, rules))
    }

    /// What the link is to be found by, as [`cores`] has it, if it is a step. `first` is the first whole link of its core so far.
    #[must_use]
    pub fn found_by(&self, first: Option<&Link>, rules: &Rules, secret: &str) -> Option<String> {
        let plain = core(self.link, rules).len() == self.link.identifiers.len();
        if first.is_some() || plain {
            return None;
        }
        self.core(rules, secret).map(|core| core.value)
    }

    /// Whether the customer is certain, by these whole links: those before it carry all that is known of it, hang together, and
    /// give no value new company. `first` is the first whole link of its core; what comes before that would take its place.
    #[must_use]
    pub fn holds(&self, first: Option<&Link>, whole: &[&Link]) -> bool {
        if first.is_some_and(|first| first.order() > self.link.order()) {
            return false;
        }
        let carries = |link: &Link, id: &Identifier| link.identifiers.binary_search(id).is_ok();
        let before = |one: &&&Link| {
            one.order() < self.link.order() && !one.is_apart() && one.moved_to().is_none()
        };
        let whole = whole.iter().chain(first.as_ref());
        let earlier: Vec<&Link> = whole.filter(before).copied().collect();
        let seen = |(weak, strong): &(&Identifier, &Identifier)| {
            let mut earlier = earlier.iter();
            earlier.any(|one| carries(one, weak) && carries(one, strong))
        };
        let by_some = |id: &&Identifier| earlier.iter().any(|one| carries(one, id));
        if !self.company.iter().all(seen) || !self.known.iter().all(by_some) {
            return false;
        }
        let mut together: HashSet<&Identifier> = self.known.iter().copied().take(1).collect();
        let mut size = 0;
        while size < together.len() {
            size = together.len();
            for one in &earlier {
                if together.iter().any(|id| carries(one, id)) {
                    together.extend(self.known.iter().filter(|id| carries(one, id)));
                }
            }
        }
        together.len() == self.known.len()
    }
}

/// Whether an identifier is of a thing that says nothing about who its customer is.
fn is_thing(id: &Identifier, rules: &Rules) -> bool {
    let rule = rules.rule(&id.kind);
    rule.class == Class::Reference && rule.limit == usize::MAX
}

/// The identifiers of a link that join customers and are no things: what its customer's other links have in common with it.
fn core<'a>(link: &'a Link, rules: &Rules) -> Vec<&'a Identifier> {
    let of_people = |id: &&Identifier| rules.joins(&id.kind, &id.value) && !is_thing(id, rules);
    link.identifiers.iter().filter(of_people).collect()
}

fn clue(secret: &str, core: &[&Identifier]) -> Identifier {
    let core: Vec<Identifier> = core.iter().map(|id| (*id).clone()).collect();
    Identifier::new(CORE, link_id(secret, &core))
}

/// The links that are found by [`CORE`], with the value: of each core the first whole link that has it. One that carries nothing
/// else is found by its id already, and what is shared by all would be found among strangers.
#[must_use]
pub fn cores<'a>(
    links: impl IntoIterator<Item = &'a Link>,
    rules: &Rules,
    secret: &str,
    resolution: &Resolution,
) -> HashMap<String, String> {
    let mut first: HashMap<Vec<&Identifier>, &Link> = HashMap::new();
    for link in links.into_iter().filter(|link| resolution.is_whole(link)) {
        let core = core(link, rules);
        if core.iter().all(|id| resolution.shared.contains(*id)) {
            continue;
        }
        let first = first.entry(core).or_insert(link);
        if link.order() < first.order() {
            *first = link;
        }
    }
    let plain = |core: &Vec<&Identifier>, link: &Link| core.len() == link.identifiers.len();
    first
        .into_iter()
        .filter(|(core, link)| !plain(core, link))
        .map(|(core, link)| (link.id.clone(), clue(secret, &core).value))
        .collect()
}
