//! A component: every link that is connected to some through identifiers or decisions, as stored and as it is to be.
//!
//! All that identity decides is decided here, by the pure fold over a component's links. What comes of it is written: links,
//! where identifiers lead, and the documents of the customers concerned.

use super::resolve::Resolved;
use crate::Result;
use crate::identity::{self, Class, Customer, Identifier, Known, Link, MOVED, Resolution, Wall};
use crate::profile::record::RecordKind;
use crate::profile::{self, Profile};
use crate::store::access::Workspace;
use crate::store::event::Logged;
use crate::store::link::{Carries, Held};
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Every link that is connected to some others.
pub(super) struct Component {
    /// As they are to be.
    pub links: BTreeMap<String, Link>,
    /// As they are stored. A link that is missing here is new.
    before: HashMap<String, Held>,
    /// Where each identifier leads, as stored.
    owners: BTreeMap<Identifier, Option<String>>,
    /// What is known beside the links, as it is to be.
    pub known: Known,
    /// What keeps identifiers apart, as stored.
    walls: HashMap<Identifier, Vec<Wall>>,
}

impl Component {
    /// Loads what is connected to `changed`, which are links as they are to be. `before` are those of them that are stored.
    pub async fn load(
        tx: &mut Tx,
        workspace: &Workspace,
        changed: Vec<Link>,
        before: impl Iterator<Item = Held>,
    ) -> Result<Self> {
        let rules = &workspace.rules.rules;
        let mut component = Self {
            links: BTreeMap::new(),
            before: before.map(|held| (held.link.id.clone(), held)).collect(),
            owners: BTreeMap::new(),
            known: Known::default(),
            walls: HashMap::new(),
        };
        let mut reached: HashSet<Identifier> = HashSet::new();
        let mut frontier: Vec<Identifier> = Vec::new();
        let moves = workspace.rules.has_earlier();
        let mut reach = |link: &Link, frontier: &mut Vec<Identifier>| {
            let followers = moves.then(|| Identifier::new(MOVED, link.id.as_str()));
            for id in link.connections(rules).cloned().chain(followers) {
                if reached.insert(id.clone()) {
                    frontier.push(id);
                }
            }
        };
        // What a changed link carried before connects it to those that it may have to leave.
        for link in changed
            .iter()
            .chain(component.before.values().map(|held| &held.link))
        {
            reach(link, &mut frontier);
        }
        component
            .links
            .extend(changed.into_iter().map(|link| (link.id.clone(), link)));
        while !frontier.is_empty() {
            let (owners, known) = store::link::owners(tx, &workspace.id, &frontier).await?;
            frontier.retain(|id| !known.shared.contains(id));
            component.owners.extend(owners);
            component.known.shared.extend(known.shared);
            component.known.walls.extend(known.walls);
            let mut found =
                store::link::carrying(tx, &workspace.id, &std::mem::take(&mut frontier)).await?;
            let targets = component.targets(&found);
            if !targets.is_empty() {
                found.extend(store::link::load(tx, &workspace.id, &targets).await?);
            }
            for held in found {
                reach(&held.link, &mut frontier);
                let id = held.link.id.clone();
                let link = component.links.entry(id.clone());
                link.or_insert_with(|| held.link.clone());
                component.before.insert(id, held);
            }
        }
        component.walls = component.known.walls.clone();
        Ok(component)
    }

    /// Loads what is connected to these links.
    pub async fn around(tx: &mut Tx, workspace: &Workspace, links: &[String]) -> Result<Self> {
        let held = store::link::load(tx, &workspace.id, links).await?;
        let seeds = held.iter().map(|held| held.link.clone()).collect();
        Self::load(tx, workspace, seeds, held.into_iter()).await
    }

    /// The links, not loaded yet, that moved ones among these moved to.
    fn targets(&self, found: &[Held]) -> Vec<String> {
        let moved = found
            .iter()
            .map(|held| &held.link)
            .chain(self.links.values());
        let targets: BTreeSet<&str> = moved.filter_map(Link::moved_to).collect();
        let missing = targets
            .into_iter()
            .filter(|id| !self.links.contains_key(*id));
        missing.map(str::to_owned).collect()
    }

    /// Its links as they are to be.
    pub fn all(&self) -> Vec<Link> {
        self.links.values().cloned().collect()
    }

    /// Folds the component, writes what changed, and hands over the documents of the customers that it concerns. `folded` is
    /// as in [`super::fold`].
    pub async fn settle(
        self,
        tx: &mut Tx,
        workspace: &Workspace,
        folded: Option<&str>,
        resolved: &mut Resolved,
    ) -> Result<()> {
        let resolution = identity::fold(&self.all(), &workspace.rules.rules, &self.known);
        let mut holder: HashMap<&str, &str> = HashMap::new();
        for customer in &resolution.customers {
            let links = customer.links.iter();
            holder.extend(links.map(|link| (link.as_str(), customer.id())));
        }
        self.save_walls(tx, workspace).await?;
        let mut touched = self.save_links(tx, workspace, &holder).await?;
        touched.extend(self.save_owners(tx, workspace, &resolution).await?);
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
            let mut profile = match self.joined(customer, &spread, &old) {
                Some(joined) => joined,
                None => {
                    resolved.refolded.insert(id.clone());
                    from_log(tx, workspace, customer, folded).await?
                }
            };
            if self.origins(customer).len() > 1 || resolved.refolded.contains(&id) {
                resolved
                    .recount
                    .extend(RecordKind::ALL.map(|kind| (id.clone(), kind)));
            }
            profile.identifiers = shown(customer, workspace);
            resolved.profiles.insert(id, profile);
        }
        for id in self.links.keys() {
            let held = holder.get(id.as_str()).map(|id| (*id).to_owned());
            resolved.links.insert(id.clone(), held);
        }
        Ok(())
    }

    /// Writes what keeps identifiers apart, where that changed.
    async fn save_walls(&self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let stored = |id: &Identifier| self.walls.get(id).map_or(&[][..], Vec::as_slice);
        let walls = self
            .known
            .walls
            .iter()
            .map(|(id, walls)| (id, walls.as_slice()));
        let changed: Vec<_> = walls.filter(|(id, walls)| stored(id) != *walls).collect();
        if changed.is_empty() {
            return Ok(());
        }
        store::link::set_walls(tx, &workspace.id, changed.into_iter()).await
    }

    /// Writes links that are new, changed or held by another; the customers that this touches.
    async fn save_links(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        holder: &HashMap<&str, &str>,
    ) -> Result<BTreeSet<String>> {
        let (mut moved, mut touched) = (Vec::new(), BTreeSet::new());
        let (mut carried, mut shed) = (Vec::new(), Vec::new());
        for (id, link) in &self.links {
            let profile = holder.get(id.as_str()).map(|id| (*id).to_owned());
            let before = self.before.get(id);
            if before.is_some_and(|held| held.link == *link && held.profile == profile) {
                continue;
            }
            let (has, had) = (
                carries(link),
                before.map(|held| carries(&held.link)).unwrap_or_default(),
            );
            let row = |identifier| Carries {
                identifier,
                link: id,
            };
            carried.extend(has.difference(&had).copied().map(row));
            shed.extend(had.difference(&has).copied().map(row));
            touched.extend(profile.clone());
            touched.extend(before.and_then(|held| held.profile.clone()));
            moved.push(Held {
                link: link.clone(),
                profile,
            });
        }
        store::link::save(tx, &workspace.id, &moved).await?;
        store::link::carry(tx, &workspace.id, &carried).await?;
        store::link::shed(tx, &workspace.id, &shed).await?;
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
                && shared == self.known.shared.contains(id)
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
        let customers = resolution
            .customers
            .iter()
            .filter(|customer| touched.contains(customer.id()));
        let needed: BTreeSet<&str> = customers
            .flat_map(|customer| self.origins(customer))
            .collect();
        store::profile::load(tx, &workspace.id, needed.into_iter()).await
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

    /// The customer's document without the batch's events, made of the old ones; none if a profile was parted, or a link
    /// belonged to nobody before.
    fn joined(
        &self,
        customer: &Customer,
        spread: &BTreeMap<&str, BTreeSet<Option<&str>>>,
        old: &BTreeMap<String, Profile>,
    ) -> Option<Profile> {
        let origins = self.origins(customer);
        let whole = |origin: &&str| spread.get(origin).is_some_and(|holders| holders.len() == 1);
        let unheld = |link: &String| {
            self.before
                .get(link)
                .is_some_and(|held| held.profile.is_none())
        };
        if !origins.iter().all(whole) || customer.links.iter().any(unheld) {
            return None;
        }
        let mut parts = origins.iter().filter_map(|origin| old.get(*origin));
        let mut profile = parts.next().cloned().unwrap_or_default();
        parts.for_each(|part| profile.merge(part.clone()));
        Some(profile)
    }
}

/// What identity knows around a customer, to explain it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The customer's links and all that are connected to them.
    pub links: Vec<Link>,
    /// What is known beside them.
    pub known: Known,
}

/// What identity knows around the customer of this id.
///
/// # Errors
/// When the database refuses.
pub async fn surroundings(
    tx: &mut Tx,
    workspace: &Workspace,
    customer: &str,
) -> Result<Surroundings> {
    let component = Component::around(tx, workspace, &[customer.to_owned()]).await?;
    Ok(Surroundings {
        links: component.all(),
        known: component.known,
    })
}

/// The identifiers and marks of a link.
fn carries(link: &Link) -> BTreeSet<&Identifier> {
    link.identifiers.iter().chain(&link.marks).collect()
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
fn shown(customer: &Customer, workspace: &Workspace) -> Vec<profile::Known> {
    let rules = &workspace.rules.rules;
    let people = customer
        .identifiers
        .iter()
        .filter(|(id, _)| rules.rule(&id.kind).class != Class::Reference);
    people
        .map(|(identifier, since)| profile::Known {
            identifier: identifier.clone(),
            since: *since,
        })
        .collect()
}
