//! Writing what was planned: links, the identifiers they carry, and where these lead.

use super::batch_plan::BatchPlan;
use super::settlement::Settlement;
use crate::Result;
use crate::id::LinkId;
use crate::identity::Identifier;
use crate::identity::fast_path::SET_KEY;
use crate::store::access::Workspace;
use crate::store::link::{LinkIdentifier, StoredLink};
use crate::store::{self, Tx};

/// Writes what the fold over a component changes.
pub(super) async fn settlement(
    tx: &mut Tx,
    workspace: &Workspace,
    settlement: &Settlement,
) -> Result<()> {
    let own = &workspace.id;
    if !settlement.cannot_links.is_empty() {
        let changed = settlement.cannot_links.iter();
        let changed = changed.map(|(id, constraints)| (id, constraints.as_slice()));
        store::identifier::set_cannot_links(tx, own, changed).await?;
    }
    store::link::save(tx, own, &settlement.links.iter().collect::<Vec<_>>());
    store::link::add_identifiers(tx, own, &rows(&settlement.added));
    store::link::remove_identifiers(tx, own, &rows(&settlement.removed)).await?;
    let owners: Vec<_> = settlement.owners.iter().collect();
    store::identifier::set_owners(tx, own, &owners);
    let forgotten: Vec<&Identifier> = settlement.forgotten.iter().collect();
    store::identifier::forget(tx, own, &forgotten).await?;
    store::profile::remove(tx, own, settlement.gone.iter()).await
}

/// Writes the links of a batch that take the fast path.
pub(super) fn fast_links(tx: &mut Tx, workspace: &Workspace, plan: &BatchPlan) {
    if plan.fast.is_empty() {
        return;
    }
    let own = &workspace.id;
    let links: Vec<&StoredLink> = plan.fast.iter().map(|fast| &fast.row).collect();
    let set_key = |row: &StoredLink| {
        let key = Identifier::new(SET_KEY, row.set_key.as_ref()?);
        Some((key, row.link.id.clone()))
    };
    let set_keys: Vec<_> = links.iter().copied().filter_map(set_key).collect();
    let carried = links.iter().flat_map(|StoredLink { link, .. }| {
        let identifiers = link.identifiers.iter();
        identifiers.map(|identifier| LinkIdentifier {
            identifier,
            link: &link.id,
        })
    });
    let carried: Vec<_> = carried.chain(rows(&set_keys)).collect();
    store::link::add_identifiers(tx, own, &carried);
    let owners: Vec<_> = plan.fast.iter().flat_map(|fast| &fast.owners).collect();
    store::identifier::set_owners(tx, own, &owners);
    store::link::save(tx, own, &links);
}

fn rows(pairs: &[(Identifier, LinkId)]) -> Vec<LinkIdentifier<'_>> {
    let pairs = pairs.iter();
    pairs
        .map(|(identifier, link)| LinkIdentifier { identifier, link })
        .collect()
}
