//! The middleware of every route: the limit of the body, the timeout, catching panics, and metrics.
//! It is one layer instead of four, because each layer clones the route and allocates for every
//! request.

use super::meter::{Meters, MetricNames};
use super::{MAX_BODY, REQUEST_TIMEOUT};
use crate::Error;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tower::{Layer, Service};

const METRICS: MetricNames = MetricNames {
    total: "acquaint_http_requests_total",
    seconds: "acquaint_http_request_seconds",
    labels: ("route", "status"),
};

/// The middleware layer.
#[derive(Clone)]
pub(super) struct Guard(Arc<Meters>);

impl Guard {
    /// The layer for all routes.
    pub fn new() -> Self {
        Self(Arc::new(Meters::new(METRICS)))
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, route: S) -> Guarded<S> {
        let meters = Arc::clone(&self.0);
        Guarded { route, meters }
    }
}

/// A route within the layer.
#[derive(Clone)]
pub(super) struct Guarded<S> {
    route: S,
    meters: Arc<Meters>,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let began = Instant::now();
        DefaultBodyLimit::max(MAX_BODY).apply(&mut request);
        let method = request.method().clone();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let answered = AssertUnwindSafe(self.route.call(request)).catch_unwind();
        let meters = Arc::clone(&self.meters);
        Box::pin(async move {
            let response = match tokio::time::timeout(REQUEST_TIMEOUT, answered).await {
                Ok(Ok(Ok(response))) => response,
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(_)) => Error::internal("a handler panicked").into_response(),
                Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
            };
            let (status, took) = (response.status(), began.elapsed());
            // The label is the pattern of the route, because the number of paths has no bound.
            let route = route.as_ref().map_or("other", MatchedPath::as_str);
            meters.add(route, status.as_str(), took);
            tracing::debug!(%method, route, status = status.as_u16(), us = took.as_micros() as u64, "request");
            Ok(response)
        })
    }
}
