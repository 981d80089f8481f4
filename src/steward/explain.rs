//! An explanation of one customer, from what the database holds now.

use crate::id::{LinkId, ProfileId};
use crate::identity::explain::{Evidence, Explanation};
use crate::identity::{self, Identifier, Link};
use crate::ingest::Component;
use crate::store::access::Workspace;
use crate::store::{self, Db};
use crate::{Error, Result};
use std::collections::{BTreeSet, HashSet};

/// Why the customer of this profile is who they are.
///
/// # Errors
/// [`Error::Conflict`] when the rules changed meanwhile.
pub async fn explain(db: &Db, workspace: &Workspace, profile: &ProfileId) -> Result<Explanation> {
    let mut tx = super::begin(db, workspace).await?;
    let state = store::identity::rules_state(&mut tx, &workspace.id).await?;
    let oldest = &profile.oldest_link();
    let component = Component::around(&mut tx, workspace, std::slice::from_ref(oldest)).await?;
    // Nothing was written; the lock is not needed for the rest.
    drop(tx);
    let (around, constraints) = (component.all(), component.constraints);
    let rules = &workspace.rules.rules;
    let resolution = identity::trace(&around, rules, &constraints);
    let mut customers = resolution.customers.iter();
    let customer = customers.find(|customer| customer.links.contains(oldest));
    let gone = || Error::NotFound("no such customer in this workspace".to_owned());
    let own: HashSet<&LinkId> = customer.ok_or_else(gone)?.links.iter().collect();
    let links: Vec<&Link> = around
        .iter()
        .filter(|link| own.contains(&link.id))
        .collect();
    let decisions = store::identity::about(db, &workspace.id, &subjects(&links, &around)).await?;
    let ids: Vec<LinkId> = links.iter().map(|link| link.id.clone()).collect();
    let activity = store::event::activity(db, &workspace.id, &ids).await?;
    let evidence = Evidence {
        link: oldest,
        links: &around,
        rules,
        versions: (state.rules, state.applied),
        resolution: &resolution,
        decisions: &decisions,
        activity: &activity,
    };
    Explanation::of(&evidence).ok_or_else(gone)
}

/// What a decision about these links may speak of: they, what they carry, and those around them
/// that were parted from them.
pub(super) fn subjects(own: &[&Link], around: &[Link]) -> Vec<Identifier> {
    let carried: BTreeSet<&Identifier> = own.iter().flat_map(|link| &link.identifiers).collect();
    let parted = around
        .iter()
        .filter(|link| link.is_apart() && link.identifiers.iter().any(|id| carried.contains(id)));
    let links = own.iter().copied().chain(parted);
    let ids = links.map(|link| Identifier::new("link", link.id.as_str()));
    let distinct: BTreeSet<Identifier> = ids.chain(carried.iter().copied().cloned()).collect();
    distinct.into_iter().collect()
}
