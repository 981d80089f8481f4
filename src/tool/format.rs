//! The forms in which model providers want to be told of tools, and the projection of one declaration to each.
//!
//! A tool is declared once, with canonical schemas; each provider's rules are in a file of its own below. The same
//! declarations always give the same bytes, so that a provider's prompt cache keeps working.

use serde_json::{Map, Value, json};

use crate::{Error, Result};

mod anthropic;
mod gemini;
mod mcp;
mod openai;

/// A provider's way to declare tools, to call them and to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's chat completions, and everything compatible with them.
    OpenaiChat,
    /// OpenAI's Responses API.
    OpenaiResponses,
    /// Anthropic's Messages API.
    Anthropic,
    /// Google's Gemini API and Vertex AI.
    Gemini,
    /// The Model Context Protocol's `tools/list`.
    Mcp,
}

impl Format {
    /// Every format there is.
    pub const ALL: [Self; 5] = [
        Self::OpenaiChat,
        Self::OpenaiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Mcp,
    ];

    /// The word for it in flags and queries.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Mcp => "mcp",
        }
    }

    /// The format that a word names.
    ///
    /// # Errors
    /// [`Error::Invalid`] that lists the formats there are.
    pub fn parse(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(format!("no tool format `{word}`; there are {names}"))
        })
    }
}

/// Everything that any provider wants to know of one tool.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'a> {
    /// The name that the model calls, `^[a-z][a-z0-9_]{0,63}$`.
    pub name: &'a str,
    /// A short name for people.
    pub title: &'a str,
    /// When to use it, when not, and what it returns.
    pub description: &'a str,
    /// Canonical schema of its arguments.
    pub parameters: &'a Value,
    /// Schema of its result; null where there is none to tell.
    pub result: &'a Value,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// Whether calling it twice is as good as once.
    pub idempotent: bool,
    /// Whether it reaches beyond the workspace's own data.
    pub open_world: bool,
    /// Arguments as a model should send them.
    pub examples: &'a [Value],
}

/// One tool as the provider wants it; `strict` asks for arguments that are guaranteed to fit, where there is such a mode.
#[must_use]
pub fn declare(format: Format, strict: bool, tool: &Declaration<'_>) -> Value {
    match format {
        Format::OpenaiChat => openai::chat(strict, tool),
        Format::OpenaiResponses => openai::responses(strict, tool),
        Format::Anthropic => anthropic::Caps::default().tool(strict, tool),
        Format::Gemini => gemini::function(tool),
        Format::Mcp => mcp::tool(tool),
    }
}

/// All tools as they stand in the provider's request, or in the answer to `tools/list`, in the order given.
#[must_use]
pub fn catalogue(format: Format, strict: bool, tools: &[Declaration<'_>]) -> Value {
    if format == Format::Anthropic {
        let mut caps = anthropic::Caps::default();
        return tools.iter().map(|tool| caps.tool(strict, tool)).collect();
    }
    let declared: Vec<_> = tools
        .iter()
        .map(|tool| declare(format, strict, tool))
        .collect();
    match format {
        // a wrapper without functions in it is an error there
        Format::Gemini if declared.is_empty() => json!([]),
        Format::Gemini => json!([{"functionDeclarations": declared}]),
        Format::Mcp => json!({"tools": declared}),
        _ => Value::Array(declared),
    }
}

/// Moves keywords that a provider refuses to the end of the description, where the model still reads them.
fn describe(schema: &mut Map<String, Value>, keywords: &[&str]) {
    let mut notes = Vec::new();
    for keyword in keywords {
        match schema.shift_remove(*keyword) {
            Some(Value::String(text)) => notes.push(format!("{keyword}: {text}")),
            // an empty list as the default of a list is what leaving it out means anyway
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(value) => notes.push(format!("{keyword}: {value}")),
            None => {}
        }
    }
    if notes.is_empty() {
        return;
    }
    let own = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or("");
    let text = format!("{own} ({})", notes.join(", "));
    schema.insert("description".into(), text.trim_start().into());
}

/// Whether an object's schema lets this property be left out.
fn is_optional(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    !required.is_some_and(|names| names.iter().any(|required| required == name))
}

#[cfg(test)]
mod tests;
