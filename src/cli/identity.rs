//! `acquaint identity`: who is who, and why.

use crate::Result;
use crate::config::Config;
use clap::Subcommand;

mod apply;
mod bar;
mod decide;
mod decisions;
mod explain;
mod export;
mod matching;
mod rules;
mod suggestions;
mod words;

#[derive(Debug, Subcommand)]
pub(super) enum Identity {
    /// Say why a customer is who they are: links, what was left out and by which rule, decisions
    Explain(explain::Explain),
    /// Make one customer of two, by a decision that can be undone
    Merge(decide::Merge),
    /// Part a customer: identifiers, or one link, are not theirs
    Split(decide::Split),
    /// Take decisions back, as if they had never been made
    Undo(decide::Undo),
    /// Who decided what, and why; newest first
    Decisions(decisions::Decisions),
    /// The rules of identity, as data
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Say what other rules would make of everything; nothing is changed
    DryRun(apply::DryRun),
    /// Put rules into force and decide everything anew under them, while the server goes on; can be run again when cut off
    Apply(apply::Apply),
    /// Find customers who are likely one, though no identifier says so
    #[command(name = "match")]
    Matching(matching::Matching),
    /// What matching suggests
    #[command(subcommand)]
    Suggestions(suggestions::Suggestions),
    /// Print which profile every imported record belongs to
    Export(export::Export),
}

impl Identity {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::Explain(command) => command.run(config).await,
            Self::Merge(command) => command.run(config).await,
            Self::Split(command) => command.run(config).await,
            Self::Undo(command) => command.run(config).await,
            Self::Decisions(command) => command.run(config).await,
            Self::Rules(command) => command.run(config).await,
            Self::DryRun(command) => command.run(config).await,
            Self::Apply(command) => command.run(config).await,
            Self::Matching(command) => command.run(config).await,
            Self::Suggestions(command) => command.run(config).await,
            Self::Export(command) => command.run(config).await,
        }
    }
}
