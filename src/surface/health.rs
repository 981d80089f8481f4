//! Whether the server lives, whether it can work, and how much it does.

use super::App;
use crate::Result;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A process that lives.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Alive {
    /// Always `ok`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

/// A server that can work.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ready {
    /// Always `ok`.
    status: &'static str,
    /// `sqlite` or `postgres`.
    database: &'static str,
    /// How many tools there are.
    tools: usize,
}

/// Answers as long as the process does.
pub(super) async fn alive() -> Json<Alive> {
    Json(Alive {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Answers when the database does.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Ready>> {
    app.db.ping().await?;
    Ok(Json(Ready {
        status: "ok",
        database: app.db.engine_name(),
        tools: app.tools.all().len(),
    }))
}

/// Counters and histograms in the text form that Prometheus scrapes.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app
        .metrics
        .as_ref()
        .map(metrics_exporter_prometheus::PrometheusHandle::render)
        .unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
