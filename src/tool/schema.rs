//! The canonical schema of a tool's arguments and of its result, from which the format of every
//! provider is made.
//!
//! schemars writes all of JSON Schema; providers accept much less, each another part. So a schema
//! is converted to one small dialect first: everything inline, `enum` instead of `oneOf`, every
//! object closed, and an optional argument is missing in `required`, never nullable.
//!
//! Shapes that no provider accepts, or that models fill in badly, are kept so that [`lint`] can
//! name them: maps (use a list of `{key, value}`), a bare `serde_json::Value`, tuples, recursive
//! types and patterns.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

mod arguments;
mod lint;

pub use arguments::validate;
pub use lint::lint;

/// The keywords of the canonical dialect, in the order of the output.
const KEYWORDS: [&str; 16] = [
    "type",
    "description",
    "format",
    "enum",
    "anyOf",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
];

/// The string formats that both OpenAI's and Anthropic's strict mode accept.
const FORMATS: [&str; 9] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
];

/// Whether it is a schema of arguments or of an answer; they differ in nulls and in closed objects.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// A model sends it: closed objects, an optional property is left out.
    Arguments,
    /// The server sends it: null is a value, and objects are open, because a later release may add
    /// fields.
    Answer,
}

/// The canonical schema of a type that a model fills in. [`lint`] checks whether providers accept
/// it.
#[must_use]
pub fn canonical<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    root(generate::<T>(settings), Side::Arguments)
}

/// The schema of a type that the server answers with: as it is serialized, with nulls and open
/// objects.
///
/// MCP clients refuse an answer that does not fit its `outputSchema`, so null is stated where an
/// `Option` serializes as null.
#[must_use]
pub fn result<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    root(generate::<T>(settings), Side::Answer)
}

/// The canonical form of a schema that is written by hand.
#[must_use]
pub fn canonicalise(schema: Value) -> Value {
    root(schema, Side::Arguments)
}

/// Replaces the descriptions of the arguments by those of the tool's file.
///
/// # Errors
/// A description of no argument, or an argument without description.
pub fn describe(schema: &mut Value, words: &BTreeMap<String, String>) -> Result<(), String> {
    let none = &mut Map::new();
    let properties = schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .unwrap_or(none);
    if let Some(name) = words.keys().find(|name| !properties.contains_key(*name)) {
        let names: Vec<_> = properties.keys().map(String::as_str).collect();
        return Err(format!(
            "no argument `{name}`; there are: {}",
            names.join(", ")
        ));
    }
    for (name, property) in properties {
        let Value::Object(property) = property else {
            continue;
        };
        if let Some(text) = words.get(name) {
            property.insert("description".into(), squeeze(text).into());
            *property = ordered(std::mem::take(property));
        }
        if !property.contains_key("description") {
            return Err(format!("the argument `{name}` has no description"));
        }
    }
    Ok(())
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// Drops the description of the root: it is the Rust type's, and the tool has its own.
fn root(schema: Value, side: Side) -> Value {
    let mut schema = node(schema, side);
    if let Value::Object(map) = &mut schema {
        map.shift_remove("description");
    }
    schema
}

fn node(schema: Value, side: Side) -> Value {
    let Value::Object(mut map) = schema else {
        return schema;
    };
    for noise in ["$schema", "title"] {
        map.shift_remove(noise);
    }
    if side == Side::Arguments {
        drop_null(&mut map);
    }
    for union in ["allOf", "anyOf", "oneOf"] {
        if let Some(only) = single(&map, union) {
            map.shift_remove(union);
            merge(&mut map, only);
            return node(Value::Object(map), side);
        }
    }
    if let Some(Value::Array(branches)) = map.shift_remove("oneOf") {
        fold(&mut map, branches);
    }
    if let Some(only) = map.shift_remove("const") {
        map.insert("enum".into(), json!([only]));
    }
    tidy(&mut map);
    children(&mut map, side);
    Value::Object(ordered(map))
}

/// Removes null as a type, a branch, an enum value and a default.
fn drop_null(map: &mut Map<String, Value>) {
    let null = json!({"type": "null"});
    for (keyword, null) in [
        ("type", &json!("null")),
        ("enum", &Value::Null),
        ("anyOf", &null),
        ("oneOf", &null),
    ] {
        if let Some(Value::Array(options)) = map.get_mut(keyword) {
            options.retain(|option| option != null);
        }
    }
    if let Some([only]) = map.get("type").and_then(Value::as_array).map(Vec::as_slice) {
        let only = only.clone();
        map.insert("type".into(), only);
    }
    if map.get("default").is_some_and(Value::is_null) {
        map.shift_remove("default");
    }
}

fn single(map: &Map<String, Value>, union: &str) -> Option<Map<String, Value>> {
    match map.get(union)?.as_array()?.as_slice() {
        [Value::Object(only)] => Some(only.clone()),
        _ => None,
    }
}

/// Adds the keywords that `map` lacks: the description of a field wins over the one of its type.
fn merge(map: &mut Map<String, Value>, other: Map<String, Value>) {
    for (keyword, value) in other {
        map.entry(keyword).or_insert(value);
    }
}

/// Documented variants become one `enum` with their descriptions in its own; other branches become
/// an `anyOf`.
fn fold(map: &mut Map<String, Value>, branches: Vec<Value>) {
    let Some(words) = branches.iter().map(words).collect::<Option<Vec<_>>>() else {
        map.insert("anyOf".into(), Value::Array(branches));
        return;
    };
    let mut notes = Vec::new();
    for (branch, words) in branches.iter().zip(&words) {
        if let (Some(doc), [word]) = (branch["description"].as_str(), words.as_slice()) {
            notes.push(format!("`{word}`: {}", squeeze(doc).trim_end_matches('.')));
        }
    }
    if !notes.is_empty() {
        let own = map.get("description").and_then(Value::as_str).unwrap_or("");
        let text = format!("{} {}.", squeeze(own), notes.join("; "));
        map.insert("description".into(), text.trim_start().into());
    }
    map.insert("type".into(), "string".into());
    map.insert("enum".into(), json!(words.concat()));
}

/// The strings of a branch of constants.
fn words(branch: &Value) -> Option<Vec<String>> {
    if let Some(word) = branch.get("const") {
        return Some(vec![word.as_str()?.to_owned()]);
    }
    let words = branch.get("enum")?.as_array()?;
    words
        .iter()
        .map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn tidy(map: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = squeeze(text);
    }
    let known = |format: &Value| format.as_str().is_some_and(|text| FORMATS.contains(&text));
    if map.get("format").is_some_and(|format| !known(format)) {
        map.shift_remove("format");
    }
    let strings =
        |options: &Vec<Value>| !options.is_empty() && options.iter().all(Value::is_string);
    if !map.contains_key("type")
        && map
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(strings)
    {
        map.insert("type".into(), "string".into());
    }
}

fn children(map: &mut Map<String, Value>, side: Side) {
    for keyword in ["items", "additionalProperties"] {
        if let Some(child) = map.get_mut(keyword) {
            *child = node(child.take(), side);
        }
    }
    if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
        for branch in branches {
            *branch = node(branch.take(), side);
        }
    }
    if map.get("type") == Some(&json!("object")) && !map.contains_key("properties") {
        map.insert("properties".into(), json!({}));
    }
    let Some(Value::Object(properties)) = map.get_mut("properties") else {
        return;
    };
    for property in properties.values_mut() {
        *property = node(property.take(), side);
    }
    if map
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        map.shift_remove("required");
    }
    if side == Side::Arguments {
        map.entry("additionalProperties")
            .or_insert(Value::Bool(false));
    } else if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.shift_remove("additionalProperties");
    }
}

/// The keywords in a fixed order, for prompt caches; unknown ones come last, for [`lint`].
fn ordered(mut map: Map<String, Value>) -> Map<String, Value> {
    let mut ordered = Map::new();
    for keyword in KEYWORDS {
        if let Some(value) = map.shift_remove(keyword) {
            ordered.insert(keyword.to_owned(), value);
        }
    }
    ordered.extend(map);
    ordered
}

/// The text of a doc comment in one line.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Calls `change` on every schema in a canonical one, inner ones first.
pub(super) fn walk(schema: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(map) = schema else { return };
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties
            .values_mut()
            .for_each(|child| walk(child, change));
    }
    if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
        branches.iter_mut().for_each(|child| walk(child, change));
    }
    if let Some(items) = map.get_mut("items") {
        walk(items, change);
    }
    change(map);
}

#[cfg(test)]
pub(super) mod tests;
