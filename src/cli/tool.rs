//! `acquaint tool`: the catalogue in a provider's format, and calls from the shell.

use crate::clock::Clock;
use crate::config::Config;
use crate::tool::caller::{Caller, Scope, Verification};
use crate::tool::format::Format;
use crate::tool::{Tools, error_value};
use crate::{Error, Result, steward, store};
use clap::Subcommand;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum ToolCommand {
    /// List the tools
    List,
    /// Print the catalogue as a provider's API takes it
    Export {
        /// openai-chat, openai-responses, anthropic, gemini or mcp
        #[arg(long, default_value = "openai-chat")]
        format: String,
        /// Keep schemas to the provider's strict subset
        #[arg(long)]
        strict: bool,
        /// With the `customer` argument that keys with `customers:any` have
        #[arg(long)]
        staff: bool,
    },
    /// Run a tool and print its answer
    Call {
        /// The tool's name
        name: String,
        /// The customer as type:value
        #[arg(long)]
        customer: String,
        /// The arguments as a JSON object
        #[arg(long, default_value = "{}")]
        args: String,
    },
}

impl ToolCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::List => list(config).await,
            Self::Export {
                format,
                strict,
                staff,
            } => {
                let format = Format::parse(&format)?;
                let catalogue = in_memory().await?.catalogue(format, strict, staff);
                super::say(&serde_json::to_string_pretty(&catalogue).unwrap_or_default());
                Ok(())
            }
            Self::Call {
                name,
                customer,
                args,
            } => call(config, &name, &customer, &args).await,
        }
    }
}

/// The tools over an empty database, for the catalogue.
async fn in_memory() -> Result<Tools> {
    Tools::new(store::open("sqlite::memory:").await?, Clock::default())
}

async fn list(config: &Config) -> Result<()> {
    let tools = in_memory().await?;
    if config.json {
        let rows = tools.all().iter().map(
            |tool| json!({"name": tool.name, "description": tool.declaration(false).description}),
        );
        return super::say_json(&rows.collect::<Vec<_>>());
    }
    for tool in tools.all() {
        super::say(tool.name);
        super::say(&format!("    {}", tool.declaration(false).description));
    }
    Ok(())
}

async fn call(config: &Config, name: &str, customer: &str, args: &str) -> Result<()> {
    let arguments: Value = serde_json::from_str(args)
        .map_err(|error| Error::invalid(format!("`--args` must be a JSON object: {error}")))?;
    let (db, workspace) = super::find(config).await?;
    let profile = steward::customer(&db, &workspace, customer).await?;
    let caller = Caller {
        workspace: Arc::new(workspace),
        scopes: vec![Scope::ProfileRead],
        customer: Some(profile.id.oldest_link()),
        verification: Verification::Verified,
        id: "cli".to_owned(),
        expires_at: None,
    };
    let outcome = Tools::new(db, Clock::default())?
        .call(&caller, name, arguments)
        .await;
    let shown = outcome.as_ref().map_or_else(error_value, |envelope| {
        serde_json::to_value(envelope).unwrap_or_default()
    });
    match (outcome, config.json) {
        (Ok(_), true) => super::say_json(&shown),
        (Ok(_), false) => {
            super::say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
            Ok(())
        }
        (Err(error), _) => Err(error),
    }
}
