//! `acquaint source`: the sources of events.

use crate::clock::{Clock, random_id};
use crate::config::Config;
use crate::source::{self, Intake, SOURCES, SourceKind};
use crate::store::{self, access};
use crate::tool::cursor::START;
use crate::{Error, Result, steward};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum SourceCommand {
    /// Add a source and print its write key
    Add {
        /// Its name; lower case letters, digits, - and _
        name: String,
        #[arg(long, help = kinds())]
        kind: String,
        /// The secret with which the other system signs its webhooks
        #[arg(long)]
        secret: Option<String>,
    },
    /// List the sources with their write keys
    List,
    /// Give a source a new write key, and a new secret if one is named
    Rotate {
        /// The source's name
        name: String,
        /// The new webhook secret
        #[arg(long)]
        secret: Option<String>,
    },
    /// Show the events that were refused, newest first, with the reason and what was sent
    Rejects {
        /// The source's name
        name: String,
        /// How many to show
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
}

impl SourceCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::Add { name, kind, secret } => add(config, name, kind, secret).await,
            Self::List => list(config).await,
            Self::Rotate { name, secret } => {
                let (db, workspace) = super::find(config).await?;
                let write_key = new_write_key();
                let secret = secret.as_deref();
                steward::access::rotate_source(&db, &workspace.id, &name, &write_key, secret)
                    .await?;
                if config.json {
                    return super::say_json(&json!({"source": name, "write_key": write_key}));
                }
                super::say(&write_key);
                Ok(())
            }
            Self::Rejects { name, limit } => rejects(config, &name, limit).await,
        }
    }
}

/// The help of `--kind`.
fn kinds() -> String {
    let words = |kind: &SourceKind| match kind.also_for {
        Some(other) => format!("{} (also for {other})", kind.name),
        None => kind.name.to_owned(),
    };
    let mut each: Vec<String> = SOURCES.iter().map(words).collect();
    let last = each.pop().unwrap_or_default();
    format!("What it is: {} or {last}", each.join(", "))
}

pub(super) fn new_write_key() -> String {
    random_id("wk_", 15)
}

/// Refuses an invalid name of a source.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 60 || !name.chars().all(plain) {
        return Err(Error::invalid(
            "a source's name has 1 to 60 lower case letters, digits, - and _",
        ));
    }
    Ok(())
}

async fn add(config: &Config, name: String, kind: String, secret: Option<String>) -> Result<()> {
    check_name(&name)?;
    let intake = &source::kind(&kind)?.intake;
    if matches!(intake, Intake::Webhook(_))
        && secret
            .as_deref()
            .is_none_or(|secret| secret.trim().is_empty())
    {
        return Err(Error::invalid(format!(
            "{kind} signs its webhooks; give its signing secret with `--secret`"
        )));
    }
    let (db, workspace) = super::open(config).await?;
    let write_key = new_write_key();
    let new = access::Source {
        workspace: workspace.id,
        name: name.clone(),
        kind: kind.clone(),
        write_key: write_key.clone(),
        secret,
        created_at: Clock::default().now(),
    };
    steward::access::add_sources(&db, &[new]).await?;
    if config.json {
        return super::say_json(&json!({"source": name, "kind": kind, "write_key": write_key}));
    }
    super::say(&write_key);
    let use_it = match intake {
        Intake::Webhook(_) => format!("point its webhooks at /v1/webhooks/{name}"),
        Intake::File => {
            format!("read files with `acquaint import FILE --format csv --source {name}`")
        }
        Intake::Sdk { .. } => "use it as the SDK's write key".to_owned(),
    };
    super::note(&format!("source `{name}` is added; {use_it}"));
    Ok(())
}

async fn list(config: &Config) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    let sources = access::sources(&db, &workspace.id).await?;
    if config.json {
        let rows = sources.iter().map(|source| {
            json!({"source": source.name, "kind": source.kind, "write_key": source.write_key, "created_at": source.created_at})
        });
        return super::say_json(&rows.collect::<Vec<_>>());
    }
    let rows: Vec<_> = sources
        .iter()
        .map(|source| {
            vec![
                source.name.clone(),
                source.kind.clone(),
                source.write_key.clone(),
                source.created_at.to_string(),
            ]
        })
        .collect();
    super::table(&["SOURCE", "KIND", "WRITE KEY", "CREATED"], &rows);
    Ok(())
}

async fn rejects(config: &Config, name: &str, limit: i64) -> Result<()> {
    let (db, workspace) = super::find(config).await?;
    let rejected =
        store::reject::of_source(&db, &workspace.id, name, START, limit.clamp(1, 10_000)).await?;
    if rejected.is_empty()
        && !access::sources(&db, &workspace.id)
            .await?
            .iter()
            .any(|source| source.name == name)
    {
        return Err(Error::NotFound(format!(
            "no source `{name}`; `acquaint source list` shows the ones there are"
        )));
    }
    if config.json {
        let rows = rejected.iter().map(|reject| {
            json!({"id": reject.id, "code": reject.code, "message": reject.message, "message_id": reject.message_id,
                   "received_at": reject.received_at, "body": reject.body})
        });
        return super::say_json(&rows.collect::<Vec<_>>());
    }
    for reject in &rejected {
        super::say(&format!(
            "{}  {}  {}",
            reject.received_at, reject.code, reject.message
        ));
        super::say(&format!(
            "    {}",
            reject.body.chars().take(400).collect::<String>()
        ));
    }
    if rejected.is_empty() {
        super::note("nothing was refused");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_help_of_a_kind_names_all() {
        let help = super::kinds();
        for kind in crate::source::SOURCES {
            let also = kind.also_for.unwrap_or(kind.name);
            assert!(help.contains(kind.name) && help.contains(also), "{help}");
        }
        assert!(help.contains("segment (also for RudderStack), "), "{help}");
        assert!(help.contains(" or "), "{help}");
    }
}
