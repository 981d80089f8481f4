//! Customers who are asked for at the same time are read by one statement; each asker is told of
//! their own, whatever is wrong with the name or the patience of another.

use crate::app::{NOW, Tenant, TestApp};
use futures_util::future::{join_all, poll_immediate};
use serde_json::json;

both!(
    each_is_told_of_their_own_customer,
    what_is_wrong_with_one_is_nobody_elses_trouble,
    who_no_longer_waits_keeps_nobody_waiting,
);

/// More than one statement reads.
const CUSTOMERS: usize = 150;

/// Customers of a workspace, each with a plan that nobody else has.
async fn customers(app: &TestApp, tenant: &Tenant, round: &str) {
    let identify = |number: usize| {
        json!({"type": "identify", "userId": format!("u{number}"), "messageId": format!("{round}-{number}"),
               "traits": {"email": format!("u{number}@x.example"), "plan": plan(tenant, round, number)}})
    };
    app.send_as(tenant, (0..CUSTOMERS).map(identify).collect())
        .await;
}

fn plan(tenant: &Tenant, round: &str, number: usize) -> String {
    format!("{}-{round}-{number}", tenant.workspace.id)
}

/// What a workspace's key is told of a customer: the status, and the plan or the whole answer.
async fn told(app: &TestApp, tenant: &Tenant, customer: &str) -> (u16, String) {
    let arguments = json!({"customer": customer});
    let answer = app
        .tool(&tenant.staff_key, "get_customer_context", &arguments)
        .await;
    let status = answer.status.as_u16();
    let answer = answer.json();
    let traits = answer["data"]["traits"].as_array();
    let plan = traits.and_then(|traits| traits.iter().find(|it| it["name"] == "plan"));
    let plan = plan.and_then(|plan| plan["value"].as_str());
    (
        status,
        plan.map_or_else(|| answer.to_string(), str::to_owned),
    )
}

async fn each_is_told_of_their_own_customer(app: &TestApp) {
    let other = app.tenant("other").await;
    // In the second round everything was read before, and is out of date.
    for (at, round) in [(0, "first"), (1, "second")] {
        app.clock.set(NOW + at);
        let tenants = [&app.tenant, &other];
        for tenant in tenants {
            customers(app, tenant, round).await;
        }
        // Everybody by two names, one of them twice.
        let asked = (0..CUSTOMERS * 6).map(|at| {
            let (tenant, number) = (tenants[at % 2], at / 2 % CUSTOMERS);
            let name = match at % 3 {
                0 => format!("email:u{number}@x.example"),
                _ => format!("user_id:u{number}"),
            };
            async move {
                let expected = (200, plan(tenant, round, number));
                assert_eq!(told(app, tenant, &name).await, expected, "{name}");
            }
        });
        join_all(asked).await;
    }
    let sessions = (0..CUSTOMERS).map(async |number| {
        let token = app.session(&format!("user_id:u{number}")).await;
        let answer = app.tool(&token, "get_customer_context", &json!({})).await;
        let own = plan(&app.tenant, "second", number);
        assert!(answer.everything().contains(&format!("\"{own}\"")), "{own}");
    });
    join_all(sessions).await;
}

async fn what_is_wrong_with_one_is_nobody_elses_trouble(app: &TestApp) {
    customers(app, &app.tenant, "only").await;
    let asked = (0..CUSTOMERS).map(async |number| {
        let (name, expected) = match number % 5 {
            0 => (format!("user_id:nobody{number}"), 404),
            1 => ("profile:\"}],'".to_owned(), 404),
            // PostgreSQL has no such text, and SQLite must not take the name for ended there.
            2 => (format!("user_id:u{number}\0x"), 0),
            3 => (format!("profile:l_{number}\0"), 0),
            _ => (format!("user_id:u{number}"), 200),
        };
        let (status, told) = told(app, &app.tenant, &name).await;
        if expected == 0 {
            assert!((400..500).contains(&status), "{name:?}: {status} {told}");
        } else {
            assert_eq!(status, expected, "{name}: {told}");
        }
        if status == 200 {
            assert_eq!(told, plan(&app.tenant, "only", number));
        }
    });
    join_all(asked).await;
}

async fn who_no_longer_waits_keeps_nobody_waiting(app: &TestApp) {
    customers(app, &app.tenant, "only").await;
    let ask = async |number: usize| told(app, &app.tenant, &format!("user_id:u{number}")).await;
    // The key is known after that, so those who follow wait for customers at once.
    assert_eq!(ask(0).await.0, 200);
    let (mut kept, mut given_up) = (Vec::new(), Vec::new());
    for number in 1..CUSTOMERS {
        let mut asked = Box::pin(ask(number));
        match (poll_immediate(&mut asked).await, number % 2) {
            (Some(told), _) => assert_eq!(told, (200, plan(&app.tenant, "only", number))),
            (None, 0) => kept.push((number, asked)),
            (None, _) => given_up.push(asked),
        }
    }
    drop(given_up);
    for (number, asked) in kept {
        assert_eq!(asked.await, (200, plan(&app.tenant, "only", number)));
    }
    assert_eq!(ask(1).await, (200, plan(&app.tenant, "only", 1)));
}
