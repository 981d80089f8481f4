//! HTTP: the list of all routes, and the state, errors, limits and shutdown that they share.
//!
//! Each file in `surface/` is thin: it reads a request, calls another room, and writes the
//! response.

use crate::clock::Clock;
use crate::ingest::Ingest;
use crate::store::Db;
use crate::tool::Tools;
use crate::{Error, Result};
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use schemars::JsonSchema;
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowMethods, Any, CorsLayer};

mod auth;
pub mod body;
mod call;
mod collect;
mod extract;
mod guard;
mod health;
mod identity;
pub mod local;
mod meter;
mod openapi;
mod route;
mod schema;
mod settings;
pub mod staff;
mod suggestion;
mod webhook;

use guard::Guard;
use meter::Meters;
use route::Route;

/// All routes: the lists of all files with handlers.
const ROUTES: &[&[Route]] = &[
    call::ROUTES,
    staff::ROUTES,
    identity::ROUTES,
    suggestion::ROUTES,
    webhook::ROUTES,
    settings::ROUTES,
    health::ROUTES,
    openapi::ROUTES,
    collect::ROUTES,
];

/// The most bytes of a body that is no delivery of events.
const MAX_BODY: usize = 1024 * 1024;
/// The longest time of a request, with its body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a browser may cache the response to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// The state of the server, shared by all handlers.
pub struct App {
    /// The database.
    pub db: Db,
    /// The way of events into the log.
    pub ingest: Ingest,
    /// The tools.
    pub tools: Tools,
    /// The clock.
    pub clock: Clock,
    /// The content of /metrics, if this process records metrics.
    pub metrics: Option<PrometheusHandle>,
    access: auth::Access,
    /// The metrics of tool calls.
    calls: Meters,
    openapi: Bytes,
}

impl App {
    /// The state of a server on this database.
    ///
    /// # Errors
    /// [`Error::Internal`] when a tool cannot be loaded.
    pub fn new(
        db: Db,
        ingest: Ingest,
        clock: Clock,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Self> {
        let tools = Tools::new(db.clone(), clock.clone())?;
        let access = auth::Access::new(db.clone());
        let openapi = openapi::text(routes(), tools.all());
        Ok(Self {
            db,
            ingest,
            tools,
            clock,
            metrics,
            access,
            calls: Meters::new(call::METRICS),
            openapi,
        })
    }
}

fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten()
}

/// The router of all routes.
pub fn router(app: Arc<App>) -> Router {
    // Browsers send `Authorization`, which the wildcard does not include.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods(AllowMethods::mirror_request())
        .max_age(PREFLIGHT_AGE);
    let for_sdks = route::router(routes().filter(|route| route.sdk))
        .fallback(collect::elsewhere)
        .layer(cors);
    route::router(routes().filter(|route| !route.sdk))
        .merge(for_sdks)
        .layer(Guard::new())
        .with_state(app)
}

/// Serves until `shutdown` resolves, then finishes the running requests.
///
/// # Errors
/// [`Error::Io`] when the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    app: Arc<App>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let upkeep = app.metrics.clone().map(meter::add_up).map(tokio::spawn);
    let served = axum::serve(listener, router(app))
        .with_graceful_shutdown(shutdown)
        .await;
    if let Some(upkeep) = upkeep {
        upkeep.abort();
    }
    Ok(served?)
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = crate::tool::error_value(&self);
        finish(&self, status, Json(body).into_response())
    }
}

/// An error on a collection route, in the shape that SDKs read: some retry forever when `code` or
/// `message` is missing.
struct CollectError(Error);

/// What the sender of events is told when none of them were written.
#[derive(Debug, Serialize, JsonSchema)]
struct CollectFault {
    /// Always false.
    success: bool,
    /// The stable name of the error's kind.
    code: &'static str,
    /// What to change, or to send again.
    message: String,
}

impl IntoResponse for CollectError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = if status.is_server_error() {
            "the events were not written; send them again".to_owned()
        } else {
            self.0.to_string()
        };
        let body = CollectFault {
            success: false,
            code: self.0.code(),
            message,
        };
        finish(&self.0, status, Json(body).into_response())
    }
}

impl From<Error> for CollectError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// Sets the status and its headers; logs the cause of a 5xx, which is not sent.
fn finish(error: &Error, status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    if status.is_server_error() {
        tracing::error!(%error, "request failed");
    }
    if let Error::Busy { retry_after_s } = error {
        let seconds = HeaderValue::from(*retry_after_s);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.clone());
        response.headers_mut().insert("x-ratelimit-reset", seconds);
    }
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
