//! Tools over HTTP: the catalogue, one call, the calls of a model, and session tokens.

use super::auth::Bearer;
use super::extract::{PathParams, QueryParams, RequestBody};
use super::meter::MetricNames;
use super::route::{Route, get, post, shape};
use super::{App, schema};
use crate::clock::Time;
use crate::id::ProfileId;
use crate::tool::caller::{self, Caller, DEFAULT_TTL_S, Scope, Verification};
use crate::tool::format::Format;
use crate::tool::{Envelope, error_value, wire};
use crate::{Error, Result, steward};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

pub(super) const ROUTES: &[Route] = &[
    get("/v1/tools", |method| on(method, catalogue))
        .documented("tools", "The catalogue, in a model provider's format.")
        .bearer()
        .query(schema::inline::<CatalogueQuery>)
        .response(schema::provider),
    post("/v1/tools/{name}", |method| on(method, run))
        .documented("tools", "One call of a tool.")
        .path_parameters(&[("name", "The tool's name.", "recent_purchases")])
        .bearer()
        .of_tool(),
    post("/v1/tool-calls", |method| on(method, run_calls))
        .documented("tools", "A model's own tool calls in, that provider's tool results out; `X-Acquaint-Format` names the provider.")
        .bearer()
        .request(schema::provider_calls)
        .response(schema::provider),
    post("/v1/sessions", |method| on(method, session))
        .documented("tools", "Mints a token that sees one customer and nothing else.")
        .bearer()
        .request(shape::<SessionRequest>())
        .response(shape::<SessionAnswer>()),
];

/// The metrics of tool calls.
pub(super) const METRICS: MetricNames = MetricNames {
    total: "acquaint_tool_calls_total",
    seconds: "acquaint_tool_call_seconds",
    labels: ("tool", "code"),
};

/// The size of the envelope around a result, in bytes, about.
const ENVELOPE_BYTES: usize = 512;

/// How the catalogue is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CatalogueQuery {
    /// openai-chat (default), openai-responses, anthropic, gemini or mcp.
    format: Option<String>,
    /// Whether schemas keep to the provider's strict subset.
    #[serde(default)]
    strict: bool,
}

/// The catalogue for the caller.
async fn catalogue(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    QueryParams(query): QueryParams<CatalogueQuery>,
) -> Result<Json<Value>> {
    caller.require(Scope::ProfileRead)?;
    let format = query
        .format
        .as_deref()
        .map_or(Ok(Format::OpenaiChat), Format::parse)?;
    Ok(Json(app.tools.catalogue(
        format,
        query.strict,
        caller.names_customers(),
    )))
}

/// Runs one call: arguments in, envelope out.
async fn run(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(name): PathParams<String>,
    body: RequestBody,
) -> Result<Response> {
    let arguments = if body.0.trim_ascii().is_empty() {
        json!({})
    } else {
        body.json()?
    };
    let envelope = measured(&app, &caller, &name, arguments).await?;
    let mut answer = Vec::with_capacity(envelope.data.get().len() + ENVELOPE_BYTES);
    serde_json::to_writer(&mut answer, &envelope)
        .map_err(|_| Error::internal("an envelope cannot be written"))?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], answer).into_response())
}

/// Runs the calls in a model's answer, and returns the results in the provider's format.
async fn run_calls(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Response> {
    let (format, calls) = wire::read(&body.json()?)?;
    let outcomes = join_all(
        calls
            .iter()
            .map(|call| measured(&app, &caller, &call.name, call.arguments.clone())),
    )
    .await;
    let mut results = Vec::with_capacity(calls.len());
    for (call, outcome) in calls.into_iter().zip(outcomes) {
        let (value, failed) = match outcome {
            Ok(envelope) => (
                serde_json::to_value(&envelope)
                    .map_err(|_| Error::internal("an envelope cannot be written"))?,
                false,
            ),
            Err(error) => (error_value(&error), true),
        };
        results.push((call, value, failed));
    }
    let headers: HeaderMap = [("x-acquaint-format".parse(), format.as_str().parse())]
        .into_iter()
        .filter_map(|(name, value)| Some((name.ok()?, value.ok()?)))
        .collect();
    Ok((headers, Json(wire::answer(format, &results))).into_response())
}

/// Runs a call and counts it.
async fn measured(app: &App, caller: &Caller, name: &str, arguments: Value) -> Result<Envelope> {
    let began = Instant::now();
    let outcome = app.tools.call(caller, name, arguments).await;
    let tool = app
        .tools
        .all()
        .iter()
        .find(|tool| tool.name == name)
        .map_or("unknown", |tool| tool.name);
    let code = outcome.as_ref().map_or_else(Error::code, |_| "ok");
    app.calls.add(tool, code, began.elapsed());
    if let Err(error) = &outcome
        && error.status() >= 500
    {
        tracing::error!(%error, tool, "tool call failed");
    }
    outcome
}

/// Whom a session is for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionRequest {
    /// The customer as type:value, such as email:ada@example.com.
    customer: String,
    /// Life of the token in seconds, 60 to 86400; 900 where it is left out.
    ttl_s: Option<i64>,
    /// How sure you are that it is them: anonymous, claimed (default) or verified.
    verification: Option<Verification>,
}

/// A session token.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionAnswer {
    /// For `Authorization: Bearer`; can see this one customer and nothing else.
    token: String,
    /// When it stops working, RFC 3339.
    expires_at: Time,
    /// Id of the customer's profile.
    profile: ProfileId,
}

/// Mints a token that is bound to one customer.
async fn session(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Json<SessionAnswer>> {
    caller.require(Scope::CustomersAny)?;
    if caller.customer.is_some() {
        return Err(Error::Forbidden(
            "a session cannot make sessions".to_owned(),
        ));
    }
    let request: SessionRequest = body.json()?;
    let profile = steward::customer(&app.db, &caller.workspace, &request.customer).await?;
    let (ttl_s, verification) = (
        request.ttl_s.unwrap_or(DEFAULT_TTL_S),
        request.verification.unwrap_or_default(),
    );
    let (token, session) = caller::mint(
        &caller.workspace,
        &profile.id,
        ttl_s,
        verification,
        app.clock.now(),
    )?;
    Ok(Json(SessionAnswer {
        token,
        expires_at: session.expires_at(),
        profile: profile.id,
    }))
}
