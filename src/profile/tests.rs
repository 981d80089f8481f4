//! Merged profiles keep their bounds in any order. The logs of the shuffling tests are too small to
//! reach these bounds.

use super::*;
use crate::event::{Event, Kind};
use serde_json::json;

/// The profile of one group call with traits of these numbers.
fn member(id: usize, numbers: std::ops::Range<usize>) -> Profile {
    let mut event = Event::new(
        "web",
        &format!("m{id}"),
        Kind::Group,
        Time::from_ms(5),
        Time::from_ms(9),
    );
    event.group_id = Some("acme".to_owned());
    let traits = numbers.map(|number| (format!("t{number:03}"), json!(id)));
    event.traits = traits.collect();
    let mut profile = Profile::default();
    profile.apply(&EventFacts::of(&event));
    profile
}

#[test]
fn joined_accounts_keep_their_bound_in_any_order() {
    let parts = [member(1, 200..450), member(2, 0..150), member(3, 100..390)];
    let joined = |order: [usize; 3]| {
        let mut whole = Profile::default();
        for at in order {
            whole.merge(parts[at].clone());
        }
        whole
    };
    let whole = joined([0, 1, 2]);
    let traits = &whole.accounts["acme"].traits;
    assert_eq!(traits.len(), MAX_TRAITS);
    assert!(traits.contains_key("t299") && !traits.contains_key("t300"));
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(joined(order), whole, "{order:?}");
    }
}
