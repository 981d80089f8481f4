//! Which claim wins by each rule.

use super::super::claim::claims::tests::{claim, claims};
use super::*;
use serde_json::{Value, json};

/// The value that wins.
fn wins(all: &[Claim], rule: SurvivorshipRule, sources: &[&str]) -> Value {
    let sources: Vec<String> = sources.iter().map(|name| (*name).to_owned()).collect();
    let mut claims = claims(all.iter().cloned());
    claims.rank(rule, &sources);
    let order: Vec<i64> = claims.iter().skip(1).map(|claim| claim.at.ms()).collect();
    assert!(order.is_sorted_by(|a, b| a > b), "the others newest first");
    claims
        .winner()
        .map_or(Value::Null, |claim| claim.value.clone())
}

fn checked(source: &str, at: i64, value: &str) -> Claim {
    Claim {
        verified: true,
        ..claim(source, at, json!(value))
    }
}

const ALL: [SurvivorshipRule; 4] = [
    SurvivorshipRule::Newest,
    SurvivorshipRule::MostFrequent,
    SurvivorshipRule::Longest,
    SurvivorshipRule::SourcePriority,
];

#[test]
fn each_rule_has_its_winner() {
    let all = [
        claim("crm", 1, json!("Robert Miller")),
        claim("crm", 2, json!("Rob")),
        claim("shop", 3, json!("Bob Miller")),
        claim("desk", 4, json!("rob")),
        claim("web", 5, json!("B. Miller")),
    ];
    assert_eq!(wins(&all, SurvivorshipRule::Newest, &[]), "B. Miller");
    assert_eq!(
        wins(&all, SurvivorshipRule::MostFrequent, &[]),
        "rob",
        "stated by two, the newest spelling"
    );
    assert_eq!(wins(&all, SurvivorshipRule::Longest, &[]), "Robert Miller");
    let by = |sources: &[&str]| wins(&all, SurvivorshipRule::SourcePriority, sources);
    assert_eq!(by(&["crm", "shop"]), "Rob", "a system's own newer value");
    assert_eq!(
        by(&["erp", "shop"]),
        "Bob Miller",
        "the first that said anything"
    );
    assert_eq!(by(&["erp"]), "B. Miller", "others by time");
}

#[test]
fn ties_go_to_the_newest() {
    let all = [claim("crm", 1, json!("Ada")), claim("web", 2, json!("Ida"))];
    for rule in ALL {
        assert_eq!(wins(&all, rule, &[]), "Ida", "{rule:?}");
    }
}

#[test]
fn a_removal_withdraws_what_its_source_said() {
    let all = [
        claim("crm", 1, json!("Robert Miller")),
        claim("web", 2, json!("Bob")),
        claim("crm", 3, Value::Null),
    ];
    assert_eq!(wins(&all, SurvivorshipRule::Newest, &[]), Value::Null);
    assert_eq!(
        wins(&all, SurvivorshipRule::MostFrequent, &[]),
        Value::Null,
        "one against one, the newest"
    );
    assert_eq!(wins(&all, SurvivorshipRule::Longest, &[]), "Bob");
    assert_eq!(
        wins(&all, SurvivorshipRule::SourcePriority, &["crm"]),
        Value::Null
    );
    assert_eq!(
        wins(&all, SurvivorshipRule::SourcePriority, &["web"]),
        "Bob"
    );
    let again = [&all[..], &[claim("crm", 4, json!("Rob"))]].concat();
    assert_eq!(
        wins(&again, SurvivorshipRule::MostFrequent, &[]),
        "Rob",
        "the removal is history"
    );
    assert_eq!(
        wins(&again, SurvivorshipRule::Longest, &[]),
        "Rob",
        "what it withdrew stays withdrawn"
    );
}

#[test]
fn verified_beats_claimed_by_every_rule() {
    let all = [
        checked("idp", 1, "a@example.com"),
        claim("crm", 2, json!("longer@example.com")),
        claim("web", 3, json!("longer@example.com")),
        claim("desk", 4, Value::Null),
    ];
    for rule in ALL {
        assert_eq!(wins(&all, rule, &["crm"]), "a@example.com", "{rule:?}");
    }
    let two = [&all[..], &[checked("shop", 5, "b@example.com")]].concat();
    assert_eq!(wins(&two, SurvivorshipRule::Newest, &[]), "b@example.com");
    assert_eq!(
        wins(&two, SurvivorshipRule::SourcePriority, &["idp"]),
        "a@example.com"
    );
    let spelled = [&all[..], &[claim("idp", 6, json!("A@example.com"))]].concat();
    assert_eq!(
        wins(&spelled, SurvivorshipRule::Newest, &[]),
        "a@example.com",
        "still the verified one"
    );
}

#[test]
fn only_its_own_source_takes_a_verified_value_back() {
    let verified = [
        checked("idp", 1, "a@example.com"),
        claim("web", 2, json!("web@example.com")),
    ];
    let then = |value: Value| [&verified[..], &[claim("idp", 3, value)]].concat();
    let removed = then(Value::Null);
    assert_eq!(wins(&removed, SurvivorshipRule::Newest, &[]), Value::Null);
    assert_eq!(
        wins(&removed, SurvivorshipRule::Longest, &[]),
        "web@example.com"
    );
    let changed = then(json!("new@example.com"));
    assert_eq!(
        wins(&changed, SurvivorshipRule::Newest, &[]),
        "new@example.com"
    );
    let stated_again = [&removed[..], &[claim("idp", 4, json!("a@example.com"))]].concat();
    assert_eq!(
        wins(&stated_again, SurvivorshipRule::SourcePriority, &["web"]),
        "web@example.com",
        "a claim now"
    );
}
