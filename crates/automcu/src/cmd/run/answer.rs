//! What came of a job.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use automcu_api::{CandidateView, Footprint, JobDetail, JobState};
use serde::Serialize;

use crate::{
    board::{accuracy, tag, word},
    outcome::Outcome,
    show::{GOOD, TITLE, styled, thousands},
};

#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    pub(super) detail: JobDetail,
    /// Where the bundle lies.
    pub(super) bundle: Option<PathBuf>,
}

impl Answer {
    pub(super) fn outcome(&self) -> Outcome {
        match (self.detail.job.state, &self.detail.winner) {
            (JobState::Finished, Some(_)) => Outcome::Yes,
            (JobState::Finished | JobState::Cancelled, _) => Outcome::No,
            _ => Outcome::Broken,
        }
    }

    pub(super) fn write(&self, into: &mut dyn Write) -> io::Result<()> {
        let job = &self.detail.job;
        writeln!(into, "{} is {}: {}", job.id, word(job.state), job.cause)?;
        let refused = job.over_budget + job.unsupported;
        writeln!(
            into,
            "{} candidates were proposed ({} passed over before), {refused} refused by judges, {} trainings, {} verifications",
            job.candidates, job.passed_over, job.trained, job.verified
        )?;
        let Some(winner) = &self.detail.winner else { return self.without_winner(into) };
        writeln!(into)?;
        writeln!(into, "{}", styled(format!("{} ({})", winner.id, winner.rationale), TITLE))?;
        figures(winner, into)?;
        let Some(bundle) = &self.bundle else { return Ok(()) };
        let path = bundle.display();
        writeln!(into)?;
        writeln!(into, "{} {path}", styled("The bundle:", GOOD))?;
        writeln!(into, "  {path}/REPORT.md           what is known of it")?;
        writeln!(into, "  {path}/HOW.md              how it was made, and how to check that")?;
        writeln!(into)?;
        writeln!(into, "Next:")?;
        writeln!(into, "  automcu verify {path}                     prove the code once more")?;
        writeln!(into, "  automcu run --warm                        go on from here with another seed or more time")?;
        writeln!(
            into,
            "  automcu targets                           choose a microcontroller, and name it in a job file"
        )
    }

    fn without_winner(&self, into: &mut dyn Write) -> io::Result<()> {
        writeln!(into)?;
        writeln!(
            into,
            "Next: allow more RAM, Flash or time, or aim at less; `automcu run --warm` begins with what is known."
        )
    }
}

fn figures(winner: &CandidateView, into: &mut dyn Write) -> io::Result<()> {
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

/// RAM and Flash, with what they are made of.
fn sums(footprint: &Footprint) -> [(&'static str, u64, String); 2] {
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
