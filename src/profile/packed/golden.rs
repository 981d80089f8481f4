//! The bytes of every packed document, so that no change goes unnoticed.
//!
//! The samples name every field of every type: with a new field they do not compile until one of
//! them has it, and then the bytes differ.

use super::*;
use crate::event::Kind;
use crate::id::ProfileId;
use crate::identity::Identifier;
use crate::profile::account::Account;
use crate::profile::activity::Activity;
use crate::profile::claim::{Claim, Claims};
use crate::profile::purchase::{Change, Item, Purchase, Purchases, Total};
use crate::profile::record::{FieldValue, Record};
use crate::profile::seen::Seen;
use crate::profile::ticket::{Message, Ticket, Tickets};
use crate::profile::{KnownIdentifier, Profile};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

/// 2026-11-28T08:00:00Z, and milliseconds after it.
const AT: Time = Time::from_ms(1_795_852_800_000);

/// Holds a document to its bytes. Other bytes mean that stored documents are misread, or not read
/// at all.
fn hold<T: Packed + PartialEq + std::fmt::Debug>(name: &str, document: &T, golden: &str) {
    let bytes = pack(document);
    assert_eq!(
        unpack::<T>(&bytes).as_ref(),
        Some(document),
        "{name} comes back"
    );
    let hex = HEXLOWER.encode(&bytes);
    assert!(
        hex == golden,
        "{name} is packed otherwise than before. Raise `FORM`, so that databases of older versions are folded anew when they are \
         opened; say so in CHANGELOG.md; then write here\n{hex}"
    );
}

/// No field of a sample is empty or zero: the packer could forget such a field without a test that
/// fails.
fn filled(name: &str, value: &Value) {
    match value {
        Value::Null => panic!("{name} is missing"),
        Value::Array(entries) => {
            assert!(!entries.is_empty(), "{name} is empty");
            entries.iter().for_each(|entry| filled(name, entry));
        }
        Value::Object(map) => {
            assert!(!map.is_empty(), "{name} is empty");
            map.iter().for_each(|(name, entry)| filled(name, entry));
        }
        leaf => assert!(
            *leaf != json!("") && *leaf != json!(0) && *leaf != json!(false),
            "{name}"
        ),
    }
}

fn id(number: u8) -> String {
    clock::base32(&[number; ID])
}

fn claim(value: Value, source: &str, number: u8) -> Claim {
    Claim {
        value,
        at: AT + i64::from(number),
        source: source.to_owned(),
        event: id(number),
        verified: true,
    }
}

fn one<T>(key: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(key.to_owned(), value)])
}

fn seen(events: u64) -> Seen {
    Seen {
        events,
        first_at: AT,
        last_at: AT + 10,
        received_at: AT + 20,
    }
}

fn purchase() -> Purchase {
    Purchase {
        order_id: "1001".to_owned(),
        order_number: Some("#1001".to_owned()),
        placed_at: AT,
        changed_at: AT + 30,
        status: "partially_refunded".to_owned(),
        currency: "EUR".to_owned(),
        total: 5_365,
        refunded: 400,
        items: vec![Item {
            product_id: Some("sku-7".to_owned()),
            name: "Kettle".to_owned(),
            variant: Some("color: blue".to_owned()),
            quantity: 2,
            price: Some(2_500),
        }],
        item_count: 1,
        history: vec![Change {
            at: AT,
            status: "placed".to_owned(),
        }],
        tracking_number: Some("1Z999".to_owned()),
        tracking_url: Some("https://example.com/1Z999".to_owned()),
        sources: vec!["shop".to_owned()],
    }
}

fn ticket(id: &str, status: &str) -> Ticket {
    Ticket {
        ticket_id: id.to_owned(),
        subject: "Where is my kettle?".to_owned(),
        status: status.to_owned(),
        priority: Some("high".to_owned()),
        channel: Some("email".to_owned()),
        assignee: Some("Bo".to_owned()),
        tags: vec!["delivery".to_owned()],
        csat: Some("good".to_owned()),
        opened_at: AT + 40,
        changed_at: AT + 50,
        message_count: 1,
        messages: vec![Message {
            at: AT + 40,
            author: "customer".to_owned(),
            body: "It has not come.".to_owned(),
        }],
        sources: vec!["desk".to_owned()],
    }
}

fn profile() -> Profile {
    let mut plan = Claims::default();
    plan.add(claim(json!("pro"), "billing", 1));
    plan.add(claim(json!("free"), "web", 2));
    Profile {
        id: ProfileId::new(id(9)),
        identifiers: vec![KnownIdentifier {
            identifier: Identifier::new("email", "ann@example.com"),
            since: AT,
        }],
        traits: one("plan", plan),
        purchases: Purchases {
            count: 1,
            totals: one(
                "EUR",
                Total {
                    orders: 1,
                    spent: 5_365,
                    refunded: 400,
                },
            ),
            recent: vec![purchase()],
        },
        tickets: Tickets {
            count: 2,
            open_count: 1,
            open: vec![ticket("7", "open")],
            recent: vec![ticket("6", "solved")],
        },
        recent: vec![Activity {
            at: AT,
            event: id(1),
            kind: Kind::Track,
            name: "Order Completed".to_owned(),
            source: "shop".to_owned(),
            about: Some("1001".to_owned()),
        }],
        accounts: one(
            "acme",
            Account {
                traits: one("name", claim(json!("Acme"), "crm", 3)),
                member: Some(claim(json!(true), "crm", 4)),
            },
        ),
        consents: one("email", claim(json!("granted"), "web", 5)),
        sources: one("web", seen(3)),
        seen: seen(4),
    }
}

fn record(id: &str, field: &str, list: &str, entry: Value) -> Record {
    let stated =
        |number: u8, value: Value| FieldValue(AT + i64::from(number), self::id(number), value);
    Record {
        id: id.to_owned(),
        began_at: AT,
        changed_at: AT + 60,
        fields: one(field, stated(1, json!("open"))),
        lists: one(list, one("m1", stated(2, entry))),
        sources: BTreeSet::from(["shop".to_owned()]),
    }
}

#[test]
fn a_profile_has_these_bytes() {
    let profile = profile();
    filled("profile", &serde_json::to_value(&profile).expect("JSON"));
    hold("a profile", &profile, PROFILE);
}

#[test]
fn what_is_told_of_an_order_has_these_bytes() {
    let record = record("1001", "status", "refunds", json!(12.5));
    filled("record", &serde_json::to_value(&record).expect("JSON"));
    hold("a record of an order", &record, ORDER);
}

#[test]
fn what_is_told_of_a_ticket_has_these_bytes() {
    let message = json!({"author": "customer", "body": "It has not come."});
    let record = record("7", "status", "messages", message);
    filled("record", &serde_json::to_value(&record).expect("JSON"));
    hold("a record of a ticket", &record, TICKET);
}

#[test]
fn the_profiles_of_a_change_have_these_bytes() {
    let ids = BTreeSet::from([id(1), id(2)]);
    hold("a change", &ids, CHANGE);
}

/// Every sort of value, of length and of repetition.
#[test]
fn values_have_these_bytes() {
    let value = json!([
        null, false, true, 0, -1, 63, 64, -9_000, AT.ms(), AT.ms() - 1, i64::MIN, u64::MAX, 0.5, -1e300,
        "", "a", "ab", "ab", id(1), id(1), "é".repeat(40), [], {}, {"ab": [{"b": "ab"}]},
    ]);
    hold("a value", &value, VALUES);
}

/// The number of each kind of event, and that there is no other.
#[test]
fn kinds_of_events_have_these_bytes() {
    let kinds = [
        Kind::Identify,
        Kind::Track,
        Kind::Page,
        Kind::Screen,
        Kind::Group,
        Kind::Alias,
    ];
    hold("the kinds", &kinds.to_vec(), KINDS);
    assert_eq!(unpack::<Vec<Kind>>(&[FORM, 1, 6]), None);
}

// Written by the tests themselves, when they fail.
const PROFILE: &str = "\
    0102090909090909090909090909090909090114656d61696c3c616e6e406578616d706c652e636f6dc080b1a588d101\
    0110706c616e02061066726565440c776562020202020202020202020202020202020201060c70726f411c62696c6c69\
    6e6702010101010101010101010101010101010101010c45555201aaa701a00c01103130303101142331303031417c48\
    7061727469616c6c795f726566756e64656429aaa701a00c010114736b752d37184b6574746c65012c636f6c6f723a20\
    626c75650401884e01017b18706c616365640114315a393939016468747470733a2f2f6578616d706c652e636f6d2f31\
    5a393939011073686f7002010104374c5768657265206973206d79206b6574746c653f106f70656e0110686967680105\
    0108426f012064656c69766572790110676f6f64d0015401015320637573746f6d657240497420686173206e6f742063\
    6f6d652e01106465736b0104365518736f6c766564015d010501610165016940540101536d71017501cf0125013c4f72\
    64657220436f6d706c6574656451012d011061636d6501106e616d65061041636d65460c63726d020303030303030303\
    0303030303030303010102428d010204040404040404040404040404040404010105061c6772616e7465644215020505\
    05050505050505050505050505050101150349545404675454";
const ORDER: &str = "\
    011031303031c080b1a588d101f8010118737461747573f501020101010101010101010101010101010106106f70656e\
    011c726566756e647301086d31420202020202020202020202020202020202050000000000002940011073686f70";
const TICKET: &str = "\
    010437c080b1a588d101f8010118737461747573f501020101010101010101010101010101010106106f70656e01206d\
    6573736167657301086d31420202020202020202020202020202020202080218617574686f720620637573746f6d6572\
    10626f64790640497420686173206e6f7420636f6d652e011073686f70";
const CHANGE: &str = "010202010101010101010101010101010101010202020202020202020202020202020202";
const VALUES: &str = "\
    0107180001020300030103be01038002038f990203c080b1a588d101034103c280cfdaf7aefeffff0304ffffffffffff\
    ffffff0105000000000000e03f059c7500883ce437fe0600060461060861620601060201010101010101010101010101\
    010101060506c002c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9\
    c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a90700080008010107\
    01080104620601";
const KINDS: &str = "0106000102030405";
