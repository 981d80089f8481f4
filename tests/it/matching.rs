//! Matching as a steward meets it: a run over everyone, answers to what it suggests, joins and
//! taking them back.

use crate::app::TestApp;
use crate::fold::derived;
use crate::table::rows_of;
use acquaint::id::ProfileId;
use acquaint::identity::Identifier;
use acquaint::identity::decision::By;
use acquaint::steward::decide::{self, SplitTarget};
use acquaint::steward::suggest::{self, Match, MatchRun};
use acquaint::store::suggestion::Suggestion;
use acquaint::store::table::TableKind;
use acquaint::store::{self, suggestion};
use acquaint::{Error, ingest};
use crowd::{arrive, planted, settle, together, whose};
use serde_json::json;
use std::collections::BTreeSet;

mod crowd;
mod route;

both!(
    a_run_finds_the_planted_and_neither_twins_nor_a_mailbox,
    finding_alone_writes_nothing,
    accept_joins_and_undo_parts_for_good,
    a_cannot_link_speaks_against_matching,
    reject_keeps_apart_and_an_answer_is_given_once,
    apply_makes_decisions_that_a_split_takes_back,
    a_new_customer_is_matched_from_the_index,
    a_rebuild_after_joins_gives_the_same_rows,
    matching_looks_again_where_something_was_learnt,
);

const THRESHOLD: f64 = 0.95;

fn by(app: &TestApp) -> By {
    By::new("kim", "a test", app.clock.now()).expect("a reason")
}

async fn find(app: &TestApp) -> MatchRun {
    let quiet = &mut |_: &'static str, _: usize, _: usize| {};
    let found = suggest::find(&app.db, &app.tenant.workspace, THRESHOLD, quiet).await;
    found.expect("a run")
}

/// A run over everyone, whose matches are in the queue after it.
async fn run(app: &TestApp) -> MatchRun {
    let found = find(app).await;
    let quiet = &mut |_: &'static str, _: usize, _: usize| {};
    let (workspace, now) = (&app.tenant.workspace, app.clock.now());
    let done = suggest::suggest(&app.db, workspace, &found, now, quiet).await;
    done.expect("written");
    found
}

/// Joins what a run found; how many joins there were.
async fn join(app: &TestApp, found: &MatchRun) -> usize {
    let quiet = &mut |_: &'static str, _: usize, _: usize| {};
    let (workspace, by) = (&app.tenant.workspace, by(app));
    let joined = suggest::apply(&app.db, workspace, &found.matches, &by, quiet).await;
    joined.expect("joined")
}

/// What is in the queue in this state.
async fn queue(app: &TestApp, state: &str) -> Vec<Suggestion> {
    let workspace = &app.tenant.workspace.id;
    let all = suggestion::suggestions(&app.db, workspace, state, (i64::MAX, ""), 1_000).await;
    all.expect("the queue")
}

async fn accept(app: &TestApp, id: &str) -> acquaint::Result<String> {
    let done = suggest::accept(&app.db, &app.tenant.workspace, id, &by(app)).await?;
    Ok(done)
}

async fn reject(app: &TestApp, id: &str) -> acquaint::Result<()> {
    suggest::reject(&app.db, &app.tenant.workspace, id, &by(app)).await
}

async fn undo(app: &TestApp, decision: &str) {
    let undone = decide::undo(
        &app.db,
        &app.tenant.workspace,
        &[decision.to_owned()],
        &by(app),
    )
    .await;
    undone.expect("undone");
}

/// Matches the customer of a record alone.
async fn one(app: &TestApp, record: &str) -> acquaint::Result<Vec<Match>> {
    let workspace = &app.tenant.workspace;
    let found = store::profile::by_name(&app.db, workspace, record).await?;
    let profile = found.expect("a profile");
    suggest::one(&app.db, workspace, &profile, THRESHOLD, app.clock.now()).await
}

/// The suggestion of two records.
async fn between(app: &TestApp, one: &str, other: &str) -> Option<Suggestion> {
    let whose = whose(app).await;
    let wanted = BTreeSet::from([whose[one].oldest_link(), whose[other].oldest_link()]);
    let open = queue(app, "open").await;
    let same =
        |found: &Suggestion| BTreeSet::from([found.one.clone(), found.other.clone()]) == wanted;
    open.into_iter().find(same)
}

/// The records of every cluster that a run found.
async fn clusters(app: &TestApp, found: &MatchRun) -> BTreeSet<Vec<String>> {
    let whose = whose(app).await;
    let records = |cluster: &Vec<ProfileId>| {
        let of = whose
            .iter()
            .filter(|(_, profile)| cluster.contains(profile));
        of.map(|(record, _)| record.clone()).collect()
    };
    found.clusters.iter().map(records).collect()
}

async fn decisions(app: &TestApp) -> usize {
    let all = store::decision_view::before(&app.db, &app.tenant.workspace.id, None, 1_000).await;
    all.expect("decisions").len()
}

async fn a_run_finds_the_planted_and_neither_twins_nor_a_mailbox(app: &TestApp) {
    settle(app);
    assert!(together(app).await.is_empty(), "no identifier joins them");
    let found = run(app).await;
    assert_eq!(found.people, 41);
    assert_eq!(clusters(app, &found).await, planted());
    assert_eq!(found.matches.len(), 11, "one less than each has members");
    let queued = queue(app, "open").await;
    assert_eq!(queued.len(), 11);
    assert!(queued.is_sorted_by(|a, b| a.weight >= b.weight));
    assert!(together(app).await.is_empty(), "nobody is joined by a run");
    assert_eq!(decisions(app).await, 0);
    run(app).await;
    let again: Vec<String> = queue(app, "open").await.into_iter().map(|s| s.id).collect();
    let before: Vec<String> = queued.into_iter().map(|s| s.id).collect();
    assert_eq!(again, before, "a second run says the same");
}

/// Every row of every table, but for what processes tell each other.
async fn rows(app: &TestApp) -> Vec<String> {
    let mut all = Vec::new();
    for kind in [TableKind::Log, TableKind::Derived, TableKind::Index] {
        all.extend(rows_of(&app.db, &app.tenant.workspace, kind).await);
    }
    all
}

async fn finding_alone_writes_nothing(app: &TestApp) {
    settle(app);
    let before = rows(app).await;
    assert_eq!(find(app).await.matches.len(), 11);
    assert_eq!(rows(app).await, before);
    run(app).await;
    let after = rows(app).await;
    let has = |rows: &[String], kind: &str| rows.iter().any(|row| row.starts_with(kind));
    for kind in [
        "suggestion ",
        "match_model ",
        "match_person ",
        "match_bucket ",
    ] {
        assert!(has(&after, kind), "{kind}");
    }
    assert!(has(&before, "unmatched ") && !has(&after, "unmatched "));
}

async fn accept_joins_and_undo_parts_for_good(app: &TestApp) {
    settle(app);
    run(app).await;
    let suggested = between(app, "c2", "s2").await.expect("a suggestion");
    let decision = accept(app, &suggested.id).await.expect("accepted");
    let (profile, text) = seen(app, "record.crm:c2").await;
    for lead in ["record.crm:c2", "record.shop:s2"] {
        assert!(profile.contains(lead), "{profile}");
    }
    assert!(
        text.contains(&format!("{decision}  merge by kim, in force")),
        "{text}"
    );
    assert_eq!(queue(app, "open").await.len(), 10);
    assert_eq!(queue(app, "accepted").await[0].id, suggested.id);
    undo(app, &decision).await;
    assert!(together(app).await.is_empty(), "parted again");
    let found = run(app).await;
    assert_eq!(found.matches.len(), 10, "someone said that they are two");
    assert!(between(app, "c2", "s2").await.is_none());
    join(app, &found).await;
    let whose = whose(app).await;
    assert_ne!(whose["c2"], whose["s2"]);
    let alone = one(app, "record.crm:c2").await.expect("matched");
    assert!(alone.is_empty(), "{alone:?}");
}

/// An event ties two records, so the rules join them, and a steward parts them. That is a word
/// against matching as well.
async fn a_cannot_link_speaks_against_matching(app: &TestApp) {
    settle(app);
    let id = |kind: &str, id: &str| json!({"id": id, "type": kind, "collection": "users", "encoding": "none"});
    let both = [id("record.crm", "c2"), id("record.shop", "s2")];
    let call = json!({"type": "identify", "anonymousId": "a1", "context": {"externalIds": both}});
    let body = json!({"writeKey": app.tenant.write_key, "batch": [call]}).to_string();
    app.request("POST", "/v1/batch", &[], body).await.ok();
    let tied = whose(app).await;
    assert_eq!(tied["c2"], tied["s2"], "the rules join them");
    let off = SplitTarget::Identifiers(vec![Identifier::new("record.shop", "s2")]);
    let parted = decide::split(&app.db, &app.tenant.workspace, &tied["c2"], &off, &by(app)).await;
    parted.expect("parted");
    run(app).await;
    assert!(between(app, "c2", "s2").await.is_none());
    assert!(
        between(app, "c1", "s1").await.is_some(),
        "others are suggested"
    );
}

/// A profile and its explanation, as a steward gets them.
async fn seen(app: &TestApp, customer: &str) -> (String, String) {
    let (path, key) = (format!("/v1/profiles/{customer}"), &app.tenant.staff_key);
    let profile = app.get(&path, key).await.ok()["identifiers"].to_string();
    let path = format!("{path}/explain?format=text");
    (
        profile.replace("\",\"value\":\"", ":"),
        app.get(&path, key).await.text(),
    )
}

async fn reject_keeps_apart_and_an_answer_is_given_once(app: &TestApp) {
    settle(app);
    run(app).await;
    let suggested = between(app, "c7", "h7").await.expect("a suggestion");
    reject(app, &suggested.id).await.expect("rejected");
    let found = run(app).await;
    assert_eq!(found.matches.len(), 10);
    assert!(between(app, "c7", "h7").await.is_none());
    assert_eq!(queue(app, "rejected").await[0].id, suggested.id);
    assert_eq!(join(app, &found).await, 10);
    let mut rest = planted();
    rest.remove(&vec!["c7".to_owned(), "h7".to_owned()]);
    assert_eq!(together(app).await, rest);
    let accepted = queue(app, "rejected").await.remove(0).id;
    for answer in [
        accept(app, &accepted).await.map(drop),
        reject(app, &accepted).await,
    ] {
        let Err(Error::Invalid(why)) = answer else {
            panic!("{answer:?}");
        };
        assert!(why.to_string().contains("was rejected already"), "{why}");
    }
    for answer in [
        accept(app, "s_none").await.map(drop),
        reject(app, "s_none").await,
    ] {
        assert!(matches!(answer, Err(Error::NotFound(_))), "{answer:?}");
    }
}

async fn apply_makes_decisions_that_a_split_takes_back(app: &TestApp) {
    settle(app);
    let found = run(app).await;
    assert_eq!(join(app, &found).await, 11);
    assert_eq!(together(app).await, planted());
    assert_eq!(decisions(app).await, 11);
    assert!(queue(app, "open").await.is_empty(), "all of it is done");
    assert_eq!(join(app, &found).await, 0, "a second time does nothing");
    assert!(find(app).await.matches.is_empty());
    let workspace = &app.tenant.workspace;
    let off = acquaint::identity::Identifier::new("record.shop", "s4");
    let customer = &whose(app).await["s4"];
    let off = SplitTarget::Identifiers(vec![off]);
    let made = decide::split(&app.db, workspace, customer, &off, &by(app)).await;
    assert_eq!(made.expect("split").len(), 1);
    let mut rest = planted();
    rest.remove(&vec!["c4".to_owned(), "s4".to_owned()]);
    assert_eq!(together(app).await, rest, "as the export has it");
    assert!(find(app).await.matches.is_empty(), "nor is it found again");
}

async fn a_new_customer_is_matched_from_the_index(app: &TestApp) {
    settle(app);
    let Err(Error::Conflict(why)) = one(app, "record.crm:c1").await else {
        panic!("nothing was learnt yet");
    };
    assert!(why.to_string().contains("identity match"), "{why}");
    let found = run(app).await;
    join(app, &found).await;
    let trained = rows(app).await;
    let first =
        "t27,Aurelia,Petrosian,1992-10-28,aurelia@example.com,,9 Kiln Road,Port Elin,20977\n";
    arrive(app, "till", first);
    let matched = one(app, "record.till:t27").await.expect("matched");
    assert_eq!(matched.len(), 1, "{matched:?}");
    assert!(between(app, "t27", "c27").await.is_some());
    let second = "t40,Ottoline,Fairweather,1968-05-05,ottoline@example.com,+14155550140,77 Rope Walk,Dunmore,20141\n";
    arrive(app, "till", second);
    assert!(
        one(app, "record.till:t40")
            .await
            .expect("matched")
            .is_empty()
    );
    let third = "a40,Otoline,Fairweather,1968-05-05,,+14155550140,77 Rope Walk,Dunmore,20141\n";
    arrive(app, "app", third);
    let matched = one(app, "record.app:a40").await.expect("matched");
    assert_eq!(matched.len(), 1, "of the two, neither was in the run");
    let suggested = between(app, "a40", "t40").await.expect("a suggestion");
    accept(app, &suggested.id).await.expect("accepted");
    let whose = whose(app).await;
    assert_eq!(whose["a40"], whose["t40"]);
    let model = |rows: &[String]| {
        let model = rows.iter().find(|row| row.starts_with("match_model "));
        model.cloned()
    };
    assert_eq!(
        model(&rows(app).await),
        model(&trained),
        "nothing is trained"
    );
}

async fn a_rebuild_after_joins_gives_the_same_rows(app: &TestApp) {
    settle(app);
    let found = run(app).await;
    let suggested = between(app, "h9", "s9").await.expect("a suggestion");
    let decision = accept(app, &suggested.id).await.expect("accepted");
    join(app, &found).await;
    undo(app, &decision).await;
    let workspace = &app.tenant.workspace;
    let folded = derived(&app.db, workspace).await;
    assert_eq!(together(app).await.len(), planted().len() - 1);
    let rebuilt = ingest::rebuild(&app.db, workspace, |_| {}).await;
    rebuilt.expect("rebuilt");
    let rebuilt = derived(&app.db, workspace).await;
    // What matching saw of a profile is not in the log, so it looks at all of them again.
    let (unseen, rebuilt): (Vec<String>, Vec<String>) = rebuilt
        .into_iter()
        .partition(|row| row.starts_with("unmatched "));
    let profiles = rebuilt.iter().filter(|row| row.starts_with("profile "));
    assert_eq!(unseen.len(), profiles.count());
    let known = folded
        .into_iter()
        .filter(|row| !row.starts_with("unmatched "));
    assert_eq!(rebuilt, known.collect::<Vec<_>>());
}

async fn matching_looks_again_where_something_was_learnt(app: &TestApp) {
    settle(app);
    app.identify("u1", json!({"name": "Ines Okafor"})).await;
    run(app).await;
    let workspace = &app.tenant.workspace.id;
    let waiting = || async {
        let waiting = store::matching::unmatched(&app.db, workspace, 10).await;
        waiting.expect("ids").len()
    };
    assert_eq!(waiting().await, 0);
    app.track(
        "u1",
        "Order Completed",
        json!({"order_id": "o1", "total": 5}),
    )
    .await;
    assert_eq!(waiting().await, 0, "an order says nothing of who they are");
    app.identify("u1", json!({"phone": "+14155550187"})).await;
    assert_eq!(waiting().await, 1);
    app.track("u1", "Product Viewed", json!({"sku": "s1"}))
        .await;
    one(app, "user_id:u1").await.expect("matched");
    assert_eq!(waiting().await, 0);
    app.track("u2", "Product Viewed", json!({"sku": "s1"}))
        .await;
    assert_eq!(waiting().await, 1, "somebody new");
}
