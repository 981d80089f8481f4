//! What stewards decide: joining customers, parting them, and taking either back. Each is added to the log and followed in the
//! same transaction, through the same fold as everything else.

use super::component::{Ahead, Component};
use super::resolved::Resolved;
use crate::identity::decision::{Act, By, Decision, in_force};
use crate::identity::split::{self, Split};
use crate::identity::{self, APART, Identifier, Link, MERGED, Wall, Why};
use crate::store::access::Workspace;
use crate::store::link::Held;
use crate::store::{self, Tx};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What comes off a customer.
#[derive(Clone, Debug)]
pub enum Off {
    /// These identifiers, and what they bring with them.
    Identifiers(Vec<Identifier>),
    /// The events of one link.
    Link(String),
}

impl Off {
    /// What comes off, as people write it: identifiers as type:value, or a link.
    ///
    /// # Errors
    /// [`Error::Invalid`] for neither, both, or what is no identifier.
    pub fn read(
        workspace: &Workspace,
        identifiers: &[String],
        link: Option<String>,
    ) -> Result<Self> {
        match (identifiers, link) {
            ([], Some(link)) => Ok(Self::Link(link)),
            ([_, ..], None) => {
                let read = |text: &String| {
                    let read = Identifier::parse(text, &workspace.rules.rules);
                    read.ok_or_else(|| {
                        Error::invalid(format!("`{text}` is no identifier; write type:value"))
                    })
                };
                Ok(Self::Identifiers(
                    identifiers.iter().map(read).collect::<Result<_>>()?,
                ))
            }
            _ => Err(Error::invalid(
                "name `identifiers` or a `link` that comes off, not both",
            )),
        }
    }
}

/// Two customers who are to be joined, by links' ids.
#[derive(Clone, Debug)]
pub struct Join {
    /// One of them.
    pub one: String,
    /// The other.
    pub other: String,
    /// Why, in place of what is said of all.
    pub reason: String,
}

/// Decisions that a rebuild follows at a time.
const PAGE: usize = 500;

/// What every decision begins with: nobody else writes meanwhile, the rules are those in force, and it is younger than every
/// other, whatever the clock says, since the order of their ids is their order.
async fn begin(tx: &mut Tx, workspace: &Workspace, by: &By) -> Result<By> {
    tx.lock(&workspace.id).await?;
    if store::identity::state(tx, &workspace.id).await?.rules != workspace.rules.version {
        return Err(Error::Conflict(
            "the rules changed meanwhile; try again".to_owned(),
        ));
    }
    let last = store::identity::last_decided(tx, &workspace.id).await?;
    Ok(By {
        at: by.at.max(last + 1),
        ..by.clone()
    })
}

/// Joins two customers. What kept them apart by an earlier decision is undone, since the newest word counts.
///
/// # Errors
/// [`Error::Invalid`] when they are one customer already; when the database refuses.
pub async fn merge(
    tx: &mut Tx,
    workspace: &Workspace,
    (one, other): (&str, &str),
    by: &By,
) -> Result<Vec<Decision>> {
    let by = &begin(tx, workspace, by).await?;
    let links = vec![one.to_owned(), other.to_owned()];
    let merge = by.decide(Act::Merge { links });
    let mut decisions = vec![merge.clone()];
    let mut component = concerned(tx, workspace, &decisions).await?;
    if component.holds_together(workspace, one, other) {
        return Err(Error::invalid("they are one customer already"));
    }
    put(&mut component, &merge);
    let mut lifted = vec![merge.clone()];
    while let Some(wall) = component.refusal(workspace, &merge.id) {
        // It may also stand between customers who have nothing to do with these any more.
        let found = store::identity::with_undos(tx, &workspace.id, &wall).await?;
        lifted.extend(found.into_iter().take(1));
        component = concerned(tx, workspace, &lifted).await?;
        put(&mut component, &merge);
        for split in &lifted[1..] {
            component.lift_wall(&split.id);
        }
        decisions.push(by.decide(Act::Undo { decision: wall }));
    }
    decisions.sort_by(|a, b| a.id.cmp(&b.id));
    finish(tx, workspace, component, &decisions).await?;
    Ok(decisions)
}

/// Joins many pairs of customers, for matching. Pairs that a steward keeps apart, or that are one already, are left out.
///
/// # Errors
/// When the database refuses.
pub async fn merge_all(
    tx: &mut Tx,
    workspace: &Workspace,
    joins: &[Join],
    by: &By,
) -> Result<Vec<Decision>> {
    let by = &begin(tx, workspace, by).await?;
    let both = joins
        .iter()
        .flat_map(|join| [join.one.clone(), join.other.clone()]);
    let links: BTreeSet<String> = both.collect();
    let mut component =
        Component::around(tx, workspace, &links.into_iter().collect::<Vec<_>>()).await?;
    let mut decisions = Vec::new();
    for Join { one, other, reason } in joins {
        let known = |id| component.links.contains_key(id);
        if known(one) && known(other) {
            let mut decision = by.decide(Act::Merge {
                links: vec![one.clone(), other.clone()],
            });
            decision.reason.clone_from(reason);
            put(&mut component, &decision);
            decisions.push(decision);
        }
    }
    let needless = component.needless(workspace);
    for decision in decisions
        .iter()
        .filter(|decision| needless.contains(&decision.id))
    {
        take_back(&mut component, decision);
    }
    decisions.retain(|decision| !needless.contains(&decision.id));
    finish(tx, workspace, component, &decisions).await?;
    Ok(decisions)
}

/// Parts a customer. Where a steward's join brought the sides together, that join is undone; where the rules did, a wall is
/// put up.
///
/// # Errors
/// [`Error::Invalid`] when the customer does not have what is to come off, or has nothing else.
pub async fn split(
    tx: &mut Tx,
    workspace: &Workspace,
    customer: &str,
    off: &Off,
    by: &By,
) -> Result<Vec<Decision>> {
    let by = &begin(tx, workspace, by).await?;
    let mut component = Component::around(tx, workspace, &[customer.to_owned()]).await?;
    let (links, rules) = (component.all(), &workspace.rules.rules);
    let plan = match off {
        Off::Identifiers(off) => {
            split::identifiers(&links, rules, &component.known, customer, off)?
        }
        Off::Link(link) => split::link(&links, rules, &component.known, customer, link)?,
    };
    let acts: Vec<Act> = match plan {
        Split::Undo { merges, again } => {
            let undos = merges.into_iter().map(|decision| Act::Undo { decision });
            undos
                .chain(again.into_iter().map(|links| Act::Merge { links }))
                .collect()
        }
        Split::Wall { off, rest } => vec![Act::Split { off, rest }],
        Split::Apart(link) => vec![Act::Apart { link }],
    };
    let decisions: Vec<Decision> = acts.into_iter().map(|act| by.decide(act)).collect();
    for decision in &decisions {
        match &decision.act {
            Act::Undo { decision } => component.unmark(decision),
            _ => put(&mut component, decision),
        }
    }
    finish(tx, workspace, component, &decisions).await?;
    Ok(decisions)
}

/// Takes a decision back; everything is as if it had never been made.
///
/// # Errors
/// [`Error::NotFound`] when there is none of this id, [`Error::Invalid`] when it does not hold any more.
pub async fn undo(tx: &mut Tx, workspace: &Workspace, id: &str, by: &By) -> Result<Decision> {
    let by = &begin(tx, workspace, by).await?;
    let chain = store::identity::with_undos(tx, &workspace.id, id).await?;
    let first = chain
        .first()
        .ok_or_else(|| Error::NotFound(format!("no decision `{id}`")))?;
    if !in_force(&chain).contains(id) {
        return Err(Error::invalid(format!(
            "decision `{id}` was undone already"
        )));
    }
    let undo = by.decide(Act::Undo {
        decision: id.to_owned(),
    });
    let (act, holds) = match &first.act {
        // Taking back that something was taken back.
        Act::Undo { decision } => {
            let chain = store::identity::with_undos(tx, &workspace.id, decision).await?;
            let first = chain.into_iter().next();
            (
                first.ok_or_else(|| Error::internal("an undone decision is gone"))?,
                true,
            )
        }
        _ => (first.clone(), false),
    };
    if matches!(act.act, Act::Undo { .. }) {
        return Err(Error::invalid(format!(
            "decision `{id}` takes back one that took one back; undo `{}` instead",
            act.id
        )));
    }
    let mut component = concerned(tx, workspace, std::slice::from_ref(&act)).await?;
    if holds {
        put(&mut component, &act);
    } else {
        take_back(&mut component, &act);
    }
    finish(tx, workspace, component, std::slice::from_ref(&undo)).await?;
    Ok(undo)
}

/// Follows every decision that holds, after a rebuild has folded the events.
pub(super) async fn follow(tx: &mut Tx, workspace: &Workspace) -> Result<()> {
    let all = store::identity::all(tx, &workspace.id).await?;
    let holding = in_force(&all);
    let put_up = |decision: &&Decision| {
        holding.contains(decision.id.as_str()) && !matches!(decision.act, Act::Undo { .. })
    };
    let acts: Vec<Decision> = all.iter().filter(put_up).cloned().collect();
    for page in acts.chunks(PAGE) {
        let mut component = concerned(tx, workspace, page).await?;
        for decision in page {
            put(&mut component, decision);
        }
        finish(tx, workspace, component, &[]).await?;
    }
    Ok(())
}

/// The components that decisions speak of.
async fn concerned(
    tx: &mut Tx,
    workspace: &Workspace,
    decisions: &[Decision],
) -> Result<Component> {
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
    Component::load(tx, workspace, seeds, held.into_values(), Ahead::default()).await
}

/// Brings a decision to bear on a component.
fn put(component: &mut Component, decision: &Decision) {
    let Decision { id, act, .. } = decision;
    match act {
        Act::Merge { links } => links
            .iter()
            .for_each(|link| component.mark(link, MERGED, id)),
        Act::Apart { link } => component.mark(link, APART, id),
        Act::Split { off, rest } => {
            component.put_wall(off, id, true);
            component.put_wall(rest, id, false);
        }
        Act::Undo { .. } => {}
    }
}

/// Takes a decision off a component.
fn take_back(component: &mut Component, decision: &Decision) {
    match &decision.act {
        Act::Split { .. } => component.lift_wall(&decision.id),
        _ => component.unmark(&decision.id),
    }
}

async fn finish(
    tx: &mut Tx,
    workspace: &Workspace,
    component: Component,
    decisions: &[Decision],
) -> Result<()> {
    store::identity::decide(tx, &workspace.id, decisions).await?;
    let mut resolved = Resolved::default();
    component.settle(tx, workspace, None, &mut resolved).await?;
    super::finish(tx, workspace, &[], super::Things::new(), resolved).await
}

/// What decisions do to a component before it is settled.
impl Component {
    fn mark(&mut self, link: &str, kind: &str, decision: &str) {
        if let Some(link) = self.links.get_mut(link) {
            link.marks.push(Identifier::new(kind, decision));
            link.marks.sort_unstable();
            link.marks.dedup();
        }
    }

    fn unmark(&mut self, decision: &str) {
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

    fn lift_wall(&mut self, decision: &str) {
        for walls in self.known.walls.values_mut() {
            walls.retain(|wall| wall.decision != decision);
        }
    }

    fn holds_together(&self, workspace: &Workspace, one: &str, other: &str) -> bool {
        let links: Vec<Link> = self.all();
        let folded = identity::fold(&links, &workspace.rules.rules, &self.known);
        let has = |links: &[String], id: &str| links.iter().any(|link| link == id);
        folded
            .customers
            .iter()
            .any(|customer| has(&customer.links, one) && has(&customer.links, other))
    }

    /// The wall that keeps a join from being followed.
    fn refusal(&self, workspace: &Workspace, decision: &str) -> Option<String> {
        let traced = identity::trace(&self.all(), &workspace.rules.rules, &self.known);
        let tied = traced
            .tied
            .into_iter()
            .find(|tied| tied.decision == decision)?;
        match tied.refused? {
            Why::Wall(wall) => Some(wall),
            Why::Limit(_) | Why::Guard => None,
        }
    }

    /// The joins that a wall refuses or that join nothing.
    fn needless(&self, workspace: &Workspace) -> BTreeSet<String> {
        let traced = identity::trace(&self.all(), &workspace.rules.rules, &self.known);
        let needless = |tied: &identity::Tied| tied.refused.is_some() || tied.joined.len() < 2;
        traced
            .tied
            .into_iter()
            .filter(needless)
            .map(|tied| tied.decision)
            .collect()
    }
}
