//! Tickets. Every event carries the whole ticket at that time, so each states all that is known of
//! it.

use super::{Hook, id, missing, put, text};
use crate::event::{Event, Kind, Reject};
use serde_json::Value;

/// `ticket.created`.
pub(super) fn created(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = ticket(hook, "Ticket Created")?;
    put(
        &mut event.properties,
        "body",
        text(hook.detail(), "description"),
    );
    // `is_public` is about the first comment; agents can open a ticket with an internal note.
    put(
        &mut event.properties,
        "public",
        hook.detail().get("is_public").and_then(Value::as_bool),
    );
    Ok(event)
}

/// `ticket.status_changed`.
pub(super) fn status_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let status = |field| text(hook.change(), field).and_then(|status| normal_status(&status));
    let (before, after) = (status("previous"), status("current"));
    let name = match (before, after) {
        (Some("solved"), Some("solved")) => "Ticket Updated",
        (_, Some("solved")) => "Ticket Solved",
        (Some("solved" | "closed"), Some("open" | "pending")) => "Ticket Reopened",
        _ => "Ticket Updated",
    };
    let mut event = ticket(hook, name)?;
    put(&mut event.properties, "status", after);
    Ok(event)
}

/// `ticket.priority_changed`.
pub(super) fn priority_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = ticket(hook, "Ticket Updated")?;
    put(
        &mut event.properties,
        "priority",
        text(hook.change(), "current").map(|word| word.to_lowercase()),
    );
    Ok(event)
}

/// `ticket.subject_changed`.
pub(super) fn subject_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = ticket(hook, "Ticket Updated")?;
    put(
        &mut event.properties,
        "subject",
        text(hook.change(), "current"),
    );
    Ok(event)
}

/// `ticket.agent_assignment_changed`.
pub(super) fn assignment_changed(hook: &Hook<'_>) -> Result<Event, Reject> {
    let mut event = ticket(hook, "Ticket Updated")?;
    put(
        &mut event.properties,
        "assignee",
        id(hook.change(), "current"),
    );
    Ok(event)
}

/// Any other change; the ticket shows it.
pub(super) fn updated(hook: &Hook<'_>) -> Result<Event, Reject> {
    ticket(hook, "Ticket Updated")
}

/// `ticket.comment_added`: a reply, or an internal note with `public` false.
pub(super) fn comment_added(hook: &Hook<'_>) -> Result<Event, Reject> {
    let comment = hook
        .change()
        .get("comment")
        .ok_or_else(|| missing("event.comment"))?;
    let mut event = ticket(hook, "Ticket Replied")?;
    let author = comment.get("author").unwrap_or(&Value::Null);
    let author_id = id(author, "id");
    let by_requester = author_id.is_some() && author_id == id(hook.detail(), "requester_id");
    // An author outside the staff, such as a colleague of the requester in copy, counts as the
    // customer.
    let not_staff = author.get("is_staff").and_then(Value::as_bool) == Some(false);
    let properties = &mut event.properties;
    put(properties, "message_id", id(comment, "id"));
    put(properties, "body", text(comment, "body"));
    put(
        properties,
        "author",
        Some(if by_requester || not_staff {
            "customer"
        } else {
            "agent"
        }),
    );
    put(properties, "author_name", text(author, "name"));
    // A comment of unknown visibility counts as internal, so that it never reaches the customer.
    put(
        properties,
        "public",
        Some(
            comment
                .get("is_public")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        ),
    );
    Ok(event)
}

/// `ticket.csat_received`.
pub(super) fn csat_received(hook: &Hook<'_>) -> Result<Event, Reject> {
    let rating = hook
        .change()
        .get("satisfaction_score")
        .unwrap_or(&Value::Null);
    let score = text(rating, "score").ok_or_else(|| missing("event.satisfaction_score.score"))?;
    let mut event = ticket(hook, "Ticket Rated")?;
    put(&mut event.properties, "csat", Some(score.to_lowercase()));
    Ok(event)
}

fn ticket(hook: &Hook<'_>, name: &str) -> Result<Event, Reject> {
    let ticket = hook.detail();
    let ticket_id = hook.id()?;
    let mut event = hook.event(Kind::Track, name);
    event.add_reference("zendesk_ticket_id", ticket_id.as_str());
    if let Some(requester) = id(ticket, "requester_id") {
        event.add_external_id("zendesk_user_id", requester);
    }
    let properties = &mut event.properties;
    put(properties, "ticket_id", Some(ticket_id));
    put(
        properties,
        "status",
        text(ticket, "status").and_then(|status| normal_status(&status)),
    );
    put(
        properties,
        "priority",
        text(ticket, "priority").map(|word| word.to_lowercase()),
    );
    put(
        properties,
        "channel",
        ticket.get("via").and_then(|via| text(via, "channel")),
    );
    put(properties, "subject", text(ticket, "subject"));
    put(properties, "assignee", id(ticket, "assignee_id"));
    put(properties, "tags", tags(ticket));
    put(properties, "opened_at", text(ticket, "created_at"));
    Ok(event)
}

/// The tags of the ticket, which are a list or words in one string. An empty list counts too: the
/// last tag may have been removed.
fn tags(ticket: &Value) -> Option<Vec<String>> {
    match ticket.get("tags")? {
        Value::Array(tags) => Some(
            tags.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        Value::String(words) => Some(words.split_whitespace().map(str::to_owned).collect()),
        _ => None,
    }
}

/// Zendesk's statuses, in any case, as one of our four.
fn normal_status(status: &str) -> Option<&'static str> {
    match status.to_lowercase().as_str() {
        "new" | "open" => Some("open"),
        "pending" | "hold" => Some("pending"),
        "solved" => Some("solved"),
        "closed" | "archived" | "deleted" | "scrubbed" => Some("closed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;
    use serde_json::json;

    fn detail() -> Value {
        json!({
            "id": "5012", "requester_id": "880011", "assignee_id": "0", "status": "OPEN", "priority": "HIGH",
            "subject": "Kettle leaks", "description": "It drips.", "is_public": true, "via": {"channel": "email"},
            "tags": ["kettle"], "created_at": "2026-11-20T08:55:00Z",
        })
    }

    fn event(name: &str, change: &Value) -> Event {
        outcome(name, &detail(), change).expect("accepted")
    }

    #[test]
    fn a_new_ticket_is_told_in_full() {
        let event = event("ticket.created", &json!({}));
        assert_eq!(
            (event.kind, event.name.as_str()),
            (Kind::Track, "Ticket Created")
        );
        assert_eq!(
            Value::Object(event.properties),
            json!({
                "ticket_id": "5012", "status": "open", "priority": "high", "channel": "email", "subject": "Kettle leaks",
                "tags": ["kettle"], "opened_at": "2026-11-20T08:55:00Z", "body": "It drips.", "public": true,
            })
        );
        let ids: Vec<_> = event.context["externalIds"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|id| (&id["type"], &id["id"]))
            .collect();
        assert_eq!(
            ids,
            [
                (&json!("zendesk_ticket_id"), &json!("5012")),
                (&json!("zendesk_user_id"), &json!("880011"))
            ]
        );
    }

    #[test]
    fn a_change_of_status_is_named_by_where_it_leads() {
        for (before, after, name, status) in [
            ("OPEN", "SOLVED", "Ticket Solved", "solved"),
            ("SOLVED", "OPEN", "Ticket Reopened", "open"),
            ("CLOSED", "NEW", "Ticket Reopened", "open"),
            ("solved", "pending", "Ticket Reopened", "pending"),
            ("SOLVED", "CLOSED", "Ticket Updated", "closed"),
            ("NEW", "HOLD", "Ticket Updated", "pending"),
        ] {
            let event = event(
                "ticket.status_changed",
                &json!({"previous": before, "current": after}),
            );
            assert_eq!(
                (event.name.as_str(), &event.properties["status"]),
                (name, &json!(status)),
                "{before} {after}"
            );
        }
    }

    #[test]
    fn the_change_itself_beats_the_ticket_beside_it() {
        let of = |name: &str, field: &str, current: Value| {
            let event = event(name, &json!({"previous": null, "current": current}));
            assert_eq!(event.name, "Ticket Updated");
            event.properties.get(field).cloned()
        };
        assert_eq!(
            of("ticket.priority_changed", "priority", json!("URGENT")),
            Some(json!("urgent"))
        );
        assert_eq!(
            of("ticket.subject_changed", "subject", json!("Leak")),
            Some(json!("Leak"))
        );
        assert_eq!(
            of("ticket.agent_assignment_changed", "assignee", json!("77")),
            Some(json!("77"))
        );
        assert_eq!(
            of("ticket.agent_assignment_changed", "assignee", json!("0")),
            None
        );
        assert_eq!(
            of("ticket.tags_changed", "tags", json!(null)),
            Some(json!(["kettle"]))
        );
    }

    #[test]
    fn a_comment_tells_who_wrote_it_and_who_may_see_it() {
        let comment = |author: Value, public: Value| {
            let comment =
                json!({"id": "901", "body": "Hello", "is_public": public, "author": author});
            let event = event("ticket.comment_added", &json!({"comment": comment}));
            assert_eq!(
                (event.name.as_str(), &event.properties["message_id"]),
                ("Ticket Replied", &json!("901"))
            );
            (
                event.properties["author"].clone(),
                event.properties["public"].clone(),
            )
        };
        let asker = json!({"id": 880_011, "is_staff": true, "name": "Ines Duarte"});
        assert_eq!(
            comment(asker, json!(true)),
            (json!("customer"), json!(true))
        );
        let agent = json!({"id": "77", "is_staff": true, "name": "Tom Baird"});
        assert_eq!(comment(agent, json!(false)), (json!("agent"), json!(false)));
        let copied = json!({"id": "78", "is_staff": false});
        assert_eq!(
            comment(copied, json!(true)),
            (json!("customer"), json!(true))
        );
        assert_eq!(
            comment(json!(null), json!(null)),
            (json!("agent"), json!(false))
        );
        let reject = outcome("ticket.comment_added", &detail(), &json!({})).expect_err("refused");
        assert!(
            reject.message.contains("`event.comment`"),
            "{}",
            reject.message
        );
    }

    #[test]
    fn a_rating_needs_its_score() {
        let rated = event(
            "ticket.csat_received",
            &json!({"satisfaction_score": {"score": "GOOD"}}),
        );
        assert_eq!(
            (rated.name.as_str(), &rated.properties["csat"]),
            ("Ticket Rated", &json!("good"))
        );
        let reject = outcome("ticket.csat_received", &detail(), &json!({})).expect_err("refused");
        assert_eq!(reject.code, "invalid_payload");
    }
}
