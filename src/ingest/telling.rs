//! What a batch tells of orders and tickets: each link keeps what it was told, and the profile shows what its links tell together.

use super::resolve::Resolved;
use crate::Result;
use crate::event::Event;
use crate::profile::packed;
use crate::profile::record::{Record, RecordKind, Statement};
use crate::store::access::Workspace;
use crate::store::event::Logged;
use crate::store::record::{NewRecord, Told};
use crate::store::{self, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What one event says of an order or ticket.
#[derive(Clone, Debug)]
pub(super) struct Said {
    kind: RecordKind,
    /// The link through which it says so.
    link: String,
    record: Arc<Record>,
    /// The record as it is stored, should nothing else be known of it.
    doc: Arc<[u8]>,
}

impl Said {
    /// What this event says, if it is about an order or a ticket.
    pub fn by(event: &Event, link: &str) -> Option<Self> {
        let statement = Statement::of(event)?;
        let kind = statement.kind;
        let record = Record::of(event, statement);
        Some(Self {
            kind,
            link: link.to_owned(),
            doc: packed::pack(&record).into(),
            record: Arc::new(record),
        })
    }

    /// What these events say.
    pub fn by_all(events: &[Logged]) -> Vec<Self> {
        let by = |logged: &Logged| Self::by(&logged.event, &logged.link);
        events.iter().filter_map(by).collect()
    }
}

/// What one link tells of one order or ticket.
pub(super) struct Part {
    link: String,
    /// The profile that holds the link.
    profile: Option<String>,
    before: Option<Arc<Record>>,
    now: Arc<Record>,
    /// What is now known as it is stored, where that is written already.
    doc: Option<Arc<[u8]>>,
    /// Whether the batch tells of it.
    new: bool,
}

/// The orders and tickets that a batch speaks of, with all links that tell of them.
pub(super) type Things = HashMap<(RecordKind, String), Vec<Part>>;

/// What is known of each order and ticket that a batch speaks of, before it and with it.
pub(super) async fn things(
    tx: &mut Tx,
    workspace: &Workspace,
    told: Vec<Said>,
    resolved: &Resolved,
) -> Result<Things> {
    let mut things = said(told, resolved);
    if things.is_empty() {
        return Ok(things);
    }
    let ids = things.keys().map(|(kind, id)| (*kind, id.as_str()));
    let ids: Vec<(RecordKind, &str)> = ids.collect();
    let stored = store::record::told_of(tx, &workspace.id, &ids).await?;
    stored.into_iter().for_each(|told| add(&mut things, told));
    Ok(things)
}

/// Brings the records up to date, and in the profiles what they add up to.
pub(super) async fn tell(
    tx: &mut Tx,
    workspace: &Workspace,
    things: &Things,
    resolved: &mut Resolved,
) -> Result<()> {
    let parts = things.iter().flat_map(|((kind, _), parts)| {
        let new = parts.iter().filter(|part| part.new);
        new.map(|part| NewRecord {
            kind: *kind,
            link: &part.link,
            record: &part.now,
            doc: part.doc.clone(),
        })
    });
    store::record::save(tx, &workspace.id, &parts.collect::<Vec<_>>());
    for ((kind, _), parts) in things {
        show(*kind, parts, resolved);
    }
    for (profile, kind) in std::mem::take(&mut resolved.recount) {
        let all = store::record::of_profile(tx, &workspace.id, &profile, kind).await?;
        let all = store::record::merge(all);
        if let Some(document) = resolved.profiles.get_mut(&profile) {
            document.recount(kind, &all);
        }
    }
    Ok(())
}

/// What a batch says, as one part for each thing and link.
fn said(told: Vec<Said>, resolved: &Resolved) -> Things {
    let mut things = Things::with_capacity(told.len());
    for said in told {
        let parts = things
            .entry((said.kind, said.record.id.clone()))
            .or_default();
        if let Some(part) = parts.iter_mut().find(|part| part.link == said.link) {
            Arc::make_mut(&mut part.now).merge(&said.record);
            part.doc = None;
            continue;
        }
        parts.push(Part {
            profile: resolved.profile_of(&said.link),
            link: said.link,
            before: None,
            now: said.record,
            doc: Some(said.doc),
            new: true,
        });
    }
    things
}

/// Adds what a link told before.
fn add(things: &mut Things, told: Told) {
    let parts = things
        .entry((told.kind, told.record.id.clone()))
        .or_default();
    match parts.iter_mut().find(|part| part.link == told.link) {
        Some(part) => {
            Arc::make_mut(&mut part.now).merge(&told.record);
            part.before = Some(told.record);
            part.doc = None;
        }
        None => parts.push(Part {
            link: told.link,
            profile: told.profile,
            now: Arc::clone(&told.record),
            before: Some(told.record),
            doc: None,
            new: false,
        }),
    }
}

/// Shows in each profile what its links tell of one order or ticket.
fn show(kind: RecordKind, parts: &[Part], resolved: &mut Resolved) {
    let profiles: BTreeSet<&String> = parts
        .iter()
        .filter_map(|part| part.profile.as_ref())
        .collect();
    for profile in profiles {
        let key = (profile.clone(), kind);
        if resolved.recount.contains(&key) {
            continue;
        }
        let Some(document) = resolved.profiles.get_mut(profile) else {
            continue;
        };
        let own = || {
            let own = |part: &&Part| part.profile.as_ref() == Some(profile);
            parts.iter().filter(own)
        };
        let before = Record::merged(own().filter_map(|part| part.before.as_deref()));
        let Some(after) = Record::merged(own().map(|part| &*part.now)) else {
            continue;
        };
        if document.replace(kind, before.as_deref(), &after) {
            resolved.recount.insert(key);
        }
    }
}
