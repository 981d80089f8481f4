//! Identity for stewards: explanations, decisions and undoing them, and the rules.
//!
//! Decisions need `profile:write` and `customers:any`, rules need `admin`. A session has no access.

use super::auth::Bearer;
use super::extract::{PathParams, QueryParams, RequestBody};
use super::route::{CUSTOMER, Route, get, post, put, shape};
use super::{App, schema};
use crate::id::LinkId;
use crate::identity::SHIPPED;
use crate::identity::decision::By;
use crate::identity::explain::Explanation;
use crate::steward::audit::{self, DecisionPage, Outcome};
use crate::steward::{self, rules as ruled};
use crate::store;
use crate::store::access::{self, Workspace};
use crate::tool::caller::{Caller, Scope};
use crate::{Error, Result};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    get("/v1/profiles/{customer}/explain", |method| {
        on(method, explain)
    })
    .documented(
        "identity",
        "Why a customer is who they are: links, what was left out and by which rule, decisions.",
    )
    .path_parameters(&[CUSTOMER])
    .bearer()
    .query(schema::inline::<ExplainQuery>)
    .response(shape::<Explanation>()),
    post("/v1/identity/merge", |method| on(method, merge))
        .documented(
            "identity",
            "Makes one customer of two, by a decision that can be undone.",
        )
        .bearer()
        .request(shape::<MergeRequest>())
        .response(shape::<Outcome>()),
    post("/v1/identity/split", |method| on(method, split))
        .documented(
            "identity",
            "Parts a customer: identifiers, or one link, are not theirs.",
        )
        .bearer()
        .request(shape::<SplitRequest>())
        .response(shape::<Outcome>()),
    post("/v1/identity/decisions/{id}/undo", |method| {
        on(method, undo)
    })
    .documented(
        "identity",
        "Takes a decision back, as if it had never been made.",
    )
    .path_parameters(&[("id", "The decision's id.", "d_1")])
    .bearer()
    .request(shape::<UndoRequest>())
    .response(shape::<Outcome>()),
    get("/v1/identity/decisions", |method| on(method, decisions))
        .documented("identity", "Who decided what, newest first.")
        .bearer()
        .query(schema::inline::<DecisionsQuery>)
        .response(shape::<DecisionPage>()),
    get("/v1/identity/rules", |method| on(method, rules))
        .documented("identity", "The rules of identity in force.")
        .bearer()
        .response(shape::<RulesAnswer>()),
    put("/v1/identity/rules", |method| on(method, set_rules))
        .documented(
            "identity",
            "Puts rules into force for what comes in from now on. Needs the scope `admin`.",
        )
        .bearer()
        .request_as("application/toml", schema::rules)
        .response(shape::<RulesAnswer>()),
];

/// The most decisions of one page.
const MAX_PAGE: usize = 200;

/// Headers of a picture: a browser must not run or load anything in it.
const PICTURE_HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "image/svg+xml"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// How an explanation is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ExplanationFormat {
    /// One object.
    #[default]
    Json,
    /// Lines to read from top to bottom.
    Text,
    /// A picture.
    Svg,
}

/// How an explanation is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainQuery {
    /// json (default), text or svg.
    #[serde(default)]
    format: ExplanationFormat,
}

/// Two customers who are one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeRequest {
    /// One customer as type:value, such as email:ada@example.com.
    customer: String,
    /// The other customer.
    with: String,
    /// Why, in a sentence; it is kept with the decision.
    reason: String,
}

/// What is not a customer's: `identifiers` or a `link`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitRequest {
    /// The customer as type:value.
    customer: String,
    /// Identifiers that are not theirs, as type:value.
    #[serde(default)]
    identifiers: Vec<String>,
    /// A link whose events are of nobody else.
    link: Option<LinkId>,
    /// Why, in a sentence; it is kept with the decision.
    reason: String,
}

/// Why a decision is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UndoRequest {
    /// Why, in a sentence; it is kept with the decision.
    reason: String,
}

/// Which decisions are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionsQuery {
    /// Only those about this customer, as type:value.
    customer: Option<String>,
    /// Most decisions, 1 to 200; 50 where it is left out.
    limit: Option<usize>,
    /// Where to go on, from the page before.
    cursor: Option<String>,
}

/// The rules of identity.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RulesAnswer {
    /// The version in force; 0 is what ships.
    version: i64,
    /// The version that everything was decided under; `acquaint identity apply` brings it up to the
    /// one in force.
    applied: i64,
    /// The rules in force, in TOML.
    rules: String,
}

/// Refuses a caller without the scope for any customer.
pub(super) fn allow(caller: &Caller, scope: Scope) -> Result<()> {
    caller.require(scope)?;
    if caller.names_customers() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "this needs a key with the scope `customers:any`".to_owned(),
    ))
}

/// The workspace from the database. The caller's copy is cached, so its rules may be a second old.
pub(super) async fn current(app: &App, caller: &Caller) -> Result<Workspace> {
    let found = access::workspace_by_id(&app.db, &caller.workspace.id).await?;
    found.ok_or_else(|| Error::internal("the workspace is gone"))
}

pub(super) fn by(app: &App, caller: &Caller, reason: &str) -> Result<By> {
    By::new(&caller.id, reason, app.clock.now())
}

/// Explains why links belong to one customer.
async fn explain(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(customer): PathParams<String>,
    QueryParams(query): QueryParams<ExplainQuery>,
) -> Result<Response> {
    allow(&caller, Scope::ProfileRead)?;
    let format = query.format;
    let workspace = current(&app, &caller).await?;
    let profile = steward::customer(&app.db, &workspace, &customer).await?;
    let explanation: Explanation = steward::explain(&app.db, &workspace, &profile.id).await?;
    Ok(match format {
        ExplanationFormat::Json => Json(explanation).into_response(),
        ExplanationFormat::Text => explanation.text().into_response(),
        ExplanationFormat::Svg => (PICTURE_HEADERS, explanation.svg()).into_response(),
    })
}

/// Merges two customers.
async fn merge(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Json<Outcome>> {
    allow(&caller, Scope::ProfileWrite)?;
    let request: MergeRequest = body.json()?;
    let by = by(&app, &caller, &request.reason)?;
    let workspace = current(&app, &caller).await?;
    let pair = (request.customer.as_str(), request.with.as_str());
    steward::merge(&app.db, &workspace, pair, &by)
        .await
        .map(Json)
}

/// Splits a customer.
async fn split(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Json<Outcome>> {
    allow(&caller, Scope::ProfileWrite)?;
    let request: SplitRequest = body.json()?;
    let by = by(&app, &caller, &request.reason)?;
    let workspace = current(&app, &caller).await?;
    let off = (request.identifiers.as_slice(), request.link);
    let done = steward::split(&app.db, &workspace, &request.customer, off, &by).await;
    done.map(Json)
}

/// Undoes a decision.
async fn undo(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(id): PathParams<String>,
    body: RequestBody,
) -> Result<Json<Outcome>> {
    allow(&caller, Scope::ProfileWrite)?;
    let request: UndoRequest = body.json()?;
    let by = by(&app, &caller, &request.reason)?;
    let workspace = current(&app, &caller).await?;
    steward::undo(&app.db, &workspace, &[id], &by)
        .await
        .map(Json)
}

/// A page of decisions.
async fn decisions(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    QueryParams(query): QueryParams<DecisionsQuery>,
) -> Result<Json<DecisionPage>> {
    allow(&caller, Scope::ProfileRead)?;
    let profile = match &query.customer {
        Some(name) => Some(
            steward::customer(&app.db, &caller.workspace, name)
                .await?
                .id,
        ),
        None => None,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
    let (profile, cursor) = (profile.as_ref(), query.cursor.as_deref());
    let page = audit::decisions(&app.db, &caller.workspace, profile, cursor, limit).await?;
    Ok(Json(page))
}

/// The rules in force.
async fn rules(State(app): State<Arc<App>>, Bearer(caller): Bearer) -> Result<Json<RulesAnswer>> {
    allow(&caller, Scope::ProfileRead)?;
    let state = ruled::state(&app.db, &caller.workspace.id).await?;
    let (version, rules) = latest(&app, &caller, state.rules).await?;
    Ok(Json(RulesAnswer {
        version,
        applied: state.applied,
        rules,
    }))
}

/// Puts rules into force for events from now on.
async fn set_rules(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Json<RulesAnswer>> {
    allow(&caller, Scope::Admin)?;
    let text = std::str::from_utf8(&body.0)
        .map_err(|_| Error::invalid("the rules cannot be used: they are no UTF-8 text"))?;
    let (workspace, now) = (&caller.workspace.id, app.clock.now());
    let state = ruled::set(&app.db, workspace, text, &caller.id, now).await?;
    Ok(Json(RulesAnswer {
        version: state.rules,
        applied: state.applied,
        rules: text.to_owned(),
    }))
}

/// The latest version of the rules up to this one, and its text.
async fn latest(app: &App, caller: &Caller, upto: i64) -> Result<(i64, String)> {
    let versions = store::identity::rules_versions(&app.db, &caller.workspace.id, upto).await?;
    let last = versions.into_iter().next_back();
    Ok(last.map_or_else(|| (0, SHIPPED.to_owned()), |row| (row.version, row.text)))
}
