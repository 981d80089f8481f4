//! Collection: the routes to which SDKs send their calls. They are Segment's HTTP tracking API, and
//! the aliases that the SDKs of Segment and RudderStack use.
//!
//! The content type is ignored (browsers send text/plain, one SDK sends JSON as a form). The write
//! key may be in Basic authorization, the query or the body. The response to a readable body is
//! always 200 with a JSON object.

use super::auth::bearer;
use super::route::{Route, get, post, shape};
use super::{App, CollectError, body, schema};
use crate::event::Kind;
use crate::ingest::{Feed, Patience, Receipt};
use crate::source::segment::{self, MAX_BATCH_BYTES};
use crate::source::{self, Delivery};
use crate::tool::caller::Scope;
use crate::{Error, Result};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[
    call("/v1/identify", "One identify call.").also(&["/v1/i"]),
    call("/v1/track", "One track call.").also(&["/v1/t"]),
    call("/v1/page", "One page call.").also(&["/v1/p"]),
    call("/v1/screen", "One screen call.").also(&["/v1/s"]),
    call("/v1/group", "One group call.").also(&["/v1/g"]),
    call("/v1/alias", "One alias call.").also(&["/v1/a"]),
    sent("/v1/batch", "Up to 500 KB of calls, each with its `type`.")
        .also(&["/v1/import", "/v1/b"])
        .write_key()
        .request(schema::batch),
    sent("/v1/m", OWN_METRICS).request(schema::object_in),
    sent("/v1/metrics", OWN_METRICS).request(schema::object_in),
    get("/v1/pixel/{kind}", |method| on(method, pixel))
        .documented(
            "collect",
            "A call in an image's address, for e-mails and pages without scripts.",
        )
        .path_parameters(&[(
            "kind",
            "identify, track, page, screen, group or alias.",
            "page",
        )])
        .query(schema::pixel_query)
        .response_as("image/gif")
        .for_sdks(),
];

const OWN_METRICS: &str = "An SDK's metrics of itself; answered and not kept.";

/// A route whose last path segment names the kind of call.
const fn sent(path: &'static str, summary: &'static str) -> Route {
    post(path, |method| on(method, collect))
        .documented("collect", summary)
        .response(shape::<Collected>())
        .for_sdks()
}

const fn call(path: &'static str, summary: &'static str) -> Route {
    sent(path, summary).write_key().request(schema::call)
}

/// A transparent GIF of one pixel.
const PIXEL: &[u8] = &[
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21,
    0xf9, 4, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

type Pairs = Query<Vec<(String, String)>>;

/// Takes a call or a batch.
async fn collect(
    State(app): State<Arc<App>>,
    uri: Uri,
    Query(query): Pairs,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, CollectError> {
    let word = uri
        .path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    if matches!(word, "m" | "metrics") {
        return Ok(Json(json!({"success": true})).into_response());
    }
    let sent = axum::body::to_bytes(body, MAX_BATCH_BYTES)
        .await
        .map_err(|_| too_large())?;
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let decoded = body::decode(encoding, &sent, MAX_BATCH_BYTES)?;
    let feed = authenticate(&app, &headers, &query, &decoded).await?;
    let receipt = take(&app, &feed, decoded.into_owned(), Kind::parse(word)).await?;
    Ok(Json(answer(receipt)).into_response())
}

fn too_large() -> Error {
    Error::TooLarge(format!(
        "the body has more than {MAX_BATCH_BYTES} bytes, or ended early; send smaller batches"
    ))
}

/// The fallback: paths that end like a route after the prefix of a proxy (`/api/ingest/v1/batch`,
/// `/beacon/v1/batch`); else 404.
pub(super) async fn elsewhere(
    state: State<Arc<App>>,
    method: Method,
    uri: Uri,
    query: Pairs,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if method == Method::POST && ends_like_ours(uri.path()) {
        return collect(state, uri, query, headers, body)
            .await
            .into_response();
    }
    Error::NotFound(format!(
        "no route {method} {}; /openapi.json lists them",
        uri.path()
    ))
    .into_response()
}

/// Whether the last two segments of a path are one of the routes above.
fn ends_like_ours(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at);
    let ending = slashes.nth(1).map_or(path, |at| &path[at..]);
    let mut posted = ROUTES.iter().filter(|route| route.request.is_some());
    posted.any(|route| route.paths().any(|ours| ours == ending))
}

/// The source of a request: by its write key, or by a secret key with the scope `collect` and
/// `?source=`.
async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    query: &[(String, String)],
    body: &[u8],
) -> Result<Arc<Feed>> {
    let from_query = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let basic = authorization
        .and_then(body::basic_user)
        .filter(|key| !key.is_empty());
    let key = basic
        .or_else(|| from_query("writeKey"))
        .or_else(|| segment::write_key(body));
    if let Some(key) = key {
        let feed = app.access.feed(&key).await?;
        return feed.ok_or_else(|| {
            Error::Unauthorized(
                "the write key is unknown; `acquaint source list` shows the ones there are"
                    .to_owned(),
            )
        });
    }
    let Some(token) = bearer(headers) else {
        return Err(Error::Unauthorized("no write key; send it as the user of Basic authorization, or as `writeKey` in the body".to_owned()));
    };
    let caller = app.access.caller(token, app.clock.now()).await?;
    caller.require(Scope::Collect)?;
    let name = from_query("source")
        .ok_or_else(|| Error::invalid("with a secret key, name the source: `?source=NAME`"))?;
    let feeds = app.access.feeds_for(&name).await?;
    let own = feeds
        .into_iter()
        .find(|feed| feed.workspace.id == caller.workspace.id);
    own.map(Arc::new)
        .ok_or_else(|| Error::NotFound(format!("no source `{name}` in this workspace")))
}

async fn take(app: &App, feed: &Arc<Feed>, body: Vec<u8>, only: Option<Kind>) -> Result<Receipt> {
    let (received_at, bytes) = (app.clock.now(), body.len());
    let read = move |feed: &Feed| {
        let delivery = Delivery {
            source: &feed.source.name,
            headers: &[],
            body: &body,
            received_at,
        };
        source::calls(&feed.source.kind)(&delivery, only)
    };
    let taken = app
        .ingest
        .deliver(feed, bytes, received_at, Patience::None, read);
    taken.await
}

/// What SDKs and webhooks are told.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Collected {
    /// True: what is not listed below is durable and visible.
    success: bool,
    /// Events that were refused; the others were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejection>,
}

/// An event that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Rejection {
    /// Its position in the delivery.
    index: usize,
    /// The sender's id of it, if it had one.
    message_id: Option<String>,
    /// The stable reason.
    code: &'static str,
    /// What is wrong and what to send instead.
    reason: String,
}

/// The response to a delivery.
pub(super) fn answer(receipt: Receipt) -> Collected {
    let refused = receipt.refused.into_iter().map(|refused| Rejection {
        index: refused.index,
        message_id: refused.message_id,
        code: refused.code,
        reason: refused.message,
    });
    Collected {
        success: true,
        rejected: refused.collect(),
    }
}

/// Takes a call in the query of an image, for e-mails and pages without scripts. The response is
/// always the image.
async fn pixel(
    State(app): State<Arc<App>>,
    Path(kind): Path<String>,
    Query(query): Pairs,
    headers: HeaderMap,
) -> Response {
    let taken = async {
        let kind = Kind::parse(&kind).ok_or_else(|| Error::invalid("no such call"))?;
        let body = body::pixel(&query)?;
        let feed = authenticate(&app, &headers, &query, &body).await?;
        take(&app, &feed, body, Some(kind)).await
    };
    if let Err(error) = taken.await {
        tracing::info!(%error, "a pixel was not taken");
    }
    (
        StatusCode::OK,
        [
            (header::CONTENT_TYPE, "image/gif"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        PIXEL,
    )
        .into_response()
}
