//! Arguments that models send, and the result of the check.

use serde_json::{Value, json};

use super::super::tests::Search;
use super::super::{canonical, canonicalise};
use super::validate;

fn checked(arguments: Value) -> Result<String, String> {
    validate(&canonical::<Search>(), arguments).map(|checked| checked.to_string())
}

#[test]
fn what_has_one_meaning_is_accepted_in_canonical_form() {
    let sent = json!({
        "limit": "7",
        "status": " SOLVED",
        "since": " 2026-11-01 ",
        "query": 1001.0,
        "detail": null,
        "items": [{"sku": 12, "quantity": 2.0}, {"sku": "a-1", "quantity": null}],
    });
    insta::assert_snapshot!(checked(sent).unwrap(), @r#"{"query":"1001","status":"solved","detail":"concise","limit":7,"since":"2026-11-01","items":[{"sku":"12","quantity":2},{"sku":"a-1"}]}"#);
}

#[test]
fn what_is_left_out_gets_its_default() {
    let filled = r#"{"query":"late parcel","detail":"concise","limit":5,"items":[]}"#;
    assert_eq!(checked(json!({"query": "late parcel"})).unwrap(), filled);
    let empty = json!({"query": "late parcel", "since": "", "status": null, "limit": " "});
    assert_eq!(checked(empty).unwrap(), filled);
}

#[test]
fn arguments_may_come_as_their_json_text() {
    let sent = json!(r#"{"query": "x", "items": "[{\"sku\": \"a\"}]"}"#);
    insta::assert_snapshot!(checked(sent).unwrap(), @r#"{"query":"x","detail":"concise","limit":5,"items":[{"sku":"a"}]}"#);
}

#[test]
fn every_problem_is_named_at_once() {
    let sent = json!({
        "status": "closed",
        "limit": 500,
        "detail": 3,
        "since": "yesterday",
        "items": [{"quantity": "many"}, 7],
        "customer": "email:someone@else.example",
    });
    let problems = checked(sent).unwrap_err();
    insta::assert_snapshot!(problems.replace("; ", "\n"), @r"
    `query` is missing: send text
    `status` must be one of `any`, `open`, `solved`, not `closed`
    `detail` must be one of `concise`, `detailed`, not `3`
    `limit` must be a whole number of 1 to 50, not `500`
    `since` must be a date such as `2026-11-23`, not `yesterday`
    `items[0].sku` is missing: send text
    `items[0].quantity` must be a whole number, not `many`
    `items[1]` must be an object with `sku`, `quantity`, not `7`
    `customer` is not known here: leave it out or use one of `query`, `status`, `detail`, `limit`, `since`, `items`
    ");
}

#[test]
fn bounds_are_checked() {
    let sent = json!({"query": "x", "limit": 5.5, "items": [{}, {}, {}, {}]});
    insta::assert_snapshot!(checked(sent).unwrap_err(), @"`limit` must be a whole number of 1 to 50, not `5.5`; `items` must be a list of at most 3 items, not 4 of them");
    let schema = canonicalise(json!({"type": "object", "properties": {
        "statement": {"type": "string", "minLength": 1, "maxLength": 5},
        "share": {"type": "number", "minimum": 0},
        "sure": {"type": "boolean"},
    }}));
    let good = json!({"statement": "añcdé", "share": "0.5", "sure": "True"});
    let canonical = json!({"statement": "añcdé", "share": 0.5, "sure": true});
    assert_eq!(validate(&schema, good), Ok(canonical));
    let bad = json!({"statement": "abcdef", "share": -1, "sure": 1});
    insta::assert_snapshot!(validate(&schema, bad).unwrap_err(), @"`statement` must be text of 1 to 5 characters, not `abcdef`; `share` must be a number of at least 0, not `-1`; `sure` must be true or false, not `1`");
}

#[test]
fn arguments_that_are_no_object_are_explained() {
    let schema = canonicalise(json!({"type": "object"}));
    for nothing in [json!({}), json!(null), json!(""), json!("{}")] {
        assert_eq!(validate(&schema, nothing), Ok(json!({})));
    }
    insta::assert_snapshot!(validate(&schema, json!({"a": 1})).unwrap_err(), @"`a` is not known here: there are no arguments, send `{}`");
    insta::assert_snapshot!(checked(json!("{\"query\": ")).unwrap_err(), @r#"the arguments must be one JSON object (its fields: `query`, `status`, `detail`, `limit`, `since`, `items`), not `{"query": `"#);
    assert!(checked(json!([1])).is_err());
}

#[test]
fn a_union_takes_the_values_own_type_first() {
    let schema = canonicalise(json!({"type": "object", "properties": {
        "key": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]},
        "tags": {"type": "array", "items": {"type": "string"}},
    }}));
    let keys = |key: Value| validate(&schema, json!({"key": key}));
    assert_eq!(keys(json!(5)), Ok(json!({"key": 5})));
    assert_eq!(keys(json!("5")), Ok(json!({"key": "5"})));
    assert_eq!(
        keys(json!(true)).unwrap_err(),
        "`key` must be text, not `true`"
    );
    assert_eq!(
        validate(&schema, json!({"tags": "vip"})),
        Ok(json!({"tags": ["vip"]}))
    );
}

#[test]
fn a_quoted_value_is_cut_and_stays_on_one_line() {
    let problem = checked(json!({"query": "x", "status": "`\n".repeat(80)})).unwrap_err();
    assert!(problem.len() < 200 && !problem.contains('\n'), "{problem}");
}
