//! New links that are taken without a fold: which of a batch's they are, and the few rows that they come to.
//!
//! [`crate::identity::step`] has the condition and its proof, for one link after another on top of what is stored. A batch may also have
//! links that must be folded. A step counts on nothing that these change as long as it has no new identifier in common with
//! one and its customer is none that the folded component holds; otherwise it is folded with them.

use super::component::{Ahead, Component};
use super::resolved::Resolved;
use crate::Result;
use crate::identity::fast_path::{Candidate, SET_KEY};
use crate::identity::{Identifier, Link};
use crate::store::access::Workspace;
use crate::store::link::{LinkIdentifier, StoredLink};
use crate::store::{self, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A link that needs no fold, and the customer that it belongs to.
struct Step {
    link: Link,
    profile: String,
    core: Option<String>,
}

/// What becomes of the links of a batch that are new or other than stored.
pub(super) struct Plan {
    steps: Vec<Step>,
    /// Those that must be folded.
    pub rest: Vec<Link>,
    /// What was read on the way.
    ahead: Ahead,
}

impl Plan {
    /// Tells which of the `changed` links need no fold. `stored` says which of them are not new.
    pub async fn of(
        tx: &mut Tx,
        workspace: &Workspace,
        changed: BTreeMap<String, Link>,
        stored: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        // While rules are being applied, what is stored may be folded under others.
        let applied = workspace.rules.applied;
        // A link that takes in what moved is folded with it.
        let targets: HashSet<String> = changed
            .values()
            .filter_map(|link| link.moved_to().map(str::to_owned))
            .collect();
        let (mut new, rest): (Vec<Link>, Vec<Link>) = changed.into_values().partition(|link| {
            applied && link.marks.is_empty() && !stored(&link.id) && !targets.contains(&link.id)
        });
        let mut plan = Self {
            steps: Vec::new(),
            rest,
            ahead: Ahead::default(),
        };
        if new.is_empty() {
            return Ok(plan);
        }
        plan.ahead.read(tx, workspace, &new).await?;
        let witnesses = plan.witnesses(tx, workspace, &new).await?;
        new.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        plan.choose(workspace, new, witnesses);
        plan.leave(workspace);
        Ok(plan)
    }

    /// Whole links that may bear out the steps, by what leads to them.
    async fn witnesses(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        new: &[Link],
    ) -> Result<HashMap<Identifier, Link>> {
        let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
        let mut clues: BTreeSet<Identifier> = BTreeSet::new();
        for link in new {
            let (owners, shared) = (&self.ahead.owners, &self.ahead.constraints.shared);
            if let Some(candidate) = Candidate::of(link, rules, owners, shared) {
                clues.extend(candidate.set_key(rules, secret));
                clues.extend(candidate.references(rules).cloned());
            }
        }
        let clues: Vec<Identifier> = clues.into_iter().collect();
        let found = store::link::witnesses(tx, &workspace.id, &clues).await?;
        let whole = found.into_iter().filter(|(_, held)| held.complete);
        Ok(whole.map(|(clue, held)| (clue, held.link)).collect())
    }

    /// Takes links, oldest first, each on top of the steps before it.
    fn choose(
        &mut self,
        workspace: &Workspace,
        new: Vec<Link>,
        mut witnesses: HashMap<Identifier, Link>,
    ) {
        let (rules, secret) = (&workspace.rules.rules, &workspace.secret);
        let mut owners = self.ahead.owners.clone();
        for link in new {
            let candidate = Candidate::of(&link, rules, &owners, &self.ahead.constraints.shared);
            let held = candidate.and_then(|candidate| {
                let clue = candidate.set_key(rules, secret);
                let first = clue.as_ref().and_then(|core| witnesses.get(core));
                let things = candidate.references(rules);
                let whole: Vec<&Link> = things.filter_map(|id| witnesses.get(id)).collect();
                let core = candidate.stored_key(first, rules, secret);
                candidate.holds(first, &whole).then_some((candidate, core))
            });
            let Some((Candidate { profile, fresh, .. }, core)) = held else {
                self.rest.push(link);
                continue;
            };
            let profile = profile.to_owned();
            let clue = core.iter().map(|core| Identifier::new(SET_KEY, core));
            let fresh: Vec<Identifier> = fresh.into_iter().cloned().collect();
            for id in clue.chain(fresh.iter().cloned()) {
                witnesses.insert(id, link.clone());
            }
            owners.extend(fresh.into_iter().map(|id| (id, Some(profile.clone()))));
            self.steps.push(Step {
                link,
                profile,
                core,
            });
        }
    }

    /// Leaves to the fold what has a new identifier in common with a link that is folded.
    fn leave(&mut self, workspace: &Workspace) {
        let rules = &workspace.rules.rules;
        let owners = &self.ahead.owners;
        let new = |id: &&Identifier| !owners.contains_key(*id) && rules.joins(&id.kind, &id.value);
        let (mut folded, mut looked) = (HashSet::new(), 0);
        while looked < self.rest.len() {
            let carried = self.rest[looked..]
                .iter()
                .flat_map(|link| &link.identifiers);
            folded.extend(carried.filter(new).cloned());
            looked = self.rest.len();
            let (left, steps) = std::mem::take(&mut self.steps)
                .into_iter()
                .partition(|step| step.link.identifiers.iter().any(|id| folded.contains(id)));
            self.steps = steps;
            self.rest
                .extend(left.into_iter().map(|step: Step| step.link));
        }
    }

    /// Loads what has to be folded, with the steps of all customers that are in it.
    pub async fn component(
        &mut self,
        tx: &mut Tx,
        workspace: &Workspace,
        before: impl Iterator<Item = StoredLink>,
    ) -> Result<Component> {
        let (rest, ahead) = (std::mem::take(&mut self.rest), self.ahead.clone());
        let mut component = Component::load(tx, workspace, rest, before, ahead).await?;
        let profiles = component.profiles();
        let (folded, steps) = std::mem::take(&mut self.steps)
            .into_iter()
            .partition(|step| profiles.contains(&step.profile));
        self.steps = steps;
        component.take(folded.into_iter().map(|step: Step| step.link));
        Ok(component)
    }

    /// Writes what the steps come to.
    pub fn write(self, tx: &mut Tx, workspace: &Workspace, resolved: &mut Resolved) {
        if self.steps.is_empty() {
            return;
        }
        let (rules, owners) = (&workspace.rules.rules, &self.ahead.owners);
        let (mut carried, mut points) = (Vec::new(), BTreeMap::new());
        let cores = self
            .steps
            .iter()
            .filter_map(|step| Some((&step.link.id, step.core.as_ref()?)));
        let cores: Vec<_> = cores
            .map(|(link, core)| (link, Identifier::new(SET_KEY, core)))
            .collect();
        let found = cores.iter();
        carried.extend(found.map(|(link, identifier)| LinkIdentifier { identifier, link }));
        for Step { link, profile, .. } in &self.steps {
            for identifier in &link.identifiers {
                let link = &link.id;
                carried.push(LinkIdentifier { identifier, link });
                if !owners.contains_key(identifier) {
                    let joins = rules.joins(&identifier.kind, &identifier.value);
                    points.insert(identifier, joins.then_some(profile.as_str()));
                }
            }
            resolved
                .links
                .insert(link.id.clone(), Some(profile.clone()));
        }
        store::link::carry(tx, &workspace.id, &carried);
        let points = points.into_iter().map(|(id, profile)| (id, profile, false));
        let points: Vec<_> = points.collect();
        store::identifier::point(tx, &workspace.id, &points);
        let links = self.steps.into_iter().map(|step| StoredLink {
            link: step.link,
            profile: Some(step.profile),
            complete: true,
            set_key: step.core,
        });
        store::link::save(tx, &workspace.id, &links.collect::<Vec<_>>());
    }
}
