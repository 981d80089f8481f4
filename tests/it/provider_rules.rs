//! What model providers refuse in a tool catalogue, written down from their documentation alone.
//!
//! It shares nothing with the projections that it checks, so a misread rule has to be misread
//! twice.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

mod schema;
#[cfg(test)]
mod tests;

use schema::{ANTHROPIC_STRICT, GEMINI, LAX, OPENAI_STRICT, Rules};

/// Everything in an exported catalogue that its provider would refuse; empty when it is good.
pub fn check(format: &str, strict: bool, catalogue: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    let mut caps = Totals::default();
    for tool in tools(format, catalogue, &mut found) {
        if format.starts_with("openai") && tool["type"] != "function" {
            found.push(format!("not a function: {tool}"));
        }
        let tool = if format == "openai-chat" {
            &tool["function"]
        } else {
            tool
        };
        let name = tool["name"].as_str().unwrap_or_default();
        if !is_name(name) || !names.insert(name.to_owned()) {
            found.push(format!(
                "`{name}`: not a name of its own that all providers take"
            ));
        }
        if is_blank(&tool["description"]) {
            found.push(format!("`{name}`: no description"));
        }
        if format.starts_with("openai") && tool["strict"] != strict {
            found.push(format!("`{name}`: `strict` is not said"));
        }
        if format == "mcp" {
            check_mcp(tool, &mut found);
        }
        let form = form(format, strict, tool);
        let fields = tool
            .as_object()
            .into_iter()
            .flat_map(|tool| unknown(tool, form.fields));
        found.extend(fields.map(|field| format!("`{name}`: unknown field `{field}`")));
        let Some(parameters) = tool.get(form.schema) else {
            // a function without arguments has no schema there
            if format != "gemini" {
                found.push(format!("`{name}`: no `{}`", form.schema));
            }
            continue;
        };
        if parameters["type"] != "object" || parameters.get("anyOf").is_some() {
            found.push(format!("`{name}`: the arguments are not an object"));
        }
        let totals = schema::count(form.rules, parameters, name, &mut found);
        if format.starts_with("openai") && strict {
            totals.check_openai(name, &mut found);
        }
        if tool["strict"] == true {
            caps.add(&totals);
        }
    }
    if format == "anthropic" {
        caps.check_anthropic(&mut found);
    }
    if names.len() > 128 {
        found.push("more than 128 tools".to_owned());
    }
    found
}

/// The list of tools in the wrapper that the provider's request has.
fn tools<'a>(format: &str, catalogue: &'a Value, found: &mut Vec<String>) -> &'a [Value] {
    let list = match format {
        "gemini" if catalogue.as_array().is_some_and(Vec::is_empty) => catalogue,
        "gemini" => &catalogue[0]["functionDeclarations"],
        "mcp" => &catalogue["tools"],
        _ => catalogue,
    };
    list.as_array().map(Vec::as_slice).unwrap_or_else(|| {
        found.push("the catalogue is not wrapped as its provider wants it".to_owned());
        &[]
    })
}

/// How one provider's tool is laid out.
struct Form {
    /// The fields that it may have.
    fields: &'static str,
    /// The one with the schema of its arguments.
    schema: &'static str,
    /// What that schema may say.
    rules: &'static Rules,
}

fn form(format: &str, strict: bool, tool: &Value) -> Form {
    let (fields, schema, rules) = match format {
        "openai-chat" => (
            "name description parameters strict",
            "parameters",
            if strict { &OPENAI_STRICT } else { &LAX },
        ),
        "openai-responses" => {
            return Form {
                fields: "type name description parameters strict",
                ..form("openai-chat", strict, tool)
            };
        }
        "anthropic" => {
            let rules = if tool["strict"] == true {
                &ANTHROPIC_STRICT
            } else {
                &LAX
            };
            let fields =
                "name description input_schema strict input_examples cache_control defer_loading";
            (fields, "input_schema", rules)
        }
        "gemini" => (
            "name description parameters response",
            "parameters",
            &GEMINI,
        ),
        "mcp" => (
            "name title description inputSchema outputSchema annotations",
            "inputSchema",
            &LAX,
        ),
        other => panic!("no rules for {other}"),
    };
    Form {
        fields,
        schema,
        rules,
    }
}

fn check_mcp(tool: &Value, found: &mut Vec<String>) {
    for hint in [
        "readOnlyHint",
        "destructiveHint",
        "idempotentHint",
        "openWorldHint",
    ] {
        if !tool["annotations"][hint].is_boolean() {
            found.push(format!("`{hint}` is not said"));
        }
    }
    if tool
        .get("outputSchema")
        .is_some_and(|schema| schema["type"] != "object")
    {
        found.push("`outputSchema` is not of an object".to_owned());
    }
}

/// The keys that are not among these words.
fn unknown<'a>(
    map: &'a Map<String, Value>,
    known: &'static str,
) -> impl Iterator<Item = &'a String> {
    map.keys()
        .filter(move |key| !known.split_whitespace().any(|word| word == *key))
}

fn is_name(name: &str) -> bool {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(tail)
}

fn is_blank(text: &Value) -> bool {
    text.as_str().is_none_or(|text| text.trim().is_empty())
}

/// What is counted over a schema, or over all strict ones of a request.
#[derive(Default)]
struct Totals {
    tools: usize,
    properties: usize,
    optional: usize,
    unions: usize,
    options: usize,
    characters: usize,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.tools += 1;
        self.optional += other.optional;
        self.unions += other.unions;
    }

    fn check_openai(&self, name: &str, found: &mut Vec<String>) {
        if self.properties > 5_000 || self.options > 1_000 || self.characters > 120_000 {
            found.push(format!(
                "`{name}`: too many properties, enum values or characters"
            ));
        }
    }

    fn check_anthropic(&self, found: &mut Vec<String>) {
        for (what, count, cap) in [
            ("strict tools", self.tools, 20),
            ("optional arguments in strict tools", self.optional, 24),
            ("unions in strict tools", self.unions, 16),
        ] {
            if count > cap {
                found.push(format!("{count} {what}, the cap is {cap}"));
            }
        }
    }
}
