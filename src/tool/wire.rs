//! Tool calls in the formats of model providers, and their results in the same formats.
//!
//! A client sends the model's answer as it is: one message, the list of messages or the whole
//! response body. The format is recognised by the fields.

use serde_json::{Map, Value, json};

use super::format::Format;
use crate::{Error, Result};

/// The most calls of one request.
pub const MAX_CALLS: usize = 32;

/// One tool call of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The provider's id of the call; empty if there is none.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments. Text that is not JSON stays a string, and [`super::schema::validate`] tells
    /// the model.
    pub arguments: Value,
}

/// The calls in a model's answer, and their format.
///
/// # Errors
/// [`Error::Invalid`] if there is no call, if there are more than [`MAX_CALLS`], if a call has no
/// name, or if the format is not the one in the `format` field.
pub fn read(body: &Value) -> Result<(Format, Vec<ToolCall>)> {
    let wanted = match body.get("format").and_then(Value::as_str) {
        Some(word) => Some(Format::parse(word)?),
        None => None,
    };
    let (format, calls) = find(body).ok_or_else(|| Error::invalid(EXPECTED))?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != format) {
        let (wanted, format) = (wanted.as_str(), format.as_str());
        return Err(Error::invalid(format!(
            "`format` says `{wanted}`, but the calls are in `{format}`"
        )));
    }
    if calls.len() > MAX_CALLS {
        let count = calls.len();
        return Err(Error::invalid(format!(
            "{count} tool calls at once; send at most {MAX_CALLS}"
        )));
    }
    if calls.iter().any(|call| call.name.is_empty()) {
        return Err(Error::invalid(
            "a tool call without a name; send the calls as the model made them",
        ));
    }
    Ok((format, calls))
}

const EXPECTED: &str = "no tool calls in the body; send what the model answered: an assistant message with `tool_calls` \
    (openai-chat), `output` with `function_call` items (openai-responses), `content` with `tool_use` blocks (anthropic) \
    or `parts` with `functionCall` (gemini)";

/// The format and the calls; the list is never empty.
type FoundCalls = Option<(Format, Vec<ToolCall>)>;

fn find(body: &Value) -> FoundCalls {
    match body {
        Value::Array(items) => in_items(items).or_else(|| last_turn(items)),
        Value::Object(map) => in_message(map).or_else(|| in_items(std::slice::from_ref(body))),
        _ => None,
    }
}

/// Searches the message itself, then the wrappers around it.
fn in_message(map: &Map<String, Value>) -> FoundCalls {
    if let Some(Value::Array(calls)) = map.get("tool_calls") {
        return some(Format::OpenaiChat, calls.iter().filter_map(chat));
    }
    for list in ["choices", "candidates"] {
        if let Some(Value::Array(items)) = map.get(list) {
            return items.first().and_then(find);
        }
    }
    for wrapper in [
        "message", "messages", "response", "output", "content", "contents", "parts",
    ] {
        if let Some(found) = map.get(wrapper).and_then(find) {
            return Some(found);
        }
    }
    None
}

/// The calls that are items of a list.
fn in_items(items: &[Value]) -> FoundCalls {
    let answered = |call: &ToolCall| {
        let is_answer = |item: &&Value| item["type"] == "function_call_output";
        items
            .iter()
            .filter(is_answer)
            .any(|item| item["call_id"] == call.id.as_str())
    };
    let responses = items
        .iter()
        .filter_map(response)
        .filter(|call| !answered(call));
    some(Format::OpenaiResponses, responses)
        .or_else(|| some(Format::Anthropic, items.iter().filter_map(block)))
        .or_else(|| some(Format::Gemini, items.iter().filter_map(part)))
        .or_else(|| some(Format::OpenaiChat, items.iter().filter_map(chat)))
}

/// The calls of the last message that a model wrote.
fn last_turn(messages: &[Value]) -> FoundCalls {
    let speaks = |message: &&Value| matches!(message["role"].as_str(), Some("assistant" | "model"));
    messages.iter().rfind(speaks).and_then(find)
}

fn some(format: Format, calls: impl Iterator<Item = ToolCall>) -> FoundCalls {
    let calls: Vec<_> = calls.collect();
    (!calls.is_empty()).then_some((format, calls))
}

fn chat(call: &Value) -> Option<ToolCall> {
    let function = call.get("function")?;
    Some(one(&call["id"], function, "arguments"))
}

fn response(item: &Value) -> Option<ToolCall> {
    (item["type"] == "function_call").then(|| one(&item["call_id"], item, "arguments"))
}

fn block(block: &Value) -> Option<ToolCall> {
    (block["type"] == "tool_use").then(|| one(&block["id"], block, "input"))
}

fn part(part: &Value) -> Option<ToolCall> {
    let call = part
        .get("functionCall")
        .or_else(|| part.get("function_call"))?;
    call.is_object().then(|| one(&call["id"], call, "args"))
}

fn one(id: &Value, call: &Value, arguments: &str) -> ToolCall {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ToolCall {
        id: text(id),
        name: text(&call["name"]),
        arguments: match call.get(arguments) {
            Some(Value::String(json)) => parsed(json),
            Some(Value::Null) | None => json!({}),
            Some(value) => value.clone(),
        },
    }
}

/// Broken JSON becomes a string, so the check of the arguments reports it like any other mistake.
fn parsed(arguments: &str) -> Value {
    if arguments.trim().is_empty() {
        return json!({});
    }
    serde_json::from_str(arguments).unwrap_or_else(|_| arguments.into())
}

/// The results of calls in the provider's format. Each has its envelope or error, and whether it is
/// an error.
#[must_use]
pub fn answer(format: Format, results: &[(ToolCall, Value, bool)]) -> Value {
    let each = results.iter();
    match format {
        Format::OpenaiChat => each
            .map(|(call, result, _)| json!({"role": "tool", "tool_call_id": call.id, "content": result.to_string()}))
            .collect(),
        Format::OpenaiResponses => each
            .map(|(call, result, _)| {
                json!({"type": "function_call_output", "call_id": call.id, "output": result.to_string()})
            })
            .collect(),
        // All results must be in one message, or Anthropic refuses the next request.
        Format::Anthropic => {
            let content: Vec<_> = each.map(|(call, result, failed)| tool_result(call, result, *failed)).collect();
            json!({"role": "user", "content": content})
        }
        Format::Gemini => {
            let parts: Vec<_> = each.map(|(call, result, failed)| function_response(call, result, *failed)).collect();
            json!({"role": "user", "parts": parts})
        }
        Format::Mcp => each.map(|(_, result, failed)| call_result(result, *failed)).collect(),
    }
}

fn tool_result(call: &ToolCall, result: &Value, failed: bool) -> Value {
    let mut block =
        json!({"type": "tool_result", "tool_use_id": call.id, "content": result.to_string()});
    if failed {
        block["is_error"] = true.into();
    }
    block
}

fn function_response(call: &ToolCall, result: &Value, failed: bool) -> Value {
    let mut response = Map::new();
    if !call.id.is_empty() {
        response.insert("id".into(), call.id.as_str().into());
    }
    response.insert("name".into(), call.name.as_str().into());
    let key = if failed { "error" } else { "output" };
    let object = if result.is_object() {
        result.clone()
    } else {
        json!({ key: result })
    };
    response.insert("response".into(), object);
    json!({"functionResponse": response})
}

/// One result of MCP's `tools/call`. An error has no structured content: clients check that against
/// the `outputSchema` even for an error, and would throw instead of showing it
/// (modelcontextprotocol/typescript-sdk#1943).
fn call_result(result: &Value, failed: bool) -> Value {
    let mut answer = json!({"content": [{"type": "text", "text": result.to_string()}]});
    if !failed {
        answer["structuredContent"] = result.clone();
    }
    answer["isError"] = failed.into();
    answer
}

#[cfg(test)]
mod tests;
