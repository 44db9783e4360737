//! What a server says when it will not answer, whatever form it says it in, as one of our errors.

use std::time::Duration;

use serde_json::Value;

use crate::{LlmError, error::words};

/// A refusal as read: its words, and those by which it calls itself.
struct Said {
    message: String,
    /// `code`, `type` and `param`, in small letters.
    marks: String,
    code: Option<u16>,
}

/// What a server refuses with, if it does; within an answer of status 200, too.
pub(crate) fn refusal(status: u16, body: &str, retry_after: Option<Duration>) -> Option<LlmError> {
    let value = serde_json::from_str::<Value>(body.trim_start_matches('\u{feff}')).ok();
    if (200..300).contains(&status) {
        let said = within_an_answer(value.as_ref()?)?;
        let status = said.code.filter(|code| (400..600).contains(code)).unwrap_or(status);
        return Some(named(status, said, retry_after));
    }
    let said = read(value.as_ref(), body);
    Some(named(status, said, retry_after))
}

/// The error in an answer of status 200.
fn within_an_answer(value: &Value) -> Option<Said> {
    let is_error = value.get("object").and_then(Value::as_str) == Some("error");
    let error = value.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false));
    let has_choices = value.get("choices").and_then(Value::as_array).is_some_and(|choices| !choices.is_empty());
    let is_there = (is_error || error.is_some()) && !has_choices;
    is_there.then(|| read(Some(value), ""))
}

fn read(value: Option<&Value>, body: &str) -> Said {
    let Some(value) = value.filter(|value| value.is_object()) else {
        return Said { message: words(body), marks: String::new(), code: None };
    };
    let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    let text = |name: &str| error.get(name).or_else(|| value.get(name)).and_then(plain);
    let message = text("message").or_else(|| text("detail")).or_else(|| plain(error));
    let marks = ["code", "type", "param"].map(|name| text(name).unwrap_or_default());
    let code = error.get("code").and_then(|code| plain(code)?.parse().ok());
    let message = message.filter(|message| !message.trim().is_empty()).unwrap_or_else(|| value.to_string());
    Said { message: words(&message), marks: marks.join(" ").to_lowercase(), code }
}

/// A text or number as text, and lists of details as JSON.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The error that a status and a refusal's marks come to.
fn named(status: u16, said: Said, retry_after: Option<Duration>) -> LlmError {
    let has = |marks: &[&str]| marks.iter().any(|mark| said.marks.contains(mark));
    let Said { message, .. } = &said;
    let message = if said.message.is_empty() { "it says nothing more".to_owned() } else { message.clone() };
    match status {
        402 => LlmError::Quota { status, message },
        _ if has(&["quota", "balance", "billing"]) => LlmError::Quota { status, message },
        401 | 403 | 407 => LlmError::Unauthorised { status, message },
        429 => LlmError::RateLimited { retry_after, message },
        413 => LlmError::TooLarge { what: "the request", message },
        400 | 422 if has(&["context_length", "context_size"]) || is_of_the_context(&message) => {
            LlmError::TooLarge { what: "the request", message }
        }
        408 | 409 | 500..=599 => LlmError::Overloaded { status, message },
        400..=499 => LlmError::Rejected { status, message: with_marks(message, &said.marks) },
        200..=299 => unmarked(status, message, &said.marks, retry_after),
        _ => LlmError::Protocol { status, message },
    }
}

/// Some servers say only in words that a conversation is too long.
fn is_of_the_context(message: &str) -> bool {
    let message = message.to_lowercase();
    ["context length", "context size", "context window"].iter().any(|words| message.contains(words))
}

/// An error within an answer of status 200 that says no status of its own.
fn unmarked(status: u16, message: String, marks: &str, retry_after: Option<Duration>) -> LlmError {
    let has = |words: &[&str]| words.iter().any(|word| marks.contains(word));
    if has(&["rate_limit", "too_many"]) {
        LlmError::RateLimited { retry_after, message }
    } else if has(&["invalid_api_key", "authentication", "permission"]) {
        LlmError::Unauthorised { status, message }
    } else if has(&["overloaded", "server_error", "unavailable", "timeout"]) {
        LlmError::Overloaded { status, message }
    } else {
        LlmError::Rejected { status, message: with_marks(message, marks) }
    }
}

/// The message with the field that is to blame, which some servers name nowhere else.
fn with_marks(message: String, marks: &str) -> String {
    let marks = words(marks);
    let new: Vec<&str> = marks.split_whitespace().filter(|mark| !message.contains(mark)).collect();
    if new.is_empty() { message } else { format!("{message} ({})", new.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, word: &str, message: &str) {
        let error = refusal(status, body, None).expect("a refusal");
        assert_eq!(error.word(), word, "{status} {body}");
        assert!(error.to_string().contains(message), "{error} does not say {message:?}");
    }

    #[test]
    fn refusals_of_any_form_keep_their_status_and_words() {
        for (status, body, word, message) in [
            (400, r#"{"error":{"message":"bad","type":"invalid_request_error","code":null}}"#, "rejected", "bad"),
            (400, r#"{"error":{"code":400,"message":"bad","type":"invalid_request_error"}}"#, "rejected", "bad"),
            (400, r#"{"object":"error","message":"bad","code":400}"#, "rejected", "bad"),
            (422, r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, "rejected", "field required"),
            (422, r#"{"detail":"no such thing"}"#, "rejected", "no such thing"),
            (404, "page not found", "rejected", "404"),
            (404, "", "rejected", "it says nothing more"),
            (400, r#"{"error":"bad"}"#, "rejected", "bad"),
            (400, r#"["bad"]"#, "rejected", "bad"),
            (400, r#"{"error":{"message":"","type":"x"}}"#, "rejected", "\"type\":\"x\""),
            (400, r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#, "too_large", "m"),
            (400, r#"{"error":{"message":"m","type":"exceed_context_size_error","code":400}}"#, "too_large", "m"),
            (
                400,
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens","code":400}"#,
                "too_large",
                "4096",
            ),
            (429, r#"{"error":{"message":"m","type":"exceeded_current_quota_error"}}"#, "quota", "m"),
            (401, r#"{"error":{"message":"wrong key"}}"#, "unauthorised", "wrong key"),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#, "quota", "Insufficient Balance"),
            (429, r#"{"error":{"message":"m","type":"insufficient_quota"}}"#, "quota", "m"),
            (429, "<html>slow down</html>", "rate_limited", "slow down"),
            (408, "", "overloaded", "408"),
            (500, r#"{"error":{"message":"m"}}"#, "overloaded", "m"),
            (302, "", "protocol", "302"),
            (200, r#"{"error":{"message":"m","code":502}}"#, "overloaded", "502"),
            (200, r#"{"error":{"message":"m","code":"rate_limit_exceeded"}}"#, "rate_limited", "m"),
            (200, r#"{"error":{"message":"m","type":"authentication_error"}}"#, "unauthorised", "m"),
            (200, r#"{"error":"m"}"#, "rejected", "m"),
        ] {
            check(status, body, word, message);
        }
    }

    #[test]
    fn an_answer_is_no_refusal() {
        for body in ["", "<html>", "{}", r#"{"error":null,"choices":[]}"#, r#"{"error":{},"choices":[{}]}"#, "[1]"] {
            assert_eq!(refusal(200, body, None), None, "{body}");
        }
    }

    #[test]
    fn words_of_servers_cannot_forge_lines_of_a_log() {
        let error = refusal(400, "a\r\n\u{1b}[31mb", None).expect("a refusal").to_string();
        assert!(!error.contains(['\r', '\n', '\u{1b}']), "{error:?}");
        let error = refusal(400, &"a".repeat(10_000), None).expect("a refusal").to_string();
        assert!(error.len() < 500);
    }
}
