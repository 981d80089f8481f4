//! A settlement: everything that the fold over one component changes, as a plan. Nothing is read or
//! written for it.

use super::component::Component;
use crate::id::{LinkId, ProfileId};
use crate::identity::fast_path::set_keys;
use crate::identity::{CannotLink, Class, Customer, Identifier, Resolution, Rules, fold};
use crate::profile;
use crate::store::identifier::NewOwner;
use crate::store::link::StoredLink;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Everything that the fold over one component changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settlement {
    /// The links that are new or other than stored, as they are to be.
    pub links: Vec<StoredLink>,
    /// What links carry now and did not.
    pub added: Vec<CarriedIdentifier>,
    /// What links carried and do not any more.
    pub removed: Vec<CarriedIdentifier>,
    /// The identifiers that lead elsewhere now.
    pub owners: Vec<NewOwner>,
    /// Identifiers that no link of the component carries any more.
    pub forgotten: Vec<Identifier>,
    /// The cannot-link constraints that changed.
    pub cannot_links: Vec<(Identifier, Vec<CannotLink>)>,
    /// Profiles whose links are all held by others now.
    pub gone: Vec<ProfileId>,
    /// The profile that holds each link of the component now.
    pub holders: HashMap<LinkId, Option<ProfileId>>,
    /// The customers whose documents have to be made, by id.
    pub customers: Vec<SettledCustomer>,
}

/// An identifier, mark or set key, and the id of a link that carries it.
pub(super) type CarriedIdentifier = (Identifier, LinkId);

/// A customer whose links or identifiers changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SettledCustomer {
    pub id: ProfileId,
    /// The identifiers that its profile shows.
    pub identifiers: Vec<profile::KnownIdentifier>,
    pub document: DocumentSource,
}

/// What a customer's document is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DocumentSource {
    /// These stored documents, which the customer takes over as a whole.
    Join(Vec<Origin>),
    /// The events of these links, from the log.
    Refold(Vec<LinkId>),
}

/// A stored profile, and its links.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub profile: ProfileId,
    pub links: Vec<LinkId>,
}

impl Settlement {
    /// Folds the component and compares what comes of it with what is stored.
    pub fn of(component: &Component, rules: &Rules, secret: &str) -> Self {
        let resolution = fold(&component.all(), rules, &component.constraints);
        let folded = Folded::new(component, &resolution);
        let links = folded.changed_links(&set_keys(
            component.links.values(),
            rules,
            secret,
            &resolution,
        ));
        let (added, removed) = folded.carried(&links);
        let (led, by_identifier) = folded.led();
        let forgotten = folded.dropped();
        let touched: BTreeSet<&ProfileId> = folded
            .by_links(&links)
            .chain(by_identifier)
            .chain(folded.by_stale())
            .collect();
        let customers = folded.customers(&touched, rules);
        let nowhere = forgotten.iter().map(|id| NewOwner {
            identifier: id.clone(),
            profile: None,
            shared: false,
        });
        let owners = led.into_iter().chain(nowhere).collect();
        Self {
            added,
            removed,
            owners,
            customers,
            cannot_links: changed_cannot_links(component),
            gone: folded.gone(),
            holders: folded.holders(),
            forgotten,
            links,
        }
    }
}

/// The cannot-link constraints of a component that are other than stored.
fn changed_cannot_links(component: &Component) -> Vec<(Identifier, Vec<CannotLink>)> {
    let stored = |id: &Identifier| {
        let stored = component.stored_cannot_links.get(id);
        stored.map_or(&[][..], Vec::as_slice)
    };
    let now = component.constraints.cannot_links.iter();
    now.filter(|(id, constraints)| stored(id) != constraints.as_slice())
        .map(|(id, constraints)| (id.clone(), constraints.clone()))
        .collect()
}

/// A component beside what the fold made of it.
struct Folded<'a> {
    component: &'a Component,
    resolution: &'a Resolution,
    /// The customer that holds each link now.
    holder: HashMap<&'a LinkId, &'a ProfileId>,
    /// The customers that hold the links now which each stored profile held before.
    successors: HashMap<&'a ProfileId, BTreeSet<Option<&'a ProfileId>>>,
}

impl<'a> Folded<'a> {
    fn new(component: &'a Component, resolution: &'a Resolution) -> Self {
        let held = resolution.customers.iter().flat_map(|customer| {
            let links = customer.links.iter();
            links.map(|link| (link, customer.id()))
        });
        let holder: HashMap<&LinkId, &ProfileId> = held.collect();
        let mut successors: HashMap<&ProfileId, BTreeSet<Option<&ProfileId>>> = HashMap::new();
        for (link, stored) in &component.stored {
            if let Some(profile) = &stored.profile {
                let now = holder.get(link).copied();
                successors.entry(profile).or_default().insert(now);
            }
        }
        Self {
            component,
            resolution,
            holder,
            successors,
        }
    }

    fn holders(&self) -> HashMap<LinkId, Option<ProfileId>> {
        let holder = |id: &LinkId| self.holder.get(id).copied().cloned();
        let links = self.component.links.keys();
        links.map(|id| (id.clone(), holder(id))).collect()
    }

    /// The links that are new or other than stored, as they are to be.
    fn changed_links(&self, set_keys: &HashMap<LinkId, String>) -> Vec<StoredLink> {
        let links = self.component.links.values().filter_map(|link| {
            let profile = self.holder.get(&link.id).copied();
            let (complete, set_key) = (self.resolution.is_complete(link), set_keys.get(&link.id));
            let same = |stored: &StoredLink| {
                (&stored.link, stored.profile.as_ref()) == (link, profile)
                    && (stored.complete, stored.set_key.as_ref()) == (complete, set_key)
            };
            let stored = self.component.stored.get(&link.id);
            (!stored.is_some_and(same)).then(|| StoredLink {
                link: link.clone(),
                profile: profile.cloned(),
                complete,
                set_key: set_key.cloned(),
            })
        });
        links.collect()
    }

    /// What these links carry now and did not, and what they carried and do not any more.
    fn carried(&self, links: &[StoredLink]) -> (Vec<CarriedIdentifier>, Vec<CarriedIdentifier>) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for link in links {
            let stored = self.component.stored.get(&link.link.id);
            let had = stored.map(StoredLink::rows).unwrap_or_default();
            let has = link.rows();
            let row = |id: &Identifier| (id.clone(), link.link.id.clone());
            added.extend(has.difference(&had).map(row));
            removed.extend(had.difference(&has).map(row));
        }
        (added, removed)
    }

    /// The customers that gained or lost one of these links, or hold one that is another now.
    fn by_links(&self, links: &'a [StoredLink]) -> impl Iterator<Item = &'a ProfileId> {
        let stored = |link: &StoredLink| self.component.stored.get(&link.link.id);
        let other = links.iter().filter(move |link| {
            let same = |stored: &StoredLink| {
                (&stored.link, &stored.profile) == (&link.link, &link.profile)
            };
            !stored(link).is_some_and(same)
        });
        other.flat_map(move |link| {
            let before = stored(link).and_then(|stored| stored.profile.as_ref());
            link.profile.as_ref().into_iter().chain(before)
        })
    }

    /// The customers that hold a link with other events.
    fn by_stale(&self) -> impl Iterator<Item = &'a ProfileId> {
        let stale = self.component.stale.iter();
        stale.filter_map(|link| self.holder.get(link).copied())
    }

    /// The identifiers that lead elsewhere now, and the customers that gained or lost one.
    fn led(&self) -> (Vec<NewOwner>, Vec<&'a ProfileId>) {
        let Self {
            component,
            resolution,
            ..
        } = self;
        let carried = component.links.values().flat_map(|link| &link.identifiers);
        let mut now: BTreeMap<&Identifier, Option<&ProfileId>> =
            carried.map(|id| (id, None)).collect();
        for customer in &resolution.customers {
            let held = customer.identifiers.keys();
            now.extend(held.map(|id| (id, Some(customer.id()))));
        }
        let (mut owners, mut touched) = (Vec::new(), Vec::new());
        for (id, profile) in now {
            let before = component.owners.get(id).map(Option::as_ref);
            let shared = resolution.shared.contains(id);
            if before == Some(profile) && shared == component.constraints.shared.contains(id) {
                continue;
            }
            touched.extend(profile.into_iter().chain(before.flatten()));
            owners.push(NewOwner {
                identifier: id.clone(),
                profile: profile.cloned(),
                shared,
            });
        }
        (owners, touched)
    }

    /// Identifiers that links carried and no link carries now, since the rules do not take them any
    /// more.
    fn dropped(&self) -> Vec<Identifier> {
        let links = &self.component.links;
        let now = |id: &LinkId| links.get(id).map(|link| &link.identifiers);
        let stored = self.component.stored.iter();
        let changed = stored.filter(|(id, held)| now(id) != Some(&held.link.identifiers));
        let had: BTreeSet<&Identifier> = changed
            .flat_map(|(_, held)| &held.link.identifiers)
            .collect();
        if had.is_empty() {
            return Vec::new();
        }
        let carried = links.values().flat_map(|link| &link.identifiers);
        let has: BTreeSet<&Identifier> = carried.collect();
        had.difference(&has).copied().cloned().collect()
    }

    /// Stored profiles that are no customer any more.
    fn gone(&self) -> Vec<ProfileId> {
        let now: HashSet<&ProfileId> = self.resolution.customers.iter().map(Customer::id).collect();
        let stored: BTreeSet<&ProfileId> = self.successors.keys().copied().collect();
        let gone = stored.into_iter().filter(|id| !now.contains(id));
        gone.cloned().collect()
    }

    /// The touched customers, and what their documents are made of.
    fn customers(&self, touched: &BTreeSet<&ProfileId>, rules: &Rules) -> Vec<SettledCustomer> {
        let customers = self.resolution.customers.iter();
        customers
            .filter(|customer| touched.contains(customer.id()))
            .map(|customer| SettledCustomer {
                id: customer.id().clone(),
                identifiers: shown(customer, rules),
                document: match self.origins(customer) {
                    Some(origins) => DocumentSource::Join(origins),
                    None => DocumentSource::Refold(customer.links.clone()),
                },
            })
            .collect()
    }

    /// The stored profiles that a customer's document can be made of. It cannot be made of any when
    /// one of these profiles was parted, or a link belonged to no customer before or has other
    /// events now.
    fn origins(&self, customer: &Customer) -> Option<Vec<Origin>> {
        let mut origins: BTreeMap<&ProfileId, Vec<LinkId>> = BTreeMap::new();
        for link in &customer.links {
            if self.component.stale.contains(link) {
                return None;
            }
            let Some(stored) = self.component.stored.get(link) else {
                continue;
            };
            let profile = stored.profile.as_ref()?;
            if self.successors[profile].len() > 1 {
                return None;
            }
            origins.entry(profile).or_default().push(link.clone());
        }
        let origin = |(profile, links): (&ProfileId, Vec<LinkId>)| Origin {
            profile: profile.clone(),
            links,
        };
        Some(origins.into_iter().map(origin).collect())
    }
}

/// The identifiers that a profile shows: those of people, records, contacts and devices, not of
/// things.
fn shown(customer: &Customer, rules: &Rules) -> Vec<profile::KnownIdentifier> {
    let people = customer
        .identifiers
        .iter()
        .filter(|(id, _)| rules.rule(&id.kind).class != Class::Reference);
    people
        .map(|(identifier, since)| profile::KnownIdentifier {
            identifier: identifier.clone(),
            since: *since,
        })
        .collect()
}

#[cfg(test)]
mod tests;
