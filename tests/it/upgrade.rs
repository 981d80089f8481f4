//! A database of another version: what an older form derived is folded anew from the log, and what
//! has other tables is refused.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::id::WorkspaceId;
use acquaint::store::Tx;
use acquaint::{Error, ingest, store};
use serde_json::json;

both!(
    what_an_older_version_derived_is_folded_anew,
    a_database_of_another_first_migration_is_refused,
);

/// What makes of derived rows, and of the links in the log, what an older version may have left.
const OLDER: &[&str] = &[
    "update workspace set folded = folded - 1 where id = $1",
    "update event set link = 'older ' || link where workspace = $1",
    "update link set id = 'older ' || id, identifiers = 'an older form' where workspace = $1",
    "update record set link = 'older ' || link where workspace = $1",
    "delete from identifier where workspace = $1",
    "delete from unmatched where workspace = $1",
];

async fn run(tx: &mut Tx, sql: &'static str, workspace: &WorkspaceId) {
    tx.sql(sql).bind(workspace).execute().await.expect(sql);
}

async fn what_an_older_version_derived_is_folded_anew(app: &TestApp) {
    for user in ["u1", "u2"] {
        let order = json!({"order_id": user, "total": 5});
        app.track(user, "Order Completed", order).await;
        let ticket = json!({"ticket_id": user, "subject": "Help"});
        app.track(user, "Ticket Created", ticket).await;
    }
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    for sql in OLDER {
        run(&mut tx, sql, &workspace.id).await;
    }
    let unreadable = "update profile set doc = $2 where workspace = $1";
    let unreadable = tx
        .sql(unreadable)
        .bind(&workspace.id)
        .bind(&b"an older form"[..]);
    assert_eq!(unreadable.execute().await.expect("an older form"), 2);
    tx.commit().await.expect("committed");
    app.db.close().await;

    let db = store::open(&app.url).await.expect("opened");
    let mut told = Vec::new();
    ingest::renew(&db, |total, done| told.push((total, done)))
        .await
        .expect("folded anew");
    assert_eq!(told, [(4, 0), (4, 4)]);
    assert_eq!(derived(&db, workspace).await, before);
    let named = store::profile::by_name(&db, workspace, "user_id:u1").await;
    let profile = named.expect("a read").expect("a customer");
    assert_eq!((profile.purchases.count, profile.tickets.count), (1, 1));
    ingest::renew(&db, |_, _| panic!("nothing is left to do"))
        .await
        .expect("nothing to do");
    let mut tx = db.begin().await.expect("a transaction");
    let newer = "update workspace set folded = folded + 1 where id = $1";
    run(&mut tx, newer, &workspace.id).await;
    tx.commit().await.expect("committed");
    let refused = ingest::renew(&db, |_, _| panic!("it is not ours to fold")).await;
    let refused = refused.expect_err("a newer version folded it").to_string();
    assert!(refused.contains("newer version"), "{refused}");
    db.close().await;
}

/// Has the database say that its first migration had this checksum, and whether more came after it;
/// how it is opened then.
async fn opened(app: &TestApp, checksum: &[u8], more: bool) -> Result<(), Error> {
    let mut tx = app.db.begin().await.expect("a transaction");
    let first = "update _sqlx_migrations set checksum = $1 where version = 1";
    let first = tx.sql(first).bind(checksum).execute().await;
    assert_eq!(first.expect("changed"), 1);
    let gone = "delete from _sqlx_migrations where version > 1";
    tx.sql(gone).execute().await.expect(gone);
    let next = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                select version + 1, description, success, checksum, execution_time from _sqlx_migrations
                where version = $1";
    if more {
        tx.sql(next).bind(1_i64).execute().await.expect(next);
    }
    tx.commit().await.expect("committed");
    let db = store::open(&app.url).await?;
    db.close().await;
    Ok(())
}

/// Before the first release the one migration is edited. Whatever came before or after an edit is
/// not ours, and is left as it is.
async fn a_database_of_another_first_migration_is_refused(app: &TestApp) {
    app.track("u1", "Order Completed", json!({"order_id": "o1"}))
        .await;
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let ours = "select checksum from _sqlx_migrations where version = 1";
    let (ours,): (Vec<u8>,) = app.db.sql(ours).one().await.expect("a checksum");
    for (checksum, more, said) in [
        (
            &b"edited since"[..],
            false,
            "import everything again into a new one",
        ),
        (
            b"one of many",
            true,
            "import everything again into a new one",
        ),
        (&ours, true, "a newer version of acquaint"),
    ] {
        let refused = opened(app, checksum, more).await.expect_err(said);
        assert!(matches!(refused, Error::Conflict(_)), "{refused:?}");
        assert!(refused.to_string().contains(said), "{refused}");
    }
    opened(app, &ours, false).await.expect("it is ours again");
    assert_eq!(derived(&app.db, workspace).await, before);
}
