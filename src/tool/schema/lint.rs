//! Checks a canonical schema for shapes that a provider refuses or a model fills in badly, with
//! messages for the author of the tool.

use serde_json::{Map, Value};

use super::KEYWORDS;

/// The deepest nesting that OpenAI's strict mode accepts.
const MAX_DEPTH: usize = 10;

/// All problems in the schema of a tool's arguments; empty if it is good.
#[must_use]
pub fn lint(schema: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if schema.get("type").and_then(Value::as_str) == Some("object") {
        node(schema, "arguments", 1, &mut problems);
    } else {
        problems.push("the arguments must be an object; use a struct with named fields".to_owned());
    }
    problems
}

fn node(schema: &Value, path: &str, depth: usize, problems: &mut Vec<String>) {
    let Some(map) = schema.as_object().filter(|map| says_something(map)) else {
        problems.push(format!("`{path}` accepts anything; give it a type"));
        return;
    };
    if depth > MAX_DEPTH {
        problems.push(format!(
            "`{path}` is nested more than {MAX_DEPTH} levels deep"
        ));
        return;
    }
    for keyword in map.keys() {
        if let Some(advice) = refused(keyword) {
            problems.push(format!("`{path}` has `{keyword}`; {advice}"));
        }
    }
    if map.get("type").is_some_and(Value::is_array) {
        problems.push(format!("`{path}` has more than one type; choose one"));
    }
    if map
        .get("additionalProperties")
        .is_some_and(|extra| extra != &Value::Bool(false))
    {
        problems.push(format!("`{path}` is a map; use a list of {{key, value}}"));
    }
    let options = map.get("enum").and_then(Value::as_array);
    if options.is_some_and(|options| options.is_empty() || !options.iter().all(Value::is_string)) {
        problems.push(format!(
            "`{path}` has an `enum` of something else than words; use words"
        ));
    }
    if map.get("type").and_then(Value::as_str) == Some("array") && !map.contains_key("items") {
        problems.push(format!("`{path}` is a list of anything; give it `items`"));
    }
    children(map, path, depth, problems);
}

/// Whether a schema constrains anything; one with only a description is like `true`.
fn says_something(map: &Map<String, Value>) -> bool {
    map.keys()
        .any(|keyword| !matches!(keyword.as_str(), "description" | "default"))
}

fn refused(keyword: &str) -> Option<&'static str> {
    match keyword {
        "$ref" | "$defs" => Some("a recursive type cannot be sent inline"),
        "prefixItems" => Some("name the parts of a tuple, as a struct"),
        known if KEYWORDS.contains(&known) => None,
        _ => Some("neither the providers nor `validate` know it"),
    }
}

fn children(map: &Map<String, Value>, path: &str, depth: usize, problems: &mut Vec<String>) {
    for (name, property) in map
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let path = format!("{path}.{name}");
        if !is_name(name) {
            problems.push(format!("`{path}` is not named in snake_case"));
        }
        let words = property.get("description").and_then(Value::as_str);
        // The tag of a union has one value and needs no description.
        let options = property.get("enum").and_then(Value::as_array);
        let is_tag = options.is_some_and(|options| options.len() == 1);
        if words.is_none_or(|words| words.trim().is_empty()) && !is_tag {
            problems.push(format!(
                "`{path}` has no description; say what to put there"
            ));
        }
        node(property, &path, depth + 1, problems);
    }
    for branch in map
        .get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        node(branch, path, depth + 1, problems);
    }
    if let Some(items) = map.get("items") {
        node(items, &format!("{path}[]"), depth + 1, problems);
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::super::canonical;
    use super::super::tests::Search;
    use super::*;
    use std::collections::BTreeMap;

    /// Shapes that are refused.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Refused {
        /// A map.
        map: BTreeMap<String, u32>,
        /// A bare value.
        anything: serde_json::Value,
        /// A tuple.
        pair: (u32, String),
        /// A recursive type.
        tree: Option<Box<Refused>>,
        silent: bool,
    }

    #[test]
    fn a_good_schema_has_nothing_to_say_of() {
        assert_eq!(lint(&canonical::<Search>()), Vec::<String>::new());
    }

    #[test]
    fn refused_shapes_are_named() {
        insta::assert_snapshot!(lint(&canonical::<Refused>()).join("\n"), @r"
        `arguments.map` is a map; use a list of {key, value}
        `arguments.anything` accepts anything; give it a type
        `arguments.pair` has `prefixItems`; name the parts of a tuple, as a struct
        `arguments.pair` is a list of anything; give it `items`
        `arguments.tree` has `$ref`; a recursive type cannot be sent inline
        `arguments.silent` has no description; say what to put there
        ");
        assert_eq!(lint(&canonical::<Vec<u8>>()).len(), 1);
        assert_eq!(lint(&Value::Bool(true)).len(), 1);
    }
}
