//! Identity as a pure function: the cases that users of other systems complain about, each by name.

use acquaint::clock::Time;
use acquaint::id::{LinkId, ProfileId};
use acquaint::identity::{Constraints, Identifier, Link, Resolution, Rules, Why, link_id, trace};
use proptest::prelude::*;
use std::collections::HashSet;

/// A link that carries these `kind:value` identifiers, first seen at `at`.
fn link(at: i64, identifiers: &[&str]) -> Link {
    let mut identifiers: Vec<Identifier> = identifiers
        .iter()
        .map(|text| {
            let (kind, value) = text.split_once(':').expect("kind:value");
            Identifier::new(kind, value)
        })
        .collect();
    identifiers.sort();
    Link {
        id: link_id("secret", &identifiers),
        first_at: Time::from_ms(at),
        identifiers,
        marks: Vec::new(),
    }
}

fn resolve(links: &[Link]) -> Resolution {
    trace(links, &Rules::shipped(), &Constraints::default())
}

/// Whether two links ended up with the same customer.
fn together(resolution: &Resolution, a: &Link, b: &Link) -> bool {
    resolution
        .customers
        .iter()
        .any(|customer| customer.links.contains(&a.id) && customer.links.contains(&b.id))
}

/// Segment's documentation: user abc123 with jane@example1.com, then abc456 with the same address.
/// The address is demoted.
#[test]
fn segments_documentation_example_gives_two_customers() {
    let first = link(1, &["user_id:abc123", "email:jane@example1.com"]);
    let second = link(2, &["user_id:abc456", "email:jane@example1.com"]);
    let resolution = resolve(&[first.clone(), second.clone()]);
    assert_eq!(resolution.customers.len(), 2);
    assert!(!together(&resolution, &first, &second));
    let trace = resolution
        .traces
        .iter()
        .find(|trace| trace.link == second.id)
        .expect("a trace for each link");
    assert_eq!(
        trace.demoted[0].identifier.to_string(),
        "email:jane@example1.com"
    );
    assert_eq!(trace.demoted[0].why, Why::Limit("user_id".to_owned()));
}

/// Two people sign in on one browser and nobody calls `reset()` in between: "blob users".
#[test]
fn a_logout_without_reset_does_not_weld_two_people() {
    let ada = link(1, &["user_id:ada", "anonymous_id:browser"]);
    let ben = link(2, &["user_id:ben", "anonymous_id:browser"]);
    let resolution = resolve(&[ada.clone(), ben.clone()]);
    assert!(!together(&resolution, &ada, &ben));
    let of_browser = link(3, &["anonymous_id:browser"]);
    let resolution = resolve(&[ada.clone(), ben, of_browser.clone()]);
    assert!(
        together(&resolution, &ada, &of_browser),
        "the browser stays with whom it was seen first"
    );
}

/// `PostHog` refuses these ids; rudder-transformer 1180 and `PostHog` 5527 tell what happens
/// otherwise.
#[test]
fn placeholder_ids_merge_nobody() {
    for value in [
        "null",
        "undefined",
        "anonymous",
        "00000000-0000-0000-0000-000000000000",
        "[object Object]",
        "'guest'",
    ] {
        let shared = format!("anonymous_id:{value}");
        let ada = link(1, &["email:ada@example.com", &shared]);
        let ben = link(2, &["email:ben@example.com", &shared]);
        let nobody = link(3, &[&shared]);
        let resolution = resolve(&[ada.clone(), ben.clone(), nobody.clone()]);
        assert!(!together(&resolution, &ada, &ben), "{value}");
        assert_eq!(resolution.unattributed, [nobody.id], "{value}");
    }
}

#[test]
fn a_visitor_who_signs_in_keeps_what_they_did_before() {
    let visit = link(1, &["anonymous_id:a"]);
    let sign_in = link(2, &["anonymous_id:a", "user_id:u"]);
    let other_device = link(3, &["user_id:u", "anonymous_id:b"]);
    let resolution = resolve(&[other_device, sign_in, visit.clone()]);
    assert_eq!(resolution.customers.len(), 1);
    assert_eq!(
        *resolution.customers[0].id(),
        ProfileId::of(&visit.id),
        "a profile's id is that of its oldest link"
    );
}

#[test]
fn a_weak_identifier_that_is_in_nobodys_way_is_kept() {
    let ada = link(1, &["user_id:ada", "anonymous_id:browser"]);
    let ben = link(
        2,
        &["user_id:ben", "phone:+14155550134", "anonymous_id:browser"],
    );
    let phone = link(3, &["phone:+14155550134"]);
    let resolution = resolve(&[ada, ben.clone(), phone.clone()]);
    assert!(
        together(&resolution, &ben, &phone),
        "the browser stood in the way, the phone did not"
    );
}

#[test]
fn a_shared_mailbox_stops_being_an_identifier_also_for_the_past() {
    let people = |count: i64| -> Vec<Link> {
        (1..=count)
            .map(|at| {
                link(
                    at,
                    &[&format!("zendesk_user_id:{at}"), "email:info@example.com"],
                )
            })
            .collect()
    };
    let few = resolve(&people(3));
    assert_eq!(
        few.customers.len(),
        1,
        "a few records with one address are one customer's"
    );
    let many = resolve(&people(11));
    assert_eq!(
        many.customers.len(),
        11,
        "more than ten are a mailbox, and none of them is joined by it"
    );
    assert_eq!(
        many.shared
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["email:info@example.com"]
    );
}

/// It connects nothing anyway; and how many people carry it in one batch is no property of the log.
#[test]
fn a_value_that_joins_nobody_is_never_shared() {
    let visitor = |at: i64| link(at, &[&format!("user_id:u{at}"), "anonymous_id:null"]);
    let links: Vec<Link> = (1..=20).map(visitor).collect();
    assert!(resolve(&links).shared.is_empty());
}

#[test]
fn a_customer_of_very_many_orders_has_no_limit_of_them() {
    let orders: Vec<Link> = (0..500)
        .map(|at| {
            link(
                at,
                &[
                    "shopify_customer_id:7",
                    &format!("reference.shopify_order_id:{at}"),
                ],
            )
        })
        .collect();
    let refund = link(900, &["reference.shopify_order_id:3"]);
    let resolution = resolve(&[orders, vec![refund]].concat());
    assert_eq!(resolution.customers.len(), 1);
}

/// Random links over few values, so that they collide in every way.
fn links() -> impl Strategy<Value = Vec<Link>> {
    let value = |kind: &'static str, most: u8| {
        proptest::option::weighted(0.5, 0..most)
            .prop_map(move |n| n.map(|n| format!("{kind}:{kind}{n}@x.example")))
    };
    let one = (
        0..50_i64,
        value("user_id", 4),
        value("email", 5),
        value("phone", 5),
        value("anonymous_id", 6),
    );
    let link = one.prop_filter_map("a link has an identifier", |(at, a, b, c, d)| {
        let identifiers: Vec<String> = [a, b, c, d].into_iter().flatten().collect();
        let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
        (!identifiers.is_empty()).then(|| link(at, &identifiers))
    });
    proptest::collection::vec(link, 1..30).prop_map(|mut links| {
        // A link has one first time.
        links.sort_by(|a, b| (&a.id, a.first_at).cmp(&(&b.id, b.first_at)));
        links.dedup_by(|a, b| a.id == b.id);
        links
    })
}

proptest! {
    #[test]
    fn order_and_repetition_of_links_do_not_matter(links in links(), seed in any::<u64>()) {
        let expected = resolve(&links);
        let mut shuffled = [links.clone(), links].concat();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(resolve(&shuffled), expected);
    }

    #[test]
    fn every_link_is_held_once_and_no_customer_exceeds_a_limit(links in links()) {
        let resolution = resolve(&links);
        let held: Vec<&LinkId> = resolution.customers.iter().flat_map(|customer| &customer.links).chain(&resolution.unattributed).collect();
        prop_assert_eq!(held.len(), links.len());
        prop_assert_eq!(held.into_iter().collect::<HashSet<_>>().len(), links.len());
        let rules = Rules::shipped();
        let mut owned = HashSet::new();
        for customer in &resolution.customers {
            for kind in ["user_id", "email", "phone", "anonymous_id"] {
                let count = customer.identifiers.keys().filter(|id| id.kind == kind).count();
                prop_assert!(count <= rules.rule(kind).limit, "{} {}", count, kind);
            }
            for identifier in customer.identifiers.keys() {
                prop_assert!(owned.insert(identifier.clone()), "{} leads to two customers", identifier);
            }
        }
    }
}
