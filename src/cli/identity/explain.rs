//! `acquaint identity explain`: why links belong to one customer.

use crate::Result;
use crate::cli;
use crate::config::Config;
use crate::steward;
use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub(in crate::cli) struct ExplainCommand {
    /// The customer as type:value, such as email:ada@example.com
    #[arg(long)]
    customer: String,
    /// How it is written; `--json` is `--format json`
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    format: ExplainFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// Lines to read from top to bottom
    Text,
    /// One object
    Json,
    /// A picture
    Svg,
}

impl ExplainCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let (db, workspace) = cli::find(config).await?;
        let profile = steward::customer(&db, &workspace, &self.customer).await?;
        let explanation = steward::explain(&db, &workspace, &profile.id).await?;
        match self.format {
            _ if config.json => return cli::say_json(&explanation),
            ExplainFormat::Json => return cli::say_json(&explanation),
            ExplainFormat::Text => cli::say(explanation.text().trim_end()),
            ExplainFormat::Svg => cli::say(&explanation.svg()),
        }
        Ok(())
    }
}
