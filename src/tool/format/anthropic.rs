//! Anthropic's format of a tool, and the limits of its strict mode, which apply to the whole
//! request.
//!
//! OpenAI wants every argument required and nullable; Claude works better with optional arguments.
//! A request above one of the limits is refused as a whole, so tools are strict in the order of the
//! catalogue as long as they fit.

use serde_json::{Map, Value};

use super::{Declaration, describe, is_optional};
use crate::tool::schema::{validate, walk};

/// Canonical keywords that strict mode refuses, besides a `minItems` above 1.
const REFUSED: [&str; 6] = [
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "maxItems",
];

/// The rest of the limits for strict tools in a request.
#[derive(Clone, Copy)]
pub(super) struct Caps {
    tools: usize,
    optional: usize,
    unions: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            tools: 20,
            optional: 24,
            unions: 16,
        }
    }
}

impl Caps {
    /// The next tool of a request: strict if wanted, and if it fits into the limits.
    pub(super) fn tool(&mut self, strict: bool, tool: &Declaration<'_>) -> Value {
        let mut schema = tool.parameters.clone();
        let strict = strict && self.take(&mut schema);
        if strict {
            walk(&mut schema, &mut restrict);
        }
        let mut declared = Map::from_iter([
            ("name".to_owned(), tool.name.into()),
            ("description".to_owned(), tool.description.into()),
            ("input_schema".to_owned(), schema),
        ]);
        if strict {
            declared.insert("strict".into(), true.into());
        }
        // The provider refuses a request with an example that does not fit the schema, such as one
        // without the `customer` argument of staff.
        let fits = |example: &&Value| validate(tool.parameters, (*example).clone()).is_ok();
        let examples: Vec<_> = tool.examples.iter().filter(fits).cloned().collect();
        if !examples.is_empty() {
            declared.insert("input_examples".into(), examples.into());
        }
        Value::Object(declared)
    }

    /// Takes what a schema needs from the limits, or nothing if it does not fit.
    fn take(&mut self, schema: &mut Value) -> bool {
        let (mut optional, mut unions) = (0, 0);
        walk(schema, &mut |node| {
            let properties = node.get("properties").and_then(Value::as_object);
            let names = properties.into_iter().flat_map(Map::keys);
            optional += names.filter(|name| is_optional(node, name)).count();
            unions += usize::from(node.contains_key("anyOf"));
        });
        let left = |cap: usize, used: usize| cap.checked_sub(used);
        let rest = (
            left(self.tools, 1),
            left(self.optional, optional),
            left(self.unions, unions),
        );
        let (Some(tools), Some(optional), Some(unions)) = rest else {
            return false;
        };
        *self = Self {
            tools,
            optional,
            unions,
        };
        true
    }
}

fn restrict(schema: &mut Map<String, Value>) {
    describe(schema, &REFUSED);
    if schema
        .get("minItems")
        .and_then(Value::as_u64)
        .is_some_and(|least| least > 1)
    {
        describe(schema, &["minItems"]);
    }
}
