//! What stewards decide: joining customers, parting them, and taking either back. Each is added to
//! the log and followed in the same transaction, through the same fold as everything else.

use super::begin;
use crate::id::{LinkId, ProfileId};
use crate::identity::decision::{Act, By, Decision, in_force};
use crate::identity::split::{self, Split};
use crate::identity::{self, Identifier, Link, MustLinkOutcome, Why};
use crate::ingest::{Component, settle};
use crate::store::access::Workspace;
use crate::store::{self, Db, Tx};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What comes off a customer.
#[derive(Clone, Debug)]
pub enum SplitTarget {
    /// These identifiers, and what they bring with them.
    Identifiers(Vec<Identifier>),
    /// The events of one link.
    Link(LinkId),
}

impl SplitTarget {
    /// What comes off, as people write it: identifiers as type:value, or a link.
    ///
    /// # Errors
    /// [`Error::Invalid`] for neither, both, or what is no identifier.
    pub fn read(
        workspace: &Workspace,
        identifiers: &[String],
        link: Option<LinkId>,
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
    pub one: LinkId,
    /// The other.
    pub other: LinkId,
    /// Why, in place of what is said of all.
    pub reason: String,
}

/// The same steward, at a time after every other decision, whatever the clock says: decisions are
/// ordered by their ids, which begin with the time.
async fn after_all(tx: &mut Tx, workspace: &Workspace, by: &By) -> Result<By> {
    let last = store::identity::last_decided(tx, &workspace.id).await?;
    Ok(By {
        at: last.map_or(by.at, |last| by.at.max(last + 1)),
        ..by.clone()
    })
}

/// Joins two customers. What kept them apart by an earlier decision is undone, since the newest
/// word counts.
///
/// # Errors
/// [`Error::Invalid`] when they are one customer already.
pub async fn merge(
    db: &Db,
    workspace: &Workspace,
    (one, other): (&ProfileId, &ProfileId),
    by: &By,
) -> Result<Vec<Decision>> {
    let mut tx = begin(db, workspace).await?;
    let made = join(
        &mut tx,
        workspace,
        (&one.oldest_link(), &other.oldest_link()),
        by,
    )
    .await?;
    tx.commit().await?;
    Ok(made)
}

/// Joins the customers that two links lead to within a transaction of `begin`.
pub(super) async fn join(
    tx: &mut Tx,
    workspace: &Workspace,
    (one, other): (&LinkId, &LinkId),
    by: &By,
) -> Result<Vec<Decision>> {
    let by = &after_all(tx, workspace, by).await?;
    let links = vec![one.clone(), other.clone()];
    let merge = by.decide(Act::Merge { links });
    let mut decisions = vec![merge.clone()];
    let mut component = Component::concerned(tx, workspace, &decisions).await?;
    if holds_together(&component, workspace, one, other) {
        return Err(Error::invalid("they are one customer already"));
    }
    component.put(&merge);
    let mut lifted = vec![merge.clone()];
    while let Some(split) = refusal(&component, workspace, &merge.id) {
        // It may also stand between customers who have nothing to do with these any more.
        let found = store::identity::with_undos(tx, &workspace.id, &split).await?;
        lifted.extend(found.into_iter().take(1));
        component = Component::concerned(tx, workspace, &lifted).await?;
        component.put(&merge);
        for split in &lifted[1..] {
            component.remove_cannot_link(&split.id);
        }
        decisions.push(by.decide(Act::Undo { decision: split }));
    }
    decisions.sort_by(|a, b| a.id.cmp(&b.id));
    finish(tx, workspace, component, &decisions).await?;
    Ok(decisions)
}

/// Joins many pairs of customers, for matching. Pairs that a steward keeps apart, or that are one
/// already, are left out.
pub async fn merge_all(
    db: &Db,
    workspace: &Workspace,
    joins: &[Join],
    by: &By,
) -> Result<Vec<Decision>> {
    let mut tx = begin(db, workspace).await?;
    let by = &after_all(&mut tx, workspace, by).await?;
    let both = joins
        .iter()
        .flat_map(|join| [join.one.clone(), join.other.clone()]);
    let links: BTreeSet<LinkId> = both.collect();
    let mut component =
        Component::around(&mut tx, workspace, &links.into_iter().collect::<Vec<_>>()).await?;
    let mut decisions = Vec::new();
    for Join { one, other, reason } in joins {
        let known = |id| component.links.contains_key(id);
        if known(one) && known(other) {
            let mut decision = by.decide(Act::Merge {
                links: vec![one.clone(), other.clone()],
            });
            decision.reason.clone_from(reason);
            component.put(&decision);
            decisions.push(decision);
        }
    }
    let needless = needless(&component, workspace);
    for decision in decisions
        .iter()
        .filter(|decision| needless.contains(&decision.id))
    {
        component.take_back(decision);
    }
    decisions.retain(|decision| !needless.contains(&decision.id));
    finish(&mut tx, workspace, component, &decisions).await?;
    tx.commit().await?;
    Ok(decisions)
}

/// Parts a customer. Where a steward's join brought the sides together, that join is undone; where
/// the rules did, a cannot-link constraint is added.
///
/// # Errors
/// [`Error::Invalid`] when the customer does not have what is to come off, or has nothing else.
pub async fn split(
    db: &Db,
    workspace: &Workspace,
    customer: &ProfileId,
    off: &SplitTarget,
    by: &By,
) -> Result<Vec<Decision>> {
    let mut tx = begin(db, workspace).await?;
    let by = &after_all(&mut tx, workspace, by).await?;
    let customer = &customer.oldest_link();
    let mut component =
        Component::around(&mut tx, workspace, std::slice::from_ref(customer)).await?;
    let (links, rules) = (component.all(), &workspace.rules.rules);
    let plan = match off {
        SplitTarget::Identifiers(off) => {
            split::identifiers(&links, rules, &component.constraints, customer, off)?
        }
        SplitTarget::Link(link) => {
            split::link(&links, rules, &component.constraints, customer, link)?
        }
    };
    let acts: Vec<Act> = match plan {
        Split::Undo { merges, again } => {
            let undos = merges.into_iter().map(|decision| Act::Undo { decision });
            undos
                .chain(again.into_iter().map(|links| Act::Merge { links }))
                .collect()
        }
        Split::CannotLink { off, rest } => vec![Act::Split { off, rest }],
        Split::Apart(link) => vec![Act::Apart { link }],
    };
    let decisions: Vec<Decision> = acts.into_iter().map(|act| by.decide(act)).collect();
    for decision in &decisions {
        match &decision.act {
            Act::Undo { decision } => component.unmark(decision),
            _ => component.put(decision),
        }
    }
    finish(&mut tx, workspace, component, &decisions).await?;
    tx.commit().await?;
    Ok(decisions)
}

/// Takes decisions back, the last one first, all or none; everything is as if they had never been
/// made.
///
/// # Errors
/// [`Error::NotFound`] when there is none of an id, [`Error::Invalid`] when one does not hold any
/// more.
pub async fn undo(
    db: &Db,
    workspace: &Workspace,
    ids: &[String],
    by: &By,
) -> Result<Vec<Decision>> {
    let mut tx = begin(db, workspace).await?;
    let mut made = Vec::with_capacity(ids.len());
    for id in ids.iter().rev() {
        made.push(take_back(&mut tx, workspace, id, by).await?);
    }
    tx.commit().await?;
    Ok(made)
}

/// Takes one decision back.
async fn take_back(tx: &mut Tx, workspace: &Workspace, id: &str, by: &By) -> Result<Decision> {
    let by = &after_all(tx, workspace, by).await?;
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
    let mut component = Component::concerned(tx, workspace, std::slice::from_ref(&act)).await?;
    if holds {
        component.put(&act);
    } else {
        component.take_back(&act);
    }
    finish(tx, workspace, component, std::slice::from_ref(&undo)).await?;
    Ok(undo)
}

/// Adds decisions to the log and has a component follow them.
async fn finish(
    tx: &mut Tx,
    workspace: &Workspace,
    component: Component,
    decisions: &[Decision],
) -> Result<()> {
    store::identity::append_decisions(tx, &workspace.id, decisions).await?;
    settle(tx, workspace, component).await
}

/// Whether the fold puts two links under one customer.
fn holds_together(
    component: &Component,
    workspace: &Workspace,
    one: &LinkId,
    other: &LinkId,
) -> bool {
    let links: Vec<Link> = component.all();
    let folded = identity::fold(&links, &workspace.rules.rules, &component.constraints);
    folded
        .customers
        .iter()
        .any(|customer| customer.links.contains(one) && customer.links.contains(other))
}

/// The split whose constraint keeps a join from being followed.
fn refusal(component: &Component, workspace: &Workspace, decision: &str) -> Option<String> {
    let traced = identity::trace(
        &component.all(),
        &workspace.rules.rules,
        &component.constraints,
    );
    let mut outcomes = traced.must_links.into_iter();
    let outcome = outcomes.find(|outcome| outcome.decision == decision)?;
    match outcome.refused? {
        Why::CannotLink(split) => Some(split),
        Why::Limit(_) | Why::Guard => None,
    }
}

/// The joins that a cannot-link constraint refuses or that join nothing.
fn needless(component: &Component, workspace: &Workspace) -> BTreeSet<String> {
    let traced = identity::trace(
        &component.all(),
        &workspace.rules.rules,
        &component.constraints,
    );
    let needless =
        |outcome: &MustLinkOutcome| outcome.refused.is_some() || outcome.joined.len() < 2;
    let outcomes = traced.must_links.into_iter().filter(needless);
    outcomes.map(|outcome| outcome.decision).collect()
}
