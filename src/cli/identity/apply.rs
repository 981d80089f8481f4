//! `acquaint identity dry-run` and `apply`: a dry run of other rules on all links, and putting them
//! into force.

use super::bar::Bar;
use super::decide::line;
use super::display::{count, who};
use crate::clock::Clock;
use crate::config::Config;
use crate::identity::compare::RulesDiff;
use crate::identity::{Rules, SHIPPED};
use crate::steward::rules as ruled;
use crate::store::access::Workspace;
use crate::store::{self, Db};
use crate::{Error, Result};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How many profiles of an example are listed.
const NAMED: usize = 3;

#[derive(Args, Debug)]
pub(in crate::cli) struct DryRunCommand {
    /// A file of rules, or `shipped` for those that ship
    rules: PathBuf,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ApplyCommand {
    /// A file of rules to put into force first, or `shipped`; without it the rules in force are
    /// applied
    rules: Option<PathBuf>,
    /// Who sets the rules
    #[arg(long, value_name = "NAME", default_value = "cli")]
    by: String,
}

impl DryRunCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let text = read(&self.rules)?;
        Rules::parse(&text)?;
        let (db, workspace) = crate::cli::find(config).await?;
        let (bar, now) = (Bar::new(), Clock::default().now());
        let comparison = ruled::dry_run(&db, &workspace, &text, now, &mut bar.progress()).await?;
        bar.end();
        if config.json {
            return crate::cli::say_json(&comparison);
        }
        report(&db, &workspace, &comparison).await
    }
}

impl ApplyCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let text = self.rules.as_deref().map(read).transpose()?;
        let (db, mut workspace) = crate::cli::find(config).await?;
        if let Some(text) = text {
            workspace = set(&db, &workspace, &text, &self.by).await?;
        }
        let bar = Bar::new();
        let applied = ruled::apply(&db, &workspace, &mut bar.progress()).await?;
        bar.end();
        let profiles = store::profile::count(&db, &workspace.id).await?;
        let version = workspace.rules.version;
        if config.json {
            return crate::cli::say_json(
                &json!({"version": version, "links": applied.links, "settled": applied.settled, "profiles": profiles}),
            );
        }
        crate::cli::say(&format!(
            "rules version {version} applied: {} of {} decided anew, {}",
            applied.settled,
            count(applied.links as u64, "link"),
            count(profiles.unsigned_abs(), "profile")
        ));
        Ok(())
    }
}

/// The text of a file of rules.
pub(super) fn read(file: &Path) -> Result<String> {
    if file == Path::new("shipped") {
        return Ok(SHIPPED.to_owned());
    }
    std::fs::read_to_string(file)
        .map_err(|error| Error::invalid(format!("cannot read {}: {error}", file.display())))
}

/// Puts rules into force, unless they are already, and returns the workspace with them.
pub(super) async fn set(db: &Db, workspace: &Workspace, text: &str, by: &str) -> Result<Workspace> {
    ruled::set(db, &workspace.id, text, by, Clock::default().now()).await?;
    let found = store::access::workspace_by_id(db, &workspace.id).await?;
    found.ok_or_else(|| Error::internal("the workspace is gone"))
}

async fn report(db: &Db, workspace: &Workspace, comparison: &RulesDiff) -> Result<()> {
    let RulesDiff {
        before,
        after,
        kept,
        merged,
        split,
        ..
    } = comparison;
    let say = crate::cli::say;
    let now = count(*before as u64, "profile");
    say(&format!("{now} now, {after} under these rules"));
    say(&format!("  {kept} stay as they are"));
    say(&format!("  {merged} are joined with others"));
    say(&format!("  {split} are parted"));
    if !comparison.merges.is_empty() {
        say("joined, for example");
    }
    for merge in &comparison.merges {
        let mut names = Vec::new();
        for id in merge.profiles.iter().take(NAMED) {
            names.push(who(db, workspace, &id.oldest_link()).await?);
        }
        if merge.count > NAMED {
            names.push(format!("{} more", merge.count - NAMED));
        }
        line(&format!("  {}", names.join("  +  ")));
    }
    if !comparison.splits.is_empty() {
        say("parted, for example");
    }
    for parting in &comparison.splits {
        let who = who(db, workspace, &parting.profile.oldest_link()).await?;
        let what = match parting.count {
            0 => "belongs to nobody any more".to_owned(),
            1 => "loses some of its events".to_owned(),
            count => format!("becomes {count}"),
        };
        line(&format!("  {who}  {what}"));
    }
    Ok(())
}
