//! What an event says of a ticket.

use super::super::record::{RecordUpdate, fields, id_property, text_property, time_property};
use crate::event::Event;
use serde_json::Value;

/// Most characters of a message that are kept beside the log.
const MAX_BODY: usize = 2_000;

/// The ticket events, and the status each one implies.
fn implied_status(name: &str) -> Option<Option<&'static str>> {
    Some(match name.to_ascii_lowercase().as_str() {
        "ticket created" | "ticket reopened" => Some("open"),
        "ticket updated" | "ticket replied" | "ticket rated" => None,
        "ticket solved" => Some("solved"),
        "ticket closed" => Some("closed"),
        _ => return None,
    })
}

/// What an event says of a ticket, if it is about one.
pub(super) fn update(event: &Event) -> Option<RecordUpdate> {
    let implied = implied_status(&event.name)?;
    let id = id_property(event, "ticket_id")?;
    let mut fields = fields(
        event,
        &["subject", "priority", "channel", "assignee", "tags", "csat"],
    );
    let stated = text_property(event, "status").map(|status| normal_status(&status));
    if let Some(status) = stated.or_else(|| implied.map(str::to_owned)) {
        fields.push(("status", Value::String(status)));
    }
    let internal = event.properties.get("public").and_then(Value::as_bool) == Some(false);
    let body = text_property(event, "body")
        .or_else(|| text_property(event, "description"))
        .filter(|_| !internal);
    let entries = body.map(|body| {
        let key = text_property(event, "message_id").unwrap_or_else(|| event.id.clone());
        let replied = event.name.eq_ignore_ascii_case("ticket replied");
        let author = text_property(event, "author")
            .unwrap_or_else(|| (if replied { "agent" } else { "customer" }).to_owned());
        let body: String = body.chars().take(MAX_BODY).collect();
        (
            "messages",
            key,
            serde_json::json!({"author": author, "body": body}),
        )
    });
    Some(RecordUpdate {
        id,
        began_at: time_property(event, "opened_at").unwrap_or(event.at),
        fields,
        entries: entries.into_iter().collect(),
    })
}

/// Help desks' words for a status, as one of our four.
fn normal_status(status: &str) -> String {
    let lower = status.trim().to_lowercase();
    match lower.as_str() {
        "new" | "reopened" | "in progress" | "in_progress" => "open",
        "hold" | "on-hold" | "on_hold" | "waiting" | "snoozed" => "pending",
        "resolved" | "done" => "solved",
        other => other,
    }
    .to_owned()
}
