//! Odd values: an event that is taken can be read back and folded again, and one that is not costs
//! nobody but itself.

use crate::app::TestApp;
use crate::fold::derived;
use acquaint::ingest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

mod odd;

both!(
    a_nul_costs_its_own_event_alone,
    what_is_taken_is_folded_again,
    whatever_is_taken_is_folded_again,
    enormous_amounts_come_and_go,
);

/// The key under which `serde_json` hands itself text that is JSON already.
const MAGIC: &str = "$serde_json::private::RawValue";

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Sends calls, each as the text that it is, as one batch; the codes of those that were refused, by
/// position.
async fn send(app: &TestApp, calls: &[String]) -> Vec<(u64, String)> {
    let key = &app.tenant.write_key;
    let body = format!(r#"{{"writeKey": "{key}", "batch": [{}]}}"#, calls.join(","));
    let answer = app.request("POST", "/v1/batch", &[], body).await.ok();
    let refused = answer["rejected"].as_array().cloned().unwrap_or_default();
    let one = |one: &Value| {
        let code = one["code"].as_str().unwrap_or_default().to_owned();
        (one["index"].as_u64().unwrap_or_default(), code)
    };
    refused.iter().map(one).collect()
}

/// Folds the log again; it gives what is there.
async fn rebuild(app: &TestApp) {
    let workspace = &app.tenant.workspace;
    let before = derived(&app.db, workspace).await;
    let rebuilt = ingest::rebuild(&app.db, workspace, |_| {}).await;
    rebuilt.expect("the log can be folded");
    assert_eq!(derived(&app.db, workspace).await, before);
}

/// Calls with U+0000 wherever a text is, and some without.
const NULS: [&str; 13] = [
    r#"{"type":"track","event":"A","userId":"u1","messageId":"good"}"#,
    r#"{"type":"track","event":"B","userId":"u1","messageId":"m\u00001"}"#,
    r#"{"type":"track","event":"C","userId":"u1","messageId":"m1"}"#,
    r#"{"type":"track","event":"D","userId":"u1","messageId":"\u0000"}"#,
    r#"{"type":"track","userId":"u1","messageId":"no\u0000event"}"#,
    r#"{"type":"track","event":"\u0000","userId":"u1","messageId":"m2"}"#,
    r#"{"type":"track","event":"E\u0000","userId":"u\u00001","messageId":"m3"}"#,
    r#"{"type":"track","event":"F","userId":"\u0000","messageId":"m4"}"#,
    r#"{"type":"identify","userId":"u1","messageId":"m5","traits":{"a\u0000":"b\u0000","c":[{"\u0000d":"\u0000"}]},
           "context":{"externalIds":[{"id":"7\u0000","type":"crm_id\u0000","collection":"users","encoding":"none"}],"\u0000":{"\u0000":"\u0000"}}}"#,
    r#"{"type":"track\u0000","event":"A","userId":"u1","messageId":"m6\u0000"}"#,
    r#"{"type":"group","groupId":"g\u0000","userId":"u1","messageId":"m7"}"#,
    r#"{"type":"alias","previousId":"p\u0000","userId":"u1","messageId":"m8"}"#,
    r#"{"type":"track","event":"Order Completed","userId":"u1","messageId":"m9","properties":{"order_id":"o\u00001","total":"1\u0000"}}"#,
];

async fn a_nul_costs_its_own_event_alone(app: &TestApp) {
    let calls = NULS.map(str::to_owned);
    let expected = [
        (3, "invalid_message_id"),
        (4, "no_event"),
        (5, "no_event"),
        (7, "no_user_anon_id"),
        (9, "unknown_type"),
    ];
    for _ in 0..2 {
        let refused = send(app, &calls).await;
        let refused: Vec<_> = refused.iter().map(|(at, code)| (*at, &**code)).collect();
        assert_eq!(refused, expected);
    }
    let events = app.events().await;
    let logged: Vec<(&str, &str)> = events
        .iter()
        .map(|logged| (&*logged.event.message_id, &*logged.event.name))
        .collect();
    let taken = [
        ("good", "A"),
        ("m1", "B"),
        ("m3", "E"),
        ("m5", ""),
        ("m7", ""),
        ("m8", ""),
        ("m9", "Order Completed"),
    ];
    assert_eq!(logged, taken);
    let mut kept: Vec<Option<String>> = app
        .rejects("web")
        .await
        .into_iter()
        .map(|one| one.message_id)
        .collect();
    kept.sort();
    let ids = ["", "m2", "m4", "m6", "noevent"].map(|id| Some(id.to_owned()));
    assert_eq!(kept, ids);
    for (customer, status) in [
        ("user_id:u1", 200),
        ("crm_id:7", 200),
        ("user_id:u%001", 400),
        ("profile:%00", 400),
    ] {
        let answer = app
            .get(&format!("/v1/profiles/{customer}"), &app.tenant.staff_key)
            .await;
        assert_eq!(answer.status, status, "{customer}: {}", answer.text());
    }
    rebuild(app).await;
}

/// `inner` within so many arrays or objects.
fn nested(depth: usize, inner: &str, objects: bool) -> String {
    let (open, close) = if objects {
        (r#"{"a":"#, "}")
    } else {
        ("[", "]")
    };
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

async fn what_is_taken_is_folded_again(app: &TestApp) {
    let calls = odd::calls();
    let mut codes = BTreeSet::new();
    for (at, calls) in calls.chunks(25).enumerate() {
        let refused = send(app, calls).await;
        codes.extend(refused.iter().map(|(_, code)| code.clone()));
        for (place, call) in calls.iter().enumerate() {
            let customer = format!("anonymous_id:c{}", at * 25 + place);
            if refused.iter().any(|(at, _)| *at == place as u64) {
                continue;
            }
            let answer = app
                .get(&format!("/v1/profiles/{customer}"), &app.tenant.staff_key)
                .await;
            assert_eq!(answer.status, 200, "{} {}", call, answer.text());
        }
    }
    let reasons = [
        "event_too_large",
        "invalid_event",
        "invalid_timestamp",
        "nested_too_deep",
        "reserved_name",
        "timestamp_out_of_range",
    ];
    assert_eq!(codes.iter().collect::<Vec<_>>(), reasons);
    // What a batch gives to all of its calls stands one level deeper in each.
    for depth in [60, 90, 120, 125, 126, 127] {
        let body = format!(
            r#"{{"writeKey":"{}","context":{},"batch":[{{"type":"page","userId":"shared{depth}"}}]}}"#,
            app.tenant.write_key,
            nested(depth, "1", true)
        );
        let answer = app.request("POST", "/v1/batch", &[], body).await;
        assert!(
            answer.status == 200 || answer.status == 400,
            "{}",
            answer.text()
        );
    }
    rebuild(app).await;
}

/// A value as JSON text, made of whatever has been trouble somewhere.
fn value(dice: &mut Dice, depth: usize) -> String {
    const ATOMS: [&str; 14] = [
        "null",
        "true",
        "0",
        "-0",
        "1e308",
        "0.1",
        "9007199254740993",
        "18446744073709551616",
        "92233720368547758.07",
        r#""""#,
        r#""\u0000""#,
        r#""a\u0000""#,
        r#""2026-11-23""#,
        r#""x@y.example""#,
    ];
    const KEYS: [&str; 12] = [
        "a",
        "",
        r"\u0000",
        r"a\u0000",
        MAGIC,
        r"\u0000$serde_json::private::RawValue",
        "order_id",
        "total",
        "products",
        "email",
        "phone",
        "currency",
    ];
    match dice.below(if depth == 0 { 4 } else { 7 }) {
        0..4 => ATOMS[dice.below(ATOMS.len())].to_owned(),
        4 => {
            let items: Vec<String> = (0..dice.below(3)).map(|_| value(dice, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        5 => {
            let mut field = |_| {
                let key = KEYS[dice.below(KEYS.len())];
                format!(r#""{key}":{}"#, value(dice, depth - 1))
            };
            let fields: Vec<String> = (0..3).map(&mut field).collect();
            format!("{{{}}}", fields.join(","))
        }
        _ => {
            let inner = value(dice, depth - 1);
            nested(dice.below(45), &inner, dice.below(2) == 0)
        }
    }
}

/// A map as JSON text, with the fields that folds look at.
fn map(dice: &mut Dice) -> String {
    const KEYS: [&str; 12] = [
        "order_id",
        "total",
        "products",
        "status",
        "currency",
        "ticket_id",
        "body",
        "email",
        "phone",
        "externalIds",
        "traits",
        "placed_at",
    ];
    let fields: Vec<String> = (0..4)
        .map(|_| {
            let key = KEYS[dice.below(KEYS.len())];
            let value = value(dice, 4);
            format!(r#""{key}":{value}"#)
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

async fn whatever_is_taken_is_folded_again(app: &TestApp) {
    const CALLS: [&str; 5] = [
        r#""type":"identify""#,
        r#""type":"track","event":"Order Completed""#,
        r#""type":"track","event":"Order Refunded""#,
        r#""type":"track","event":"Ticket Created""#,
        r#""type":"group","groupId":"g""#,
    ];
    let mut dice = Dice(0x5eed);
    let mut taken = 0;
    for _ in 0..12 {
        let call = |_| {
            let (kind, user) = (CALLS[dice.below(CALLS.len())], dice.below(20));
            let (traits, properties, context) = (map(&mut dice), map(&mut dice), map(&mut dice));
            format!(
                r#"{{{kind},"userId":"u{user}","traits":{traits},"properties":{properties},"context":{context}}}"#
            )
        };
        let calls: Vec<String> = (0..50).map(call).collect();
        taken += calls.len() - send(app, &calls).await.len();
    }
    assert!(taken > 100, "{taken}");
    rebuild(app).await;
}

/// Sums of amounts that are near the end of what a number holds are the same in any order.
async fn enormous_amounts_come_and_go(app: &TestApp) {
    for (order, total) in [
        ("o1", json!(92_233_720_368_547_757_i64)),
        ("o2", json!("92233720368547758.07")),
        ("o3", json!(-92_233_720_368_547_757_i64)),
    ] {
        let properties = json!({"order_id": order, "total": total, "products": [{"name": "x", "price": total, "quantity": 9e18}]});
        app.track("u1", "Order Completed", properties.clone()).await;
        app.track(
            "u2",
            "Order Completed",
            json!({"order_id": order, "products": properties["products"]}),
        )
        .await;
        app.track(
            "u1",
            "Order Refunded",
            json!({"order_id": order, "total": total}),
        )
        .await;
    }
    // The two are found to be one.
    let call = json!({"type": "alias", "userId": "u1", "previousId": "a1"});
    app.send(vec![
        call,
        json!({"type": "page", "userId": "u2", "anonymousId": "a1"}),
    ])
    .await;
    app.track("u1", "Order Cancelled", json!({"order_id": "o1"}))
        .await;
    rebuild(app).await;
}
