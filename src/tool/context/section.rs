//! The sections of a context: one list, of which the answer, its schema and the ranking of what is in it are made.
//!
//! A section is a file in `section/` with its words and what a profile has for it, and a line in `SECTIONS`. What it has is
//! cut into pieces; each is taken whole, in short, or left out.

use crate::profile::Profile;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

mod consent;
mod dealings;
mod known;
mod membership;
mod visit;

/// Every section there is, in the order of the answer.
pub(super) const SECTIONS: &[&Section] = &[
    &known::TRAITS,
    &dealings::SPENDING,
    &dealings::OPEN_TICKETS,
    &dealings::PURCHASES,
    &visit::RECENT_ACTIVITY,
    &membership::ACCOUNTS,
    &consent::CONSENTS,
];

/// A list of the answer.
pub(super) struct Section {
    /// Its name there.
    pub name: &'static str,
    /// What is in it, as the schema tells it.
    pub description: &'static str,
    /// Words that a topic may use for it; it rises where the topic does.
    pub words: &'static [&'static str],
    /// Whether a visitor whom nobody has asked is told of it. On a shared device the profile may be another's, so nothing in
    /// it may be.
    pub for_anonymous: bool,
    /// The schema of the list.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// All that a profile has for it, the most important first.
    pub pieces: fn(&Profile, View) -> Vec<Piece>,
}

/// How much is shown, and to whom.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Whether all details are asked for.
    pub detailed: bool,
    /// Whether the customer is more than an anonymous visitor, or staff ask.
    pub signed_in: bool,
}

/// A piece of a section.
pub(super) struct Piece {
    /// Its place among all pieces, the lower the sooner.
    pub rank: u32,
    /// In full.
    pub full: Form,
    /// Without what can be spared; none where all of it is needed.
    pub short: Option<Form>,
}

/// A piece as it is sent.
pub(super) struct Form {
    pub json: Box<RawValue>,
    /// The sources that it rests on.
    pub sources: Vec<String>,
}

impl Piece {
    /// The piece that is the `at`th of those that begin at a rank.
    pub fn new(base: usize, at: usize, sources: Vec<String>, what: &impl Serialize) -> Self {
        Self {
            rank: u32::try_from(base + 10 * at).unwrap_or(u32::MAX),
            full: Form::new(sources, what),
            short: None,
        }
    }
}

impl Form {
    pub fn new(sources: Vec<String>, what: &impl Serialize) -> Self {
        Self {
            json: to_raw_value(what).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            sources,
        }
    }
}

impl Section {
    /// What is shown of a profile in this view.
    pub fn shown(&self, profile: &Profile, view: View) -> Vec<Piece> {
        if view.signed_in || self.for_anonymous {
            (self.pieces)(profile, view)
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_section_has_a_name_and_words_of_its_own() {
        let taken = ["profile", "verification", "seen", "omitted"];
        let names: BTreeSet<_> = SECTIONS.iter().map(|section| section.name).collect();
        assert_eq!(names.len(), SECTIONS.len());
        assert!(taken.iter().all(|name| !names.contains(name)));
        for section in SECTIONS {
            let (name, words) = (section.name, section.words);
            assert!(!section.description.is_empty(), "{name}");
            // A topic is compared in lower case.
            let lower = |word: &&str| !word.is_empty() && word.to_lowercase() == **word;
            assert!(!words.is_empty() && words.iter().all(lower), "{name}");
        }
    }

    #[test]
    fn a_visitor_whom_nobody_asked_is_told_of_pages_and_consents_alone() {
        let open = SECTIONS.iter().filter(|section| section.for_anonymous);
        let open: Vec<_> = open.map(|section| section.name).collect();
        assert_eq!(open, ["recent_activity", "consents"]);
    }
}
