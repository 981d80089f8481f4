//! Events that stand under other links once they are read under other rules, and what follows for records and documents.

use super::document::finish;
use super::resolve;
use super::telling::{self, Said};
use crate::Result;
use crate::identity::Carried;
use crate::store::access::Workspace;
use crate::store::event::{Logged, Place};
use crate::store::link::Held;
use crate::store::{self, Tx};
use std::collections::HashMap;

/// Events that are read at a time.
const PAGE: i64 = 5_000;

/// Puts the events of these links under the links that the rules in force give them.
pub(crate) async fn move_events(tx: &mut Tx, workspace: &Workspace, held: Vec<Held>) -> Result<()> {
    let mut left: HashMap<String, Option<i64>> = HashMap::new();
    let (mut moved, mut carried) = (Vec::new(), Vec::new());
    let mut stayed: Vec<Logged> = Vec::new();
    for link in held
        .into_iter()
        .filter(|held| held.link.moved_to().is_none())
    {
        let id = link.link.id.clone();
        let (before, remaining) = (moved.len(), stayed.len());
        let mut after = (i64::MIN, Place::default());
        loop {
            let page = store::event::of_link(tx, &workspace.id, &id, None, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.event.at, Place::of(&last.event));
            for mut logged in page {
                let now = workspace.rules.read(&workspace.secret, &logged.event);
                if now.link == id {
                    stayed.push(logged);
                } else {
                    logged.link.clone_from(&now.link);
                    moved.push(logged);
                    carried.push(now);
                }
            }
        }
        if moved.len() == before {
            stayed.truncate(remaining);
            continue;
        }
        // Oldest first, as they were read.
        left.insert(id, stayed.get(remaining).map(|logged| logged.event.at));
    }
    if moved.is_empty() {
        return Ok(());
    }
    store::event::relink(tx, &workspace.id, &moved).await?;
    let links: Vec<String> = left.keys().cloned().collect();
    store::record::forget(tx, &workspace.id, &links).await?;
    let carried: Vec<&Carried> = carried.iter().collect();
    let resolved = resolve::resolve_moved(tx, workspace, &moved, &carried, &left).await?;
    let told = [moved, stayed].concat();
    let told = Said::by_all(&told);
    let stored = telling::ask(tx, workspace, told.iter());
    let things = telling::things(told, stored.get(tx).await?, &resolved);
    finish(tx, workspace, &[], things, resolved).await
}
