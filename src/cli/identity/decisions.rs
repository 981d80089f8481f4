//! `acquaint identity decisions`: the list of decisions.

use super::decide::line;
use crate::config::Config;
use crate::identity::decision::DecisionSummary;
use crate::steward::audit;
use crate::{Result, cli, steward};
use clap::Args;

#[derive(Args, Debug)]
pub(in crate::cli) struct DecisionsCommand {
    /// Only those about this customer, as type:value
    #[arg(long)]
    customer: Option<String>,
    /// How many to show
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Where to go on: the `next_cursor` of an earlier page
    #[arg(long)]
    cursor: Option<String>,
}

impl DecisionsCommand {
    pub(in crate::cli) async fn run(self, config: &Config) -> Result<()> {
        let (db, workspace) = cli::find(config).await?;
        let profile = match &self.customer {
            Some(customer) => Some(steward::customer(&db, &workspace, customer).await?.id),
            None => None,
        };
        let (limit, cursor) = (self.limit.clamp(1, 1_000), self.cursor.as_deref());
        let page = audit::decisions(&db, &workspace, profile.as_ref(), cursor, limit).await?;
        if config.json {
            return cli::say_json(&page);
        }
        for DecisionSummary {
            id,
            kind,
            what,
            by,
            reason,
            at,
            undone_by,
            ..
        } in &page.data
        {
            let state = undone_by.as_ref().map(|undo| format!(", undone by {undo}"));
            line(&format!(
                "{at}  {id}  {kind} by {by}{}",
                state.unwrap_or_default()
            ));
            line(&format!("  {what}"));
            line(&format!("  because: {reason}"));
        }
        if let Some(next) = page.next_cursor {
            cli::note(&format!("more: --cursor {next}"));
        }
        Ok(())
    }
}
