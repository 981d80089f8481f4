//! A component: links that are folded together, as stored and as they are to be.
//!
//! It begins with the links that change. Each round adds the links that share a connecting
//! identifier or mark with one that was found, until none is new. A shared identifier is not
//! followed.

use super::batch_plan::{BatchPlan, FastLink, StoredOwners};
use crate::Result;
use crate::id::{LinkId, ProfileId};
use crate::identity::{CannotLink, Constraints, Identifier, Link, MOVED};
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Every link that is connected to some others.
#[derive(Debug, Default)]
pub(crate) struct Component {
    /// The links as they are to be, by id.
    pub links: BTreeMap<LinkId, Link>,
    /// The links as they are stored, by id. A link that is missing here is new.
    pub(super) stored: HashMap<LinkId, StoredLink>,
    /// Where each identifier leads, as stored.
    pub(super) owners: BTreeMap<Identifier, Option<ProfileId>>,
    /// The constraints as they are to be.
    pub constraints: Constraints,
    /// The cannot-link constraints as they are stored.
    pub(super) stored_cannot_links: HashMap<Identifier, Vec<CannotLink>>,
    /// Links that have other events than when the stored documents were folded.
    pub(super) stale: HashSet<LinkId>,
}

impl Component {
    /// Loads what is connected to `changed`, which are links as they are to be. `before` are those
    /// of them that are stored.
    pub(super) async fn load(
        tx: &mut Tx,
        workspace: &Workspace,
        changed: Vec<Link>,
        before: impl Iterator<Item = StoredLink>,
    ) -> Result<Self> {
        Self::load_beside(tx, workspace, changed, before, StoredOwners::default()).await
    }

    /// Loads what is connected to the links of a batch that must be folded, and takes in those of
    /// the fast path whose customers are loaded. `read` is not read again.
    pub(super) async fn of_batch(
        tx: &mut Tx,
        workspace: &Workspace,
        plan: &mut BatchPlan,
        before: impl Iterator<Item = StoredLink>,
        read: StoredOwners,
    ) -> Result<Self> {
        let changed = std::mem::take(&mut plan.folded);
        let mut component = Self::load_beside(tx, workspace, changed, before, read).await?;
        let held = component.stored.values();
        let profiles: HashSet<&ProfileId> = held.filter_map(|held| held.profile.as_ref()).collect();
        let is_held = |fast: &FastLink| {
            let profile = fast.row.profile.as_ref();
            profile.is_some_and(|id| profiles.contains(id))
        };
        let held = plan.fast.extract_if(.., |fast| is_held(fast));
        let links: Vec<Link> = held.map(|fast| fast.row.link).collect();
        let links = links.into_iter().map(|link| (link.id.clone(), link));
        component.links.extend(links);
        Ok(component)
    }

    /// Loads what is connected to these links.
    pub(crate) async fn around(
        tx: &mut Tx,
        workspace: &Workspace,
        links: &[LinkId],
    ) -> Result<Self> {
        let held = store::link::load(tx, &workspace.id, links).await?;
        let seeds = held.iter().map(|held| held.link.clone()).collect();
        Self::load(tx, workspace, seeds, held.into_iter()).await
    }

    async fn load_beside(
        tx: &mut Tx,
        workspace: &Workspace,
        changed: Vec<Link>,
        before: impl Iterator<Item = StoredLink>,
        read: StoredOwners,
    ) -> Result<Self> {
        let mut search = Search::new(workspace);
        let mut component = Self {
            owners: read.owners,
            constraints: read.constraints,
            ..Self::default()
        };
        for link in changed {
            search.reach(&link, None);
            component.links.insert(link.id.clone(), link);
        }
        // What a changed link carried before connects it to those that it may have to leave.
        component.add(before.collect(), &mut search);
        while !search.is_over() {
            component.widen(tx, &mut search, &read.asked).await?;
        }
        component.stored_cannot_links = component.constraints.cannot_links.clone();
        Ok(component)
    }

    /// Reads what is one connection further away.
    async fn widen(
        &mut self,
        tx: &mut Tx,
        search: &mut Search<'_>,
        read: &HashSet<Identifier>,
    ) -> Result<()> {
        let own = &search.workspace.id;
        let mut asked = std::mem::take(&mut search.asked);
        asked.retain(|id| !self.owners.contains_key(id) && !read.contains(id));
        let asked: Vec<Identifier> = asked.into_iter().collect();
        let (owners, constraints) = store::identifier::owners(tx, own, &asked).await?;
        owners.values().flatten().for_each(|it| search.enter(it));
        self.owners.extend(owners);
        self.constraints.shared.extend(constraints.shared);
        self.constraints
            .cannot_links
            .extend(constraints.cannot_links);
        let mut frontier = std::mem::take(&mut search.frontier);
        frontier.retain(|id| !self.constraints.shared.contains(id));
        let found = store::link::with_identifiers(tx, own, &frontier).await?;
        self.add(found, search);
        let profiles = std::mem::take(&mut search.profiles);
        if !profiles.is_empty() {
            let found = store::link::of_profiles(tx, own, &profiles).await?;
            self.add(found, search);
        }
        let targets = self.targets();
        if !targets.is_empty() {
            let found = store::link::load(tx, own, &targets).await?;
            self.add(found, search);
        }
        Ok(())
    }

    /// Takes in stored links.
    fn add(&mut self, found: Vec<StoredLink>, search: &mut Search<'_>) {
        for held in found {
            search.reach(&held.link, held.profile.as_ref());
            let id = held.link.id.clone();
            let link = self.links.entry(id.clone());
            link.or_insert_with(|| held.link.clone());
            self.stored.insert(id, held);
        }
    }

    /// The links, not loaded yet, that others moved to.
    fn targets(&self) -> Vec<LinkId> {
        let targets: BTreeSet<&str> = self.links.values().filter_map(Link::moved_to).collect();
        let missing = targets
            .into_iter()
            .filter(|id| !self.links.contains_key(*id));
        missing.map(LinkId::new).collect()
    }

    /// Its links as they are to be.
    pub(crate) fn all(&self) -> Vec<Link> {
        self.links.values().cloned().collect()
    }
}

/// What is still to be looked for while a component is loaded.
struct Search<'a> {
    workspace: &'a Workspace,
    reached: HashSet<Identifier>,
    /// Connections whose links are not loaded yet.
    frontier: Vec<Identifier>,
    /// Identifiers whose owners are not read yet. An identifier that joins nobody under these rules
    /// may still lead to a customer from the time of others.
    asked: BTreeSet<Identifier>,
    visited: HashSet<ProfileId>,
    /// Profiles of which all links are needed.
    profiles: Vec<ProfileId>,
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

    fn reach(&mut self, link: &Link, profile: Option<&ProfileId>) {
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

    /// While rules are being applied, a stored profile may hold links that these rules do not
    /// connect, and an identifier that joins nobody any more may lead to one.
    fn enter(&mut self, profile: &ProfileId) {
        if !self.workspace.rules.applied && self.visited.insert(profile.clone()) {
            self.profiles.push(profile.clone());
        }
    }

    fn is_over(&self) -> bool {
        self.frontier.is_empty() && self.asked.is_empty() && self.profiles.is_empty()
    }
}
