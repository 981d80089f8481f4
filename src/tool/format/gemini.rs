//! Gemini's function declaration, in the OpenAPI subset of its `parameters` field.
//!
//! A newer field, `parametersJsonSchema`, excludes this one. `parameters` is read by every version
//! of the Gemini API, Vertex AI and the SDKs, and the description can carry the keywords that it
//! lacks. The schema of the answer is left out: it costs tokens on each turn, and the answer
//! explains itself.

use serde_json::{Map, Value, json};

use super::{Declaration, describe};
use crate::tool::schema::walk;

pub(super) fn function(tool: &Declaration<'_>) -> Value {
    let mut function = Map::from_iter([
        ("name".to_owned(), tool.name.into()),
        ("description".to_owned(), tool.description.into()),
    ]);
    let properties = tool.parameters.get("properties").and_then(Value::as_object);
    // Gemini refuses an object without properties, and accepts a function without parameters.
    if properties.is_some_and(|properties| !properties.is_empty()) {
        let mut parameters = tool.parameters.clone();
        walk(&mut parameters, &mut subset);
        function.insert("parameters".into(), parameters);
    }
    Value::Object(function)
}

fn subset(schema: &mut Map<String, Value>) {
    schema.shift_remove("additionalProperties");
    describe(schema, &["default"]);
    // Strings have only this format and `enum`.
    if schema
        .get("format")
        .is_some_and(|format| format != "date-time")
    {
        describe(schema, &["format"]);
    }
    // Gemini's maps have no order, so it is stated.
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let names: Vec<_> = properties.keys().cloned().collect();
        schema.insert("propertyOrdering".into(), json!(names));
    }
}
