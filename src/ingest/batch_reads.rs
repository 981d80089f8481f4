//! What a batch reads to decide about its new links: where their identifiers lead, the constraints
//! on these, and witnesses, which are complete links that may prove whose a new link is.

use super::batch_links::BatchLinks;
use super::batch_plan::{ChangedLinks, StoredOwners, Witnesses};
use super::read_event::ReadEvent;
use crate::Result;
use crate::id::{LinkId, ProfileId};
use crate::identity::fast_path::witness_keys;
use crate::identity::{Identifier, Link};
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
use crate::store::{self, Pending, Tx};
use std::collections::{BTreeSet, HashMap, HashSet};

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

/// The stored links of a batch, and what is needed to decide about those that change.
pub(super) async fn read(
    tx: &mut Tx,
    workspace: &Workspace,
    events: &[&ReadEvent],
    asked: Pending<Vec<StoredLink>>,
) -> Result<BatchReads> {
    let stored = asked.get(tx).await?.into_iter();
    let mut stored: HashMap<LinkId, StoredLink> =
        stored.map(|held| (held.link.id.clone(), held)).collect();
    let links = BatchLinks::of(events.iter().copied());
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
