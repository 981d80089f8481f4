//! THE write path: events in, and in one transaction the log, identity, profiles and records are all up to date.
//!
//! [`take`] is that transaction's work; [`rebuild`] does the same from the log alone. What is decided is decided by the pure
//! folds of `identity` and `profile`; here it is read, handed over and written, one statement per table.

use crate::event::Event;
use crate::store::access::Workspace;
use crate::store::event::{Logged, NewEvent, Place};
use crate::store::link::StoredLink;
use crate::store::record::Told;
use crate::store::reject::Rejected;
use crate::store::{self, Answer, Db, Tx};
use crate::{Error, Result};
use std::collections::HashSet;

mod component;
mod decision;
mod deliver;
mod document;
mod moved;
mod queue;
mod read_event;
mod resolve;
mod resolved;
mod step;
mod telling;

pub(crate) use component::Component;
pub use deliver::Feed;
pub(crate) use moved::move_events;
pub use queue::{Ingest, Patience, Receipt, Refused};

use document::finish;
use read_event::ReadEvent;
use resolved::Resolved;
use telling::Things;

/// Events folded at a time by a rebuild.
const REBUILD_PAGE: i64 = 2_000;

/// What became of a set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events that were new.
    pub new: usize,
    /// Events that were in the log already.
    pub known: usize,
}

/// An event with all that can be known of it without the database: how identity and profile read it,
/// and its row in the log.
#[derive(Clone, Debug)]
pub struct Prepared {
    read: ReadEvent,
    new: NewEvent,
    /// The version of the rules that it was read under.
    rules: i64,
}

/// Prepares an event. Requests do this side by side, so that the one committer need not.
///
/// # Errors
/// When the event cannot be written as JSON, which never happens to an event that was checked.
pub fn prepare(workspace: &Workspace, event: &Event) -> Result<Prepared> {
    let read = ReadEvent::of(workspace, event);
    Ok(Prepared {
        new: NewEvent::of(event, read.link().to_owned())?,
        read,
        rules: workspace.rules.version,
    })
}

impl Prepared {
    /// The same event read under the rules that the workspace has now.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn again(&self, workspace: &Workspace) -> Result<Self> {
        prepare(workspace, &self.new.event()?)
    }
}

/// Appends events to the log and brings everything derived from them up to date. Nothing, and no effect, when the workspace
/// has other rules by now than the events were read under: then they have to be prepared again.
///
/// # Errors
/// When the database refuses; then the transaction must be given up.
pub async fn take<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    events: impl Iterator<Item = &'a Prepared>,
    rejected: &[Rejected],
) -> Result<Option<Taken>> {
    tx.lock(&workspace.id).await?;
    let rules = store::identity::state(tx, &workspace.id).await?.rules;
    let mut offered = 0;
    let mut seen = HashSet::new();
    let mut first: Vec<&Prepared> = Vec::new();
    for prepared in events {
        if prepared.rules != rules {
            return Ok(None);
        }
        offered += 1;
        // The first of two with one id is what the log keeps, so it is also what is folded.
        if seen.insert(prepared.new.key()) {
            first.push(prepared);
        }
    }
    store::reject::append(tx, &workspace.id, rejected).await?;
    if first.is_empty() {
        return Ok(Some(Taken::default()));
    }
    let known = store::event::ask_known(tx, &workspace.id, first.iter().map(|it| &it.new));
    let asked = Asked::about(tx, workspace, first.iter().map(|it| &it.read));
    // A customer's events are read together, so they lie together as far as they come together.
    first.sort_by(|a, b| a.read.link().cmp(b.read.link()));
    let known = known.get(tx).await?;
    if !known.is_empty() {
        first.retain(|prepared| {
            let (source, message_id) = prepared.new.key();
            !known.contains(&(source.to_owned(), message_id.to_owned()))
        });
    }
    let new: Vec<&NewEvent> = first.iter().map(|prepared| &prepared.new).collect();
    store::event::append(tx, &workspace.id, &new);
    let events: Vec<&ReadEvent> = first.iter().map(|prepared| &prepared.read).collect();
    fold(tx, workspace, &events, asked, None).await?;
    Ok(Some(Taken {
        new: new.len(),
        known: offered - new.len(),
    }))
}

/// Folds anew what an older version of this program derived, as [`rebuild`] does, for every workspace of a database that was just
/// opened. `progress` is told how many events there are in all and how many are done.
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

/// Empties everything derived and folds the log again, in one transaction; how many events there are. The same log gives the
/// same bytes. `progress` is told how many are done.
///
/// # Errors
/// [`Error::Conflict`] when the rules change meanwhile; when the database refuses. Then nothing has changed.
pub async fn rebuild(db: &Db, workspace: &Workspace, progress: impl FnMut(u64)) -> Result<u64> {
    let mut tx = db.begin().await?;
    let events = refold(&mut tx, workspace, progress).await?;
    tx.commit().await?;
    Ok(events)
}

/// What a rebuild does within its transaction.
async fn refold(tx: &mut Tx, workspace: &Workspace, mut progress: impl FnMut(u64)) -> Result<u64> {
    tx.lock(&workspace.id).await?;
    if store::identity::state(tx, &workspace.id).await?.rules != workspace.rules.version {
        return Err(Error::Conflict(
            "the rules changed meanwhile; run it again".to_owned(),
        ));
    }
    store::profile::clear_derived(tx, &workspace.id).await?;
    let (mut after, mut total) = (Place::default(), 0);
    loop {
        let page = store::event::page(tx, &workspace.id, &after, REBUILD_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Place::of(&last.event);
        total += page.len() as u64;
        let events = relink(tx, workspace, page).await?;
        let asked = Asked::about(tx, workspace, events.iter());
        let events: Vec<&ReadEvent> = events.iter().collect();
        fold(tx, workspace, &events, asked, Some(&after)).await?;
        progress(total);
    }
    decision::follow(tx, workspace).await?;
    let rules = workspace.rules.version;
    store::identity::set_applied(tx, &workspace.id, rules).await?;
    Ok(total)
}

/// Notes how far the import of a file got, in bytes.
///
/// # Errors
/// When the database refuses.
pub async fn note_import(
    db: &Db,
    workspace: &str,
    source: &str,
    (file, position): (&str, i64),
    now: i64,
) -> Result<()> {
    let mut tx = db.begin().await?;
    store::access::set_import_position(&mut tx, workspace, source, file, position, now).await?;
    tx.commit().await
}

/// Reads events under the present rules and puts them under the links that these give them.
async fn relink(tx: &mut Tx, workspace: &Workspace, page: Vec<Logged>) -> Result<Vec<ReadEvent>> {
    let (mut events, mut moved) = (Vec::with_capacity(page.len()), Vec::new());
    for mut logged in page {
        let event = ReadEvent::of(workspace, &logged.event);
        if logged.link != event.link() {
            event.link().clone_into(&mut logged.link);
            moved.push(logged);
        }
        events.push(event);
    }
    store::event::relink(tx, &workspace.id, &moved).await?;
    Ok(events)
}

/// What every batch needs of the database, read while the committer goes on.
struct Asked {
    links: Answer<Vec<StoredLink>>,
    told: Answer<Vec<Told>>,
}

impl Asked {
    /// Asks for the links that events carry, and for what is told already of the orders and tickets that they speak of.
    fn about<'a>(
        tx: &mut Tx,
        workspace: &Workspace,
        events: impl Iterator<Item = &'a ReadEvent> + Clone,
    ) -> Self {
        Self {
            links: resolve::ask(tx, workspace, events.clone()),
            told: telling::ask(tx, workspace, events),
        }
    }
}

/// Folds a component anew, without new events, and brings everything derived up to date.
pub(crate) async fn settle(tx: &mut Tx, workspace: &Workspace, component: Component) -> Result<()> {
    let mut resolved = Resolved::default();
    component.settle(tx, workspace, None, &mut resolved).await?;
    finish(tx, workspace, &[], Things::new(), resolved).await
}

/// Brings identity, records and profiles up to date with events that are new to them. `folded` is the
/// place in the log of the last event that counts as folded already or now; without it the whole log
/// does. Only a rebuild has events beyond it.
async fn fold(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    asked: Asked,
    folded: Option<&Place>,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let held = asked.links.get(tx).await?;
    let mut resolved = resolve::resolve(tx, workspace, events, held, folded).await?;
    let stored = resolved.ask(tx, workspace);
    let things = telling::things(events.iter().copied(), asked.told.get(tx).await?, &resolved);
    // All is asked for that most batches need, so that what is worked out from here on is worked out while events are written.
    tx.release();
    resolved.take(stored.get(tx).await?);
    finish(tx, workspace, events, things, resolved).await
}
