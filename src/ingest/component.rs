//! A component: every link that is connected to some through identifiers or decisions, as stored and as it is to be.
//!
//! All that identity decides is decided by the pure fold over a component's links; `settle` writes what comes of it.

use crate::Result;
use crate::identity::{Identifier, Known, Link, MOVED, Wall};
use crate::store::access::Workspace;
use crate::store::link::Held;
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

mod settle;

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
    /// Links that have other events than when the stored documents were folded.
    pub stale: HashSet<String>,
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
            stale: HashSet::new(),
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
