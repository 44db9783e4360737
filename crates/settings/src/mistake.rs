//! What is wrong with a configuration: who says it, of what, and how it would be right.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The most characters of what a user wrote that are told again.
const QUOTED: usize = 60;

/// Who says a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is as usual.
    Default,
    /// The configuration file.
    File {
        /// Which.
        path: PathBuf,
        /// From 1 on; none where it is the file as a whole.
        line: Option<usize>,
    },
    /// This variable of the environment.
    Environment(String),
    /// This flag.
    Flag(&'static str),
}

impl Origin {
    /// A word for programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File { .. } => "file",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }

    /// The file, and the line in it.
    #[must_use]
    pub fn file(&self) -> Option<(&Path, Option<usize>)> {
        if let Self::File { path, line } = self { Some((path, *line)) } else { None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {}{problem}", field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct Mistake {
    /// Who says it.
    pub origin: Origin,
    /// The field, as it is called in the file; none where the file is no TOML.
    pub field: Option<String>,
    /// The value, what is wrong with it, and what would be right.
    pub problem: String,
}

/// All that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Mistakes(pub Vec<Mistake>);

/// What a user wrote, short and without anything that speaks to a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", plain(text))
}
