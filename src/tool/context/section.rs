//! The sections of a context: one list, from which the answer, its schema and the ranking are made.
//!
//! A section is an entry of a file in `section/`, with its words and the function that cuts a
//! profile into pieces, and a line in `SECTIONS`. Each piece is taken in full, in short, or left
//! out.

use crate::profile::Profile;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

mod consent;
mod dealings;
mod known;
mod membership;
mod visit;

/// All sections, in the order of the answer.
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
    /// The name of the list.
    pub name: &'static str,
    /// The description of the list in the schema.
    pub description: &'static str,
    /// Words of a topic that make the section rank higher.
    pub words: &'static [&'static str],
    /// Whether an anonymous visitor sees it. On a shared device the profile may be of another
    /// person, so such a section must hold nothing personal.
    pub for_anonymous: bool,
    /// The schema of the list.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// The pieces of a profile, the most important first.
    pub pieces: fn(&Profile, ViewOptions) -> Vec<Piece>,
}

/// How much is shown, and to which caller.
#[derive(Clone, Copy)]
pub(super) struct ViewOptions {
    /// Whether all details are asked for.
    pub detailed: bool,
    /// Whether the customer is more than an anonymous visitor, or staff ask.
    pub signed_in: bool,
}

/// A piece of a section.
pub(super) struct Piece {
    /// The rank among all pieces; lower ranks are taken first.
    pub rank: u32,
    /// The full form.
    pub full: RenderedPiece,
    /// The short form; `None` where nothing can be left out.
    pub short: Option<RenderedPiece>,
}

/// One form of a piece, as it is sent.
pub(super) struct RenderedPiece {
    pub json: Box<RawValue>,
    /// The sources of the content.
    pub sources: Vec<String>,
}

impl Piece {
    /// The piece number `at` of a series with ranks from `base` on.
    pub fn new(base: usize, at: usize, sources: Vec<String>, what: &impl Serialize) -> Self {
        Self {
            rank: u32::try_from(base + 10 * at).unwrap_or(u32::MAX),
            full: RenderedPiece::new(sources, what),
            short: None,
        }
    }
}

impl RenderedPiece {
    pub fn new(sources: Vec<String>, what: &impl Serialize) -> Self {
        Self {
            json: to_raw_value(what).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            sources,
        }
    }
}

impl Section {
    /// The pieces that the caller may see.
    pub fn shown(&self, profile: &Profile, view: ViewOptions) -> Vec<Piece> {
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
            // A topic is compared in lower case, so the words must be too.
            let lower = |word: &&str| !word.is_empty() && word.to_lowercase() == **word;
            assert!(!words.is_empty() && words.iter().all(lower), "{name}");
        }
    }

    #[test]
    fn a_visitor_whom_nobody_asked_is_told_of_pages_and_consents_alone() {
        let open: Vec<_> = SECTIONS
            .iter()
            .filter(|section| section.for_anonymous)
            .map(|section| section.name)
            .collect();
        assert_eq!(open, ["recent_activity", "consents"]);
    }
}
