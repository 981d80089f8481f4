//! What every batch needs of the database, sent ahead: the links that its events stand under, and
//! what is known of their orders and tickets. It is answered while the transaction goes on.

use super::read_event::ReadEvent;
use crate::id::LinkId;
use crate::profile::record::RecordKind;
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
use crate::store::record::LinkRecord;
use crate::store::{self, Pending, Tx};
use std::collections::BTreeSet;

/// What every batch asks for, answered while the committer goes on.
pub(super) struct BatchQueries {
    /// The stored links among those of its events.
    pub links: Pending<Vec<StoredLink>>,
    /// What is known of the orders and tickets that the batch speaks of.
    pub records: Pending<Vec<LinkRecord>>,
}

impl BatchQueries {
    /// Asks for the links that events carry, or carried under other rules, and for their records.
    pub fn ask<'a>(
        tx: &mut Tx,
        workspace: &Workspace,
        events: impl Iterator<Item = &'a ReadEvent> + Clone,
    ) -> Self {
        let ids: BTreeSet<&LinkId> = events
            .clone()
            .map(|event| &event.identification)
            .flat_map(|read| std::iter::once(&read.link).chain(&read.earlier))
            .collect();
        let ids: Vec<LinkId> = ids.into_iter().cloned().collect();
        Self {
            links: store::link::load_later(tx, &workspace.id, &ids),
            records: ask_records(tx, workspace, events),
        }
    }
}

/// Asks what is known of the orders and tickets that events speak of.
pub(super) fn ask_records<'a>(
    tx: &mut Tx,
    workspace: &Workspace,
    events: impl Iterator<Item = &'a ReadEvent>,
) -> Pending<Vec<LinkRecord>> {
    let keys: BTreeSet<(RecordKind, &str)> = events
        .filter_map(|event| event.record.as_ref())
        .map(|said| (said.kind, said.record.id.as_str()))
        .collect();
    store::record::load_later(tx, &workspace.id, &keys.into_iter().collect::<Vec<_>>())
}
