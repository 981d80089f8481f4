//! Checks the arguments of a call against the canonical schema, as leniently as is safe.
//!
//! Models send numbers as strings, null for missing values and words in the wrong case. A value
//! with one clear meaning is accepted and converted to its canonical form. All other problems are
//! reported to the model in one message, because every further round costs a turn.

use serde_json::{Map, Number, Value};

use crate::clock::parse_time;

mod message;

use message::{brief, expected, names};

/// The largest magnitude up to which a float holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The arguments in canonical form: in the schema's order, defaults filled in, nulls left out.
///
/// # Errors
/// The changes that the model should make: one sentence for each problem, joined by `; `.
pub fn validate(schema: &Value, arguments: Value) -> Result<Value, String> {
    let arguments = match unquoted(arguments) {
        Value::Null => Map::new(),
        Value::String(text) if text.trim().is_empty() => Map::new(),
        Value::Object(map) => map,
        other => {
            let names = names(schema).unwrap_or_else(|| "none".to_owned());
            let got = brief(&other);
            return Err(format!(
                "the arguments must be one JSON object (its fields: {names}), not `{got}`"
            ));
        }
    };
    let mut check = Check::default();
    let checked = check.object(schema, arguments, "");
    if check.problems.is_empty() {
        Ok(Value::Object(checked))
    } else {
        Err(check.problems.join("; "))
    }
}

/// The problems so far. A wrong value is passed on unchanged.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn value(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
            return self.any(branches, value, path);
        }
        let checked = match kind(schema) {
            "string" => text(schema, &value),
            "integer" | "number" => number(schema, &value),
            "boolean" => truth(&value),
            "array" => return self.list(schema, value, path),
            "object" => {
                return match unquoted(value) {
                    Value::Object(map) => Value::Object(self.object(schema, map, path)),
                    other => self.refuse(schema, other, path),
                };
            }
            _ => Some(value.clone()),
        };
        match checked {
            Some(checked) => checked,
            None => self.refuse(schema, value, path),
        }
    }

    fn refuse(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let (expected, got) = (expected(schema), brief(&value));
        self.problems
            .push(format!("`{path}` must be {expected}, not `{got}`"));
        value
    }

    /// The first branch that fits; branches of the value's own type come first. If none fits,
    /// reports the problems of the first branch.
    fn any(&mut self, branches: &[Value], value: Value, path: &str) -> Value {
        let (natural, other): (Vec<_>, Vec<_>) = branches
            .iter()
            .partition(|branch| is_natural(kind(branch), &value));
        let mut likeliest: Option<Self> = None;
        for branch in natural.into_iter().chain(other) {
            let mut attempt = Self::default();
            let checked = attempt.value(branch, value.clone(), path);
            if attempt.problems.is_empty() {
                return checked;
            }
            likeliest.get_or_insert(attempt);
        }
        self.problems.extend(likeliest.unwrap_or_default().problems);
        value
    }

    fn list(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let item = schema.get("items").unwrap_or(&Value::Null);
        let items = match unquoted(value) {
            Value::Array(items) => items,
            // A single value means a list of one.
            single if !single.is_null() && is_natural(kind(item), &single) => vec![single],
            other => return self.refuse(schema, other, path),
        };
        if !within(schema, "minItems", "maxItems", items.len()) {
            let (expected, count) = (expected(schema), items.len());
            self.problems
                .push(format!("`{path}` must be {expected}, not {count} of them"));
            return Value::Array(items);
        }
        let items = items.into_iter().enumerate();
        Value::Array(
            items
                .map(|(i, value)| self.value(item, value, &format!("{path}[{i}]")))
                .collect(),
        )
    }

    fn object(
        &mut self,
        schema: &Value,
        mut given: Map<String, Value>,
        path: &str,
    ) -> Map<String, Value> {
        let mut checked = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let needed = requires(schema, name);
            let path = join(path, name);
            match given
                .shift_remove(name)
                .filter(|value| !is_absent(value, needed))
            {
                Some(value) => {
                    checked.insert(name.clone(), self.value(property, value, &path));
                }
                None if needed => {
                    let expected = expected(property);
                    self.problems
                        .push(format!("`{path}` is missing: send {expected}"));
                }
                None => {
                    if let Some(default) = property.get("default") {
                        checked.insert(name.clone(), default.clone());
                    }
                }
            }
        }
        if !given.is_empty() {
            let unknown = given
                .keys()
                .map(|name| format!("`{}`", join(path, name)))
                .collect::<Vec<_>>()
                .join(", ");
            self.problems.push(match names(schema) {
                Some(names) => {
                    format!("{unknown} is not known here: leave it out or use one of {names}")
                }
                None => format!("{unknown} is not known here: there are no arguments, send `{{}}`"),
            });
        }
        checked
    }
}

/// Null is absent, and so is an empty string for an optional argument.
fn is_absent(value: &Value, needed: bool) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => !needed && text.trim().is_empty(),
        _ => false,
    }
}

/// Parses a list or object that was sent as JSON text; other values are unchanged.
fn unquoted(value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    if !text.trim_start().starts_with(['{', '[']) {
        return value;
    }
    serde_json::from_str(text).unwrap_or(value)
}

fn text(schema: &Value, value: &Value) -> Option<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => whole(number).as_ref().unwrap_or(number).to_string(),
        _ => return None,
    };
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let wanted = text.trim().to_lowercase();
        let fits = |option: &&Value| {
            option
                .as_str()
                .is_some_and(|option| option.to_lowercase() == wanted)
        };
        return options.iter().find(fits).cloned();
    }
    if matches!(format(schema), Some("date" | "date-time")) {
        return parse_time(&text).map(|_| text.trim().into());
    }
    within(schema, "minLength", "maxLength", text.chars().count()).then(|| text.into())
}

fn number(schema: &Value, value: &Value) -> Option<Value> {
    let sent = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let number = match whole(&sent) {
        Some(whole) => whole,
        None if kind(schema) == "integer" => return None,
        None => sent,
    };
    let (at, bound) = (number.as_f64()?, |keyword| {
        schema.get(keyword).and_then(Value::as_f64)
    });
    let inside = bound("minimum").is_none_or(|min| at >= min)
        && bound("maximum").is_none_or(|max| at <= max);
    inside.then_some(Value::Number(number))
}

/// The integer of a number, also if it is written `5.0`.
fn whole(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let at = number.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be an integer that fits"
    )]
    (at.fract() == 0.0 && at.abs() <= EXACT).then(|| Number::from(at as i64))
}

fn truth(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

fn within(schema: &Value, least: &str, most: &str, count: usize) -> bool {
    let bound = |keyword| schema.get(keyword).and_then(Value::as_u64);
    let count = count as u64;
    bound(least).is_none_or(|least| count >= least) && bound(most).is_none_or(|most| count <= most)
}

fn kind(schema: &Value) -> &str {
    schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn format(schema: &Value) -> Option<&str> {
    schema.get("format").and_then(Value::as_str)
}

fn is_natural(kind: &str, value: &Value) -> bool {
    match value {
        Value::String(_) => kind == "string",
        Value::Number(number) => kind == "number" || (kind == "integer" && whole(number).is_some()),
        Value::Bool(_) => kind == "boolean",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
        Value::Null => false,
    }
}

fn requires(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests;
