//! What is known of a job and of its answer, for people: every figure with its data type and where it comes from.

use std::io::{self, Write};

use automcu_api::{CandidateView, Footprint, JobDetail};
use automcu_model::Bytes;

use super::{TITLE, styled, thousands};
use crate::board::{accuracy, tag, word};

/// How a job stands, and how many candidates came how far.
pub(crate) fn counts(detail: &JobDetail, into: &mut dyn Write) -> io::Result<()> {
    let job = &detail.job;
    writeln!(into, "{} is {}: {}", job.id, word(job.state), job.cause)?;
    let refused = job.over_budget + job.unsupported;
    writeln!(
        into,
        "{} candidates were proposed ({} passed over before), {refused} refused by judges, {} trainings, {} verifications",
        job.candidates, job.passed_over, job.trained, job.verified
    )
}

/// The answer with its figures.
pub(crate) fn winner(winner: &CandidateView, into: &mut dyn Write) -> io::Result<()> {
    writeln!(into, "{}", styled(format!("{} ({})", winner.id, winner.rationale), TITLE))?;
    let Some(verified) = &winner.verification else { return Ok(()) };
    if let Some(test) = &verified.test {
        writeln!(into, "  test        {}", accuracy(test))?;
    }
    if let Some(metric) = &verified.metric {
        writeln!(into, "  validation  {}", accuracy(metric))?;
    }
    if let Some(footprint) = &verified.footprint {
        for (memory, bytes, parts) in sums(footprint) {
            let (dtype, provenance) = (tag(&footprint.dtype), tag(&footprint.provenance));
            writeln!(into, "  {memory:<10}  {} bytes ({parts}; {dtype}, {provenance})", thousands(bytes))?;
        }
    }
    writeln!(into, "  judged by   {}", verified.judge)
}

/// `RAM 12.5 KiB, Flash 40 KiB (int8, linked)`.
pub(crate) fn in_short(footprint: &Footprint) -> String {
    let sums = sums(footprint).map(|(memory, bytes, _)| format!("{memory} {}", Bytes(bytes)));
    format!("{} ({}, {})", sums.join(", "), tag(&footprint.dtype), tag(&footprint.provenance))
}

/// RAM and Flash, with what they are made of.
pub(crate) fn sums(footprint: &Footprint) -> [(&'static str, u64, String); 2] {
    let ram = [
        ("activations", Some(footprint.activations_bytes)),
        ("runtime", footprint.runtime_bytes),
        ("stack", footprint.stack_bytes),
    ];
    let flash = [
        ("weights", Some(footprint.weights_bytes)),
        ("tables", footprint.tables_bytes),
        ("code", footprint.code_bytes),
    ];
    [("RAM", ram), ("Flash", flash)].map(|(memory, parts)| {
        let sum = parts.iter().filter_map(|(_, bytes)| *bytes).sum();
        let words = parts.map(|(part, bytes)| match bytes {
            Some(bytes) => format!("{part} {}", thousands(bytes)),
            None => format!("{part} unknown"),
        });
        (memory, sum, words.join(", "))
    })
}
