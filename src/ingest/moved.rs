//! Events that stand under other links once they are read under other rules, and what follows for
//! records and documents.

use super::batch_links::BatchLinks;
use super::component::Component;
use super::read_event::ReadEvent;
use super::{batch_queries, settle_with};
use crate::Result;
use crate::clock::Time;
use crate::id::LinkId;
use crate::store::access::Workspace;
use crate::store::event::LogPosition;
use crate::store::link::StoredLink;
use crate::store::{self, Tx};
use std::collections::{BTreeSet, HashMap};

/// Events that are read at a time.
const PAGE: i64 = 5_000;

/// Puts the events of these links under the links that the rules in force give them.
pub(crate) async fn move_events(
    tx: &mut Tx,
    workspace: &Workspace,
    held: Vec<StoredLink>,
) -> Result<()> {
    let mut left: HashMap<LinkId, Option<Time>> = HashMap::new();
    let (mut moved, mut rows) = (Vec::new(), Vec::new());
    let mut stayed: Vec<ReadEvent> = Vec::new();
    for link in held
        .into_iter()
        .filter(|held| held.link.moved_to().is_none())
    {
        let id = link.link.id.clone();
        let (before, remaining) = (moved.len(), stayed.len());
        let mut after = (Time::MIN, LogPosition::default());
        loop {
            let page = store::event::of_link(tx, &workspace.id, &id, None, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.event.at, LogPosition::of(&last.event));
            for mut logged in page {
                let event = ReadEvent::of(workspace, &logged.event);
                if *event.link() == id {
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
    let links: Vec<LinkId> = left.keys().cloned().collect();
    store::record::remove(tx, &workspace.id, &links).await?;
    let batch = BatchLinks::of(moved.iter());
    let seeds: BTreeSet<&LinkId> = left.keys().chain(batch.ids()).collect();
    let seeds: Vec<LinkId> = seeds.into_iter().cloned().collect();
    let stored = store::link::load(tx, &workspace.id, &seeds).await?;
    let stored: HashMap<LinkId, StoredLink> = stored
        .into_iter()
        .map(|held| (held.link.id.clone(), held))
        .collect();
    let changed = batch.after_move(&stored, &left);
    let mut component = Component::load(tx, workspace, changed, stored.into_values()).await?;
    let stale = batch.present.keys().map(|link| (*link).clone());
    component.stale = stale.chain(left.into_keys()).collect();
    let all = || moved.iter().chain(&stayed);
    let records = batch_queries::ask_records(tx, workspace, all())
        .get(tx)
        .await?;
    settle_with(tx, workspace, component, all(), records).await
}
