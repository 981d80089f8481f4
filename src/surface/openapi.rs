//! GET /openapi.json: OpenAPI 3.1, made from the routes below, the types that the handlers read and write, and the catalogue.
//!
//! Every tool has a path of its own, so that a client made from this document has a typed function for each. The document
//! says what a key with `customers:any` may send; a session token leaves `customer` out.

use super::{App, CollectFault, call, collect, health, identity, staff, suggestion};
use crate::event::Kind;
use crate::tool::{ErrorAnswer, Tool};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use std::sync::Arc;

mod routes;
mod wire;

use routes::{BATCH, CALL, METRICS, ROUTES};

/// The schema of a body, put among the components if it has a name.
type Shape = fn(&mut SchemaGenerator) -> Schema;

/// A route as the document shows it; `router` has the same paths.
struct Route {
    method: &'static str,
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    access: Access,
    query: Option<fn() -> Value>,
    request: Option<Shape>,
    /// The type of what is sent.
    sends: &'static str,
    answer: Content,
}

/// What a request must carry.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    /// Nothing, or nothing that the document can say.
    Open,
    /// A write key in Basic authorization, or a key with `collect`.
    WriteKey,
    /// A key or a session token.
    Bearer,
}

/// What a request is answered with.
#[derive(Clone, Copy)]
enum Content {
    Json(Shape),
    Other(&'static str),
}

/// The document.
pub(super) async fn document(State(app): State<Arc<App>>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        app.openapi.clone(),
    )
}

/// The document's text. It takes milliseconds to make, so the server makes it once.
pub(super) fn text(tools: &[Tool]) -> Bytes {
    build(tools).to_string().into()
}

/// What the schemas of requests and of answers are made with; the two differ in what may be left out.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

fn build(tools: &[Tool]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = Schemas {
        requests: settings.clone().into_generator(),
        answers: settings.for_serialize().into_generator(),
    };
    let mut paths = Map::new();
    for tool in tools {
        paths.insert(
            format!("/v1/tools/{}", tool.name),
            json!({"post": tool_operation(tool)}),
        );
    }
    for route in ROUTES {
        let operation = operation(&mut schemas, route, route.path, route.summary);
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method] = operation;
    }
    for word in collect::WORDS {
        let (path, (route, summary)) = (format!("/v1/{word}"), collection(word));
        let operation = operation(&mut schemas, route, &path, &summary);
        paths.insert(path, json!({ route.method: operation }));
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

fn operation(schemas: &mut Schemas, route: &Route, path: &str, summary: &str) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route.method, path),
        "tags": [route.tag],
        "summary": summary,
        "security": security(route.access),
    });
    let mut parameters = wire::path_parameters(path);
    parameters.extend(
        route
            .query
            .map(|query| query_parameters(&query()))
            .unwrap_or_default(),
    );
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(request) = route.request {
        let schema = request(&mut schemas.requests);
        operation["requestBody"] =
            json!({"required": true, "content": {route.sends: {"schema": schema}}});
    }
    let done = match route.answer {
        Content::Json(shape) => described("Done.", &shape(&mut schemas.answers).into()),
        Content::Other(kind) => {
            json!({"description": "Done.", "content": {kind: {"schema": {"type": "string"}}}})
        }
    };
    operation["responses"] = responses(route.tag == "collect", &done);
    operation
}

/// A tool's own operation: its words for the model are its description, its schemas those of the catalogue.
fn tool_operation(tool: &Tool) -> Value {
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
        "tags": ["tools"],
        "summary": declared.title,
        "description": declared.description,
        "security": security(Access::Bearer),
        "requestBody": {"content": {"application/json": {"schema": arguments}}},
        "responses": responses(false, &described("The result in its envelope.", declared.result)),
    })
}

/// The operation that a collection path stands for, and its words.
fn collection(word: &str) -> (&'static Route, String) {
    match (Kind::parse(word), word) {
        (Some(kind), _) if kind.as_str() == word => (&CALL, format!("One {word} call.")),
        (Some(kind), _) => (&CALL, format!("The same as /v1/{}.", kind.as_str())),
        (None, "m" | "metrics") => (&METRICS, METRICS.summary.to_owned()),
        (None, "batch") => (&BATCH, BATCH.summary.to_owned()),
        (None, _) => (&BATCH, "The same as /v1/batch.".to_owned()),
    }
}

fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '.', '-']).filter(|word| !word.is_empty());
    let words = words.map(|word| word.trim_matches(['{', '}']));
    std::iter::once(method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        Access::WriteKey => json!([{"basic": []}, {"bearer": []}]),
        Access::Bearer => json!([{"bearer": []}]),
    }
}

fn responses(collects: bool, done: &Value) -> Value {
    let named = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    if collects {
        json!({"200": done, "429": named("Busy"), "4XX": named("NotTaken"), "5XX": named("NotWritten")})
    } else {
        json!({"200": done, "4XX": named("Refused"), "5XX": named("Failed")})
    }
}

/// The fields of a query's type, each as a parameter.
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

/// A type's schema with everything inline, for a query.
fn inline<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}

#[cfg(test)]
mod tests;
