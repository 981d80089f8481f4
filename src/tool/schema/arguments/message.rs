//! The parts of a message about an argument: the expected value and the sent one.

use serde_json::Value;

use super::{format, kind};

/// The names of all arguments.
pub(super) fn names(schema: &Value) -> Option<String> {
    let properties = schema.get("properties").and_then(Value::as_object)?;
    let names: Vec<_> = properties.keys().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A description of the expected value, to follow "must be" or "send".
pub(super) fn expected(schema: &Value) -> String {
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let options: Vec<_> = options
            .iter()
            .map(|option| format!("`{}`", brief(option)))
            .collect();
        return format!("one of {}", options.join(", "));
    }
    match (kind(schema), format(schema)) {
        ("string", Some("date")) => "a date such as `2026-11-23`".to_owned(),
        ("string", Some("date-time")) => "a time such as `2026-11-23T18:00:00Z`".to_owned(),
        ("string", _) => format!(
            "text{}",
            range(schema, "minLength", "maxLength", " characters")
        ),
        ("integer", _) => format!("a whole number{}", range(schema, "minimum", "maximum", "")),
        ("number", _) => format!("a number{}", range(schema, "minimum", "maximum", "")),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => format!("a list{}", range(schema, "minItems", "maxItems", " items")),
        ("object", _) => match names(schema) {
            Some(names) => format!("an object with {names}"),
            None => "an object".to_owned(),
        },
        _ => "a value".to_owned(),
    }
}

fn range(schema: &Value, least: &str, most: &str, unit: &str) -> String {
    match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => format!(" of {least} to {most}{unit}"),
        (Some(least), None) => format!(" of at least {least}{unit}"),
        (None, Some(most)) => format!(" of at most {most}{unit}"),
        (None, None) => String::new(),
    }
}

/// A value as a message quotes it: in one line, without backticks, and cut.
pub(super) fn brief(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let clean = |c: char| if c.is_control() || c == '`' { ' ' } else { c };
    let mut brief: String = text.chars().take(60).map(clean).collect();
    if text.chars().nth(60).is_some() {
        brief.push('…');
    }
    brief
}
