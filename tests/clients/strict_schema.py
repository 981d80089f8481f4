"""What OpenAI documents for the tools of a request: names, lengths, and the JSON Schema subset of strict mode."""

import re

FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
KEYWORDS = {
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "pattern",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
}
MAX_DEPTH, MAX_PROPERTIES, MAX_ENUM_VALUES, MAX_CHARACTERS = 10, 5_000, 1_000, 120_000


class Refused(Exception):
    """The API would answer 400 with this message."""


def refuse_unless(condition, message):
    if not condition:
        raise Refused(message)


def check_function(function):
    """One function's `name`, `description`, `parameters` and `strict`."""
    name = function.get("name", "")
    refuse_unless(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name), f"Invalid function name '{name}'")
    refuse_unless(0 < len(function.get("description", "")) <= 1024, f"'{name}': description of 1 to 1024 characters")
    # Chat completions take a missing `strict` as false and Responses take it as true, so it must be said.
    refuse_unless(isinstance(function.get("strict"), bool), f"'{name}': `strict` is not set")
    schema = function.get("parameters", {})
    refuse_unless(schema.get("type") == "object", f"'{name}': parameters are not of type object")
    refuse_unless("anyOf" not in schema, f"'{name}': anyOf at the root")
    if function["strict"]:
        check_strict(name, schema)


def check_strict(name, schema):
    counts = {"properties": 0, "enum": 0, "characters": 0}
    check_schema(schema, f"'{name}'", 1, counts)
    refuse_unless(counts["properties"] <= MAX_PROPERTIES, f"'{name}': too many properties")
    refuse_unless(counts["enum"] <= MAX_ENUM_VALUES, f"'{name}': too many enum values")
    refuse_unless(counts["characters"] <= MAX_CHARACTERS, f"'{name}': names and enum values are too long")


def check_schema(schema, at, depth, counts):
    refuse_unless(isinstance(schema, dict) and schema, f"{at}: an empty or boolean schema")
    refuse_unless(depth <= MAX_DEPTH, f"{at}: more than {MAX_DEPTH} levels")
    unknown = set(schema) - KEYWORDS
    refuse_unless(not unknown, f"{at}: {sorted(unknown)} is not permitted")
    refuse_unless({"type", "anyOf", "enum", "const", "$ref"} & set(schema), f"{at}: a schema must have a 'type' key")
    refuse_unless(schema.get("format", "date") in FORMATS, f"{at}: format {schema.get('format')!r}")
    values = schema.get("enum", []) + [schema[key] for key in ("const",) if key in schema]
    counts["enum"] += len(values)
    properties = schema.get("properties", {})
    counts["properties"] += len(properties)
    counts["characters"] += sum(len(str(text)) for text in [*values, *properties, *schema.get("$defs", {})])
    if "object" in types(schema):
        refuse_unless(schema.get("additionalProperties") is False, f"{at}: 'additionalProperties' must be false")
        missing = set(properties) ^ set(schema.get("required", []))
        refuse_unless(not missing, f"{at}: 'required' must name every property; differs in {sorted(missing)}")
    if "array" in types(schema):
        refuse_unless("items" in schema, f"{at}: an array without items")
        check_schema(schema["items"], f"{at}[]", depth + 1, counts)
    for key, inner in [*properties.items(), *schema.get("$defs", {}).items()]:
        check_schema(inner, f"{at}.{key}", depth + 1, counts)
    for inner in schema.get("anyOf", []):
        check_schema(inner, at, depth, counts)


def types(schema):
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else named


def arguments_for(schema):
    """Arguments as a model in strict mode gives them: every required one, null where nothing was said."""
    properties = schema.get("properties", {})
    return {name: value_for(properties[name]) for name in schema.get("required", [])}


def value_for(schema):
    options = schema.get("anyOf", [schema])
    if schema.get("nullable") or any("null" in types(option) for option in options):
        return None
    first = options[0]
    if "enum" in first:
        return first["enum"][0]
    if "const" in first:
        return first["const"]
    plain = {"string": "order", "boolean": False, "array": [], "object": {}}
    return plain.get(types(first)[0], first.get("minimum", 1))
