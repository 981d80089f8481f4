//! A database that an older version left is brought up to date: its schema when it is opened, and what is derived from the log.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::{ingest, store};
use serde_json::json;

both!(what_an_older_version_derived_is_folded_anew);

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
