//! `acquaint identity match`: finds customers who are likely one, without a shared key.

use super::bar::Bar;
use super::decide::line;
use super::display::{count, who};
use crate::cli::{find, note, say, say_json};
use crate::clock::Clock;
use crate::config::Config;
use crate::id::{LinkId, ProfileId};
use crate::identity::decision::By;
use crate::steward::suggest::{self, Match, breakdown};
use crate::store::access::Workspace;
use crate::store::{self, Db};
use crate::{Error, Result, steward};
use clap::Args;
use serde_json::json;

/// How many pairs are shown.
const SHOWN: usize = 10;
/// How many new customers are matched in one run.
const NEW: i64 = 500;

#[derive(Args, Debug)]
pub(in crate::cli) struct MatchCommand {
    /// How likely two customers must be one
    #[arg(long, default_value_t = 0.95, value_name = "PROBABILITY")]
    threshold: f64,
    /// Say what would be found; write nothing
    #[arg(long, group = "what")]
    dry_run: bool,
    /// Put what is found into the queue of suggestions (what is done when nothing else is said)
    #[arg(long, group = "what")]
    suggest: bool,
    /// Join what is found; every join is a decision that can be undone
    #[arg(long, group = "what")]
    apply: bool,
    /// Match this customer alone, as type:value, against all others, from the index of the last run
    #[arg(long, conflicts_with = "new")]
    customer: Option<String>,
    /// Match those who are new or changed since the last run, from its index
    #[arg(long)]
    new: bool,
    /// Who joins
    #[arg(long, value_name = "NAME", default_value = "matching")]
    by: String,
}

impl MatchCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        if !(0.5..1.0).contains(&self.threshold) {
            return Err(Error::invalid(
                "`--threshold` is a probability from 0.5 to below 1",
            ));
        }
        let (db, workspace) = find(config).await?;
        if self.customer.is_some() || self.new {
            return self.by_index(&db, &workspace, config).await;
        }
        let bar = Bar::new();
        let found = suggest::find(&db, &workspace, self.threshold, &mut bar.progress()).await?;
        let now = Clock::default().now();
        if !self.dry_run {
            suggest::suggest(&db, &workspace, &found, now, &mut bar.progress()).await?;
        }
        let joined = self.join(&db, &workspace, &found.matches, &bar).await?;
        bar.end();
        let (people, clusters) = (found.people, found.clusters.len());
        if config.json {
            let matches: Vec<_> = found.matches.iter().map(shown).collect();
            return say_json(
                &json!({"people": people, "compared": found.compared, "clusters": found.clusters, "matches": matches, "joined": joined}),
            );
        }
        say(&format!(
            "{}, {} compared",
            count(people as u64, "customer"),
            count(found.compared, "pair")
        ));
        say(&format!(
            "{} likely one customer each, {} in all",
            count(clusters as u64, "group"),
            count(found.matches.len() as u64, "join")
        ));
        self.report(&db, &workspace, &found.matches, joined).await
    }

    async fn by_index(&self, db: &Db, workspace: &Workspace, config: &Config) -> Result<()> {
        if self.dry_run {
            return Err(Error::invalid(
                "`--dry-run` is for a run over everyone; one customer's matches are suggestions until someone joins them",
            ));
        }
        let now = Clock::default().now();
        let bar = Bar::new();
        let (mut people, mut matches) = (0, Vec::new());
        if let Some(customer) = &self.customer {
            let profile = steward::customer(db, workspace, customer).await?;
            matches = suggest::one(db, workspace, &profile, self.threshold, now).await?;
            people = 1;
        } else {
            loop {
                let new = store::matching::unmatched(db, &workspace.id, NEW).await?;
                if new.is_empty() {
                    break;
                }
                for profile in store::matching::profiles_of(db, &workspace.id, &new).await? {
                    matches
                        .extend(suggest::one(db, workspace, &profile, self.threshold, now).await?);
                    people += 1;
                    bar.progress()("matching", people, people);
                }
            }
        }
        let joined = self.join(db, workspace, &matches, &bar).await?;
        bar.end();
        if config.json {
            let matches: Vec<_> = matches.iter().map(shown).collect();
            return say_json(&json!({"people": people, "matches": matches, "joined": joined}));
        }
        say(&format!(
            "{} matched, {} found",
            count(people as u64, "customer"),
            matches.len()
        ));
        self.report(db, workspace, &matches, joined).await
    }

    async fn join(
        &self,
        db: &Db,
        workspace: &Workspace,
        matches: &[Match],
        bar: &Bar,
    ) -> Result<usize> {
        if !self.apply {
            return Ok(0);
        }
        let by = By {
            actor: self.by.clone(),
            reason: format!("matching at {}", self.threshold),
            at: Clock::default().now(),
        };
        suggest::apply(db, workspace, matches, &by, &mut bar.progress()).await
    }

    /// Prints the likeliest pairs, and what to do next.
    async fn report(
        &self,
        db: &Db,
        workspace: &Workspace,
        matches: &[Match],
        joined: usize,
    ) -> Result<()> {
        if !self.apply {
            for found in matches.iter().take(SHOWN) {
                line(&format!("{:.4}", found.score.probability));
                let words = found.score.fields.iter().map(|field| field.words.as_str());
                let pair = [&found.one, &found.other].map(ProfileId::oldest_link);
                tell(db, workspace, pair.each_ref(), words).await?;
            }
        }
        let more = matches.len().saturating_sub(SHOWN);
        if self.apply {
            say(&format!("{} made", count(joined as u64, "join")));
            note(
                "`acquaint identity decisions` lists them; `acquaint identity undo ID --reason …` takes one back",
            );
        } else if self.dry_run && more > 0 {
            note(&format!("{more} more; `--json` has all"));
        } else if !matches.is_empty() && !self.dry_run {
            note(
                "`acquaint identity suggestions list` shows all that is open; `accept ID` joins, `reject ID` keeps apart for good",
            );
        }
        Ok(())
    }
}

/// Prints the two customers of a pair, and the weight of each field.
pub(super) async fn tell(
    db: &Db,
    workspace: &Workspace,
    pair: [&LinkId; 2],
    words: impl Iterator<Item = &str>,
) -> Result<()> {
    for id in pair {
        line(&format!("  {}", who(db, workspace, id).await?));
    }
    for words in words {
        line(&format!("    {words}"));
    }
    Ok(())
}

fn shown(found: &Match) -> serde_json::Value {
    let mut shown = breakdown(&found.score);
    if let Some(map) = shown.as_object_mut() {
        map.insert("suggestion".to_owned(), json!(found.id()));
        map.insert("profiles".to_owned(), json!([found.one, found.other]));
    }
    shown
}
