//! Matching for stewards: matches of one customer, the queue of suggestions, accepting and
//! rejecting.

use super::auth::Bearer;
use super::extract::{PathParams, QueryParams, RequestBody};
use super::identity::{allow, by, current};
use super::route::{PathParameter, Route, get, post, shape};
use super::{App, schema};
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};
use crate::steward;
use crate::steward::suggest::{self, breakdown};
use crate::store::{self, suggestion::Suggestion};
use crate::tool::caller::{Caller, Scope};
use crate::tool::cursor;
use crate::{Error, Result};
use axum::Json;
use axum::extract::State;
use axum::routing::on;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    post("/v1/identity/match", |method| on(method, find_matches))
        .documented(
            "identity",
            "Matches one customer against all, from the index of the last run over everyone.",
        )
        .bearer()
        .request(shape::<MatchRequest>())
        .response(shape::<Matched>()),
    get("/v1/identity/suggestions", |method| on(method, list))
        .documented(
            "identity",
            "Customers who are likely one, the likeliest first.",
        )
        .bearer()
        .query(schema::inline::<SuggestionsQuery>)
        .response(shape::<SuggestionsPage>()),
    post("/v1/identity/suggestions/{id}/accept", |method| {
        on(method, accept)
    })
    .documented(
        "identity",
        "Joins the two of a suggestion, by a decision that can be undone.",
    )
    .path_parameters(&[SUGGESTION])
    .bearer()
    .request(shape::<AnswerRequest>())
    .response(shape::<Answered>()),
    post("/v1/identity/suggestions/{id}/reject", |method| {
        on(method, reject)
    })
    .documented(
        "identity",
        "Keeps the two of a suggestion apart; they are not suggested again.",
    )
    .path_parameters(&[SUGGESTION])
    .bearer()
    .request(shape::<AnswerRequest>())
    .response(shape::<Answered>()),
];

const SUGGESTION: PathParameter = ("id", "The suggestion's id.", "s_1");

/// The most suggestions of one page.
const MAX_PAGE: i64 = 200;
/// The default threshold of the probability.
const THRESHOLD: f64 = 0.95;

/// Whom to match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MatchRequest {
    /// The customer as type:value, such as email:ada@example.com.
    customer: String,
    /// How likely two customers must be one, from 0.5 to below 1; 0.95 where it is left out.
    threshold: Option<f64>,
}

/// Why a suggestion is answered so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerRequest {
    /// Why, in a sentence; it is kept with the decision.
    reason: String,
}

/// Which suggestions are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuggestionsQuery {
    /// open (default), accepted or rejected.
    state: Option<String>,
    /// Most suggestions, 1 to 200; 50 where it is left out.
    limit: Option<i64>,
    /// Where to go on, from the page before.
    cursor: Option<String>,
}

/// Customers who are likely one with another.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Matched {
    /// What was found, the likeliest first; all of it is in the queue now.
    matches: Vec<Likely>,
}

/// Two customers who are likely one.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Likely {
    /// The two, by profile id.
    profiles: [ProfileId; 2],
    #[serde(flatten)]
    likeness: Likeness,
}

/// How likely two customers are one, and why.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Likeness {
    /// How likely, from 0 to 1.
    probability: f64,
    /// The same as the logarithm to base 2 of the odds.
    weight: f64,
    /// What each field adds to the weight.
    fields: Vec<Adds>,
}

/// What a field adds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Adds {
    /// The field, both values and how they compare, for people to read.
    words: String,
    /// What it adds to the weight.
    weight: f64,
}

impl Likeness {
    fn read(breakdown: Value) -> Result<Self> {
        serde_json::from_value(breakdown)
            .map_err(|_| Error::internal("a suggestion cannot be read"))
    }
}

/// A page of suggestions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SuggestionsPage {
    /// The likeliest first.
    data: Vec<Shown>,
    /// Pass it as `cursor` to get what comes next.
    next_cursor: Option<String>,
}

/// A suggestion.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Shown {
    /// Its id.
    id: String,
    /// The two, by profile id.
    profiles: [LinkId; 2],
    /// open, accepted or rejected.
    state: String,
    /// When it was found, in RFC 3339.
    found_at: Time,
    #[serde(flatten)]
    likeness: Likeness,
}

impl Shown {
    fn of(suggestion: Suggestion) -> Result<Self> {
        let breakdown = serde_json::from_str(&suggestion.doc).unwrap_or_default();
        Ok(Self {
            id: suggestion.id,
            profiles: [suggestion.one, suggestion.other],
            state: suggestion.state,
            found_at: suggestion.found_at,
            likeness: Likeness::read(breakdown)?,
        })
    }
}

/// What an answer brought about.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Answered {
    /// The suggestion.
    id: String,
    /// The decision that joined the two; undoing it parts them again.
    decision: Option<String>,
}

/// Matches one customer against all others.
async fn find_matches(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    body: RequestBody,
) -> Result<Json<Matched>> {
    allow(&caller, Scope::ProfileWrite)?;
    let request: MatchRequest = body.json()?;
    let threshold = request.threshold.unwrap_or(THRESHOLD);
    if !(0.5..1.0).contains(&threshold) {
        return Err(Error::invalid(
            "`threshold` is a probability from 0.5 to below 1",
        ));
    }
    let workspace = current(&app, &caller).await?;
    let profile = steward::customer(&app.db, &workspace, &request.customer).await?;
    let found = suggest::one(&app.db, &workspace, &profile, threshold, app.clock.now()).await?;
    let likely = |found: suggest::Match| {
        Ok(Likely {
            likeness: Likeness::read(breakdown(&found.score))?,
            profiles: [found.one, found.other],
        })
    };
    let matches = found.into_iter().map(likely).collect::<Result<_>>()?;
    Ok(Json(Matched { matches }))
}

/// A page of the queue of suggestions.
async fn list(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    QueryParams(query): QueryParams<SuggestionsQuery>,
) -> Result<Json<SuggestionsPage>> {
    allow(&caller, Scope::ProfileRead)?;
    let state = query.state.as_deref().unwrap_or("open");
    if !["open", "accepted", "rejected"].contains(&state) {
        return Err(Error::invalid("`state` is open, accepted or rejected"));
    }
    let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
    let (weight, id) = cursor::decode(query.cursor.as_deref())?;
    let workspace = &caller.workspace.id;
    let mut found =
        store::suggestion::suggestions(&app.db, workspace, state, (weight, &id), limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let next = found.last().filter(|_| more);
    let next_cursor = next.map(|last| cursor::encode(last.weight, &last.id));
    let data = found.into_iter().map(Shown::of).collect::<Result<_>>()?;
    Ok(Json(SuggestionsPage { data, next_cursor }))
}

/// Accepts a suggestion, which merges its two customers.
async fn accept(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(id): PathParams<String>,
    body: RequestBody,
) -> Result<Json<Answered>> {
    answer(&app, &caller, id, &body, true).await
}

/// Rejects a suggestion.
async fn reject(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(id): PathParams<String>,
    body: RequestBody,
) -> Result<Json<Answered>> {
    answer(&app, &caller, id, &body, false).await
}

async fn answer(
    app: &App,
    caller: &Caller,
    id: String,
    body: &RequestBody,
    accepted: bool,
) -> Result<Json<Answered>> {
    allow(caller, Scope::ProfileWrite)?;
    let request: AnswerRequest = body.json()?;
    let by = by(app, caller, &request.reason)?;
    let workspace = current(app, caller).await?;
    let decision = if accepted {
        Some(suggest::accept(&app.db, &workspace, &id, &by).await?)
    } else {
        suggest::reject(&app.db, &workspace, &id, &by).await?;
        None
    };
    Ok(Json(Answered { id, decision }))
}
