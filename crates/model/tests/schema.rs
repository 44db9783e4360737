//! The JSON Schemas accept exactly what the reader's first stage accepts, and keep to what constrained decoders enforce.

mod support;

use automcu_model::{
    RefusalKind, Spec,
    spec::{spec_schema, strict_spec_schema},
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use support::any_spec;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft202012::new(schema).expect("a schema")
}

/// Whether the reader finds nothing wrong with the form.
fn is_read(document: &Value) -> bool {
    match Spec::from_json(document.to_string().as_bytes()) {
        Ok(_) => true,
        Err(refusals) => {
            assert!(matches!(refusals.kind(), RefusalKind::Schema | RefusalKind::Limit), "{refusals}");
            false
        }
    }
}

thread_local! {
    static LENIENT: jsonschema::Validator = validator(&spec_schema());
    static STRICT: jsonschema::Validator = validator(&strict_spec_schema());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn both_schemas_accept_every_spec(spec in any_spec()) {
        let document = serde_json::to_value(&spec).expect("JSON");
        prop_assert!(LENIENT.with(|schema| schema.is_valid(&document)));
        prop_assert!(STRICT.with(|schema| schema.is_valid(&document)));
    }

    #[test]
    fn reader_and_schema_agree_on_documents_gone_wrong(
        spec in any_spec(),
        changes in prop::collection::vec((any::<Index>(), any::<Index>()), 1..3),
    ) {
        let mut document = serde_json::to_value(&spec).expect("JSON");
        for (place, change) in changes {
            let count = count_values(&document);
            alter(&mut document, &mut place.index(count), change);
        }
        prop_assert_eq!(is_read(&document), LENIENT.with(|schema| schema.is_valid(&document)), "{}", document);
    }
}

fn count_values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count_values).sum(),
        Value::Object(object) => object.values().map(count_values).sum(),
        _ => 0,
    }
}

/// Changes the value that is `left` values away.
fn alter(value: &mut Value, left: &mut usize, change: Index) -> bool {
    if *left == 0 {
        *value = altered(value, change);
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| alter(item, left, change)),
        Value::Object(object) => object.values_mut().any(|item| alter(item, left, change)),
        _ => false,
    }
}

fn altered(value: &Value, change: Index) -> Value {
    let mut choices = vec![
        json!(null),
        json!(0),
        json!(1),
        json!(2.0),
        json!(2.5),
        json!(3),
        json!(7),
        json!(-1),
        json!(5000),
        json!("relu"),
        json!("batch"),
        json!(true),
        json!([]),
        json!([3, 5]),
        json!([2, 2, 2]),
        json!({}),
        json!({ "op": "dropout", "percent": 20 }),
        json!({ "op": "fire" }),
    ];
    if let Value::Object(object) = value {
        for key in object.keys() {
            let mut without = object.clone();
            without.shift_remove(key);
            choices.push(without.into());
        }
        let mut more = object.clone();
        more.insert("colour".into(), json!(1));
        choices.push(more.into());
    }
    if let Value::Array(items) = value {
        choices.push(items.iter().chain(items.first()).cloned().collect());
    }
    choices.swap_remove(change.index(choices.len()))
}

/// `notes` on constrained decoding: what is not enforced everywhere must not be relied on.
#[test]
fn the_strict_schema_keeps_to_what_decoders_enforce() {
    let schema = strict_spec_schema();
    let mut objects = 0;
    walk(&schema, &mut |object| {
        for banned in
            ["oneOf", "allOf", "$ref", "const", "multipleOf", "uniqueItems", "default", "format", "title", "$schema"]
        {
            assert!(!object.contains_key(banned), "{banned} in {object:?}");
        }
        match object.get("type").and_then(Value::as_str) {
            Some("object") => {
                objects += 1;
                assert_eq!(object["additionalProperties"], json!(false));
                let keys: Vec<&String> = object["properties"].as_object().expect("properties").keys().collect();
                let required: Vec<&Value> = object["required"].as_array().expect("required").iter().collect();
                assert_eq!(keys, required);
            }
            Some("integer") => {
                assert!(
                    object.contains_key("enum") || object.contains_key("minimum") && object.contains_key("maximum")
                );
            }
            Some("number") => panic!("a float: {object:?}"),
            Some("array") => assert!(object.contains_key("maxItems") && object.contains_key("minItems")),
            _ => {}
        }
    });
    assert!(objects > 25, "{objects}");
    assert_eq!(schema["type"], "object");
    assert!(depth(&schema) <= 10, "decoders take ten levels of nesting");
}

fn walk(schema: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(object) => {
            visit(object);
            object.iter().filter(|(key, _)| *key != "properties").for_each(|(_, item)| walk(item, visit));
            if let Some(Value::Object(properties)) = object.get("properties") {
                properties.values().for_each(|item| walk(item, visit));
            }
        }
        _ => {}
    }
}

/// How deeply objects and arrays of the described document nest.
fn depth(schema: &Value) -> usize {
    let below = |key: &str| -> usize {
        match &schema[key] {
            Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
            Value::Object(object) if key == "properties" => object.values().map(depth).max().unwrap_or(0),
            Value::Object(_) => depth(&schema[key]),
            _ => 0,
        }
    };
    below("anyOf").max(
        usize::from(schema["type"] == "object" || schema["type"] == "array") + below("properties").max(below("items")),
    )
}
