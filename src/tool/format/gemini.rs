//! Gemini's function declaration, in the OpenAPI subset of its `parameters` field.
//!
//! There is a newer field, `parametersJsonSchema`, which excludes this one. `parameters` is the one that every version
//! of the Gemini API, Vertex AI and the SDKs reads, and the canonical schema loses nothing in it that the description
//! cannot carry. The schema of the answer is left out: it costs tokens on each turn, and the answer explains itself.

use serde_json::{Map, Value, json};

use super::{Declaration, describe};
use crate::tool::schema::walk;

pub(super) fn function(tool: &Declaration<'_>) -> Value {
    let mut function = Map::from_iter([
        ("name".to_owned(), tool.name.into()),
        ("description".to_owned(), tool.description.into()),
    ]);
    let properties = tool.parameters.get("properties").and_then(Value::as_object);
    // an object without properties is an error there; a function without parameters is not
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
    // strings there have no other format than this and `enum`
    if schema
        .get("format")
        .is_some_and(|format| format != "date-time")
    {
        describe(schema, &["format"]);
    }
    // its maps have no order of their own
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let names: Vec<_> = properties.keys().cloned().collect();
        schema.insert("propertyOrdering".into(), json!(names));
    }
}
