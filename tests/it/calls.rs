//! Calls of any tool: nothing, its own examples, and arguments made of its schema. A tool that is
//! in the catalogue is tested with them wherever tests loop over the catalogue, whether or not
//! anyone wrote a test for it.

use crate::app::TestApp;
use acquaint::tool::{Tool, Tools};
use serde_json::{Map, Value, json};

/// The catalogue of a server of its own on the database, which remembers nothing yet.
pub fn tools(app: &TestApp) -> Tools {
    Tools::new(app.db.clone(), app.clock.clone()).expect("the tools")
}

/// The schema of an argument that the tool has.
pub fn argument<'a>(tool: &'a Tool, name: &str) -> Option<&'a Value> {
    tool.declaration(false).parameters["properties"].get(name)
}

/// The arguments that the tool cannot do without.
pub fn required(tool: &Tool) -> Vec<&str> {
    let required = tool.declaration(false).parameters["required"].as_array();
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    names.collect()
}

/// The arguments that take any text.
pub fn texts(tool: &Tool) -> Vec<&str> {
    let properties = tool.declaration(false).parameters["properties"].as_object();
    let free = |schema: &Value| {
        let branches = schema["anyOf"].as_array();
        let mut all = branches.into_iter().flatten().chain([schema]);
        all.any(|schema| {
            let plain = schema.get("enum").is_none() && schema.get("format").is_none();
            schema["type"] == "string" && plain
        })
    };
    let texts = properties.into_iter().flatten();
    let texts = texts.filter(|(_, schema)| free(schema));
    texts.map(|(name, _)| name.as_str()).collect()
}

/// The calls to make of a tool, with these words where it takes free text: what it cannot do
/// without, alone and with as much as it gives, and each of its other arguments beside both.
pub fn of(tool: &Tool, words: &[String]) -> Vec<Value> {
    let declaration = tool.declaration(false);
    let mut calls = declaration.examples.to_vec();
    calls.extend(objects(declaration.parameters, words));
    calls
}

/// The arguments with one more.
pub fn with(arguments: &Value, name: &str, value: Value) -> Value {
    let mut arguments = arguments.clone();
    arguments[name] = value;
    arguments
}

fn objects(schema: &Value, words: &[String]) -> Vec<Value> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required = schema["required"].as_array();
    let needed = |name: &String| required.is_some_and(|names| names.contains(&json!(name)));
    let values: Vec<_> = properties
        .iter()
        .map(|(name, schema)| (name, values(schema, words)))
        .collect();
    let mut least = json!({});
    for (name, values) in values.iter().filter(|(name, _)| needed(name)) {
        least[name.as_str()] = values[0].clone();
    }
    let mut most = least.clone();
    for (name, schema) in properties {
        if let Some(maximum) = schema.get("maximum") {
            most[name] = maximum.clone();
        }
    }
    let mut all = vec![least.clone(), most.clone()];
    for (name, values) in &values {
        for value in values {
            all.extend([&least, &most].map(|base| with(base, name, value.clone())));
        }
    }
    all.dedup();
    all
}

/// Values that fit a schema; at least one.
fn values(schema: &Value, words: &[String]) -> Vec<Value> {
    if let Some(branches) = schema["anyOf"].as_array() {
        let fitting = branches.iter().flat_map(|branch| values(branch, words));
        return fitting.collect();
    }
    if let Some(options) = schema["enum"].as_array() {
        return options.clone();
    }
    match schema["type"].as_str().unwrap_or_default() {
        "boolean" => vec![json!(true), json!(false)],
        "integer" | "number" => {
            let bounds = [schema.get("minimum"), schema.get("maximum")];
            let mut bounds: Vec<_> = bounds.into_iter().flatten().cloned().collect();
            if bounds.is_empty() {
                bounds.push(json!(1));
            }
            bounds
        }
        "array" => {
            let items = values(&schema["items"], words);
            let mut lists: Vec<_> = items.iter().map(|item| json!([item])).collect();
            lists.push(json!(items));
            lists
        }
        "object" => objects(schema, words),
        "string" => match schema["format"].as_str() {
            Some("date") => vec![json!("2020-01-01"), json!("2026-11-21")],
            Some("date-time") => vec![json!("2020-01-01T00:00:00Z")],
            _ => words.iter().map(|word| json!(word)).collect(),
        },
        other => panic!("no value is known for `{other}` in {schema}; add one here"),
    }
}
