//! The names of things: job, candidate, attempt, artifact. Distinct types, so that one is never taken for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An id that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what} id; write it like {example}")]
pub struct IdError {
    what: &'static str,
    text: String,
    example: &'static str,
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!(concat!($prefix, "{}"), self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the one spelling that `Display` writes is read, so that an id is equal exactly when its text is.
                text.strip_prefix($prefix)
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .filter(|id| id.to_string() == text)
                    .ok_or_else(|| IdError { what: $what, text: text.chars().take(40).collect(), example: $example })
            }
        }

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
    };
}

numbered! {
    /// What a user submitted: `j1`, `j2`, ...
    JobId, "job", "j", "j12"
}
numbered! {
    /// One architecture within a job: `c1`, `c2`, ...
    CandidateId, "candidate", "c", "c7"
}
numbered! {
    /// One try at one step of a candidate: `a1`, `a2`, ... A later try has a higher number.
    AttemptId, "attempt", "a", "a1"
}

/// A file, by the BLAKE3 digest of its content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ArtifactId([u8; 32]);

impl ArtifactId {
    /// The id of this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }
}

impl fmt::Display for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactId({self})")
    }
}

impl FromStr for ArtifactId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let hash = blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()));
        hash.filter(|id| id.to_string() == text).ok_or_else(|| IdError {
            what: "artifact",
            text: text.chars().take(80).collect(),
            example: "64 lower-case hexadecimal digits",
        })
    }
}

impl From<ArtifactId> for String {
    fn from(id: ArtifactId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ArtifactId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text_and_only_from_that() {
        assert_eq!("c7".parse(), Ok(CandidateId(7)));
        assert_eq!(CandidateId(7).to_string(), "c7");
        for wrong in ["", "c", "7", "j7", "c07", "c+7", "c-1", "c7 ", "c99999999999999999999"] {
            assert!(wrong.parse::<CandidateId>().is_err(), "{wrong}");
        }
        assert_eq!("x".parse::<JobId>().expect_err("no id").to_string(), "\"x\" is no job id; write it like j12");
    }

    #[test]
    fn an_artifact_id_is_the_digest_of_the_content() {
        let id = ArtifactId::of(b"weights");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, ArtifactId::of(b"weight"));
        assert!(id.to_string().to_uppercase().parse::<ArtifactId>().is_err());
    }
}
