//! The bounded JSON tree. Memory is bounded before anything is built: size first, then nesting while parsing.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::{
    limits,
    refusal::{Limit, Refusal, RefusalKind, Refusals},
};

/// A JSON value that keeps the order of keys, and keys written twice.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'d> {
    Null,
    Bool(bool),
    Whole(i64),
    Real(f64),
    Text(Cow<'d, str>),
    List(Vec<Json<'d>>),
    Object(Vec<(Cow<'d, str>, Json<'d>)>),
}

impl Json<'_> {
    /// The value as a whole number; `16.0` is one, as JSON Schema has it.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            #[expect(clippy::cast_possible_truncation, reason = "bounded to where f64 holds every integer exactly")]
            Self::Real(real) if real.fract() == 0.0 && real.abs() < 9e15 => Some(*real as i64),
            _ => None,
        }
    }

    /// A short word for the value, for messages.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Real(number) if (1e-4..1e15).contains(&number.abs()) || *number == 0.0 => number.to_string(),
            Self::Real(number) => format!("{number:e}"),
            Self::Text(text) => crate::refusal::quoted(text),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }
}

/// Parses one JSON document within the limits.
pub(crate) fn parse(text: &[u8]) -> Result<Json<'_>, Refusals> {
    if text.len() > limits::DOCUMENT_BYTES {
        return Err(Refusals::one(Refusal::limit(
            Limit::Document,
            ".",
            format!("the document is longer than {} bytes", limits::DOCUMENT_BYTES),
            "no architecture needs that; write a stage for what repeats",
        )));
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let too_deep = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let tree = Nested { left: limits::NESTING, too_deep: &too_deep }.deserialize(&mut reader);
    tree.and_then(|tree| reader.end().map(|()| tree)).map_err(|error| {
        Refusals::one(if too_deep.get() {
            nested_too_deep()
        } else {
            Refusal::new(RefusalKind::Syntax, ".", format!("not JSON: {error}"), "write one JSON object")
        })
    })
}

fn nested_too_deep() -> Refusal {
    Refusal::limit(
        Limit::Nesting,
        ".",
        format!("lists and objects nest deeper than {}", limits::NESTING),
        "no architecture needs that; write the modules side by side",
    )
}

/// Reads one value that may nest `left` levels deep.
#[derive(Clone, Copy)]
struct Nested<'c> {
    left: usize,
    too_deep: &'c Cell<bool>,
}

impl Nested<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let Some(left) = self.left.checked_sub(1) else {
            self.too_deep.set(true);
            return Err(E::custom("nested too deep"));
        };
        Ok(Self { left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = Json<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, source: D) -> Result<Json<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Whole(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        #[expect(clippy::cast_precision_loss, reason = "no field holds numbers this large; it is kept for the message")]
        Ok(i64::try_from(value).map_or(Json::Real(value as f64), Json::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Real(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut object = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            object.push((key, entries.next_value_seed(inner)?));
        }
        Ok(Json::Object(object))
    }
}

/// Reads a key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: de::Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &[u8]) -> RefusalKind {
        parse(text).expect_err("refused").kind()
    }

    #[test]
    fn order_and_repeated_keys_are_kept() {
        let tree = parse(br#"{"b":1,"a":[2.0,null],"b":"\u0041"}"#).expect("JSON");
        let Json::Object(entries) = tree else { panic!("an object") };
        assert_eq!(entries.iter().map(|(key, _)| key.as_ref()).collect::<Vec<_>>(), ["b", "a", "b"]);
        assert_eq!(entries[2].1, Json::Text("A".into()));
    }

    #[test]
    fn hostile_documents_are_refused_by_kind() {
        let deep = |levels: usize| [b"[".repeat(levels), b"]".repeat(levels)].concat();
        assert!(parse(&deep(limits::NESTING)).is_ok());
        assert_eq!(kind(&deep(limits::NESTING + 1)), RefusalKind::Limit);
        assert_eq!(kind(&b"[".repeat(100_000)), RefusalKind::Limit);
        assert_eq!(kind(&b"{\"a\":".repeat(20_000)), RefusalKind::Limit);
        assert_eq!(kind(&vec![b' '; limits::DOCUMENT_BYTES + 1]), RefusalKind::Limit);
        for text in ["", "{", "{} {}", "nul", "1e999", "{\"a\":1,}", "\"\\ud800\"", "\u{0}"] {
            assert_eq!(kind(text.as_bytes()), RefusalKind::Syntax, "{text:?}");
        }
        assert_eq!(kind(b"\xff\xfe{\x00}\x00"), RefusalKind::Syntax);
        assert_eq!(parse(b"\xef\xbb\xbf[]"), Ok(Json::List(vec![])));
    }
}
