//! The body of a request: what is asked, as this endpoint is asked it.

use serde_json::{Map, Value, json};

use crate::{Ask, Endpoint, LlmError, Message, Role, Schema, Structured, Temperature, habits::Habits};

/// The largest body that is sent.
const MOST_BYTES: usize = 1 << 20;
/// The longest name of a schema that servers take.
const LONGEST_NAME: usize = 64;

/// The body of this ask, and its size.
pub(crate) fn body(endpoint: &Endpoint, habits: Habits, ask: &Ask) -> Result<(Value, usize), LlmError> {
    check(ask)?;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(endpoint.model));
    body.insert("messages".to_owned(), json!(messages(ask)));
    if let Temperature::Value(value) = endpoint.temperature {
        body.insert("temperature".to_owned(), number(value));
    }
    body.insert(habits.limit_field().to_owned(), json!(ask.most_tokens));
    if let Some(seed) = ask.seed {
        body.insert("seed".to_owned(), json!(seed));
    }
    if let Some(schema) = &ask.schema {
        ask_for_json(&mut body, habits, schema);
    }
    for (name, value) in &endpoint.extra_body {
        if value.is_null() {
            body.shift_remove(name);
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
    let body = Value::Object(body);
    let bytes = body.to_string().len();
    if bytes > MOST_BYTES {
        let message = format!("it has {bytes} bytes, and at most {MOST_BYTES} are sent; leave out what is old");
        return Err(LlmError::TooLarge { what: "the request", message });
    }
    Ok((body, bytes))
}

fn check(ask: &Ask) -> Result<(), LlmError> {
    let wrong = |field, message: &str| Err(LlmError::Unusable { field, message: message.to_owned() });
    if ask.messages.is_empty() {
        return wrong("an ask", "has no messages; write at least one");
    }
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_name = |name: &str| (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_right);
    match &ask.schema {
        Some(schema) if !is_name(&schema.name) => wrong("a schema's name", NO_NAME),
        Some(schema) if !schema.value.is_object() => wrong("a schema", "is no object; write one"),
        _ => Ok(()),
    }
}

const NO_NAME: &str = "is not made of 1 to 64 letters, digits, _ and -; write another";

/// A whole temperature is written without a point, as people write it.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        json!(if value < 0.5 {
            0
        } else if value < 1.5 {
            1
        } else {
            2
        })
    } else {
        json!(value)
    }
}

/// The messages, with the schema at the end of what holds for the whole conversation: not every server shows it to the model,
/// and some want to read of JSON.
fn messages(ask: &Ask) -> Vec<Message> {
    let mut messages = ask.messages.clone();
    let Some(schema) = &ask.schema else { return messages };
    let words = format!(
        "Answer with one JSON value and nothing else. It has to be valid under this JSON Schema:\n{}",
        schema.value
    );
    match messages.first_mut().filter(|message| message.role == Role::System) {
        Some(first) => first.text = format!("{}\n\n{words}", first.text),
        None => messages.insert(0, Message::system(words)),
    }
    messages
}

fn ask_for_json(body: &mut Map<String, Value>, habits: Habits, schema: &Schema) {
    let form = if habits.has_lengths { schema.value.clone() } else { without_lengths(&schema.value) };
    match habits.structured {
        Structured::JsonSchema => {
            let format = json!({ "name": schema.name, "strict": true, "schema": form });
            body.insert("response_format".to_owned(), json!({ "type": "json_schema", "json_schema": format }));
        }
        Structured::JsonObject => {
            body.insert("response_format".to_owned(), json!({ "type": "json_object" }));
        }
        Structured::Tool => {
            let function = json!({ "name": schema.name, "description": "Takes the answer.", "parameters": form });
            body.insert("tools".to_owned(), json!([{ "type": "function", "function": function }]));
            let choice = json!({ "type": "function", "function": { "name": schema.name } });
            body.insert("tool_choice".to_owned(), choice);
        }
        Structured::Prompt => {}
    }
}

/// The schema without what some servers refuse in it.
fn without_lengths(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let is_length = |name: &str, value: &Value| ["minLength", "maxLength"].contains(&name) && value.is_number();
            let fields = fields.iter().filter(|(name, value)| !is_length(name, value));
            Value::Object(fields.map(|(name, value)| (name.clone(), without_lengths(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_lengths).collect(),
        simple => simple.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> Ask {
        let value = json!({ "type": "object", "properties": { "maxLength": { "type": "string", "maxLength": 9 } } });
        Ask {
            messages: vec![Message::system("Be brief."), Message::user("What next?")],
            schema: Some(Schema { name: "reply".to_owned(), value }),
            most_tokens: 500,
            seed: Some(7),
        }
    }

    fn said(structured: Structured, ask: &Ask) -> Value {
        let endpoint = Endpoint::new("http://127.0.0.1/v1", "tiny");
        body(&endpoint, Habits::new(structured), ask).expect("a body").0
    }

    #[test]
    fn json_is_asked_for_in_the_way_that_is_configured() {
        let schema = ask().schema.expect("there").value;
        let format = |structured| said(structured, &ask())["response_format"].clone();
        assert_eq!(
            format(Structured::JsonSchema),
            json!({ "type": "json_schema", "json_schema": { "name": "reply", "strict": true, "schema": schema } })
        );
        assert_eq!(format(Structured::JsonObject), json!({ "type": "json_object" }));
        assert_eq!(format(Structured::Prompt), Value::Null);
        let tool = said(Structured::Tool, &ask());
        assert_eq!(tool["tools"][0]["function"]["parameters"], schema);
        assert_eq!(tool["tool_choice"], json!({ "type": "function", "function": { "name": "reply" } }));
    }

    #[test]
    fn the_schema_stands_at_the_end_of_the_first_message_whatever_the_way() {
        for structured in [Structured::JsonSchema, Structured::JsonObject, Structured::Tool, Structured::Prompt] {
            let body = said(structured, &ask());
            let first = body["messages"][0]["content"].as_str().expect("a text");
            assert!(first.starts_with("Be brief.\n\nAnswer with one JSON value"), "{first}");
            assert!(first.contains(r#""maxLength":9"#), "{first}");
            let alone = Ask { messages: vec![Message::user("What next?")], ..ask() };
            assert_eq!(said(structured, &alone)["messages"][0]["role"], "system");
        }
    }

    #[test]
    fn extra_fields_count_first_and_null_takes_out() {
        let mut endpoint = Endpoint::new("http://127.0.0.1/v1", "tiny");
        let extra = json!({ "temperature": null, "max_tokens": 9, "enable_thinking": false });
        endpoint.extra_body = extra.as_object().expect("an object").clone();
        let (body, _) = body(&endpoint, Habits::new(Structured::Prompt), &ask()).expect("a body");
        assert_eq!((body.get("temperature"), &body["max_tokens"]), (None, &json!(9)));
        assert_eq!(body["enable_thinking"], false);
    }

    #[test]
    fn only_the_keyword_is_taken_out_and_not_a_property_of_its_name() {
        let schema = without_lengths(&ask().schema.expect("there").value);
        assert_eq!(schema, json!({ "type": "object", "properties": { "maxLength": { "type": "string" } } }));
    }

    #[test]
    fn what_cannot_be_asked_is_not_sent() {
        let endpoint = Endpoint::new("http://127.0.0.1/v1", "tiny");
        let habits = Habits::new(Structured::JsonSchema);
        let word = |ask: &Ask| body(&endpoint, habits, ask).expect_err("refused").word();
        assert_eq!(word(&Ask { messages: vec![], ..ask() }), "unusable");
        assert_eq!(word(&Ask { messages: vec![Message::user("a".repeat(MOST_BYTES))], ..ask() }), "too_large");
        let named = |name: &str| Some(Schema { name: name.to_owned(), value: json!({}) });
        assert_eq!(word(&Ask { schema: named("a b"), ..ask() }), "unusable");
        assert_eq!(
            word(&Ask { schema: Some(Schema { name: "a".to_owned(), value: json!(true) }), ..ask() }),
            "unusable"
        );
    }
}
