//! `acquaint profile`: one customer, as staff see them.

use crate::config::Config;
use crate::profile::claim::Claim;
use crate::profile::money::display;
use crate::surface::staff;
use crate::{Result, profile, steward};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum ProfileCommand {
    /// Show what is known of a customer, and from where
    Show {
        /// The customer as type:value, such as email:ada@example.com
        #[arg(long)]
        customer: String,
    },
    /// List a customer's events, newest first
    Timeline {
        /// The customer as type:value
        #[arg(long)]
        customer: String,
        /// How many to show
        #[arg(long, default_value_t = 20)]
        limit: i64,
        /// Where to go on: the `next_cursor` of an earlier page
        #[arg(long)]
        cursor: Option<String>,
    },
}

impl ProfileCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::Show { customer } => show(config, &customer).await,
            Self::Timeline {
                customer,
                limit,
                cursor,
            } => timeline(config, &customer, limit.clamp(1, 1_000), cursor.as_deref()).await,
        }
    }
}

async fn show(config: &Config, customer: &str) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    let profile = steward::customer(&db, &workspace, customer).await?;
    if config.json {
        return super::say_json(&profile);
    }
    who(&profile);
    what(&profile);
    Ok(())
}

/// Prints a line without control characters, which could be commands to the terminal: customers
/// wrote much of the text.
fn line(text: &str) {
    super::say(&clean_line(text));
}

fn clean_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn who(profile: &profile::Profile) {
    line(&format!("profile {}", profile.id));
    for known in &profile.identifiers {
        line(&format!("  {}  since {}", known.identifier, known.since));
    }
    line("traits");
    for (name, claims) in &profile.traits {
        let Some(claim) = claims.winner() else {
            continue;
        };
        let conflict = claims.conflict();
        let note = if conflict { "  (systems disagree)" } else { "" };
        line(&format!("  {name} = {}{note}", stated(claim)));
        for candidate in claims.iter().skip(1).filter(|_| conflict) {
            line(&format!("    or {}", stated(candidate)));
        }
    }
    line("sources");
    for (source, seen) in &profile.sources {
        line(&format!(
            "  {source}: {} events, last {}",
            seen.events, seen.last_at
        ));
    }
}

/// A claim as text.
fn stated(claim: &Claim) -> String {
    let value = match &claim.value {
        Value::Null => "(removed)".to_owned(),
        value => value.to_string(),
    };
    let verified = if claim.verified { ", verified" } else { "" };
    format!("{value}  from {}, {}{verified}", claim.source, claim.at)
}

fn what(profile: &profile::Profile) {
    line(&format!("orders: {}", profile.purchases.count));
    for (currency, total) in &profile.purchases.totals {
        line(&format!(
            "  {} spent in {} orders",
            display(total.spent, currency),
            total.orders
        ));
    }
    for purchase in profile.purchases.recent.iter().take(5) {
        let (at, total) = (
            purchase.placed_at,
            display(purchase.total, &purchase.currency),
        );
        line(&format!(
            "  {at}  {}  {total}  {}",
            purchase.order_id, purchase.status
        ));
    }
    let tickets = &profile.tickets;
    line(&format!(
        "tickets: {}, {} open",
        tickets.count, tickets.open_count
    ));
    for ticket in tickets.open.iter().take(5) {
        let (at, id) = (ticket.opened_at, &ticket.ticket_id);
        line(&format!(
            "  {at}  {id}  {}  {}",
            ticket.status, ticket.subject
        ));
    }
}

async fn timeline(config: &Config, customer: &str, limit: i64, after: Option<&str>) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    let profile = steward::customer(&db, &workspace, customer).await?;
    let (events, next) = staff::timeline(&db, &workspace.id, &profile, after, limit).await?;
    if config.json {
        return super::say_json(
            &json!({"data": events.iter().map(staff::event).collect::<Vec<_>>(), "next_cursor": next}),
        );
    }
    for logged in &events {
        let event = &logged.event;
        line(&format!(
            "{}  {:<8}  {:<10}  {}",
            event.at,
            event.kind.as_str(),
            event.source,
            event.name
        ));
    }
    if let Some(next) = next {
        super::note(&format!("more: --cursor {next}"));
    }
    Ok(())
}
