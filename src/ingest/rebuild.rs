//! Folding the log anew: everything derived is emptied and made again, to the same bytes.

use super::batch_queries::BatchQueries;
use super::read_event::ReadEvent;
use super::{LogEnd, decision, fold};
use crate::store::access::Workspace;
use crate::store::event::{LogPosition, LoggedEvent};
use crate::store::{self, Db, Tx};
use crate::{Error, Result};

/// Events folded at a time.
const PAGE: i64 = 2_000;

/// Folds anew what an older version of this program derived, as [`rebuild`] does, for every
/// workspace of a database that was just opened. `progress` is told how many events there are in
/// all and how many are done.
///
/// # Errors
/// When the database refuses; then nothing has changed.
pub async fn renew(db: &Db, mut progress: impl FnMut(u64, u64)) -> Result<()> {
    for id in store::access::outdated(db).await? {
        let Some(workspace) = store::access::workspace_by_id(db, &id).await? else {
            continue;
        };
        let total = u64::try_from(store::event::count(db, &id).await?).unwrap_or(0);
        let mut tx = db.begin().await?;
        tx.lock(&id).await?;
        // Another process may have done it meanwhile.
        if !store::access::set_folded(&mut tx, &id).await? {
            continue;
        }
        progress(total, 0);
        refold(&mut tx, &workspace, |done| progress(total, done)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Empties everything derived and folds the log again, in one transaction; how many events there
/// are. The same log gives the same bytes. `progress` is told how many are done.
///
/// # Errors
/// [`Error::Conflict`] when the rules change meanwhile. Then nothing has changed.
pub async fn rebuild(db: &Db, workspace: &Workspace, progress: impl FnMut(u64)) -> Result<u64> {
    let mut tx = db.begin().await?;
    let events = refold(&mut tx, workspace, progress).await?;
    tx.commit().await?;
    Ok(events)
}

/// What a rebuild does within its transaction.
async fn refold(tx: &mut Tx, workspace: &Workspace, mut progress: impl FnMut(u64)) -> Result<u64> {
    tx.lock(&workspace.id).await?;
    if store::identity::rules_state(tx, &workspace.id).await?.rules != workspace.rules.version {
        return Err(Error::Conflict(
            "the rules changed meanwhile; run it again".to_owned(),
        ));
    }
    store::profile::clear_derived(tx, &workspace.id).await?;
    let (mut after, mut total) = (LogPosition::default(), 0);
    loop {
        let page = store::event::page_in(tx, &workspace.id, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        let before = std::mem::replace(&mut after, LogPosition::of(&last.event));
        total += page.len() as u64;
        let events = relink(tx, workspace, page).await?;
        let queries = BatchQueries::ask(tx, workspace, events.iter());
        let events: Vec<&ReadEvent> = events.iter().collect();
        let log = LogEnd {
            new: &[],
            upto: Some(&before),
        };
        fold(tx, workspace, &events, queries, log).await?;
        progress(total);
    }
    decision::follow(tx, workspace).await?;
    let rules = workspace.rules.version;
    store::identity::set_applied(tx, &workspace.id, rules).await?;
    Ok(total)
}

/// Reads events under the present rules and puts them under the links that these give them.
async fn relink(
    tx: &mut Tx,
    workspace: &Workspace,
    page: Vec<LoggedEvent>,
) -> Result<Vec<ReadEvent>> {
    let (mut events, mut moved) = (Vec::with_capacity(page.len()), Vec::new());
    for mut logged in page {
        let event = ReadEvent::of(workspace, &logged.event);
        if logged.link != *event.link() {
            event.link().clone_into(&mut logged.link);
            moved.push(logged);
        }
        events.push(event);
    }
    store::event::relink(tx, &workspace.id, &moved).await?;
    Ok(events)
}
