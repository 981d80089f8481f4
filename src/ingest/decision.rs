//! What decisions of stewards do to a component: marks on links, and cannot-link constraints
//! between identifiers. The decisions themselves are made in `steward`.

use super::component::Component;
use super::settle;
use crate::Result;
use crate::id::LinkId;
use crate::identity::decision::{Act, Decision, in_force};
use crate::identity::{APART, CannotLink, Identifier, MUST_LINK};
use crate::store::access::Workspace;
use crate::store::link::StoredLink;
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
                links.push(LinkId::new(subject.value));
            } else {
                identifiers.push(subject);
            }
        }
        let mut held: BTreeMap<LinkId, StoredLink> = BTreeMap::new();
        for found in store::link::load(tx, &workspace.id, &links).await? {
            held.insert(found.link.id.clone(), found);
        }
        for found in store::link::with_identifiers(tx, &workspace.id, &identifiers).await? {
            held.insert(found.link.id.clone(), found);
        }
        let seeds = held.values().map(|held| held.link.clone()).collect();
        Self::load(tx, workspace, seeds, held.into_values()).await
    }

    /// Brings a decision to bear on the component.
    pub(crate) fn put(&mut self, decision: &Decision) {
        let Decision { id, act, .. } = decision;
        match act {
            Act::Merge { links } => links.iter().for_each(|link| self.mark(link, MUST_LINK, id)),
            Act::Apart { link } => self.mark(link, APART, id),
            Act::Split { off, rest } => {
                self.add_cannot_link(off, id, true);
                self.add_cannot_link(rest, id, false);
            }
            Act::Undo { .. } => {}
        }
    }

    /// Takes a decision off the component.
    pub(crate) fn take_back(&mut self, decision: &Decision) {
        match &decision.act {
            Act::Split { .. } => self.remove_cannot_link(&decision.id),
            _ => self.unmark(&decision.id),
        }
    }

    fn mark(&mut self, link: &LinkId, kind: &str, decision: &str) {
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

    fn add_cannot_link(&mut self, identifiers: &[Identifier], decision: &str, off: bool) {
        for identifier in identifiers {
            let cannot_links = self
                .constraints
                .cannot_links
                .entry(identifier.clone())
                .or_default();
            cannot_links.push(CannotLink {
                decision: decision.to_owned(),
                off,
            });
            cannot_links.sort_unstable();
            cannot_links.dedup();
        }
    }

    pub(crate) fn remove_cannot_link(&mut self, decision: &str) {
        for cannot_links in self.constraints.cannot_links.values_mut() {
            cannot_links.retain(|one| one.decision != decision);
        }
    }
}
