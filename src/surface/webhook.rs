//! Webhooks of other systems. The signature is verified over the raw bytes before the body is
//! parsed.

use super::collect::{self, Collected};
use super::extract::PathParams;
use super::route::{Route, post, shape};
use super::{App, schema};
use crate::ingest::{Feed, Patience};
use crate::source::{self, Delivery, Webhook};
use crate::{Error, Result};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use std::sync::Arc;

pub(super) const ROUTES: &[Route] = &[post("/v1/webhooks/{source}", |method| on(method, receive))
    .documented(
        "collect",
        "A delivery of another system, whose signature is checked with the source's secret.",
    )
    .path_parameters(&[("source", "The source's name, or its write key.", "shop")])
    .request(schema::object_in)
    .response(shape::<Collected>())];

/// The most bytes of a webhook; Shopify's largest orders have a few hundred kilobytes.
const MAX_WEBHOOK: usize = 4 * 1024 * 1024;

/// Takes a delivery for the source with this name or write key.
async fn receive(
    State(app): State<Arc<App>>,
    PathParams(name): PathParams<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let sent = axum::body::to_bytes(body, MAX_WEBHOOK).await;
    let sent =
        sent.map_err(|_| Error::TooLarge(format!("a webhook has at most {MAX_WEBHOOK} bytes")))?;
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let feeds = app.access.feeds_for(&name).await?;
    let received_at = app.clock.now();
    let delivery = Delivery {
        source: &name,
        headers: &headers,
        body: &sent,
        received_at,
    };
    let (feed, webhook) = verified(feeds, &delivery)?;
    let bytes = sent.len();
    let read = move |feed: &Feed| {
        let delivery = Delivery {
            source: &feed.source.name,
            headers: &headers,
            body: &sent,
            received_at,
        };
        (webhook.parse)(&delivery)
    };
    let feed = Arc::new(feed);
    let taken = app
        .ingest
        .deliver(&feed, bytes, received_at, Patience::None, read);
    Ok(Json(collect::answer(taken.await?)).into_response())
}

/// The source whose secret signed the delivery. Sources of several workspaces may have the same
/// name, but only one has the secret.
fn verified(feeds: Vec<Feed>, delivery: &Delivery<'_>) -> Result<(Feed, &'static Webhook)> {
    let mut refused = Error::NotFound(
        "no source of this name takes webhooks; `acquaint source list` shows the ones there are"
            .to_owned(),
    );
    for feed in feeds {
        let webhook = source::kind(&feed.source.kind)?.webhook();
        let (Some(webhook), Some(secret)) = (webhook, feed.source.secret.as_deref()) else {
            continue;
        };
        match (webhook.verify)(delivery, secret) {
            Ok(()) => return Ok((feed, webhook)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}
