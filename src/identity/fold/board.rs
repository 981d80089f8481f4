//! The state of a fold: identifiers and links by number, and the customers so far.
//!
//! A customer is asked for counts and sides, never for its list of identifiers, so that a link costs the same however large
//! the customers are that it finds. One that was joined into another leaves an empty slot that points on.

use super::super::{Class, Customer, Identifier, Link, MERGED, Rule, Rules};
use super::{Demotion, Resolution, Step, Tied, Wall, Why};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An identifier, and the slot that first held it.
struct Entry<'a> {
    identifier: &'a Identifier,
    rule: &'a Rule,
    joins: bool,
    walls: &'a [Wall],
    owner: Option<usize>,
}

/// A customer so far.
#[derive(Default)]
struct Slot<'a> {
    joined_into: Option<usize>,
    links: Vec<usize>,
    oldest: usize,
    identifiers: Vec<(usize, i64)>,
    /// When values of each limited kind were first seen.
    counted: BTreeMap<&'a str, Vec<i64>>,
    /// Whether it has an identifier of the class person.
    identified: bool,
    walls: BTreeSet<&'a Wall>,
}

pub(super) struct Board<'a> {
    rules: &'a Rules,
    trace: bool,
    links: Vec<&'a Link>,
    /// The identifiers of each link, strongest first.
    carried: Vec<Vec<usize>>,
    entries: Vec<Entry<'a>>,
    slots: Vec<Slot<'a>>,
    /// The slot that took each link.
    holder: Vec<Option<usize>>,
    resolution: Resolution,
}

impl<'a> Board<'a> {
    /// A board with these links, oldest first.
    pub(super) fn new(
        links: Vec<&'a Link>,
        rules: &'a Rules,
        shared: &BTreeSet<Identifier>,
        walls: &'a HashMap<Identifier, Vec<Wall>>,
        trace: bool,
    ) -> Self {
        let mut numbers: HashMap<&Identifier, usize> = HashMap::new();
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut number = |identifier: &'a Identifier| {
            *numbers.entry(identifier).or_insert_with(|| {
                let Identifier { kind, value } = identifier;
                entries.push(Entry {
                    identifier,
                    rule: rules.rule(kind),
                    joins: rules.joins(kind, value) && !shared.contains(identifier),
                    walls: walls.get(identifier).map_or(&[], Vec::as_slice),
                    owner: None,
                });
                entries.len() - 1
            })
        };
        let mut carried: Vec<Vec<usize>> = links
            .iter()
            .map(|link| link.identifiers.iter().map(&mut number).collect())
            .collect();
        for ids in &mut carried {
            ids.retain(|id| entries[*id].joins);
            ids.sort_by_key(|id| entries[*id].rule.priority);
        }
        Self {
            rules,
            trace,
            holder: vec![None; links.len()],
            links,
            carried,
            entries,
            slots: Vec::new(),
            resolution: Resolution::default(),
        }
    }

    pub(super) fn fold(&mut self) {
        for link in 0..self.links.len() {
            self.take(link);
        }
        self.follow_moved();
        self.follow_merges();
    }

    fn take(&mut self, link: usize) {
        if self.links[link].moved_to().is_some() {
            return self.is_partial(link);
        }
        if self.links[link].is_apart() {
            self.is_partial(link);
            return self.join(link, &[], Vec::new());
        }
        let mut ids = self.carried[link].clone();
        if ids.is_empty() {
            self.is_partial(link);
            let id = self.links[link].id.clone();
            return self.resolution.unattributed.push(id);
        }
        let mut demoted = Vec::new();
        while let Some(why) = self.objection(&ids, self.links[link].first_at) {
            let at = self.obstacle(&ids, &why);
            let identifier = self.entries[ids.remove(at)].identifier.clone();
            demoted.push(Demotion { identifier, why });
        }
        if !demoted.is_empty() {
            self.is_partial(link);
        }
        self.join(link, &ids, demoted);
    }

    fn is_partial(&mut self, link: usize) {
        let id = self.links[link].id.clone();
        self.resolution.partial.insert(id);
    }

    fn find(&self, mut slot: usize) -> usize {
        while let Some(next) = self.slots[slot].joined_into {
            slot = next;
        }
        slot
    }

    /// The slot that holds an identifier now.
    fn owner(&self, id: usize) -> Option<usize> {
        self.entries[id].owner.map(|slot| self.find(slot))
    }

    fn matched(&self, ids: &[usize]) -> BTreeSet<usize> {
        ids.iter().filter_map(|id| self.owner(*id)).collect()
    }

    /// What speaks against joining all that these ids lead to, and the ids themselves.
    fn objection(&self, ids: &[usize], at: i64) -> Option<Why> {
        let slots = self.matched(ids);
        self.over_limit(ids, &slots, at)
            .or_else(|| self.guarded(ids, &slots))
            .or_else(|| self.walled(ids, &slots))
    }

    /// The first kind of which the customer would have too many: more than the limit, and more than any of them has now,
    /// since what a steward joined stays joined.
    fn over_limit(&self, ids: &[usize], slots: &BTreeSet<usize>, at: i64) -> Option<Why> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for slot in slots {
            for (kind, times) in &self.slots[*slot].counted {
                let since = self.rules.rule(kind).window.since(at);
                let held = times.iter().filter(|seen| **seen >= since).count();
                let (total, most) = counts.entry(kind).or_default();
                *total += held;
                *most = held.max(*most);
            }
        }
        for id in ids.iter().filter(|id| self.entries[**id].owner.is_none()) {
            counts
                .entry(&self.entries[*id].identifier.kind)
                .or_default()
                .0 += 1;
        }
        let over = counts
            .into_iter()
            .find(|(kind, (total, most))| *total > self.rules.rule(kind).limit && total > most);
        over.map(|(kind, _)| Why::Limit(kind.to_owned()))
    }

    /// The already-identified guard: of two customers who are each identified, one would be joined by something weaker than
    /// an identifier of a person.
    fn guarded(&self, ids: &[usize], slots: &BTreeSet<usize>) -> Option<Why> {
        if !self.rules.identified_guard {
            return None;
        }
        let person = |id: &&usize| self.entries[**id].rule.class == Class::Person;
        let strong: BTreeSet<Option<usize>> = ids
            .iter()
            .filter(person)
            .map(|id| self.owner(*id))
            .collect();
        let weak = slots
            .iter()
            .filter(|slot| self.slots[**slot].identified && !strong.contains(&Some(**slot)));
        (weak.count() + usize::from(!strong.is_empty()) > 1).then_some(Why::Guard)
    }

    fn walled(&self, ids: &[usize], slots: &BTreeSet<usize>) -> Option<Why> {
        let mut sides: BTreeMap<&str, bool> = BTreeMap::new();
        let held = slots
            .iter()
            .flat_map(|slot| self.slots[*slot].walls.iter().copied());
        let carried = ids.iter().flat_map(|id| self.entries[*id].walls);
        for Wall { decision, off } in held.chain(carried) {
            if *sides.entry(decision).or_insert(*off) != *off {
                return Some(Why::Wall(decision.clone()));
            }
        }
        None
    }

    /// The position of the weakest id that stands in the way: one that leads to another customer than the strongest id does,
    /// or that would itself be one too many, or on the other side.
    fn obstacle(&self, ids: &[usize], why: &Why) -> usize {
        let main = self.owner(ids[0]);
        let main_walls = || {
            main.into_iter()
                .flat_map(|slot| self.slots[slot].walls.iter().copied())
        };
        let in_the_way = |id: usize| match (self.owner(id), why) {
            (Some(slot), _) => Some(slot) != main,
            (None, Why::Limit(kind)) => self.entries[id].identifier.kind == *kind,
            (None, Why::Guard) => false,
            (None, Why::Wall(decision)) => {
                let ours = side(main_walls().chain(self.entries[ids[0]].walls), decision);
                let its = side(self.entries[id].walls, decision);
                its.is_some() && its != ours
            }
        };
        (1..ids.len())
            .rev()
            .find(|at| in_the_way(ids[*at]))
            .unwrap_or(ids.len() - 1)
    }

    fn join(&mut self, link: usize, ids: &[usize], demoted: Vec<Demotion>) {
        let matched = self.matched(ids);
        if self.trace {
            let found = ids.iter().filter(|id| self.entries[**id].owner.is_some());
            let step = Step {
                link: self.links[link].id.clone(),
                joined: self.names(&matched),
                by: found
                    .map(|id| self.entries[*id].identifier.clone())
                    .collect(),
                demoted,
            };
            self.resolution.steps.push(step);
        }
        let into = self.unite(&matched).unwrap_or_else(|| {
            self.slots.push(Slot {
                oldest: link,
                ..Slot::default()
            });
            self.slots.len() - 1
        });
        self.hold(into, link);
        let at = self.links[link].first_at;
        for id in ids {
            let entry = &mut self.entries[*id];
            if entry.owner.is_some() {
                continue;
            }
            entry.owner = Some(into);
            let slot = &mut self.slots[into];
            slot.identifiers.push((*id, at));
            slot.identified |= entry.rule.class == Class::Person;
            slot.walls.extend(entry.walls);
            if entry.rule.limit < usize::MAX {
                let counted = slot.counted.entry(&entry.identifier.kind);
                counted.or_default().push(at);
            }
        }
    }

    fn hold(&mut self, slot: usize, link: usize) {
        self.holder[link] = Some(slot);
        self.slots[slot].links.push(link);
        // Links are numbered from the oldest on.
        self.slots[slot].oldest = self.slots[slot].oldest.min(link);
    }

    /// Makes one slot of several. The largest takes in the others, so that a long chain of joins stays linear.
    fn unite(&mut self, slots: &BTreeSet<usize>) -> Option<usize> {
        let into = slots
            .iter()
            .copied()
            .max_by_key(|slot| self.slots[*slot].links.len())?;
        for slot in slots.iter().copied().filter(|slot| *slot != into) {
            let pointer = Slot {
                joined_into: Some(into),
                ..Slot::default()
            };
            let taken = std::mem::replace(&mut self.slots[slot], pointer);
            let target = &mut self.slots[into];
            target.links.extend(taken.links);
            target.oldest = target.oldest.min(taken.oldest);
            target.identifiers.extend(taken.identifiers);
            target.identified |= taken.identified;
            target.walls.extend(taken.walls);
            for (kind, times) in taken.counted {
                target.counted.entry(kind).or_default().extend(times);
            }
        }
        Some(into)
    }

    fn names(&self, slots: &BTreeSet<usize>) -> Vec<String> {
        let name = |slot: &usize| self.links[self.slots[*slot].oldest].id.clone();
        slots.iter().map(name).collect()
    }

    /// A link whose events moved to another link goes where that one went.
    fn follow_moved(&mut self) {
        if self.links.iter().all(|link| link.moved_to().is_none()) {
            return;
        }
        let all = self.links.iter().enumerate();
        let numbers: HashMap<&str, usize> = all
            .map(|(number, link)| (link.id.as_str(), number))
            .collect();
        for link in 0..self.links.len() {
            let target = self.links[link].moved_to().map(|to| numbers.get(to));
            match target.map(|found| found.and_then(|number| self.holder[*number])) {
                Some(Some(slot)) => {
                    let slot = self.find(slot);
                    self.hold(slot, link);
                }
                Some(None) => self
                    .resolution
                    .unattributed
                    .push(self.links[link].id.clone()),
                None => {}
            }
        }
    }

    /// Joins what stewards joined, in the order of their decisions, unless a wall stands between.
    fn follow_merges(&mut self) {
        let mut merges: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, link) in self.links.iter().enumerate() {
            for mark in link.marks.iter().filter(|mark| mark.kind == MERGED) {
                merges.entry(&mark.value).or_default().push(number);
            }
        }
        for (decision, links) in merges {
            let held = links.iter().filter_map(|link| self.holder[*link]);
            let slots: BTreeSet<usize> = held.map(|slot| self.find(slot)).collect();
            let refused = self.walled(&[], &slots);
            if self.trace {
                let joined = self.names(&slots);
                let refused = refused.clone();
                self.resolution.tied.push(Tied {
                    decision: decision.to_owned(),
                    joined,
                    refused,
                });
            }
            if refused.is_none() {
                self.unite(&slots);
            }
        }
    }

    pub(super) fn finish(mut self) -> Resolution {
        for slot in self
            .slots
            .iter_mut()
            .filter(|slot| slot.joined_into.is_none())
        {
            slot.links.sort_unstable();
            let links = slot
                .links
                .iter()
                .map(|link| self.links[*link].id.clone())
                .collect();
            let known = slot.identifiers.iter();
            let identifiers = known
                .map(|(id, at)| (self.entries[*id].identifier.clone(), *at))
                .collect();
            self.resolution
                .customers
                .push(Customer { links, identifiers });
        }
        let by_id = |a: &Customer, b: &Customer| a.links[0].cmp(&b.links[0]);
        self.resolution.customers.sort_unstable_by(by_id);
        self.resolution
    }
}

/// The side of a wall that is among these.
fn side<'w>(walls: impl IntoIterator<Item = &'w Wall>, decision: &str) -> Option<bool> {
    let wall = walls.into_iter().find(|wall| wall.decision == decision);
    wall.map(|wall| wall.off)
}
