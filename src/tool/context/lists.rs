//! The lists of a context as they are sent: one field for each section, with the section's name and
//! description.

use super::section::SECTIONS;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The list of each section, in the order of [`SECTIONS`]: empty where the customer has nothing,
/// `None` where nothing fit. Pieces are serialised before they are taken, because their cost is
/// counted in the text that is sent.
#[derive(Debug, Default)]
pub(super) struct Lists([Option<Vec<Box<RawValue>>>; SECTIONS.len()]);

impl Lists {
    /// Makes the lists empty for which the customer has nothing; `present` are the indices of the
    /// others.
    pub fn start_empty(&mut self, present: &BTreeSet<usize>) {
        for (at, list) in self.0.iter_mut().enumerate() {
            *list = (!present.contains(&at)).then(Vec::new);
        }
    }

    /// Whether a section has a piece already.
    pub fn has_begun(&self, at: usize) -> bool {
        self.0[at].as_ref().is_some_and(|list| !list.is_empty())
    }

    pub fn push(&mut self, at: usize, json: Box<RawValue>) {
        self.0[at].get_or_insert_default().push(json);
    }
}

impl Serialize for Lists {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (section, list) in SECTIONS.iter().zip(&self.0) {
            if let Some(list) = list {
                map.serialize_entry(section.name, list)?;
            }
        }
        map.end()
    }
}

impl JsonSchema for Lists {
    fn schema_name() -> Cow<'static, str> {
        "Lists".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let described = SECTIONS.iter().map(|section| {
            let mut schema = (section.schema)(generator);
            schema.insert("description".to_owned(), section.description.into());
            (section.name.to_owned(), schema.to_value())
        });
        let properties: Map<String, Value> = described.collect();
        schemars::json_schema!({"type": "object", "properties": properties})
    }
}
