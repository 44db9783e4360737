//! What came of a job.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use automcu_api::JobDetail;
use serde::Serialize;

use crate::{
    outcome::Outcome,
    show::{GOOD, figures, styled},
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
        Outcome::of_job(&self.detail)
    }

    pub(super) fn write(&self, into: &mut dyn Write) -> io::Result<()> {
        figures::counts(&self.detail, into)?;
        let Some(winner) = &self.detail.winner else { return self.without_winner(into) };
        writeln!(into)?;
        figures::winner(winner, into)?;
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
