//! `acquaint identity`: who is who, and why.

use crate::Result;
use crate::config::Config;
use clap::Subcommand;

mod apply;
mod export;

#[derive(Debug, Subcommand)]
pub(super) enum Identity {
    /// Say what other rules would make of everything; nothing is changed
    DryRun(apply::DryRun),
    /// Put rules into force and decide everything anew under them, while the server goes on; can be run again when cut off
    Apply(apply::Apply),
    /// Print which profile every imported record belongs to
    Export(export::Export),
}

impl Identity {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::DryRun(command) => command.run(config).await,
            Self::Apply(command) => command.run(config).await,
            Self::Export(command) => command.run(config).await,
        }
    }
}
