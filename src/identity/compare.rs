//! What other rules would make of the customers there are: who would be joined, who parted, who
//! stays.

use crate::id::ProfileId;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most examples of each sort.
const EXAMPLES: usize = 10;
/// Most profiles that one example names.
const NAMED: usize = 10;

/// How customers would differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RulesDiff {
    /// Profiles there are.
    pub before: usize,
    /// Profiles there would be.
    pub after: usize,
    /// Profiles that would stay as they are.
    pub kept: usize,
    /// Profiles that would be joined with others, as a whole.
    pub merged: usize,
    /// Profiles that would be parted, or whose events would belong to nobody.
    pub split: usize,
    /// Some that would be joined.
    pub merges: Vec<Merge>,
    /// Some that would be parted.
    pub splits: Vec<Parting>,
}

/// Profiles that would be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Merge {
    /// The id that it would have.
    pub into: ProfileId,
    /// Ids of the profiles, the first ten.
    pub profiles: Vec<ProfileId>,
    /// How many there are.
    pub count: usize,
}

/// A profile that would be several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Parting {
    /// Its id.
    pub profile: ProfileId,
    /// Ids of the profiles that would have its events, the first ten.
    pub into: Vec<ProfileId>,
    /// How many there would be.
    pub count: usize,
}

/// Compares by where links, or events, are now and would be: pairs of a profile's id before and
/// after.
#[must_use]
pub fn compare<'a>(
    moves: impl Iterator<Item = (Option<&'a ProfileId>, Option<&'a ProfileId>)>,
) -> RulesDiff {
    let mut goes: BTreeMap<&ProfileId, BTreeSet<Option<&ProfileId>>> = BTreeMap::new();
    let mut comes: BTreeMap<&ProfileId, BTreeSet<&ProfileId>> = BTreeMap::new();
    for (before, after) in moves {
        if let Some(before) = before {
            goes.entry(before).or_default().insert(after);
        }
        if let Some(after) = after {
            comes.entry(after).or_default().extend(before);
        }
    }
    let mut comparison = RulesDiff {
        before: goes.len(),
        after: comes.len(),
        ..RulesDiff::default()
    };
    for (profile, into) in &goes {
        let only = into.first().copied().flatten().filter(|_| into.len() == 1);
        match only.and_then(|only| comes.get(only)) {
            Some(from) if from.len() == 1 => comparison.kept += 1,
            Some(_) => comparison.merged += 1,
            None => {
                comparison.split += 1;
                if comparison.splits.len() < EXAMPLES {
                    comparison.splits.push(parting(profile, into));
                }
            }
        }
    }
    let merges = comes.iter().filter(|(_, from)| from.len() > 1);
    comparison.merges = merges
        .take(EXAMPLES)
        .map(|(into, from)| merge(into, from))
        .collect();
    comparison
}

fn merge(into: &ProfileId, from: &BTreeSet<&ProfileId>) -> Merge {
    Merge {
        into: into.clone(),
        profiles: from.iter().take(NAMED).map(|id| (*id).clone()).collect(),
        count: from.len(),
    }
}

fn parting(profile: &ProfileId, into: &BTreeSet<Option<&ProfileId>>) -> Parting {
    let named = into.iter().flatten().take(NAMED);
    Parting {
        profile: profile.clone(),
        into: named.map(|id| (*id).clone()).collect(),
        count: into.iter().flatten().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_kept_merged_or_split() {
        let moves = [
            (Some("a"), Some("a")),
            (Some("b"), Some("b")),
            (Some("c"), Some("b")),
            (Some("d"), Some("d")),
            (Some("d"), Some("e")),
            (Some("f"), None),
            (None, Some("g")),
        ];
        let moves =
            moves.map(|(before, after)| (before.map(ProfileId::new), after.map(ProfileId::new)));
        let comparison = compare(
            moves
                .iter()
                .map(|(before, after)| (before.as_ref(), after.as_ref())),
        );
        assert_eq!((comparison.before, comparison.after), (5, 5));
        assert_eq!(
            (comparison.kept, comparison.merged, comparison.split),
            (1, 2, 2)
        );
        assert_eq!(comparison.merges[0].profiles, ["b", "c"]);
        assert_eq!(comparison.splits[0].into, ["d", "e"]);
        assert_eq!(comparison.splits[1].count, 0);
    }
}
