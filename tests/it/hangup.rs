//! A client hangs up in the middle: what it began is ended, nothing is left open, and what it sent
//! is not lost half-way.

use crate::app::TestApp;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use tokio::sync::Notify;

both!(
    no_transaction_stays_open,
    what_waits_to_be_written_is_written,
);

/// Most connections that a process opens.
const CONNECTIONS: usize = 16;

/// Of this process's connections to PostgreSQL, how many there are and how many are in a
/// transaction that nobody goes on with.
async fn open_transactions(app: &TestApp) -> (usize, i64) {
    let pid = || async {
        let sql = "select cast(pg_backend_pid() as bigint) from pg_sleep(0.3)";
        let (pid,): (i64,) = app.db.sql(sql).one().await.expect("a connection");
        json!({"pid": pid})
    };
    let mut pids = join_all((0..CONNECTIONS).map(|_| pid())).await;
    pids.sort_by_key(|row| row["pid"].as_i64());
    pids.dedup();
    let text = "select count(*) from rows($1, r: pid bigint) cross join pg_stat_activity a
                where a.pid = r.pid and a.state like 'idle in transaction%'";
    let (open,): (i64,) = app.db.sql(text).rows(&pids).one().await.expect("counted");
    (pids.len(), open)
}

/// Goes on with something so many times, and then gives it up.
async fn hang_up<T>(what: impl Future<Output = T>, after: usize) {
    let mut what = Box::pin(what);
    for _ in 0..after {
        if what.as_mut().now_or_never().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
}

async fn no_transaction_stays_open(app: &TestApp) {
    app.identify("u1", json!({})).await;
    app.identify("u2", json!({})).await;
    let key = app.key(&app.tenant, "profile:write customers:any").await;
    let postgres = app.db.engine_name() == "postgres";
    if postgres {
        let (connections, _) = open_transactions(app).await;
        assert!(connections > 8, "{connections}");
    }
    let body = json!({"customer": "user_id:u1", "with": "user_id:u2", "reason": "one person"});
    for round in 0..3 {
        let merge = |at: usize| hang_up(app.post("/v1/identity/merge", &key, &body), at % 24);
        join_all((0..48_usize).map(merge)).await;
        // Hung up while the transaction begins, of which nobody else would know.
        join_all((0..48_usize).map(|at| hang_up(app.db.begin(), at % 3))).await;
        if postgres {
            let (connections, open) = open_transactions(app).await;
            assert_eq!(open, 0, "of {connections} connections, round {round}");
        }
        app.track("u1", "Signed In", json!({"round": round})).await;
    }
}

/// Sends an event in a body of this many bytes, and hangs up if there is no answer in time.
async fn send(app: &TestApp, id: &str, size: usize, patience: Duration) -> Option<u16> {
    let call = json!({
        "type": "track", "event": "Signed In", "userId": "u1", "messageId": id, "writeKey": app.tenant.write_key,
    });
    let body = call.to_string();
    let body = format!("{body}{}", " ".repeat(size.saturating_sub(body.len())));
    let sent = app.request("POST", "/v1/track", &[], body);
    let answer = tokio::time::timeout(patience, sent).await.ok()?;
    Some(answer.status.as_u16())
}

async fn what_waits_to_be_written_is_written(app: &TestApp) {
    const PATIENCE: Duration = Duration::from_secs(30);
    assert_eq!(send(app, "first", 0, PATIENCE).await, Some(200));
    let mut held = app.db.begin().await.expect("a transaction");
    held.lock(&app.tenant.workspace.id).await.expect("the lock");
    let ids: Vec<String> = (0..30).map(|at| format!("m{at}")).collect();
    let short = Duration::from_secs(1);
    let hung_up = ids.iter().map(|id| send(app, id, 0, short));
    assert_eq!(join_all(hung_up).await, [None; 30]);
    // Ever more that is given up fills the room for what waits, until more is refused at once.
    let full = Notify::new();
    let large = (0..60).map(|at| format!("large{at}")).collect::<Vec<_>>();
    let large = large.iter().map(|id| async {
        if send(app, id, 490_000, PATIENCE).await == Some(429) {
            full.notify_one();
        }
    });
    tokio::select! {
        _ = join_all(large) => panic!("nothing was refused"),
        () = full.notified() => {}
    }
    drop(held);
    assert_eq!(send(app, "last", 0, PATIENCE).await, Some(200));
    let events = app.events().await;
    let logged = |id: &String| events.iter().any(|logged| logged.event.message_id == *id);
    assert!(ids.iter().all(logged), "{}", events.len());
    // And all of the room is given back.
    let large = (0..30).map(|at| format!("again{at}")).collect::<Vec<_>>();
    let large = large.iter().map(|id| send(app, id, 490_000, PATIENCE));
    assert_eq!(join_all(large).await, [Some(200); 30]);
}
