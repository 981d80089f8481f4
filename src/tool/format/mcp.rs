//! A tool of MCP's `tools/list`. Its schemas are plain JSON Schema 2020-12, so the canonical ones
//! are sent unchanged.

use serde_json::{Map, Value, json};

use super::Declaration;

pub(super) fn tool(tool: &Declaration<'_>) -> Value {
    let mut declared = Map::from_iter([
        ("name".to_owned(), tool.name.into()),
        ("title".to_owned(), tool.title.into()),
        ("description".to_owned(), tool.description.into()),
        ("inputSchema".to_owned(), tool.parameters.clone()),
    ]);
    if tool.result.is_object() {
        declared.insert("outputSchema".into(), tool.result.clone());
    }
    // All four are stated because the defaults are the dangerous ones. No tool here destroys data.
    let annotations = json!({
        "readOnlyHint": tool.read_only,
        "destructiveHint": false,
        "idempotentHint": tool.idempotent,
        "openWorldHint": tool.open_world,
    });
    declared.insert("annotations".into(), annotations);
    Value::Object(declared)
}
