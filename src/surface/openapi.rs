//! GET /openapi.json: OpenAPI 3.1, made from the list of routes, the types of requests and
//! responses, and the catalogue.
//!
//! Every tool has a path of its own, so that a generated client has a typed function for each. The
//! document has the arguments of a key with `customers:any`; a session token leaves `customer` out.

use super::route::{Content, Credential, Route, get};
use super::{App, CollectFault};
use crate::tool::{ErrorAnswer, Tool};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::on;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) const ROUTES: &[Route] =
    &[get("/openapi.json", |method| on(method, document)).documented("server", "This document.")];

/// The document.
async fn document(State(app): State<Arc<App>>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        app.openapi.clone(),
    )
}

/// The text of the document. Building it takes milliseconds, so the server does it once.
pub(super) fn text(routes: impl Iterator<Item = &'static Route>, tools: &[Tool]) -> Bytes {
    let mut document = build(routes, tools);
    unwrap_descriptions(&mut document);
    document.to_string().into()
}

/// Puts each description on one line. Doc comments are wrapped, and schemars keeps their lines.
fn unwrap_descriptions(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "description" => *text = text.replace('\n', " "),
                    _ => unwrap_descriptions(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_descriptions),
        _ => {}
    }
}

/// The generators for the schemas of requests and of responses, which differ in optional fields.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

fn build(routes: impl Iterator<Item = &'static Route>, tools: &[Tool]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = Schemas {
        requests: settings.clone().into_generator(),
        answers: settings.for_serialize().into_generator(),
    };
    let mut paths = Map::new();
    for route in routes {
        for (path, operation) in operations(&mut schemas, route, tools) {
            let methods = paths.entry(path).or_insert_with(|| json!({}));
            methods[route.method.as_str()] = operation;
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "acquaint",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": env!("CARGO_PKG_DESCRIPTION"),
            "license": {"name": "Apache 2.0", "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "tools", "description": "What an agent calls, for the customer of its session."},
            {"name": "collect", "description": "Where events come in. A path may end in `/` and stand behind a proxy's prefix."},
            {"name": "profiles", "description": "Profiles for staff."},
            {"name": "identity", "description": "Who is who, for stewards: explanations, decisions and rules."},
            {"name": "server", "description": "The server itself."},
        ],
        "paths": paths,
        "components": components(schemas),
    })
}

fn components(mut schemas: Schemas) -> Value {
    let refused = json!({"$ref": "#/components/schemas/ErrorAnswer"});
    let not_taken = json!({"$ref": "#/components/schemas/CollectFault"});
    schemas.answers.subschema_for::<ErrorAnswer>();
    schemas.answers.subschema_for::<CollectFault>();
    let mut shapes = schemas.requests.take_definitions(true);
    shapes.extend(schemas.answers.take_definitions(true));
    let wait =
        json!({"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}});
    let with_wait = |mut response: Value| {
        response["headers"] = wait.clone();
        response
    };
    json!({
        "schemas": shapes,
        "responses": {
            "Refused": described("The request cannot be served as it is; the message says what to change.", &refused),
            "Failed": described("Something went wrong in the server, or it took too long.", &refused),
            "NotTaken": described("Nothing was written; the message says what to change.", &not_taken),
            "NotWritten": described("Nothing was written; the same request may be sent again.", &not_taken),
            "Busy": with_wait(described("Too many events wait to be written; nothing of this request was.", &not_taken)),
        },
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "A key, or a session token of POST /v1/sessions."},
            "basic": {"type": "http", "scheme": "basic", "description": "A source's write key as the user, no password. It may also be `writeKey` in the body or query."},
        },
    })
}

fn described(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

/// The operation of a route, for each of its paths in the document.
fn operations(schemas: &mut Schemas, route: &Route, tools: &[Tool]) -> Vec<(String, Value)> {
    if route.of_tool {
        let of = |tool: &Tool| {
            let path = route.path.replace("{name}", tool.name);
            (path, tool_operation(route, tool))
        };
        return tools.iter().map(of).collect();
    }
    let mut of = |path: &str| {
        let summary = if path == route.path {
            route.summary.to_owned()
        } else {
            format!("The same as {}.", route.path)
        };
        (path.to_owned(), operation(schemas, route, path, &summary))
    };
    route.paths().map(&mut of).collect()
}

fn operation(schemas: &mut Schemas, route: &Route, path: &str, summary: &str) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route.method.as_str(), path),
        "tags": [route.tag],
        "summary": summary,
        "security": security(route.needs),
    });
    let in_path = route.path_parameters.iter().map(|(name, words, example)| {
        json!({"name": name, "in": "path", "required": true, "description": words, "example": example, "schema": {"type": "string"}})
    });
    let query = route.query.map(|query| query_parameters(&query()));
    let parameters: Vec<Value> = in_path.chain(query.into_iter().flatten()).collect();
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some((content_type, shape)) = route.request {
        let schema = shape(&mut schemas.requests);
        operation["requestBody"] =
            json!({"required": true, "content": {content_type: {"schema": schema}}});
    }
    let done = match route.response {
        Content::Json(shape) => described("Done.", &shape(&mut schemas.answers).into()),
        Content::Other(kind) => {
            json!({"description": "Done.", "content": {kind: {"schema": {"type": "string"}}}})
        }
    };
    operation["responses"] = responses(route, &done);
    operation
}

/// The operation of a tool, with the description and the schemas of the catalogue.
fn tool_operation(route: &Route, tool: &Tool) -> Value {
    let declared = tool.declaration(true);
    let mut arguments = declared.parameters.clone();
    if let Some(required) = arguments.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "customer");
    }
    if arguments["required"] == json!([])
        && let Some(arguments) = arguments.as_object_mut()
    {
        arguments.shift_remove("required");
    }
    let words = arguments.pointer_mut("/properties/customer/description");
    if let Some(Value::String(words)) = words {
        words
            .push_str(" Needed with a key that has `customers:any`; refused with a session token.");
    }
    json!({
        "operationId": tool.name,
        "tags": [route.tag],
        "summary": declared.title,
        "description": declared.description,
        "security": security(route.needs),
        "requestBody": {"content": {"application/json": {"schema": arguments}}},
        "responses": responses(route, &described("The result in its envelope.", declared.result)),
    })
}

fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .split(['/', '.', '-'])
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_matches(['{', '}']));
    std::iter::once(method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn security(needs: Credential) -> Value {
    match needs {
        Credential::None => json!([]),
        Credential::WriteKey => json!([{"basic": []}, {"bearer": []}]),
        Credential::Bearer => json!([{"bearer": []}]),
    }
}

fn responses(route: &Route, done: &Value) -> Value {
    let named = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    if route.sdk {
        json!({"200": done, "429": named("Busy"), "4XX": named("NotTaken"), "5XX": named("NotWritten")})
    } else {
        json!({"200": done, "4XX": named("Refused"), "5XX": named("Failed")})
    }
}

/// Each field of a query's type as a parameter.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let parameter = |(name, field): (&String, &Value)| {
        let mut schema = field.clone();
        let words = schema
            .as_object_mut()
            .and_then(|schema| schema.shift_remove("description"));
        json!({"name": name, "in": "query", "required": false, "description": words, "schema": schema})
    };
    fields.iter().map(parameter).collect()
}

#[cfg(test)]
mod tests;
