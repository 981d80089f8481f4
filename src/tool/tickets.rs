//! `open_tickets`: the customer's support tickets, newest first.

use super::page::{self, FoundEntries, PageEntry};
use super::text::{Untrusted, clean};
use super::{Answer, Reach, ToolDefinition, cursor, schema, typed};
use crate::Result;
use crate::clock::Time;
use crate::profile::ticket::{Message, Ticket};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "open_tickets",
    file: include_str!("../../tools/open_tickets.toml"),
    arguments: schema::canonical::<Arguments>,
    result: schema::result::<OpenTickets>,
    depends_on: &[],
    run: |reach, arguments| Box::pin(run(reach, arguments)),
};

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    #[serde(default)]
    status: TicketFilter,
    #[schemars(range(min = 1, max = 20))]
    #[serde(default = "default_limit")]
    limit: u32,
    cursor: Option<String>,
}

fn default_limit() -> u32 {
    5
}

/// Which tickets are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TicketFilter {
    #[default]
    Open,
    Pending,
    Closed,
    Any,
}

impl TicketFilter {
    fn takes(self, ticket: &Ticket) -> bool {
        match self {
            Self::Open => ticket.is_open(),
            Self::Pending => ticket.status == "pending",
            Self::Closed => !ticket.is_open(),
            Self::Any => true,
        }
    }
}

/// The customer's tickets.
#[derive(Debug, Serialize, JsonSchema)]
struct OpenTickets {
    /// The tickets, newest first.
    tickets: Vec<Case>,
    /// How many of the customer's tickets are not yet solved.
    open_count: u64,
    /// How many tickets the customer has in all.
    ticket_count: u64,
}

/// One ticket.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Case {
    /// The ticket's id.
    ticket_id: String,
    /// What it is about.
    subject: Untrusted,
    /// open, pending, solved or closed.
    status: String,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    /// How it came: email, chat, phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<String>,
    /// When it was opened, RFC 3339.
    at: Time,
    /// When anything about it last changed, RFC 3339.
    updated_at: Time,
    /// How satisfied the customer said they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    csat: Option<String>,
    /// The last messages, oldest first.
    messages: Vec<TicketMessage>,
    /// The systems that told of it.
    source: Vec<String>,
}

/// One message of a ticket.
#[derive(Debug, Serialize, JsonSchema)]
struct TicketMessage {
    /// When it was written, RFC 3339.
    at: Time,
    /// customer or agent.
    from: String,
    /// What they wrote.
    body: Untrusted,
}

impl Case {
    pub(super) fn of(ticket: &Ticket) -> Self {
        let short = |text: &Option<String>| text.as_deref().map(|text| clean(text, 60));
        Self {
            ticket_id: clean(&ticket.ticket_id, 100),
            subject: Untrusted::new(&ticket.subject, 200),
            status: clean(&ticket.status, 40),
            priority: short(&ticket.priority),
            channel: short(&ticket.channel),
            assignee: short(&ticket.assignee),
            at: ticket.opened_at,
            updated_at: ticket.changed_at,
            csat: short(&ticket.csat),
            messages: ticket.messages.iter().map(TicketMessage::of).collect(),
            source: ticket.sources.clone(),
        }
    }

    /// The ticket without messages, for a summary.
    pub(super) fn in_short(ticket: &Ticket) -> Self {
        Self {
            messages: Vec::new(),
            ..Self::of(ticket)
        }
    }
}

impl TicketMessage {
    fn of(message: &Message) -> Self {
        Self {
            at: message.at,
            from: clean(&message.author, 20),
            body: Untrusted::new(&message.body, 500),
        }
    }
}

async fn run(reach: Reach<'_>, arguments: serde_json::Value) -> Result<Answer> {
    let arguments: Arguments = typed(arguments)?;
    let after = cursor::decode_time(arguments.cursor.as_deref())?;
    let limit = arguments.limit as usize;
    let found = scan(&reach, after, limit + 1, arguments.status).await?;
    page::answer(found, limit, |tickets| OpenTickets {
        tickets: tickets.iter().map(Case::of).collect(),
        open_count: reach.profile().tickets.open_count,
        ticket_count: reach.profile().tickets.count,
    })
}

/// The first `most` tickets after a position: from the profile if it holds all wanted ones, else
/// from the database.
async fn scan(
    reach: &Reach<'_>,
    after: (Time, String),
    most: usize,
    which: TicketFilter,
) -> Result<FoundEntries<Ticket>> {
    let tickets = &reach.profile().tickets;
    let shut = tickets.count - tickets.open_count;
    let open_held = tickets.open_count as usize == tickets.open.len();
    let shut_held = shut as usize == tickets.recent.len();
    let all_held = match which {
        TicketFilter::Open | TicketFilter::Pending => open_held,
        TicketFilter::Closed => shut_held,
        TicketFilter::Any => open_held && shut_held,
    };
    let wanted = |ticket: &Ticket| which.takes(ticket);
    if !all_held {
        return page::read_on(reach, after, Time::MIN, most, Vec::new(), wanted).await;
    }
    let held = tickets.open.iter().chain(&tickets.recent);
    let follows = |ticket: &&Ticket| ticket.position() < (after.0, after.1.as_str());
    let mut entries: Vec<Ticket> = held
        .filter(follows)
        .filter(|ticket| wanted(ticket))
        .cloned()
        .collect();
    entries.sort_unstable_by(|a, b| b.position().cmp(&a.position()));
    entries.truncate(most);
    Ok(FoundEntries {
        entries,
        stopped: None,
    })
}
