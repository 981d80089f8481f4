//! The map file: the uses of the columns of a people file.

use super::date::DateOrder;
use crate::{Error, Result};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// The most bytes of a map.
const MAX_FILE: usize = 256 * 1024;
/// The form of an entry, for messages.
const ENTRY_FORM: &str = "one column's name, or a list of names";

/// The parsed map file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The column of the record's id.
    pub(super) id: Option<String>,
    /// Contacts that are personal in this file, so that its rows may join customers by them.
    #[serde(default)]
    pub(super) join: Vec<Contact>,
    /// Columns to ignore.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    /// The columns of each trait, by the trait's name.
    #[serde(default, deserialize_with = "traits")]
    pub(super) traits: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    pub(super) dates: Dates,
}

/// How dates are read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    /// The order of ambiguous dates; by default the order of the other dates in the file.
    pub order: Option<DateOrder>,
}

/// A kind of contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Contact {
    Email,
    Phone,
}

impl Contact {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

impl Map {
    /// Reads a map.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the line and the reason.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_FILE {
            return Err(Error::invalid("a map has at most 256 KB"));
        }
        toml::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::invalid(format!("the map cannot be used: {error}")))
    }

    /// Every column in the map, each with the key that names it.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        let id = self.id.iter().map(|column| ("id", column.as_str()));
        let ignored = self.ignore.iter().map(|column| ("ignore", column.as_str()));
        let traits = self.traits.iter().flatten().flat_map(|(name, columns)| {
            columns
                .iter()
                .map(|column| (name.as_str(), column.as_str()))
        });
        id.chain(ignored).chain(traits)
    }
}

/// The table `[traits]`, in which `"address.city"` may also be written as a table of its own.
fn traits<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<BTreeMap<String, Vec<String>>>, D::Error> {
    let mut flat = BTreeMap::new();
    for (TraitName(name), entry) in BTreeMap::<TraitName, TraitEntry>::deserialize(from)? {
        entry.flatten(name, &mut flat);
    }
    flat.keys()
        .try_for_each(|name| check(name))
        .map_err(D::Error::custom)?;
    Ok(Some(flat))
}

/// The name of a trait or of a part of an address.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TraitName(String);

impl<'de> Deserialize<'de> for TraitName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        check(&name).map_err(D::Error::custom)?;
        Ok(Self(name))
    }
}

/// Refuses a name that is no valid name of a trait.
fn check(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let parts: Vec<&str> = name.split('.').collect();
    if parts
        .iter()
        .any(|part| part.is_empty() || !part.chars().all(plain))
    {
        return Err(format!(
            "`{name}` is no trait; its name is made of a-z, 0-9 and _, as in `first_name` or `address.city`"
        ));
    }
    if parts.len() > 3 || (parts.len() > 1 && parts[0] != "address") {
        return Err(format!(
            "`{name}` has parts; only an address has, as in `address.city` or `address.billing.city`"
        ));
    }
    if matches!(name, "id" | "record_id") {
        return Err(
            "the column with the record's id is named at the top of the map, before `[traits]`: id = \"…\"".to_owned(),
        );
    }
    Ok(())
}

/// The value of a trait's key.
#[derive(Debug)]
enum TraitEntry {
    Columns(Vec<String>),
    Table(BTreeMap<String, TraitEntry>),
}

impl TraitEntry {
    fn flatten(self, name: String, into: &mut BTreeMap<String, Vec<String>>) {
        match self {
            Self::Columns(columns) => {
                into.entry(name).or_default().extend(columns);
            }
            Self::Table(table) => {
                for (part, entry) in table {
                    entry.flatten(format!("{name}.{part}"), into);
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for TraitEntry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TraitEntryVisitor)
    }
}

struct TraitEntryVisitor;

impl<'de> Visitor<'de> for TraitEntryVisitor {
    type Value = TraitEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENTRY_FORM)
    }

    fn visit_str<E: serde::de::Error>(self, column: &str) -> Result<TraitEntry, E> {
        Ok(TraitEntry::Columns(vec![column.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TraitEntry, A::Error> {
        let mut columns = Vec::new();
        while let Some(column) = list.next_element::<String>()? {
            columns.push(column);
        }
        if columns.is_empty() {
            return Err(A::Error::custom(format!(
                "an empty list maps nothing; write {ENTRY_FORM}"
            )));
        }
        Ok(TraitEntry::Columns(columns))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<TraitEntry, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((TraitName(part), entry)) = table.next_entry::<TraitName, TraitEntry>()? {
            entries.insert(part, entry);
        }
        Ok(TraitEntry::Table(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_names_columns() {
        let text = r#"
            id = "rec_id"
            join = ["email"]
            ignore = ["notes"]
            [traits]
            first_name = "given_name"
            "address.street" = ["street_number", "address_1"]
            email = ["email", "email_2"]
            [traits.address.billing]
            city = "b_city"
            [dates]
            order = "day-month"
        "#;
        let map = Map::parse(text).expect("a map");
        let columns: Vec<String> = map
            .columns()
            .map(|(name, column)| format!("{name}={column}"))
            .collect();
        let wanted = [
            "id=rec_id",
            "ignore=notes",
            "address.billing.city=b_city",
            "address.street=street_number",
            "address.street=address_1",
            "email=email",
            "email=email_2",
            "first_name=given_name",
        ];
        assert_eq!(columns, wanted);
        assert_eq!(map.join, [Contact::Email]);
        assert_eq!(map.dates.order, Some(DateOrder::DayMonth));
    }

    #[test]
    fn a_broken_map_is_refused_with_line_and_reason() {
        for (text, line, reason) in [
            ("id = ", 1, "string values must be quoted"),
            (
                "id = \"a\"\nfirst_name = \"b\"",
                2,
                "unknown field `first_name`",
            ),
            ("join = [\"name\"]", 1, "unknown variant `name`"),
            (
                "[dates]\norder = \"year\"",
                2,
                "expected `month-day` or `day-month`",
            ),
            (
                "[traits]\n\nemail = 5",
                3,
                "expected one column's name, or a list of names",
            ),
            ("[traits]\nemail = []", 2, "an empty list maps nothing"),
            (
                "[traits]\n\"First Name\" = \"a\"",
                2,
                "`First Name` is no trait",
            ),
            ("[traits]\n\"phone.home\" = \"a\"", 2, "only an address has"),
            ("[traits]\nid = \"a\"", 2, "at the top of the map"),
        ] {
            let error = Map::parse(text).expect_err(text).to_string();
            assert!(error.contains(&format!("line {line}")), "{text}: {error}");
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
