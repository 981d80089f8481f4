//! A component: every link that is connected to some through identifiers or decisions, as stored and as it is to be.
//!
//! All that identity decides is decided by the pure fold over a component's links; `settle` writes what comes of it.

use crate::Result;
use crate::identity::{CannotLink, Constraints, Identifier, Link, MOVED};
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

mod log;
mod settle;

/// Every link that is connected to some others.
pub(crate) struct Component {
    /// As they are to be.
    pub links: BTreeMap<String, Link>,
    /// As they are stored. A link that is missing here is new.
    before: HashMap<String, StoredLink>,
    /// Where each identifier leads, as stored.
    owners: BTreeMap<Identifier, Option<String>>,
    /// The constraints, as they are to be.
    pub constraints: Constraints,
    /// What keeps identifiers apart, as stored.
    cannot_links: HashMap<Identifier, Vec<CannotLink>>,
    /// Links that have other events than when the stored documents were folded.
    pub stale: HashSet<String>,
}

impl Component {
    /// Loads what is connected to `changed`, which are links as they are to be. `before` are those of them that are stored.
    /// `ahead` is what need not be read again.
    pub(super) async fn load(
        tx: &mut Tx,
        workspace: &Workspace,
        changed: Vec<Link>,
        before: impl Iterator<Item = StoredLink>,
        ahead: Ahead,
    ) -> Result<Self> {
        let mut search = Search::new(workspace);
        let mut component = Self {
            links: BTreeMap::new(),
            before: HashMap::new(),
            owners: ahead.owners,
            constraints: ahead.constraints,
            cannot_links: HashMap::new(),
            stale: HashSet::new(),
        };
        for link in changed {
            search.reach(&link, None);
            component.links.insert(link.id.clone(), link);
        }
        // What a changed link carried before connects it to those that it may have to leave.
        component.add(before.collect(), &mut search);
        while !search.is_over() {
            let mut asked = std::mem::take(&mut search.asked);
            asked.retain(|id| !component.owners.contains_key(id) && !ahead.asked.contains(id));
            let asked: Vec<Identifier> = asked.into_iter().collect();
            let (owners, constraints) =
                store::identifier::owners(tx, &workspace.id, &asked).await?;
            owners.values().flatten().for_each(|it| search.enter(it));
            component.owners.extend(owners);
            component.constraints.shared.extend(constraints.shared);
            component
                .constraints
                .cannot_links
                .extend(constraints.cannot_links);
            let mut frontier = std::mem::take(&mut search.frontier);
            frontier.retain(|id| !component.constraints.shared.contains(id));
            let found = store::link::carrying(tx, &workspace.id, &frontier).await?;
            component.add(found, &mut search);
            let profiles = std::mem::take(&mut search.profiles);
            if !profiles.is_empty() {
                let found = store::link::of_profiles(tx, &workspace.id, &profiles).await?;
                component.add(found, &mut search);
            }
            let targets = component.targets();
            if !targets.is_empty() {
                let found = store::link::load(tx, &workspace.id, &targets).await?;
                component.add(found, &mut search);
            }
        }
        component.cannot_links = component.constraints.cannot_links.clone();
        Ok(component)
    }

    /// Takes in stored links.
    fn add(&mut self, found: Vec<StoredLink>, search: &mut Search<'_>) {
        for held in found {
            search.reach(&held.link, held.profile.as_deref());
            let id = held.link.id.clone();
            let link = self.links.entry(id.clone());
            link.or_insert_with(|| held.link.clone());
            self.before.insert(id, held);
        }
    }

    /// Loads what is connected to these links.
    pub async fn around(tx: &mut Tx, workspace: &Workspace, links: &[String]) -> Result<Self> {
        let held = store::link::load(tx, &workspace.id, links).await?;
        let seeds = held.iter().map(|held| held.link.clone()).collect();
        Self::load(tx, workspace, seeds, held.into_iter(), Ahead::default()).await
    }

    /// The links, not loaded yet, that others moved to.
    fn targets(&self) -> Vec<String> {
        let targets: BTreeSet<&str> = self.links.values().filter_map(Link::moved_to).collect();
        let missing = targets
            .into_iter()
            .filter(|id| !self.links.contains_key(*id));
        missing.map(str::to_owned).collect()
    }

    /// The profiles that hold its links, as stored.
    pub(super) fn profiles(&self) -> HashSet<String> {
        let held = self.before.values();
        held.filter_map(|held| held.profile.clone()).collect()
    }

    /// Takes in new links that connect it to nothing else.
    pub(super) fn take(&mut self, new: impl Iterator<Item = Link>) {
        self.links.extend(new.map(|link| (link.id.clone(), link)));
    }

    /// Its links as they are to be.
    pub fn all(&self) -> Vec<Link> {
        self.links.values().cloned().collect()
    }
}

/// Where identifiers lead, read before it is known which component they are of.
#[derive(Clone, Default)]
pub(super) struct Ahead {
    asked: HashSet<Identifier>,
    /// Where each leads that any link carries.
    pub owners: BTreeMap<Identifier, Option<String>>,
    /// Which of them are shared, and what keeps them apart.
    pub constraints: Constraints,
}

impl Ahead {
    /// Reads where the identifiers of these links lead.
    pub async fn read(&mut self, tx: &mut Tx, workspace: &Workspace, links: &[Link]) -> Result<()> {
        let carried = links.iter().flat_map(|link| &link.identifiers);
        self.asked = carried.cloned().collect();
        let mut asked: Vec<Identifier> = self.asked.iter().cloned().collect();
        asked.sort_unstable();
        (self.owners, self.constraints) =
            store::identifier::owners(tx, &workspace.id, &asked).await?;
        Ok(())
    }
}

/// What is still to be looked for while a component is loaded.
struct Search<'a> {
    workspace: &'a Workspace,
    reached: HashSet<Identifier>,
    /// Connections whose links are not loaded yet.
    frontier: Vec<Identifier>,
    /// Identifiers of which it is not known where they lead. What joins nobody under these rules may lead to someone all the
    /// same, from the time of others.
    asked: BTreeSet<Identifier>,
    visited: HashSet<String>,
    /// Profiles of which all links are needed.
    profiles: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            reached: HashSet::new(),
            frontier: Vec::new(),
            asked: BTreeSet::new(),
            visited: HashSet::new(),
            profiles: Vec::new(),
        }
    }

    fn reach(&mut self, link: &Link, profile: Option<&str>) {
        let book = &self.workspace.rules;
        let followers = book
            .has_earlier()
            .then(|| Identifier::new(MOVED, link.id.as_str()));
        for id in link.connections(&book.rules).cloned().chain(followers) {
            if self.reached.insert(id.clone()) {
                self.frontier.push(id);
            }
        }
        self.asked.extend(link.identifiers.iter().cloned());
        profile.into_iter().for_each(|profile| self.enter(profile));
    }

    /// While rules are being applied, a stored profile may hold links that these rules do not connect, and an identifier that
    /// joins nobody any more may lead to one.
    fn enter(&mut self, profile: &str) {
        if !self.workspace.rules.applied && self.visited.insert(profile.to_owned()) {
            self.profiles.push(profile.to_owned());
        }
    }

    fn is_over(&self) -> bool {
        self.frontier.is_empty() && self.asked.is_empty() && self.profiles.is_empty()
    }
}
