//! What an answer depends on, and the answers that are remembered for as long as all of it stays the same.
//!
//! Every answer depends on the customer's profile and on the arguments; a tool declares what its own depends on beside them.
//! The same [`Given`] stands in the key of the answer and is all that the tool's function is told, so it can read nothing that
//! the key leaves out.

use super::Answer;
use super::caller::{Caller, Verification};
use crate::{Error, Result};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// About how many bytes of answers are remembered.
const MAX_REMEMBERED: u64 = 24 * 1024 * 1024;
/// About how many bytes an answer takes.
const USUAL: usize = 2_048;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What an answer may depend on beside the profile and the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// Who asks: what staff and each level of session are told differs.
    Asker,
    /// The day in UTC: what counts days, or begins or ends with one.
    Day,
}

/// Who asks, as far as an answer may depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Someone who may name any customer.
    Staff,
    /// A customer's own session, and how sure we are that it is them.
    Session(Verification),
}

/// What a tool declares that its answer depends on, as it is in one call; nothing of the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Given {
    asker: Option<Asker>,
    day: Option<i64>,
}

impl Given {
    pub(super) fn of(depends_on: &[Dependency], caller: &Caller, now: i64) -> Self {
        let mut given = Self::default();
        for dependency in depends_on {
            match dependency {
                Dependency::Asker => given.asker = Some(Asker::of(caller)),
                Dependency::Day => given.day = Some(now.div_euclid(DAY)),
            }
        }
        given
    }

    pub(super) fn asker(self) -> Result<Asker> {
        self.asker.ok_or_else(|| undeclared(Dependency::Asker))
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

impl Asker {
    fn of(caller: &Caller) -> Self {
        match caller.customer {
            None => Self::Staff,
            Some(_) => Self::Session(caller.verification),
        }
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Session(verification) => verification.as_str(),
        }
    }
}

/// All that an answer depends on. A change of the customer makes a new generation of their document, so an answer that is remembered
/// never outlives what it was made from.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub generation: u64,
    /// Which value of a trait wins depends on them.
    pub rules: i64,
    pub tool: &'static str,
    pub given: Given,
    /// In canonical form.
    pub arguments: String,
}

/// The answers of before.
pub(super) struct Answers(Cache<Question, Arc<Answer>, Bytes>);

impl Answers {
    pub(super) fn new() -> Self {
        let usual = MAX_REMEMBERED as usize / USUAL;
        Self(Cache::with_weighter(usual, MAX_REMEMBERED, Bytes))
    }

    pub(super) fn get(&self, question: &Question) -> Option<Arc<Answer>> {
        self.0.get(question)
    }

    pub(super) fn insert(&self, question: Question, answer: Arc<Answer>) {
        self.0.insert(question, answer);
    }
}

/// An answer weighs about what it takes in memory.
#[derive(Clone, Copy)]
struct Bytes;

impl Weighter<Question, Arc<Answer>> for Bytes {
    fn weight(&self, question: &Question, answer: &Arc<Answer>) -> u64 {
        (question.arguments.len() + answer.data.get().len() + 200) as u64
    }
}
