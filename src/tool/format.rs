//! The formats of model providers for tools, and the conversion of a declaration to each.
//!
//! A tool is declared once, with canonical schemas; the rules of each provider are in a file of
//! their own. The same declarations always give the same bytes, so that a provider's prompt cache
//! works.

use serde_json::{Map, Value, json};

use crate::{Error, Result};

mod anthropic;
mod gemini;
mod mcp;
mod openai;

/// The format in which a provider declares tools, calls them and takes results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's chat completions and compatible APIs.
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
    /// All formats.
    pub const ALL: [Self; 5] = [
        Self::OpenaiChat,
        Self::OpenaiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Mcp,
    ];

    /// Its name in flags and queries.
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

    /// Parses the name of a format.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a list of all formats.
    pub fn parse(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(format!("no tool format `{word}`; there are {names}"))
        })
    }
}

/// The declaration of one tool, with the fields of all formats.
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
    /// Schema of its result; null if it has none.
    pub result: &'a Value,
    /// Whether it only reads.
    pub read_only: bool,
    /// Whether a second call has no further effect.
    pub idempotent: bool,
    /// Whether it reaches beyond the workspace's own data.
    pub open_world: bool,
    /// Examples of arguments.
    pub examples: &'a [Value],
}

/// One tool in a provider's format. `strict` asks for arguments that are guaranteed to fit, if the
/// provider has such a mode.
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

/// All tools as in the provider's request, or in the answer to `tools/list`, in the given order.
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
        // Gemini refuses a wrapper without functions.
        Format::Gemini if declared.is_empty() => json!([]),
        Format::Gemini => json!([{"functionDeclarations": declared}]),
        Format::Mcp => json!({"tools": declared}),
        _ => Value::Array(declared),
    }
}

/// Moves keywords that a provider refuses to the end of the description, which the model reads.
fn describe(schema: &mut Map<String, Value>, keywords: &[&str]) {
    let mut notes = Vec::new();
    for keyword in keywords {
        match schema.shift_remove(*keyword) {
            Some(Value::String(text)) => notes.push(format!("{keyword}: {text}")),
            // An empty list is what a missing list means anyway.
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

/// Whether this property of an object is optional.
fn is_optional(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    !required.is_some_and(|names| names.iter().any(|required| required == name))
}

#[cfg(test)]
mod tests;
