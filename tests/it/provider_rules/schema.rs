//! What each provider allows in the schema of a tool's arguments, and the walk that checks it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Totals, is_blank, unknown};

/// What one provider allows in the schema of a tool's arguments.
pub(super) struct Rules {
    /// Keywords that are read; any other is an error there. Empty: every keyword of JSON Schema.
    keywords: &'static str,
    /// Formats that a string may have. Empty: any.
    formats: &'static str,
    /// Every object says `additionalProperties: false`.
    closed: bool,
    /// Every property is in `required`.
    all_required: bool,
    /// `type` is one word, and never null.
    no_null: bool,
    /// The largest `minItems`.
    min_items: u64,
}

pub(super) const LAX: Rules = Rules {
    keywords: "",
    formats: "",
    closed: false,
    all_required: false,
    no_null: false,
    min_items: u64::MAX,
};

/// developers.openai.com, structured outputs, supported schemas.
pub(super) const OPENAI_STRICT: Rules = Rules {
    keywords: "type description properties required additionalProperties items enum pub(super) const anyOf \
        $ref $defs pattern format multipleOf minimum maximum exclusiveMinimum \
        exclusiveMaximum minItems maxItems",
    formats: "date-time time date duration email hostname ipv4 ipv6 uuid",
    closed: true,
    all_required: true,
    ..LAX
};

/// Anthropic's structured outputs, JSON Schema limitations.
pub(super) const ANTHROPIC_STRICT: Rules = Rules {
    keywords: "type description properties required additionalProperties items enum pub(super) const anyOf \
        allOf $ref $defs format minItems",
    formats: "date-time time date duration email hostname uri ipv4 ipv6 uuid",
    closed: true,
    min_items: 1,
    ..LAX
};

/// The `Schema` message of the Gemini API.
pub(super) const GEMINI: Rules = Rules {
    keywords: "type description properties required items enum anyOf format nullable minimum \
        maximum minLength maxLength minItems maxItems pattern propertyOrdering",
    formats: "date-time enum",
    no_null: true,
    ..LAX
};

/// What a tool's schema counts for, after all that is wrong with it has been said.
pub(super) fn count(
    rules: &'static Rules,
    schema: &Value,
    name: &str,
    found: &mut Vec<String>,
) -> Totals {
    let mut totals = Totals::default();
    let mut walk = Schema {
        rules,
        found,
        totals: &mut totals,
    };
    walk.node(schema, name, 1);
    totals
}

/// One walk over a schema.
struct Schema<'a> {
    rules: &'static Rules,
    found: &'a mut Vec<String>,
    totals: &'a mut Totals,
}

impl Schema<'_> {
    fn say(&mut self, path: &str, what: &str) {
        self.found.push(format!("`{path}`: {what}"));
    }

    fn node(&mut self, schema: &Value, path: &str, depth: usize) {
        let Some(map) = schema.as_object() else {
            return self.say(path, "not a schema");
        };
        if depth > 10 {
            self.say(path, "nested deeper than 10 levels");
        }
        if !self.rules.keywords.is_empty() {
            for keyword in unknown(map, self.rules.keywords) {
                self.say(path, &format!("`{keyword}` is not supported"));
            }
        }
        self.types(map, path);
        self.words(map, path);
        if map
            .get("type")
            .is_some_and(|kind| names(kind).any(|kind| kind == "object"))
        {
            self.object(map, path, depth);
        }
        if map.get("minItems").and_then(Value::as_u64) > Some(self.rules.min_items) {
            self.say(path, "`minItems` is too large");
        }
        if let Some(items) = map.get("items") {
            self.node(items, &format!("{path}[]"), depth + 1);
        }
        for branch in map
            .get("anyOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.node(branch, path, depth + 1);
        }
    }

    fn types(&mut self, map: &Map<String, Value>, path: &str) {
        const KINDS: [&str; 7] = [
            "string", "number", "integer", "boolean", "object", "array", "null",
        ];
        let kind = map.get("type").unwrap_or(&Value::Null);
        let kinds: Vec<_> = names(kind).collect();
        if map.contains_key("anyOf") || kind.is_array() {
            self.totals.unions += 1;
        } else if kinds.is_empty() {
            self.say(path, "neither `type` nor `anyOf`");
        }
        if kinds.iter().any(|kind| !KINDS.contains(kind)) {
            self.say(path, "an unknown type");
        }
        if self.rules.no_null && (kind.is_array() || kinds.contains(&"null")) {
            self.say(path, "null or a list as the type");
        }
        if kinds.contains(&"array") && !map.contains_key("items") {
            self.say(path, "a list without `items`");
        }
        if let Some(format) = map.get("format").and_then(Value::as_str)
            && !self.rules.formats.is_empty()
            && !self
                .rules
                .formats
                .split_whitespace()
                .any(|known| known == format)
        {
            self.say(path, &format!("the format `{format}` is not supported"));
        }
    }

    fn words(&mut self, map: &Map<String, Value>, path: &str) {
        let Some(options) = map.get("enum") else {
            return;
        };
        let options: Vec<_> = names(options).collect();
        let characters: usize = options.iter().map(|option| option.len()).sum();
        self.totals.options += options.len();
        self.totals.characters += characters;
        if options.is_empty()
            || names(&map["enum"]).count() != map["enum"].as_array().map_or(0, Vec::len)
        {
            self.say(path, "an enum of something else than strings");
        }
        if map.get("type").is_none_or(|kind| kind != "string") {
            self.say(path, "an enum that is not of type string");
        }
        if options.len() > 250 && characters > 15_000 {
            self.say(path, "an enum that is too large");
        }
    }

    fn object(&mut self, map: &Map<String, Value>, path: &str, depth: usize) {
        let empty = Map::new();
        let properties = map
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let required: BTreeSet<_> = map.get("required").into_iter().flat_map(names).collect();
        if self.rules.closed && map.get("additionalProperties") != Some(&Value::Bool(false)) {
            self.say(path, "`additionalProperties` is not false");
        }
        if map
            .get("additionalProperties")
            .is_some_and(Value::is_object)
        {
            self.say(path, "a map");
        }
        if self.rules.no_null && properties.is_empty() {
            self.say(path, "an object without properties");
        }
        if self.rules.all_required
            && !properties
                .keys()
                .all(|name| required.contains(name.as_str()))
        {
            self.say(path, "a property that is not required");
        }
        let ordering = map.get("propertyOrdering").into_iter().flat_map(names);
        if ordering
            .chain(required.iter().copied())
            .any(|name| !properties.contains_key(name))
        {
            self.say(
                path,
                "a name that is no property in `required` or `propertyOrdering`",
            );
        }
        for (name, property) in properties {
            let path = format!("{path}.{name}");
            self.totals.properties += 1;
            self.totals.characters += name.len();
            self.totals.optional += usize::from(!required.contains(name.as_str()));
            // the tag of a union has one value, which says it all
            let is_tag = property["enum"]
                .as_array()
                .is_some_and(|options| options.len() == 1);
            if is_blank(&property["description"]) && !is_tag {
                self.say(&path, "no description");
            }
            self.node(property, &path, depth + 1);
        }
    }
}

/// A word, or each word of a list of them.
fn names(value: &Value) -> impl Iterator<Item = &str> {
    let list = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}
