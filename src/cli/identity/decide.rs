//! `acquaint identity merge`, `split` and `undo`: decisions of a person, which take effect at once.

use super::display::count;
use crate::clock::Clock;
use crate::config::{AuthorConfig, Config};
use crate::id::LinkId;
use crate::identity::decision::By;
use crate::steward::audit::Outcome;
use crate::{Result, cli, steward};
use clap::Args;

/// Who decides, and why.
#[derive(Args, Debug)]
struct ReasonArgs {
    /// Why, in a sentence; it is kept with the decision
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    author: AuthorConfig,
}

impl ReasonArgs {
    fn by(self) -> Result<By> {
        By::new(&self.author.by, &self.reason, Clock::default().now())
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct MergeCommand {
    /// One customer as type:value, such as email:ada@example.com
    #[arg(long)]
    customer: String,
    /// The other customer
    #[arg(long)]
    with: String,
    #[command(flatten)]
    reason: ReasonArgs,
}

#[derive(Args, Debug)]
#[group(id = "off", required = true, multiple = false, args = ["identifiers", "link"])]
pub(in crate::cli) struct SplitCommand {
    /// The customer as type:value
    #[arg(long)]
    customer: String,
    /// An identifier that is not theirs, as type:value; may be given several times
    #[arg(long = "identifier", value_name = "TYPE:VALUE")]
    identifiers: Vec<String>,
    /// A link whose events are of nobody else, as `explain` shows it
    #[arg(long)]
    link: Option<String>,
    #[command(flatten)]
    reason: ReasonArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct UndoCommand {
    /// The decisions, as `decisions` shows them; the last one is taken back first
    #[arg(required = true)]
    decisions: Vec<String>,
    #[command(flatten)]
    reason: ReasonArgs,
}

impl MergeCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let pair = (self.customer.as_str(), self.with.as_str());
        let outcome = steward::merge(&db, &workspace, pair, &by).await?;
        report(config, &outcome)
    }
}

impl SplitCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let off = (self.identifiers.as_slice(), self.link.map(LinkId::new));
        let outcome = steward::split(&db, &workspace, &self.customer, off, &by).await?;
        report(config, &outcome)
    }
}

impl UndoCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let outcome = steward::undo(&db, &workspace, &self.decisions, &by).await?;
        report(config, &outcome)
    }
}

/// Prints the decisions, the resulting profiles, and how to undo.
fn report(config: &Config, outcome: &Outcome) -> Result<()> {
    if config.json {
        return cli::say_json(outcome);
    }
    for decision in &outcome.decisions {
        line(&format!("{}  {}", decision.id, decision.what));
    }
    for became in &outcome.profiles {
        line(&format!(
            "now profile {}, {}",
            became.profile,
            count(became.events, "event")
        ));
        for lead in &became.identifiers {
            line(&format!("  {}  since {}", lead.identifier, lead.since));
        }
    }
    let ids = outcome
        .decisions
        .iter()
        .map(|decision| decision.id.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    cli::note(&format!(
        "to take it back: acquaint identity undo {ids} --reason …"
    ));
    Ok(())
}

/// Prints a line without control characters, which could be commands to the terminal.
pub(super) fn line(text: &str) {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(400).collect();
    cli::say(&shown);
}
