//! One file a verb.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod targets;

use std::io::{self, Write};

use serde::Serialize;

/// Writes an answer for programs: indented, one final line end.
fn write_json(answer: &impl Serialize, sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, answer)?;
    writeln!(sink)
}
