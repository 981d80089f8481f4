//! All that identity knows of a workspace, in memory, and where a fold of it differs from what is
//! stored.

use super::Progress;
use crate::Result;
use crate::id::{LinkId, ProfileId, WorkspaceId};
use crate::identity::{Constraints, Identifier, Link, Resolution, fast_path};
use crate::store::access::Workspace;
use crate::store::identifier::StoredIdentifier;
use crate::store::{self, Db};
use std::collections::{HashMap, HashSet};

/// Rows that are read at a time.
const PAGE: i64 = 20_000;

/// All that identity knows of a workspace.
pub(super) struct IdentitySnapshot {
    pub links: Vec<Link>,
    /// The profile that holds each link, as stored.
    pub held: Vec<Option<ProfileId>>,
    /// Whether each link is complete, and its set key, as stored.
    found: Vec<(bool, Option<String>)>,
    identifiers: Vec<StoredIdentifier>,
    pub constraints: Constraints,
}

impl IdentitySnapshot {
    /// Reads it.
    pub async fn load(db: &Db, workspace: &WorkspaceId, progress: Progress<'_>) -> Result<Self> {
        let total = usize::try_from(store::link::count(db, workspace).await?).unwrap_or(0);
        let (mut links, mut held) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let mut found = Vec::with_capacity(total);
        let mut after = LinkId::default();
        loop {
            let page = store::link::page(db, workspace, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.link.id);
            for row in page {
                links.push(row.link);
                held.push(row.profile);
                found.push((row.complete, row.set_key));
            }
            progress("reading links", links.len(), total);
        }
        let mut identifiers = Vec::with_capacity(links.len() * 2);
        let mut constraints = Constraints::default();
        let mut after = Identifier::new("", "");
        loop {
            let page = store::identifier::page(db, workspace, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.identifier);
            for row in page {
                if !row.cannot_links.is_empty() {
                    constraints
                        .cannot_links
                        .insert(row.identifier.clone(), row.cannot_links.clone());
                }
                identifiers.push(row);
            }
        }
        Ok(Self {
            links,
            held,
            found,
            identifiers,
            constraints,
        })
    }

    /// Each link by its id, with the profile that holds it.
    pub fn stored(&self) -> HashMap<&LinkId, (&Link, Option<&ProfileId>)> {
        let both = self.links.iter().zip(&self.held);
        both.map(|(link, held)| (&link.id, (link, held.as_ref())))
            .collect()
    }

    /// Ids of links whose component differs from what is stored, and values that are not shared any
    /// more.
    pub fn differing(
        &self,
        workspace: &Workspace,
        resolution: &Resolution,
    ) -> (Vec<LinkId>, Vec<Identifier>) {
        let holder = holders(resolution);
        let mut owner: HashMap<&Identifier, &ProfileId> = HashMap::new();
        for customer in &resolution.customers {
            owner.extend(customer.identifiers.keys().map(|id| (id, customer.id())));
        }
        let mut differing: HashSet<&Identifier> = HashSet::new();
        let mut unshared = Vec::new();
        for row in &self.identifiers {
            let shared = resolution.shared.contains(&row.identifier);
            if row.shared && !shared {
                unshared.push(row.identifier.clone());
            }
            let leads = owner.get(&row.identifier).copied();
            if row.shared != shared || row.profile.as_ref() != leads {
                differing.insert(&row.identifier);
            }
        }
        let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
        let mut set_keys = fast_path::set_keys(&self.links, rules, secret, resolution);
        let mut seeds: Vec<(Option<&ProfileId>, &LinkId)> = Vec::new();
        for ((link, held), found) in self.links.iter().zip(&self.held).zip(&self.found) {
            let now = holder.get(&link.id).copied();
            let moved = held.as_ref() != now
                || *found != (resolution.is_complete(link), set_keys.remove(&link.id))
                || link.identifiers.iter().any(|id| differing.contains(id));
            if moved {
                seeds.push((now, &link.id));
            }
        }
        // Links of one customer are settled together.
        seeds.sort_unstable();
        (
            seeds.into_iter().map(|(_, link)| link.clone()).collect(),
            unshared,
        )
    }
}

/// The customer of each link, by the links' ids.
pub(super) fn holders(resolution: &Resolution) -> HashMap<&LinkId, &ProfileId> {
    let mut holder = HashMap::new();
    for customer in &resolution.customers {
        holder.extend(customer.links.iter().map(|link| (link, customer.id())));
    }
    holder
}
