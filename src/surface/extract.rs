//! What handlers take from a request. Where it cannot be read, the refusal has our form and says what to change.

use super::MAX_BODY;
use crate::{Error, Result};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The body, if it is not too long.
pub(super) struct Sent(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let sent = Bytes::from_request(request, state).await;
        sent.map(Self).map_err(|_| {
            Error::TooLarge(format!(
                "the body has more than {MAX_BODY} bytes, or ended early; send less"
            ))
        })
    }
}

impl Sent {
    /// The JSON in it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| {
            Error::invalid(format!(
                "the body is not the JSON that is expected here: {error}"
            ))
        })
    }
}

/// The query, by the fields of a type.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let asked = Query::from_request_parts(parts, state).await;
        asked
            .map(|Query(asked)| Self(asked))
            .map_err(|refused| Error::invalid(refused.body_text()))
    }
}

/// The words in braces of the path.
pub(super) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let named = Path::from_request_parts(parts, state).await;
        named
            .map(|Path(named)| Self(named))
            .map_err(|refused| Error::invalid(refused.body_text()))
    }
}
