//! Liveness, readiness and metrics.

use super::App;
use super::route::{Route, get, shape};
use crate::Result;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    get("/healthz", |method| on(method, alive))
        .documented("server", "Answers as long as the process does.")
        .response(shape::<Alive>()),
    get("/readyz", |method| on(method, ready))
        .documented("server", "Answers when the database does.")
        .response(shape::<Ready>()),
    get("/metrics", |method| on(method, metrics))
        .documented("server", "Counters and histograms for Prometheus.")
        .response_as("text/plain"),
];

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

/// Answers as long as the process runs.
async fn alive() -> Json<Alive> {
    Json(Alive {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Answers if the database answers.
async fn ready(State(app): State<Arc<App>>) -> Result<Json<Ready>> {
    app.db.ping().await?;
    Ok(Json(Ready {
        status: "ok",
        database: app.db.engine_name(),
        tools: app.tools.all().len(),
    }))
}

/// Counters and histograms in the text format of Prometheus.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app
        .metrics
        .as_ref()
        .map(metrics_exporter_prometheus::PrometheusHandle::render)
        .unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
