//! THE write path: events in, and in one transaction the log, identity, profiles and records are all up to date.
//!
//! [`take`] is that transaction's work; [`rebuild`] does the same from the log alone. What is decided is decided by the pure
//! folds of `identity` and `profile`; here it is read, handed over and written, one statement per table.

use crate::event::Event;
use crate::identity::Carried;
use crate::profile::record::{Record, RecordKind, Statement};
use crate::store::access::Workspace;
use crate::store::event::{Logged, Row};
use crate::store::record::Told;
use crate::store::reject::Rejected;
use crate::store::{self, Tx};
use crate::{Error, Result};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub mod apply;
pub mod audit;
mod component;
pub mod decide;
mod explain;
pub mod matching;
mod queue;
mod reread;
mod resolve;

pub use component::{Surroundings, surroundings};
pub use explain::explain;
pub use queue::{Batch, Ingest, Receipt, Refused};

use resolve::Resolved;

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

/// An event with all that can be known of it without the database: its identifiers, its link, its row in the log.
#[derive(Clone, Debug)]
pub struct Prepared {
    logged: Logged,
    carried: Carried,
    row: Row,
    /// The version of the rules that it was read under.
    rules: i64,
}

/// Prepares an event. Requests do this side by side, so that the one committer need not.
///
/// # Errors
/// When the event cannot be written as JSON, which none that was checked is.
pub fn prepare(workspace: &Workspace, event: Event) -> Result<Prepared> {
    read(workspace, Arc::new(event))
}

fn read(workspace: &Workspace, event: Arc<Event>) -> Result<Prepared> {
    let carried = workspace.rules.read(&workspace.secret, &event);
    let logged = Logged {
        event,
        link: carried.link.clone(),
    };
    let row = Row::of(&logged)?;
    Ok(Prepared {
        logged,
        carried,
        row,
        rules: workspace.rules.version,
    })
}

impl Prepared {
    /// The same event read under the rules that the workspace has now.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn again(&self, workspace: &Workspace) -> Result<Self> {
        read(workspace, Arc::clone(&self.logged.event))
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
    let mut first: HashMap<&str, &Prepared> = HashMap::new();
    let mut rows = Vec::new();
    for prepared in events {
        if prepared.rules != rules {
            return Ok(None);
        }
        offered += 1;
        // The first of two with one id is what the log keeps, so it is also what is folded.
        if let Entry::Vacant(free) = first.entry(&prepared.logged.event.id) {
            free.insert(prepared);
            rows.push(&prepared.row);
        }
    }
    store::reject::append(tx, &workspace.id, rejected).await?;
    if rows.is_empty() {
        return Ok(Some(Taken::default()));
    }
    let new = store::event::append(tx, &workspace.id, &rows).await?;
    let new: Vec<&Prepared> = new
        .iter()
        .filter_map(|id| first.get(id.as_str()).copied())
        .collect();
    let logged: Vec<Logged> = new.iter().map(|prepared| prepared.logged.clone()).collect();
    let carried: Vec<&Carried> = new.iter().map(|prepared| &prepared.carried).collect();
    fold(tx, workspace, &logged, &carried, None).await?;
    Ok(Some(Taken {
        new: new.len(),
        known: offered - new.len(),
    }))
}

/// Empties everything derived and folds the log again. The same log gives the same bytes.
///
/// # Errors
/// When the database refuses; then the transaction must be given up, and nothing has changed.
pub async fn rebuild(
    tx: &mut Tx,
    workspace: &Workspace,
    mut progress: impl FnMut(u64),
) -> Result<u64> {
    tx.lock(&workspace.id).await?;
    if store::identity::state(tx, &workspace.id).await?.rules != workspace.rules.version {
        return Err(Error::Conflict(
            "the rules changed meanwhile; run it again".to_owned(),
        ));
    }
    store::profile::clear_derived(tx, &workspace.id).await?;
    let (mut after, mut total) = (String::new(), 0);
    loop {
        let mut page = store::event::page(tx, &workspace.id, &after, REBUILD_PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.event.id);
        total += page.len() as u64;
        let carried = relink(tx, workspace, &mut page).await?;
        let carried: Vec<&Carried> = carried.iter().collect();
        fold(tx, workspace, &page, &carried, Some(&after)).await?;
        progress(total);
    }
    decide::follow(tx, workspace).await?;
    let rules = workspace.rules.version;
    store::identity::set_applied(tx, &workspace.id, rules).await?;
    Ok(total)
}

/// Reads events under the present rules and puts them under the links that these give them.
async fn relink(tx: &mut Tx, workspace: &Workspace, events: &mut [Logged]) -> Result<Vec<Carried>> {
    let (mut all, mut moved) = (Vec::with_capacity(events.len()), Vec::new());
    for logged in events {
        let carried = workspace.rules.read(&workspace.secret, &logged.event);
        if logged.link != carried.link {
            logged.link.clone_from(&carried.link);
            moved.push(logged.clone());
        }
        all.push(carried);
    }
    store::event::relink(tx, &workspace.id, &moved).await?;
    Ok(all)
}

/// Brings identity, records and profiles up to date with events that are new to them. `carried` is what identity takes from
/// each. `folded` is the greatest id of an event that counts as folded already or now; without it the whole log does. Only a
/// rebuild has events beyond it.
async fn fold(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[Logged],
    carried: &[&Carried],
    folded: Option<&str>,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut resolved = resolve::resolve(tx, workspace, events, carried, folded).await?;
    for Logged { event, link } in events {
        if let Some(profile) = resolved.profile_of(link)
            && !resolved.refolded.contains(&profile)
        {
            resolved.profiles.entry(profile).or_default().apply(event);
        }
    }
    finish(tx, workspace, events, resolved).await
}

/// Brings records up to date with events, and writes the documents.
async fn finish(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[Logged],
    mut resolved: Resolved,
) -> Result<()> {
    tell(tx, workspace, events, &mut resolved).await?;
    for (id, profile) in &mut resolved.profiles {
        profile.id.clone_from(id);
    }
    store::profile::save(tx, &workspace.id, resolved.profiles.values()).await
}

/// An order or ticket, and the link that tells of it.
type Key = (RecordKind, String, String);

/// What is known of one order or ticket of one customer before and after the new events.
#[derive(Default)]
struct Change {
    before: Vec<Record>,
    after: Vec<Record>,
}

/// Brings the records up to date, and in the profiles what they add up to.
async fn tell(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[Logged],
    resolved: &mut Resolved,
) -> Result<()> {
    let mut stated: BTreeMap<Key, Record> = BTreeMap::new();
    for Logged { event, link } in events {
        if let Some(statement) = Statement::of(event) {
            let key = (statement.kind, statement.id.clone(), link.clone());
            let record = Record::of(event, statement);
            stated
                .entry(key)
                .and_modify(|held| held.merge(&record))
                .or_insert(record);
        }
    }
    if !stated.is_empty() {
        let (told, changes) = merge_told(tx, workspace, stated, resolved).await?;
        store::record::save(tx, &workspace.id, told.iter()).await?;
        for ((profile, kind, _), change) in changes {
            let key = (profile, kind);
            let Some(after) =
                Record::merged(&change.after).filter(|_| !resolved.recount.contains(&key))
            else {
                continue;
            };
            let Some(document) = resolved.profiles.get_mut(&key.0) else {
                continue;
            };
            if document.replace(kind, Record::merged(&change.before).as_ref(), &after) {
                resolved.recount.insert(key);
            }
        }
    }
    for (profile, kind) in std::mem::take(&mut resolved.recount) {
        let all = store::record::merge(
            store::record::of_profile(tx, &workspace.id, &profile, kind).await?,
        );
        if let Some(document) = resolved.profiles.get_mut(&profile) {
            document.recount(kind, &all);
        }
    }
    Ok(())
}

/// Merges new statements into what the same links told before: the records to write, and what changes for whom.
async fn merge_told(
    tx: &mut Tx,
    workspace: &Workspace,
    stated: BTreeMap<Key, Record>,
    resolved: &Resolved,
) -> Result<(Vec<Told>, BTreeMap<(String, RecordKind, String), Change>)> {
    let mut ids: Vec<(RecordKind, &str)> = stated
        .keys()
        .map(|(kind, id, _)| (*kind, id.as_str()))
        .collect();
    ids.dedup();
    let mut changes: BTreeMap<(String, RecordKind, String), Change> = BTreeMap::new();
    let mut now: BTreeMap<Key, (Option<String>, Record)> = BTreeMap::new();
    for Told {
        kind,
        link,
        profile,
        record,
    } in store::record::told_of(tx, &workspace.id, &ids).await?
    {
        if let Some(profile) = &profile {
            changes
                .entry((profile.clone(), kind, record.id.clone()))
                .or_default()
                .before
                .push(record.clone());
        }
        now.insert((kind, record.id.clone(), link), (profile, record));
    }
    let mut written = Vec::with_capacity(stated.len());
    for (key, mut record) in stated {
        if let Some((_, held)) = now.get(&key) {
            record.merge(held);
        }
        let profile = resolved.profile_of(&key.2);
        written.push(Told {
            kind: key.0,
            link: key.2.clone(),
            profile: profile.clone(),
            record: record.clone(),
        });
        now.insert(key, (profile, record));
    }
    for ((kind, id, _), (profile, record)) in now {
        if let Some(profile) = profile {
            changes
                .entry((profile, kind, id))
                .or_default()
                .after
                .push(record);
        }
    }
    Ok((written, changes))
}
