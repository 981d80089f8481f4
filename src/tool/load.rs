//! A tool's two files made one: the words of `tools/` joined to the types of `tool/`, checked against each other once, at the
//! start.

use super::answer::Envelope;
use super::caller::{Caller, Scope, Verification};
use super::format::Declaration;
use super::{Native, schema};
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The file beside a tool: what models read and what the server enforces.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
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
    words: Words,
    /// Its arguments as a bound session sees them.
    arguments: Value,
    /// The same with `customer`, for staff.
    staff_arguments: Value,
    result: Value,
    pub(super) native: &'static Native,
}

impl Tool {
    /// Reads its words and fits them to its types.
    pub(super) fn load(native: &'static Native) -> Result<Self> {
        let words: Words = toml::from_str(native.words)
            .map_err(|error| Error::internal(format!("tools/{}.toml: {error}", native.name)))?;
        let mut arguments = (native.arguments)();
        schema::describe(&mut arguments, &words.arguments)
            .map_err(|message| Error::internal(format!("tools/{}.toml: {message}", native.name)))?;
        Ok(Self {
            name: native.name,
            staff_arguments: with_customer(&arguments),
            arguments,
            result: enveloped((native.result)()),
            words,
            native,
        })
    }

    /// The tool as the given sort of caller sees it.
    #[must_use]
    pub fn declaration(&self, names_customers: bool) -> Declaration<'_> {
        Declaration {
            name: self.name,
            title: &self.words.title,
            description: &self.words.description,
            parameters: self.parameters(names_customers),
            result: &self.result,
            read_only: self.words.read_only,
            idempotent: self.words.idempotent,
            open_world: false,
            examples: &self.words.examples,
        }
    }

    /// How sure a session must be of its customer.
    #[must_use]
    pub fn verification(&self) -> Verification {
        self.words.verification
    }

    /// Refuses a caller who may not call it.
    pub(super) fn admit(&self, caller: &Caller) -> Result<()> {
        for scope in &self.words.scopes {
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

    /// The schema of its arguments for that sort of caller.
    pub(super) fn parameters(&self, names_customers: bool) -> &Value {
        if names_customers {
            &self.staff_arguments
        } else {
            &self.arguments
        }
    }
}

/// The schema of the whole answer, around that of a tool's result.
fn enveloped(result: Value) -> Value {
    let mut envelope = schema::result::<Envelope>();
    envelope["properties"]["data"] = result;
    envelope
}

/// The arguments with `customer` in front, which only staff have.
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
