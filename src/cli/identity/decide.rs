//! `acquaint identity merge`, `split` and `undo`: decisions of a person, which everything derived follows at once.

use super::words::count;
use crate::clock::Clock;
use crate::config::{Config, Person};
use crate::identity::decision::{By, Decision};
use crate::ingest::audit;
use crate::ingest::decide::{self, Off};
use crate::store::Db;
use crate::store::access::Workspace;
use crate::{Result, cli};
use clap::Args;

/// Who decides, and why.
#[derive(Args, Debug)]
struct Reason {
    /// Why, in a sentence; it is kept with the decision
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    person: Person,
}

impl Reason {
    fn by(self) -> Result<By> {
        By::new(&self.person.by, &self.reason, Clock::default().now())
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Merge {
    /// One customer as type:value, such as email:ada@example.com
    #[arg(long)]
    customer: String,
    /// The other customer
    #[arg(long)]
    with: String,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Args, Debug)]
#[group(id = "off", required = true, multiple = false, args = ["identifiers", "link"])]
pub(in crate::cli) struct Split {
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
    reason: Reason,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Undo {
    /// The decisions, as `decisions` shows them; the last one is taken back first
    #[arg(required = true)]
    decisions: Vec<String>,
    #[command(flatten)]
    reason: Reason,
}

impl Merge {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let one = cli::customer(&db, &workspace, &self.customer).await?.id;
        let other = cli::customer(&db, &workspace, &self.with).await?.id;
        let mut tx = db.begin().await?;
        let made = decide::merge(&mut tx, &workspace, (&one, &other), &by).await?;
        tx.commit().await?;
        report(config, &db, &workspace, &made).await
    }
}

impl Split {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let customer = cli::customer(&db, &workspace, &self.customer).await?.id;
        let off = Off::read(&workspace, &self.identifiers, self.link)?;
        let mut tx = db.begin().await?;
        let made = decide::split(&mut tx, &workspace, &customer, &off, &by).await?;
        tx.commit().await?;
        report(config, &db, &workspace, &made).await
    }
}

impl Undo {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let by = self.reason.by()?;
        let (db, workspace) = cli::find(config).await?;
        let mut tx = db.begin().await?;
        let mut made = Vec::new();
        for decision in self.decisions.iter().rev() {
            made.push(decide::undo(&mut tx, &workspace, decision, &by).await?);
        }
        tx.commit().await?;
        report(config, &db, &workspace, &made).await
    }
}

/// Says what was decided, what came of it, and how to take it back.
async fn report(config: &Config, db: &Db, workspace: &Workspace, made: &[Decision]) -> Result<()> {
    let outcome = audit::outcome(db, workspace, made).await?;
    if config.json {
        return cli::say_json(&outcome);
    }
    for told in &outcome.decisions {
        line(&format!("{}  {}", told.id, told.what));
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
    let ids: Vec<&str> = made.iter().map(|decision| decision.id.as_str()).collect();
    let ids = ids.join(" ");
    cli::note(&format!(
        "to take it back: acquaint identity undo {ids} --reason …"
    ));
    Ok(())
}

/// Prints a line without what could pass for a command to the terminal.
pub(super) fn line(text: &str) {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(400).collect();
    cli::say(&shown);
}
