//! Extractors. If a part of a request cannot be read, the error has our form and says what to
//! change.

use super::MAX_BODY;
use crate::{Error, Result};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The bytes of the body, if it is not too long.
pub(super) struct RequestBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RequestBody {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|_| {
            Error::TooLarge(format!(
                "the body has more than {MAX_BODY} bytes, or ended early; send less"
            ))
        })
    }
}

impl RequestBody {
    /// Parses the body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| {
            Error::invalid(format!(
                "the body is not the JSON that is expected here: {error}"
            ))
        })
    }
}

/// The query, as a type with a field for each parameter.
pub(super) struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let query = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(fields)| Self(fields))
            .map_err(|refused| Error::invalid(refused.body_text()))
    }
}

/// The parameters of the path.
pub(super) struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(values)| Self(values))
            .map_err(|refused| Error::invalid(refused.body_text()))
    }
}
