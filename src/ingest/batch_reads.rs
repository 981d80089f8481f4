//! What a batch reads before anything is decided: the links that its events stand under, what is
//! known of their orders and tickets, and where the identifiers of new links lead.

use super::batch_links::BatchLinks;
use super::batch_plan::{ChangedLinks, StoredOwners, Witnesses};
use super::read_event::ReadEvent;
use crate::Result;
use crate::id::{LinkId, ProfileId};
use crate::identity::fast_path::witness_keys;
use crate::identity::{Identifier, Link};
use crate::profile::record::RecordKind;
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
use crate::store::record::LinkRecord;
use crate::store::{self, Pending, Tx};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What every batch asks for, answered while the committer goes on.
pub(super) struct BatchQueries {
    /// The stored links among those of its events.
    pub links: Pending<Vec<StoredLink>>,
    /// What is known of the orders and tickets that the batch speaks of.
    pub records: Pending<Vec<LinkRecord>>,
}

/// What is stored of the links of a batch.
pub(super) struct BatchReads {
    /// The profile that holds each link that does not change.
    pub holders: HashMap<LinkId, Option<ProfileId>>,
    /// The stored ones among the links that change.
    pub before: Vec<StoredLink>,
    pub changed: ChangedLinks,
    pub owners: StoredOwners,
    pub witnesses: Witnesses,
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

/// The stored links of a batch, and what is needed to decide about those that change.
pub(super) async fn read(
    tx: &mut Tx,
    workspace: &Workspace,
    links: &BatchLinks<'_>,
    asked: Pending<Vec<StoredLink>>,
) -> Result<BatchReads> {
    let stored = asked.get(tx).await?.into_iter();
    let mut stored: HashMap<LinkId, StoredLink> =
        stored.map(|held| (held.link.id.clone(), held)).collect();
    let changed = links.changed(&stored, &HashSet::new());
    let before: Vec<StoredLink> = changed.keys().filter_map(|id| stored.remove(id)).collect();
    let known: HashSet<&LinkId> = before.iter().map(|held| &held.link.id).collect();
    let same = links
        .present
        .keys()
        .filter(|id| !changed.contains_key(**id));
    let holders = same
        .map(|id| {
            let held = stored.get(*id);
            ((*id).clone(), held.and_then(|held| held.profile.clone()))
        })
        .collect();
    let changed = ChangedLinks::of(changed, |id| known.contains(id), workspace.rules.applied);
    let owners = owners(tx, workspace, &changed.new).await?;
    let witnesses = witnesses(tx, workspace, &changed.new, &owners).await?;
    Ok(BatchReads {
        holders,
        before,
        changed,
        owners,
        witnesses,
    })
}

/// Where the identifiers of these links lead.
async fn owners(tx: &mut Tx, workspace: &Workspace, links: &[Link]) -> Result<StoredOwners> {
    let carried = links.iter().flat_map(|link| &link.identifiers);
    let asked: BTreeSet<Identifier> = carried.cloned().collect();
    let keys: Vec<Identifier> = asked.iter().cloned().collect();
    let (owners, constraints) = store::identifier::owners(tx, &workspace.id, &keys).await?;
    Ok(StoredOwners {
        asked: asked.into_iter().collect(),
        owners,
        constraints,
    })
}

/// Complete links that may prove where these links belong.
async fn witnesses(
    tx: &mut Tx,
    workspace: &Workspace,
    links: &[Link],
    StoredOwners {
        owners,
        constraints,
        ..
    }: &StoredOwners,
) -> Result<Witnesses> {
    let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
    let keys = witness_keys(links, rules, secret, owners, &constraints.shared);
    let found = store::link::one_by_identifier(tx, &workspace.id, &keys).await?;
    let complete = found.into_iter().filter(|(_, held)| held.complete);
    Ok(complete.map(|(key, held)| (key, held.link)).collect())
}
