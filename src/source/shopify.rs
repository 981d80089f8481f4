//! Shopify: the webhooks of orders, refunds, fulfillments and customers, as events of Segment's
//! e-commerce spec.
//!
//! The signature covers no time, so a replayed delivery still verifies. The webhook id is the
//! message id, so the replayed event counts as a duplicate.

mod customer;
mod fulfillment;
mod order;
mod refund;

use super::{Delivery, Intake, Parsed, Signature, SourceKind, Webhook, signature};
use crate::clock::{Time, parse_time};
use crate::event::{Event, Kind, Reject, event_id, text_of};
use crate::{Error, Result};
use serde_json::{Map, Value};

/// Shopify's webhooks.
pub(super) const SOURCE: SourceKind = SourceKind {
    name: "shopify",
    summary: "Shopify webhooks: orders, refunds, fulfillments, customers",
    also_for: None,
    intake: Intake::Webhook(Webhook {
        verify,
        parse,
        sign,
    }),
};

const SIGNATURE: &str = "x-shopify-hmac-sha256";

/// Maps the body of one topic.
type Mapping = fn(&Hook<'_>) -> Result<Event, Reject>;

/// Every topic about customers, and the function that maps its body.
const TOPICS: &[(&str, Mapping)] = &[
    ("orders/create", order::completed),
    ("orders/updated", order::updated),
    ("orders/paid", order::updated),
    ("orders/fulfilled", order::updated),
    ("orders/partially_fulfilled", order::updated),
    ("orders/cancelled", order::cancelled),
    ("refunds/create", refund::refunded),
    ("fulfillments/create", fulfillment::shipped),
    ("fulfillments/update", fulfillment::shipped),
    ("customers/create", customer::identified),
    ("customers/update", customer::identified),
];

/// Refuses a delivery that was not signed with the app's secret.
///
/// # Errors
/// [`Error::BadSignature`] that says what is wrong with the signature.
fn verify(delivery: &Delivery<'_>, secret: &str) -> Result<()> {
    signature::verify(
        SIGNATURE,
        delivery.header(SIGNATURE),
        secret,
        &[delivery.body],
    )
}

/// Signs the body; Shopify signs no time.
fn sign(secret: &str, body: &[u8], _at: Time) -> Signature {
    vec![(SIGNATURE, signature::sign(secret, &[body]))]
}

/// Reads the one event of a delivery.
///
/// # Errors
/// [`Error::Invalid`] when the body is not JSON.
fn parse(delivery: &Delivery<'_>) -> Result<Vec<Parsed>> {
    let body: Value = serde_json::from_slice(delivery.body)
        .map_err(|error| Error::invalid(format!("shopify: the body is not JSON: {error}")))?;
    let raw = String::from_utf8_lossy(delivery.body).into_owned();
    let topic = delivery.header("x-shopify-topic").unwrap_or_default();
    let webhook_id = delivery
        .header("x-shopify-webhook-id")
        .filter(|id| !id.trim().is_empty());
    let message_id = webhook_id.map_or_else(|| event_id(topic, &raw), str::to_owned);
    let hook = Hook {
        delivery,
        message_id: &message_id,
        body: &body,
    };
    let outcome = match TOPICS.iter().find(|(name, _)| *name == topic) {
        Some((_, mapping)) => mapping(&hook).and_then(Event::check),
        None => Err(unsupported(topic)),
    };
    Ok(vec![Parsed {
        outcome,
        message_id: Some(message_id),
        raw,
    }])
}

fn unsupported(topic: &str) -> Reject {
    let names: Vec<_> = TOPICS.iter().map(|(name, _)| *name).collect();
    let what = match topic {
        "" => "header `x-shopify-topic` is missing".to_owned(),
        topic => format!("topic `{topic}` is not supported"),
    };
    Reject::new(
        "unsupported_topic",
        format!("{what}; subscribe to {}", names.join(", ")),
    )
}

/// One delivery with its body read.
struct Hook<'a> {
    delivery: &'a Delivery<'a>,
    message_id: &'a str,
    body: &'a Value,
}

impl Hook<'_> {
    /// An event at the time in the first of these fields of the body that holds one; else at the
    /// time of sending that Shopify states, else at the time of arrival.
    fn event(&self, kind: Kind, name: &str, times: &[&str]) -> Event {
        let stated = times
            .iter()
            .find_map(|field| parse_time(&text(self.body, field)?));
        let sent = || {
            self.delivery
                .header("x-shopify-triggered-at")
                .and_then(parse_time)
        };
        let received_at = self.delivery.received_at;
        let at = stated.or_else(sent).unwrap_or(received_at);
        let mut event = Event::new(self.delivery.source, self.message_id, kind, at, received_at);
        name.clone_into(&mut event.name);
        event
    }

    /// An id that the body must have.
    fn id(&self, field: &str) -> Result<String, Reject> {
        text(self.body, field).ok_or_else(|| {
            let message =
                format!("the body has no `{field}`; send the webhook as Shopify wrote it");
            Reject::new("invalid_payload", message)
        })
    }
}

/// A field as text; `None` where it is absent, null or blank.
fn text(object: &Value, field: &str) -> Option<String> {
    let text = object.get(field).and_then(text_of)?;
    (!text.trim().is_empty()).then_some(text)
}

/// Inserts the value if there is one.
fn put(map: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(name.to_owned(), value.into());
    }
}

/// The elements of a list; empty where the field is absent or no list.
fn list<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Shopify's comma-separated tags, as a list.
fn tags(object: &Value) -> Option<Vec<String>> {
    let text = text(object, "tags")?;
    let tags: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect();
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// 2026-11-23T18:00:00Z.
    pub(super) const NOW: Time = Time::from_ms(1_795_456_800_000);

    pub(super) fn parsed(topic: &str, webhook_id: &str, body: &str) -> Parsed {
        let headers = [
            ("x-shopify-topic".to_owned(), topic.to_owned()),
            ("x-shopify-webhook-id".to_owned(), webhook_id.to_owned()),
        ];
        let delivery = Delivery {
            source: "shop",
            headers: &headers,
            body: body.as_bytes(),
            received_at: NOW,
        };
        parse(&delivery).expect("JSON").remove(0)
    }

    pub(super) fn event(topic: &str, body: &Value) -> Event {
        parsed(topic, "w-1", &body.to_string())
            .outcome
            .expect("accepted")
    }

    /// The event of a file in `tests/fixtures`.
    pub(super) fn fixture(text: &str) -> Event {
        let fixture: Value = serde_json::from_str(text).expect("a fixture");
        event(
            fixture["headers"]["x-shopify-topic"]
                .as_str()
                .expect("a topic"),
            &fixture["body"],
        )
    }

    #[test]
    fn only_the_shops_own_signature_is_accepted() {
        let body = br#"{"id": 7}"#;
        let check = |name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())];
            let delivery = Delivery {
                source: "shop",
                headers: &headers,
                body,
                received_at: NOW,
            };
            verify(&delivery, "app secret").map_err(|error| error.code())
        };
        let good = signature::sign("app secret", &[body]);
        assert_eq!(check("x-shopify-hmac-sha256", &good), Ok(()));
        assert_eq!(
            check("x-shopify-hmac-sha256", &signature::sign("other", &[body])),
            Err("bad_signature")
        );
        assert_eq!(check("x-other", &good), Err("bad_signature"));
    }

    #[test]
    fn the_same_delivery_is_the_same_event() {
        let body = r#"{"id": 7, "created_at": "2026-11-20T10:00:00+01:00"}"#;
        let id = |topic, webhook_id, body| {
            let parsed = parsed(topic, webhook_id, body);
            assert_eq!(parsed.raw, body);
            parsed.outcome.expect("accepted").message_id
        };
        assert_eq!(id("orders/create", "b54557e4", body), "b54557e4");
        assert_eq!(id("orders/create", "", body), id("orders/create", "", body));
        assert_ne!(
            id("orders/create", "", body),
            id("orders/updated", "", body)
        );
        assert_ne!(
            id("orders/create", "", body),
            id("orders/create", "", r#"{"id": 8}"#)
        );
    }

    #[test]
    fn what_cannot_be_an_event_says_why() {
        for (topic, body, code, names) in [
            (
                "products/update",
                r#"{"id": 7}"#,
                "unsupported_topic",
                "orders/create",
            ),
            ("", r#"{"id": 7}"#, "unsupported_topic", "x-shopify-topic"),
            (
                "orders/create",
                r#"{"foo": "bar"}"#,
                "invalid_payload",
                "`id`",
            ),
            ("orders/create", "[]", "invalid_payload", "`id`"),
            (
                "refunds/create",
                r#"{"id": 7}"#,
                "invalid_payload",
                "`order_id`",
            ),
            (
                "fulfillments/update",
                r#"{"id": 7, "order_id": null}"#,
                "invalid_payload",
                "`order_id`",
            ),
            (
                "customers/update",
                r#"{"email": "ada@example.com"}"#,
                "invalid_payload",
                "`id`",
            ),
        ] {
            let reject = parsed(topic, "w-1", body).outcome.expect_err("refused");
            assert_eq!(reject.code, code, "{topic} {body}");
            assert!(reject.message.contains(names), "{}", reject.message);
        }
        let delivery = Delivery {
            source: "shop",
            headers: &[],
            body: b"id=7",
            received_at: NOW,
        };
        assert_eq!(
            parse(&delivery).expect_err("refused").code(),
            "invalid_request"
        );
    }

    #[test]
    fn the_time_is_the_payloads_own_if_it_has_one() {
        let at = |body: Value| event("orders/updated", &body).at;
        assert_eq!(
            at(json!({"id": 7, "updated_at": "2026-11-20T10:00:00+01:00"})),
            Time::from_ms(1_795_165_200_000)
        );
        assert_eq!(
            at(json!({"id": 7, "updated_at": "2099-01-01T00:00:00Z"})),
            NOW
        );
        assert_eq!(at(json!({"id": 7, "updated_at": null})), NOW);
    }
}
