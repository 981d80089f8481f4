//! Several server processes on one database, all told of the same people at once, while a steward
//! decides and rules change.

use crate::app::TestApp;
use crate::kill::{BATCH, batch, check_log, documents, request, serve};
use acquaint::clock::Time;
use acquaint::id::ProfileId;
use acquaint::identity::SHIPPED;
use acquaint::identity::decision::By;
use acquaint::steward::{decide, rules as ruled};
use acquaint::store::access::{self, Workspace};
use acquaint::{Error, store};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

both!(
    two_servers_never_make_two_profiles_of_one_identifier,
    decisions_and_rules_change_while_two_servers_take_events,
);

/// Batches that are sent in all.
const BATCHES: u32 = 120;
/// Clients that send at the same time, half of them to each server.
const CLIENTS: usize = 6;

async fn two_servers_never_make_two_profiles_of_one_identifier(app: &TestApp) {
    let done = AtomicBool::new(false);
    tokio::task::block_in_place(|| send_through_two(app, &done));
    check(app).await;
}

async fn decisions_and_rules_change_while_two_servers_take_events(app: &TestApp) {
    let done = AtomicBool::new(false);
    let handle = tokio::runtime::Handle::current();
    let decided = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let steward = scope.spawn(|| handle.block_on(steer(app, &done)));
            send_through_two(app, &done);
            steward.join().expect("the steward came to an end")
        })
    });
    assert!(decided > 2, "the test did something: {decided} decisions");
    let workspace = workspace(app).await;
    ruled::apply(&app.db, &workspace, &mut |_, _, _| {})
        .await
        .expect("applied");
    check(app).await;
}

/// Sends all batches, each through one of two servers, and some of them through both.
fn send_through_two(app: &TestApp, done: &AtomicBool) {
    let servers = [serve(app), serve(app)];
    let next = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (next, servers) = (&next, &servers);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= BATCHES {
                        return;
                    }
                    let times = if number % 10 == 0 { 2 } else { 1 };
                    for time in 0..times {
                        let port = servers[(client + time) % 2].1;
                        let body = batch(&app.tenant.write_key, number);
                        let answer = request(port, "POST /v1/batch", "", &body);
                        assert!(matches!(answer, Some((200, _))), "{answer:?}");
                    }
                }
            });
        }
    });
    done.store(true, Ordering::Relaxed);
}

async fn workspace(app: &TestApp) -> Workspace {
    let found = access::workspace_by_id(&app.db, &app.tenant.workspace.id).await;
    found.expect("found").expect("the workspace")
}

/// Joins customers, takes joins back, and changes the rules, until the events are all there and
/// something was decided; how many decisions were made.
async fn steer(app: &TestApp, done: &AtomicBool) -> usize {
    let mut decided = 0;
    for round in 0..1_000 {
        // On a fast machine the events may all be there before there was time to decide anything.
        if done.load(Ordering::Relaxed) && decided > 2 {
            break;
        }
        if round % 5 == 4 {
            let limit = format!("limit = {}\n", 1 + round % 2);
            let text = SHIPPED.replacen("limit = 1\n", &limit, 1);
            let mut tx = app.db.begin().await.expect("a transaction");
            let id = &app.tenant.workspace.id;
            tx.lock(id).await.expect("locked");
            store::identity::set_rules(&mut tx, id, &text, "test", Time::from_ms(1))
                .await
                .expect("set");
            tx.commit().await.expect("committed");
            let applied = ruled::apply(&app.db, &workspace(app).await, &mut |_, _, _| {}).await;
            applied.expect("applied");
            continue;
        }
        decided += usize::from(join_two(app, round).await);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    decided
}

/// Joins two customers, and takes it back in every second round.
async fn join_two(app: &TestApp, round: usize) -> bool {
    let docs = documents(app).await;
    if docs.len() < 2 {
        return false;
    }
    let id = |at: usize| {
        let id = &docs[at % docs.len()]["id"];
        ProfileId::new(id.as_str().expect("an id"))
    };
    let (one, other) = (id(round), id(round + 1));
    let by = By {
        actor: "test".to_owned(),
        reason: "a test".to_owned(),
        at: Time::from_ms(1),
    };
    let workspace = workspace(app).await;
    let made = match decide::merge(&app.db, &workspace, (&one, &other), &by).await {
        // They were joined, or the rules changed, a moment ago.
        Err(Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_)) => return false,
        made => made.expect("joined"),
    };
    if round.is_multiple_of(2) {
        let last = made.last().expect("a decision");
        decide::undo(&app.db, &workspace, std::slice::from_ref(&last.id), &by)
            .await
            .expect("undone");
    }
    true
}

async fn check(app: &TestApp) {
    let mut holders: HashMap<String, String> = HashMap::new();
    for doc in documents(app).await {
        let id = doc["id"].as_str().expect("an id").to_owned();
        for known in doc["identifiers"].as_array().expect("identifiers") {
            let name = format!("{}:{}", known["kind"], known["value"]);
            let other = holders.insert(name.clone(), id.clone());
            assert_eq!(other, None, "{name} leads to two profiles");
        }
    }
    assert!(holders.len() > 10, "the test did something");
    check_log(app, (BATCHES * BATCH) as usize).await;
}
