//! The outcome of a call: the result, the envelope around it, or an error that a model can act on.

use crate::clock::Time;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The return value of a tool's function; the envelope goes around it.
#[derive(Debug)]
pub struct Answer {
    /// The result as JSON, in the tool's own shape.
    pub data: Arc<RawValue>,
    /// The sources of the result.
    pub sources: Arc<[String]>,
    /// Whether something was left out.
    pub truncated: bool,
    /// The cursor of the next page, if there is one.
    pub next_cursor: Option<String>,
}

/// The answer to a call, as every surface sends it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Envelope {
    /// The tool's result.
    #[schemars(with = "Value")]
    pub data: Arc<RawValue>,
    /// When it was read, RFC 3339.
    pub as_of: Time,
    /// Names of the sources that the result rests on.
    #[schemars(with = "Vec<String>")]
    pub source: Arc<[String]>,
    /// Seconds since the newest record of this customer arrived.
    pub freshness_s: i64,
    /// Whether something was left out.
    pub truncated: bool,
    /// Pass it as `cursor` to get what comes next.
    pub next_cursor: Option<String>,
    /// How to read the result.
    pub notice: &'static str,
}

/// A tool's result as JSON.
pub(super) fn data(result: &impl Serialize) -> Result<Arc<RawValue>> {
    serde_json::value::to_raw_value(result)
        .map(Arc::from)
        .map_err(|_| Error::internal("a tool's result cannot be written as JSON"))
}

/// An error as callers and models read it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorAnswer {
    error: Fault,
}

/// What went wrong and what to do about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Fault {
    /// The stable name of the error's kind.
    code: &'static str,
    /// What is wrong.
    message: String,
    /// What to do next, where the message does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

/// An error as the JSON that a model reads.
#[must_use]
pub fn error_value(error: &Error) -> Value {
    let message = if error.status() >= 500 {
        "something went wrong on our side; try again once".to_owned()
    } else {
        error.to_string()
    };
    let fault = Fault {
        code: error.code(),
        message,
        hint: error.hint(),
    };
    serde_json::to_value(ErrorAnswer { error: fault }).unwrap_or_default()
}
