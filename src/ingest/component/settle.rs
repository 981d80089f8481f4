//! Settling a component: the fold over its links, and everything that changes by it.

use super::super::resolved::{Document, Resolved};
use super::Component;
use super::log::from_log;
use crate::Result;
use crate::identity::{self, Class, Customer, Identifier, Resolution, fast_path};
use crate::profile::record::{Record, RecordKind};
use crate::profile::{KnownIdentifier, Profile};
use crate::store::access::Workspace;
use crate::store::event::Place;
use crate::store::link::{LinkIdentifier, StoredLink};
use crate::store::record::Told;
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

impl Component {
    /// Folds the component, writes what changed, and hands over the documents of the customers that it concerns. `folded` is
    /// as in [`super::fold`].
    pub(in crate::ingest) async fn settle(
        self,
        tx: &mut Tx,
        workspace: &Workspace,
        folded: Option<&Place>,
        resolved: &mut Resolved,
    ) -> Result<()> {
        let resolution = identity::fold(&self.all(), &workspace.rules.rules, &self.constraints);
        let mut holder: HashMap<&str, &str> = HashMap::new();
        for customer in &resolution.customers {
            let links = customer.links.iter();
            holder.extend(links.map(|link| (link.as_str(), customer.id())));
        }
        self.save_cannot_links(tx, workspace).await?;
        let changed = self.changed(workspace, &holder, &resolution);
        let mut touched = self.save_links(tx, workspace, &changed).await?;
        touched.extend(self.save_owners(tx, workspace, &resolution).await?);
        let stale = self
            .stale
            .iter()
            .filter_map(|link| holder.get(link.as_str()));
        touched.extend(stale.map(|id| (*id).to_owned()));
        let now: HashSet<&str> = resolution.customers.iter().map(Customer::id).collect();
        let origins: BTreeSet<&str> = self
            .before
            .values()
            .filter_map(|held| held.profile.as_deref())
            .collect();
        let gone = origins.into_iter().filter(|id| !now.contains(id));
        let old = self.documents(tx, workspace, &resolution, &touched).await?;
        store::profile::remove(tx, &workspace.id, gone).await?;
        let spread = self.spread(&holder);
        for customer in resolution
            .customers
            .iter()
            .filter(|customer| touched.contains(customer.id()))
        {
            let id = customer.id().to_owned();
            let mut profile = if self.is_join(customer, &spread) {
                self.joined(tx, workspace, customer, &old, resolved).await?
            } else {
                let all = RecordKind::ALL.map(|kind| (id.clone(), kind));
                resolved.recount.extend(all);
                resolved.refolded.insert(id.clone());
                from_log(tx, workspace, customer, folded).await?
            };
            profile.identifiers = shown(customer, workspace);
            let made = Document::Made(Box::new(profile));
            resolved.profiles.insert(id, made);
        }
        for id in self.links.keys() {
            let held = holder.get(id.as_str()).map(|id| (*id).to_owned());
            resolved.links.insert(id.clone(), held);
        }
        Ok(())
    }

    /// Writes what keeps identifiers apart, where that changed.
    async fn save_cannot_links(&self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let stored = |id: &Identifier| self.cannot_links.get(id).map_or(&[][..], Vec::as_slice);
        let cannot_links = self
            .constraints
            .cannot_links
            .iter()
            .map(|(id, cannot_links)| (id, cannot_links.as_slice()));
        let changed: Vec<_> = cannot_links
            .filter(|(id, cannot_links)| stored(id) != *cannot_links)
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        store::identifier::set_cannot_links(tx, &workspace.id, changed.into_iter()).await
    }

    /// The links that are new or other than stored, as they are to be.
    fn changed(
        &self,
        workspace: &Workspace,
        holder: &HashMap<&str, &str>,
        resolution: &Resolution,
    ) -> Vec<StoredLink> {
        let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
        let mut keys = fast_path::set_keys(self.links.values(), rules, secret, resolution);
        let held = self.links.values().filter_map(|link| {
            let profile = holder.get(link.id.as_str()).copied();
            let (complete, set_key) = (resolution.is_complete(link), keys.remove(&link.id));
            let same = |held: &StoredLink| {
                (&held.link, held.profile.as_deref()) == (link, profile)
                    && (held.complete, &held.set_key) == (complete, &set_key)
            };
            if self.before.get(&link.id).is_some_and(same) {
                return None;
            }
            Some(StoredLink {
                link: link.clone(),
                profile: profile.map(str::to_owned),
                complete,
                set_key,
            })
        });
        held.collect()
    }

    /// Writes links; the customers that gained or lost one, or hold one that is another now.
    async fn save_links(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        changed: &[StoredLink],
    ) -> Result<BTreeSet<String>> {
        let mut touched = BTreeSet::new();
        let (mut carried, mut shed) = (Vec::new(), Vec::new());
        for held in changed {
            let before = self.before.get(&held.link.id);
            let had = before.map(StoredLink::rows).unwrap_or_default();
            let has = held.rows();
            let row = |id: &Identifier| (id.clone(), held.link.id.as_str());
            carried.extend(has.difference(&had).map(row));
            shed.extend(had.difference(&has).map(row));
            let same =
                |before: &StoredLink| before.link == held.link && before.profile == held.profile;
            if !before.is_some_and(same) {
                touched.extend(held.profile.clone());
                touched.extend(before.and_then(|held| held.profile.clone()));
            }
        }
        store::link::save(tx, &workspace.id, changed);
        store::link::carry(tx, &workspace.id, &carries(&carried));
        store::link::shed(tx, &workspace.id, &carries(&shed)).await?;
        Ok(touched)
    }

    /// Writes where identifiers lead now; the customers that gained or lost one.
    async fn save_owners(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        resolution: &Resolution,
    ) -> Result<BTreeSet<String>> {
        let mut now: BTreeMap<&Identifier, Option<&str>> = BTreeMap::new();
        for id in self.links.values().flat_map(|link| &link.identifiers) {
            now.insert(id, None);
        }
        for customer in &resolution.customers {
            let held = customer.identifiers.keys();
            now.extend(held.map(|id| (id, Some(customer.id()))));
        }
        let mut touched = BTreeSet::new();
        let mut moved = Vec::new();
        for (id, profile) in now {
            let before = self.owners.get(id);
            let shared = resolution.shared.contains(id);
            if before.is_some_and(|before| before.as_deref() == profile)
                && shared == self.constraints.shared.contains(id)
            {
                continue;
            }
            touched.extend(profile.map(str::to_owned));
            touched.extend(before.cloned().flatten());
            moved.push((id, profile, shared));
        }
        let dropped: Vec<&Identifier> = self.dropped();
        moved.extend(dropped.iter().map(|id| (*id, None, false)));
        store::identifier::point(tx, &workspace.id, &moved);
        store::identifier::forget(tx, &workspace.id, &dropped).await?;
        Ok(touched)
    }

    /// Identifiers that links carried and none does now, since the rules do not take them any more.
    fn dropped(&self) -> Vec<&Identifier> {
        let changed = self.before.iter().filter(|(id, held)| {
            let now = self.links.get(*id).map(|link| &link.identifiers);
            now != Some(&held.link.identifiers)
        });
        let had: BTreeSet<&Identifier> = changed
            .flat_map(|(_, held)| &held.link.identifiers)
            .collect();
        if had.is_empty() {
            return Vec::new();
        }
        let has: BTreeSet<&Identifier> = self
            .links
            .values()
            .flat_map(|link| &link.identifiers)
            .collect();
        had.difference(&has).copied().collect()
    }

    /// The stored documents of every profile that held a link of a touched customer.
    async fn documents(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        resolution: &Resolution,
        touched: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Profile>> {
        let customers = resolution
            .customers
            .iter()
            .filter(|customer| touched.contains(customer.id()));
        let needed: BTreeSet<&str> = customers
            .flat_map(|customer| self.origins(customer))
            .collect();
        let stored = store::profile::ask(tx, &workspace.id, needed.into_iter());
        let stored = stored.get(tx).await?;
        let opened = stored
            .into_iter()
            .map(|(id, doc)| Ok((id, store::profile::open(&doc)?)));
        opened.collect()
    }

    /// The profile that held a link before.
    fn origin(&self, link: &str) -> Option<&str> {
        self.before.get(link)?.profile.as_deref()
    }

    /// The profiles that held a customer's links before.
    fn origins(&self, customer: &Customer) -> BTreeSet<&str> {
        customer
            .links
            .iter()
            .filter_map(|link| self.origin(link))
            .collect()
    }

    /// Who holds the links now that each stored profile held before.
    fn spread<'a>(
        &'a self,
        holder: &HashMap<&str, &'a str>,
    ) -> BTreeMap<&'a str, BTreeSet<Option<&'a str>>> {
        let mut spread: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
        for (link, held) in &self.before {
            if let Some(profile) = &held.profile {
                let holders = spread.entry(profile).or_default();
                holders.insert(holder.get(link.as_str()).copied());
            }
        }
        spread
    }

    /// Whether the customer's document can be made of stored ones: none of these profiles was parted, no link belonged to
    /// nobody before, and none has other events now.
    fn is_join(
        &self,
        customer: &Customer,
        spread: &BTreeMap<&str, BTreeSet<Option<&str>>>,
    ) -> bool {
        let whole = |origin: &str| spread.get(origin).is_some_and(|holders| holders.len() == 1);
        let unheld = |link: &String| {
            let before = self.before.get(link);
            before.is_some_and(|held| held.profile.is_none())
        };
        let unfit = |link: &String| unheld(link) || self.stale.contains(link);
        let mut origins = self.origins(customer).into_iter();
        origins.all(whole) && !customer.links.iter().any(unfit)
    }

    /// The customer's document without the batch's events, made of the stored ones.
    async fn joined(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        customer: &Customer,
        old: &BTreeMap<String, Profile>,
        resolved: &mut Resolved,
    ) -> Result<Profile> {
        let origins = self.origins(customer);
        let parts: Vec<&Profile> = origins
            .iter()
            .filter_map(|origin| old.get(*origin))
            .collect();
        let mut profile = Profile::default();
        for part in &parts {
            profile.merge((*part).clone());
        }
        let ordered = parts.iter().filter(|part| part.purchases.count > 0).count() > 1;
        let asked = parts.iter().filter(|part| part.tickets.count > 0).count() > 1;
        if !ordered && !asked {
            return Ok(profile);
        }
        for (kind, told) in self
            .told_by_several(tx, workspace, customer, &parts)
            .await?
        {
            if profile.unite(kind, &told) {
                resolved.recount.insert((customer.id().to_owned(), kind));
            }
        }
        Ok(profile)
    }

    /// The orders and tickets that more than one of the joined profiles knows of, as each knows it.
    async fn told_by_several(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        customer: &Customer,
        parts: &[&Profile],
    ) -> Result<Vec<(RecordKind, Vec<Record>)>> {
        // All but the one that knows the most are asked what they know; the same is looked for in the others.
        let known = |part: &&&Profile| part.purchases.count + part.tickets.count;
        let largest = parts.iter().max_by_key(known).map(|part| part.id.as_str());
        let stored = customer
            .links
            .iter()
            .filter(|link| self.before.contains_key(*link));
        let (all, fewer) = stored.fold((Vec::new(), Vec::new()), |(mut all, mut fewer), link| {
            all.push(link.clone());
            if self.origin(link) != largest {
                fewer.push(link.clone());
            }
            (all, fewer)
        });
        let keys = store::record::told_by_both(tx, &workspace.id, &fewer, &all).await?;
        let keys: Vec<(RecordKind, &str)> =
            keys.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
        let own: HashSet<&String> = customer.links.iter().collect();
        let mut told: BTreeMap<(RecordKind, String), BTreeMap<&str, Record>> = BTreeMap::new();
        for Told {
            kind, link, record, ..
        } in store::record::told_of(tx, &workspace.id, &keys).await?
        {
            let Some(origin) = self.origin(&link).filter(|_| own.contains(&link)) else {
                continue;
            };
            let by_origin = told.entry((kind, record.id.clone())).or_default();
            match by_origin.get_mut(origin) {
                Some(held) => held.merge(&record),
                None => drop(by_origin.insert(origin, Arc::unwrap_or_clone(record))),
            }
        }
        let several = told
            .into_iter()
            .filter(|(_, by_origin)| by_origin.len() > 1);
        Ok(several
            .map(|((kind, _), by_origin)| (kind, by_origin.into_values().collect()))
            .collect())
    }
}

fn carries<'a>(pairs: &'a [(Identifier, &'a str)]) -> Vec<LinkIdentifier<'a>> {
    let row = |(identifier, link): &'a (Identifier, &'a str)| LinkIdentifier { identifier, link };
    pairs.iter().map(row).collect()
}

/// The identifiers that a profile shows: those of people, records, contacts and devices, not of things.
fn shown(customer: &Customer, workspace: &Workspace) -> Vec<KnownIdentifier> {
    let rules = &workspace.rules.rules;
    let people = customer
        .identifiers
        .iter()
        .filter(|(id, _)| rules.rule(&id.kind).class != Class::Reference);
    people
        .map(|(identifier, since)| KnownIdentifier {
            identifier: identifier.clone(),
            since: *since,
        })
        .collect()
}
