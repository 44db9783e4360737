//! The canonical form of a request, and its digest: what was asked is recognised wherever and by whomever it is asked.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The digest (BLAKE3) of a request's canonical JSON: no white space, the keys of objects sorted, neither address nor key in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of this request.
    #[must_use]
    pub fn of(request: &Value) -> Self {
        Self(*blake3::hash(sorted(request).to_string().as_bytes()).as_bytes())
    }

    /// A number that follows from the digest, and is as good as drawn at random.
    pub(crate) fn number(self, salt: u32) -> u64 {
        let mut bytes = self.0.to_vec();
        bytes.extend(salt.to_le_bytes());
        let hash = blake3::hash(&bytes);
        hash.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// The same value with the keys of all objects sorted.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields.into_iter().map(|(name, value)| (name.clone(), sorted(value)));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
        simple => simple.clone(),
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is no digest of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no digest of a request; write 64 hexadecimal digits, small letters")]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hash = blake3::Hash::from_hex(text).ok().filter(|hash| hash.to_hex().as_str() == text);
        hash.map(|hash| Self(*hash.as_bytes())).ok_or_else(|| DigestError(text.chars().take(80).collect()))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_count_and_that_of_items_does() {
        let one = json!({ "model": "m", "messages": [{ "role": "user", "content": "a" }, 1] });
        let other: Value =
            serde_json::from_str(r#"{"messages": [{"content": "a", "role": "user"}, 1], "model": "m"}"#).expect("JSON");
        assert_eq!(Digest::of(&one), Digest::of(&other));
        assert_ne!(Digest::of(&one), Digest::of(&json!({ "messages": [1] })));
        // What is on disk outlives the program.
        assert_eq!(
            Digest::of(&json!({ "b": 1, "a": [true, null] })).to_string(),
            blake3::hash(br#"{"a":[true,null],"b":1}"#).to_hex().as_str()
        );
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::of(&json!({}));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("ab".parse::<Digest>().is_err());
        assert_ne!(digest.number(1), digest.number(2));
    }
}
