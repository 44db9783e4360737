//! Reports of STM32Cube.AI and of its successor, ST Edge AI Core: bytes in, figures out. `docs/VENDOR.md` says which field
//! comes from where, and which versions were seen.
//!
//! Nothing here reads a file, starts the tool, or makes up a figure that the tool does not print.

mod allocation;
mod failure;
mod info;
mod json;
mod memory;
mod number;
mod old;
mod reading;
#[cfg(test)]
mod tests;
mod text;
mod validation;
mod version;

pub use allocation::{Allocation, Buffer, Holds, Pool};
pub use failure::{Failure, FailureKind};
pub use memory::{Held, MemoryPool, Place, Steps};
pub use reading::{Layer, Reading, Source, Types};
pub use validation::{Metric, Validated};
pub use version::{Family, ToolVersion};

/// The longest report that is read.
pub const LONGEST: usize = 16 << 20;

/// A file that is no report, or a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is longer than any report.
    #[error("longer than {} MiB, as no report is; give what one run of the tool wrote", LONGEST >> 20)]
    TooLong,
    /// It looks like JSON and is not.
    #[error("no whole JSON: {0}; give the file as the tool wrote it")]
    Json(String),
    /// It is JSON of another kind.
    #[error(
        "neither `json_schema_version` nor `report_version` is in it; give *_c_info.json, *_report.json or *_report.txt"
    )]
    OtherJson,
    /// It is text of another kind.
    #[error(
        "no report of STM32Cube.AI or ST Edge AI Core: no line names the tool; give *_c_info.json, *_report.json or *_report.txt"
    )]
    OtherText,
    /// A version of the format that nobody has read yet.
    #[error("json_schema_version: {0} is not known, 2.0 is; give the run's *_report.txt")]
    Schema(String),
    /// A figure is none.
    #[error("{place}: {value:?} is no whole number that fits; give the file as the tool wrote it")]
    Value {
        /// The field of the JSON, or the line and the key.
        place: String,
        /// What is there.
        value: String,
    },
    /// A part of the file that has to be there is not.
    #[error("{0} is missing; give the file as the tool wrote it")]
    Missing(&'static str),
    /// The text ends too early.
    #[error("line {line}: the text ends within {section}; give the whole file")]
    Truncated {
        /// Where that begins.
        line: usize,
        /// What is not whole.
        section: &'static str,
    },
    /// The figures of several runs cannot be told apart.
    #[error("line {line}: a second run begins; give each run in a file of its own")]
    SeveralRuns {
        /// Where.
        line: usize,
    },
}

/// Reads a report of whichever kind it is by its content.
pub fn read(file: &[u8]) -> Result<Reading, ReportError> {
    if file.len() > LONGEST {
        return Err(ReportError::TooLong);
    }
    let text = text::decoded(file);
    if text.trim_start().starts_with('{') { json::read(&text) } else { text::read(&text) }
}

/// The version in what the tool prints when it is asked for it: the first line that has one.
pub(crate) fn version_in(said: &str) -> Option<ToolVersion> {
    text::said(said, ToolVersion::of_banner)
}

/// The first error in what the tool prints.
pub(crate) fn failure_in(said: &str) -> Option<Failure> {
    text::said(said, Failure::of_line)
}

/// The last line of what the tool prints that says anything, without progress.
pub(crate) fn last_line(said: &str) -> Option<String> {
    let mut last = None;
    text::said(said, |line| {
        last = Some(plain(line));
        None::<()>
    });
    last
}

/// The longest name or message that is kept.
const LONGEST_WORDS: usize = 500;

/// Words of the tool as they may be shown: bounded, without what would move a terminal's cursor.
pub(crate) fn plain(words: &str) -> String {
    words.trim().chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect()
}
