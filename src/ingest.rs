//! The write path: one transaction brings events into the log, and identity, profiles and records
//! up to date with them.
//!
//! [`take`] locks the workspace, and gives up if the events were read under other rules than those
//! in force. It drops the events that the log has already. Then it reads, plans, reads the documents
//! that the plan needs, and writes. These documents are read before the new events are appended to
//! the log, so one that is folded from the log does not count them twice. The plans are pure.
//!
//! | file | what it does |
//! |---|---|
//! | `deliver` | the entry: has a delivery parsed and prepared, and hands it to the queue |
//! | `batch` | the events of one delivery, accepted and refused (pure) |
//! | `read_event` | what identity and profile take of one event (pure) |
//! | `queue` | one committer writes what is waiting |
//! | `batch_queries` | asks for what is stored of the batch's links and records |
//! | `batch_reads` | reads where new links' identifiers lead, and witnesses of whose they are |
//! | `batch_links` | tells which links are new or changed (pure) |
//! | `batch_plan` | tells which of these take the fast path and which are folded (pure) |
//! | `component` | reads all links that are connected to those that are folded |
//! | `settlement` | folds them and compares with what is stored (pure) |
//! | `baseline` | reads the documents that the events are applied to |
//! | `write` | writes links, identifiers and where these lead |
//! | `record_change` | brings the records of orders and tickets together (pure) |
//! | `document` | applies events and records to the documents, and writes both |
//! | `decision` | what a decision changes in a component; `steward` and `rebuild` use it |
//! | `moved` | puts stored events under other links when rules changed; `steward` uses it |
//! | `rebuild` | empties what is derived and folds the whole log |

use crate::Result;
use crate::clock::Time;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::store::access::Workspace;
use crate::store::event::{LogPosition, NewEvent};
use crate::store::record::LinkRecord;
use crate::store::reject::Rejected;
use crate::store::{self, Db, Tx};
use std::collections::{HashMap, HashSet};

mod baseline;
mod batch;
mod batch_links;
mod batch_plan;
mod batch_queries;
mod batch_reads;
mod component;
mod decision;
mod deliver;
mod document;
#[cfg(test)]
mod fixture;
mod moved;
mod queue;
mod read_event;
mod rebuild;
mod record_change;
mod settlement;
mod write;

pub use batch::{Prepared, Receipt, RefusedEvent, prepare};
pub(crate) use component::Component;
pub use deliver::Feed;
pub(crate) use moved::move_events;
pub use queue::{Ingest, Patience};
pub use rebuild::{rebuild, renew};

use batch_plan::BatchPlan;
use batch_queries::BatchQueries;
use read_event::ReadEvent;
use settlement::Settlement;

/// What became of a set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events that were new.
    pub new: usize,
    /// Events that were in the log already.
    pub known: usize,
}

/// Appends events to the log and brings everything derived from them up to date. Nothing, and no
/// effect, when the workspace has other rules by now than the events were read under: then they
/// have to be prepared again.
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
    let rules = store::identity::rules_state(tx, &workspace.id).await?.rules;
    if workspace.rules.version != rules {
        return Ok(None);
    }
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
    let new = append(tx, workspace, first).await?;
    store::reject::append(tx, &workspace.id, rejected).await?;
    Ok(Some(Taken {
        new,
        known: offered - new,
    }))
}

/// Takes those of these events that are not in the log yet; how many there are.
async fn append(tx: &mut Tx, workspace: &Workspace, mut events: Vec<&Prepared>) -> Result<usize> {
    if events.is_empty() {
        return Ok(0);
    }
    let known = store::event::known_later(tx, &workspace.id, events.iter().map(|it| &it.new));
    let queries = BatchQueries::ask(tx, workspace, events.iter().map(|it| &it.read));
    // A customer's events are read together, so they lie together as far as they come together.
    events.sort_by(|a, b| a.read.link().cmp(b.read.link()));
    let known = known.get(tx).await?;
    if !known.is_empty() {
        events.retain(|prepared| {
            let (source, message_id) = prepared.new.key();
            !known.contains(&(source.to_owned(), message_id.to_owned()))
        });
    }
    let read: Vec<&ReadEvent> = events.iter().map(|prepared| &prepared.read).collect();
    let new: Vec<&NewEvent> = events.iter().map(|prepared| &prepared.new).collect();
    let log = LogEnd {
        new: &new,
        upto: None,
    };
    fold(tx, workspace, &read, queries, log).await?;
    Ok(new.len())
}

/// What is in the log, seen from a batch whose events are folded.
#[derive(Clone, Copy)]
struct LogEnd<'a> {
    /// The events of the batch that are still to be appended. A rebuild has none.
    new: &'a [&'a NewEvent],
    /// The place of the last event that was folded before the batch. Without it all that are in the
    /// log were. Only a rebuild has events beyond it.
    upto: Option<&'a LogPosition>,
}

/// Brings the log, identity, records and profiles up to date with events that are new to them.
async fn fold(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    queries: BatchQueries,
    log: LogEnd<'_>,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
    let read = batch_reads::read(tx, workspace, events, queries.links).await?;
    let mut plan = BatchPlan::of(read.changed, &read.owners, read.witnesses, rules, secret);
    let mut settlement = Settlement::default();
    if !plan.folded.is_empty() {
        let (before, owners) = (read.before.into_iter(), read.owners);
        let component = Component::of_batch(tx, workspace, &mut plan, before, owners).await?;
        settlement = Settlement::of(&component, rules, secret);
    }
    let fast = plan.fast.iter();
    let fast = fast.map(|fast| (fast.row.link.id.clone(), fast.row.profile.clone()));
    let mut holders = read.holders;
    holders.extend(std::mem::take(&mut settlement.holders));
    holders.extend(fast);
    let touched = events
        .iter()
        .filter_map(|event| holders.get(event.link())?.as_ref());
    let customers = &settlement.customers;
    let baselines = baseline::read(tx, workspace, customers, touched, log.upto).await?;
    write::settlement(tx, workspace, &settlement).await?;
    write::fast_links(tx, workspace, &plan);
    // The events are half of all that is written. Nothing waits for them, so they are written while
    // the documents are folded.
    store::event::append(tx, &workspace.id, log.new);
    let stored = queries.records.get(tx).await?;
    let records = record_change::all(events.iter().copied(), stored, &holders);
    document::write(tx, workspace, events, &records, &holders, baselines).await
}

/// The profile that holds each link, by the links' ids.
type Holders = HashMap<LinkId, Option<ProfileId>>;

/// Folds a component anew, without new events, and brings everything derived up to date.
pub(crate) async fn settle(tx: &mut Tx, workspace: &Workspace, component: Component) -> Result<()> {
    settle_with(tx, workspace, component, std::iter::empty(), Vec::new()).await
}

/// The same, with what these events of the log say of orders and tickets. `stored` is what is known
/// of these already.
async fn settle_with<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    component: Component,
    events: impl Iterator<Item = &'a ReadEvent>,
    stored: Vec<LinkRecord>,
) -> Result<()> {
    let settlement = Settlement::of(&component, &workspace.rules.rules, &workspace.secret);
    let (customers, none) = (&settlement.customers, std::iter::empty());
    let baselines = baseline::read(tx, workspace, customers, none, None).await?;
    write::settlement(tx, workspace, &settlement).await?;
    let holders = settlement.holders;
    let records = record_change::all(events, stored, &holders);
    document::write(tx, workspace, &[], &records, &holders, baselines).await
}

/// Notes how far the import of a file got, in bytes.
pub async fn note_import(
    db: &Db,
    workspace: &WorkspaceId,
    source: &str,
    (file, position): (&str, i64),
    now: Time,
) -> Result<()> {
    let mut tx = db.begin().await?;
    store::access::set_import_position(&mut tx, workspace, source, file, position, now).await?;
    tx.commit().await
}
