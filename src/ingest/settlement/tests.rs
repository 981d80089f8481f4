//! What a fold changes, from components made by hand.

use super::super::fixture::{link, settle, stored};
use super::*;
use crate::clock::Time;
use crate::id::ProfileId;
use crate::identity::decision::{Act, By, Decision};
use crate::identity::{Link, MUST_LINK};

fn decide(act: Act) -> Decision {
    let by = By::new("kim", "a test", Time::from_ms(1)).expect("a reason");
    by.decide(act)
}

fn ids(settlement: &Settlement) -> Vec<&str> {
    let customers = settlement.customers.iter();
    customers.map(|customer| customer.id.as_str()).collect()
}

#[test]
fn a_new_customer_begins_with_an_empty_document() {
    let first = link(1, &["user_id:u1", "email:a@example.com"]);
    let mut component = Component::default();
    component.add_new(std::slice::from_ref(&first));
    let settlement = settle(&component);
    assert_eq!(ids(&settlement), [first.id.as_str()]);
    let customer = &settlement.customers[0];
    assert_eq!(customer.document, DocumentSource::Join(Vec::new()));
    assert_eq!(customer.identifiers.len(), 2);
    assert_eq!(settlement.added.len(), 2);
    assert!(settlement.removed.is_empty());
    assert_eq!(
        settlement.holders[&first.id],
        Some(ProfileId::of(&first.id))
    );
    assert!(settlement.links[0].complete);
}

#[test]
fn what_is_settled_changes_nothing() {
    let links = [
        link(1, &["user_id:u1", "email:a@example.com"]),
        link(2, &["anonymous_id:c1"]),
        link(3, &["anonymous_id:c1", "user_id:u1"]),
        link(4, &["user_id:u2", "anonymous_id:c1"]),
    ];
    let again = settle(&stored(&links));
    let holders = again.holders.clone();
    assert_eq!(holders.len(), links.len());
    let nothing = Settlement {
        holders,
        ..Settlement::default()
    };
    assert_eq!(again, nothing);
}

#[test]
fn customers_are_joined_from_their_documents() {
    let (one, other) = (link(1, &["user_id:u1"]), link(2, &["anonymous_id:c1"]));
    let mut component = stored(&[one.clone(), other.clone()]);
    let both = link(3, &["user_id:u1", "anonymous_id:c1"]);
    component.add_new(std::slice::from_ref(&both));
    let settlement = settle(&component);
    assert_eq!(ids(&settlement), [one.id.as_str()]);
    let origin = |link: &Link| Origin {
        profile: ProfileId::of(&link.id),
        links: vec![link.id.clone()],
    };
    let mut origins = vec![origin(&one), origin(&other)];
    origins.sort_unstable_by(|a, b| a.profile.cmp(&b.profile));
    let document = &settlement.customers[0].document;
    assert_eq!(*document, DocumentSource::Join(origins));
    assert_eq!(settlement.gone, [&*other.id]);
    assert_eq!(settlement.holders[&both.id], Some(ProfileId::of(&one.id)));
    let led: Vec<String> = settlement
        .owners
        .iter()
        .map(|new| new.identifier.to_string())
        .collect();
    assert_eq!(led, ["anonymous_id:c1"]);
}

#[test]
fn a_parted_customer_is_folded_from_the_log() {
    let (one, other) = (link(1, &["user_id:u1"]), link(2, &["anonymous_id:c1"]));
    let both = link(3, &["user_id:u1", "anonymous_id:c1"]);
    let mut component = stored(&[one.clone(), other.clone(), both.clone()]);
    component.put(&decide(Act::Split {
        off: vec![Identifier::new("anonymous_id", "c1")],
        rest: vec![Identifier::new("user_id", "u1")],
    }));
    let settlement = settle(&component);
    assert_eq!(settlement.cannot_links.len(), 2);
    assert_eq!(
        settlement.holders[&other.id],
        Some(ProfileId::of(&other.id))
    );
    for customer in &settlement.customers {
        assert!(matches!(customer.document, DocumentSource::Refold(_)));
    }
    assert_eq!(settlement.customers.len(), 2);
    assert!(settlement.gone.is_empty());
}

#[test]
fn a_join_of_a_steward_is_followed_and_undone() {
    let (one, other) = (link(1, &["user_id:u1"]), link(2, &["user_id:u2"]));
    let mut component = stored(&[one.clone(), other.clone()]);
    let links = vec![one.id.clone(), other.id.clone()];
    let merge = decide(Act::Merge { links });
    component.put(&merge);
    let joined = settle(&component);
    assert_eq!(joined.gone, [&*other.id]);
    let added = joined.added.iter().map(|(mark, _)| mark.kind.as_str());
    assert_eq!(added.collect::<Vec<_>>(), [MUST_LINK; 2]);
    component.write(&joined);
    component.take_back(&merge);
    let parted = settle(&component);
    assert_eq!(parted.removed.len(), 2);
    assert_eq!(parted.holders[&other.id], Some(ProfileId::of(&other.id)));
    assert_eq!(parted.customers.len(), 2);
}

#[test]
fn a_link_with_other_events_is_folded_from_the_log() {
    let first = link(1, &["user_id:u1"]);
    let mut component = stored(std::slice::from_ref(&first));
    component.stale.insert(first.id.clone());
    let settlement = settle(&component);
    let document = &settlement.customers[0].document;
    assert_eq!(*document, DocumentSource::Refold(vec![first.id.clone()]));
    assert!(settlement.links.is_empty());
}

#[test]
fn what_no_link_carries_any_more_is_forgotten() {
    let before = link(1, &["user_id:u1", "email:a@example.com"]);
    let mut component = stored(std::slice::from_ref(&before));
    let user = before.identifiers[1].clone();
    component.add_new(&[Link {
        identifiers: vec![user],
        ..before
    }]);
    let settlement = settle(&component);
    let email = Identifier::new("email", "a@example.com");
    assert_eq!(settlement.forgotten, std::slice::from_ref(&email));
    assert_eq!(settlement.removed.len(), 1);
    let led = settlement.owners.iter().find(|new| new.identifier == email);
    assert_eq!(led.expect("the forgotten one").profile, None);
}
