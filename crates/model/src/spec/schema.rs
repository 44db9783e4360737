//! The JSON Schemas of a spec: one for people and editors, one for schema-constrained decoding.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::Spec;

/// Builds the schema of one record.
pub(crate) struct Object {
    description: String,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Object {
    pub(crate) fn new(doc: &[&str], tag: Option<&str>) -> Self {
        let mut object = Self { description: joined(doc), properties: Map::new(), required: Vec::new() };
        if let Some(word) = tag {
            object.properties.insert("op".into(), json!({ "type": "string", "enum": [word] }));
            object.required.push("op".into());
        }
        object
    }

    pub(crate) fn field<T: JsonSchema>(
        &mut self,
        generator: &mut SchemaGenerator,
        name: &str,
        doc: &[&str],
        default: Option<Value>,
    ) {
        let mut schema = generator.subschema_for::<T>().to_value();
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".into(), joined(doc).into());
            match default {
                Some(default) => {
                    object.insert("default".into(), default);
                }
                None => self.required.push(name.into()),
            }
        }
        self.properties.insert(name.into(), schema);
    }

    /// A list of at least one item.
    pub(crate) fn list<T: JsonSchema>(
        &mut self,
        generator: &mut SchemaGenerator,
        name: &str,
        doc: &[&str],
        most: usize,
    ) {
        let items = generator.subschema_for::<T>().to_value();
        let list =
            json!({ "type": "array", "items": items, "minItems": 1, "maxItems": most, "description": joined(doc) });
        self.properties.insert(name.into(), list);
        self.required.push(name.into());
    }

    pub(crate) fn finish(self) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "description": self.description,
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

fn joined(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn any_of(choices: Vec<Schema>) -> Schema {
    let choices: Vec<Value> = choices.into_iter().map(Schema::to_value).collect();
    schemars::json_schema!({ "anyOf": choices })
}

pub(crate) fn extent(both: &[u32], each: &[u32]) -> Schema {
    schemars::json_schema!({ "anyOf": [
        { "type": "integer", "enum": both },
        { "type": "array", "items": { "type": "integer", "enum": each }, "minItems": 2, "maxItems": 2 },
    ] })
}

/// The JSON Schema (draft 2020-12) of a spec. It accepts what the reader's first stage accepts; shapes are the second stage's.
#[must_use]
pub fn spec_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Spec>().to_value();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let note = "For editors; AutoMCU does not read it.";
        properties.insert("$schema".into(), json!({ "type": "string", "description": note }));
    }
    schema
}

/// The same for decoders that are held to a schema: every key required, nothing by default, every definition in its place.
#[must_use]
pub fn strict_spec_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<Spec>().to_value();
    make_strict(&mut schema);
    schema
}

fn make_strict(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(make_strict),
        Value::Object(object) => {
            for annotation in ["default", "title", "$schema"] {
                object.remove(annotation);
            }
            if let Some(Value::Object(properties)) = object.get("properties") {
                let keys: Vec<Value> = properties.keys().cloned().map(Value::String).collect();
                object.insert("required".into(), keys.into());
            }
            object.values_mut().for_each(make_strict);
        }
        _ => {}
    }
}
