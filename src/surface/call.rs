//! Tools over HTTP: the catalogue, one call, a model's calls, and the session tokens that bind them to a customer.

use super::auth::Bearer;
use super::extract::{Asked, Named, Sent};
use super::meter::Names;
use super::route::{Route, get, post, shape};
use super::{App, schema};
use crate::clock::rfc3339;
use crate::store;
use crate::tool::caller::{self, Caller, DEFAULT_TTL_S, Scope, Verification};
use crate::tool::format::Format;
use crate::tool::{Envelope, error_value, wire};
use crate::{Error, Result};
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
        .says("tools", "The catalogue, in a model provider's format.")
        .bearer()
        .asks(schema::inline::<CatalogueQuery>)
        .answers(schema::provider),
    post("/v1/tools/{name}", |method| on(method, run))
        .says("tools", "One call of a tool.")
        .with(&[("name", "The tool's name.", "recent_purchases")])
        .bearer()
        .of_tool(),
    post("/v1/tool-calls", |method| on(method, run_calls))
        .says("tools", "A model's own tool calls in, that provider's tool results out; `X-Acquaint-Format` names the provider.")
        .bearer()
        .takes(schema::provider_calls)
        .answers(schema::provider),
    post("/v1/sessions", |method| on(method, session))
        .says("tools", "Mints a token that sees one customer and nothing else.")
        .bearer()
        .takes(shape::<SessionRequest>())
        .answers(shape::<SessionAnswer>()),
];

/// How tool calls are counted.
pub(super) const NAMES: Names = Names {
    total: "acquaint_tool_calls_total",
    seconds: "acquaint_tool_call_seconds",
    labels: ("tool", "code"),
};

/// About how many bytes stand around a result.
const AROUND: usize = 512;

/// How the catalogue is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CatalogueQuery {
    /// openai-chat (default), openai-responses, anthropic, gemini or mcp.
    format: Option<String>,
    /// Whether schemas keep to the provider's strict subset.
    #[serde(default)]
    strict: bool,
}

/// The catalogue as the caller may use it.
async fn catalogue(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    Asked(query): Asked<CatalogueQuery>,
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

/// One call: arguments in, envelope out.
async fn run(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    Named(name): Named<String>,
    sent: Sent,
) -> Result<Response> {
    let arguments = if sent.0.trim_ascii().is_empty() {
        json!({})
    } else {
        sent.json()?
    };
    let envelope = measured(&app, &caller, &name, arguments).await?;
    let mut answer = Vec::with_capacity(envelope.data.get().len() + AROUND);
    serde_json::to_writer(&mut answer, &envelope)
        .map_err(|_| Error::internal("an envelope cannot be written"))?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], answer).into_response())
}

/// What a provider's model returned goes in; what the provider wants next comes out.
async fn run_calls(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    sent: Sent,
) -> Result<Response> {
    let (format, calls) = wire::read(&sent.json()?)?;
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
    expires_at: String,
    /// Id of the customer's profile.
    profile: String,
}

/// Mints a token that is bound to one customer.
async fn session(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    sent: Sent,
) -> Result<Json<SessionAnswer>> {
    caller.require(Scope::CustomersAny)?;
    if caller.customer.is_some() {
        return Err(Error::Forbidden(
            "a session cannot make sessions".to_owned(),
        ));
    }
    let request: SessionRequest = sent.json()?;
    let found = store::profile::by_name(&app.db, &caller.workspace, &request.customer).await?;
    let profile = found.ok_or_else(|| {
        Error::NotFound("no such customer yet; send an identify call for them first".to_owned())
    })?;
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
        expires_at: rfc3339(session.exp * 1000),
        profile: profile.id,
    }))
}
