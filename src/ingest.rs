//! THE write path: events in, and in one transaction the log, identity, profiles and records are all up to date.
//!
//! [`take`] is that transaction's work; [`rebuild`] does the same from the log alone. What is decided is decided by the pure
//! folds of `identity` and `profile`; here it is read, handed over and written, one statement per table.

use crate::Result;
use crate::event::Event;
use crate::identity::{self, Identifier, Rules};
use crate::profile::record::{Record, RecordKind, Statement};
use crate::store::access::Workspace;
use crate::store::event::{Logged, Row};
use crate::store::record::Told;
use crate::store::reject::Rejected;
use crate::store::{self, Tx};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

mod queue;
mod resolve;

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
    identifiers: Vec<Identifier>,
    row: Row,
}

/// Prepares an event. Requests do this side by side, so that the one committer need not.
///
/// # Errors
/// When the event cannot be written as JSON, which none that was checked is.
pub fn prepare(workspace: &Workspace, event: Event) -> Result<Prepared> {
    let identifiers = identity::extract(&event);
    let link = identity::link_id(&workspace.secret, &identifiers);
    let logged = Logged {
        event: Arc::new(event),
        link,
    };
    let row = Row::of(&logged)?;
    Ok(Prepared {
        logged,
        identifiers,
        row,
    })
}

/// Appends events to the log and brings everything derived from them up to date.
///
/// # Errors
/// When the database refuses; then the transaction must be given up.
pub async fn take<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    rules: &Rules,
    events: impl Iterator<Item = &'a Prepared>,
    rejected: &[Rejected],
) -> Result<Taken> {
    tx.lock(&workspace.id).await?;
    store::reject::append(tx, &workspace.id, rejected).await?;
    let mut offered = 0;
    let mut first: HashMap<&str, &Prepared> = HashMap::new();
    let mut rows = Vec::new();
    for prepared in events {
        offered += 1;
        // The first of two with one id is what the log keeps, so it is also what is folded.
        if let Entry::Vacant(free) = first.entry(&prepared.logged.event.id) {
            free.insert(prepared);
            rows.push(&prepared.row);
        }
    }
    if rows.is_empty() {
        return Ok(Taken::default());
    }
    let new = store::event::append(tx, &workspace.id, &rows).await?;
    let mut carried = HashMap::new();
    let mut logged = Vec::with_capacity(new.len());
    for prepared in new.iter().filter_map(|id| first.get(id.as_str())) {
        let link = &prepared.logged.link;
        carried
            .entry(link.clone())
            .or_insert_with(|| prepared.identifiers.clone());
        logged.push(prepared.logged.clone());
    }
    fold(tx, workspace, rules, logged, carried, None).await?;
    Ok(Taken {
        new: new.len(),
        known: offered - new.len(),
    })
}

/// Empties everything derived and folds the log again. The same log gives the same bytes.
///
/// # Errors
/// When the database refuses; then the transaction must be given up, and nothing has changed.
pub async fn rebuild(
    tx: &mut Tx,
    workspace: &Workspace,
    rules: &Rules,
    mut progress: impl FnMut(u64),
) -> Result<u64> {
    tx.lock(&workspace.id).await?;
    store::profile::clear_derived(tx, &workspace.id).await?;
    let (mut after, mut total) = (String::new(), 0);
    loop {
        let mut page = store::event::page(tx, &workspace.id, &after, REBUILD_PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(total);
        };
        after.clone_from(&last.event.id);
        total += page.len() as u64;
        let (mut carried, mut moved) = (HashMap::new(), Vec::new());
        for logged in &mut page {
            let identifiers = identity::extract(&logged.event);
            let link = identity::link_id(&workspace.secret, &identifiers);
            if logged.link != link {
                logged.link.clone_from(&link);
                moved.push(logged.clone());
            }
            carried.entry(link).or_insert(identifiers);
        }
        store::event::relink(tx, &workspace.id, &moved).await?;
        fold(tx, workspace, rules, page, carried, Some(&after)).await?;
        progress(total);
    }
}

/// Brings identity, records and profiles up to date with events that are new to them. `folded` is the greatest id of an event
/// that counts as folded already or now; without it the whole log does. Only a rebuild has events beyond it.
async fn fold(
    tx: &mut Tx,
    workspace: &Workspace,
    rules: &Rules,
    events: Vec<Logged>,
    carried: resolve::Carried,
    folded: Option<&str>,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut resolved = resolve::resolve(tx, workspace, rules, &events, carried, folded).await?;
    for Logged { event, link } in &events {
        if let Some(profile) = resolved.profile_of(link)
            && !resolved.refolded.contains(&profile)
        {
            resolved.profiles.entry(profile).or_default().apply(event);
        }
    }
    tell(tx, workspace, &events, &mut resolved).await?;
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
