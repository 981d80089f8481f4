//! The cache of answers, and the dependencies of an answer, which are its key.
//!
//! Every answer depends on the customer's profile and on the arguments; a tool declares the other
//! dependencies of its answers. The same [`DependencyValues`] are in the key and are all that the
//! tool's function sees, so it cannot read anything that the key leaves out.

use super::Answer;
use super::caller::{Caller, Verification};
use crate::clock::Time;
use crate::{Error, Result};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// The size of the cache, in bytes.
const MAX_CACHED_BYTES: u64 = 24 * 1024 * 1024;
/// The usual size of an answer, in bytes.
const USUAL_ANSWER_BYTES: usize = 2_048;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A dependency of an answer besides the profile and the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// The kind of the caller: staff and each level of session get other answers.
    CallerKind,
    /// The day in UTC, for answers that count days.
    Day,
}

/// The kind of a caller, as far as an answer may depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// A caller who may name any customer.
    Staff,
    /// A customer's own session, and how sure the company is of the customer.
    Session(Verification),
}

/// The values of the declared dependencies in one call; the others are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct DependencyValues {
    caller_kind: Option<CallerKind>,
    day: Option<i64>,
}

impl DependencyValues {
    pub(super) fn of(depends_on: &[Dependency], caller: &Caller, now: Time) -> Self {
        let mut values = Self::default();
        for dependency in depends_on {
            match dependency {
                Dependency::CallerKind => values.caller_kind = Some(CallerKind::of(caller)),
                Dependency::Day => values.day = Some(now.ms().div_euclid(DAY)),
            }
        }
        values
    }

    pub(super) fn caller_kind(self) -> Result<CallerKind> {
        self.caller_kind
            .ok_or_else(|| undeclared(Dependency::CallerKind))
    }

    pub(super) fn day(self) -> Result<i64> {
        self.day.ok_or_else(|| undeclared(Dependency::Day))
    }
}

fn undeclared(dependency: Dependency) -> Error {
    Error::internal(format!(
        "a tool reads what it does not declare: add {dependency:?} to its `depends_on`"
    ))
}

impl CallerKind {
    fn of(caller: &Caller) -> Self {
        match caller.customer {
            None => Self::Staff,
            Some(_) => Self::Session(caller.verification),
        }
    }

    /// Its name in an answer.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Session(verification) => verification.as_str(),
        }
    }
}

/// All that an answer depends on. A change of the customer makes a new generation of the profile,
/// so a cached answer is never stale.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    pub generation: u64,
    /// Which claim on a trait wins depends on them.
    pub rules: i64,
    pub tool: &'static str,
    pub values: DependencyValues,
    /// The arguments in canonical form.
    pub arguments: String,
}

/// The cache of answers.
pub(super) struct AnswerCache(Cache<CacheKey, Arc<Answer>, AnswerWeight>);

impl AnswerCache {
    pub(super) fn new() -> Self {
        let usual_count = MAX_CACHED_BYTES as usize / USUAL_ANSWER_BYTES;
        Self(Cache::with_weighter(
            usual_count,
            MAX_CACHED_BYTES,
            AnswerWeight,
        ))
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<Arc<Answer>> {
        self.0.get(key)
    }

    pub(super) fn insert(&self, key: CacheKey, answer: Arc<Answer>) {
        self.0.insert(key, answer);
    }
}

/// The weight of an answer is its size in memory, about.
#[derive(Clone, Copy)]
struct AnswerWeight;

impl Weighter<CacheKey, Arc<Answer>> for AnswerWeight {
    fn weight(&self, key: &CacheKey, answer: &Arc<Answer>) -> u64 {
        (key.arguments.len() + answer.data.get().len() + 200) as u64
    }
}
