//! Schemas without a Rust type: Segment's calls, which are read field by field, and records of
//! other systems.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

/// The schema of a type with everything inline, for a query.
pub(super) fn inline<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// One call of Segment's spec, whose kind is in the path.
pub(super) fn call(schemas: &mut SchemaGenerator) -> Schema {
    named(schemas, "Call", call_schema())
}

/// A batch of calls.
pub(super) fn batch(schemas: &mut SchemaGenerator) -> Schema {
    let call = call(schemas);
    let batch = json_schema!({
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "items": call, "description": "The calls, each with its `type`."},
            "writeKey": {"type": "string", "description": "The write key, where it is not in Basic authorization."},
            "sentAt": time("When it was sent by the sender's clock; a difference to ours corrects the calls' times."),
            "context": {"type": "object", "description": "Goes under each call's own context."},
        },
    });
    named(schemas, "CallBatch", batch)
}

fn named(schemas: &mut SchemaGenerator, name: &str, schema: Schema) -> Schema {
    schemas
        .definitions_mut()
        .insert(name.to_owned(), schema.to_value());
    json_schema!({"$ref": format!("#/components/schemas/{name}")})
}

fn call_schema() -> Schema {
    let id = |words: &str| json!({"type": "string", "description": words});
    json_schema!({
        "type": "object",
        "description": "A call of Segment's spec. It needs `userId` or `anonymousId`.",
        "properties": {
            "type": {"type": "string", "enum": ["identify", "track", "page", "screen", "group", "alias"], "description": "Needed in a batch."},
            "messageId": id("The sender's id of the call; the same one twice is the same call."),
            "userId": id("The company's id of the customer."),
            "anonymousId": id("The visitor's id before they are known."),
            "previousId": id("alias: the id they had before."),
            "groupId": id("group: the account they belong to."),
            "event": id("track: what happened, such as Order Completed."),
            "name": id("page, screen: its name."),
            "category": id("page, screen: its category."),
            "timestamp": time("When it happened; when it arrived, where it is left out."),
            "traits": {"type": "object", "description": "identify, group: what is known of them."},
            "properties": {"type": "object", "description": "track, page, screen: what belongs to it, such as order_id and total."},
            "context": {"type": "object", "description": "Where it happened; `context.traits` are read too."},
        },
    })
}

fn time(words: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": words})
}

/// Any object.
pub(super) fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

/// A record of another system.
pub(super) fn object_in(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "description": "As the other system sends it."})
}

/// The rules of identity.
pub(super) fn rules(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "description": "The rules, in TOML."})
}

/// The answer of a model.
pub(super) fn provider_calls(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["object", "array"],
        "description": "What the model answered, whole or only its message: OpenAI's chat or Responses, Anthropic's or Gemini's form. `format` may name it.",
    })
}

/// The input of a provider.
pub(super) fn provider(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["object", "array"], "description": "In the provider's own form."})
}

/// The profile as staff see it.
pub(super) fn profile(schemas: &mut SchemaGenerator) -> Schema {
    let list =
        |words: &str| json!({"type": "array", "items": {"type": "object"}, "description": words});
    let map = |words: &str| json!({"type": "object", "additionalProperties": {"type": "object"}, "description": words});
    let part = |words: &str| json!({"type": "object", "description": words});
    let claim = json!({
        "type": "object",
        "properties": {
            "value": {"description": "What was stated; null says that it was removed."},
            "at": {"type": "string", "format": "date-time", "description": "When it was stated last."},
            "source": {"type": "string", "description": "Who stated it."},
            "event": {"type": "string", "description": "The event that did."},
            "verified": {"type": "boolean", "description": "True where the source has checked the value."},
        },
        "required": ["value", "at", "source", "event"],
    });
    let profile = json_schema!({
        "type": "object",
        "description": "Everything known of one customer. Times are RFC 3339, money is in minor units.",
        "properties": {
            "id": {"type": "string", "description": "The id of its oldest link."},
            "identifiers": list("What leads to this customer, and since when."),
            "traits": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": claim},
                "description": "What the sources say of each trait, by name: the claim that wins first, then the others, newest first.",
            },
            "purchases": part("Orders and what they add up to."),
            "tickets": part("Support tickets."),
            "recent": list("The newest events, newest first."),
            "accounts": map("Companies or teams they belong to, by group id."),
            "consents": map("What they agreed to or refused, by category or channel."),
            "sources": map("What came from each source, by name."),
            "seen": part("How many events came in all, and when."),
        },
    });
    named(schemas, "Profile", profile)
}

/// The query of a pixel.
pub(super) fn pixel_query() -> Value {
    json!({"properties": {
        "data": {"type": "string", "description": "The call as JSON in base64; without it the query's pairs are the call's fields."},
        "writeKey": {"type": "string", "description": "The write key, where `data` has none."},
    }})
}

/// The write key in a query.
pub(super) fn write_key_query() -> Value {
    json!({"properties": {"writeKey": {"type": "string", "description": "The write key, where it is not in Basic authorization."}}})
}
