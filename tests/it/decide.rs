//! The law of decisions: whatever stewards decide between whichever events, what is derived is what
//! the log gives, a customer that was joined and parted is as if nobody had touched it, and what a
//! split keeps apart stays apart.

use crate::app::TestApp;
use crate::fold::{derived, disorder, log, take, workspace};
use acquaint::clock::Time;
use acquaint::event::{Event, Kind};
use acquaint::identity::Identifier;
use acquaint::identity::decision::Decision;
use acquaint::ingest;
use acquaint::steward::decide::SplitTarget;
use acquaint::store::access::Workspace;
use acquaint::store::{self, Db};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

mod desk;

use desk::Desk;

both!(
    decisions_are_part_of_the_log,
    merge_then_split_is_as_if_nobody_had_touched_them,
    a_cannot_link_is_undone_everywhere,
    a_split_leaves_the_others_together,
);

/// What a steward does at some point of a log; the numbers choose among what there is then.
#[derive(Clone, Copy, Debug)]
struct Deed {
    /// After how many events, in parts of 256 of the log.
    after: u8,
    what: u8,
    a: u8,
    b: u8,
}

fn deeds(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = (any::<u8>(), 0..8_u8, any::<u8>(), any::<u8>());
    let deed = deed.prop_map(|(after, what, a, b)| Deed { after, what, a, b });
    proptest::collection::vec(deed, 0..most).prop_map(|mut deeds| {
        deeds.sort_by_key(|deed| deed.after);
        deeds
    })
}

fn run<S: Strategy>(cases: u32, strategy: S, case: impl AsyncFn(S::Value) -> Outcome) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    });
    let handle = tokio::runtime::Handle::current();
    let once = |drawn| tokio::task::block_in_place(|| handle.block_on(case(drawn)));
    if let Err(failure) = runner.run(&strategy, once) {
        panic!("{failure}");
    }
}

type Outcome = Result<(), TestCaseError>;

async fn decisions_are_part_of_the_log(app: &TestApp) {
    let strategy = (log(5, 8, 1..30), deeds(9), log(5, 8, 1..12), any::<u64>());
    run(40, strategy, async |(log, deeds, rest, seed)| {
        part_of_the_log(&app.db, &log, &deeds, &later(rest), seed).await
    });
}

async fn part_of_the_log(
    db: &Db,
    log: &[Event],
    deeds: &[Deed],
    rest: &[Event],
    seed: u64,
) -> Outcome {
    let mut one = Desk::new(db);
    one.work(log, deeds).await?;
    let (decided, expected) = (one.decisions().await, derived(db, &one.workspace).await);

    // The same events in another order and the same decisions, all at once.
    let other = workspace();
    take(db, &other, &disorder(log, seed)).await;
    follow(db, &other, &decided).await;
    same(&derived(db, &other).await, &expected, "folded at once")?;

    // What comes afterwards, in another order and with repetitions.
    for event in rest {
        take(db, &one.workspace, &[vec![event.clone()]]).await;
        one.check().await?;
    }
    take(db, &other, &disorder(rest, seed)).await;
    let expected = derived(db, &one.workspace).await;
    same(&derived(db, &other).await, &expected, "afterwards")?;
    rebuild(db, &one.workspace).await;
    same(&derived(db, &one.workspace).await, &expected, "rebuilt")?;
    one.check().await
}

async fn merge_then_split_is_as_if_nobody_had_touched_them(app: &TestApp) {
    let picks = (any::<u8>(), any::<u8>(), any::<u8>());
    let strategy = (log(5, 8, 2..30), deeds(5), log(5, 8, 1..12), picks);
    run(60, strategy, async |(log, deeds, rest, picks)| {
        untouched(&app.db, &log, &deeds, &later(rest), picks).await
    });
}

async fn untouched(
    db: &Db,
    log: &[Event],
    deeds: &[Deed],
    rest: &[Event],
    (a, b, way): (u8, u8, u8),
) -> Outcome {
    let mut one = Desk::new(db);
    one.work(log, deeds).await?;
    let before = derived(db, &one.workspace).await;
    let never = workspace();
    take(db, &never, &[log.to_vec()]).await;
    follow(db, &never, &one.decisions().await).await;
    same(&derived(db, &never).await, &before, "folded at once")?;

    let profiles = one.profiles().await;
    if profiles.len() < 2 {
        return Ok(());
    }
    let (a, b) = (usize::from(a), usize::from(b));
    let first = &profiles[a % profiles.len()];
    let second = &profiles[(a + 1 + b % (profiles.len() - 1)) % profiles.len()];
    // What is named comes off whatever it was joined with, also by an earlier decision; then only
    // undoing restores.
    let plain = one.is_plain(first).await && one.is_plain(second).await;
    let made = one.merge(&first.id, &second.id).await.expect("merged");
    if made.len() == 1 {
        prop_assert_eq!(one.profiles().await.len() + 1, profiles.len());
    }
    one.part(first, second, &made, plain, way).await;
    let after = derived(db, &one.workspace).await;
    same(&after, &before, &format!("parted again by {way}: {made:?}"))?;

    take(db, &one.workspace, &[rest.to_vec()]).await;
    take(db, &never, &[rest.to_vec()]).await;
    let (one, never) = (derived(db, &one.workspace).await, derived(db, &never).await);
    same(
        &one,
        &never,
        "what comes afterwards goes where it would have gone",
    )
}

/// Compares derived rows, and shows those that differ.
fn same(left: &[String], right: &[String], what: &str) -> Outcome {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|row| !those.contains(row))
            .cloned()
            .collect()
    };
    let (left, right) = (only(left, right), only(right, left));
    prop_assert!(
        left.is_empty() && right.is_empty(),
        "{what}: {left:#?} instead of {right:#?}"
    );
    Ok(())
}

/// An event of these identifiers.
fn seen(
    message: &str,
    at: i64,
    user: Option<&str>,
    anonymous: Option<&str>,
    email: Option<&str>,
) -> Event {
    let mut event = Event::new(
        "web",
        message,
        Kind::Identify,
        Time::from_ms(at),
        Time::from_ms(at),
    );
    event.user_id = user.map(str::to_owned);
    event.anonymous_id = anonymous.map(str::to_owned);
    if let Some(email) = email {
        event.traits.insert("email".to_owned(), email.into());
    }
    event.check().expect("a valid event")
}

/// The customers of a cannot-link constraint may have nothing to do with each other when it is
/// undone.
async fn a_cannot_link_is_undone_everywhere(app: &TestApp) {
    let mut one = Desk::new(&app.db);
    let log = [
        seen("1", 1, Some("u1"), None, Some("p1@x.example")),
        seen("2", 2, Some("u2"), None, Some("p2@x.example")),
        seen("3", 3, None, Some("a1"), Some("p1@x.example")),
        seen("4", 4, None, Some("a2"), Some("p2@x.example")),
    ];
    take(&app.db, &one.workspace, &[log.to_vec()]).await;
    let (first, second) = (one.whose("user_id:u1").await, one.whose("user_id:u2").await);
    let joined = one.merge(&first, &second).await.expect("merged");
    let off = ["email:p1@x.example", "email:p2@x.example"].map(identifier);
    let first = one.whose("user_id:u1").await;
    one.split(&first, SplitTarget::Identifiers(off.to_vec()))
        .await
        .expect("split");
    one.undo(&joined[0].id).await.expect("undone");
    let (first, second) = (
        one.whose("user_id:u1").await,
        one.whose("email:p1@x.example").await,
    );
    assert_ne!(first, second);
    let made = one.merge(&first, &second).await.expect("merged");
    assert_eq!(
        made.len(),
        2,
        "the constraint is undone and they are joined: {made:?}"
    );
    assert_eq!(
        one.whose("user_id:u1").await,
        one.whose("email:p1@x.example").await
    );
    assert_eq!(
        one.whose("user_id:u2").await,
        one.whose("email:p2@x.example").await
    );
    let expected = derived(&app.db, &one.workspace).await;
    rebuild(&app.db, &one.workspace).await;
    same(
        &derived(&app.db, &one.workspace).await,
        &expected,
        "rebuilt",
    )
    .expect("the same");
}

/// Of three that were joined one by one, the first comes off, which holds the others together.
async fn a_split_leaves_the_others_together(app: &TestApp) {
    let mut one = Desk::new(&app.db);
    let log = [1, 2, 3].map(|at| seen(&at.to_string(), at, Some(&format!("u{at}")), None, None));
    take(&app.db, &one.workspace, &[log.to_vec()]).await;
    for other in ["user_id:u2", "user_id:u3"] {
        let (first, other) = (one.whose("user_id:u1").await, one.whose(other).await);
        one.merge(&first, &other).await.expect("merged");
    }
    let whole = one.whose("user_id:u3").await;
    assert_eq!(whole, one.whose("user_id:u2").await);
    one.split(
        &whole,
        SplitTarget::Identifiers(vec![identifier("user_id:u1")]),
    )
    .await
    .expect("split");
    assert_eq!(one.whose("user_id:u2").await, one.whose("user_id:u3").await);
    assert_ne!(one.whose("user_id:u1").await, one.whose("user_id:u3").await);
    one.check().await.expect("ids lead on");
    let expected = derived(&app.db, &one.workspace).await;
    rebuild(&app.db, &one.workspace).await;
    same(
        &derived(&app.db, &one.workspace).await,
        &expected,
        "rebuilt",
    )
    .expect("the same");
}

fn identifier(text: &str) -> Identifier {
    let (kind, value) = text.split_once(':').expect("kind:value");
    Identifier::new(kind, value)
}

/// The same events as others that were in the log before, as far as their ids say.
fn later(events: Vec<Event>) -> Vec<Event> {
    let again = |mut event: Event| {
        let id = format!("later-{}", event.message_id);
        let mut fresh = Event::new(&event.source, &id, event.kind, event.at, event.received_at);
        std::mem::swap(&mut fresh.id, &mut event.id);
        event.message_id = id;
        event
    };
    events.into_iter().map(again).collect()
}

async fn rebuild(db: &Db, workspace: &Workspace) {
    ingest::rebuild(db, workspace, |_| {})
        .await
        .expect("rebuilt");
}

/// Gives a workspace the decisions of another, and follows them.
async fn follow(db: &Db, workspace: &Workspace, decisions: &[Decision]) {
    let mut tx = db.begin().await.expect("a transaction");
    store::identity::append_decisions(&mut tx, &workspace.id, decisions)
        .await
        .expect("decided");
    tx.commit().await.expect("committed");
    rebuild(db, workspace).await;
}
