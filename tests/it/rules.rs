//! Rules change: what the dry run says is what comes, everything stored outside by an id keeps
//! leading somewhere, and the result is that of folding the log again from the start.

use crate::app::TestApp;
use crate::fold::{derived, disorder, log, take};
use acquaint::clock::Time;
use acquaint::event::{Event, Kind};
use acquaint::id::WorkspaceId;
use acquaint::identity::SHIPPED;
use acquaint::ingest;
use acquaint::steward::rules as ruled;
use acquaint::store::access::{self, Workspace};
use acquaint::store::{self, Db};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

both!(
    any_change_of_rules_ends_where_a_rebuild_does,
    a_link_that_is_left_and_entered_at_once_begins_anew,
    an_apply_that_was_cut_off_goes_on,
    events_that_were_read_under_old_rules_are_read_again,
    what_is_blocked_is_let_go_of_by_whom_it_led_to,
    a_value_that_becomes_shared_lets_go_of_everyone,
);

/// Later than any event of a random log is received.
const SET_AT: Time = Time::from_ms(100_000_000_000);

/// Changes of the shipped rules: what is replaced by what, the first time it stands there.
const CHANGES: &[&[(&str, &str)]] = &[
    &[(
        "[kinds.email]\nclass = \"contact\"\npriority = 3\nlimit = 5",
        "[kinds.email]\nclass = \"contact\"\npriority = 3\nlimit = 1",
    )],
    &[
        ("limit = 1\n", "limit = 2\n"),
        ("identified_guard = true", "identified_guard = false"),
    ],
    &[("limit = 1\n", "limit = 4\n")],
    &[("shared_above = 10", "shared_above = 1")],
    &[("\"-1\",", "\"-1\", \"a1\", \"u2\",")],
    &[("\"identify.traits.email\", ", "")],
    &[("\"anonymousId\", \"previousId\"", "\"anonymousId\"")],
    &[(
        "[kinds.\"*\"]",
        "[kinds.group]\nclass = \"device\"\npriority = 8\nlimit = 3\nfrom = [\"groupId\", \"properties.order_id\"]\n\n[kinds.\"*\"]",
    )],
    &[(
        "priority = 5\nlimit = 5",
        "priority = 5\nlimit = 2\nwindow = \"day\"",
    )],
    &[("form = \"email\"", "form = \"lower\"")],
];

fn rules(change: usize) -> String {
    let mut text = SHIPPED.to_owned();
    for (from, to) in CHANGES[change % CHANGES.len()] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// A stored workspace; all have the same secret and so the same ids.
async fn workspace(db: &Db) -> Workspace {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("rules{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let new = Workspace {
        id: WorkspaceId::new(name.as_str()),
        name,
        secret: "the same for all".to_owned(),
        rules: Arc::default(),
    };
    let mut tx = db.begin().await.expect("a transaction");
    access::create_workspace(&mut tx, &new, Time::from_ms(1))
        .await
        .expect("created");
    tx.commit().await.expect("committed");
    new
}

async fn set(db: &Db, workspace: &Workspace, text: &str, at: Time) -> Workspace {
    let mut tx = db.begin().await.expect("a transaction");
    store::identity::set_rules(&mut tx, &workspace.id, text, "test", at)
        .await
        .expect("set");
    tx.commit().await.expect("committed");
    let found = access::workspace_by_id(db, &workspace.id)
        .await
        .expect("found");
    found.expect("the workspace")
}

async fn rebuild(db: &Db, workspace: &Workspace) {
    ingest::rebuild(db, workspace, |_| {})
        .await
        .expect("rebuilt");
}

async fn profiles(db: &Db, workspace: &Workspace) -> Vec<String> {
    let rows: Vec<(String,)> = db
        .sql("select id from profile where workspace = $1 order by id")
        .bind(&workspace.id)
        .all()
        .await
        .expect("rows");
    rows.into_iter().map(|(id,)| id).collect()
}

/// Rows that only one side has, a line each.
fn differences(applied: &[String], rebuilt: &[String]) -> String {
    let only = |these: &[String], those: &[String], word: &str| -> String {
        let missing = these.iter().filter(|row| !those.contains(row));
        missing.map(|row| format!("{word}: {row}\n")).collect()
    };
    only(applied, rebuilt, "applied") + &only(rebuilt, applied, "rebuilt")
}

async fn any_change_of_rules_ends_where_a_rebuild_does(app: &TestApp) {
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    });
    let handle = tokio::runtime::Handle::current();
    let drawn = (
        log(5, 8, 1..40),
        any::<u64>(),
        0..CHANGES.len(),
        0..CHANGES.len(),
    );
    let run = |(log, seed, first, second): (Vec<Event>, u64, usize, usize)| {
        let changed = changed(&app.db, &log, seed, [first, second]);
        tokio::task::block_in_place(|| handle.block_on(changed))
    };
    if let Err(failure) = runner.run(&drawn, run) {
        panic!("{failure}");
    }
}

async fn changed(
    db: &Db,
    log: &[Event],
    seed: u64,
    changes: [usize; 2],
) -> Result<(), TestCaseError> {
    let mut workspace = workspace(db).await;
    let (early, late) = log.split_at(log.len() / 2);
    take(db, &workspace, &disorder(early, seed)).await;
    let mut ever = profiles(db, &workspace).await;
    for (round, change) in changes.into_iter().enumerate() {
        let (text, at) = (rules(change), SET_AT + round as i64);
        let said = ruled::dry_run(db, &workspace, &text, at, &mut |_, _, _| {})
            .await
            .expect("a dry run");
        prop_assert_eq!(said.before, profiles(db, &workspace).await.len());
        workspace = set(db, &workspace, &text, at).await;
        ruled::apply(db, &workspace, &mut |_, _, _| {})
            .await
            .expect("applied");
        let now = profiles(db, &workspace).await;
        prop_assert_eq!(said.after, now.len(), "the dry run said so");
        ever.extend(now);
        if round == 0 {
            take(db, &workspace, &disorder(late, seed)).await;
        }
    }
    let applied = derived(db, &workspace).await;
    rebuild(db, &workspace).await;
    prop_assert_eq!(differences(&applied, &derived(db, &workspace).await), "");
    for id in ever {
        let led: Option<(Option<String>,)> = db
            .sql("select profile from link where workspace = $1 and id = $2")
            .bind(&workspace.id)
            .bind(&id)
            .optional()
            .await
            .expect("a row");
        prop_assert!(led.is_some(), "{} is forgotten", id);
    }
    Ok(())
}

/// A log of every sort of event, always the same.
fn sample() -> Vec<Event> {
    let mut runner = TestRunner::deterministic();
    let drawn = log(6, 8, 60..61).new_tree(&mut runner).expect("a log");
    drawn.current()
}

/// Under the second change the one event leaves the link that the other enters.
async fn a_link_that_is_left_and_entered_at_once_begins_anew(app: &TestApp) {
    let event = |id: &str, kind, at: i64| {
        let at = Time::from_ms(at);
        let mut event = Event::new("web", id, kind, at, at);
        event.user_id = Some("u4".to_owned());
        event.anonymous_id = Some("null".to_owned());
        event
    };
    let mut alias = event("m0", Kind::Alias, 0);
    alias.previous_id = Some("a0".to_owned());
    let mut identify = event("m1", Kind::Identify, 3_600_000);
    identify
        .traits
        .insert("email".to_owned(), "p0@x.example".into());
    let log = [alias, identify];
    let done = changed(&app.db, &log, 7, [6, 5]).await;
    done.expect("apply ends where a rebuild does");
    let late: Vec<Event> = log.iter().rev().cloned().collect();
    let done = changed(&app.db, &late, 7, [6, 5]).await;
    done.expect("apply ends where a rebuild does");
}

/// The process ends in the middle, and events come in before the apply is run again.
async fn an_apply_that_was_cut_off_goes_on(app: &TestApp) {
    let all = sample();
    let (early, late) = all.split_at(40);
    for (change, replaced) in CHANGES.iter().enumerate() {
        let workspace = workspace(&app.db).await;
        take(&app.db, &workspace, &disorder(early, 5)).await;
        let workspace = set(&app.db, &workspace, &rules(change), SET_AT).await;
        let (db, cut) = (app.db.clone(), workspace.clone());
        let cut = tokio::spawn(async move {
            let mut calls = 0;
            let mut progress = |_, _, _| {
                calls += 1;
                assert!(calls < 3, "the power goes off");
            };
            ruled::apply(&db, &cut, &mut progress).await
        });
        drop(cut.await);
        take(&app.db, &workspace, &disorder(late, 7)).await;
        ruled::apply(&app.db, &workspace, &mut |_, _, _| {})
            .await
            .expect("applied");
        let applied = derived(&app.db, &workspace).await;
        rebuild(&app.db, &workspace).await;
        let rebuilt = derived(&app.db, &workspace).await;
        assert_eq!(differences(&applied, &rebuilt), "", "{replaced:?}");
    }
}

/// Requests prepare events before they are written. When the rules change in between, the server
/// reads them again.
async fn events_that_were_read_under_old_rules_are_read_again(app: &TestApp) {
    let old = workspace(&app.db).await;
    let text = SHIPPED.replacen("\"identify.traits.email\", ", "", 1);
    let prepared = ingest::prepare(&old, &sample()[0]).expect("prepared");
    let new = set(&app.db, &old, &text, SET_AT).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let refused = ingest::take(&mut tx, &old, std::iter::once(&prepared), &[]).await;
    assert_eq!(
        refused.expect("no error"),
        None,
        "nothing is taken under rules that are gone"
    );
    let again = prepared.again(&new).expect("prepared");
    let taken = ingest::take(&mut tx, &new, std::iter::once(&again), &[]).await;
    assert_eq!(taken.expect("no error").map(|taken| taken.new), Some(1));
    tx.commit().await.expect("committed");
}

/// A value that leads to a customer is blocked while another's event is read again and carries it:
/// the customer lets go of it.
async fn what_is_blocked_is_let_go_of_by_whom_it_led_to(app: &TestApp) {
    let event = |id: &str, kind: Kind| {
        Event::new(
            "web",
            id,
            kind,
            Time::default(),
            Time::from_ms(1_000_000_000),
        )
    };
    let mut first = event("m0", Kind::Identify);
    (first.user_id, first.anonymous_id) = (Some("u0".to_owned()), Some("a1".to_owned()));
    let mut second = event("m1", Kind::Alias);
    (second.user_id, second.previous_id) = (Some("u1".to_owned()), Some("a1".to_owned()));
    let mut workspace = workspace(&app.db).await;
    take(&app.db, &workspace, &[vec![first]]).await;
    for (round, change) in [6, 4].into_iter().enumerate() {
        workspace = set(&app.db, &workspace, &rules(change), SET_AT + round as i64).await;
        let applied = ruled::apply(&app.db, &workspace, &mut |_, _, _| {}).await;
        applied.expect("applied");
        if round == 0 {
            take(&app.db, &workspace, &[vec![second.clone()]]).await;
        }
    }
    let applied = derived(&app.db, &workspace).await;
    rebuild(&app.db, &workspace).await;
    assert_eq!(
        differences(&applied, &derived(&app.db, &workspace).await),
        ""
    );
}

/// Twelve records of a shop have one mailbox. Under the shipped rules it joins nobody; where fifty
/// may share it, it joins all, and back again.
async fn a_value_that_becomes_shared_lets_go_of_everyone(app: &TestApp) {
    let workspace = workspace(&app.db).await;
    let record = |number: i64| {
        let mut event = Event::new(
            "shop",
            &format!("m{number}"),
            acquaint::event::Kind::Identify,
            Time::from_ms(number),
            Time::from_ms(number),
        );
        event.user_id = None;
        event.add_external_id(&format!("shop_{}", number % 2), number.to_string());
        event
            .traits
            .insert("email".to_owned(), "info@example.com".into());
        event
    };
    let wide = SHIPPED
        .replacen("shared_above = 10", "shared_above = 50", 1)
        .replace("limit = 5", "limit = 50");
    let events: Vec<Event> = (1..=24).map(record).collect();
    take(&app.db, &workspace, &[events]).await;
    assert_eq!(profiles(&app.db, &workspace).await.len(), 24);
    let workspace = set(&app.db, &workspace, &wide, SET_AT).await;
    ruled::apply(&app.db, &workspace, &mut |_, _, _| {})
        .await
        .expect("applied");
    assert_eq!(profiles(&app.db, &workspace).await.len(), 1);
    let workspace = set(&app.db, &workspace, SHIPPED, SET_AT + 1).await;
    ruled::apply(&app.db, &workspace, &mut |_, _, _| {})
        .await
        .expect("applied");
    assert_eq!(profiles(&app.db, &workspace).await.len(), 24);
}
