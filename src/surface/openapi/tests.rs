//! The document names every route of the router, and every name in it leads somewhere.

use super::*;
use crate::profile::Profile;
use crate::store;
use std::collections::BTreeSet;

async fn document() -> Value {
    let db = store::open("sqlite::memory:").await.unwrap();
    let tools = crate::tool::Tools::new(db, crate::clock::Clock::fixed(0)).unwrap();
    build(tools.all())
}

/// The paths that the router's source text names.
fn routed() -> BTreeSet<String> {
    let source = include_str!("../../surface.rs");
    let named = source.split(".route(").skip(1).filter_map(|rest| {
        let path = rest.trim_start().strip_prefix('"')?;
        Some(path.split('"').next()?.to_owned())
    });
    let words = collect::WORDS.iter().map(|word| format!("/v1/{word}"));
    named
        .chain(words)
        .filter(|path| !path.ends_with('/'))
        .collect()
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() {
    let document = document().await;
    let shown = document["paths"].as_object().unwrap().keys();
    let (tools, others): (Vec<_>, Vec<_>) = shown.partition(|path| path.starts_with("/v1/tools/"));
    let mut expected = routed();
    assert!(expected.remove("/v1/tools/{name}"));
    assert_eq!(
        others.into_iter().cloned().collect::<BTreeSet<_>>(),
        expected
    );
    assert_eq!(
        tools,
        [
            "/v1/tools/get_customer_context",
            "/v1/tools/recent_purchases",
            "/v1/tools/open_tickets"
        ]
    );
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_resolves_and_every_operation_has_its_own_id() {
    let document = document().await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(
        found.contains("#/components/schemas/SessionAnswer"),
        "{found:?}"
    );
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let operations = document["paths"].as_object().unwrap().values();
    let ids: Vec<_> = operations
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "{ids:?}"
    );
}

#[tokio::test]
async fn a_tool_says_what_its_callers_send() {
    let document = document().await;
    let tool = &document["paths"]["/v1/tools/recent_purchases"]["post"];
    let arguments = &tool["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(arguments["properties"]["customer"]["type"], "string");
    assert_eq!(arguments.get("required"), None);
    let answer = &tool["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(
        answer["properties"]["data"]["properties"]["purchases"]["type"],
        "array"
    );
}

#[tokio::test]
async fn the_profile_has_the_parts_it_is_said_to_have() {
    let document = document().await;
    let said = document["components"]["schemas"]["Profile"]["properties"]
        .as_object()
        .unwrap();
    let profile = serde_json::to_value(Profile::default()).unwrap();
    assert!(said.keys().eq(profile.as_object().unwrap().keys()));
}
