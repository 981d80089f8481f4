//! The law of the fast path: whenever a new link is said to need no fold, the fold gives just what
//! the fast path says; and events that come in any order, on the fast path or not, give what a
//! rebuild gives.

use crate::app::TestApp;
use crate::fold::{derived, disorder, take, workspace};
use acquaint::clock::Time;
use acquaint::event::{Event, Kind};
use acquaint::id::{LinkId, ProfileId};
use acquaint::identity::fast_path::{Candidate, set_keys};
use acquaint::identity::{
    APART, CannotLink, Constraints, Customer, Identifier, Link, MUST_LINK, Resolution, Rulebook,
    Rules, SHIPPED, fold, link_id,
};
use acquaint::ingest;
use acquaint::store::Db;
use acquaint::store::access::Workspace;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

both!(
    any_order_of_references_ends_where_a_rebuild_does,
    what_hangs_together_in_a_batch_is_folded_together,
);

const SECRET: &str = "secret";

/// Kinds of the random links, and how many values each has.
const KINDS: [(&str, u8); 7] = [
    ("user_id", 4),
    ("email", 4),
    ("phone", 3),
    ("anonymous_id", 5),
    ("crm_id", 4),
    ("reference.shopify_order_id", 6),
    ("reference.zendesk_ticket_id", 4),
];

/// The shipped rules, stricter and looser in every way that a fold depends on.
fn rules(way: u8) -> String {
    let mut text = SHIPPED.replacen("shared_above = 10", "shared_above = 2", 1);
    let changes: &[(&str, &str)] = match way % 9 {
        0 => &[],
        1 => &[("priority = 3\nlimit = 5", "priority = 3\nlimit = 1")],
        2 => &[("limit = 1\n", "limit = 2\n")],
        3 => &[
            ("identified_guard = true", "identified_guard = false"),
            ("limit = 1\n", "limit = 3\n"),
        ],
        4 => &[(
            "priority = 5\nlimit = 5",
            "priority = 5\nlimit = 2\nwindow = \"day\"",
        )],
        5 => &[(
            "class = \"reference\"\npriority = 9",
            "class = \"reference\"\npriority = 2",
        )],
        6 => &[(
            "class = \"reference\"\npriority = 9",
            "class = \"reference\"\npriority = 9\nlimit = 2",
        )],
        7 => &[("priority = 1\nlimit = 1\n", "priority = 1\n")],
        _ => &[
            ("limit = 1\n", "limit = 2\nwindow = \"day\"\n"),
            ("\"-1\",", "\"-1\", \"v1\","),
        ],
    };
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn links(most: usize) -> impl Strategy<Value = Vec<Link>> {
    let kinds = KINDS.map(|(_, values)| proptest::option::weighted(0.35, 0..values));
    let one = (0..60_i64, kinds, 0..40_u8);
    let link = one.prop_filter_map("a link has an identifier", |(at, values, mark)| {
        let all = KINDS.iter().zip(values);
        let mut identifiers: Vec<Identifier> = all
            .filter_map(|((kind, _), value)| Some(Identifier::new(*kind, format!("v{}", value?))))
            .collect();
        identifiers.sort();
        let marks = match mark {
            0 => vec![Identifier::new(APART, "d0")],
            1..=3 => vec![Identifier::new(MUST_LINK, format!("d{mark}"))],
            _ => Vec::new(),
        };
        (!identifiers.is_empty()).then(|| Link {
            id: link_id(SECRET, &identifiers),
            // Some hours apart, so that windows end among them.
            first_at: Time::from_ms(at * 3_600_000),
            identifiers,
            marks,
        })
    });
    proptest::collection::vec(link, 1..most).prop_map(|mut links| {
        links.sort_by(|a, b| a.id.cmp(&b.id));
        links.dedup_by(|a, b| a.id == b.id);
        links
    })
}

fn cannot_links() -> impl Strategy<Value = Vec<(usize, u8, u8, bool)>> {
    proptest::collection::vec((0..KINDS.len(), 0..4_u8, 0..2_u8, any::<bool>()), 0..3)
}

/// The constraints beside the links: cannot-links, and values that were shared before.
fn constraints(cannot_links: &[(usize, u8, u8, bool)], shared: bool) -> Constraints {
    let mut constraints = Constraints::default();
    for (kind, value, decision, off) in cannot_links {
        let identifier = Identifier::new(KINDS[*kind].0, format!("v{value}"));
        let cannot_link = CannotLink {
            decision: format!("w{decision}"),
            off: *off,
        };
        constraints
            .cannot_links
            .insert(identifier, vec![cannot_link]);
    }
    if shared {
        constraints.shared.insert(Identifier::new("email", "v0"));
    }
    constraints
}

/// Where each identifier leads, as it is stored after a fold.
fn owners(
    links: &[Link],
    constraints: &Constraints,
    folded: &Resolution,
) -> BTreeMap<Identifier, Option<ProfileId>> {
    let carried = links.iter().flat_map(|link| &link.identifiers);
    let mut owners: BTreeMap<Identifier, Option<ProfileId>> = carried
        .chain(constraints.cannot_links.keys())
        .map(|id| (id.clone(), None))
        .collect();
    for customer in &folded.customers {
        for id in customer.identifiers.keys() {
            owners.insert(id.clone(), Some(customer.id().to_owned()));
        }
    }
    owners
}

/// What the fast path says: the link, and what nobody has yet, are the customer's.
fn expected(
    links: &[Link],
    new: &Link,
    folded: &Resolution,
    candidate: &Candidate<'_>,
) -> Resolution {
    let mut expected = folded.clone();
    let at = |id: &LinkId| {
        let all = links.iter().chain([new]);
        all.clone()
            .find(|link| link.id == *id)
            .map(|link| (link.first_at, link.id.clone()))
    };
    let theirs = |customer: &&mut Customer| customer.id() == candidate.profile;
    let customer = expected
        .customers
        .iter_mut()
        .find(theirs)
        .expect("the customer");
    customer.links.push(new.id.clone());
    customer.links.sort_by_key(at);
    let fresh = candidate
        .fresh
        .iter()
        .map(|id| ((*id).clone(), new.first_at));
    customer.identifiers.extend(fresh);
    expected
}

/// Whether a link took the fast path, after checking that the fold says the same.
fn check(
    links: &[Link],
    new: &Link,
    rules: &Rules,
    constraints: &Constraints,
) -> Result<bool, TestCaseError> {
    if links.iter().any(|link| link.id == new.id) {
        return Ok(false);
    }
    let folded = fold(links, rules, constraints);
    let owners = owners(links, constraints, &folded);
    let shared: HashSet<Identifier> = folded.shared.iter().cloned().collect();
    let complete: Vec<&Link> = links
        .iter()
        .filter(|link| folded.is_complete(link))
        .collect();
    let Some(candidate) = Candidate::of(new, rules, &owners, &shared) else {
        return Ok(false);
    };
    let mut found = set_keys(links, rules, SECRET, &folded);
    let key = candidate.set_key(rules, SECRET);
    let first = key.and_then(|key| {
        let marked = found.iter().find(|(_, value)| **value == key.value);
        let id = marked.map_or(key.value.as_str(), |(link, _)| link);
        complete.iter().find(|link| *link.id == *id).copied()
    });
    if !candidate.holds(first, &complete) {
        return Ok(false);
    }
    let all = [links, std::slice::from_ref(new)].concat();
    let now = fold(&all, rules, constraints);
    let expected = expected(links, new, &folded, &candidate);
    prop_assert_eq!(&now, &expected, "{:?} before {:?}", new, links);
    let added = candidate.stored_key(first, rules, SECRET);
    found.extend(added.map(|key| (new.id.clone(), key)));
    prop_assert_eq!(set_keys(&all, rules, SECRET, &now), found);
    Ok(true)
}

/// Every link of a random log, as if it were the one that comes last, and random ones beside it.
#[test]
fn the_fast_path_is_what_the_fold_gives() {
    let mut runner = TestRunner::new(Config {
        cases: 1_500,
        failure_persistence: None,
        ..Config::default()
    });
    let ways: Vec<Rules> = (0..9)
        .map(|way| Rules::parse(&rules(way)).expect("rules"))
        .collect();
    let proven = std::cell::Cell::new(0);
    let drawn = (
        links(22),
        links(8),
        cannot_links(),
        any::<bool>(),
        0..9_usize,
    );
    let outcome = runner.run(&drawn, |(links, others, cannot_links, shared, way)| {
        let constraints = constraints(&cannot_links, shared);
        for last in 0..links.len() {
            let mut before = links.clone();
            let mut new = before.remove(last);
            new.marks.clear();
            let fast = check(&before, &new, &ways[way], &constraints)?;
            proven.set(proven.get() + usize::from(fast));
        }
        for mut new in others {
            new.marks.clear();
            let fast = check(&links, &new, &ways[way], &constraints)?;
            proven.set(proven.get() + usize::from(fast));
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(proven.get() > 1_000, "only {} were fast", proven.get());
}

/// Random logs of few people with many orders and tickets, each told of with its reference, with
/// and without who it is of.
fn log(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Event>> {
    let who = (0..3_u8, 0..4_u8, 0..4_u8);
    let drawn = (any::<u8>(), who, 0..30_u8, 0..40_i64);
    (any::<bool>(), proptest::collection::vec(drawn, length)).prop_map(|(in_turn, drawn)| {
        let made = drawn.into_iter().enumerate();
        made.map(|(index, (mask, who, thing, hour))| {
            // Some logs are told about in turn and arrive in disorder, some are full of ties.
            let hour = if in_turn { index as i64 } else { hour };
            event(index, mask, who, thing, hour)
        })
        .collect()
    })
}

fn event(
    index: usize,
    mask: u8,
    (user, cookie, mail): (u8, u8, u8),
    thing: u8,
    hour: i64,
) -> Event {
    let at = Time::from_ms(hour * 3_600_000);
    let name = ["Order Completed", "Order Refunded", "Order Updated"][usize::from(thing % 3)];
    let mut event = Event::new(
        "shop",
        &format!("m{index}"),
        Kind::Track,
        at,
        at + 1_000_000_000,
    );
    event.user_id = (mask & 3 != 0).then(|| format!("u{user}"));
    event.anonymous_id = (mask & 12 == 4).then(|| format!("a{cookie}"));
    if mask & 48 == 16 {
        let traits = json!({"email": format!("p{mail}@x.example")});
        event.context.insert("traits".to_owned(), traits);
    }
    let nobody = event.user_id.is_none() && event.anonymous_id.is_none();
    if mask & 64 != 0 || nobody {
        event.add_reference("shopify_order_id", format!("o{thing}"));
        event
            .properties
            .insert("order_id".to_owned(), json!(format!("o{thing}")));
        event.properties.insert("total".to_owned(), json!(mask));
        name.clone_into(&mut event.name);
    } else {
        "Product Viewed".clone_into(&mut event.name);
    }
    if mask & 128 != 0 && index.is_multiple_of(5) {
        event.add_reference("zendesk_ticket_id", format!("t{}", thing % 4));
    }
    event.check().expect("a valid event")
}

async fn any_order_of_references_ends_where_a_rebuild_does(app: &TestApp) {
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    let handle = tokio::runtime::Handle::current();
    let seeds = proptest::collection::vec(any::<u64>(), 3);
    let run = |(log, seeds, way): (Vec<Event>, Vec<u64>, u8)| {
        tokio::task::block_in_place(|| handle.block_on(same_bytes(&app.db, &log, &seeds, way)))
    };
    if let Err(failure) = runner.run(&(log(1..70), seeds, 0..9_u8), run) {
        panic!("{failure}");
    }
}

/// All in one batch, which is folded; one by one; in disorder; and rebuilt.
async fn same_bytes(db: &Db, log: &[Event], seeds: &[u64], way: u8) -> Result<(), TestCaseError> {
    let book = Rulebook::of(&[(0, rules(way), Time::default())]).expect("rules");
    let under = |workspace: Workspace| Workspace {
        rules: Arc::new(book.clone()),
        ..workspace
    };
    let plain = under(workspace());
    take(db, &plain, &[log.to_vec()]).await;
    let expected = derived(db, &plain).await;
    let single = under(workspace());
    let one_by_one: Vec<Vec<Event>> = log.iter().map(|event| vec![event.clone()]).collect();
    take(db, &single, &one_by_one).await;
    prop_assert_eq!(&derived(db, &single).await, &expected, "one by one");
    for seed in seeds {
        let other = under(workspace());
        take(db, &other, &disorder(log, *seed)).await;
        prop_assert_eq!(&derived(db, &other).await, &expected, "seed {}", seed);
        let rebuilt = ingest::rebuild(db, &other, |_| {}).await;
        rebuilt.expect("rebuilt");
        prop_assert_eq!(&derived(db, &other).await, &expected, "after a rebuild");
    }
    Ok(())
}

/// One link of the second batch would take the fast path if the other, which must be folded, were
/// not there.
async fn what_hangs_together_in_a_batch_is_folded_together(app: &TestApp) {
    let told =
        |id: &str, hour: i64, user: Option<&str>, cookie: Option<&str>, order: Option<&str>| {
            let at = Time::from_ms(hour * 3_600_000);
            let mut event = Event::new("shop", id, Kind::Track, at, at + 1_000_000_000);
            "Told".clone_into(&mut event.name);
            event.user_id = user.map(str::to_owned);
            event.anonymous_id = cookie.map(str::to_owned);
            if let Some(order) = order {
                event.add_reference("shopify_order_id", order.to_owned());
            }
            event
        };
    let (ada, cookie, order) = (Some("ada"), Some("c"), Some("1001"));
    let first = vec![
        told("m1", 5, ada, None, None),
        told("m2", 1, None, cookie, None),
    ];
    let seconds = [
        // An older word of the same order, which is nobody's yet.
        vec![
            told("m3", 6, None, None, order),
            told("m4", 7, ada, None, order),
        ],
        // The customer is joined to an older one, and is called by another id from then on.
        vec![
            told("m3", 7, ada, None, order),
            told("m4", 9, ada, cookie, None),
        ],
    ];
    for second in seconds {
        let whole = workspace();
        take(&app.db, &whole, &[[first.clone(), second.clone()].concat()]).await;
        let parts = workspace();
        take(&app.db, &parts, &[first.clone(), second]).await;
        let expected = derived(&app.db, &whole).await;
        assert_eq!(derived(&app.db, &parts).await, expected);
    }
}
