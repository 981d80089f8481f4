//! OpenAI's two formats of a function, and the subset of JSON Schema of its strict mode.
//!
//! Chat completions are not strict by default and Responses are, so both formats always state
//! `strict`.

use serde_json::{Map, Value, json};

use super::{Declaration, describe, is_optional};
use crate::tool::schema::walk;

/// Canonical keywords that strict mode refuses.
const REFUSED: [&str; 3] = ["default", "minLength", "maxLength"];

pub(super) fn chat(strict: bool, tool: &Declaration<'_>) -> Value {
    json!({"type": "function", "function": function(strict, tool)})
}

pub(super) fn responses(strict: bool, tool: &Declaration<'_>) -> Value {
    let mut flat = Map::from_iter([("type".to_owned(), json!("function"))]);
    flat.extend(function(strict, tool));
    Value::Object(flat)
}

fn function(strict: bool, tool: &Declaration<'_>) -> Map<String, Value> {
    let mut parameters = tool.parameters.clone();
    if strict {
        walk(&mut parameters, &mut |schema| {
            describe(schema, &REFUSED);
            require_all(schema);
        });
    }
    Map::from_iter([
        ("name".to_owned(), tool.name.into()),
        ("description".to_owned(), tool.description.into()),
        ("parameters".to_owned(), parameters),
        ("strict".to_owned(), strict.into()),
    ])
}

/// Strict mode has no optional properties: each is required, and null means that it is left out.
fn require_all(schema: &mut Map<String, Value>) {
    let Some(Value::Object(mut properties)) = schema.get_mut("properties").map(Value::take) else {
        return;
    };
    for (name, property) in &mut properties {
        if is_optional(schema, name) {
            allow_null(property);
        }
    }
    let names: Vec<_> = properties.keys().cloned().collect();
    schema.insert("properties".into(), Value::Object(properties));
    schema.insert("required".into(), json!(names));
}

fn allow_null(property: &mut Value) {
    let Value::Object(map) = property else { return };
    let nothing = json!({"type": "null"});
    if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
        branches.push(nothing);
        return;
    }
    if !map.contains_key("enum") && !map.contains_key("properties") {
        let own = map.get("type").cloned().unwrap_or_default();
        map.insert("type".into(), json!([own, "null"]));
        return;
    }
    // With `enum`, null would have to be one of its values, which no other provider accepts.
    let description = map.shift_remove("description");
    let inner = Value::Object(std::mem::take(map));
    map.extend(description.map(|text| ("description".to_owned(), text)));
    map.insert("anyOf".into(), json!([inner, nothing]));
}
