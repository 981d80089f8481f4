//! One tool in every format, and the limits for a whole catalogue.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Declaration, Format, catalogue, declare};
use crate::tool::schema::tests::{Search, outline};
use crate::tool::schema::{canonical, canonicalise};

/// The sample tool in a format, with an example that fits and one that does not.
fn search(format: Format, strict: bool) -> Value {
    let examples = [
        json!({"query": "late parcel", "limit": 3}),
        json!({"limit": 3}),
    ];
    let parameters = canonical::<Search>();
    let tool = Declaration {
        examples: &examples,
        ..plain("search_tickets", &parameters)
    };
    declare(format, strict, &tool)
}

fn plain<'a>(name: &'a str, parameters: &'a Value) -> Declaration<'a> {
    Declaration {
        name,
        title: "Search tickets",
        description: "Finds tickets of this customer. Not for orders.",
        parameters,
        result: &Value::Null,
        read_only: true,
        idempotent: true,
        open_world: false,
        examples: &[],
    }
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.as_str()).unwrap(), format);
    }
    assert_snapshot!(Format::parse("openai").unwrap_err(), @"no tool format `openai`; there are openai-chat, openai-responses, anthropic, gemini, mcp");
}

#[test]
fn openai_strict_requires_all_and_allows_null() {
    assert_snapshot!(outline(&search(Format::OpenaiChat, true)), @r#"
    {
      "type": "function",
      "function": {
        "name": "search_tickets",
        "description": "Finds tickets of this customer. Not for orders.",
        "parameters": {
          "type": "object",
          "properties": {
            "query": {"type":"string","description":"What to look for, in a few words."},
            "status": {
              "description": "Which tickets. `open`: Still being worked on; `solved`: Answered and done.",
              "anyOf": [{"type":"string","enum":["any","open","solved"]},{"type":"null"}]
            },
            "detail": {
              "description": "How much to return. (default: concise)",
              "anyOf": [{"type":"string","enum":["concise","detailed"]},{"type":"null"}]
            },
            "limit": {"type":["integer","null"],"description":"How many, at most. (default: 5)","minimum":1,"maximum":50},
            "since": {"type":["string","null"],"description":"Only on or after this day.","format":"date"},
            "items": {
              "type": ["array","null"],
              "description": "Items that must be in it.",
              "items": {
                "type": "object",
                "properties": {
                  "sku": {"type":"string","description":"The article's number."},
                  "quantity": {"type":["integer","null"],"description":"How many of it."}
                },
                "required": ["sku","quantity"],
                "additionalProperties": false
              },
              "maxItems": 3
            }
          },
          "required": ["query","status","detail","limit","since","items"],
          "additionalProperties": false
        },
        "strict": true
      }
    }
    "#);
}

#[test]
fn openai_without_strict_says_so_and_gets_the_canonical_schema() {
    let chat = search(Format::OpenaiChat, false);
    assert_eq!(chat["function"]["strict"], false);
    assert_eq!(chat["function"]["parameters"], canonical::<Search>());
}

#[test]
fn responses_are_the_same_function_without_the_wrapper() {
    for strict in [false, true] {
        let mut flat = search(Format::OpenaiResponses, strict);
        assert_eq!(
            flat.as_object_mut().unwrap().shift_remove("type"),
            Some(json!("function"))
        );
        assert_eq!(flat, search(Format::OpenaiChat, strict)["function"]);
    }
}

#[test]
fn anthropic_strict_keeps_arguments_optional() {
    assert_snapshot!(outline(&search(Format::Anthropic, true)), @r#"
    {
      "name": "search_tickets",
      "description": "Finds tickets of this customer. Not for orders.",
      "input_schema": {
        "type": "object",
        "properties": {
          "query": {"type":"string","description":"What to look for, in a few words."},
          "status": {
            "type": "string",
            "description": "Which tickets. `open`: Still being worked on; `solved`: Answered and done.",
            "enum": ["any","open","solved"]
          },
          "detail": {
            "type": "string",
            "description": "How much to return. (default: concise)",
            "enum": ["concise","detailed"]
          },
          "limit": {"type":"integer","description":"How many, at most. (default: 5, minimum: 1, maximum: 50)"},
          "since": {"type":"string","description":"Only on or after this day.","format":"date"},
          "items": {
            "type": "array",
            "description": "Items that must be in it. (maxItems: 3)",
            "items": {
              "type": "object",
              "properties": {
                "sku": {"type":"string","description":"The article's number."},
                "quantity": {"type":"integer","description":"How many of it."}
              },
              "required": ["sku"],
              "additionalProperties": false
            }
          }
        },
        "required": ["query"],
        "additionalProperties": false
      },
      "strict": true,
      "input_examples": [{"query":"late parcel","limit":3}]
    }
    "#);
    let lax = search(Format::Anthropic, false);
    assert_eq!(lax.get("strict"), None);
    assert_eq!(lax["input_schema"], canonical::<Search>());
}

#[test]
fn gemini_gets_its_openapi_subset() {
    assert_snapshot!(outline(&search(Format::Gemini, true)), @r#"
    {
      "name": "search_tickets",
      "description": "Finds tickets of this customer. Not for orders.",
      "parameters": {
        "type": "object",
        "properties": {
          "query": {"type":"string","description":"What to look for, in a few words."},
          "status": {
            "type": "string",
            "description": "Which tickets. `open`: Still being worked on; `solved`: Answered and done.",
            "enum": ["any","open","solved"]
          },
          "detail": {
            "type": "string",
            "description": "How much to return. (default: concise)",
            "enum": ["concise","detailed"]
          },
          "limit": {"type":"integer","description":"How many, at most. (default: 5)","minimum":1,"maximum":50},
          "since": {"type":"string","description":"Only on or after this day. (format: date)"},
          "items": {
            "type": "array",
            "description": "Items that must be in it.",
            "items": {
              "type": "object",
              "properties": {
                "sku": {"type":"string","description":"The article's number."},
                "quantity": {"type":"integer","description":"How many of it."}
              },
              "required": ["sku"],
              "propertyOrdering": ["sku","quantity"]
            },
            "maxItems": 3
          }
        },
        "required": ["query"],
        "propertyOrdering": ["query","status","detail","limit","since","items"]
      }
    }
    "#);
    let empty = canonicalise(json!({"type": "object"}));
    assert_eq!(
        declare(Format::Gemini, false, &plain("ping", &empty)).get("parameters"),
        None
    );
}

#[test]
fn mcp_says_all_four_hints() {
    let (parameters, result) = (
        canonicalise(json!({"type": "object"})),
        json!({"type": "object"}),
    );
    let tool = Declaration {
        result: &result,
        ..plain("search_tickets", &parameters)
    };
    assert_snapshot!(outline(&declare(Format::Mcp, false, &tool)), @r#"
    {
      "name": "search_tickets",
      "title": "Search tickets",
      "description": "Finds tickets of this customer. Not for orders.",
      "inputSchema": {"type":"object","properties":{},"additionalProperties":false},
      "outputSchema": {"type":"object"},
      "annotations": {"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false}
    }
    "#);
}

#[test]
fn a_catalogue_is_wrapped_as_the_request_wants_it() {
    let parameters = canonicalise(json!({"type": "object"}));
    let tools = [plain("a", &parameters), plain("b", &parameters)];
    assert_eq!(
        catalogue(Format::Gemini, false, &tools)[0]["functionDeclarations"][1]["name"],
        "b"
    );
    assert_eq!(
        catalogue(Format::Mcp, false, &tools)["tools"][1]["name"],
        "b"
    );
    assert_eq!(
        catalogue(Format::OpenaiChat, false, &tools)[1]["function"]["name"],
        "b"
    );
    assert_eq!(catalogue(Format::Anthropic, false, &tools)[1]["name"], "b");
    assert_eq!(catalogue(Format::Gemini, false, &[]), json!([]));
}

/// The strict tools of a strict Anthropic catalogue of tools with these schemas.
fn strict(schemas: &[Value]) -> String {
    let tools: Vec<_> = schemas.iter().map(|schema| plain("t", schema)).collect();
    let listed = catalogue(Format::Anthropic, true, &tools);
    let listed = listed.as_array().unwrap();
    listed
        .iter()
        .map(|tool| {
            if tool.get("strict").is_some() {
                's'
            } else {
                '-'
            }
        })
        .collect()
}

#[test]
fn anthropic_tools_beyond_a_cap_are_not_strict() {
    let with = |count: usize, schema: &Value| {
        let properties = (0..count).map(|i| (format!("p{i}"), schema.clone()));
        let properties: serde_json::Map<_, _> = properties.collect();
        canonicalise(json!({"type": "object", "properties": properties}))
    };
    let (text, union) = (
        json!({"type": "string"}),
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    );
    assert_eq!(strict(&vec![with(0, &text); 22]), "s".repeat(20) + "--");
    assert_eq!(
        strict(&[
            with(10, &text),
            with(15, &text),
            with(14, &text),
            with(1, &text)
        ]),
        "s-s-"
    );
    assert_eq!(strict(&[with(25, &text)]), "-");
    assert_eq!(
        strict(&[with(16, &union), with(1, &union), with(8, &text)]),
        "s-s"
    );
}
