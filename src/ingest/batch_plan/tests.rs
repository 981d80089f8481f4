//! What takes the fast path and what is folded, from links made by hand.

use super::super::component::Component;
use super::super::fixture::{SECRET, link, stored};
use super::*;
use crate::clock::Time;
use crate::id::LinkId;
use crate::identity::fast_path::witness_keys;

/// The plan for new links beside a stored component.
fn plan(component: &Component, new: &[Link]) -> BatchPlan {
    let rules = Rules::shipped();
    let owners = StoredOwners {
        asked: HashSet::new(),
        owners: component.owners.clone(),
        constraints: component.constraints.clone(),
    };
    let shared = &owners.constraints.shared;
    let keys = witness_keys(new, &rules, SECRET, &owners.owners, shared);
    let witness = |key: &Identifier| {
        let mut rows = component.stored.values();
        let leads = |row: &&StoredLink| row.rows().contains(key) || *row.link.id == key.value;
        rows.find(leads).filter(|row| row.complete)
    };
    let witnesses = keys
        .into_iter()
        .filter_map(|key| Some((key.clone(), witness(&key)?.link.clone())))
        .collect();
    let changed = new.iter().map(|link| (link.id.clone(), link.clone()));
    let changed = ChangedLinks::of(
        changed.collect(),
        |id| component.stored.contains_key(id),
        true,
    );
    BatchPlan::of(changed, &owners, witnesses, &rules, SECRET)
}

fn fast(plan: &BatchPlan) -> Vec<&str> {
    plan.fast
        .iter()
        .map(|fast| fast.row.link.id.as_str())
        .collect()
}

fn order(number: u8) -> String {
    format!("reference.shopify_order_id:{number}")
}

#[test]
fn orders_of_a_known_customer_take_the_fast_path() {
    let ada = link(1, &["user_id:u1"]);
    let component = stored(std::slice::from_ref(&ada));
    let [one, two, again] = [
        link(2, &["user_id:u1", &order(1)]),
        link(3, &["user_id:u1", &order(2)]),
        link(4, &[&order(1)]),
    ];
    let plan = plan(&component, &[again.clone(), two.clone(), one.clone()]);
    assert_eq!(fast(&plan), [&*one.id, &*two.id, &*again.id]);
    assert!(plan.folded.is_empty());
    let profiles = plan.fast.iter().map(|fast| fast.row.profile.as_deref());
    assert!(profiles.eq([Some(ada.id.as_str()); 3]));
    let new = plan.fast.iter().map(|fast| fast.owners.len());
    assert!(new.eq([1, 1, 0]), "each identifier is new once");
    // The customer's own link carries nothing but the set, so it needs no key, and these need none.
    assert!(plan.fast.iter().all(|fast| fast.row.set_key.is_none()));
}

#[test]
fn the_first_link_of_a_set_has_its_key() {
    let links = [link(1, &["user_id:u1", "email:a@example.com"])];
    let component = stored(&links);
    let one = link(2, &["user_id:u1", "email:a@example.com", &order(1)]);
    let none = plan(&component, &[one]);
    assert_eq!(none.fast[0].row.set_key, None);
    let links = [link(1, &["user_id:u1", &order(1)])];
    let key = stored(&links).stored[&links[0].id].set_key.clone();
    assert!(key.is_some());
}

#[test]
fn a_link_that_says_who_is_who_is_folded() {
    let component = stored(&[link(1, &["user_id:u1"]), link(2, &["anonymous_id:c1"])]);
    let both = link(3, &["user_id:u1", "anonymous_id:c1"]);
    let new = link(4, &["user_id:u1", "email:a@example.com"]);
    let early = link(0, &["user_id:u1", &order(1)]);
    for link in [both, new, early] {
        let plan = plan(&component, std::slice::from_ref(&link));
        assert_eq!(plan.folded, [link]);
    }
}

#[test]
fn what_shares_a_new_identifier_with_a_folded_link_is_folded_with_it() {
    let component = stored(&[link(1, &["user_id:u1"])]);
    let nobodys = link(2, &[&order(1)]);
    let shares = link(3, &["user_id:u1", &order(1), &order(2)]);
    let then = link(4, &["user_id:u1", &order(2)]);
    let own = link(5, &["user_id:u1", &order(3)]);
    let plan = plan(&component, &[nobodys.clone(), shares, then, own.clone()]);
    assert_eq!(fast(&plan), [&*own.id]);
    assert_eq!(plan.folded.len(), 3);
}

#[test]
fn a_link_that_others_moved_to_is_folded() {
    let target = link(2, &["user_id:u1", &order(1)]);
    let memory = Link {
        id: LinkId::new("old"),
        first_at: Time::from_ms(2),
        identifiers: Vec::new(),
        marks: vec![Identifier::new(crate::identity::MOVED, target.id.as_str())],
    };
    let component = stored(&[link(1, &["user_id:u1"])]);
    let plan = plan(&component, &[target, memory]);
    assert!(plan.fast.is_empty());
    assert_eq!(plan.folded.len(), 2);
}
