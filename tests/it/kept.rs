//! What is kept in memory is never stale: whoever asks, through whichever server on the database,
//! is told of everything that was acknowledged before, however often the same was asked before
//! that.

use crate::app::{NOW, TestApp};
use crate::calls;
use crate::isolation::crowd::{self, Crowd};
use crate::kill::{request, serve};
use acquaint::clock::Time;
use acquaint::id::LinkId;
use acquaint::identity::decision::By;
use acquaint::steward::decide;
use acquaint::store;
use acquaint::tool::Tools;
use acquaint::tool::caller::{Caller, Scope, Verification};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

both!(
    a_read_through_another_server_sees_what_was_acknowledged,
    a_name_goes_where_its_identifier_goes,
    no_reader_is_ever_behind_an_acknowledgement,
    what_is_remembered_is_what_would_be_found_out,
);

/// Orders that are sent one after another.
const ORDERS: u64 = 40;
/// Readers beside the one who writes, half of them on each server.
const READERS: usize = 4;

/// How many orders a server counts for a customer.
pub fn orders(app: &TestApp, port: u16, customer: &str) -> u64 {
    let headers = format!("authorization: Bearer {}\r\n", app.tenant.staff_key);
    let body = json!({"customer": customer}).to_string();
    let line = "POST /v1/tools/recent_purchases";
    let (status, answer) = request(port, line, &headers, &body).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    answer["data"]["order_count"].as_u64().expect("a count")
}

/// Sends an order; it is acknowledged when this returns.
pub fn buy(app: &TestApp, port: u16, user: &str, number: u64) {
    let body = json!({
        "writeKey": app.tenant.write_key, "type": "track", "event": "Order Completed", "userId": user,
        "messageId": format!("{user}-{number}"), "properties": {"order_id": format!("{user}-{number}"), "total": 5},
    });
    let answer = request(port, "POST /v1/track", "", &body.to_string());
    assert!(matches!(answer, Some((200, _))), "{answer:?}");
}

/// What this process, a server itself, counts.
async fn own(app: &TestApp, customer: &str) -> u64 {
    let arguments = json!({"customer": customer});
    let answer = app.tool(&app.tenant.staff_key, "recent_purchases", &arguments);
    let answer = answer.await.ok();
    answer["data"]["order_count"].as_u64().expect("a count")
}

async fn a_read_through_another_server_sees_what_was_acknowledged(app: &TestApp) {
    let (_one, one) = serve(app);
    let (_other, other) = serve(app);
    for number in 1..=ORDERS {
        let (writes, reads) = if number % 2 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        tokio::task::block_in_place(|| {
            buy(app, writes, "u1", number);
            for port in [reads, writes, reads] {
                assert_eq!(orders(app, port, "user_id:u1"), number);
            }
        });
        assert_eq!(own(app, "user_id:u1").await, number);
    }
}

async fn a_name_goes_where_its_identifier_goes(app: &TestApp) {
    let (_server, port) = serve(app);
    let ask = |customer: &'static str| tokio::task::block_in_place(|| orders(app, port, customer));
    tokio::task::block_in_place(|| {
        buy(app, port, "u1", 1);
        buy(app, port, "u2", 1);
        buy(app, port, "u2", 2);
    });
    app.identify("u2", json!({"email": "b@x.example"})).await;
    for _ in 0..2 {
        let names = ["user_id:u1", "user_id:u2", "email:b@x.example"];
        assert_eq!(names.map(ask), [1, 2, 2]);
    }
    // A steward's command works on the database beside the servers.
    let by = By {
        actor: "test".to_owned(),
        reason: "one person".to_owned(),
        at: Time::from_ms(1),
    };
    let workspace = &app.tenant.workspace;
    let id = async |name: &str| {
        let found = store::profile::by_name(&app.db, workspace, name).await;
        found.expect("read").expect("a customer").id
    };
    let both = (id("user_id:u1").await, id("user_id:u2").await);
    let made = decide::merge(&app.db, workspace, (&both.0, &both.1), &by).await;
    let made = made.expect("joined");
    for _ in 0..2 {
        let names = ["user_id:u1", "user_id:u2", "email:b@x.example"];
        assert_eq!(names.map(ask), [3, 3, 3]);
    }
    assert_eq!(own(app, "user_id:u1").await, 3);
    let decision = &made.last().expect("a decision").id;
    let undone = decide::undo(&app.db, workspace, &[decision.to_owned()], &by).await;
    undone.expect("undone");
    for _ in 0..2 {
        let names = ["email:b@x.example", "user_id:u2", "user_id:u1"];
        assert_eq!(names.map(ask), [2, 2, 1]);
    }
    assert_eq!(own(app, "email:b@x.example").await, 2);
}

async fn no_reader_is_ever_behind_an_acknowledgement(app: &TestApp) {
    let (_one, one) = serve(app);
    let (_other, other) = serve(app);
    tokio::task::block_in_place(|| buy(app, one, "u1", 0));
    let acknowledged = AtomicU64::new(1);
    let compared = AtomicU64::new(0);
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for reader in 0..READERS {
                let (acknowledged, compared) = (&acknowledged, &compared);
                scope.spawn(move || {
                    let port = if reader % 2 == 0 { one } else { other };
                    while acknowledged.load(Ordering::SeqCst) <= ORDERS {
                        let least = acknowledged.load(Ordering::SeqCst);
                        let told = orders(app, port, "user_id:u1");
                        assert!(told >= least, "{told} of {least}");
                        compared.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for number in 1..=ORDERS {
                buy(app, if number % 3 == 0 { one } else { other }, "u1", number);
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    let compared = compared.load(Ordering::Relaxed);
    assert!(compared >= ORDERS, "readers read: {compared}");
}

/// Everybody who can ask about a customer.
fn askers(app: &TestApp, customer: &str) -> Vec<Caller> {
    let staff = Caller {
        workspace: Arc::new(app.tenant.workspace.clone()),
        scopes: vec![Scope::ProfileRead, Scope::CustomersAny],
        customer: None,
        verification: Verification::default(),
        id: "staff".to_owned(),
        expires_at: None,
    };
    let levels = [
        Verification::Anonymous,
        Verification::Claimed,
        Verification::Verified,
    ];
    let sessions = levels.map(|verification| Caller {
        scopes: vec![Scope::ProfileRead],
        customer: Some(LinkId::new(customer)),
        verification,
        ..staff.clone()
    });
    sessions.into_iter().chain([staff.clone()]).collect()
}

/// What a tool says of the customer, without when it was asked.
async fn said(tools: &Tools, asker: &Caller, tool: &str, arguments: &Value, of: &str) -> String {
    let mut arguments = arguments.clone();
    if asker.customer.is_none() {
        arguments["customer"] = json!(format!("profile:{of}"));
    }
    match tools.call(asker, tool, arguments).await {
        Ok(told) => format!(
            "{} {:?} {} {:?}",
            told.data, told.source, told.truncated, told.next_cursor
        ),
        Err(error) => error.to_string(),
    }
}

/// Whatever a tool's answer depends on beside the customer, a server that has answered all day says
/// what a server says that was asked for the first time: to every asker, at every hour, and after
/// every event.
async fn what_is_remembered_is_what_would_be_found_out(app: &TestApp) {
    let crowd = Crowd::settle(app).await;
    let old = calls::tools(app);
    let hour = 3_600_000;
    for (round, at) in [0, 1, 6, 36, 24 * 40].into_iter().enumerate() {
        app.clock.set(NOW + at * hour);
        if round % 2 == 1 {
            let order = json!({"order_id": format!("new-{round}"), "total": 5});
            app.track("u2", "Order Completed", order).await;
        }
        for asker in askers(app, &crowd.bob_id) {
            let new = calls::tools(app);
            for tool in old.all() {
                for arguments in calls::of(tool, &crowd::words("u2")) {
                    let ask = |tools| said(tools, &asker, tool.name, &arguments, &crowd.bob_id);
                    assert_eq!(
                        ask(&old).await,
                        ask(&new).await,
                        "`{}` {arguments} for {asker:?} after {at} h",
                        tool.name
                    );
                }
            }
        }
    }
}
