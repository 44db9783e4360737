//! Why a document is no constructible candidate: the path, what is wrong, and what would be right.

use std::fmt;

use serde::Serialize;

/// The kind of a refusal, so that a proposer can be told apart from a vandal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RefusalKind {
    /// The document is not JSON.
    Syntax,
    /// The document does not have the form that the schema asks for.
    Schema,
    /// Each value is allowed, but the shapes do not work out.
    Dimension,
    /// A bound on size, nesting, depth, width, parameters or work was passed.
    Limit,
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Syntax => "syntax",
            Self::Schema => "schema",
            Self::Dimension => "dimension",
            Self::Limit => "limit",
        })
    }
}

/// The bound that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// The length of the document.
    Document,
    /// How deeply lists and objects nest.
    Nesting,
    /// Modules in the backbone.
    Modules,
    /// Operations in the graph.
    Operations,
    /// Channels of a map.
    Channels,
    /// Values of a tensor.
    Values,
    /// Parameters.
    Parameters,
    /// Multiply-accumulates.
    Macs,
}

/// One thing that is wrong, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Where in the document, like `backbone[3].stride`; `.` is the whole of it.
    pub path: String,
    /// What kind of thing is wrong.
    pub kind: RefusalKind,
    /// Which bound was passed, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

impl Refusal {
    pub(crate) fn new(
        kind: RefusalKind,
        path: impl ToString,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { path: path.to_string(), kind, limit: None, problem: problem.into(), remedy: remedy.into() }
    }

    pub(crate) fn limit(
        limit: Limit,
        path: impl ToString,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { limit: Some(limit), ..Self::new(RefusalKind::Limit, path, problem, remedy) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.problem, self.remedy)
    }
}

/// Everything found wrong with one document, in document order, never empty, at most [`Refusals::MOST`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// So many refusals are kept; a document with more of them is not worth a longer list.
    pub const MOST: usize = 20;

    pub(crate) fn one(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }

    /// The refusals, in document order.
    #[must_use]
    pub fn as_slice(&self) -> &[Refusal] {
        &self.0
    }

    /// The kind of the first refusal.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.0.first().expect("refusals are never empty").kind
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, refusal) in self.0.iter().enumerate() {
            write!(f, "{}{refusal}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Collects what a reader finds wrong, up to a bound.
#[derive(Default)]
pub(crate) struct Findings(Vec<Refusal>);

impl Findings {
    pub(crate) fn add(&mut self, refusal: Refusal) {
        if !self.is_full() {
            self.0.push(refusal);
        }
    }

    /// Whether more findings would be dropped, so that looking for them is idle.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= Refusals::MOST
    }

    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Refusals> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Refusals(self.0)),
        }
    }
}

/// Text of the user's, quoted for a message: bounded, and with nothing in it that a terminal would obey.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
