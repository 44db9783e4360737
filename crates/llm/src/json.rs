//! Finds the one JSON value in a model's text: bare, in a fence, behind thoughts or prose. What could be read in two ways is
//! refused instead of guessed.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::words;

/// The longest text that is searched.
pub const MOST_BYTES: usize = 1 << 20;
/// The deepest that a value nests.
pub const DEEPEST: usize = 32;
/// How often a value is looked for in prose.
const MOST_STARTS: usize = 64;

/// Why there is no JSON value in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// None is there.
    #[error("there is no JSON in it")]
    Absent,
    /// One begins, and is wrong.
    #[error("its JSON is broken: {0}")]
    Broken(String),
    /// There are several, which differ.
    #[error("there are several JSON values in it, which differ")]
    Several,
    /// It thinks, and does not come to an end.
    #[error("it ends in the midst of its thoughts")]
    Thinking,
    /// It is longer than what is searched.
    #[error("it has {0} bytes, and at most {MOST_BYTES} are read")]
    TooLong(usize),
}

/// The JSON value of a text: a whole text of any JSON, or the one object or list in it (lists of simple values, such as `[1]`, count
/// where there is nothing else). The same value
/// several times is one; two that differ are refused, as are a key twice in an object and nesting deeper than [`DEEPEST`].
pub fn find(text: &str) -> Result<Value, JsonError> {
    if text.len() > MOST_BYTES {
        return Err(JsonError::TooLong(text.len()));
    }
    let text = thought_through(text.trim_start_matches('\u{feff}').trim())?;
    let whole = match parse(text) {
        Ok(value) => return Ok(value),
        Err(why) => why,
    };
    let fenced: Vec<Value> = fences(text).filter_map(|inside| parse(inside).ok()).collect();
    if let Some(value) = only(fenced)? {
        return Ok(value);
    }
    let Found { values, lists } = in_prose(text)?;
    if let Some(value) = only(values)? {
        return Ok(value);
    }
    if let Some(value) = only(lists)? {
        return Ok(value);
    }
    // What begins like JSON was meant to be; what is wrong with it helps the model.
    Err(if text.starts_with(['{', '[']) { JsonError::Broken(whole) } else { JsonError::Absent })
}

/// Whether the text is nothing but one JSON value.
pub(crate) fn is_whole(text: &str) -> bool {
    parse(text.trim()).is_ok()
}

/// What follows the last thought.
fn thought_through(text: &str) -> Result<&str, JsonError> {
    match text.rsplit_once("</think>") {
        Some((_, after)) => Ok(after.trim()),
        None if text.starts_with("<think>") => Err(JsonError::Thinking),
        None => Ok(text),
    }
}

/// What stands in fences of three backticks, without the word behind the opening one.
fn fences(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split("```").skip(1).step_by(2).take(MOST_STARTS);
    inside.map(|block| {
        let word = block.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(0);
        block[word..].trim()
    })
}

/// What is found in prose.
#[derive(Default)]
struct Found {
    /// Objects, and lists that hold more than simple values.
    values: Vec<Value>,
    /// Lists of simple values, such as `[1]`, which prose has, too.
    lists: Vec<Value>,
}

/// The values in prose, none of them within another. What begins like one and is broken is not searched for parts of it.
fn in_prose(text: &str) -> Result<Found, JsonError> {
    let mut found = Found::default();
    let mut at = 0;
    for _ in 0..MOST_STARTS {
        let Some(start) = text[at..].find(['{', '[']).map(|start| at + start) else { break };
        let rest = &text[start..];
        match (Strict { depth: DEEPEST }).deserialize(&mut serde_json::Deserializer::from_str(rest)) {
            Ok(value) => {
                let is_list = value.as_array().is_some_and(|items| items.iter().all(|item| !is_compound(item)));
                if is_list { &mut found.lists } else { &mut found.values }.push(value);
                at = start + consumed(rest);
            }
            Err(error) if begins_like_json(rest) => return Err(JsonError::Broken(words(&error.to_string()))),
            Err(_) => at = start + 1,
        }
    }
    Ok(found)
}

fn is_compound(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Whether what begins with a bracket goes on as JSON does.
fn begins_like_json(text: &str) -> bool {
    let next = text[1..].trim_start().chars().next();
    match next {
        Some('"') => true,
        Some('{' | '[') => text.starts_with('['),
        _ => false,
    }
}

/// The bytes of the value that the text begins with.
fn consumed(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next();
    values.byte_offset().max(1)
}

/// The one value among these.
fn only(mut values: Vec<Value>) -> Result<Option<Value>, JsonError> {
    let Some(last) = values.pop() else { return Ok(None) };
    if values.iter().all(|value| *value == last) { Ok(Some(last)) } else { Err(JsonError::Several) }
}

/// The value that the whole text is.
fn parse(text: &str) -> Result<Value, String> {
    let mut source = serde_json::Deserializer::from_str(text);
    let value = (Strict { depth: DEEPEST }).deserialize(&mut source);
    let value = value.and_then(|value| source.end().map(|()| value));
    value.map_err(|error| words(&error.to_string()))
}

/// Reads a value in which no object has a key twice and nothing nests too deep.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        depth.map(|depth| Self { depth }).ok_or_else(|| E::custom(format_args!("it nests deeper than {DEEPEST}")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut found = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            found.push(item);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut found = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(inside)?;
            if found.contains_key(&name) {
                return Err(A::Error::custom(format_args!("it has the key {name:?} twice")));
            }
            found.insert(name, value);
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: Result<Value, &str>) {
        assert_eq!(find(text).map_err(|error| error.to_string()), expected.map_err(ToOwned::to_owned), "{text}");
    }

    #[test]
    fn the_one_value_of_a_text_is_found() {
        let a = || Ok(json!({ "a": [1, { "b": null }] }));
        for text in [
            r#"{"a":[1,{"b":null}]}"#,
            "\u{feff} \n {\"a\" : [1, {\"b\": null}]}\n",
            "```json\n{\"a\":[1,{\"b\":null}]}\n```",
            "Here it is:\n```\n{\"a\":[1,{\"b\":null}]}\n```\nIt has {two} blocks [1].",
            "<think>{\"a\":1} or {\"a\":2}?</think>{\"a\":[1,{\"b\":null}]}",
            "no <think> at the start, but </think> at the end {\"a\":[1,{\"b\":null}]} bye",
            "I would take {\"a\":[1,{\"b\":null}]}, see [1].",
            "{\"a\":[1,{\"b\":null}]}{\"a\":[1,{\"b\":null}]}\n{ \"a\": [1, { \"b\": null }] }",
            "{not this} {\"a\":[1,{\"b\":null}]}",
        ] {
            check(text, a());
        }
        check("true", Ok(json!(true)));
        check("[1, 2]", Ok(json!([1, 2])));
        check("so [1, 2] then", Ok(json!([1, 2])));
        check(r#"{"a":"```{}```"}"#, Ok(json!({ "a": "```{}```" })));
        check("{\"a\": \"\\u0000\\ud83d\\ude00\"}", Ok(json!({ "a": "\0😀" })));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        check("{\"a\":1} or {\"a\":2}", Err("there are several JSON values in it, which differ"));
        check("```{\"a\":1}```\n```{\"a\":2}```", Err("there are several JSON values in it, which differ"));
        check("{\"a\":1,\"a\":1}", Err("its JSON is broken: it has the key \"a\" twice at line 1 column 13"));
        check("[{\"a\":1},{\"a\":1}] or {\"a\":1}", Err("there are several JSON values in it, which differ"));
        check("<think>{\"a\":1}", Err("it ends in the midst of its thoughts"));
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is_broken() {
        check("", Err("there is no JSON in it"));
        check("I cannot help with that.", Err("there is no JSON in it"));
        check("{\"a\": 1", Err("its JSON is broken: EOF while parsing an object at line 1 column 7"));
        // No part of it is taken for the whole.
        check(
            "So: {\"a\": {\"b\": 1}, \"c\"",
            Err("its JSON is broken: EOF while parsing an object at line 1 column 19"),
        );
        check("So: [{\"a\": 1}, {\"a\"", Err("its JSON is broken: EOF while parsing an object at line 1 column 15"));
        check(
            "So: {\"a\":1,\"a\":{\"b\":1}}",
            Err("its JSON is broken: it has the key \"a\" twice at line 1 column 19"),
        );
        check("{\"a\": 1e999}", Err("its JSON is broken: number out of range at line 1 column 11"));
        check("{\"a\": NaN}", Err("its JSON is broken: expected value at line 1 column 7"));
        check(
            "{\"a\": \"\0\"}",
            Err(
                "its JSON is broken: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 8",
            ),
        );
    }

    #[test]
    fn size_depth_and_work_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(find(&nested(DEEPEST)).is_ok());
        assert!(matches!(find(&nested(DEEPEST + 1)), Err(JsonError::Broken(_))));
        assert!(matches!(find(&"[".repeat(MOST_BYTES)), Err(JsonError::Broken(_))));
        assert!(matches!(find(&"{\"a\":".repeat(MOST_BYTES / 5)), Err(JsonError::Broken(_))));
        assert_eq!(find(&" ".repeat(MOST_BYTES + 1)), Err(JsonError::TooLong(MOST_BYTES + 1)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic_and_what_is_found_is_in_the_text(text in "[\\[\\]{}\",:0-9a-c`<>/ \\\\\n]{0,80}") {
            if let Ok(value) = find(&text) {
                assert_eq!(find(&value.to_string()), Ok(value));
            }
        }

        #[test]
        fn an_object_is_found_behind_any_words(words in "[a-z .,<>`]{0,40}", number: i32) {
            let value = json!({ "n": number, "inner": { "list": [number, "x"] } });
            assert_eq!(find(&format!("{words} {value} {words}")), Ok(value));
        }
    }
}
