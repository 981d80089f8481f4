//! Zendesk: the event webhooks of tickets and users.
//!
//! Only webhooks that are subscribed to Zendesk's own events are read. The body of a webhook that
//! is connected to a trigger is free text of its author.

mod ticket;
mod user;

use super::{Delivery, Intake, Parsed, Signature, SourceKind, Webhook, signature};
use crate::clock::{Time, parse_time};
use crate::event::{Event, Kind, Reject, text_of};
use crate::{Error, Result};
use serde_json::{Map, Value};

/// Zendesk's webhooks.
pub(super) const SOURCE: SourceKind = SourceKind {
    name: "zendesk",
    summary: "Zendesk webhooks: tickets, comments, users",
    also_for: None,
    intake: Intake::Webhook(Webhook {
        verify,
        parse,
        sign,
    }),
};

/// The largest difference between the signed time and the arrival, so that a recorded delivery
/// cannot be sent again later.
const REPLAY_WINDOW_MS: i64 = 5 * 60 * 1000;

const SIGNATURE: &str = "x-zendesk-webhook-signature";
const SIGNED_AT: &str = "x-zendesk-webhook-signature-timestamp";

/// Maps the body of one event type.
type Mapping = fn(&Hook<'_>) -> Result<Event, Reject>;

/// Every event type that is read, without the prefix `zen:event-type:`, and the function that maps
/// its body.
const TYPES: &[(&str, Mapping)] = &[
    ("ticket.created", ticket::created),
    ("ticket.status_changed", ticket::status_changed),
    ("ticket.priority_changed", ticket::priority_changed),
    ("ticket.subject_changed", ticket::subject_changed),
    ("ticket.tags_changed", ticket::updated),
    (
        "ticket.agent_assignment_changed",
        ticket::assignment_changed,
    ),
    ("ticket.comment_added", ticket::comment_added),
    ("ticket.csat_received", ticket::csat_received),
    ("user.created", user::identified),
    ("user.identity_created", user::identity_changed),
    ("user.identity_changed", user::identity_changed),
    ("user.name_changed", user::name_changed),
    ("user.external_id_changed", user::external_id_changed),
    ("user.active_changed", user::identified),
    ("user.details_changed", user::identified),
    ("user.merged", user::merged),
];

/// Refuses a delivery that was not signed with the webhook's secret, or not just before.
///
/// # Errors
/// [`Error::BadSignature`] that says what is wrong with the signature or its time.
fn verify(delivery: &Delivery<'_>, secret: &str) -> Result<()> {
    let signed_at = delivery.header(SIGNED_AT).unwrap_or_default();
    let parts = [signed_at.as_bytes(), delivery.body];
    signature::verify(SIGNATURE, delivery.header(SIGNATURE), secret, &parts)?;
    let Some(at) = parse_time(signed_at) else {
        return Err(Error::BadSignature(format!(
            "header `{SIGNED_AT}` is missing or no time"
        )));
    };
    if (at - delivery.received_at).unsigned_abs() > REPLAY_WINDOW_MS.unsigned_abs() {
        let minutes = REPLAY_WINDOW_MS / 60_000;
        let message =
            format!("header `{SIGNED_AT}` is more than {minutes} minutes from the time of arrival");
        return Err(Error::BadSignature(message));
    }
    Ok(())
}

/// Signs the time followed by the body.
fn sign(secret: &str, body: &[u8], at: Time) -> Signature {
    let at = at.to_string();
    let signed = signature::sign(secret, &[at.as_bytes(), body]);
    vec![(SIGNATURE, signed), (SIGNED_AT, at)]
}

/// Reads the one event of a delivery.
///
/// # Errors
/// [`Error::Invalid`] when the body is not JSON.
fn parse(delivery: &Delivery<'_>) -> Result<Vec<Parsed>> {
    let body: Value = serde_json::from_slice(delivery.body)
        .map_err(|error| Error::invalid(format!("zendesk: the body is not JSON: {error}")))?;
    let message_id = text(&body, "id");
    let outcome = mapping(&body).and_then(|mapping| {
        let message_id = message_id.as_deref().ok_or_else(|| missing("id"))?;
        mapping(&Hook {
            delivery,
            message_id,
            body: &body,
        })?
        .check()
    });
    let raw = String::from_utf8_lossy(delivery.body).into_owned();
    Ok(vec![Parsed {
        outcome,
        message_id,
        raw,
    }])
}

fn mapping(body: &Value) -> Result<Mapping, Reject> {
    let stated = text(body, "type").unwrap_or_default();
    // Zendesk's own list writes two of the user types with a slash.
    let name = ["zen:event-type:", "zen:event-type/"]
        .iter()
        .find_map(|prefix| stated.strip_prefix(prefix));
    let known = TYPES.iter().find(|(known, _)| Some(*known) == name);
    known.map(|(_, mapping)| *mapping).ok_or_else(|| {
        let names: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
        let what = match stated.as_str() {
            "" => "the body has no `type`, as a trigger's webhook".to_owned(),
            stated => format!("type `{stated}` is not supported"),
        };
        let message = format!(
            "{what}; subscribe the webhook to the Zendesk events {}",
            names.join(", ")
        );
        Reject::new("unsupported_type", message)
    })
}

fn missing(field: &str) -> Reject {
    Reject::new(
        "invalid_payload",
        format!("the body has no `{field}`; send the webhook as Zendesk wrote it"),
    )
}

/// One delivery with its body read.
struct Hook<'a> {
    delivery: &'a Delivery<'a>,
    message_id: &'a str,
    body: &'a Value,
}

impl Hook<'_> {
    /// An event at the time in the body.
    fn event(&self, kind: Kind, name: &str) -> Event {
        let received_at = self.delivery.received_at;
        let stated = text(self.body, "time").or_else(|| text(self.detail(), "updated_at"));
        let at = stated.and_then(|at| parse_time(&at)).unwrap_or(received_at);
        let mut event = Event::new(self.delivery.source, self.message_id, kind, at, received_at);
        name.clone_into(&mut event.name);
        event
    }

    /// The ticket or user after the event.
    fn detail(&self) -> &Value {
        self.body.get("detail").unwrap_or(&Value::Null)
    }

    /// The old and new value of the change.
    fn change(&self) -> &Value {
        self.body.get("event").unwrap_or(&Value::Null)
    }

    /// The id of the ticket or user, which the `subject` repeats as `zen:ticket:1`.
    fn id(&self) -> Result<String, Reject> {
        let named = || {
            text(self.body, "subject")?
                .rsplit_once(':')
                .map(|(_, id)| id.to_owned())
        };
        let id = id(self.detail(), "id").or_else(named);
        id.filter(|id| !id.is_empty() && id != "0")
            .ok_or_else(|| missing("detail.id"))
    }
}

/// A field as text; `None` where it is absent, null or blank.
fn text(object: &Value, field: &str) -> Option<String> {
    let text = object.get(field).and_then(text_of)?;
    (!text.trim().is_empty()).then_some(text)
}

/// A field as an id; Zendesk writes 0 for no id.
fn id(object: &Value, field: &str) -> Option<String> {
    text(object, field).filter(|id| id != "0")
}

/// Inserts the value if there is one.
fn put(map: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(name.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// 2026-11-23T18:00:00Z.
    pub(super) const NOW: Time = Time::from_ms(1_795_456_800_000);

    fn parsed(body: &str) -> Parsed {
        let delivery = Delivery {
            source: "help",
            headers: &[],
            body: body.as_bytes(),
            received_at: NOW,
        };
        parse(&delivery).expect("JSON").remove(0)
    }

    pub(super) fn outcome(name: &str, detail: &Value, change: &Value) -> Result<Event, Reject> {
        let body = json!({
            "type": format!("zen:event-type:{name}"), "id": "e-1", "time": "2026-11-20T09:00:00Z",
            "zendesk_event_version": "2022-11-06", "detail": detail, "event": change,
        });
        parsed(&body.to_string()).outcome
    }

    fn refusal(signature: &str, signed_at: &str, received_at: Time) -> Option<String> {
        let headers = [
            (SIGNATURE.to_owned(), signature.to_owned()),
            (SIGNED_AT.to_owned(), signed_at.to_owned()),
        ];
        let delivery = Delivery {
            source: "help",
            headers: &headers,
            body: b"{}",
            received_at,
        };
        let error = verify(&delivery, "secret").err()?;
        assert_eq!(error.code(), "bad_signature");
        Some(error.to_string())
    }

    #[test]
    fn the_signed_time_must_be_near_the_time_of_arrival() {
        let signed_at = "2026-11-23T18:00:00Z";
        let good = signature::sign("secret", &[signed_at.as_bytes(), b"{}"]);
        for (distance, accepted) in [
            (0, true),
            (REPLAY_WINDOW_MS, true),
            (-REPLAY_WINDOW_MS, true),
            (REPLAY_WINDOW_MS + 1, false),
            (-REPLAY_WINDOW_MS - 1, false),
        ] {
            let refusal = refusal(&good, signed_at, NOW + distance);
            assert_eq!(refusal.is_none(), accepted, "{distance}: {refusal:?}");
        }
    }

    #[test]
    fn the_time_is_part_of_what_is_signed() {
        let signed_at = "2026-11-23T18:00:00Z";
        let body_first = signature::sign("secret", &[b"{}", signed_at.as_bytes()]);
        assert!(
            refusal(&body_first, signed_at, NOW).is_some(),
            "an older page of Zendesk's has it this way round"
        );
        let good = signature::sign("secret", &[signed_at.as_bytes(), b"{}"]);
        assert!(refusal(&good, "2026-11-23T18:00:01Z", NOW).is_some());
        let timeless = signature::sign("secret", &[b"{}"]);
        assert!(
            refusal(&timeless, "", NOW)
                .expect("refused")
                .contains(SIGNED_AT)
        );
    }

    #[test]
    fn what_cannot_be_an_event_says_why() {
        for (body, code, names) in [
            (
                json!({"say": "hello"}),
                "unsupported_type",
                "ticket.created",
            ),
            (json!([]), "unsupported_type", "`type`"),
            (
                json!({"type": "zen:event-type:user.deleted", "id": "e"}),
                "unsupported_type",
                "user.deleted",
            ),
            (
                json!({"type": "zen:event-type:article.published", "id": "e"}),
                "unsupported_type",
                "user.merged",
            ),
            (
                json!({"type": "zen:event-type:ticket.created", "detail": {"id": 1}}),
                "invalid_payload",
                "`id`",
            ),
            (
                json!({"type": "zen:event-type:ticket.created", "id": "e"}),
                "invalid_payload",
                "`detail.id`",
            ),
            (
                json!({"type": "zen:event-type:user.created", "id": "e", "detail": {"id": "0"}}),
                "invalid_payload",
                "`detail.id`",
            ),
        ] {
            let reject = parsed(&body.to_string()).outcome.expect_err("refused");
            assert_eq!(reject.code, code, "{body}");
            assert!(reject.message.contains(names), "{}", reject.message);
        }
        let delivery = Delivery {
            source: "help",
            headers: &[],
            body: b"",
            received_at: NOW,
        };
        assert_eq!(
            parse(&delivery).expect_err("refused").code(),
            "invalid_request"
        );
    }

    #[test]
    fn the_events_own_id_and_time_are_kept() {
        let body = json!({
            "type": "zen:event-type:user.created", "id": "e-7", "time": "2099-07-04T05:33:18Z",
            "subject": "zen:user:42", "detail": {},
        });
        let parsed = parsed(&body.to_string());
        assert_eq!(
            (parsed.message_id.as_deref(), parsed.raw),
            (Some("e-7"), body.to_string())
        );
        let event = parsed.outcome.expect("accepted");
        assert_eq!(
            (event.at, event.message_id.as_str()),
            (NOW, "e-7"),
            "a time to come is capped at arrival"
        );
        assert_eq!(event.context["externalIds"][0]["id"], "42");
    }
}
