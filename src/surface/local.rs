//! Requests without a network: the same router, called in the process, for the demo and for tests.

use super::{App, router};
use crate::{Error, Result};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use std::sync::Arc;
use tower::ServiceExt;

/// The most bytes of a response.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A server in this process.
#[derive(Clone)]
pub struct Local(Router);

/// A response.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Local {
    /// A server with this state, which it holds until it is dropped.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self(router(app))
    }

    /// Sends one request through the router and all its layers.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a malformed request, [`Error::Internal`] when the response cannot be
    /// read. A refusal is no error but a status.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<Reply> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(Body::from(body))
            .map_err(|error| Error::invalid(format!("no such request: {error}")))?;
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), MAX_ANSWER)
            .await
            .map_err(|_| Error::internal("an answer cannot be read"))?;
        Ok(Reply {
            status,
            body: body.into(),
        })
    }
}
