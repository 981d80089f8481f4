//! Survivorship: which of the claims on a trait wins, by the workspace's rule for the trait.
//!
//! Before any rule applies it is settled which claims *stand*. A removal withdraws all earlier
//! claims of its source, and stands itself while it is the source's newest claim. Then verified
//! beats claimed: a source's newest value is verified when the source verified it (its spelling
//! aside) since it last removed the trait, and where there are such values only they compete. So a
//! verified value goes when its own source states another or removes it, never because another
//! source does.

use super::agree::agree;
use super::claim::Claim;
use crate::event::text_of;
use crate::identity::survivorship::SurvivorshipRule;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The index of the winner among claims that are sorted, the newest first, and not empty.
pub(super) fn winner(claims: &[Claim], rule: SurvivorshipRule, sources: &[String]) -> usize {
    let verified = claims.iter().any(|claim| claim.verified);
    if rule == SurvivorshipRule::Newest && !verified {
        return 0;
    }
    let standing = standing(claims);
    let newest_of_sources = newest_of_sources(claims, &standing);
    let verified: Vec<usize> = newest_of_sources
        .iter()
        .filter_map(|last| verification(claims, &standing, *last))
        .collect();
    let pool = match rule {
        _ if !verified.is_empty() => verified,
        SurvivorshipRule::Newest | SurvivorshipRule::SourcePriority => newest_of_sources,
        SurvivorshipRule::MostFrequent | SurvivorshipRule::Longest => standing,
    };
    let score = |at: usize| match rule {
        SurvivorshipRule::Newest => 0,
        SurvivorshipRule::MostFrequent => supporters(claims, &pool, at),
        SurvivorshipRule::Longest => length(&claims[at]),
        SurvivorshipRule::SourcePriority => {
            let place = sources.iter().position(|name| *name == claims[at].source);
            place.map_or(0, |place| sources.len() - place)
        }
    };
    let best = pool.iter().max_by_key(|at| (score(**at), Reverse(**at)));
    best.copied().unwrap_or_default()
}

/// The claims that no removal withdrew, newest first.
fn standing(claims: &[Claim]) -> Vec<usize> {
    let withdrawn = |at: usize| {
        let (newer, claim) = (&claims[..at], &claims[at]);
        let mut of_source = newer.iter().filter(|newer| newer.source == claim.source);
        of_source.any(|newer| claim.value.is_null() || newer.value.is_null())
    };
    (0..claims.len()).filter(|at| !withdrawn(*at)).collect()
}

/// The newest claim of each source.
fn newest_of_sources(claims: &[Claim], standing: &[usize]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let first = |at: &&usize| seen.insert(claims[**at].source.as_str());
    standing.iter().filter(first).copied().collect()
}

/// The claim that verifies the newest claim of a source.
fn verification(claims: &[Claim], standing: &[usize], last: usize) -> Option<usize> {
    let last = &claims[last];
    let verifies = |at: &usize| {
        let claim = &claims[*at];
        claim.verified && claim.source == last.source && agree(&claim.value, &last.value)
    };
    standing.iter().copied().find(verifies)
}

/// How many sources agree with a claim.
fn supporters(claims: &[Claim], pool: &[usize], at: usize) -> usize {
    let same = pool
        .iter()
        .map(|other| &claims[*other])
        .filter(|other| agree(&other.value, &claims[at].value));
    same.map(|claim| &claim.source)
        .collect::<BTreeSet<_>>()
        .len()
}

fn length(claim: &Claim) -> usize {
    match text_of(&claim.value) {
        Some(text) => text.trim().chars().count(),
        None if claim.value.is_null() => 0,
        None => claim.value.to_string().chars().count(),
    }
}

#[cfg(test)]
mod tests;
