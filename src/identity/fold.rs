//! The fold: links in the order they were first seen become customers.
//!
//! For each link: drop blocked and shared values, find the customers that hold the rest, and join them, as long as no kind
//! exceeds its limit. Where one would, the strongest identifier decides whose link it is, and the weakest identifier that
//! stands in the way is demoted: it stays on the event and connects nothing. So a second `user_id` on one browser never
//! welds two people (the already-identified guard). The order of the links is part of the log, so the result is too.

use super::{Identifier, Link, Rules};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// One customer: the links that make it, oldest first, and the identifiers it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Ids of its links, in fold order; the first is the profile's id.
    pub links: Vec<String>,
    /// The identifiers that lead to it, and since when.
    pub identifiers: BTreeMap<Identifier, i64>,
}

impl Customer {
    /// The profile's id: the id of its oldest link.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.links[0]
    }
}

/// What the fold of one component gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The customers, by id.
    pub customers: Vec<Customer>,
    /// Links without any usable identifier; their events belong to nobody.
    pub unattributed: Vec<String>,
    /// Values that more people carry than the rules allow; they connect nothing.
    pub shared: BTreeSet<Identifier>,
    /// What was decided for each link, in fold order.
    pub steps: Vec<Step>,
}

/// What one link did to the customers there were before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The link.
    pub link: String,
    /// Ids of the customers it found and joined, as they were called then; none where it began a new one.
    pub joined: Vec<String>,
    /// The identifiers by which it found them.
    pub by: Vec<Identifier>,
    /// Identifiers that were left out of it.
    pub demoted: Vec<Demotion>,
}

/// An identifier that connects nothing in one link, and the kind whose limit it would have broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    /// The identifier that was left out.
    pub identifier: Identifier,
    /// The kind that would have exceeded its limit.
    pub kind: String,
}

/// Folds links into customers. The order of `links` does not matter, nor do duplicates. `known` are values that are shared for
/// good; more are found among the links.
#[must_use]
pub fn fold(links: &[Link], rules: &Rules, known: &HashSet<Identifier>) -> Resolution {
    let mut ordered: Vec<&Link> = links.iter().collect();
    ordered.sort_unstable_by_key(|link| link.order());
    ordered.dedup_by(|a, b| a.id == b.id);
    let mut shared = shared(&ordered, rules);
    shared.extend(known.iter().cloned());
    let mut folding = Folding::new(rules, shared);
    for link in ordered {
        folding.take(link);
    }
    folding.finish()
}

/// The contact and device values that are seen with more than the allowed number of distinct values of one stronger kind.
fn shared(links: &[&Link], rules: &Rules) -> BTreeSet<Identifier> {
    let mut company: HashMap<&Identifier, HashMap<&str, HashSet<&str>>> = HashMap::new();
    for link in links {
        for weak in link
            .identifiers
            .iter()
            .filter(|id| rules.can_be_shared(&id.kind))
        {
            let strength = rules.rule(&weak.kind).priority;
            let stronger = link.identifiers.iter().filter(|id| {
                rules.rule(&id.kind).priority < strength && !rules.blocks(&id.kind, &id.value)
            });
            for strong in stronger {
                company
                    .entry(weak)
                    .or_default()
                    .entry(&strong.kind)
                    .or_default()
                    .insert(&strong.value);
            }
        }
    }
    let too_many = |kinds: HashMap<&str, HashSet<&str>>| {
        kinds
            .values()
            .any(|values| values.len() > rules.shared_above)
    };
    company
        .into_iter()
        .filter_map(|(id, kinds)| too_many(kinds).then(|| id.clone()))
        .collect()
}

/// The customers so far. A customer that was joined into another leaves an empty slot that points on.
struct Folding<'a> {
    rules: &'a Rules,
    resolution: Resolution,
    slots: Vec<Slot>,
    owner: HashMap<Identifier, usize>,
}

#[derive(Default)]
struct Slot {
    joined_into: Option<usize>,
    links: Vec<(i64, String)>,
    identifiers: BTreeMap<Identifier, i64>,
}

impl<'a> Folding<'a> {
    fn new(rules: &'a Rules, shared: BTreeSet<Identifier>) -> Self {
        let resolution = Resolution {
            shared,
            ..Resolution::default()
        };
        Self {
            rules,
            resolution,
            slots: Vec::new(),
            owner: HashMap::new(),
        }
    }

    fn take(&mut self, link: &Link) {
        let usable = |id: &&Identifier| {
            !self.rules.blocks(&id.kind, &id.value) && !self.resolution.shared.contains(*id)
        };
        let mut ids: Vec<&Identifier> = link.identifiers.iter().filter(usable).collect();
        if ids.is_empty() {
            self.resolution.unattributed.push(link.id.clone());
            return;
        }
        ids.sort_by_key(|id| self.rules.rule(&id.kind).priority);
        let mut demoted = Vec::new();
        while let Some(kind) = self.exceeded(&ids) {
            let at = self.obstacle(&ids, &kind);
            demoted.push(Demotion {
                identifier: ids.remove(at).clone(),
                kind,
            });
        }
        self.join(link, &ids, demoted);
    }

    /// The slot that holds an identifier now.
    fn find(&self, id: &Identifier) -> Option<usize> {
        let mut slot = *self.owner.get(id)?;
        while let Some(next) = self.slots[slot].joined_into {
            slot = next;
        }
        Some(slot)
    }

    fn matched(&self, ids: &[&Identifier]) -> BTreeSet<usize> {
        ids.iter().filter_map(|id| self.find(id)).collect()
    }

    /// The first kind of which the customer would have too many, were all that these ids match joined with them.
    fn exceeded(&self, ids: &[&Identifier]) -> Option<String> {
        let matched = self.matched(ids);
        let mut all: BTreeSet<&Identifier> = ids.iter().copied().collect();
        all.extend(
            matched
                .iter()
                .flat_map(|slot| self.slots[*slot].identifiers.keys()),
        );
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for id in all {
            *counts.entry(&id.kind).or_default() += 1;
        }
        let over = counts
            .into_iter()
            .find(|(kind, count)| *count > self.rules.rule(kind).limit);
        over.map(|(kind, _)| kind.to_owned())
    }

    /// The position of the weakest id that stands in the way: one that leads to another customer than the strongest id does,
    /// or that would itself be one too many of `kind`.
    fn obstacle(&self, ids: &[&Identifier], kind: &str) -> usize {
        let main = self.find(ids[0]);
        let in_the_way = |id: &Identifier| match self.find(id) {
            Some(slot) => Some(slot) != main,
            None => id.kind == kind,
        };
        (1..ids.len())
            .rev()
            .find(|at| in_the_way(ids[*at]))
            .unwrap_or(ids.len() - 1)
    }

    fn join(&mut self, link: &Link, ids: &[&Identifier], demoted: Vec<Demotion>) {
        let matched = self.matched(ids);
        let by = ids
            .iter()
            .filter(|id| self.find(id).is_some())
            .map(|id| (*id).clone())
            .collect();
        let joined = matched
            .iter()
            .map(|slot| oldest(&self.slots[*slot].links))
            .collect();
        self.resolution.steps.push(Step {
            link: link.id.clone(),
            joined,
            by,
            demoted,
        });
        // The largest absorbs the others, so that a long chain of joins stays linear.
        let into = matched
            .iter()
            .copied()
            .max_by_key(|slot| self.slots[*slot].links.len());
        let into = into.unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        });
        for slot in matched.into_iter().filter(|slot| *slot != into) {
            let absorbed = std::mem::replace(
                &mut self.slots[slot],
                Slot {
                    joined_into: Some(into),
                    ..Slot::default()
                },
            );
            let target = &mut self.slots[into];
            target.links.extend(absorbed.links);
            for (id, at) in absorbed.identifiers {
                let since = target.identifiers.entry(id).or_insert(at);
                *since = at.min(*since);
            }
        }
        let target = &mut self.slots[into];
        target.links.push((link.first_at, link.id.clone()));
        for id in ids {
            target
                .identifiers
                .entry((*id).clone())
                .or_insert(link.first_at);
            self.owner.insert((*id).clone(), into);
        }
    }

    fn finish(mut self) -> Resolution {
        for mut slot in self
            .slots
            .into_iter()
            .filter(|slot| slot.joined_into.is_none())
        {
            slot.links.sort_unstable();
            let links = slot.links.into_iter().map(|(_, id)| id).collect();
            self.resolution.customers.push(Customer {
                links,
                identifiers: slot.identifiers,
            });
        }
        self.resolution
            .customers
            .sort_unstable_by(|a, b| a.links[0].cmp(&b.links[0]));
        self.resolution
    }
}

fn oldest(links: &[(i64, String)]) -> String {
    links
        .iter()
        .min()
        .map(|(_, id)| id.clone())
        .unwrap_or_default()
}
