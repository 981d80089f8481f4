//! Joins the file of a tool in `tools/` with its types in `tool/`, and checks once at the start
//! that they fit.

use super::answer::Envelope;
use super::caller::{Caller, Scope, Verification};
use super::format::Declaration;
use super::{ToolDefinition, schema};
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A file in `tools/`: the descriptions for models and the limits that the server enforces.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolFile {
    title: String,
    description: String,
    scopes: Vec<Scope>,
    verification: Verification,
    read_only: bool,
    idempotent: bool,
    #[serde(default)]
    examples: Vec<Value>,
    #[serde(default)]
    arguments: BTreeMap<String, String>,
}

/// A tool, ready to be shown and called.
pub struct Tool {
    /// Its public name.
    pub name: &'static str,
    file: ToolFile,
    /// The schema of the arguments for a session.
    arguments: Value,
    /// The same with `customer`, for staff.
    staff_arguments: Value,
    result: Value,
    pub(super) definition: &'static ToolDefinition,
}

impl Tool {
    /// Reads the file and checks it against the types.
    pub(super) fn new(definition: &'static ToolDefinition) -> Result<Self> {
        let file: ToolFile = toml::from_str(definition.file)
            .map_err(|error| Error::internal(format!("tools/{}.toml: {error}", definition.name)))?;
        let mut arguments = (definition.arguments)();
        schema::describe(&mut arguments, &file.arguments).map_err(|message| {
            Error::internal(format!("tools/{}.toml: {message}", definition.name))
        })?;
        Ok(Self {
            name: definition.name,
            staff_arguments: with_customer(&arguments),
            arguments,
            result: envelope_schema((definition.result)()),
            file,
            definition,
        })
    }

    /// The declaration of the tool; staff have the `customer` argument.
    #[must_use]
    pub fn declaration(&self, names_customers: bool) -> Declaration<'_> {
        Declaration {
            name: self.name,
            title: &self.file.title,
            description: &self.file.description,
            parameters: self.parameters(names_customers),
            result: &self.result,
            read_only: self.file.read_only,
            idempotent: self.file.idempotent,
            open_world: false,
            examples: &self.file.examples,
        }
    }

    /// The verification that a session needs.
    #[must_use]
    pub fn verification(&self) -> Verification {
        self.file.verification
    }

    /// Refuses a caller without the scopes or the verification.
    pub(super) fn admit(&self, caller: &Caller) -> Result<()> {
        for scope in &self.file.scopes {
            caller.require(*scope)?;
        }
        if caller.customer.is_some() && caller.verification < self.verification() {
            let (name, needed) = (self.name, self.verification().as_str());
            let given = caller.verification.as_str();
            return Err(Error::Forbidden(format!(
                "`{name}` needs a {needed} customer, this session's is {given}; ask them to sign in"
            )));
        }
        Ok(())
    }

    /// The schema of the arguments; staff have the `customer` argument.
    pub(super) fn parameters(&self, names_customers: bool) -> &Value {
        if names_customers {
            &self.staff_arguments
        } else {
            &self.arguments
        }
    }
}

/// The schema of the envelope with the result of a tool in it.
fn envelope_schema(result: Value) -> Value {
    let mut envelope = schema::result::<Envelope>();
    envelope["properties"]["data"] = result;
    envelope
}

/// The arguments of staff, with `customer` first.
fn with_customer(arguments: &Value) -> Value {
    let mut staff = arguments.clone();
    let customer = json!({
        "type": "string",
        "description": "Whom to look up, as type:value, such as email:ada@example.com, user_id:u1 or phone:+14155550134.",
    });
    let mut properties = Map::from_iter([("customer".to_owned(), customer)]);
    if let Some(own) = arguments.get("properties").and_then(Value::as_object) {
        properties.extend(own.clone());
    }
    let mut required = vec![json!("customer")];
    required.extend(
        arguments
            .get("required")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
    );
    staff["properties"] = Value::Object(properties);
    staff["required"] = Value::Array(required);
    staff
}
