//! `acquaint identity suggestions`: the pairs that matching found, accepting and rejecting.

use super::decide::line;
use super::matching::tell;
use crate::cli::{find, note, say, say_json};
use crate::clock::Clock;
use crate::config::{AuthorConfig, Config};
use crate::identity::decision::By;
use crate::steward::suggest;
use crate::store;
use crate::store::suggestion::Suggestion;
use crate::tool::cursor;
use crate::{Error, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SuggestionsCommand {
    /// List suggestions, the likeliest first
    List {
        /// Which ones
        #[arg(long, value_enum, default_value_t = SuggestionState::Open)]
        state: SuggestionState,
        /// How many to show
        #[arg(long, default_value_t = 20)]
        limit: i64,
        /// Where to go on: the `next_cursor` of an earlier page
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Join the two customers of a suggestion; `acquaint identity undo` takes it back
    Accept(AnswerArgs),
    /// Keep the two customers of a suggestion apart; they are not suggested again
    Reject(AnswerArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AnswerArgs {
    /// The suggestion's id, as `list` shows it
    id: String,
    /// Why, in a sentence; it is kept with the decision
    #[arg(long, default_value = "suggested by matching")]
    reason: String,
    #[command(flatten)]
    author: AuthorConfig,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SuggestionState {
    /// Nobody answered yet
    Open,
    /// Joined
    Accepted,
    /// Kept apart
    Rejected,
}

impl SuggestionState {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

impl SuggestionsCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        match self {
            Self::List {
                state,
                limit,
                cursor,
            } => list(config, state, limit.clamp(1, 10_000), cursor.as_deref()).await,
            Self::Accept(answer) => answer.give(config, true).await,
            Self::Reject(answer) => answer.give(config, false).await,
        }
    }
}

impl AnswerArgs {
    async fn give(self, config: &Config, accept: bool) -> Result<()> {
        let by = By::new(&self.author.by, &self.reason, Clock::default().now())?;
        let (db, workspace) = find(config).await?;
        let decision = if accept {
            Some(suggest::accept(&db, &workspace, &self.id, &by).await?)
        } else {
            suggest::reject(&db, &workspace, &self.id, &by).await?;
            None
        };
        if config.json {
            return say_json(&json!({"id": self.id, "decision": decision}));
        }
        match decision {
            Some(decision) => {
                say(&format!("{decision}  joined"));
                note(&format!(
                    "to take it back: acquaint identity undo {decision} --reason …"
                ));
            }
            None => say("kept apart; the two are not suggested again"),
        }
        Ok(())
    }
}

async fn list(
    config: &Config,
    state: SuggestionState,
    limit: i64,
    cursor: Option<&str>,
) -> Result<()> {
    let (weight, id) = cursor::decode(cursor)?;
    let (db, workspace) = find(config).await?;
    let (word, after) = (state.word(), (weight, id.as_str()));
    let mut found =
        store::suggestion::suggestions(&db, &workspace.id, word, after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| cursor::encode(last.weight, &last.id));
    if config.json {
        let data = found.iter().map(outside).collect::<Result<Vec<_>>>()?;
        return say_json(&json!({"data": data, "next_cursor": next}));
    }
    if found.is_empty() {
        say(&format!("no {word} suggestions"));
    }
    for suggestion in &found {
        let shown = outside(suggestion)?;
        let probability = shown["probability"].as_f64().unwrap_or_default();
        line(&format!("{}  {probability:.4}", suggestion.id));
        let fields = shown["fields"].as_array().into_iter().flatten();
        let words = fields.map(|field| field["words"].as_str().unwrap_or_default());
        tell(&db, &workspace, [&suggestion.one, &suggestion.other], words).await?;
    }
    if let Some(next) = next {
        note(&format!("more: --cursor {next}"));
    }
    Ok(())
}

fn outside(suggestion: &Suggestion) -> Result<Value> {
    let doc: Value = serde_json::from_str(&suggestion.doc)
        .map_err(|_| Error::internal("a suggestion cannot be read"))?;
    Ok(json!({
        "id": suggestion.id, "profiles": [suggestion.one, suggestion.other], "state": suggestion.state,
        "found_at": suggestion.found_at, "probability": doc["probability"], "weight": doc["weight"], "fields": doc["fields"],
    }))
}
