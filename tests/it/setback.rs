//! The database is set back to an earlier state, or is reached by another path, while a server has
//! read from it.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::id::WorkspaceId;
use acquaint::ingest;
use acquaint::store::{self, Db, Tx};
use serde_json::json;

both!(
    what_was_set_back_is_forgotten,
    a_link_to_the_file_is_the_file,
);

/// An order of `u1`.
async fn buy(app: &TestApp, number: u32) {
    let properties = json!({"order_id": format!("o{number}"), "total": 5});
    app.track("u1", "Order Completed", properties).await;
}

/// How many orders the server counts.
async fn orders(app: &TestApp) -> u64 {
    let named = json!({"customer": "user_id:u1"});
    let answer = app.tool(&app.tenant.staff_key, "recent_purchases", &named);
    let answer = answer.await.ok();
    answer["data"]["order_count"].as_u64().expect("a count")
}

/// Runs a statement about the workspace, past everything that notes changes.
async fn run(tx: &mut Tx, workspace: &WorkspaceId, sql: &'static str) {
    tx.sql(sql).bind(workspace).execute().await.expect(sql);
}

async fn what_was_set_back_is_forgotten(app: &TestApp) {
    let workspace = &app.tenant.workspace;
    buy(app, 1).await;
    assert_eq!(orders(app).await, 1);
    let sql = "select p.doc, max(c.number) from profile p cross join change c
               where p.workspace = $1 and c.workspace = $1 group by p.doc";
    let before = app.db.sql(sql).bind(&workspace.id).one();
    let (doc, number): (Vec<u8>, i64) = before.await.expect("a profile");
    buy(app, 2).await;
    assert_eq!(orders(app).await, 2);
    let mut tx = app.db.begin().await.expect("a transaction");
    let id = &workspace.id;
    run(
        &mut tx,
        id,
        "delete from record where workspace = $1 and id = 'o2'",
    )
    .await;
    run(
        &mut tx,
        id,
        "delete from event where workspace = $1 and body like '%\"o2\"%'",
    )
    .await;
    let sql = "update profile set doc = $2 where workspace = $1";
    tx.sql(sql)
        .bind(id)
        .bind(&doc)
        .execute()
        .await
        .expect("set back");
    let sql = "delete from change where workspace = $1 and number > $2";
    tx.sql(sql)
        .bind(id)
        .bind(number)
        .execute()
        .await
        .expect("set back");
    tx.commit().await.expect("committed");
    for _ in 0..2 {
        assert_eq!(orders(app).await, 1, "the profile that is kept");
    }
    buy(app, 3).await;
    assert_eq!(orders(app).await, 2, "the document that was written last");
    let now = derived(&app.db, workspace).await;
    let rebuilt = ingest::rebuild(&app.db, workspace, |_| {}).await;
    assert_eq!(rebuilt.expect("rebuilt"), 2);
    assert_eq!(derived(&app.db, workspace).await, now);
}

/// How many orders are known through another opening of the database, which keeps what it read.
async fn seen(db: &Db, app: &TestApp) -> u64 {
    let found = store::customer::find(db, &app.tenant.workspace, "user_id:u1").await;
    let found = found.expect("read").expect("a customer");
    let profile = found.profile(&app.tenant.workspace).expect("a profile");
    profile.purchases.count
}

async fn a_link_to_the_file_is_the_file(app: &TestApp) {
    let Some(file) = app.url.strip_prefix("sqlite://") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(file, &link).expect("a link");
    // What another database left behind that once stood here.
    let left = folder.path().join("link.db-shm");
    std::fs::write(left, [0; 32_768]).expect("a file");
    let url = format!("sqlite://{}", link.display());
    let other = store::open(&url).await.expect("the same database");
    for number in 1..=3 {
        buy(app, number).await;
        for _ in 0..2 {
            assert_eq!(seen(&other, app).await, u64::from(number));
        }
    }
    other.close().await;
}
