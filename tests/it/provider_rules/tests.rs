//! The checker catches each violation, and what the projections write of a tool with every kind of
//! argument has none.

use acquaint::tool::format::{Declaration, Format, catalogue};
use acquaint::tool::schema;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::check;

/// A chat function with these properties, all of them required.
fn chat(properties: &Value) -> Value {
    let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
    let parameters = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    json!({"type": "function", "function":
        {"name": "get_order", "description": "One order.", "parameters": parameters, "strict": true}})
}

/// What is found in a strict chat catalogue of one good tool after one field was set in it.
fn after(path: &str, field: &str, value: Value) -> String {
    let mut tool = chat(&json!({"order_id": {"type": "string", "description": "Which."}}));
    tool["function"]
        .pointer_mut(path)
        .expect("a path in the tool")[field] = value;
    check("openai-chat", true, &json!([tool])).join("; ")
}

#[test]
fn a_good_catalogue_passes() {
    assert_eq!(after("", "strict", json!(true)), "");
    assert_eq!(check("gemini", false, &json!([])), Vec::<String>::new());
}

#[test]
fn each_violation_around_the_arguments_is_caught() {
    for (expected, path, field, value) in [
        ("name of its own", "", "name", json!("Get.Order")),
        ("no description", "", "description", json!(" ")),
        ("`strict` is not said", "", "strict", json!(null)),
        ("unknown field `extra`", "", "extra", json!(1)),
        ("not an object", "/parameters", "anyOf", json!([])),
        ("not required", "/parameters", "required", json!([])),
        (
            "is no property",
            "/parameters",
            "required",
            json!(["order_id", "x"]),
        ),
        (
            "is not false",
            "/parameters",
            "additionalProperties",
            json!(null),
        ),
        (
            "a map",
            "/parameters",
            "additionalProperties",
            json!({"type": "string"}),
        ),
    ] {
        let found = after(path, field, value);
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn each_violation_of_openai_strict_at_an_argument_is_caught() {
    for (expected, field, value) in [
        ("no description", "description", json!("")),
        ("`oneOf` is not supported", "oneOf", json!([])),
        ("`default` is not supported", "default", json!("1")),
        ("`maxLength` is not supported", "maxLength", json!(3)),
        ("format `uint32`", "format", json!("uint32")),
        ("without `items`", "type", json!("array")),
        ("unknown type", "type", json!("text")),
        ("neither `type`", "type", json!(null)),
        ("than strings", "enum", json!(["a", 1])),
        ("too large", "enum", json!(vec!["x".repeat(99); 251])),
        ("too many", "enum", json!(vec!["x"; 1001])),
    ] {
        let found = after("/parameters/properties/order_id", field, value);
        assert!(found.contains(expected), "{expected}: {found}");
    }
    let mut deep = json!({"type": "string", "description": "Deep."});
    for _ in 0..10 {
        deep = json!({"type": "array", "description": "Deep.", "items": deep});
    }
    let found = check("openai-chat", true, &json!([chat(&json!({"deep": deep}))]));
    assert!(found.concat().contains("deeper than 10"), "{found:?}");
}

#[test]
fn a_wrong_wrapper_is_caught() {
    let tool = chat(&json!({"order_id": {"type": "string", "description": "Which."}}));
    for format in ["openai-responses", "anthropic", "gemini", "mcp"] {
        assert_ne!(
            check(format, true, &json!([tool])),
            Vec::<String>::new(),
            "{format}"
        );
    }
    let twice = check("openai-chat", true, &json!([tool, tool]));
    assert!(twice.concat().contains("name of its own"), "{twice:?}");
}

/// What is found at one argument in a form.
fn argument(format: &str, argument: &Value) -> String {
    let schema = json!({"type": "object", "properties": {"a": argument}});
    let tool = json!({"name": "t", "description": "T.", "strict": true, "parameters": schema});
    match format {
        "gemini" => check(format, false, &json!([{"functionDeclarations": [tool]}])).join("; "),
        _ => {
            let mut schema = schema;
            schema["additionalProperties"] = false.into();
            let tool =
                json!({"name": "t", "description": "T.", "strict": true, "input_schema": schema});
            check(format, true, &json!([tool])).join("; ")
        }
    }
}

#[test]
fn each_violation_of_gemini_is_caught() {
    for (expected, schema) in [
        ("null or a list", json!({"type": ["string", "null"]})),
        (
            "null or a list",
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ),
        (
            "`additionalProperties` is not",
            json!({"type": "object", "additionalProperties": false}),
        ),
        ("without properties", json!({"type": "object"})),
        (
            "the format `date`",
            json!({"type": "string", "format": "date"}),
        ),
        (
            "not of type string",
            json!({"type": "integer", "enum": ["1"]}),
        ),
        (
            "`default` is not",
            json!({"type": "string", "default": "x"}),
        ),
    ] {
        let found = argument("gemini", &schema);
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn each_violation_of_anthropic_strict_is_caught() {
    for (expected, schema) in [
        ("`minimum` is not", json!({"type": "integer", "minimum": 1})),
        (
            "`maxItems` is not",
            json!({"type": "array", "items": {"type": "string"}, "maxItems": 3}),
        ),
        (
            "`minItems` is too large",
            json!({"type": "array", "items": {"type": "string"}, "minItems": 2}),
        ),
        ("is not false", json!({"type": "object", "properties": {}})),
    ] {
        let found = argument("anthropic", &schema);
        assert!(found.contains(expected), "{expected}: {found}");
    }
    let tool = |name: String, property: &Value| {
        let properties: serde_json::Map<_, _> = (0..2)
            .map(|i| (format!("p{i}"), property.clone()))
            .collect();
        let schema =
            json!({"type": "object", "properties": properties, "additionalProperties": false});
        json!({"name": name, "description": "T.", "strict": true, "input_schema": schema})
    };
    let union = json!({"type": ["string", "integer"], "description": "A."});
    let tools: Value = (0..21).map(|i| tool(format!("t{i}"), &union)).collect();
    insta::assert_snapshot!(check("anthropic", true, &tools).join("\n"), @r"
    21 strict tools, the cap is 20
    42 optional arguments in strict tools, the cap is 24
    42 unions in strict tools, the cap is 16
    ");
}

#[test]
fn each_violation_of_mcp_is_caught() {
    let tool = json!({"name": "t", "title": "T", "description": "T.", "inputSchema": {"type": "object"},
        "outputSchema": {"type": "array"}, "annotations": {"readOnlyHint": true, "idempotentHint": true, "openWorldHint": false}});
    insta::assert_snapshot!(check("mcp", false, &json!({"tools": [tool]})).join("\n"), @r"
    `destructiveHint` is not said
    `outputSchema` is not of an object
    ");
}

/// Arguments of every kind.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Everything {
    /// A text.
    #[schemars(length(min = 1, max = 280))]
    text: String,
    /// A day.
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    /// A count.
    #[schemars(range(min = 1, max = 50))]
    #[serde(default = "five")]
    count: u32,
    /// A share.
    share: Option<f64>,
    /// A choice.
    #[serde(default)]
    choice: Choice,
    /// A choice that may be left out.
    maybe: Option<Choice>,
    /// Choices.
    #[schemars(length(min = 2, max = 3))]
    choices: Vec<Choice>,
    /// An item.
    item: Option<Item>,
    /// Items.
    #[serde(default)]
    items: Vec<Item>,
    /// One of two shapes.
    shape: Option<Shape>,
    /// A flag.
    #[serde(default)]
    flag: bool,
}

fn five() -> u32 {
    5
}

#[derive(Default, JsonSchema, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Choice {
    /// The first.
    #[default]
    First,
    /// The second.
    Second,
}

#[derive(JsonSchema, serde::Serialize)]
struct Item {
    /// Its number.
    sku: String,
    /// How many.
    quantity: Option<u8>,
}

#[derive(JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Shape {
    Order {
        /// Which order.
        order_id: String,
    },
    Ticket {
        /// Which ticket.
        ticket_id: Option<i64>,
    },
}

#[test]
fn every_projection_keeps_its_providers_rules() {
    let (everything, nothing) = (
        schema::canonical::<Everything>(),
        schema::canonicalise(json!({"type": "object"})),
    );
    let result = schema::result::<Item>();
    let names: Vec<_> = (0..30).map(|i| format!("tool_{i}")).collect();
    let tools: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Declaration {
            name,
            title: "A tool",
            description: "Does something.",
            parameters: if i % 2 == 0 { &everything } else { &nothing },
            result: &result,
            read_only: true,
            idempotent: true,
            open_world: false,
            examples: &[],
        })
        .collect();
    for format in Format::ALL {
        for strict in [false, true] {
            let found = check(format.as_str(), strict, &catalogue(format, strict, &tools));
            assert_eq!(
                found,
                Vec::<String>::new(),
                "{} strict={strict}",
                format.as_str()
            );
        }
    }
}
