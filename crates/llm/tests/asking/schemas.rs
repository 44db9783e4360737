//! Schemas in the subset that all servers take.

use automcu_llm::strict;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

#[test]
fn each_keyword_becomes_what_all_servers_take() {
    let closed = |properties: Value, required: Value| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    for (given, expected) in [
        (json!(true), json!(true)),
        (
            json!({ "type": "integer", "format": "uint8", "minimum": 0, "default": 3 }),
            json!({ "type": "integer", "minimum": 0 }),
        ),
        (json!({ "const": "conv" }), json!({ "enum": ["conv"], "type": "string" })),
        (
            json!({ "type": "string", "const": "conv", "description": "d" }),
            json!({ "type": "string", "description": "d", "enum": ["conv"] }),
        ),
        (json!({ "enum": [1, 2] }), json!({ "enum": [1, 2], "type": "integer" })),
        (json!({ "enum": [1, "a"] }), json!({ "enum": [1, "a"] })),
        (
            json!({ "oneOf": [{ "const": "a", "description": "d", "type": "string" }, { "enum": ["b", "c"], "type": "string" }] }),
            json!({ "enum": ["a", "b", "c"], "type": "string" }),
        ),
        (
            json!({ "oneOf": [{ "type": "object", "properties": { "op": { "const": "a" } } }, { "type": "null" }] }),
            json!({ "anyOf": [closed(json!({ "op": { "enum": ["a"], "type": "string" } }), json!(["op"])), { "type": "null" }] }),
        ),
        (json!({ "type": "object" }), closed(json!({}), json!([]))),
        (
            json!({ "type": "object", "properties": { "title": { "type": "string", "title": "T" }, "n": { "type": ["integer", "null"] } } }),
            closed(
                json!({ "title": { "type": "string" }, "n": { "type": ["integer", "null"] } }),
                json!(["title", "n"]),
            ),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "additionalProperties": false, "properties": {}, "required": [] }),
        ),
        (json!({ "$ref": "#/$defs/A", "description": "d" }), json!({ "$ref": "#/$defs/A" })),
        (
            json!({ "$ref": "#/$defs/A", "$defs": { "A": { "type": "object", "properties": { "a": { "$ref": "#/$defs/A" } } } } }),
            json!({
                "$defs": { "A": closed(json!({ "a": { "$ref": "#/$defs/A" } }), json!(["a"])) },
                "type": "object", "properties": { "a": { "$ref": "#/$defs/A" } }, "required": ["a"], "additionalProperties": false
            }),
        ),
        (
            json!({ "allOf": [{ "type": "integer", "minimum": 1 }], "description": "d" }),
            json!({ "description": "d", "type": "integer", "minimum": 1 }),
        ),
        (json!({ "allOf": [{ "$ref": "#/$defs/A" }], "default": 1 }), json!({ "$ref": "#/$defs/A" })),
        (
            json!({ "type": "array", "items": { "type": "object" }, "uniqueItems": true, "minItems": 1, "maxItems": 3 }),
            json!({ "type": "array", "items": closed(json!({}), json!([])), "minItems": 1, "maxItems": 3 }),
        ),
        (
            json!({ "type": "string", "maxLength": 9, "pattern": "^a$" }),
            json!({ "type": "string", "maxLength": 9, "pattern": "^a$" }),
        ),
        (json!({ "type": "number", "not": { "const": 1 }, "if": {}, "then": {} }), json!({ "type": "number" })),
    ] {
        assert_eq!(strict(given.clone()), expected, "{given}");
        assert_eq!(strict(strict(given.clone())), expected, "twice is once: {given}");
    }
}

/// What an agent would ask for.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Reply {
    /// Why.
    #[schemars(length(max = 80))]
    reason: String,
    #[schemars(length(min = 1, max = 3))]
    blocks: Vec<Block>,
    activation: Option<Activation>,
    #[schemars(range(min = 1, max = 4))]
    #[serde(default)]
    repeat: u8,
}

#[derive(JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema counts")]
enum Block {
    /// A convolution.
    Conv {
        channels: u16,
        stride: u8,
    },
    Pool,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema counts")]
enum Activation {
    /// Cuts off below zero.
    Relu,
    /// Also above six.
    Relu6,
}

/// Every schema within a schema.
fn within<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    let Some(fields) = schema.as_object() else { return };
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values().for_each(|inner| within(inner, found)),
            ("anyOf" | "allOf" | "oneOf", Value::Array(items)) => items.iter().for_each(|inner| within(inner, found)),
            ("items", inner) => within(inner, found),
            _ => {}
        }
    }
}

#[test]
fn the_schema_of_rust_types_holds_only_what_all_servers_take() {
    let schema = strict(schema_for!(Reply).to_value());
    let mut all = Vec::new();
    within(&schema, &mut all);
    assert!(all.len() > 10, "{}", all.len());
    let taken = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
        "enum",
        "$ref",
        "$defs",
        "description",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
    ];
    for part in all {
        let fields = part.as_object().expect("an object");
        assert!(fields.keys().all(|name| taken.contains(&name.as_str())), "{part}");
        if let Some(properties) = fields.get("properties") {
            let names: Vec<&String> = properties.as_object().expect("an object").keys().collect();
            assert_eq!((&part["required"], &part["additionalProperties"]), (&json!(names), &json!(false)), "{part}");
        }
        assert!(!fields.contains_key("$ref") || fields.len() == 1, "{part}");
    }
    assert_eq!(schema["type"], "object");
}

#[test]
fn the_schema_takes_what_it_took_and_refuses_what_it_refused() {
    let schema = strict(schema_for!(Reply).to_value());
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let good = json!({ "reason": "r", "blocks": [{ "op": "conv", "channels": 8, "stride": 2 }, { "op": "pool" }], "activation": "relu6", "repeat": 1 });
    assert!(validator.is_valid(&good));
    for (path, value) in [
        ("/blocks/0/op", json!("dense")),
        ("/blocks/0/more", json!(1)),
        ("/blocks", json!([])),
        ("/activation", json!("tanh")),
        ("/repeat", json!(5)),
        ("/reason", json!("a".repeat(81))),
    ] {
        let mut bad = good.clone();
        let (parent, name) = path.rsplit_once('/').expect("a path");
        bad.pointer_mut(parent).and_then(Value::as_object_mut).expect("there").insert(name.to_owned(), value);
        assert!(!validator.is_valid(&bad), "{bad}");
    }
    let null = json!({ "reason": "r", "blocks": [{ "op": "pool" }], "activation": null, "repeat": 1 });
    assert!(validator.is_valid(&null));
}
