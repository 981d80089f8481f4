//! The log is the truth: whatever the order in which events arrive, however often, and however they
//! are cut into batches, the derived tables are the same to the byte, and a rebuild gives them
//! again.

use crate::app::TestApp;
use crate::table::rows_of;
use acquaint::clock::Time;
use acquaint::event::{Event, Kind};
use acquaint::id::WorkspaceId;
use acquaint::ingest;
use acquaint::store::Db;
use acquaint::store::access::Workspace;
use acquaint::store::table::TableKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

both!(
    any_order_gives_the_same_bytes,
    any_order_of_one_busy_customer,
    a_message_id_with_two_contents_is_the_first,
);

async fn any_order_gives_the_same_bytes(app: &TestApp) {
    check(app, log(5, 8, 1..40), 40);
}

/// More orders and tickets than a profile repeats, so that entries fall out of its lists and come
/// back.
async fn any_order_of_one_busy_customer(app: &TestApp) {
    check(app, log(1, 70, 60..160), 12);
}

/// A broken client reuses a message id within one batch. What is logged is what is folded, or a
/// rebuild would differ.
async fn a_message_id_with_two_contents_is_the_first(app: &TestApp) {
    let event = |plan: &str| {
        let mut event = Event::new(
            "web",
            "m1",
            Kind::Identify,
            Time::from_ms(5),
            Time::from_ms(9),
        );
        event.user_id = Some("u1".to_owned());
        event.traits = object(&json!({"plan": plan}));
        event.check().expect("a valid event")
    };
    let workspace = workspace();
    take(
        &app.db,
        &workspace,
        &[vec![event("first"), event("second")]],
    )
    .await;
    let folded = derived(&app.db, &workspace).await;
    assert!(folded.iter().any(|row| row.contains("first")), "{folded:?}");
    assert!(
        !folded.iter().any(|row| row.contains("second")),
        "{folded:?}"
    );
    let rebuilt = ingest::rebuild(&app.db, &workspace, |_| {}).await;
    assert_eq!(rebuilt.expect("rebuilt"), 1);
    assert_eq!(derived(&app.db, &workspace).await, folded);
}

/// Ingests random logs in random orders and compares.
fn check(app: &TestApp, log: impl Strategy<Value = Vec<Event>>, cases: u32) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    let handle = tokio::runtime::Handle::current();
    let run = |(log, seeds): (Vec<Event>, Vec<u64>)| {
        tokio::task::block_in_place(|| handle.block_on(same_bytes(&app.db, &log, &seeds)))
    };
    let seeds = proptest::collection::vec(any::<u64>(), 3);
    if let Err(failure) = runner.run(&(log, seeds), run) {
        panic!("{failure}");
    }
}

async fn same_bytes(db: &Db, log: &[Event], seeds: &[u64]) -> Result<(), TestCaseError> {
    let plain = workspace();
    take(db, &plain, &[log.to_vec()]).await;
    let expected = derived(db, &plain).await;
    for seed in seeds {
        let other = workspace();
        take(db, &other, &disorder(log, *seed)).await;
        prop_assert_eq!(&derived(db, &other).await, &expected, "seed {}", seed);
    }
    let events = ingest::rebuild(db, &plain, |_| {}).await.expect("rebuilt");
    prop_assert_eq!(events as usize, log.len());
    prop_assert_eq!(&derived(db, &plain).await, &expected, "after a rebuild");
    Ok(())
}

/// A workspace of its own; all have the same secret and so the same ids.
pub(crate) fn workspace() -> Workspace {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("w{}", NEXT.fetch_add(1, Ordering::Relaxed));
    Workspace {
        id: WorkspaceId::new(name.as_str()),
        name,
        secret: "the same for all".to_owned(),
        rules: Arc::default(),
    }
}

pub(crate) async fn take(db: &Db, workspace: &Workspace, batches: &[Vec<Event>]) {
    for batch in batches {
        let mut tx = db.begin().await.expect("a transaction");
        let prepare = |event: &Event| ingest::prepare(workspace, event).expect("prepared");
        let events: Vec<_> = batch.iter().map(prepare).collect();
        ingest::take(&mut tx, workspace, events.iter(), &[])
            .await
            .expect("taken");
        tx.commit().await.expect("committed");
    }
}

/// The log twice, shuffled, and cut into batches.
pub(crate) fn disorder(log: &[Event], seed: u64) -> Vec<Vec<Event>> {
    let mut state = seed | 1;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut events: Vec<Event> = log.iter().chain(log.iter().step_by(2)).cloned().collect();
    for at in (1..events.len()).rev() {
        events.swap(at, random(at + 1));
    }
    let mut batches = Vec::new();
    while !events.is_empty() {
        let size = 1 + random(events.len().min(25));
        batches.push(events.split_off(events.len() - size));
    }
    batches
}

/// Every derived row of a workspace.
pub(crate) async fn derived(db: &Db, workspace: &Workspace) -> Vec<String> {
    rows_of(db, workspace, TableKind::Derived).await
}

/// Random logs about `people` people and up to `things` orders and tickets, full of ties, late
/// events and shared values.
pub(crate) fn log(
    people: u8,
    things: u8,
    length: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Event>> {
    let who = (any::<u8>(), 0..people, 0..people, 0..people);
    let drawn = (who, 0..9_u8, 0..things, 0..200_i64, any::<u8>());
    proptest::collection::vec(drawn, length).prop_map(|events| {
        let made = events.into_iter().enumerate();
        made.map(|(at, (who, what, thing, hour, detail))| event(at, who, what, thing, hour, detail))
            .collect()
    })
}

type Who = (u8, u8, u8, u8);

fn event(index: usize, who: Who, what: u8, thing: u8, hour: i64, detail: u8) -> Event {
    use Kind::{Alias, Group, Identify, Page, Track};
    let kind = [
        Identify, Track, Track, Track, Track, Track, Page, Group, Alias,
    ][usize::from(what)];
    let source = ["web", "shop", "crm"][usize::from(detail % 3)];
    let at = Time::from_ms(hour * 3_600_000);
    let received_at = at + 1_000_000_000 + index as i64;
    let mut event = Event::new(source, &format!("m{index}"), kind, at, received_at);
    let (mask, a, b, _) = who;
    event.user_id = (mask & 3 != 0 || kind == Alias).then(|| format!("u{a}"));
    let anonymous = if mask & 64 == 0 {
        format!("a{b}")
    } else {
        "null".to_owned()
    };
    event.anonymous_id = (mask & 4 != 0 || event.user_id.is_none()).then_some(anonymous);
    match what {
        0 => event.traits = traits(who, detail),
        1..=3 => order(&mut event, who, thing, detail),
        4 | 5 => ticket(&mut event, index, thing, detail),
        6 => {
            let consent = json!({"categoryPreferences": {"ads": detail.is_multiple_of(2)}});
            event.context =
                object(&json!({"consent": consent, "page": {"path": format!("/{thing}")}}));
        }
        7 => {
            event.group_id = Some(format!("g{}", thing % 3));
            event.traits = object(&json!({"name": format!("Group {detail}")}));
        }
        _ => event.previous_id = Some(format!("a{b}")),
    }
    event.check().expect("a valid event")
}

fn traits((mask, _, _, c): Who, detail: u8) -> Map<String, Value> {
    let mut traits = Map::new();
    if mask & 8 != 0 {
        traits.insert("email".to_owned(), json!(format!("p{c}@x.example")));
        let verified = mask & 128 != 0;
        traits.insert("email_verified".to_owned(), json!(verified));
    }
    if mask & 16 != 0 {
        let plan = if detail.is_multiple_of(5) {
            Value::Null
        } else {
            json!(detail)
        };
        traits.insert("plan".to_owned(), plan);
    }
    traits
}

fn order(event: &mut Event, who: Who, thing: u8, detail: u8) {
    const NAMES: [&str; 4] = [
        "Order Completed",
        "Order Updated",
        "Order Refunded",
        "Order Cancelled",
    ];
    event
        .context
        .insert("traits".to_owned(), Value::Object(traits(who, detail)));
    NAMES[usize::from(detail % 4)].clone_into(&mut event.name);
    let total = f64::from(detail) + 0.25;
    let currency = if detail.is_multiple_of(7) {
        "JPY"
    } else {
        "EUR"
    };
    let products = json!([{"name": "Mug", "price": total}]);
    event.properties = object(
        &json!({"order_id": format!("o{thing}"), "total": total, "currency": currency, "products": products}),
    );
    if who.0 & 32 != 0 {
        event.add_reference("shopify_order_id", format!("o{thing}"));
    }
}

fn ticket(event: &mut Event, index: usize, thing: u8, detail: u8) {
    const NAMES: [&str; 4] = [
        "Ticket Created",
        "Ticket Replied",
        "Ticket Solved",
        "Ticket Reopened",
    ];
    NAMES[usize::from(detail % 4)].clone_into(&mut event.name);
    let (id, subject, body) = (
        format!("t{thing}"),
        format!("s{detail}"),
        format!("b{index}"),
    );
    event.properties = object(&json!({"ticket_id": id, "subject": subject, "body": body}));
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
