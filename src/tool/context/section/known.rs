//! `traits`: what is known of the customer. Each trait has its winning value, and the values of
//! other systems where an agent should confirm it.

use super::{Piece, RenderedPiece, Section, ViewOptions};
use crate::clock::Time;
use crate::event::text_of;
use crate::profile::Profile;
use crate::profile::claim::{Claim, Claims, verifies};
use crate::tool::text::{Untrusted, clean, is_token};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const TRAITS: Section = Section {
    name: "traits",
    description: "What is known about them.",
    words: &[
        "who", "contact", "address", "name", "email", "phone", "plan",
    ],
    for_anonymous: false,
    schema: |generator| generator.subschema_for::<Vec<Trait>>(),
    pieces,
};

/// The most other values that are shown.
const MAX_OTHERS: usize = 3;

/// Traits that say who the customer is; they come before the others.
const WHO: &[&str] = &[
    "name",
    "firstname",
    "lastname",
    "email",
    "phone",
    "plan",
    "company",
    "address",
];

/// More traits that an agent acts on, so that a disagreement of systems is shown. Systems always
/// disagree on others, such as the time of the last visit.
const ACTED_ON: &[&str] = &[
    "birthdate",
    "birthday",
    "city",
    "country",
    "dateofbirth",
    "fullname",
    "gender",
    "language",
    "locale",
    "middlename",
    "mobile",
    "organisation",
    "organization",
    "phonenumber",
    "postalcode",
    "street",
    "subscription",
    "tier",
    "timezone",
    "title",
    "zip",
];

/// One thing known about the customer, and where it is from.
#[derive(Debug, Serialize, JsonSchema)]
struct Trait {
    /// What it is: email, name, plan, …
    name: String,
    /// Its value.
    value: TraitValue,
    /// The system that said so.
    source: String,
    /// When, RFC 3339.
    at: Time,
    /// True when that system has verified the value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    verified: bool,
    /// True when systems disagree; confirm the value before acting on it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    conflict: bool,
    /// What other systems say, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Other>,
}

/// What another system says.
#[derive(Debug, Serialize, JsonSchema)]
struct Other {
    /// Its value.
    value: TraitValue,
    /// The system.
    source: String,
    /// The day it said so, YYYY-MM-DD.
    on: String,
}

/// A value: plain where it is one word or number, marked where it is text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum TraitValue {
    Plain(String),
    Number(f64),
    Flag(bool),
    Text(Untrusted),
}

/// The pieces, those that say who the customer is first.
fn pieces(profile: &Profile, view: ViewOptions) -> Vec<Piece> {
    let (who, other): (Vec<_>, Vec<_>) = traits(profile).partition(Trait::says_who);
    let base = if view.detailed { 60 } else { 90 };
    let who = who.into_iter().map(|known| known.piece(0, 0));
    let other = other.into_iter().enumerate();
    who.chain(other.map(|(at, known)| known.piece(base, at)))
        .collect()
}

/// The traits to show. Whether a value is verified is shown with the value, not as a trait of its
/// own.
fn traits(profile: &Profile) -> impl Iterator<Item = Trait> {
    let is_verification =
        |name: &str| verifies(name).is_some_and(|stem| profile.traits.contains_key(stem));
    profile
        .traits
        .iter()
        .filter(move |(name, _)| !is_verification(name))
        .filter_map(|(name, claims)| Trait::of(name, claims))
}

impl Trait {
    fn of(name: &str, claims: &Claims) -> Option<Self> {
        let claim = claims.winner()?;
        let acted_on = is_in(WHO, name) || is_in(ACTED_ON, name);
        let rivals = if acted_on {
            claims.rivals()
        } else {
            Vec::new()
        };
        Some(Self {
            name: clean(name, 40),
            value: TraitValue::of(&claim.value, 200)?,
            source: claim.source.clone(),
            at: claim.at,
            verified: claim.verified,
            conflict: !rivals.is_empty(),
            others: rivals
                .into_iter()
                .take(MAX_OTHERS)
                .filter_map(Other::of)
                .collect(),
        })
    }

    fn piece(self, base: usize, at: usize) -> Piece {
        let mut piece = Piece::new(base, at, self.sources(), &self);
        let short = self.in_short();
        piece.short = short.map(|known| RenderedPiece::new(known.sources(), &known));
        piece
    }

    /// Whether it says who the customer is.
    fn says_who(&self) -> bool {
        is_in(WHO, &self.name)
    }

    /// The systems that stated the value and the other values.
    fn sources(&self) -> Vec<String> {
        let others = self.others.iter().map(|other| &other.source);
        let sources: BTreeSet<&String> = others.chain([&self.source]).collect();
        sources.into_iter().cloned().collect()
    }

    /// The same without the other values; `None` if there are none.
    fn in_short(mut self) -> Option<Self> {
        if self.others.is_empty() {
            return None;
        }
        self.others.clear();
        Some(self)
    }
}

impl Other {
    fn of(claim: &Claim) -> Option<Self> {
        Some(Self {
            value: TraitValue::of(&claim.value, 80)?,
            source: claim.source.clone(),
            on: claim.at.to_string().chars().take(10).collect(),
        })
    }
}

impl TraitValue {
    /// A value; a text is cut to `most` characters.
    fn of(value: &Value, most: usize) -> Option<Self> {
        Some(match value {
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Self::Number(number.as_f64()?),
            Value::String(text) if is_token(text) => Self::Plain(text.clone()),
            Value::String(text) => Self::Text(Untrusted::new(text, most)),
            Value::Object(parts) => Self::Text(Untrusted::new(&line(parts), most)),
            other => Self::Text(Untrusted::new(&other.to_string(), most)),
        })
    }
}

/// Whether a name is in a list, in any spelling: `first_name`, `firstName`, `First Name`.
fn is_in(list: &[&str], name: &str) -> bool {
    let joined: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    list.contains(&joined.as_str())
}

/// The plain values of an object in one line, such as an address.
fn line(parts: &serde_json::Map<String, Value>) -> String {
    parts
        .values()
        .filter_map(text_of)
        .collect::<Vec<_>>()
        .join(", ")
}
