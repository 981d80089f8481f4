//! `acquaint identity`: explanations, decisions, rules and matching.

use crate::Result;
use crate::config::Config;
use clap::Subcommand;

mod apply;
mod bar;
mod decide;
mod decisions;
mod display;
mod explain;
mod export;
mod matching;
mod rules;
mod suggestions;

#[derive(Debug, Subcommand)]
pub(super) enum IdentityCommand {
    /// Say why a customer is who they are: links, what was left out and by which rule, decisions
    Explain(explain::ExplainCommand),
    /// Make one customer of two, by a decision that can be undone
    Merge(decide::MergeCommand),
    /// Part a customer: identifiers, or one link, are not theirs
    Split(decide::SplitCommand),
    /// Take decisions back, as if they had never been made
    Undo(decide::UndoCommand),
    /// Who decided what, and why; newest first
    Decisions(decisions::DecisionsCommand),
    /// The rules of identity, as data
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Say what other rules would make of everything; nothing is changed
    DryRun(apply::DryRunCommand),
    /// Put rules into force and decide everything anew under them, while the server goes on; can be
    /// run again when cut off
    Apply(apply::ApplyCommand),
    /// Find customers who are likely one, though no identifier says so
    #[command(name = "match")]
    Matching(matching::MatchCommand),
    /// What matching suggests
    #[command(subcommand)]
    Suggestions(suggestions::SuggestionsCommand),
    /// Print which profile every imported record belongs to
    Export(export::ExportCommand),
}

impl IdentityCommand {
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
