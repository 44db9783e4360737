//! What is around a model's answer, read leniently: only what is needed, from whatever field servers put it in. A stricter reader
//! would refuse answers that were paid for.

use serde_json::Value;

use crate::{LlmError, Usage, error::words, price::tokens};

/// The parts of an answer that count.
#[derive(Debug, PartialEq)]
pub(crate) struct Envelope {
    /// What the model says; nothing where it only thought.
    pub(crate) text: String,
    /// Why it stopped, in the server's word.
    pub(crate) finish: String,
    /// Its refusal, if it is one.
    pub(crate) refusal: Option<String>,
    /// It thought.
    pub(crate) has_thought: bool,
    pub(crate) usage: Usage,
}

/// Reads an answer of status 200 to a request of this many bytes.
pub(crate) fn read(body: &str, request_bytes: usize) -> Result<Envelope, LlmError> {
    let odd = |message: String| LlmError::Protocol { status: 200, message };
    let value: Value = serde_json::from_str(body.trim_start_matches('\u{feff}'))
        .map_err(|error| odd(format!("{} in {:?}", words(&error.to_string()), words(body))))?;
    let choices = value.get("choices").and_then(Value::as_array);
    let choices = choices.ok_or_else(|| odd(format!("it has no choices: {:?}", words(body))))?;
    let choice = choices.first().unwrap_or(&Value::Null);
    let message = choice.get("message").unwrap_or(&Value::Null);
    let mut parts = Parts::default();
    parts.add(message.get("content").unwrap_or(&Value::Null));
    parts.refuse(message.get("refusal"));
    let arguments = message.get("tool_calls").and_then(called).or_else(|| message.get("function_call").and_then(given));
    let text = match arguments {
        Some(arguments) if parts.text.trim().is_empty() => arguments,
        _ => parts.text,
    };
    let thoughts = ["reasoning_content", "reasoning", "thinking"];
    let has_thought = parts.has_thought || thoughts.iter().any(|name| is_text(message.get(name)));
    let usage = counted(value.get("usage").unwrap_or(&Value::Null), request_bytes, text.len());
    let finish = choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    Ok(Envelope { text, finish: words(finish), refusal: parts.refusal, has_thought, usage })
}

fn is_text(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

/// What a message's content comes to.
#[derive(Default)]
struct Parts {
    text: String,
    refusal: Option<String>,
    has_thought: bool,
}

impl Parts {
    /// Adds a content: a text, a part, or a list of them.
    fn add(&mut self, content: &Value) {
        match content {
            Value::String(text) => self.text.push_str(text),
            Value::Array(parts) => parts.iter().for_each(|part| self.add(part)),
            Value::Object(part) => match part.get("type").and_then(Value::as_str) {
                Some("refusal") => self.refuse(part.get("refusal")),
                Some("reasoning" | "thinking") => self.has_thought = true,
                _ => self.text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default()),
            },
            _ => {}
        }
    }

    fn refuse(&mut self, refusal: Option<&Value>) {
        if let Some(text) = refusal.and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
            self.refusal = Some(words(text));
        }
    }
}

/// The arguments of the first tool that is called.
fn called(calls: &Value) -> Option<String> {
    given(calls.as_array()?.first()?.get("function")?)
}

/// Arguments, which are JSON in a text or JSON as such.
fn given(function: &Value) -> Option<String> {
    match function.get("arguments")? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        value => Some(value.to_string()),
    }
}

/// The tokens as the server counts them. Numbers that cannot be are unknown.
fn counted(usage: &Value, bytes_out: usize, bytes_in: usize) -> Usage {
    let details = usage.get("prompt_tokens_details").and_then(|details| details.get("cached_tokens"));
    let cached = details.and_then(whole).or_else(|| usage.get("prompt_cache_hit_tokens").and_then(whole));
    Usage {
        input: usage.get("prompt_tokens").and_then(whole),
        cached_input: cached,
        output: usage.get("completion_tokens").and_then(whole),
        estimated_total: tokens(bytes_out) + tokens(bytes_in),
    }
}

/// A whole number, written with or without a point.
fn whole(value: &Value) -> Option<u64> {
    /// No answer takes as many; a float holds all whole numbers below.
    const MOST: u64 = 1 << 40;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and within bounds, by the filter"
    )]
    let from_float = |float: f64| (float.fract() == 0.0 && (0.0..1e12).contains(&float)).then_some(float as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(from_float)).filter(|number| *number < MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(message: &Value) -> String {
        let body = json!({ "choices": [{ "message": message }] });
        read(&body.to_string(), 0).expect("an answer").text
    }

    #[test]
    fn text_is_found_wherever_servers_put_it() {
        for message in [
            json!({ "content": "a" }),
            json!({ "content": ["a"] }),
            json!({ "content": [{ "type": "text", "text": "a" }, { "type": "thinking", "text": "b" }] }),
            json!({ "content": { "type": "output_text", "text": "a" } }),
            json!({ "content": null, "tool_calls": [{ "function": { "arguments": "a" } }] }),
            json!({ "content": "", "function_call": { "arguments": "a" } }),
            json!({ "content": "a", "tool_calls": null }),
            json!({ "content": "a", "tool_calls": [{ "function": { "arguments": "b" } }] }),
        ] {
            assert_eq!(text(&message), "a", "{message}");
        }
        let object = json!({ "tool_calls": [{ "function": { "arguments": { "a": 1 } } }] });
        assert_eq!(text(&object), r#"{"a":1}"#);
        for nothing in [json!(null), json!({}), json!({ "content": 3 }), json!({ "tool_calls": [] }), json!("a")] {
            assert_eq!(text(&nothing), "", "{nothing}");
        }
    }

    #[test]
    fn tokens_are_read_from_either_field_and_nonsense_is_unknown() {
        let usage = |usage: Value| counted(&usage, 8, 4);
        let known = |input, cached_input, output| Usage { input, cached_input, output, estimated_total: 3 };
        for (said, expected) in [
            (json!(null), known(None, None, None)),
            (json!({ "prompt_tokens": 5, "completion_tokens": 2 }), known(Some(5), None, Some(2))),
            (
                json!({ "prompt_tokens": 5.0, "prompt_tokens_details": { "cached_tokens": 3 }, "completion_tokens": 0 }),
                known(Some(5), Some(3), Some(0)),
            ),
            (json!({ "prompt_tokens": 5, "prompt_cache_hit_tokens": 4 }), known(Some(5), Some(4), None)),
            (json!({ "prompt_tokens": -5, "completion_tokens": 2.5 }), known(None, None, None)),
            (json!({ "prompt_tokens": u64::MAX, "completion_tokens": "7" }), known(None, None, None)),
            (json!({ "prompt_tokens": 1e300 }), known(None, None, None)),
        ] {
            assert_eq!(usage(said.clone()), expected, "{said}");
        }
    }
}
