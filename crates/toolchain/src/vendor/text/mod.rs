//! `*_report.txt` of every version, and what the tool prints: the same parts, in both, between lines of progress.

mod lines;
mod pools;
mod sections;
mod summary;
mod tables;

use automcu_model::Bytes;

use super::{Failure, Layer, Reading, ReportError, Source, ToolVersion, plain, reading::target_of};
pub(super) use lines::decoded;
use lines::{Line, lines, without_escapes};
use sections::Sections;
use summary::Summary;

pub(super) fn read(text: &str) -> Result<Reading, ReportError> {
    let text = without_escapes(text);
    let lines = lines(&text);
    let tool = lines.iter().find_map(|line| ToolVersion::of_banner(line.text));
    let failure = lines.iter().find_map(|line| Failure::of_line(line.text));
    // The last line may be cut within a number, where it does not end.
    let whole = &lines[..lines.iter().rposition(|line| line.is_ended).map_or(0, |last| last + 1)];
    let starts: Vec<&Line> = whole.iter().filter(|line| line.text.trim_start().starts_with(summary::START)).collect();
    if let [_, second, ..] = starts[..] {
        return Err(ReportError::SeveralRuns { line: second.number });
    }
    if tool.is_none() && starts.is_empty() && !lines.iter().any(|line| is_usage(line.text)) {
        return Err(ReportError::OtherText);
    }
    let summary = Summary::of(whole)?;
    let sections = Sections::of(whole)?;
    let failure = failure.or_else(|| summary.failure());
    if failure.is_none() {
        check(&lines, &summary, &sections)?;
    }
    Ok(reading(whole, tool, failure, summary, sections))
}

/// The first line of what the tool prints in which there is what is looked for.
pub(super) fn said<T>(text: &str, find: impl FnMut(&str) -> Option<T>) -> Option<T> {
    let plain = without_escapes(text);
    lines(&plain).iter().map(|line| line.text).find_map(find)
}

/// Whether the tool says that it does not understand its command line, which it does without its version.
fn is_usage(line: &str) -> bool {
    line.contains(": error: ") && Failure::of_line(line).is_some()
}

/// What a run that went well has written to the end.
fn check(lines: &[Line], summary: &Summary, sections: &Sections) -> Result<(), ReportError> {
    let last = lines.last().map_or(0, |line| line.number);
    let truncated = |line: usize, section| Err(ReportError::Truncated { line, section });
    match (summary.begins_at, sections.totals_begin_at) {
        (Some(line), _) if !summary.is_whole() => return truncated(line, "the summary"),
        // The compiler for neural accelerators writes no summary.
        (None, None) => return truncated(last, "what comes before the figures"),
        _ => {}
    }
    if let Some(line) = sections.unclosed() {
        return truncated(line, "a table");
    }
    // Nobody has seen what a newer version writes when it validates.
    if let Some(line) = sections.open_code.filter(|_| !summary.is_validation) {
        return truncated(line, "the description of the code");
    }
    Ok(())
}

fn reading(
    lines: &[Line],
    tool: Option<ToolVersion>,
    failure: Option<Failure>,
    summary: Summary,
    sections: Sections,
) -> Reading {
    let is_report = lines.iter().take(5).any(|line| line.text.trim_start().starts_with("Created date"));
    let mut reading = Reading::of(if is_report { Source::ReportText } else { Source::Stdout });
    (reading.tool, reading.failure) = (tool, failure);
    let parameters = lines.iter().find(|line| line.text.trim_start().starts_with("Parameters"));
    let asked = parameters.and_then(|line| target_of(line.text));
    // The summary of what an accelerator computes says 0 of everything.
    let known = |figure: Option<u64>| figure.filter(|&figure| figure > 0 || summary.macs != Some(0)).map(Bytes);
    reading.weights_bytes = known(summary.weights).or(sections.weights);
    reading.activations_bytes = known(summary.activations).or(sections.activations);
    reading.io_bytes = known(summary.io).or(sections.io);
    reading.buffers_bytes = known(summary.buffers);
    reading.macs = summary.macs.filter(|&macs| macs > 0).or(sections.macs_of_graph.filter(|_| summary.macs.is_none()));
    reading.model = summary.model.or(sections.model);
    reading.signature = summary.signature;
    reading.target = summary.target.or(sections.target).or(asked);
    reading.types = summary.types;
    (reading.runtime_flash_bytes, reading.runtime_ram_bytes) = sections.runtime;
    (reading.total_flash_bytes, reading.total_ram_bytes) = sections.totals;
    (reading.pools, reading.steps) = (pools::pools(lines), pools::steps(lines));
    let layers: Vec<Layer> = sections.layers;
    reading.with_layers(layers)
}
