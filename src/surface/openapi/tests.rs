//! The document has every route of the router, and every reference in it resolves.

use super::super::routes;
use super::*;
use crate::clock::{Clock, Time};
use crate::profile::Profile;
use crate::store;
use crate::tool::Tools;
use std::collections::BTreeSet;

async fn tools() -> Tools {
    let db = store::open("sqlite::memory:").await.unwrap();
    Tools::new(db, Clock::fixed(Time::default())).unwrap()
}

async fn document() -> Value {
    build(routes(), tools().await.all())
}

#[tokio::test]
async fn a_wrapped_comment_is_one_line() {
    let text = super::text(routes(), tools().await.all());
    assert!(!std::str::from_utf8(&text).unwrap().contains("\\n"));
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() {
    let tools = tools().await;
    let document = build(routes(), tools.all());
    let shown = document["paths"].as_object().unwrap();
    let shown = shown.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{method} {path}"))
    });
    let expected = routes().flat_map(|route| {
        let method = route.method.as_str();
        let of_tool = |path: &str| {
            let each = tools.all().iter();
            each.map(|tool| format!("{method} {}", path.replace("{name}", tool.name)))
                .collect()
        };
        let paths = route.paths().map(|path| match route.of_tool {
            true => of_tool(path),
            false => vec![format!("{method} {path}")],
        });
        paths.flatten().collect::<Vec<String>>()
    });
    let expected: Vec<String> = expected.collect();
    let distinct: BTreeSet<String> = expected.iter().cloned().collect();
    assert_eq!(distinct.len(), expected.len(), "two rows for one route");
    assert_eq!(shown.collect::<BTreeSet<_>>(), distinct);
    assert!(distinct.contains("post /v1/tools/recent_purchases"));
}

#[tokio::test]
async fn a_row_has_a_chapter_a_sentence_and_words_for_its_path() {
    let document = document().await;
    let chapters = document["tags"].as_array().unwrap();
    for route in routes() {
        let (path, summary) = (route.path, route.summary);
        assert!(
            chapters.iter().any(|tag| tag["name"] == route.tag),
            "{path}"
        );
        assert!(summary.ends_with('.') && summary.len() > 10, "{path}");
        for path in route.paths() {
            let inside = |word: &'static str| word.strip_prefix('{')?.strip_suffix('}');
            let braces: Vec<_> = path.split('/').filter_map(inside).collect();
            let names: Vec<_> = route
                .path_parameters
                .iter()
                .map(|(name, ..)| *name)
                .collect();
            assert_eq!(braces, names, "{path}");
        }
        assert_eq!(
            route.of_tool,
            path.contains("{name}"),
            "{path}: what has a path for each tool in the document names it"
        );
    }
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
