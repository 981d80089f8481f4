//! Which claims on a trait are kept, and that nothing but the set of claims decides it.

use super::super::verified;
use super::*;
use crate::clock::Time;
use crate::profile::packed;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A claim at a time, by an event of its own.
pub(in crate::profile) fn claim(source: &str, at: i64, value: Value) -> Claim {
    Claim {
        value,
        at: Time::from_ms(at),
        source: source.to_owned(),
        event: format!("{source}{at}"),
        verified: false,
    }
}

pub(in crate::profile) fn claims(all: impl IntoIterator<Item = Claim>) -> Claims {
    let mut claims = Claims::default();
    all.into_iter().for_each(|claim| claims.add(claim));
    claims
}

fn values(claims: &Claims) -> Vec<&Value> {
    claims.iter().map(|claim| &claim.value).collect()
}

#[test]
fn the_newest_is_first_and_earlier_values_stay() {
    let all = claims([
        claim("crm", 3, json!("gold")),
        claim("web", 5, json!("silver")),
        claim("crm", 1, json!("bronze")),
        claim("crm", 2, json!("gold")),
    ]);
    assert_eq!(
        values(&all),
        [&json!("silver"), &json!("gold"), &json!("bronze")]
    );
    assert_eq!(all.winner().map(|claim| claim.at.ms()), Some(5));
    assert_eq!(
        all.iter().nth(1).map(|claim| claim.at.ms()),
        Some(3),
        "the latest statement of it"
    );
}

#[test]
fn a_removal_is_a_claim_like_any_other() {
    let mut all = claims([claim("crm", 1, json!("gold")), claim("web", 2, Value::Null)]);
    assert_eq!(all.winner(), None);
    assert!(!all.conflict());
    all.add(claim("crm", 3, json!("gold")));
    assert_eq!(all.winner().map(|claim| claim.at.ms()), Some(3));
}

#[test]
fn one_claim_is_as_small_as_it_can_be() {
    let one = claims([claim("crm", 1, json!("gold"))]);
    insta::assert_snapshot!(serde_json::to_string(&one).unwrap(), @r#"[{"value":"gold","at":"1970-01-01T00:00:00.001Z","source":"crm","event":"crm1"}]"#);
    let checked = claims([claim("crm", 1, json!("gold")).verified()]);
    insta::assert_snapshot!(serde_json::to_string(&checked).unwrap(), @r#"[{"value":"gold","at":"1970-01-01T00:00:00.001Z","source":"crm","event":"crm1","verified":true}]"#);
    assert!(!claim("crm", 1, Value::Null).verified().verified);
}

#[test]
fn a_system_s_last_word_and_its_verification_outlive_the_chatter_of_others() {
    let chatter = (10..40).map(|at| claim("web", at, json!(at)));
    let first = [
        claim("crm", 1, json!("a")).verified(),
        claim("crm", 2, json!("b")),
    ];
    let all = claims(first.into_iter().chain(chatter));
    let kept = values(&all);
    assert_eq!(kept.len(), MAX_NEWEST + 2);
    assert!(kept.contains(&&json!("a")) && kept.contains(&&json!("b")));
}

#[test]
fn long_values_are_not_collected() {
    let long = |at: i64| claim("web", at, json!(format!("{at} {}", "x".repeat(MAX_SMALL))));
    let all = claims([claim("web", 0, json!("short")), long(1), long(2), long(3)]);
    let kept: Vec<i64> = all.iter().map(|claim| claim.at.ms()).collect();
    assert_eq!(kept, [3, 0], "the last word, and what is short");
}

#[test]
fn systems_disagree_by_their_last_words() {
    let all = claims([
        claim("crm", 1, json!("Ada@example.com")),
        claim("shop", 2, json!("old@example.com")),
        claim("shop", 3, json!("ada@example.com ")),
    ]);
    assert!(!all.conflict(), "a spelling and an earlier value");
    let mut all = claims([
        claim("crm", 1, json!("a@example.com")),
        claim("web", 2, json!("A@example.com")),
        claim("shop", 3, json!("b@example.com")),
        claim("app", 4, json!("c@example.com")),
        claim("desk", 5, Value::Null),
        claim("desk", 6, json!("c@example.com")),
    ]);
    assert!(all.conflict());
    let rivals = |all: &Claims| {
        all.rivals()
            .into_iter()
            .map(|rival| rival.at.ms())
            .collect::<Vec<_>>()
    };
    assert_eq!(rivals(&all), [3, 2], "each value once");
    all.add(claim("shop", 7, Value::Null));
    assert_eq!(rivals(&all), Vec::<i64>::new(), "removed");
    let changed = claims([claim("crm", 1, json!("a")), claim("crm", 2, json!("b"))]);
    assert!(!changed.conflict(), "a system may change its mind");
}

#[test]
fn a_map_says_which_of_its_traits_are_verified() {
    let traits = json!({
        "email": "a@example.com", "email_verified": true, "phone": "1", "phoneVerified": "true", "fax": "2", "fax_verified": false,
        "iban_verified": 1,
    });
    let traits = traits.as_object().expect("an object");
    assert_eq!(verified(traits), ["email", "phone"]);
}

/// The claims to keep of all claims at once, as the documentation of [`Claims`] has it.
fn kept_of(all: &[Claim]) -> Vec<Claim> {
    let latest = |claim: &&Claim| {
        let mut others = all.iter().filter(|other| other.repeats(claim));
        !others.any(|other| other.compare(claim).is_gt())
    };
    let mut candidates: Vec<Claim> = all.iter().filter(latest).cloned().collect();
    candidates.sort_by(|a, b| b.compare(a));
    candidates.dedup();
    let sources: BTreeSet<&str> = all.iter().map(|claim| claim.source.as_str()).collect();
    let sources: Vec<&str> = sources.into_iter().take(MAX_CLAIMANTS).collect();
    let is_kept = |claim: &&Claim| {
        let newer = || {
            candidates
                .iter()
                .filter(|other| other.compare(claim).is_gt())
        };
        let small = |claim: &Claim| size(&claim.value) <= MAX_SMALL;
        let alike =
            |other: &&Claim| (&other.source, other.effect()) == (&claim.source, claim.effect());
        let last = sources.contains(&claim.source.as_str()) && !newer().any(|other| alike(&other));
        last || small(claim) && newer().filter(|other| small(other)).count() < MAX_NEWEST
    };
    candidates.iter().filter(is_kept).cloned().collect()
}

fn drawn() -> impl Strategy<Value = Claim> {
    let value = prop_oneof![
        2 => Just(Value::Null),
        8 => (0..14_u8).prop_map(|value| json!(value)),
        1 => Just(json!({"city": "Porto", "street": "Rua 1"})),
        1 => Just(json!({"street": "Rua 1", "city": "Porto"})),
        2 => (0..4_u8).prop_map(|value| json!(value.to_string().repeat(MAX_SMALL))),
    ];
    let drawn = (0..13_u8, value, 0..12_i64, 0..3_u8, any::<bool>());
    drawn.prop_map(|(source, value, at, event, checked)| {
        let claim = Claim {
            event: format!("e{event}"),
            ..claim(&format!("s{source}"), at, value)
        };
        if checked { claim.verified() } else { claim }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_set_of_claims_decides(
        (all, disorder) in proptest::collection::vec(drawn(), 1..70).prop_flat_map(|all| {
            let twice: Vec<_> = all.iter().chain(all.iter().step_by(3)).cloned().collect();
            (Just(all), Just(twice).prop_shuffle())
        }),
        parts in 1..6_usize,
    ) {
        let bytes = |claims: &Claims| serde_json::to_string(claims).expect("JSON");
        let whole = claims(all.clone());
        prop_assert_eq!(bytes(&claims(disorder.clone())), bytes(&whole), "in any order, some twice");
        let mut merged = Claims::default();
        for part in 0..parts {
            merged.merge(claims(disorder.iter().skip(part).step_by(parts).cloned()));
        }
        prop_assert_eq!(bytes(&merged), bytes(&whole), "merged from parts");
        let read: Option<Claims> = packed::unpack(&packed::pack(&whole));
        prop_assert_eq!(read.as_ref(), Some(&whole));
        let mut kept: Vec<Claim> = whole.iter().cloned().collect();
        kept.sort_by(|a, b| b.compare(a));
        prop_assert_eq!(kept, kept_of(&all));
    }
}
