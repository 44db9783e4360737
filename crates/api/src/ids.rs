//! The names of things, as they stand in requests and answers.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A text that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no {what}; write it like {example}")]
pub struct IdError {
    what: &'static str,
    text: String,
    example: &'static str,
}

impl IdError {
    fn new(what: &'static str, text: &str, example: &'static str) -> Self {
        Self { what, text: text.chars().take(80).collect(), example }
    }
}

macro_rules! texts {
    ($name:ident, $pattern:literal) => {
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $what:literal, $letter:literal, $example:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{}{}", $letter, self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // One spelling only: no sign, no zeros in front.
                let number = text.strip_prefix($letter).and_then(|digits| digits.parse().ok()).map(Self);
                number.filter(|id| id.to_string() == text).ok_or_else(|| IdError::new($what, text, $example))
            }
        }

        texts!($name, $pattern);
    };
}

numbered! {
    /// A job: `j1`, `j2`, ...
    JobId, "job", 'j', "j12", "^j(0|[1-9][0-9]{0,19})$"
}
numbered! {
    /// A candidate of a job: `c1`, `c2`, ...
    CandidateId, "candidate", 'c', "c7", "^c(0|[1-9][0-9]{0,19})$"
}
numbered! {
    /// A try at a candidate: `a1`, `a2`, ...
    AttemptId, "attempt", 'a', "a1", "^a(0|[1-9][0-9]{0,19})$"
}

/// A file, by the BLAKE3 digest of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_sound = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let wrong = || IdError::new("artifact", text, "64 hexadecimal digits, small letters");
        is_sound.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }
}

texts!(Digest, "^[0-9a-f]{64}$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!("j12".parse(), Ok(JobId(12)));
        assert_eq!(JobId(12).to_string(), "j12");
        for wrong in ["", "j", "12", "c12", "j012", "j+1", "j1 ", "j1/../j2", "j99999999999999999999"] {
            assert!(wrong.parse::<JobId>().is_err(), "{wrong}");
        }
        assert_eq!("x".parse::<JobId>().expect_err("none").to_string(), "\"x\" names no job; write it like j12");
        assert!("0".repeat(64).parse::<Digest>().is_ok());
        for wrong in ["A".repeat(64), "0".repeat(63), "../".repeat(21) + "a"] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
