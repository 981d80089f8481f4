//! Profiles for staff: the whole profile, one section of it, or the timeline of events.

use super::auth::Bearer;
use super::extract::{PathParams, QueryParams};
use super::route::{CUSTOMER, PathParameter, Route, get, shape};
use super::{App, schema};
use crate::id::WorkspaceId;
use crate::profile::Profile;
use crate::store::event::{LogPosition, LoggedEvent};
use crate::store::{self, Db};
use crate::tool::caller::{Caller, Scope};
use crate::tool::cursor;
use crate::{Error, Result, steward};
use axum::Json;
use axum::extract::State;
use axum::routing::on;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    get("/v1/profiles/{customer}", |method| on(method, profile))
        .documented("profiles", "The whole profile.")
        .path_parameters(&[CUSTOMER])
        .bearer()
        .response(schema::profile),
    get("/v1/profiles/{customer}/{section}", |method| {
        on(method, section)
    })
    .documented(
        "profiles",
        "One section of the profile, or a page of the events behind it, newest first.",
    )
    .path_parameters(&[CUSTOMER, SECTION])
    .bearer()
    .query(schema::inline::<PageQuery>)
    .response(shape::<Page>()),
];

const SECTION: PathParameter = (
    "section",
    "A part of the profile, such as traits or purchases, or events.",
    "traits",
);

/// The most events of one page of a timeline.
const MAX_PAGE: i64 = 200;

/// Where a page of a timeline begins and how long it is.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PageQuery {
    /// Most events, 1 to 200; 20 where it is left out.
    limit: Option<i64>,
    /// Where to go on, from the page before.
    cursor: Option<String>,
}

/// A section, or a page of the timeline.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Page {
    /// The section, or the events.
    data: Value,
    /// Pass it as `cursor` to get what comes next.
    next_cursor: Option<String>,
}

async fn find(app: &App, caller: &Caller, customer: &str) -> Result<Profile> {
    caller.require(Scope::ProfileRead)?;
    if !caller.names_customers() {
        return Err(Error::Forbidden(
            "this needs a key with the scope `customers:any`".to_owned(),
        ));
    }
    steward::customer(&app.db, &caller.workspace, customer).await
}

/// The whole profile.
async fn profile(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams(customer): PathParams<String>,
) -> Result<Json<Profile>> {
    find(&app, &caller, &customer).await.map(Json)
}

/// One section of the profile, or a page of the timeline.
async fn section(
    State(app): State<Arc<App>>,
    Bearer(caller): Bearer,
    PathParams((customer, section)): PathParams<(String, String)>,
    QueryParams(page): QueryParams<PageQuery>,
) -> Result<Json<Page>> {
    let profile = find(&app, &caller, &customer).await?;
    if section == "events" {
        let limit = page.limit.unwrap_or(20).clamp(1, MAX_PAGE);
        let workspace = &caller.workspace.id;
        let (events, next_cursor) =
            timeline(&app.db, workspace, &profile, page.cursor.as_deref(), limit).await?;
        let data = events.iter().map(event).collect();
        return Ok(Json(Page { data, next_cursor }));
    }
    let mut parts = serde_json::to_value(profile)
        .map_err(|_| Error::internal("a profile cannot be written as JSON"))?;
    // The id is a string and no section.
    let is_part = |part: &&mut Value| !part.is_string();
    let found = parts.get_mut(&section).filter(is_part).map(Value::take);
    let data = found.ok_or_else(|| {
        let names = parts
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, part)| !part.is_string())
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        Error::NotFound(format!("no section `{section}`; there are events, {names}"))
    })?;
    Ok(Json(Page {
        data,
        next_cursor: None,
    }))
}

/// A page of a customer's events, newest first, and the cursor of the next page.
///
/// # Errors
/// [`Error::Invalid`] for a text that is no cursor.
pub async fn timeline(
    db: &Db,
    workspace: &WorkspaceId,
    profile: &Profile,
    after: Option<&str>,
    limit: i64,
) -> Result<(Vec<LoggedEvent>, Option<String>)> {
    let before = match after {
        None => (cursor::START.0, LogPosition::default()),
        Some(_) => {
            let (at, place) = cursor::decode_time(after)?;
            (at, LogPosition::read(&place).ok_or_else(cursor::foreign)?)
        }
    };
    let mut events = store::event::timeline(db, workspace, &profile.id, &before, limit + 1).await?;
    let more = events.len() as i64 > limit;
    events.truncate(usize::try_from(limit).unwrap_or(0));
    let next = events
        .last()
        .filter(|_| more)
        .map(|last| cursor::encode(last.event.at.ms(), &LogPosition::of(&last.event).text()));
    Ok((events, next))
}

/// An event as JSON for staff and the command line.
#[must_use]
pub fn event(logged: &LoggedEvent) -> Value {
    let event = &logged.event;
    let mut shown = json!({
        "id": event.id, "message_id": event.message_id, "type": event.kind.as_str(), "name": event.name,
        "at": event.at, "received_at": event.received_at, "source": event.source, "link": logged.link,
    });
    if let (Some(shown), Ok(Value::Object(body))) =
        (shown.as_object_mut(), serde_json::to_value(event))
    {
        shown.extend(body);
    }
    shown
}
