//! Tracking calls of the Segment and RudderStack SDKs: a batch or one call in, events or refusals
//! out.
//!
//! The body is read here, each call in `call`, and its scalars in `field`. A batch is first split
//! into the texts of its calls, and each is read on its own, so that a bad call leaves the others
//! unharmed.

use crate::clock::Time;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::event::{Kind, Reject};
use crate::source::{Delivery, Intake, Parsed, SourceKind};
use crate::{Error, Result};

mod call;
mod field;

/// The most bytes of one call.
pub const MAX_EVENT_BYTES: usize = 32 * 1024;
/// The most bytes of one request.
pub const MAX_BATCH_BYTES: usize = 500 * 1024;
/// The most calls of one batch.
pub const MAX_BATCH_EVENTS: usize = 2_500;
/// The most bytes that a batch may grow by when its `context` is copied into each of its calls.
const MAX_SHARED_BYTES: usize = 8 * 1024 * 1024;

/// The SDKs' calls.
pub(super) const SOURCE: SourceKind = SourceKind {
    name: "segment",
    summary: "calls of the Segment and RudderStack SDKs, authenticated by a write key",
    also_for: Some("RudderStack"),
    intake: Intake::Sdk { parse },
};

/// Reads the calls of a body: a single call of kind `only` if the route names one, else a batch or
/// a single call with a `type`.
///
/// # Errors
/// [`Error::TooLarge`] over [`MAX_BATCH_BYTES`], [`Error::Invalid`] when the body is no JSON or has
/// neither form. A call that cannot be read is no error but a [`Reject`] of its own.
pub fn parse(delivery: &Delivery<'_>, only: Option<Kind>) -> Result<Vec<Parsed>> {
    if delivery.body.len() > MAX_BATCH_BYTES {
        return Err(Error::TooLarge(format!(
            "the body has {} bytes; send at most {MAX_BATCH_BYTES} per request",
            delivery.body.len()
        )));
    }
    let text = std::str::from_utf8(delivery.body)
        .map_err(|_| Error::invalid("the body is not UTF-8; send JSON"))?;
    if only.is_some() {
        let body = read(text, "send one call as a JSON object")?;
        return single(delivery, body, only);
    }
    if text.trim_ascii_start().starts_with('[') {
        let calls: Vec<&RawValue> = read(text, "send a batch of calls as JSON")?;
        return batch(delivery, &calls, None, None);
    }
    let body: Body = read(text, "send an object whose `batch` is an array of calls")?;
    match (body.batch, body.kind) {
        (Some(calls), _) => batch(delivery, &calls, body.context, body.sent_at),
        (None, Some(_)) => single(delivery, read(text, "send one call as JSON")?, None),
        (None, None) => Err(Error::invalid(
            "the body has neither `batch` nor `type`; send an array of calls as `batch`",
        )),
    }
}

/// Reads the call on one line of an import file.
#[must_use]
pub fn parse_line(source: &str, line: &str, received_at: Time) -> Parsed {
    let context = call::CallContext {
        source,
        received_at,
        only: None,
        context: Map::new(),
        sent_at: None,
        // The line was sent long before the import, so the difference of the two times is not the
        // error of a clock.
        corrects_clock: false,
    };
    match serde_json::from_str::<&RawValue>(line) {
        Ok(raw) => context.parse(raw),
        Err(error) => Parsed {
            outcome: Err(Reject::new(
                "invalid_json",
                format!("the line is not JSON: {error}"),
            )),
            message_id: None,
            raw: line.to_owned(),
        },
    }
}

/// The write key in a body: its own, or the one of the first call of a batch.
#[must_use]
pub fn write_key(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct WithWriteKey<'a> {
        #[serde(borrow)]
        write_key: Option<&'a RawValue>,
        #[serde(borrow)]
        batch: Option<&'a RawValue>,
    }
    let text = std::str::from_utf8(body).ok()?.trim_ascii_start();
    let own = |keyed: &WithWriteKey<'_>| Some(field::text(keyed.write_key?)?.into_owned());
    let of_first = |batch: &str| {
        let calls: Vec<&RawValue> = serde_json::from_str(batch).ok()?;
        own(&serde_json::from_str(calls.first()?.get()).ok()?)
    };
    if text.starts_with('[') {
        return of_first(text);
    }
    let keyed: WithWriteKey = serde_json::from_str(text).ok()?;
    own(&keyed).or_else(|| of_first(keyed.batch?.get()))
}

/// The members of a body that say whether it is a batch or a single call, and what the calls of a
/// batch share.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Body<'a> {
    #[serde(borrow)]
    batch: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    sent_at: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, wanted: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::invalid(format!("the body cannot be read ({error}); {wanted}")))
}

fn single(delivery: &Delivery<'_>, body: &RawValue, only: Option<Kind>) -> Result<Vec<Parsed>> {
    if !body.get().starts_with('{') {
        return Err(Error::invalid(
            "the body is not a JSON object; send one call",
        ));
    }
    let context = call::CallContext {
        source: delivery.source,
        received_at: delivery.received_at,
        only,
        context: Map::new(),
        sent_at: None,
        corrects_clock: true,
    };
    Ok(vec![context.parse(body)])
}

fn batch(
    delivery: &Delivery<'_>,
    calls: &[&RawValue],
    context: Option<&RawValue>,
    sent_at: Option<&RawValue>,
) -> Result<Vec<Parsed>> {
    if calls.is_empty() {
        return Err(Error::invalid("the batch is empty; send at least one call"));
    }
    let taken = calls.len().min(MAX_BATCH_EVENTS);
    let context = call::CallContext {
        source: delivery.source,
        received_at: delivery.received_at,
        only: None,
        context: shared_context(context, taken)?,
        sent_at: sent_at.and_then(field::time),
        corrects_clock: true,
    };
    let (read, beyond) = calls.split_at(taken);
    let parsed = read.iter().map(|raw| context.parse(raw));
    Ok(parsed.chain(too_many(beyond)).collect())
}

/// The calls beyond [`MAX_BATCH_EVENTS`] as one refusal: with a refusal each, a small body could
/// write a hundred thousand rows.
fn too_many(calls: &[&RawValue]) -> Option<Parsed> {
    if calls.is_empty() {
        return None;
    }
    let message = format!(
        "a batch has at most {MAX_BATCH_EVENTS} events; send the last {} in another",
        calls.len()
    );
    let texts: Vec<&str> = calls.iter().map(|raw| raw.get()).collect();
    Some(Parsed {
        outcome: Err(Reject::new("batch_too_long", message)),
        message_id: None,
        raw: format!("[{}]", texts.join(",")),
    })
}

/// The context that a batch shares with all its calls.
fn shared_context(context: Option<&RawValue>, calls: usize) -> Result<Map<String, Value>> {
    let Some(raw) = context else {
        return Ok(Map::new());
    };
    // Every call gets a copy, so without a limit a small request could need gigabytes.
    if raw.get().len().saturating_mul(calls) > MAX_SHARED_BYTES {
        return Err(Error::TooLarge(format!(
            "`context` of the batch has {} bytes for each of {calls} events; send less in it or fewer events",
            raw.get().len()
        )));
    }
    serde_json::from_str(raw.get()).map_err(|error| {
        Error::invalid(format!(
            "`context` of the batch is not an object that can be read: {error}"
        ))
    })
}

#[cfg(test)]
mod tests;
