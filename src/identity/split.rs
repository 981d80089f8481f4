//! What it takes to part a customer: which joins to undo, or which cannot-link constraint
//! to add.
//!
//! A split asks for as little as it can. Where a steward's join brought the two sides together,
//! undoing it is enough, and both are exactly as they were. Only where the rules themselves hold
//! them together, a constraint is added.

use super::{Class, Constraints, Customer, Identifier, Link, MUST_LINK, Rules, fold};
use crate::id::LinkId;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What parts a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// Joins are undone.
    Undo {
        /// The decisions to join.
        merges: Vec<String>,
        /// Links whose customers only these held together, and are joined anew, since nobody asked
        /// to part them.
        again: Vec<Vec<LinkId>>,
    },
    /// These identifiers are kept apart from those.
    CannotLink {
        /// The identifiers that are split off.
        off: Vec<Identifier>,
        /// The customer's others.
        rest: Vec<Identifier>,
    },
    /// This link stands alone.
    Apart(LinkId),
}

/// How to split identifiers off the customer that holds a link. `links` are those of its component.
///
/// # Errors
/// [`Error::Invalid`] when the customer does not have one of them, or has nothing else.
pub fn identifiers(
    links: &[Link],
    rules: &Rules,
    constraints: &Constraints,
    customer: &LinkId,
    off: &[Identifier],
) -> Result<Split> {
    let folded = fold(links, rules, constraints);
    let customer = find(&folded.customers, customer)?;
    if let Some(other) = off
        .iter()
        .find(|id| !customer.identifiers.contains_key(*id))
    {
        let names: Vec<String> = people(customer, rules).map(ToString::to_string).collect();
        return Err(Error::invalid(format!(
            "`{other}` does not lead to this customer; what does: {}",
            names.join(", ")
        )));
    }
    let pieces = pieces(links, rules, constraints, customer);
    let holds = |piece: &&Customer| off.iter().any(|id| piece.identifiers.contains_key(id));
    if let Some(undo) = undo(links, rules, constraints, &pieces, holds) {
        return Ok(undo);
    }
    let rest: Vec<Identifier> = people(customer, rules)
        .filter(|id| !off.contains(id))
        .cloned()
        .collect();
    if rest.is_empty() {
        return Err(Error::invalid(
            "these are all of the customer's identifiers, so nothing would be left to part them from",
        ));
    }
    let off = off.to_vec();
    Ok(Split::CannotLink { off, rest })
}

/// How to split one link off the customer that holds another.
///
/// # Errors
/// [`Error::Invalid`] when the customer does not have it, or has no other.
pub fn link(
    links: &[Link],
    rules: &Rules,
    constraints: &Constraints,
    customer: &LinkId,
    off: &LinkId,
) -> Result<Split> {
    let folded = fold(links, rules, constraints);
    let customer = find(&folded.customers, customer)?;
    if !customer.links.contains(off) {
        return Err(Error::invalid(format!(
            "link `{off}` is not of this customer; `acquaint identity explain` lists its links"
        )));
    }
    if customer.links.len() == 1 {
        return Err(Error::invalid(
            "the customer has no other link to part it from",
        ));
    }
    let pieces = pieces(links, rules, constraints, customer);
    let alone = |piece: &&Customer| piece.links.len() == 1 && piece.links[0] == *off;
    let undo = undo(links, rules, constraints, &pieces, alone);
    Ok(undo.unwrap_or_else(|| Split::Apart(off.to_owned())))
}

fn find<'a>(customers: &'a [Customer], link: &LinkId) -> Result<&'a Customer> {
    let holds = |customer: &&Customer| customer.links.contains(link);
    customers
        .iter()
        .find(holds)
        .ok_or_else(|| Error::internal("a customer is not in its own component"))
}

/// The identifiers that name a customer, in contrast to things that belong to it.
fn people<'a>(customer: &'a Customer, rules: &'a Rules) -> impl Iterator<Item = &'a Identifier> {
    let named = |id: &&Identifier| rules.rule(&id.kind).class != Class::Reference;
    customer.identifiers.keys().filter(named)
}

/// The customers that there would be of its links had no steward joined any.
fn pieces(
    links: &[Link],
    rules: &Rules,
    constraints: &Constraints,
    customer: &Customer,
) -> Vec<Customer> {
    let own: BTreeSet<&LinkId> = customer.links.iter().collect();
    let mut pieces = without(links, rules, constraints, |_| true);
    pieces.retain(|piece| own.contains(&piece.links[0]));
    pieces
}

/// The customers without some of the joins.
fn without(
    links: &[Link],
    rules: &Rules,
    constraints: &Constraints,
    undone: impl Fn(&String) -> bool,
) -> Vec<Customer> {
    let mut plain = links.to_vec();
    for link in &mut plain {
        link.marks
            .retain(|mark| mark.kind != MUST_LINK || !undone(&mark.value));
    }
    fold(&plain, rules, constraints).customers
}

/// Undoes the joins that tie the pieces that come off to the others; none where there are no
/// others.
fn undo(
    links: &[Link],
    rules: &Rules,
    constraints: &Constraints,
    pieces: &[Customer],
    comes_off: impl Fn(&&Customer) -> bool,
) -> Option<Split> {
    let (off, rest): (Vec<&Customer>, Vec<&Customer>) = pieces.iter().partition(&comes_off);
    if off.is_empty() || rest.is_empty() {
        return None;
    }
    let merges: BTreeSet<String> = merges(links, &off)
        .intersection(&merges(links, &rest))
        .cloned()
        .collect();
    if merges.is_empty() {
        return None;
    }
    let left = without(links, rules, constraints, |merge| merges.contains(merge));
    let again = [off, rest].map(|side| {
        let holds = |customer: &&Customer| {
            let mut oldest = side.iter().map(|piece| &piece.links[0]);
            oldest.any(|link| customer.links.contains(link))
        };
        let held = left.iter().filter(holds);
        held.map(|customer| customer.links[0].clone())
            .collect::<Vec<_>>()
    });
    Some(Split::Undo {
        merges: merges.into_iter().collect(),
        again: again.into_iter().filter(|side| side.len() > 1).collect(),
    })
}

/// The joins that these pieces' links are part of.
fn merges(links: &[Link], side: &[&Customer]) -> BTreeSet<String> {
    let ids: BTreeSet<&LinkId> = side.iter().flat_map(|piece| &piece.links).collect();
    let marks = links
        .iter()
        .filter(|link| ids.contains(&link.id))
        .flat_map(|link| &link.marks);
    marks
        .filter(|mark| mark.kind == MUST_LINK)
        .map(|mark| mark.value.clone())
        .collect()
}
