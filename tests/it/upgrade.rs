//! A database that an older version left is brought up to date: its schema when it is opened, and what is derived from the log.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::{ingest, store};
use serde_json::json;

both!(
    what_an_older_version_derived_is_folded_anew,
    tables_that_are_made_anew_hold_the_same_rows,
);

/// What takes the schema back to the sixth migration, as far as the seventh builds on it. Links' ids were others then.
const BACK: &[&str] = &[
    "create table older (workspace text not null, id text not null, link text not null, source text not null,
       message_id text not null, type text not null, name text not null, at bigint not null, received_at bigint not null,
       body text not null, primary key (workspace, source, message_id))",
    "insert into older (workspace, id, link, source, message_id, type, name, at, received_at, body)
     select workspace, message_id, 'older ' || link, source, message_id, type, name, at, received_at, body from event",
    "drop table event",
    "alter table older rename to event",
    "drop table unmatched",
    "alter table workspace drop column folded",
    "delete from _sqlx_migrations where version > 6",
];

async fn what_an_older_version_derived_is_folded_anew(app: &TestApp) {
    for user in ["u1", "u2"] {
        app.track(
            user,
            "Order Completed",
            json!({"order_id": user, "total": 5}),
        )
        .await;
        app.track(
            user,
            "Ticket Created",
            json!({"ticket_id": user, "subject": "Help"}),
        )
        .await;
    }
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    for sql in BACK {
        tx.sql(sql).execute().await.expect(sql);
    }
    tx.commit().await.expect("committed");
    app.db.close().await;

    let db = store::open(&app.url).await.expect("opened");
    let gone = derived(&db, workspace).await;
    assert!(gone.is_empty(), "{gone:?}");
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
    let newer = "update workspace set folded = folded + 1";
    tx.sql(newer).execute().await.expect(newer);
    tx.commit().await.expect("committed");
    let refused = ingest::renew(&db, |_, _| panic!("it is not ours to fold")).await;
    let refused = refused.expect_err("a newer version folded it").to_string();
    assert!(refused.contains("newer version"), "{refused}");
    db.close().await;
}

/// The ninth migration works on what it made itself too.
async fn tables_that_are_made_anew_hold_the_same_rows(app: &TestApp) {
    app.identify("u1", json!({"email": "ada@example.com", "name": "Ada"}))
        .await;
    app.track(
        "u1",
        "Order Completed",
        json!({"order_id": "o1", "total": 5}),
    )
    .await;
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let back = "delete from _sqlx_migrations where version > 8";
    tx.sql(back).execute().await.expect(back);
    tx.commit().await.expect("committed");
    app.db.close().await;

    let db = store::open(&app.url).await.expect("opened");
    assert_eq!(derived(&db, workspace).await, before);
    let named = store::profile::by_name(&db, workspace, "email:ada@example.com").await;
    assert_eq!(
        named.expect("a read").expect("a customer").purchases.count,
        1
    );
    db.close().await;
}
