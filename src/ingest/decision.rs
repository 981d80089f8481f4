//! What decisions of stewards do to a component: marks on links, walls between identifiers. Deciding is `steward`'s.

use super::component::{Ahead, Component};
use super::settle;
use crate::Result;
use crate::identity::decision::{Act, Decision, in_force};
use crate::identity::{APART, Identifier, MERGED, Wall};
use crate::store::access::Workspace;
use crate::store::link::Held;
use crate::store::{self, Tx};
use std::collections::BTreeMap;

/// Decisions that a rebuild follows at a time.
const PAGE: usize = 500;

/// Follows every decision that holds, after a rebuild has folded the events.
pub(super) async fn follow(tx: &mut Tx, workspace: &Workspace) -> Result<()> {
    let all = store::identity::all(tx, &workspace.id).await?;
    let holding = in_force(&all);
    let put_up = |decision: &&Decision| {
        holding.contains(decision.id.as_str()) && !matches!(decision.act, Act::Undo { .. })
    };
    let acts: Vec<Decision> = all.iter().filter(put_up).cloned().collect();
    for page in acts.chunks(PAGE) {
        let mut component = Component::concerned(tx, workspace, page).await?;
        for decision in page {
            component.put(decision);
        }
        settle(tx, workspace, component).await?;
    }
    Ok(())
}

/// What decisions do to a component before it is settled.
impl Component {
    /// The components that decisions speak of.
    pub(crate) async fn concerned(
        tx: &mut Tx,
        workspace: &Workspace,
        decisions: &[Decision],
    ) -> Result<Self> {
        let (mut links, mut identifiers) = (Vec::new(), Vec::new());
        for subject in decisions
            .iter()
            .flat_map(|decision| decision.act.subjects())
        {
            if subject.kind == "link" {
                links.push(subject.value);
            } else {
                identifiers.push(subject);
            }
        }
        let mut held: BTreeMap<String, Held> = BTreeMap::new();
        for found in store::link::load(tx, &workspace.id, &links).await? {
            held.insert(found.link.id.clone(), found);
        }
        for found in store::link::carrying(tx, &workspace.id, &identifiers).await? {
            held.insert(found.link.id.clone(), found);
        }
        let seeds = held.values().map(|held| held.link.clone()).collect();
        Self::load(tx, workspace, seeds, held.into_values(), Ahead::default()).await
    }

    /// Brings a decision to bear on the component.
    pub(crate) fn put(&mut self, decision: &Decision) {
        let Decision { id, act, .. } = decision;
        match act {
            Act::Merge { links } => links.iter().for_each(|link| self.mark(link, MERGED, id)),
            Act::Apart { link } => self.mark(link, APART, id),
            Act::Split { off, rest } => {
                self.put_wall(off, id, true);
                self.put_wall(rest, id, false);
            }
            Act::Undo { .. } => {}
        }
    }

    /// Takes a decision off the component.
    pub(crate) fn take_back(&mut self, decision: &Decision) {
        match &decision.act {
            Act::Split { .. } => self.lift_wall(&decision.id),
            _ => self.unmark(&decision.id),
        }
    }

    fn mark(&mut self, link: &str, kind: &str, decision: &str) {
        if let Some(link) = self.links.get_mut(link) {
            link.marks.push(Identifier::new(kind, decision));
            link.marks.sort_unstable();
            link.marks.dedup();
        }
    }

    pub(crate) fn unmark(&mut self, decision: &str) {
        for link in self.links.values_mut() {
            link.marks.retain(|mark| mark.value != decision);
        }
    }

    fn put_wall(&mut self, identifiers: &[Identifier], decision: &str, off: bool) {
        for identifier in identifiers {
            let walls = self.known.walls.entry(identifier.clone()).or_default();
            walls.push(Wall {
                decision: decision.to_owned(),
                off,
            });
            walls.sort_unstable();
            walls.dedup();
        }
    }

    pub(crate) fn lift_wall(&mut self, decision: &str) {
        for walls in self.known.walls.values_mut() {
            walls.retain(|wall| wall.decision != decision);
        }
    }
}
