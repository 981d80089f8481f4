//! Events that stand under other links once they are read under other rules, and what follows for records and documents.

use super::document::finish;
use super::read_event::ReadEvent;
use super::{resolve, telling};
use crate::Result;
use crate::store::access::Workspace;
use crate::store::event::Place;
use crate::store::link::StoredLink;
use crate::store::{self, Tx};
use std::collections::HashMap;

/// Events that are read at a time.
const PAGE: i64 = 5_000;

/// Puts the events of these links under the links that the rules in force give them.
pub(crate) async fn move_events(
    tx: &mut Tx,
    workspace: &Workspace,
    held: Vec<StoredLink>,
) -> Result<()> {
    let mut left: HashMap<String, Option<i64>> = HashMap::new();
    let (mut moved, mut rows) = (Vec::new(), Vec::new());
    let mut stayed: Vec<ReadEvent> = Vec::new();
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
                let event = ReadEvent::of(workspace, &logged.event);
                if event.link() == id {
                    stayed.push(event);
                } else {
                    event.link().clone_into(&mut logged.link);
                    rows.push(logged);
                    moved.push(event);
                }
            }
        }
        if moved.len() == before {
            stayed.truncate(remaining);
            continue;
        }
        // Oldest first, as they were read.
        left.insert(id, stayed.get(remaining).map(ReadEvent::at));
    }
    if moved.is_empty() {
        return Ok(());
    }
    store::event::relink(tx, &workspace.id, &rows).await?;
    let links: Vec<String> = left.keys().cloned().collect();
    store::record::forget(tx, &workspace.id, &links).await?;
    let batch: Vec<&ReadEvent> = moved.iter().collect();
    let resolved = resolve::resolve_moved(tx, workspace, &batch, &left).await?;
    let all = || moved.iter().chain(&stayed);
    let stored = telling::ask(tx, workspace, all());
    let things = telling::things(all(), stored.get(tx).await?, &resolved);
    finish(tx, workspace, &[], things, resolved).await
}
