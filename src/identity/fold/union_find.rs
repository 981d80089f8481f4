//! The union-find state of a fold: identifiers and links by number, and the customers so far.
//!
//! A customer keeps counts and constraints, so a link costs the same however large the customers
//! are that it finds: no list of identifiers is walked. A customer that was joined into another
//! leaves an empty cluster with a parent.

use super::super::{Class, Customer, Identifier, Link, MUST_LINK, Rule, Rules};
use super::{CannotLink, Demotion, LinkTrace, MustLinkOutcome, Resolution, Why};
use crate::clock::Time;
use crate::id::ProfileId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An identifier, and the cluster that first held it.
struct Node<'a> {
    identifier: &'a Identifier,
    rule: &'a Rule,
    joins: bool,
    cannot_links: &'a [CannotLink],
    owner: Option<usize>,
}

/// A customer so far.
#[derive(Default)]
struct Cluster<'a> {
    parent: Option<usize>,
    links: Vec<usize>,
    oldest: usize,
    identifiers: Vec<(usize, Time)>,
    /// When values of each limited kind were first seen.
    counted: BTreeMap<&'a str, Vec<Time>>,
    /// Whether it has an identifier of the class person.
    identified: bool,
    cannot_links: BTreeSet<&'a CannotLink>,
}

/// The links, the identifiers they carry, and the customers that they were joined to so far.
pub(super) struct UnionFind<'a> {
    rules: &'a Rules,
    trace: bool,
    links: Vec<&'a Link>,
    /// The identifiers of each link, strongest first.
    carried: Vec<Vec<usize>>,
    nodes: Vec<Node<'a>>,
    clusters: Vec<Cluster<'a>>,
    /// The cluster that took each link.
    holder: Vec<Option<usize>>,
    resolution: Resolution,
}

impl<'a> UnionFind<'a> {
    /// The state before the first of these links, which come oldest first.
    pub(super) fn new(
        links: Vec<&'a Link>,
        rules: &'a Rules,
        shared: &BTreeSet<Identifier>,
        cannot_links: &'a HashMap<Identifier, Vec<CannotLink>>,
        trace: bool,
    ) -> Self {
        let mut numbers: HashMap<&Identifier, usize> = HashMap::new();
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let mut number = |identifier: &'a Identifier| {
            *numbers.entry(identifier).or_insert_with(|| {
                let Identifier { kind, value } = identifier;
                nodes.push(Node {
                    identifier,
                    rule: rules.rule(kind),
                    joins: rules.joins(kind, value) && !shared.contains(identifier),
                    cannot_links: cannot_links.get(identifier).map_or(&[], Vec::as_slice),
                    owner: None,
                });
                nodes.len() - 1
            })
        };
        let mut carried: Vec<Vec<usize>> = links
            .iter()
            .map(|link| link.identifiers.iter().map(&mut number).collect())
            .collect();
        for ids in &mut carried {
            ids.retain(|id| nodes[*id].joins);
            ids.sort_by_key(|id| nodes[*id].rule.priority);
        }
        Self {
            rules,
            trace,
            holder: vec![None; links.len()],
            links,
            carried,
            nodes,
            clusters: Vec::new(),
            resolution: Resolution::default(),
        }
    }

    pub(super) fn fold(&mut self) {
        for link in 0..self.links.len() {
            self.take(link);
        }
        self.follow_moved();
        self.follow_must_links();
    }

    fn take(&mut self, link: usize) {
        if self.links[link].moved_to().is_some() {
            return self.note_incomplete(link);
        }
        if self.links[link].is_apart() {
            self.note_incomplete(link);
            return self.join(link, &[], Vec::new());
        }
        let mut ids = self.carried[link].clone();
        if ids.is_empty() {
            self.note_incomplete(link);
            let id = self.links[link].id.clone();
            return self.resolution.unattributed.push(id);
        }
        let mut demoted = Vec::new();
        while let Some(why) = self.objection(&ids, self.links[link].first_at) {
            let at = self.obstacle(&ids, &why);
            let identifier = self.nodes[ids.remove(at)].identifier.clone();
            demoted.push(Demotion { identifier, why });
        }
        if !demoted.is_empty() {
            self.note_incomplete(link);
        }
        self.join(link, &ids, demoted);
    }

    fn note_incomplete(&mut self, link: usize) {
        let id = self.links[link].id.clone();
        self.resolution.incomplete.insert(id);
    }

    fn find(&self, mut cluster: usize) -> usize {
        while let Some(next) = self.clusters[cluster].parent {
            cluster = next;
        }
        cluster
    }

    /// The cluster that holds an identifier now.
    fn owner(&self, id: usize) -> Option<usize> {
        self.nodes[id].owner.map(|cluster| self.find(cluster))
    }

    fn matched(&self, ids: &[usize]) -> BTreeSet<usize> {
        ids.iter().filter_map(|id| self.owner(*id)).collect()
    }

    /// What speaks against joining all that these ids lead to, and the ids themselves.
    fn objection(&self, ids: &[usize], at: Time) -> Option<Why> {
        let clusters = self.matched(ids);
        self.over_limit(ids, &clusters, at)
            .or_else(|| self.guarded(ids, &clusters))
            .or_else(|| self.broken_cannot_link(ids, &clusters))
    }

    /// The first kind of which the customer would have too many: more than the limit, and more than
    /// any of them has now, since what a steward joined stays joined.
    fn over_limit(&self, ids: &[usize], clusters: &BTreeSet<usize>, at: Time) -> Option<Why> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for cluster in clusters {
            for (kind, times) in &self.clusters[*cluster].counted {
                let since = self.rules.rule(kind).window.since(at);
                let held = times.iter().filter(|seen| **seen >= since).count();
                let (total, most) = counts.entry(kind).or_default();
                *total += held;
                *most = held.max(*most);
            }
        }
        for id in ids.iter().filter(|id| self.nodes[**id].owner.is_none()) {
            let kind = &self.nodes[*id].identifier.kind;
            counts.entry(kind).or_default().0 += 1;
        }
        let over = counts
            .into_iter()
            .find(|(kind, (total, most))| *total > self.rules.rule(kind).limit && total > most);
        over.map(|(kind, _)| Why::Limit(kind.to_owned()))
    }

    /// The already-identified guard: of two customers who are each identified, one would be joined
    /// by something weaker than an identifier of a person.
    fn guarded(&self, ids: &[usize], clusters: &BTreeSet<usize>) -> Option<Why> {
        if !self.rules.identified_guard {
            return None;
        }
        let person = |id: &&usize| self.nodes[**id].rule.class == Class::Person;
        let strong: BTreeSet<Option<usize>> = ids
            .iter()
            .filter(person)
            .map(|id| self.owner(*id))
            .collect();
        let weak = clusters.iter().filter(|cluster| {
            self.clusters[**cluster].identified && !strong.contains(&Some(**cluster))
        });
        (weak.count() + usize::from(!strong.is_empty()) > 1).then_some(Why::Guard)
    }

    fn broken_cannot_link(&self, ids: &[usize], clusters: &BTreeSet<usize>) -> Option<Why> {
        let mut sides: BTreeMap<&str, bool> = BTreeMap::new();
        let held = clusters
            .iter()
            .flat_map(|cluster| self.clusters[*cluster].cannot_links.iter().copied());
        let carried = ids.iter().flat_map(|id| self.nodes[*id].cannot_links);
        for CannotLink { decision, off } in held.chain(carried) {
            if *sides.entry(decision).or_insert(*off) != *off {
                return Some(Why::CannotLink(decision.clone()));
            }
        }
        None
    }

    /// The position of the weakest id that stands in the way: one that leads to another customer
    /// than the strongest id does, or that would itself be one too many, or on the other side.
    fn obstacle(&self, ids: &[usize], why: &Why) -> usize {
        let main = self.owner(ids[0]);
        let main_cannot_links = || {
            main.into_iter()
                .flat_map(|cluster| self.clusters[cluster].cannot_links.iter().copied())
        };
        let in_the_way = |id: usize| match (self.owner(id), why) {
            (Some(cluster), _) => Some(cluster) != main,
            (None, Why::Limit(kind)) => self.nodes[id].identifier.kind == *kind,
            (None, Why::Guard) => false,
            (None, Why::CannotLink(decision)) => {
                let ours = side(
                    main_cannot_links().chain(self.nodes[ids[0]].cannot_links),
                    decision,
                );
                let its = side(self.nodes[id].cannot_links, decision);
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
            let found = ids.iter().filter(|id| self.nodes[**id].owner.is_some());
            let trace = LinkTrace {
                link: self.links[link].id.clone(),
                joined: self.names(&matched),
                by: found.map(|id| self.nodes[*id].identifier.clone()).collect(),
                demoted,
            };
            self.resolution.traces.push(trace);
        }
        let into = self.unite(&matched).unwrap_or_else(|| {
            self.clusters.push(Cluster {
                oldest: link,
                ..Cluster::default()
            });
            self.clusters.len() - 1
        });
        self.hold(into, link);
        let at = self.links[link].first_at;
        for id in ids {
            let node = &mut self.nodes[*id];
            if node.owner.is_some() {
                continue;
            }
            node.owner = Some(into);
            let cluster = &mut self.clusters[into];
            cluster.identifiers.push((*id, at));
            cluster.identified |= node.rule.class == Class::Person;
            cluster.cannot_links.extend(node.cannot_links);
            if node.rule.limit < usize::MAX {
                let counted = cluster.counted.entry(&node.identifier.kind);
                counted.or_default().push(at);
            }
        }
    }

    fn hold(&mut self, cluster: usize, link: usize) {
        self.holder[link] = Some(cluster);
        self.clusters[cluster].links.push(link);
        // Links are numbered from the oldest on.
        self.clusters[cluster].oldest = self.clusters[cluster].oldest.min(link);
    }

    /// Makes one cluster of several. The largest takes in the others, so that a long chain of joins
    /// stays linear.
    fn unite(&mut self, clusters: &BTreeSet<usize>) -> Option<usize> {
        let into = clusters
            .iter()
            .copied()
            .max_by_key(|cluster| self.clusters[*cluster].links.len())?;
        for cluster in clusters.iter().copied().filter(|cluster| *cluster != into) {
            let pointer = Cluster {
                parent: Some(into),
                ..Cluster::default()
            };
            let taken = std::mem::replace(&mut self.clusters[cluster], pointer);
            let target = &mut self.clusters[into];
            target.links.extend(taken.links);
            target.oldest = target.oldest.min(taken.oldest);
            target.identifiers.extend(taken.identifiers);
            target.identified |= taken.identified;
            target.cannot_links.extend(taken.cannot_links);
            for (kind, times) in taken.counted {
                target.counted.entry(kind).or_default().extend(times);
            }
        }
        Some(into)
    }

    fn names(&self, clusters: &BTreeSet<usize>) -> Vec<ProfileId> {
        let oldest = |cluster: &usize| &self.links[self.clusters[*cluster].oldest].id;
        let name = |cluster| ProfileId::of(oldest(cluster));
        clusters.iter().map(name).collect()
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
                Some(Some(cluster)) => {
                    let cluster = self.find(cluster);
                    self.hold(cluster, link);
                }
                Some(None) => self
                    .resolution
                    .unattributed
                    .push(self.links[link].id.clone()),
                None => {}
            }
        }
    }

    /// Follows the must-link constraints in the order of their decisions. One that breaks a
    /// cannot-link constraint is refused.
    fn follow_must_links(&mut self) {
        let mut merges: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, link) in self.links.iter().enumerate() {
            for mark in link.marks.iter().filter(|mark| mark.kind == MUST_LINK) {
                merges.entry(&mark.value).or_default().push(number);
            }
        }
        for (decision, links) in merges {
            let held = links.iter().filter_map(|link| self.holder[*link]);
            let clusters: BTreeSet<usize> = held.map(|cluster| self.find(cluster)).collect();
            let refused = self.broken_cannot_link(&[], &clusters);
            if self.trace {
                let joined = self.names(&clusters);
                let refused = refused.clone();
                self.resolution.must_links.push(MustLinkOutcome {
                    decision: decision.to_owned(),
                    joined,
                    refused,
                });
            }
            if refused.is_none() {
                self.unite(&clusters);
            }
        }
    }

    pub(super) fn finish(mut self) -> Resolution {
        let roots = self.clusters.iter_mut();
        let customers = roots
            .filter(|cluster| cluster.parent.is_none())
            .map(|cluster| {
                cluster.links.sort_unstable();
                let id = |link: &usize| self.links[*link].id.clone();
                let links = cluster.links.iter().map(id).collect();
                let known = cluster.identifiers.iter();
                let identifiers = known
                    .map(|(id, at)| (self.nodes[*id].identifier.clone(), *at))
                    .collect();
                Customer::new(links, identifiers)
            });
        self.resolution.customers = customers.collect();
        let by_id = |a: &Customer, b: &Customer| a.id().cmp(b.id());
        self.resolution.customers.sort_unstable_by(by_id);
        self.resolution
    }
}

/// The side of a decision's constraint that is among these.
fn side<'w>(
    cannot_links: impl IntoIterator<Item = &'w CannotLink>,
    decision: &str,
) -> Option<bool> {
    let own = cannot_links
        .into_iter()
        .find(|one| one.decision == decision);
    own.map(|one| one.off)
}
