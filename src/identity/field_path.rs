//! A place in an event where an identifier may stand, as rules write it: `identify.traits.email`,
//! `context.device.id`.

use crate::event::{Event, Kind, text_of};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The fields of an event that are texts themselves.
const FIELDS: [&str; 4] = ["userId", "anonymousId", "previousId", "groupId"];
/// The fields of an event that have fields of their own.
const MAPS: [&str; 3] = ["traits", "properties", "context"];

/// A field of an event, perhaps only of calls of one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct FieldPath {
    only: Option<Kind>,
    path: Vec<String>,
}

impl TryFrom<String> for FieldPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut path: Vec<String> = text.split('.').map(str::to_owned).collect();
        let only = Kind::parse(&path[0]).filter(|_| path.len() > 1);
        if only.is_some() {
            path.remove(0);
        }
        let known = match path.len() {
            1 => FIELDS.contains(&path[0].as_str()),
            _ => MAPS.contains(&path[0].as_str()) && path.iter().all(|part| !part.is_empty()),
        };
        if known {
            return Ok(Self { only, path });
        }
        Err(format!(
            "`{text}` is no field of an event; write {}, or a field in `traits.`, `properties.` or `context.`, after the type of call if it is to be of one type only, as in `identify.traits.email`",
            FIELDS.join(", ")
        ))
    }
}

impl FieldPath {
    /// The texts that stand there: one, or those of a list.
    pub(super) fn texts(&self, event: &Event) -> Vec<String> {
        if self.only.is_some_and(|only| only != event.kind) {
            return Vec::new();
        }
        let field = match self.path[0].as_str() {
            "userId" => event.user_id.clone(),
            "anonymousId" => event.anonymous_id.clone(),
            "previousId" => event.previous_id.clone(),
            "groupId" => event.group_id.clone(),
            _ => {
                return match self
                    .parent(event)
                    .and_then(|map| map.get(self.path.last()?))
                {
                    Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
                    Some(value) => text_of(value).into_iter().collect(),
                    None => Vec::new(),
                };
            }
        };
        field.into_iter().collect()
    }

    /// The country (ISO 3166 alpha-2) that is stated beside the field.
    pub(super) fn country<'e>(&self, event: &'e Event) -> Option<&'e str> {
        let beside = self.parent(event)?;
        let address = beside
            .get("address")
            .and_then(|address| address.get("country"));
        address
            .or_else(|| beside.get("country"))
            .and_then(Value::as_str)
            .filter(|code| code.len() == 2)
    }

    fn parent<'e>(&self, event: &'e Event) -> Option<&'e Map<String, Value>> {
        let mut map = match self.path[0].as_str() {
            "traits" => &event.traits,
            "properties" => &event.properties,
            "context" => &event.context,
            _ => return None,
        };
        for part in &self.path[1..self.path.len() - 1] {
            map = map.get(part)?.as_object()?;
        }
        Some(map)
    }
}
