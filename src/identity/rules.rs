//! The rules of identity as data: which kinds of identifier there are, where each is taken from,
//! how strong it is, how many of it a customer may have, and which values name nobody.
//!
//! Rules are written in TOML; `rules.toml` beside this file is what ships.

use super::field_path::FieldPath;
use super::survivorship::Survivorship;
use crate::clock::Time;
use crate::event::Event;
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, LazyLock};

/// The rules that ship.
pub const SHIPPED: &str = include_str!("rules.toml");

/// What comes before the kind of a contact that a row of a people file mentions. It can be looked
/// up and joins nobody.
pub const MENTION: &str = "mention.";
/// What comes before the name of the source in the kind of a record's id in a people file.
pub const RECORD: &str = "record.";
/// What comes before a source's word for a thing, in the kind of the thing's id:
/// `reference.shopify_order_id`.
pub const REFERENCE: &str = "reference.";

/// Most bytes of a rule file.
const MAX_FILE: usize = 256 * 1024;
const DAY_MS: i64 = 86_400_000;

/// What sort of thing a kind of identifier names; weaker classes give way to stronger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// One person in the company's own books: `user_id`.
    Person,
    /// One record in one system: a Shopify customer, a Zendesk user, any external id.
    Record,
    /// A way to reach someone, which people can share: e-mail, phone.
    Contact,
    /// A browser or device, which people can share too.
    Device,
    /// A thing that belongs to a customer, such as an order; it ties events together and is never
    /// shown as an identifier.
    Reference,
    /// A contact that is only mentioned: it joins nobody.
    #[serde(skip)]
    Mention,
}

/// How a value is written, so that two spellings are one identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueForm {
    /// Trimmed, otherwise as it is.
    #[default]
    Keep,
    /// In lower case.
    Lower,
    /// Its digits and nothing else.
    Digits,
    /// An e-mail address, in lower case.
    Email,
    /// A phone number in E.164.
    Phone,
}

/// The time within which values count towards a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// All of it.
    #[default]
    Ever,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

impl Window {
    /// The earliest time that counts at `at`.
    #[must_use]
    pub fn since(self, at: Time) -> Time {
        let days = match self {
            Self::Ever => return Time::MIN,
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        };
        at - (days * DAY_MS - 1)
    }
}

/// How one kind of identifier takes part in identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the kind names.
    pub class: Class,
    /// Strength: the lowest number decides whose event it is.
    pub priority: u32,
    /// How many distinct values one customer may have.
    #[serde(default = "unlimited", deserialize_with = "at_least_one")]
    pub limit: usize,
    /// The time within which they count.
    #[serde(default)]
    pub window: Window,
    /// How values are written.
    #[serde(default)]
    pub form: ValueForm,
    #[serde(default)]
    from: Vec<FieldPath>,
    #[serde(default)]
    when: BTreeMap<FieldPath, String>,
    #[serde(default)]
    placeholders: bool,
    #[serde(default)]
    blocked: Vec<String>,
    #[serde(default)]
    blocked_patterns: Vec<Pattern>,
}

fn unlimited() -> usize {
    usize::MAX
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(value: D) -> Result<usize, D::Error> {
    match usize::deserialize(value)? {
        0 => Err(serde::de::Error::custom(
            "must be at least 1; leave `limit` out for any number",
        )),
        limit => Ok(limit),
    }
}

/// A regular expression; those of this crate take time linear in the text, so a bad one cannot
/// stall the write path.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(regex::Regex);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = regex::Regex::new(&text);
        parsed.map(Self).map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default();
            format!("`{text}` is no regular expression: {last}")
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Blocked {
    exact: HashSet<String>,
    patterns: Vec<Pattern>,
}

/// The rules of one workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// A contact or device value seen together with more than this many distinct values of one
    /// stronger kind is shared: it stops being an identifier, for old events too.
    #[serde(deserialize_with = "at_least_one")]
    pub shared_above: usize,
    /// Whether two customers who each have an identifier of the class person are kept apart from
    /// anything weaker.
    #[serde(default = "yes")]
    pub identified_guard: bool,
    /// Which value of a trait wins where systems disagree.
    #[serde(default)]
    pub survivorship: Survivorship,
    #[serde(default)]
    blocked: Blocked,
    kinds: BTreeMap<String, Rule>,
    /// Kinds that end in `*`, longest first, without the star.
    #[serde(skip)]
    families: Vec<(String, Rule)>,
    #[serde(skip)]
    mention: Option<Rule>,
    /// The part that says how links come about, to tell whether two versions read events alike.
    #[serde(skip)]
    reading: String,
}

fn yes() -> bool {
    true
}

static DEFAULT: LazyLock<Arc<Rules>> =
    LazyLock::new(|| Arc::new(Rules::parse(SHIPPED).expect("the shipped rules are well-formed")));

impl Rules {
    /// The rules that ship.
    #[must_use]
    pub fn shipped() -> Arc<Self> {
        Arc::clone(&DEFAULT)
    }

    /// Reads rules.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the line and the reason.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_FILE {
            return Err(Error::invalid("a rule file has at most 256 KB"));
        }
        let mut rules: Self = toml::from_str(text)
            .map_err(|error| Error::invalid(format!("the rules cannot be used: {error}")))?;
        rules.check()?;
        rules.blocked.exact = std::mem::take(&mut rules.blocked.exact)
            .into_iter()
            .map(|value| value.to_lowercase())
            .collect();
        rules.reading = rules
            .kinds
            .iter()
            .map(|(kind, rule)| {
                format!(
                    "{kind} {:?} {:?} {:?} {:?}\n",
                    rule.class == Class::Contact,
                    rule.form,
                    rule.from,
                    rule.when
                )
            })
            .collect();
        let (families, kinds) = std::mem::take(&mut rules.kinds)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(kind, _)| kind.ends_with('*'));
        rules.kinds = kinds;
        rules.families = families
            .into_iter()
            .map(|(kind, rule)| (kind.trim_end_matches('*').to_owned(), rule))
            .collect();
        rules
            .families
            .sort_by_key(|(kind, _)| std::cmp::Reverse(kind.len()));
        rules.mention = Some(Rule {
            class: Class::Mention,
            priority: u32::MAX,
            ..rules.rule("").clone()
        });
        Ok(rules)
    }

    fn check(&self) -> Result<()> {
        self.survivorship.check()?;
        let named = |kind: &str| {
            kind.chars().all(|c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-')
            })
        };
        for (kind, rule) in &self.kinds {
            let plain = kind.strip_suffix('*').unwrap_or(kind);
            let family = plain.is_empty() || plain.ends_with('.');
            if !named(plain) || kind.is_empty() || (kind.ends_with('*') && !family) {
                return Err(Error::invalid(format!(
                    "the rules cannot be used: `{kind}` is no kind; one is made of a-z, 0-9, `_`, `-` and `.`, and may end in `.*`"
                )));
            }
            if kind.ends_with('*') && !rule.from.is_empty() {
                return Err(Error::invalid(format!(
                    "the rules cannot be used: `{kind}` stands for many kinds and so cannot have `from`"
                )));
            }
        }
        if !self.kinds.contains_key("*") {
            return Err(Error::invalid(
                "the rules cannot be used: `[kinds.\"*\"]`, the rule of every kind that is not listed, is missing",
            ));
        }
        Ok(())
    }

    /// The rule of a kind. Kinds that are not listed have the rule of their family.
    #[must_use]
    pub fn rule(&self, kind: &str) -> &Rule {
        if let Some(rule) = self.kinds.get(kind) {
            return rule;
        }
        if let (Some(mention), true) = (&self.mention, kind.starts_with(MENTION)) {
            return mention;
        }
        let family = self
            .families
            .iter()
            .find(|(start, _)| kind.starts_with(start.as_str()));
        &family.expect("a family without a name holds every kind").1
    }

    /// Why a value names nobody, if it does: the blocked value or pattern, as it is written in the
    /// rules.
    #[must_use]
    pub fn blocked_by(&self, kind: &str, value: &str) -> Option<String> {
        let rule = self.rule(kind);
        let bare = value.trim().trim_matches(['"', '\'', '`']).trim();
        let lower = bare.to_lowercase();
        let listed = rule
            .blocked
            .iter()
            .any(|blocked| blocked.to_lowercase() == lower);
        if listed {
            return Some(format!("`{lower}` is blocked for `{kind}`"));
        }
        let matching = |patterns: &[Pattern]| {
            let found = patterns.iter().find(|pattern| pattern.0.is_match(bare));
            found.map(|pattern| pattern.0.as_str().to_owned())
        };
        if let Some(pattern) = matching(&rule.blocked_patterns) {
            return Some(format!("values like `{pattern}` are blocked for `{kind}`"));
        }
        if rule.placeholders || matches!(rule.class, Class::Contact | Class::Mention) {
            return None;
        }
        if self.blocked.exact.contains(&lower) {
            return Some(format!("`{lower}` is blocked"));
        }
        matching(&self.blocked.patterns)
            .map(|pattern| format!("values like `{pattern}` are blocked"))
    }

    /// Whether the value names nobody.
    #[must_use]
    pub fn blocks(&self, kind: &str, value: &str) -> bool {
        self.blocked_by(kind, value).is_some()
    }

    /// Whether an identifier can join customers at all.
    #[must_use]
    pub fn joins(&self, kind: &str, value: &str) -> bool {
        self.rule(kind).class != Class::Mention && !self.blocks(kind, value)
    }

    /// Whether a kind's values can be shared by several people at all.
    #[must_use]
    pub fn can_be_shared(&self, kind: &str) -> bool {
        matches!(self.rule(kind).class, Class::Contact | Class::Device)
    }

    /// Whether both versions take the same identifiers from every event.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        self.reading == other.reading
    }

    /// The kinds that are listed, with their rules.
    pub(super) fn listed(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.kinds.iter().map(|(kind, rule)| (kind.as_str(), rule))
    }
}

impl Rule {
    /// The places of an event from which the kind is taken, unless a condition does not hold.
    pub(super) fn places(&self, event: &Event) -> &[FieldPath] {
        let holds = |(place, wanted): (&FieldPath, &String)| {
            let found = place.texts(event);
            found.iter().any(|text| text.eq_ignore_ascii_case(wanted))
        };
        if self.when.iter().all(holds) {
            &self.from
        } else {
            &[]
        }
    }
}

#[cfg(test)]
mod tests;
