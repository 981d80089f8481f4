//! Identity for a batch: which profile each of its links belongs to, and the documents of the profiles that it touches.
//!
//! Most batches speak of known links and cost two reads. A link that is new, or turns out older than it seemed, re-folds its
//! component: all links that are connected to it through identifiers.

use crate::Result;
use crate::identity::{self, Class, Customer, Identifier, Link, Resolution, Rules};
use crate::profile::record::RecordKind;
use crate::profile::{Known, Profile};
use crate::store::access::Workspace;
use crate::store::event::Logged;
use crate::store::link::Held;
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The identifiers of each link of a batch.
pub(super) type Carried = HashMap<String, Vec<Identifier>>;

/// What identity says of a batch, and the documents to go on with.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    links: HashMap<String, Option<String>>,
    /// The documents of every profile that the batch touches, by id.
    pub profiles: BTreeMap<String, Profile>,
    /// Those that were folded from the log and so hold the batch's events already.
    pub refolded: HashSet<String>,
    /// Those whose orders or tickets have to be counted again from all records.
    pub recount: BTreeSet<(String, RecordKind)>,
}

impl Resolved {
    /// The profile that a link of the batch belongs to.
    pub fn profile_of(&self, link: &str) -> Option<String> {
        self.links.get(link).cloned().flatten()
    }
}

/// Resolves a batch, and writes links and identifiers.
pub(super) async fn resolve(
    tx: &mut Tx,
    workspace: &Workspace,
    rules: &Rules,
    events: &[Logged],
    mut carried: Carried,
    folded: Option<&str>,
) -> Result<Resolved> {
    let mut earliest: BTreeMap<&str, i64> = BTreeMap::new();
    for Logged { event, link } in events {
        let at = earliest.entry(link).or_insert(event.at);
        *at = event.at.min(*at);
    }
    let ids: Vec<String> = earliest.keys().map(|link| (*link).to_owned()).collect();
    let mut resolved = Resolved::default();
    let mut held: HashMap<String, Held> = HashMap::new();
    for link in store::link::load(tx, &workspace.id, &ids).await? {
        held.insert(link.link.id.clone(), link);
    }
    let mut changed = Vec::new();
    for (id, first_at) in earliest {
        match held.get(id) {
            Some(known) if known.link.first_at <= first_at => {
                resolved.links.insert(id.to_owned(), known.profile.clone());
            }
            _ => {
                let identifiers = carried.remove(id).unwrap_or_default();
                changed.push(Link {
                    id: id.to_owned(),
                    first_at,
                    identifiers,
                });
            }
        }
    }
    if !changed.is_empty() {
        let component = Component::load(tx, workspace, rules, changed).await?;
        component
            .settle(tx, workspace, rules, folded, &mut resolved)
            .await?;
    }
    let missing: Vec<String> = resolved
        .links
        .values()
        .flatten()
        .filter(|id| !resolved.profiles.contains_key(*id))
        .cloned()
        .collect();
    let loaded =
        store::profile::load(tx, &workspace.id, missing.iter().map(String::as_str)).await?;
    resolved.profiles.extend(loaded);
    Ok(resolved)
}

/// Every link that is connected to the changed ones, as stored and as they are now.
struct Component {
    /// As they are now.
    links: BTreeMap<String, Link>,
    /// As they were stored: time and profile. A link that is missing here is new.
    before: HashMap<String, (i64, Option<String>)>,
    /// Where each identifier led.
    owners: BTreeMap<Identifier, Option<String>>,
    shared: HashSet<Identifier>,
}

impl Component {
    async fn load(
        tx: &mut Tx,
        workspace: &Workspace,
        rules: &Rules,
        changed: Vec<Link>,
    ) -> Result<Self> {
        let mut component = Self {
            links: BTreeMap::new(),
            before: HashMap::new(),
            owners: BTreeMap::new(),
            shared: HashSet::new(),
        };
        let mut reached: HashSet<Identifier> = HashSet::new();
        let mut frontier: Vec<Identifier> = Vec::new();
        let mut reach = |link: &Link, frontier: &mut Vec<Identifier>| {
            for id in link
                .identifiers
                .iter()
                .filter(|id| !rules.blocks(&id.kind, &id.value))
            {
                if reached.insert(id.clone()) {
                    frontier.push(id.clone());
                }
            }
        };
        for link in changed {
            reach(&link, &mut frontier);
            component.links.insert(link.id.clone(), link);
        }
        while !frontier.is_empty() {
            let (owners, shared) = store::link::owners(tx, &workspace.id, &frontier).await?;
            frontier.retain(|id| !shared.contains(id));
            component.owners.extend(owners);
            component.shared.extend(shared);
            let carrying =
                store::link::carrying(tx, &workspace.id, &std::mem::take(&mut frontier)).await?;
            for Held { link, profile } in carrying {
                component
                    .before
                    .insert(link.id.clone(), (link.first_at, profile));
                reach(&link, &mut frontier);
                component.links.entry(link.id.clone()).or_insert(link);
            }
        }
        component.load_unconnected(tx, workspace).await?;
        Ok(component)
    }

    /// A changed link without any usable identifier is reached by none; its stored state still counts.
    async fn load_unconnected(&mut self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let missing: Vec<String> = self
            .links
            .keys()
            .filter(|id| !self.before.contains_key(*id))
            .cloned()
            .collect();
        for Held { link, profile } in store::link::load(tx, &workspace.id, &missing).await? {
            self.before.insert(link.id, (link.first_at, profile));
        }
        Ok(())
    }

    /// Folds the component, writes what changed, and hands over the documents of the customers that it concerns.
    async fn settle(
        self,
        tx: &mut Tx,
        workspace: &Workspace,
        rules: &Rules,
        folded: Option<&str>,
        resolved: &mut Resolved,
    ) -> Result<()> {
        let links: Vec<Link> = self.links.values().cloned().collect();
        let resolution = identity::fold(&links, rules, &self.shared);
        let mut holder: HashMap<&str, &str> = HashMap::new();
        for customer in &resolution.customers {
            holder.extend(
                customer
                    .links
                    .iter()
                    .map(|link| (link.as_str(), customer.id())),
            );
        }
        let mut touched = self.save_links(tx, workspace, &holder).await?;
        touched.extend(self.save_owners(tx, workspace, &resolution).await?);
        let now: HashSet<&str> = resolution.customers.iter().map(Customer::id).collect();
        let origins: BTreeSet<&str> = self
            .before
            .values()
            .filter_map(|(_, profile)| profile.as_deref())
            .collect();
        let old = self.documents(tx, workspace, &resolution, &touched).await?;
        let gone = origins.into_iter().filter(|id| !now.contains(id));
        store::profile::remove(tx, &workspace.id, gone).await?;
        let spread = self.spread(&holder);
        for customer in resolution
            .customers
            .iter()
            .filter(|customer| touched.contains(customer.id()))
        {
            let mut profile = match self.joined(customer, &spread, &old) {
                Some(joined) => joined,
                None => {
                    resolved.refolded.insert(customer.id().to_owned());
                    from_log(tx, workspace, customer, folded).await?
                }
            };
            if self.origins(customer).len() > 1 || resolved.refolded.contains(customer.id()) {
                resolved
                    .recount
                    .extend(RecordKind::ALL.map(|kind| (customer.id().to_owned(), kind)));
            }
            profile.identifiers = shown(customer, rules);
            resolved.profiles.insert(customer.id().to_owned(), profile);
        }
        for id in self.links.keys() {
            resolved.links.insert(
                id.clone(),
                holder.get(id.as_str()).map(|id| (*id).to_owned()),
            );
        }
        Ok(())
    }

    /// Writes links that are new, earlier or held by another; the customers that this touches.
    async fn save_links(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        holder: &HashMap<&str, &str>,
    ) -> Result<BTreeSet<String>> {
        let (mut moved, mut new, mut touched) = (Vec::new(), HashSet::new(), BTreeSet::new());
        for (id, link) in &self.links {
            let profile = holder.get(id.as_str()).map(|id| (*id).to_owned());
            let before = self.before.get(id);
            if before.is_some_and(|(first_at, held)| *first_at == link.first_at && *held == profile)
            {
                continue;
            }
            if before.is_none() {
                new.insert(id.clone());
            }
            touched.extend(profile.clone());
            touched.extend(before.and_then(|(_, held)| held.clone()));
            moved.push(Held {
                link: link.clone(),
                profile,
            });
        }
        let moved: Vec<&Held> = moved.iter().collect();
        store::link::save(tx, &workspace.id, &moved, &new).await?;
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
            now.extend(
                customer
                    .identifiers
                    .keys()
                    .map(|id| (id, Some(customer.id()))),
            );
        }
        let mut touched = BTreeSet::new();
        let mut moved = Vec::new();
        for (id, profile) in now {
            let before = self.owners.get(id);
            let shared = resolution.shared.contains(id);
            if before.is_some_and(|before| before.as_deref() == profile)
                && shared == self.shared.contains(id)
            {
                continue;
            }
            touched.extend(profile.map(str::to_owned));
            touched.extend(before.cloned().flatten());
            moved.push((id, profile, shared));
        }
        store::link::point(tx, &workspace.id, &moved).await?;
        Ok(touched)
    }

    /// The stored documents of every profile that held a link of a touched customer.
    async fn documents(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        resolution: &Resolution,
        touched: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Profile>> {
        let mut needed: BTreeSet<&str> = BTreeSet::new();
        for customer in resolution
            .customers
            .iter()
            .filter(|customer| touched.contains(customer.id()))
        {
            needed.extend(self.origins(customer));
        }
        store::profile::load(tx, &workspace.id, needed.into_iter()).await
    }

    /// The profiles that held a customer's links before.
    fn origins(&self, customer: &Customer) -> BTreeSet<&str> {
        customer
            .links
            .iter()
            .filter_map(|link| self.before.get(link)?.1.as_deref())
            .collect()
    }

    /// Who holds the links now that each stored profile held before.
    fn spread<'a>(
        &'a self,
        holder: &HashMap<&str, &'a str>,
    ) -> BTreeMap<&'a str, BTreeSet<Option<&'a str>>> {
        let mut spread: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
        for (link, (_, profile)) in &self.before {
            if let Some(profile) = profile {
                spread
                    .entry(profile)
                    .or_default()
                    .insert(holder.get(link.as_str()).copied());
            }
        }
        spread
    }

    /// The customer's document without the batch's events, made of the old ones; none if a profile was parted, or a link
    /// belonged to nobody before.
    fn joined(
        &self,
        customer: &Customer,
        spread: &BTreeMap<&str, BTreeSet<Option<&str>>>,
        old: &BTreeMap<String, Profile>,
    ) -> Option<Profile> {
        let origins = self.origins(customer);
        let whole = origins
            .iter()
            .all(|origin| spread.get(origin).is_some_and(|holders| holders.len() == 1));
        let unheld = customer
            .links
            .iter()
            .any(|link| matches!(self.before.get(link), Some((_, None))));
        if !whole || unheld {
            return None;
        }
        let mut parts = origins.iter().filter_map(|origin| old.get(*origin));
        let mut profile = parts.next().cloned().unwrap_or_default();
        parts.for_each(|part| profile.merge(part.clone()));
        Some(profile)
    }
}

/// A customer's document folded from the log, the batch's events included.
async fn from_log(
    tx: &mut Tx,
    workspace: &Workspace,
    customer: &Customer,
    folded: Option<&str>,
) -> Result<Profile> {
    let mut profile = Profile::default();
    for Logged { event, .. } in
        store::event::of_links(tx, &workspace.id, &customer.links, folded).await?
    {
        profile.apply(&event);
    }
    Ok(profile)
}

/// The identifiers that a profile shows: those of people, records, contacts and devices, not of things.
fn shown(customer: &Customer, rules: &Rules) -> Vec<Known> {
    let people = customer
        .identifiers
        .iter()
        .filter(|(id, _)| rules.rule(&id.kind).class != Class::Reference);
    people
        .map(|(identifier, since)| Known {
            identifier: identifier.clone(),
            since: *since,
        })
        .collect()
}
