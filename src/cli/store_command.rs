//! `acquaint store`: maintenance of the store.

use crate::config::Config;
use crate::{Result, ingest, store};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Drop everything that is derived and fold the log again; the result is the same to the byte
    Rebuild,
}

impl StoreCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        let Self::Rebuild = self;
        let (db, workspace) = super::find(config).await?;
        let total = u64::try_from(store::event::count(&db, &workspace.id).await?).unwrap_or(0);
        let bar = super::import::bar(total, "events");
        let events = ingest::rebuild(&db, &workspace, |done| bar.set_position(done)).await?;
        bar.finish_and_clear();
        let profiles = store::profile::count(&db, &workspace.id).await?;
        if config.json {
            return super::say_json(&json!({"events": events, "profiles": profiles}));
        }
        super::say(&format!("{events} events folded into {profiles} profiles"));
        Ok(())
    }
}
