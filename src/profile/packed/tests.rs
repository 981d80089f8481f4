//! A packed document comes back, and a damaged one is refused or read as another.

use super::*;
use crate::profile::Profile;
use proptest::prelude::*;
use serde_json::{Number, Value};

/// Any JSON value, with texts and ids that come again and numbers of every sort.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-c]{0,3}",
        any::<[u8; 16]>().prop_map(|bytes| clock::base32(&bytes)),
        "[0-9a-z]{26}",
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-70_i64..70).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has no such number", |it| Number::from_f64(it)
            .map(Value::Number)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(value in value()) {
        let text = value.to_string();
        let back: Value = unpack(&pack(&value)).expect("it was packed so");
        prop_assert_eq!(back.to_string(), text);
    }

    #[test]
    fn what_is_damaged_is_refused_or_something_else(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = pack(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _: Option<Value> = unpack(&bytes);
        let _: Option<Profile> = unpack(&bytes);
        bytes.truncate(at);
        prop_assert_eq!(unpack::<Value>(&bytes), None, "a part is not the whole");
    }
}

#[test]
fn a_text_is_written_once_and_an_id_as_bytes() {
    let id = clock::base32(&[7; 16]);
    let once = pack(&vec![id.clone()]).len();
    assert_eq!(once, 2 + 1 + 16);
    assert_eq!(pack(&vec![id; 10]).len(), once + 9);
}

#[test]
fn times_are_written_as_distances() {
    let times: Vec<i64> = (0..10).map(|day| 1_790_000_000_000 + day * 1_000).collect();
    let bytes = pack(&times);
    assert!(bytes.len() < 2 + 7 + 9 * 3, "{} bytes", bytes.len());
    assert_eq!(unpack(&bytes), Some(times));
}

#[test]
fn another_form_is_refused() {
    let mut bytes = pack(&Profile::default());
    assert_eq!(unpack(&bytes), Some(Profile::default()));
    bytes[0] = FORM + 1;
    assert_eq!(unpack::<Profile>(&bytes), None);
}
