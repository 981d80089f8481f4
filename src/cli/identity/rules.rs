//! `acquaint identity rules`: the versions of the rules.

use super::apply;
use super::decide::line;
use crate::config::{AuthorConfig, Config};
use crate::identity::{Rules, SHIPPED};
use crate::store::identity::RulesVersion;
use crate::{Error, Result, cli, steward, store};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RulesCommand {
    /// Print the rules in force
    Show {
        /// Those of this version; 0 is what ships
        #[arg(long)]
        version: Option<i64>,
    },
    /// Put rules into force for what comes in from now on
    Set {
        /// A file of rules, or `shipped` for those that ship
        file: PathBuf,
        #[command(flatten)]
        author: AuthorConfig,
    },
    /// List the versions there are
    List,
    /// Say whether a file of rules can be used
    Check {
        /// A file of rules
        file: PathBuf,
    },
}

impl RulesCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::Show { version } => show(config, version).await,
            Self::Set { file, author } => {
                let text = apply::read(&file)?;
                Rules::parse(&text)?;
                set(config, &text, &author.by).await
            }
            Self::List => list(config).await,
            Self::Check { file } => {
                Rules::parse(&apply::read(&file)?)?;
                if config.json {
                    return cli::say_json(&json!({"usable": true}));
                }
                cli::say("these rules can be used");
                Ok(())
            }
        }
    }
}

async fn show(config: &Config, version: Option<i64>) -> Result<()> {
    let (db, workspace) = cli::find(config).await?;
    let version = version.unwrap_or(workspace.rules.version);
    let versions = store::identity::rules_versions(&db, &workspace.id, version).await?;
    let found = versions.into_iter().find(|row| row.version == version);
    let text = match found {
        Some(row) => row.text,
        None if version == 0 => SHIPPED.to_owned(),
        None => {
            return Err(Error::NotFound(format!(
                "no version {version} of the rules; `acquaint identity rules list` shows the ones there are"
            )));
        }
    };
    if config.json {
        return cli::say_json(&json!({"version": version, "rules": text}));
    }
    cli::say(text.trim_end());
    Ok(())
}

async fn set(config: &Config, text: &str, by: &str) -> Result<()> {
    let (db, workspace) = cli::open(config).await?;
    let workspace = apply::set(&db, &workspace, text, by).await?;
    let version = workspace.rules.version;
    if config.json {
        return cli::say_json(&json!({"version": version}));
    }
    cli::say(&format!(
        "version {version} is in force for what comes in from now on"
    ));
    cli::note("`acquaint identity apply` decides anew under it what is there already");
    Ok(())
}

async fn list(config: &Config) -> Result<()> {
    let (db, workspace) = cli::find(config).await?;
    let state = steward::rules::state(&db, &workspace.id).await?;
    let versions = store::identity::rules_versions(&db, &workspace.id, state.rules).await?;
    if config.json {
        let row = |row: &RulesVersion| json!({"version": row.version, "by": row.actor, "at": row.created_at});
        let rows: Vec<_> = versions.iter().map(row).collect();
        return cli::say_json(
            &json!({"in_force": state.rules, "applied": state.applied, "versions": rows}),
        );
    }
    line(&format!("0  what ships{}", state_of(0, &state)));
    for row in &versions {
        let RulesVersion {
            version,
            actor,
            created_at,
            ..
        } = row;
        let state = state_of(*version, &state);
        line(&format!("{version}  {created_at}  by {actor}{state}"));
    }
    Ok(())
}

fn state_of(version: i64, state: &store::identity::RulesState) -> &'static str {
    match (version == state.rules, version == state.applied) {
        (true, true) => "  in force, applied to everything",
        (true, false) => "  in force for what comes in",
        (false, true) => "  applied to what was there before",
        (false, false) => "",
    }
}
