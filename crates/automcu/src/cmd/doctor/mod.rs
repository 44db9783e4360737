//! `automcu doctor`.

mod sample;
mod tools;

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use automcu_target::Footprint;
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    cli::Doctor,
    judges::Workshop,
    outcome::{Failure, Outcome},
    show::{BAD, FAINT, GOOD, TITLE, styled, thousands},
};
use sample::Sample;

pub(crate) fn run(
    arguments: &Doctor,
    workshop: &Workshop<'_>,
    program: &Path,
    clock: fn() -> Duration,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let deadline = Duration::from_secs_f64(arguments.deadline);
    let sample = Sample::new()?;
    let clinic = tools::Clinic { workshop, sample: &sample, deadline, clock };
    let tools = clinic.all(program);
    let works = tools.iter().all(|tool| tool.state != State::Fails);
    let answer = Answer {
        version: 1,
        automcu: env!("CARGO_PKG_VERSION"),
        works,
        sample: sample.footprint,
        runs: workshop.runs().ok().map(|root| root.display().to_string()),
        swept_folders: workshop.swept().folders,
        tools,
    };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(if works { Outcome::Yes } else { Outcome::No })
}

/// What is there, and what works.
#[derive(Serialize)]
struct Answer {
    version: u32,
    automcu: &'static str,
    /// Whether all that is there works.
    works: bool,
    /// What the code of the sample takes, as planned without any tool.
    sample: Footprint,
    /// Where runs of tools have their folders.
    runs: Option<String>,
    /// Folders that killed programs had left there.
    swept_folders: usize,
    tools: Vec<Checked>,
}

/// What came of trying a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It did on the sample what it is for.
    Works,
    /// It is there, and did not.
    Fails,
    /// It is not there.
    Missing,
    /// It is there, and cannot be tried without another.
    Untried,
}

/// A tool that was looked for.
#[derive(Serialize)]
struct Checked {
    name: &'static str,
    /// What it is for.
    purpose: &'static str,
    state: State,
    path: Option<String>,
    version: Option<String>,
    /// What came of it: what was compared, why it failed, or where it was looked for.
    words: String,
    /// What the tool says that the sample takes.
    footprint: Option<Footprint>,
    /// How long trying took.
    duration_ms: Option<u64>,
    /// Where it comes from.
    install: &'static str,
}

impl Answer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let how = styled(format!("({}, {})", self.sample.dtype, self.sample.provenance), FAINT);
        let (ram, flash) = (thousands(self.sample.known_ram().0), thousands(self.sample.known_flash().0));
        writeln!(sink, "{} {}", styled("automcu", TITLE), self.automcu)?;
        writeln!(
            sink,
            "{} without any tool: the sample takes {ram} B of RAM, {flash} B of Flash {how}",
            styled("plans", GOOD)
        )?;
        if let Some(runs) = &self.runs {
            let swept = match self.swept_folders {
                0 => String::new(),
                1 => "; 1 folder of a killed program was removed".to_owned(),
                count => format!("; {count} folders of killed programs were removed"),
            };
            writeln!(sink, "{}", styled(format!("tools run below {runs}{swept}"), FAINT))?;
        }
        writeln!(sink)?;
        self.tools.iter().try_for_each(|tool| tool.write(sink))
    }
}

impl Checked {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let (word, style) = match self.state {
            State::Works => ("works", GOOD),
            State::Fails => ("fails", BAD),
            State::Missing => ("missing", FAINT),
            State::Untried => ("not tried", FAINT),
        };
        let time = self.duration_ms.map_or_else(String::new, |ms| format!(" in {}.{} s", ms / 1_000, ms % 1_000 / 100));
        let purpose = styled(self.purpose, FAINT);
        writeln!(
            sink,
            "{}{} {}{time}  {purpose}",
            " ".repeat(9 - word.len()),
            styled(word, style),
            styled(self.name, TITLE)
        )?;
        let at = [self.path.as_deref(), self.version.as_deref()];
        let at: Vec<&str> = at.into_iter().flatten().collect();
        if !at.is_empty() {
            writeln!(sink, "          {}", at.join(", "))?;
        }
        let takes = self.footprint.as_ref().map_or_else(String::new, takes);
        writeln!(sink, "          {}{takes}", self.words)?;
        if matches!(self.state, State::Missing | State::Fails) {
            writeln!(sink, "          to have it: {}", self.install)?;
        }
        Ok(())
    }
}

fn takes(footprint: &Footprint) -> String {
    let how = styled(format!("({}, {})", footprint.dtype, footprint.provenance), FAINT);
    let (ram, flash) = (footprint.known_ram().0, footprint.known_flash().0);
    format!(": {} B of RAM, {} B of Flash {how}", thousands(ram), thousands(flash))
}
