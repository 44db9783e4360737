//! Why a request is refused: `application/problem+json`, as RFC 9457 has it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// Which.
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    /// What that is in words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong this time, with what, and what to do.
    pub detail: String,
    /// The field of the job file that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// A refusal of this kind.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let (_, status, title) = kind.row();
        Self { kind, title: title.to_owned(), status, detail: detail.into(), field: None }
    }

    /// The same, about a field.
    #[must_use]
    pub fn about(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

/// What kinds of refusals there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
#[expect(missing_docs, reason = "the table of titles says it")]
pub enum ProblemKind {
    Misused,
    Protocol,
    NotAllowed,
    NotThere,
    WrongMethod,
    WrongState,
    TooLong,
    WrongMedia,
    JobRefused,
    Broken,
    Full,
    Unavailable,
    /// One of a newer daemon.
    Unknown,
}

impl ProblemKind {
    /// Every kind that is known.
    pub const ALL: [Self; 12] = [
        Self::Misused,
        Self::Protocol,
        Self::NotAllowed,
        Self::NotThere,
        Self::WrongMethod,
        Self::WrongState,
        Self::TooLong,
        Self::WrongMedia,
        Self::JobRefused,
        Self::Broken,
        Self::Full,
        Self::Unavailable,
    ];
    const PREFIX: &str = "urn:automcu:problem:";

    /// Name, status and title.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Misused => ("misused", 400, "the request is not understood"),
            Self::Protocol => ("protocol", 400, "the two sides speak different versions"),
            Self::NotAllowed => ("not-allowed", 403, "this user may look, but not command"),
            Self::NotThere => ("not-there", 404, "what is asked for is not there"),
            Self::WrongMethod => ("wrong-method", 405, "this cannot be done with it"),
            Self::WrongState => ("wrong-state", 409, "the job's state does not allow it"),
            Self::TooLong => ("too-long", 413, "the request is too long"),
            Self::WrongMedia => ("wrong-media", 415, "the request is in another form than is read"),
            Self::JobRefused => ("job-refused", 422, "what is asked for cannot be carried out"),
            Self::Broken => ("broken", 500, "the daemon failed"),
            Self::Full => ("full", 503, "as many jobs are there as are let in"),
            Self::Unavailable => ("unavailable", 503, "the daemon cannot do this now"),
            Self::Unknown => ("unknown", 500, "the request was refused"),
        }
    }

    /// The status of such an answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().1
    }
}

impl From<ProblemKind> for String {
    fn from(kind: ProblemKind) -> Self {
        format!("{}{}", ProblemKind::PREFIX, kind.row().0)
    }
}

impl From<String> for ProblemKind {
    fn from(text: String) -> Self {
        let name = text.strip_prefix(Self::PREFIX).unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.row().0 == name).unwrap_or(Self::Unknown)
    }
}

impl JsonSchema for ProblemKind {
    fn schema_name() -> Cow<'static, str> {
        "ProblemKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(String::from) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_its_kind_and_reads_back() {
        for kind in ProblemKind::ALL {
            let problem = Problem::new(kind, "so").about("limits.time");
            let json = serde_json::to_string(&problem).expect("json");
            assert_eq!(serde_json::from_str::<Problem>(&json).expect("a problem"), problem);
        }
        let json = serde_json::to_value(Problem::new(ProblemKind::NotThere, "no j7")).expect("json");
        assert_eq!(json["type"], "urn:automcu:problem:not-there");
        assert_eq!((json["status"].as_u64(), json.get("field")), (Some(404), None));
        let newer = r#"{"type":"urn:automcu:problem:sleepy","title":"t","status":418,"detail":"d"}"#;
        let newer: Problem = serde_json::from_str(newer).expect("a problem");
        assert_eq!((newer.kind, newer.status), (ProblemKind::Unknown, 418));
    }
}
