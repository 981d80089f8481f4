//! The help desk: Zendesk's webhooks of users and tickets. Half of its users have only phoned.

use super::person::{DemoPerson, DemoTicket, HelpDeskUser};
use super::request::DemoRequest;
use super::shop::COMPLAINTS;
use crate::clock::Time;
use serde_json::{Value, json};

const HOUR: i64 = 60 * 60 * 1000;
const AGENT: &str = "770001";
const ACCOUNT: u64 = 22_110_033;

/// The webhooks of all users and their tickets.
pub(super) fn requests(people: &[DemoPerson], _write_key: &str) -> Vec<DemoRequest> {
    people.iter().flat_map(webhooks).collect()
}

fn webhooks(person: &DemoPerson) -> Vec<DemoRequest> {
    let Some(help) = &person.help else {
        return Vec::new();
    };
    let mut sent = vec![user(person, help)];
    for ticket in &help.tickets {
        let post = |name: &str, at: Time, status: &str, event: Value| {
            let kind = format!("ticket.{name}");
            let subject = format!("zen:ticket:{}", ticket.id);
            webhook(
                &kind,
                at,
                &subject,
                &detail(help, ticket, at, status),
                &event,
            )
        };
        let trouble = &COMPLAINTS[ticket.about];
        sent.push(post("created", ticket.at, "NEW", json!({})));
        let reply = json!({"comment": {
            "id": (ticket.id * 10).to_string(), "body": trouble.reply, "is_public": true,
            "author": {"id": AGENT, "is_staff": true, "name": "Sam"},
        }});
        sent.push(post("comment_added", ticket.at + HOUR, "OPEN", reply));
        if ticket.solved {
            let change = json!({"previous": "OPEN", "current": "SOLVED"});
            sent.push(post(
                "status_changed",
                ticket.at + 6 * HOUR,
                "SOLVED",
                change,
            ));
            let rating = json!({"satisfaction_score": {"score": if ticket.id % 7 == 0 { "BAD" } else { "GOOD" }}});
            sent.push(post(
                "csat_received",
                ticket.at + 20 * HOUR,
                "SOLVED",
                rating,
            ));
        }
    }
    sent
}

fn user(person: &DemoPerson, help: &HelpDeskUser) -> DemoRequest {
    let [area, exchange, line] = person.phone();
    let since = help
        .tickets
        .iter()
        .map(|ticket| ticket.at)
        .min()
        .unwrap_or_default()
        - 4_000;
    let subject = format!("zen:user:{}", help.id);
    let detail = json!({
        "id": help.id.to_string(), "email": help.email, "phone": help.phone.then(|| format!("+1 {area}-{exchange}-{line}")),
        "name": person.name(), "role": "end-user", "external_id": "", "organization_id": "0", "default_group_id": "0",
        "created_at": since, "updated_at": since,
    });
    webhook("user.created", since, &subject, &detail, &json!({}))
}

fn detail(help: &HelpDeskUser, ticket: &DemoTicket, at: Time, status: &str) -> Value {
    let trouble = &COMPLAINTS[ticket.about];
    let channel = if help.email.is_some() {
        "email"
    } else {
        "voice"
    };
    json!({
        "id": ticket.id.to_string(), "actor_id": help.id.to_string(), "requester_id": help.id.to_string(), "submitter_id": help.id.to_string(),
        "assignee_id": AGENT, "status": status, "priority": trouble.priority, "subject": trouble.subject, "description": trouble.body,
        "type": "PROBLEM", "is_public": true, "tags": [trouble.tag], "via": {"channel": channel}, "external_id": null,
        "brand_id": "5001", "group_id": "8001", "organization_id": "0", "created_at": ticket.at, "updated_at": at,
    })
}

fn webhook(kind: &str, at: Time, subject: &str, detail: &Value, event: &Value) -> DemoRequest {
    let body = json!({
        "type": format!("zen:event-type:{kind}"), "account_id": ACCOUNT, "id": format!("{kind}-{}", subject.replace(':', "-")),
        "time": at, "zendesk_event_version": "2022-11-06", "subject": subject, "detail": detail, "event": event,
    });
    DemoRequest {
        path: "/v1/webhooks/support",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-zendesk-account-id", ACCOUNT.to_string()),
            (
                "x-zendesk-webhook-invocation-id",
                format!("{kind}-{subject}"),
            ),
        ],
        body: body.to_string().into_bytes(),
        events: 1,
    }
}
