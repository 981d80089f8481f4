//! Survivorship: which value of a trait wins when systems disagree, as data.
//!
//! ```toml
//! [survivorship]
//! default = "newest"                 # newest | most_frequent | longest | source_priority
//! sources = ["crm", "shop"]          # order of source_priority; other sources come after
//! [survivorship.traits]
//! birthday = "most_frequent"
//! address = { rule = "source_priority", sources = ["billing", "crm"] }
//! ```

use crate::{Error, Result};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How the claims on a trait compete. Ties go to the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", rename_all = "snake_case")]
pub enum SurvivorshipRule {
    /// The last words of the sources compete, and the latest by event time wins. When that is a
    /// removal, there is no value.
    #[default]
    Newest,
    /// All that stands competes: the value that the most sources stated.
    MostFrequent,
    /// All that stands competes: the longest text. A removal has none, so it withdraws its own
    /// source's values only.
    Longest,
    /// The last words of the sources compete: the first source of the list that said anything, be
    /// it a removal.
    SourcePriority,
}

impl TryFrom<String> for SurvivorshipRule {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Ok(match word.as_str() {
            "newest" => Self::Newest,
            "most_frequent" => Self::MostFrequent,
            "longest" => Self::Longest,
            "source_priority" => Self::SourcePriority,
            _ => {
                return Err(format!(
                    "no rule `{word}`; there are newest, most_frequent, longest, source_priority"
                ));
            }
        })
    }
}

/// The rule of one trait: a word, or a table with its own order of sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraitRule {
    /// How the claims compete.
    pub rule: SurvivorshipRule,
    /// The order for [`SurvivorshipRule::SourcePriority`]; empty takes that of the workspace.
    pub sources: Vec<String>,
}

/// Which value wins, for every trait of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Survivorship {
    /// The rule of every trait that has none of its own.
    pub default: SurvivorshipRule,
    /// The order of sources for [`SurvivorshipRule::SourcePriority`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Rules of single traits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub traits: BTreeMap<String, TraitRule>,
}

impl Survivorship {
    /// Refuses what reads well and cannot work.
    ///
    /// # Errors
    /// [`Error::Invalid`] that says what to change.
    pub fn check(&self) -> Result<()> {
        check_order("`sources`", &self.sources)?;
        let missing = |place: &str| {
            Error::invalid(format!(
                "survivorship: {place} is source_priority without an order; list `sources`, such as `sources = [\"crm\", \"shop\"]`"
            ))
        };
        if self.default == SurvivorshipRule::SourcePriority && self.sources.is_empty() {
            return Err(missing("`default`"));
        }
        for (name, own) in &self.traits {
            let place = format!("trait `{name}`");
            check_order(&place, &own.sources)?;
            match self.of(name) {
                (SurvivorshipRule::SourcePriority, []) => return Err(missing(&place)),
                (SurvivorshipRule::SourcePriority, _) => {}
                _ if own.sources.is_empty() => {}
                _ => {
                    return Err(Error::invalid(format!(
                        "survivorship: {place} has `sources`, which only the rule source_priority reads; remove them or change the rule"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The rule of a trait, and the order of sources that it follows.
    #[must_use]
    pub fn of(&self, name: &str) -> (SurvivorshipRule, &[String]) {
        match self.traits.get(name) {
            Some(own) if own.sources.is_empty() => (own.rule, &self.sources),
            Some(own) => (own.rule, &own.sources),
            None => (self.default, &self.sources),
        }
    }
}

fn check_order(place: &str, sources: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    let twice = sources.iter().find(|source| !seen.insert(source.as_str()));
    twice.map_or(Ok(()), |twice| {
        Err(Error::invalid(format!(
            "survivorship: {place} lists the source `{twice}` twice; once is enough"
        )))
    })
}

/// A [`TraitRule`] as a table.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TraitRuleTable {
    rule: SurvivorshipRule,
    #[serde(default)]
    sources: Vec<String>,
}

impl Serialize for TraitRule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.sources.is_empty() {
            return self.rule.serialize(to);
        }
        let (rule, sources) = (self.rule, self.sources.clone());
        TraitRuleTable { rule, sources }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for TraitRule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Not `untagged`, whose error names neither the word nor the field that is wrong.
        struct WordOrTable;
        impl<'de> Visitor<'de> for WordOrTable {
            type Value = TraitRule;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a rule, or a table with `rule` and `sources`")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<TraitRule, E> {
                let rule = SurvivorshipRule::deserialize(StrDeserializer::new(word))?;
                let sources = Vec::new();
                Ok(TraitRule { rule, sources })
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<TraitRule, A::Error> {
                let TraitRuleTable { rule, sources } =
                    TraitRuleTable::deserialize(MapAccessDeserializer::new(table))?;
                Ok(TraitRule { rule, sources })
            }
        }
        from.deserialize_any(WordOrTable)
    }
}

#[cfg(test)]
mod tests;
