//! What stewards decide about identity: data in the log, so that a rebuild follows it and nothing
//! is ever lost.

use super::Identifier;
use crate::clock::{Time, base32, random_id};
use crate::id::LinkId;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most characters of a reason.
const MAX_REASON: usize = 1_000;

/// One decision, who made it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its id. Ids are in the order of the decisions.
    pub id: String,
    /// What was decided.
    pub act: Act,
    /// Who decided: a name on the command line, a key's id over HTTP.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Act {
    /// The customers that hold these links are one.
    Merge {
        /// Ids of the links.
        links: Vec<LinkId>,
    },
    /// These identifiers are not of the customer that those lead to.
    Split {
        /// The identifiers that were split off.
        off: Vec<Identifier>,
        /// Those that it kept.
        rest: Vec<Identifier>,
    },
    /// The events of this link are of nobody else.
    Apart {
        /// The link's id.
        link: LinkId,
    },
    /// An earlier decision does not hold any more.
    Undo {
        /// Its id.
        decision: String,
    },
}

/// Who decides, and why and when.
#[derive(Clone, Debug)]
pub struct By {
    /// A name, or a key's id.
    pub actor: String,
    /// Why, in a sentence.
    pub reason: String,
    /// When.
    pub at: Time,
}

impl By {
    /// Someone who decides now.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason, which readers of the decision need later.
    pub fn new(actor: &str, reason: &str, at: Time) -> Result<Self> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.contains('\0') {
            return Err(Error::invalid(format!(
                "say why: `reason` is a sentence of at most {MAX_REASON} characters"
            )));
        }
        Ok(Self {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            at,
        })
    }

    /// A decision with an id of its own.
    #[must_use]
    pub fn decide(&self, act: Act) -> Decision {
        let time = base32(&self.at.ms().to_be_bytes()[2..]);
        Decision {
            id: random_id(&format!("d_{time}"), 5),
            act,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            at: self.at,
        }
    }
}

impl Act {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
            Self::Apart { .. } => "apart",
            Self::Undo { .. } => "undo",
        }
    }

    /// What was decided, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let names = |ids: &[Identifier]| {
            let some: Vec<String> = ids.iter().take(10).map(ToString::to_string).collect();
            match ids.len() - some.len() {
                0 => some.join(", "),
                more => format!("{} and {more} more", some.join(", ")),
            }
        };
        match self {
            Self::Merge { links } => {
                format!("the customers of the links {} are one", links.join(" and "))
            }
            Self::Split { off, rest } => {
                format!("{} is not of the customer of {}", names(off), names(rest))
            }
            Self::Apart { link } => format!("the events of link {link} are of nobody else"),
            Self::Undo { decision } => format!("{decision} does not hold any more"),
        }
    }

    /// What it speaks of: links (kind `link`), identifiers, a decision (kind `decision`).
    #[must_use]
    pub fn subjects(&self) -> Vec<Identifier> {
        let named = |kind: &str, value: &str| Identifier::new(kind, value);
        match self {
            Self::Merge { links } => links.iter().map(|link| named("link", link)).collect(),
            Self::Split { off, rest } => off.iter().chain(rest).cloned().collect(),
            Self::Apart { link } => vec![named("link", link)],
            Self::Undo { decision } => vec![named("decision", decision)],
        }
    }
}

/// A decision as people look at it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DecisionSummary {
    /// Its id.
    pub id: String,
    /// merge, split, apart or undo.
    pub kind: &'static str,
    /// What was decided, in words.
    pub what: String,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
    /// Whether nothing that holds undoes it.
    pub in_force: bool,
    /// The decision that undoes it.
    pub undone_by: Option<String>,
    /// Why it was not followed, where it is in force and was not.
    pub refused: Option<String>,
}

impl DecisionSummary {
    /// A decision in words. `all` are those that undo it, in order, and may be others.
    #[must_use]
    pub fn of(decision: &Decision, all: &[Decision]) -> Self {
        let holding = in_force(all);
        let undoes = |other: &&Decision| {
            let this =
                matches!(&other.act, Act::Undo { decision: undone } if *undone == decision.id);
            this && holding.contains(other.id.as_str())
        };
        let undo = all.iter().find(undoes);
        Self {
            id: decision.id.clone(),
            kind: decision.act.word(),
            what: decision.act.words(),
            by: decision.actor.clone(),
            reason: decision.reason.clone(),
            at: decision.at,
            in_force: undo.is_none(),
            undone_by: undo.map(|undo| undo.id.clone()),
            refused: None,
        }
    }
}

/// The ids of those decisions that hold: nothing that holds undoes them. `all` are in order.
#[must_use]
pub fn in_force(all: &[Decision]) -> BTreeSet<&str> {
    let mut holding: BTreeSet<&str> = BTreeSet::new();
    let mut undone: BTreeSet<&str> = BTreeSet::new();
    // An undo is younger than what it undoes, so from the youngest on each is known to hold or not
    // when it is met.
    for decision in all.iter().rev() {
        if undone.contains(decision.id.as_str()) {
            continue;
        }
        holding.insert(&decision.id);
        if let Act::Undo { decision } = &decision.act {
            undone.insert(decision);
        }
    }
    holding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoing_an_undo_brings_the_decision_back() {
        let by = |at| By {
            actor: "kim".to_owned(),
            reason: "a test".to_owned(),
            at: Time::from_ms(at),
        };
        let merge = by(1).decide(Act::Merge {
            links: ["a", "b"].map(LinkId::new).to_vec(),
        });
        let undo = by(2).decide(Act::Undo {
            decision: merge.id.clone(),
        });
        let redo = by(3).decide(Act::Undo {
            decision: undo.id.clone(),
        });
        assert!(merge.id < undo.id && undo.id < redo.id);
        let mut all = vec![merge.clone()];
        assert!(in_force(&all).contains(merge.id.as_str()));
        all.push(undo);
        assert!(!in_force(&all).contains(merge.id.as_str()));
        all.push(redo);
        assert!(in_force(&all).contains(merge.id.as_str()));
    }
}
