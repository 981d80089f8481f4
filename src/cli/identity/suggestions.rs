//! `acquaint identity suggestions`: what matching found, and what people say to it.

use super::matching::clean;
use crate::cli::{find, say, say_json};
use crate::clock::{Clock, rfc3339};
use crate::config::Config;
use crate::identity::decision::By;
use crate::ingest::matching;
use crate::store;
use crate::store::suggestion::Suggestion;
use crate::{Error, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Suggestions {
    /// List suggestions, the likeliest first
    List {
        /// Which ones
        #[arg(long, value_enum, default_value_t = State::Open)]
        state: State,
        /// How many to show
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
    /// Join the two customers of a suggestion; `acquaint identity undo` takes it back
    Accept(Answer),
    /// Keep the two customers of a suggestion apart; they are not suggested again
    Reject(Answer),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Answer {
    /// The suggestion's id
    id: String,
    /// Why
    #[arg(long, default_value = "suggested by matching")]
    reason: String,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "cli")]
    by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum State {
    Open,
    Accepted,
    Rejected,
}

impl Suggestions {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::List { state, limit } => list(config, state, limit.clamp(1, 10_000)).await,
            Self::Accept(answer) => answer.give(config, true).await,
            Self::Reject(answer) => answer.give(config, false).await,
        }
    }
}

impl Answer {
    async fn give(self, config: &Config, accept: bool) -> Result<()> {
        let (db, workspace) = find(config).await?;
        let by = By {
            actor: self.by,
            reason: self.reason,
            at: Clock::default().now(),
        };
        let mut tx = db.begin().await?;
        let decision = if accept {
            Some(matching::accept(&mut tx, &workspace, &self.id, &by).await?)
        } else {
            matching::reject(&mut tx, &workspace, &self.id, &by).await?;
            None
        };
        tx.commit().await?;
        if config.json {
            return say_json(&json!({"id": self.id, "decision": decision}));
        }
        say(&match decision {
            Some(decision) => format!("joined; `acquaint identity undo {decision}` takes it back"),
            None => "kept apart; the two are not suggested again".to_owned(),
        });
        Ok(())
    }
}

async fn list(config: &Config, state: State, limit: i64) -> Result<()> {
    let (db, workspace) = find(config).await?;
    let word = match state {
        State::Open => "open",
        State::Accepted => "accepted",
        State::Rejected => "rejected",
    };
    let start = (i64::MAX, "");
    let found = store::suggestion::suggestions(&db, &workspace.id, word, start, limit).await?;
    if config.json {
        let all = found.iter().map(outside).collect::<Result<Vec<_>>>()?;
        return say_json(&all);
    }
    if found.is_empty() {
        say(&format!("no {word} suggestions"));
    }
    for suggestion in &found {
        let shown = outside(suggestion)?;
        let probability = shown["probability"].as_f64().unwrap_or_default();
        say(&format!("{}  {probability:.4}", suggestion.id));
        say(&format!(
            "  profile:{}  profile:{}",
            suggestion.one, suggestion.other
        ));
        for field in shown["fields"].as_array().into_iter().flatten() {
            say(&format!(
                "  {}",
                clean(field["words"].as_str().unwrap_or_default())
            ));
        }
    }
    Ok(())
}

fn outside(suggestion: &Suggestion) -> Result<Value> {
    let doc: Value = serde_json::from_str(&suggestion.doc)
        .map_err(|_| Error::internal("a suggestion cannot be read"))?;
    Ok(json!({
        "id": suggestion.id, "profiles": [suggestion.one, suggestion.other], "state": suggestion.state,
        "found_at": rfc3339(suggestion.found_at), "probability": doc["probability"], "weight": doc["weight"], "fields": doc["fields"],
    }))
}
