//! The sample type of the schema, format and argument tests, and its schemas.

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{canonical, canonicalise, describe, result};

/// A doc for Rust readers, which no model needs.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::tool) struct Search {
    /// What to look for, in a few words.
    query: String,
    /// Which tickets.
    status: Option<Status>,
    /// How much to return.
    #[serde(default)]
    detail: Detail,
    /// How many, at most.
    #[schemars(range(min = 1, max = 50))]
    #[serde(default = "five")]
    limit: Option<u32>,
    /// Only on or after this day.
    #[schemars(extend("format" = "date"))]
    since: Option<String>,
    /// Items that must be in it.
    #[serde(default)]
    #[schemars(length(max = 3))]
    items: Vec<Item>,
}

fn five() -> Option<u32> {
    Some(5)
}

/// The state of a ticket.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Status {
    /// Still being worked on.
    Open,
    /// Answered and done.
    Solved,
    Any,
}

#[derive(Default, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Detail {
    #[default]
    Concise,
    Detailed,
}

#[derive(JsonSchema, Serialize)]
struct Item {
    /// The article's number.
    sku: String,
    /// How many of it.
    quantity: Option<i64>,
}

/// One of two shapes.
#[derive(JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Key {
    Order { order_id: String },
    Ticket { ticket_id: i64 },
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Lookup {
    /// What to look up.
    key: Option<Key>,
}

/// A result with a null in it.
#[derive(JsonSchema, Serialize)]
struct Found {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

/// JSON for people: an object that fits a line stays on one line.
pub(in crate::tool) fn outline(value: &Value) -> String {
    let line = value.to_string();
    let (ends, parts): (_, Vec<_>) = match value {
        _ if line.len() <= 100 => return line,
        Value::Array(items) => (["[", "]"], items.iter().map(outline).collect()),
        Value::Object(map) => {
            let part = |(key, value): (&String, &Value)| format!("{key:?}: {}", outline(value));
            (["{", "}"], map.iter().map(part).collect())
        }
        _ => return line,
    };
    let inner = parts.join(",\n").replace('\n', "\n  ");
    format!("{}\n  {inner}\n{}", ends[0], ends[1])
}

#[test]
fn one_dialect_for_every_rust_shape() {
    assert_snapshot!(outline(&canonical::<Search>()), @r#"
    {
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
          "description": "How much to return.",
          "enum": ["concise","detailed"],
          "default": "concise"
        },
        "limit": {"type":"integer","description":"How many, at most.","minimum":1,"maximum":50,"default":5},
        "since": {"type":"string","description":"Only on or after this day.","format":"date"},
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
            "additionalProperties": false
          },
          "maxItems": 3,
          "default": []
        }
      },
      "required": ["query"],
      "additionalProperties": false
    }
    "#);
}

#[test]
fn a_tagged_enum_is_any_of_closed_objects() {
    assert_snapshot!(outline(&canonical::<Lookup>()), @r#"
    {
      "type": "object",
      "properties": {
        "key": {
          "description": "What to look up.",
          "anyOf": [
            {
              "type": "object",
              "properties": {"by":{"type":"string","enum":["order"]},"order_id":{"type":"string"}},
              "required": ["by","order_id"],
              "additionalProperties": false
            },
            {
              "type": "object",
              "properties": {"by":{"type":"string","enum":["ticket"]},"ticket_id":{"type":"integer"}},
              "required": ["by","ticket_id"],
              "additionalProperties": false
            }
          ]
        }
      },
      "additionalProperties": false
    }
    "#);
}

#[test]
fn an_answer_keeps_its_nulls_and_stays_open() {
    assert_snapshot!(outline(&result::<Found>()), @r#"
    {
      "type": "object",
      "properties": {
        "items": {
          "type": "array",
          "items": {
            "type": "object",
            "properties": {
              "sku": {"type":"string","description":"The article's number."},
              "quantity": {"type":["integer","null"],"description":"How many of it."}
            },
            "required": ["sku","quantity"]
          }
        },
        "next_cursor": {"type":["string","null"]}
      },
      "required": ["items","next_cursor"]
    }
    "#);
}

#[test]
fn a_schema_from_a_tool_file_becomes_canonical() {
    let schema = json!({
        "type": "object",
        "title": "Loyalty",
        "required": [],
        "properties": {
            "since": {"description": "From  this\nday.", "type": ["string", "null"], "format": "date", "default": null},
            "tier": {"allOf": [{"enum": ["gold", "silver"]}], "description": "Only this tier."},
            "kind": {"const": "points"},
        },
    });
    assert_snapshot!(outline(&canonicalise(schema)), @r#"
    {
      "type": "object",
      "properties": {
        "since": {"type":"string","description":"From this day.","format":"date"},
        "tier": {"type":"string","description":"Only this tier.","enum":["gold","silver"]},
        "kind": {"type":"string","enum":["points"]}
      },
      "additionalProperties": false
    }
    "#);
}

#[test]
fn the_words_of_a_tool_file_win() {
    let words = |name: &str| [(name.to_owned(), "What\n to  find.".to_owned())].into();
    let mut schema = canonical::<Search>();
    assert_eq!(describe(&mut schema, &words("query")), Ok(()));
    let query = &schema["properties"]["query"];
    assert_eq!(
        query.to_string(),
        r#"{"type":"string","description":"What to find."}"#
    );
    assert_snapshot!(describe(&mut schema, &words("querry")).unwrap_err(), @"no argument `querry`; there are: query, status, detail, limit, since, items");
    let mut silent =
        canonicalise(json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    assert_snapshot!(describe(&mut silent, &[].into()).unwrap_err(), @"the argument `a` has no description");
}

#[test]
fn canonical_is_a_fixed_point() {
    let once = canonical::<Search>();
    assert_eq!(canonicalise(once.clone()), once);
}
