//! The settings that SDKs load before they send calls, in the formats of Segment's and
//! RudderStack's SDKs.

use super::route::{Route, get};
use super::{App, CollectError, body, schema};
use crate::ingest::Feed;
use crate::{Error, Result};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::json;
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    get("/v1/projects/{write_key}/settings", |method| {
        on(method, settings)
    })
    .documented(
        "collect",
        "What Segment's browser and mobile SDKs ask first.",
    )
    .also(&["/projects/{write_key}/settings"])
    .path_parameters(&[("write_key", "The source's write key.", "wk_1")])
    .for_sdks(),
    get("/sourceConfig", |method| on(method, source_config))
        .documented("collect", "What RudderStack's SDKs ask first.")
        .write_key()
        .query(schema::write_key_query)
        .for_sdks(),
];

/// The settings of Segment's browser and mobile SDKs. `apiHost` makes them send their calls here.
async fn settings(
    State(app): State<Arc<App>>,
    Path(write_key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, CollectError> {
    known_write_key(&app, &write_key).await?;
    let (protocol, host) = origin(&headers);
    let settings = json!({
        "integrations": {"Segment.io": {
            "apiKey": write_key,
            "apiHost": format!("{host}/v1"),
            "protocol": protocol,
            "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
        }},
        "plan": {"track": {"__default": {"enabled": true, "integrations": {}}}, "identify": {"__default": {"enabled": true}}, "group": {"__default": {"enabled": true}}},
        "edgeFunction": {},
        "analyticsNextEnabled": true,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0.0},
        "legacyVideoPluginsEnabled": false,
        "remotePlugins": [],
    });
    Ok(Json(settings).into_response())
}

async fn known_write_key(app: &App, write_key: &str) -> Result<Arc<Feed>> {
    let feed = app.access.feed(write_key).await?;
    feed.ok_or_else(|| {
        Error::NotFound(
            "the write key is unknown; `acquaint source list` shows the ones there are".to_owned(),
        )
    })
}

/// The scheme and host by which the client reached the server, perhaps through a proxy.
fn origin(headers: &HeaderMap) -> (&str, &str) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("x-forwarded-host")
        .or_else(|| text("host"))
        .unwrap_or("localhost");
    (
        if text("x-forwarded-proto") == Some("https") {
            "https"
        } else {
            "http"
        },
        host,
    )
}

/// The settings of RudderStack's browser SDK.
async fn source_config(
    State(app): State<Arc<App>>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, CollectError> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let from_query = query
        .iter()
        .find(|(key, _)| key == "writeKey")
        .map(|(_, value)| value.clone());
    let key = authorization
        .and_then(body::basic_user)
        .or(from_query)
        .unwrap_or_default();
    let feed = known_write_key(&app, &key).await?;
    let off = json!({"enabled": false});
    let config = json!({
        "source": {
            "id": feed.source.name, "name": feed.source.name, "writeKey": key, "enabled": true, "workspaceId": feed.workspace.id,
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "connections": [], "destinations": [],
        },
        "updatedAt": feed.source.created_at,
    });
    Ok(Json(config).into_response())
}
