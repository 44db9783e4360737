//! Schemas in the subset that OpenAI's strict mode, vLLM and llama.cpp all take.

use serde_json::{Map, Value, json};

/// Keywords that one of the servers refuses or misreads, and that the rest can do without.
const DROPPED: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "default",
    "examples",
    "format",
    "uniqueItems",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "readOnly",
    "writeOnly",
    "deprecated",
];
/// Keywords whose value is a list of schemas.
const LISTS: &[&str] = &["anyOf", "allOf", "oneOf", "prefixItems"];
/// Keywords whose value is a schema for each name.
const TABLES: &[&str] = &["properties", "$defs", "definitions"];

/// Turns a schema, as `schemars` makes it, into the common subset: every object is closed and requires all of its properties,
/// alternatives are `anyOf` or one `enum`, a `$ref` stands alone. What the servers do not keep to (bounds of fractions, multiples,
/// unique items) is for whoever asks to check. Maps and tuples have no place in the subset: leave them out of the types.
#[must_use]
pub fn strict(schema: Value) -> Value {
    node(with_inlined_root(schema))
}

/// A root may not be a reference: it takes the place of what it names.
fn with_inlined_root(mut schema: Value) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
    let Some(named) = name.and_then(|name| schema.get("$defs")?.get(name)).cloned() else { return schema };
    if let (Value::Object(named), Some(schema)) = (named, schema.as_object_mut()) {
        schema.shift_remove("$ref");
        schema.extend(named);
    }
    schema
}

fn node(schema: Value) -> Value {
    let Value::Object(mut fields) = schema else { return schema };
    if let Some(reference) = fields.shift_remove("$ref") {
        return json!({ "$ref": reference });
    }
    if let Some(only) = only_of_all(&mut fields) {
        return node(only);
    }
    for name in DROPPED {
        fields.shift_remove(*name);
    }
    for (name, value) in &mut fields {
        let inner = value.take();
        *value = match inner {
            Value::Array(items) if LISTS.contains(&name.as_str()) => items.into_iter().map(node).collect(),
            Value::Object(named) if TABLES.contains(&name.as_str()) => {
                Value::Object(named.into_iter().map(|(name, schema)| (name, node(schema))).collect())
            }
            items if name == "items" => node(items),
            simple => simple,
        };
    }
    alternatives(&mut fields);
    close(&mut fields);
    Value::Object(fields)
}

/// What a list of one schema that all hold comes to, together with what stands beside it.
fn only_of_all(fields: &mut Map<String, Value>) -> Option<Value> {
    let all = fields.get("allOf")?.as_array().filter(|all| all.len() == 1)?;
    let Some(Value::Object(only)) = all.first().cloned() else { return None };
    fields.shift_remove("allOf");
    let mut merged = std::mem::take(fields);
    for (name, value) in only {
        merged.entry(name).or_insert(value);
    }
    Some(Value::Object(merged))
}

/// One value is a list of one; alternatives of values are one list, and other alternatives need not exclude each other.
fn alternatives(fields: &mut Map<String, Value>) {
    if let Some(value) = fields.shift_remove("const") {
        fields.insert("enum".to_owned(), json!([value]));
    }
    if let Some(Value::Array(ways)) = fields.shift_remove("oneOf") {
        let values: Option<Vec<&Value>> =
            ways.iter().map(values_of).collect::<Option<Vec<_>>>().map(|all| all.concat());
        match values {
            Some(values) => fields.insert("enum".to_owned(), json!(values)),
            None => fields.insert("anyOf".to_owned(), Value::Array(ways)),
        };
    }
    if let (Some(Value::Array(values)), false) = (fields.get("enum"), fields.contains_key("type")) {
        let of = |word: &str, is: fn(&Value) -> bool| values.iter().all(is).then(|| word.to_owned());
        let word = of("string", Value::is_string).or_else(|| of("integer", |value| value.is_u64() || value.is_i64()));
        if let Some(word) = word {
            fields.insert("type".to_owned(), json!(word));
        }
    }
}

/// The values of a schema that is nothing but a list of them.
fn values_of(way: &Value) -> Option<Vec<&Value>> {
    let fields = way.as_object()?;
    let is_plain = fields.keys().all(|name| ["enum", "type", "description"].contains(&name.as_str()));
    fields.get("enum")?.as_array().filter(|_| is_plain).map(|values| values.iter().collect())
}

/// An object takes its properties, all of them, and no others.
fn close(fields: &mut Map<String, Value>) {
    let is_object = fields.get("type").is_some_and(|kind| match kind {
        Value::Array(kinds) => kinds.contains(&json!("object")),
        kind => *kind == "object",
    });
    if !is_object && !fields.contains_key("properties") {
        return;
    }
    let properties = fields.entry("properties").or_insert_with(|| json!({}));
    let names: Vec<String> = properties.as_object().map(|named| named.keys().cloned().collect()).unwrap_or_default();
    fields.insert("required".to_owned(), json!(names));
    fields.insert("additionalProperties".to_owned(), json!(false));
}
