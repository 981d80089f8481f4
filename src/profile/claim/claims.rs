//! All that the sources say of one trait, within bounds that do not depend on the order of arrival.

use super::super::agree::agree;
use super::super::packed::{Packed, Packer, Unpacker};
use super::super::survivorship;
use super::{Claim, size};
use crate::identity::survivorship::SurvivorshipRule;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most sources whose newest claims on one trait are kept.
const MAX_CLAIMANTS: usize = 10;
/// How many of the newest small claims on one trait are kept beside those.
const MAX_NEWEST: usize = 8;
/// Most bytes of a small claim's value: earlier values are kept to be compared, and a long text
/// rarely is.
const MAX_SMALL: usize = 300;

/// What the sources say of one trait: the winner first, then the others, newest first.
///
/// A candidate is a distinct (source, value, verified), with the latest time and event that stated
/// it. So that the set is bounded, a candidate is kept only if it is
/// - the newest removal, statement or verification of its source, and the source is among the
///   first `MAX_CLAIMANTS` by name, or
/// - among the newest `MAX_NEWEST` of those candidates whose value is small.
///
/// A dropped candidate is never missed, so order, repetition and merging cannot matter. It lacked
/// both reasons, and for each there are witnesses, which are kept themselves: a newer candidate of
/// the same source with the same effect, or ten sources that come before its source by name; and
/// eight newer small candidates, or the size of its own value. More claims only add candidates or
/// make them newer, so a witness only gives way to a newer witness, and the dropped candidate stays
/// dropped unless a claim newer than its witnesses states it anew. That claim brings the time and
/// event that the candidate would have if it had never been dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Claims(Vec<Claim>);

impl Packed for Claims {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        self.0.pack(into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Vec::unpack(from).map(Self)
    }
}

impl Claims {
    /// Adds a claim.
    pub fn add(&mut self, claim: Claim) {
        if self.put(claim) {
            self.settle();
        }
    }

    /// Adds all claims of another set.
    pub fn merge(&mut self, other: Self) {
        let mut changed = false;
        for claim in other.0 {
            changed |= self.put(claim);
        }
        if changed {
            self.settle();
        }
    }

    /// The claim whose value holds; `None` when the value was removed. By
    /// [`SurvivorshipRule::Newest`], or by the rule of the last
    /// [`Profile::rank`](crate::profile::Profile::rank).
    #[must_use]
    pub fn winner(&self) -> Option<&Claim> {
        self.0.first().filter(|claim| !claim.value.is_null())
    }

    /// Puts the winner by this rule first. For reading only: stored claims have the order of
    /// [`SurvivorshipRule::Newest`].
    pub(in crate::profile) fn rank(&mut self, rule: SurvivorshipRule, sources: &[String]) {
        if self.0.len() < 2 {
            return;
        }
        self.0.sort_unstable_by(|a, b| b.compare(a));
        self.lead(rule, sources);
    }

    /// Puts the winner of a list that is sorted, the newest first, in front.
    fn lead(&mut self, rule: SurvivorshipRule, sources: &[String]) {
        let winner = survivorship::winner(&self.0, rule, sources);
        self.0[..=winner].rotate_right(1);
    }

    /// Whether systems disagree: two or more hold a value, and one value differs from the winner's,
    /// spelling aside.
    #[must_use]
    pub fn conflict(&self) -> bool {
        !self.rivals().is_empty()
    }

    /// The values that systems hold instead of the winner's, newest first, each once. Only the
    /// newest claim of a source counts.
    #[must_use]
    pub fn rivals(&self) -> Vec<&Claim> {
        let (Some(winner), true) = (self.winner(), self.0.len() > 1) else {
            return Vec::new();
        };
        let mut held: BTreeMap<&str, &Claim> = BTreeMap::new();
        for claim in &self.0 {
            let last = held.entry(&claim.source).or_insert(claim);
            if claim.compare(last).is_gt() {
                *last = claim;
            }
        }
        let mut held: Vec<&Claim> = held.into_values().filter(|c| !c.value.is_null()).collect();
        if held.len() < 2 {
            return Vec::new();
        }
        held.sort_unstable_by(|a, b| b.compare(a));
        let mut rivals: Vec<&Claim> = Vec::new();
        for claim in held {
            let same = |known: &&Claim| agree(&known.value, &claim.value);
            if !same(&winner) && !rivals.iter().any(same) {
                rivals.push(claim);
            }
        }
        rivals
    }

    /// Every candidate, the winner first.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.iter()
    }

    /// Adds a claim. True when more may have changed than the time of one claim: most events only
    /// repeat a value.
    fn put(&mut self, claim: Claim) -> bool {
        let Some(at) = self.0.iter().position(|held| held.repeats(&claim)) else {
            self.0.push(claim);
            return true;
        };
        let held = &self.0[at];
        if claim.compare(held).is_le() {
            return false;
        }
        // The newest is the first, or the second behind a winner that is older.
        let was_newest = at < 2 && self.0.iter().take(2).all(|one| one.compare(held).is_le());
        self.0[at] = claim;
        !was_newest
    }

    /// Drops candidates that need not be kept and puts the winner first.
    fn settle(&mut self) {
        if self.0.len() < 2 {
            return;
        }
        self.0.sort_unstable_by(|a, b| b.compare(a));
        let sources: BTreeSet<&str> = self.0.iter().map(|claim| claim.source.as_str()).collect();
        let sources: BTreeSet<&str> = sources.into_iter().take(MAX_CLAIMANTS).collect();
        let (mut small, mut effects) = (0, BTreeSet::new());
        let kept: Vec<bool> = self
            .0
            .iter()
            .map(|claim| {
                let is_small = size(&claim.value) <= MAX_SMALL;
                small += usize::from(is_small);
                let last_of_effect = effects.insert((claim.source.as_str(), claim.effect()));
                (is_small && small <= MAX_NEWEST)
                    || (last_of_effect && sources.contains(claim.source.as_str()))
            })
            .collect();
        let mut kept = kept.into_iter();
        self.0.retain(|_| kept.next().unwrap_or_default());
        self.lead(SurvivorshipRule::Newest, &[]);
    }
}

#[cfg(test)]
pub(in crate::profile) mod tests;
