//! Which links of a batch take the fast path, and which must be folded.
//!
//! A new link takes the fast path if stored links and fast ones before it prove whose it is
//! ([`crate::identity::fast_path`] has the proof). All other links that are new or changed are
//! folded, and every one while rules are being applied. A fast link that shares a new identifier
//! with a folded one is folded with it. `component` does the same with a fast link whose customer it
//! has loaded.

use crate::id::{LinkId, ProfileId};
use crate::identity::fast_path::{Candidate, SET_KEY};
use crate::identity::{Constraints, Identifier, Link, Rules};
use crate::store::identifier::NewOwner;
use crate::store::link::StoredLink;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is stored of the identifiers that the new links of a batch carry.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredOwners {
    /// The identifiers that were asked for.
    pub asked: HashSet<Identifier>,
    /// Where each of them leads that any link carries.
    pub owners: BTreeMap<Identifier, Option<ProfileId>>,
    /// The constraints on them.
    pub constraints: Constraints,
}

/// Complete links that may prove where a new link belongs, by the identifier or set key that leads
/// to them.
pub(super) type Witnesses = HashMap<Identifier, Link>;

/// The links of a batch that are new or other than stored, as they are to be.
#[derive(Debug, Default)]
pub(super) struct ChangedLinks {
    /// Those that may take the fast path: new, without marks, and no target of a move.
    pub new: Vec<Link>,
    /// Those that must be folded.
    pub others: Vec<Link>,
}

impl ChangedLinks {
    /// Tells them apart. While rules are being applied, what is stored may be folded under others,
    /// so every link is folded then.
    pub fn of(
        changed: BTreeMap<LinkId, Link>,
        is_stored: impl Fn(&LinkId) -> bool,
        applied: bool,
    ) -> Self {
        let targets: HashSet<String> = changed
            .values()
            .filter_map(|link| link.moved_to().map(str::to_owned))
            .collect();
        let may = |link: &Link| {
            applied
                && link.marks.is_empty()
                && !is_stored(&link.id)
                && !targets.contains(link.id.as_str())
        };
        let (new, others) = changed.into_values().partition(may);
        Self { new, others }
    }
}

/// A new link on the fast path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FastLink {
    pub row: StoredLink,
    /// Its identifiers that no link before it carries. They lead to its customer, or nowhere if
    /// they cannot join.
    pub owners: Vec<NewOwner>,
}

/// What becomes of the links of a batch that are new or other than stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BatchPlan {
    /// Those that take the fast path, oldest first.
    pub fast: Vec<FastLink>,
    /// Those that must be folded.
    pub folded: Vec<Link>,
}

impl BatchPlan {
    /// Decides for each link, oldest first, each on top of those before it.
    pub fn of(
        changed: ChangedLinks,
        stored: &StoredOwners,
        witnesses: Witnesses,
        rules: &Rules,
        secret: &str,
    ) -> Self {
        let ChangedLinks { mut new, others } = changed;
        new.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        let mut proven = Proven {
            owners: stored.owners.clone(),
            witnesses,
            shared: &stored.constraints.shared,
        };
        let mut plan = Self {
            fast: Vec::new(),
            folded: others,
        };
        for link in new {
            match proven.prove(link, rules, secret) {
                Ok(fast) => plan.fast.push(fast),
                Err(link) => plan.folded.push(link),
            }
        }
        plan.leave_to_fold(&stored.owners, rules);
        plan
    }

    /// Leaves to the fold each link that shares a new identifier with one that is folded.
    fn leave_to_fold(&mut self, owners: &BTreeMap<Identifier, Option<ProfileId>>, rules: &Rules) {
        let new = |id: &&Identifier| !owners.contains_key(*id) && rules.joins(&id.kind, &id.value);
        let (mut of_folded, mut looked) = (HashSet::new(), 0);
        while looked < self.folded.len() {
            let carried = self.folded[looked..]
                .iter()
                .flat_map(|link| &link.identifiers);
            of_folded.extend(carried.filter(new).cloned());
            looked = self.folded.len();
            let shares = |fast: &FastLink| {
                let mut carried = fast.row.link.identifiers.iter();
                carried.any(|id| of_folded.contains(id))
            };
            let left = self.fast.extract_if(.., |fast| shares(fast));
            self.folded.extend(left.map(|fast| fast.row.link));
        }
    }
}

/// What is stored, and the links that took the fast path before.
struct Proven<'a> {
    owners: BTreeMap<Identifier, Option<ProfileId>>,
    witnesses: Witnesses,
    shared: &'a HashSet<Identifier>,
}

impl Proven<'_> {
    /// Takes in the link if its customer is certain; gives it back otherwise.
    fn prove(&mut self, link: Link, rules: &Rules, secret: &str) -> Result<FastLink, Link> {
        let held = Candidate::of(&link, rules, &self.owners, self.shared).and_then(|candidate| {
            let set_key = candidate.set_key(rules, secret);
            let first = set_key.and_then(|key| self.witnesses.get(&key));
            let references = candidate.references(rules);
            let complete: Vec<&Link> = references.filter_map(|id| self.witnesses.get(id)).collect();
            let stored_key = candidate.stored_key(first, rules, secret);
            candidate
                .holds(first, &complete)
                .then_some((candidate, stored_key))
        });
        let Some((Candidate { profile, fresh, .. }, set_key)) = held else {
            return Err(link);
        };
        let profile = profile.clone();
        let key = set_key.iter().map(|key| Identifier::new(SET_KEY, key));
        for id in key.chain(fresh.into_iter().cloned()) {
            self.witnesses.insert(id, link.clone());
        }
        let new = link.identifiers.iter();
        let owners: Vec<NewOwner> = new
            .filter(|id| !self.owners.contains_key(*id))
            .map(|id| NewOwner {
                identifier: id.clone(),
                profile: rules.joins(&id.kind, &id.value).then(|| profile.clone()),
                shared: false,
            })
            .collect();
        let owned = owners.iter().cloned();
        self.owners
            .extend(owned.map(|new| (new.identifier, new.profile)));
        let row = StoredLink {
            link,
            profile: Some(profile),
            complete: true,
            set_key,
        };
        Ok(FastLink { row, owners })
    }
}

#[cfg(test)]
mod tests;
