//! A process that holds a workspace's lease answers from memory without asking the database, and is still never behind what
//! another process was acknowledged. SQLite has no leases; there the same holds without.

use crate::app::TestApp;
use crate::kept::{buy, orders};
use crate::kill::serve;
use acquaint::event::{Event, Kind};
use acquaint::{ingest, store};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

both!(
    a_holder_is_never_behind_another_that_writes,
    a_holder_asks_nothing,
    nobody_commits_against_a_lease_that_is_renewed,
    who_waits_for_a_lease_needs_no_connection_of_others,
);

/// How often a lease is taken and given up; each time takes longer.
const ROUNDS: u64 = 3;
const ORDERS: u64 = 20;
const READERS: usize = 3;
/// How long anything here may take.
const LONG: Duration = Duration::from_secs(20);

/// Who holds the workspace's lease, and its number.
async fn lease(app: &TestApp) -> (String, i64) {
    let found = app
        .db
        .sql("select holder, number from lease where workspace = $1")
        .bind(&app.tenant.workspace.id)
        .optional();
    found.await.expect("read").unwrap_or_default()
}

/// Reads through a server until it holds the lease.
async fn taken(app: &TestApp, port: u16) -> String {
    let began = Instant::now();
    while began.elapsed() < LONG {
        tokio::task::block_in_place(|| orders(app, port, "user_id:u1"));
        let (holder, _) = lease(app).await;
        if !holder.is_empty() || app.db.engine_name() == "sqlite" {
            return holder;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the lease was not taken");
}

async fn a_holder_is_never_behind_another_that_writes(app: &TestApp) {
    let (_one, one) = serve(app);
    let (_other, other) = serve(app);
    tokio::task::block_in_place(|| buy(app, other, "u1", 0));
    let acknowledged = AtomicU64::new(1);
    for round in 0..ROUNDS {
        let holder = taken(app, one).await;
        let done = AtomicBool::new(false);
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                for _ in 0..READERS {
                    scope.spawn(|| {
                        while !done.load(Ordering::SeqCst) {
                            let least = acknowledged.load(Ordering::SeqCst);
                            let told = orders(app, one, "user_id:u1");
                            assert!(told >= least, "{told} of {least}");
                        }
                    });
                }
                for number in 1..=ORDERS {
                    buy(app, other, "u1", round * ORDERS + number);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                done.store(true, Ordering::SeqCst);
            });
        });
        let (now, _) = lease(app).await;
        assert!(now.is_empty() || now != holder, "it was given up");
    }
    let all = tokio::task::block_in_place(|| orders(app, one, "user_id:u1"));
    assert_eq!(all, ROUNDS * ORDERS + 1);
}

async fn a_holder_asks_nothing(app: &TestApp) {
    let (_one, one) = serve(app);
    tokio::task::block_in_place(|| buy(app, one, "u1", 0));
    let holder = taken(app, one).await;
    tokio::task::block_in_place(|| orders(app, one, "user_id:u1"));
    let mut tx = app.db.begin().await.expect("a transaction");
    if !holder.is_empty() {
        // Whoever asks what changed, or for a profile, waits for this transaction.
        let lock = tx.sql("lock table change, profile, identifier in access exclusive mode");
        lock.execute().await.expect("locked");
    }
    let told = tokio::task::block_in_place(|| orders(app, one, "user_id:u1"));
    assert_eq!(told, 1);
    drop(tx);
    // Its own commits are seen without asking for more than what they changed.
    for number in 1..=ORDERS {
        let told = tokio::task::block_in_place(|| {
            buy(app, one, "u1", number);
            orders(app, one, "user_id:u1")
        });
        assert_eq!(told, number + 1);
    }
    assert_eq!(lease(app).await.0, holder, "own commits leave it alone");
}

/// Puts in a lease that somebody else holds.
async fn held_elsewhere(app: &TestApp) {
    let mut tx = app.db.begin().await.expect("a transaction");
    tx.sql("insert into lease (workspace, holder, number, wanted) values ($1, 'elsewhere', 1, $2)")
        .bind(&app.tenant.workspace.id)
        .bind(false)
        .execute()
        .await
        .expect("put in");
    tx.commit().await.expect("committed");
}

async fn nobody_commits_against_a_lease_that_is_renewed(app: &TestApp) {
    if app.db.engine_name() == "sqlite" {
        return;
    }
    held_elsewhere(app).await;
    let (_one, one) = serve(app);
    let acknowledged = AtomicBool::new(false);
    let renewals = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                buy(app, one, "u1", 0);
                acknowledged.store(true, Ordering::SeqCst);
            });
            let runtime = tokio::runtime::Handle::current();
            runtime.block_on(renew(app, &acknowledged))
        })
    });
    assert_eq!(renewals, RENEWALS, "it was not taken while it was renewed");
    // Nobody renewed it any more, as if its holder had been killed.
    let (holder, number) = lease(app).await;
    assert_ne!(holder, "elsewhere");
    assert!(number > i64::from(RENEWALS));
    assert_eq!(
        tokio::task::block_in_place(|| orders(app, one, "user_id:u1")),
        1
    );
}

/// How often the other holder renews its lease, and how long it pauses: long enough together for anybody to lose patience.
const RENEWALS: u32 = 12;
const PAUSE: Duration = Duration::from_millis(300);

/// Renews it as long as it is there; how often that went well. It does not give it up, though others say that they want it.
async fn renew(app: &TestApp, acknowledged: &AtomicBool) -> u32 {
    let mut wanted = false;
    for done in 0..RENEWALS {
        tokio::time::sleep(PAUSE).await;
        assert!(!acknowledged.load(Ordering::SeqCst), "after {done}");
        let renewed: Option<(bool,)> = app
            .db
            .sql("update lease set number = number + 1 where holder = 'elsewhere' returning wanted")
            .optional()
            .await
            .expect("renewed");
        let Some((told,)) = renewed else {
            return done;
        };
        wanted = told;
    }
    assert!(wanted, "the holder is told that others wait");
    RENEWALS
}

/// All of a process's connections to PostgreSQL wait for the lock of the one that waits for the lease.
async fn who_waits_for_a_lease_needs_no_connection_of_others(app: &TestApp) {
    const OTHERS: usize = 20;
    if app.db.engine_name() == "sqlite" {
        return;
    }
    let workspace = &app.tenant.workspace;
    let elsewhere = store::open(&app.url).await.expect("the same database");
    let sql =
        "insert into lease (workspace, holder, number, wanted) values ($1, 'elsewhere', 1, false)";
    let taken = elsewhere.sql(sql).bind(&workspace.id).execute().await;
    taken.expect("the lease");
    let holder = async {
        let sql = "update lease set number = number + 1, holder = case when wanted then '' else holder end
                   where holder = 'elsewhere' returning wanted";
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let renewed = elsewhere.sql(sql).optional().await;
            let (wanted,): (bool,) = renewed.expect("renewed").expect("it is held");
            if wanted {
                return;
            }
        }
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    tx.lock(&workspace.id).await.expect("the lock");
    let mut event = Event::new("web", "m1", Kind::Page, 5, 9);
    event.user_id = Some("u1".to_owned());
    let prepared = ingest::prepare(workspace, &event).expect("prepared");
    let events = [prepared];
    let done = ingest::take(&mut tx, workspace, events.iter(), &[]).await;
    done.expect("taken").expect("under these rules");
    let others: Vec<_> = (0..OTHERS)
        .map(|_| {
            let (db, id) = (app.db.clone(), workspace.id.clone());
            tokio::spawn(async move {
                let mut tx = db.begin().await?;
                tx.lock(&id).await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let (committed, ()) = tokio::join!(tx.commit(), holder);
    committed.expect("committed");
    assert!(began.elapsed() < LONG / 4, "{:?}", began.elapsed());
    for other in others {
        other.await.expect("no panic").expect("its turn came");
    }
    elsewhere.close().await;
}
