//! A run of the tool: started within bounds, and its end understood.

use std::{io, path::Path, time::Duration};

use automcu_process::{Ended, Limits, Program, ProgramError, Status};

use super::{
    Found, Settings, Slots, StEdgeAi,
    dialect::{Call, Verb, Way, remark},
    handed::Handed,
    measured,
    neural_art::SERIES,
    reports::{self, Expected, Source, Written, last_words, sum_up},
};
use crate::{
    judge::{Measurement, NoAnswer},
    runs::{self, Run},
    vendor::{self, Failure, FailureKind, ToolVersion, Validated},
};

/// The tool unpacks itself before it says anything.
const MOST_FOR_VERSION: Duration = Duration::from_secs(60);
/// After the signal that the tool may heed.
const GRACE: Duration = Duration::from_secs(3);
/// The most bytes kept of what the tool prints, the first and the last: its version and figures, and its errors.
const MOST_OUTPUT: usize = 4 << 20;
/// The status of a signal that nobody can heed: who runs out of memory is sent it.
const KILLED: i32 = 9;

/// Words of an error that may pass, wherever they stand.
const PASSING: [&str; 4] = ["no space left on device", "errno 28", "memoryerror", "cannot allocate memory"];

/// One question to the tool.
pub(super) struct Asking<'a> {
    pub(super) tool: &'a StEdgeAi,
    pub(super) verb: Verb,
    pub(super) handed: &'a Handed,
    pub(super) target: &'a str,
    pub(super) is_part_named: bool,
    pub(super) validation: Option<Way<'a>>,
    pub(super) samples: u32,
}

/// The tool when it has ended well, while its folder is there.
pub(super) struct Asked<'a> {
    asking: &'a Asking<'a>,
    written: Written,
    ended: Ended,
}

impl Asking<'_> {
    pub(super) fn run<T>(&self, take: impl FnOnce(&Asked<'_>) -> Result<T, NoAnswer>) -> Result<T, NoAnswer> {
        let settings = &self.tool.settings;
        let limits = Limits { deadline: settings.deadline, grace: GRACE, output_bytes: MOST_OUTPUT };
        in_turn(settings, &self.tool.slots, |run| {
            let written = Written {
                workspace: run.make_folder("workspace")?,
                output: run.make_folder("output")?,
                verb: self.verb,
            };
            let model = run.write(&self.handed.file_name(), &self.handed.bytes)?;
            let line = self.tool.dialect.arguments(&self.call(&model, &written));
            let ended = started(&self.tool.found, settings, run, &line, limits)?;
            if let Some(why) = self.failure(&ended, &written) {
                return Err(why);
            }
            take(&Asked { asking: self, written, ended })
        })
    }

    fn call<'c>(&'c self, model: &'c Path, written: &'c Written) -> Call<'c> {
        Call {
            verb: self.verb,
            model,
            format: self.handed.format.word(),
            target: Some(self.target).filter(|_| self.is_part_named || self.tool.dialect.has_any_target()),
            optimization: self.tool.settings.optimization,
            neural_art: self.tool.profile.as_ref().map(|profile| profile.value.as_str()),
            validation: self.validation,
            samples: self.samples,
            workspace: &written.workspace,
            output: &written.output,
        }
    }

    /// Why a run failed, if it did.
    fn failure(&self, ended: &Ended, written: &Written) -> Option<NoAnswer> {
        if let Some(why) = cut_short(ended.status, self.tool.settings.deadline, ended) {
            return Some(why);
        }
        let said = [&ended.output.text, &ended.errors.text].into_iter().find_map(|text| vendor::failure_in(text));
        if ended.status == Status::Exited(0) {
            return said.map(|failure| self.blamed(failure));
        }
        let failure = said.or_else(|| reports::failure(&written.sources()));
        Some(failure.map_or_else(|| unexplained(ended), |failure| self.blamed(failure)))
    }

    /// A flag is wrong for every network, but a microcontroller that this version does not know is another's.
    fn blamed(&self, failure: Failure) -> NoAnswer {
        let lower = failure.message.to_ascii_lowercase();
        let is_about_target = ["--target", "--series"].iter().any(|flag| lower.contains(flag));
        // A flag that is not known at all is wrong whatever stands behind it.
        let is_its_value = is_about_target && !lower.contains("unrecognized");
        if failure.kind == FailureKind::WrongFlags && is_its_value && self.is_part_named {
            return NoAnswer::NotForTarget { words: failure.message };
        }
        failure.into()
    }
}

impl Asked<'_> {
    /// Where the tool has written what it generates.
    pub(super) fn output(&self) -> &Path {
        &self.written.output
    }

    /// What validation found. A run that says nothing of it has not validated anything.
    pub(super) fn validated(&self) -> Result<Validated, NoAnswer> {
        let nothing = || NoAnswer::Failed { words: "the tool ended well, but says nothing of validation".to_owned() };
        self.written.validated().ok_or_else(nothing)
    }

    /// What the reports say.
    pub(super) fn measurement(&self) -> Result<Measurement, NoAnswer> {
        let tool = self.asking.tool;
        let expected = Expected {
            version: &tool.version,
            dialect: tool.dialect,
            handed: self.asking.handed,
            target: self.asking.target,
        };
        let mut sources = self.written.sources();
        // With a gap in it, nobody knows what was there.
        if !self.ended.output.was_cut {
            sources.push(Source::stdout(&self.ended.output.text));
        }
        let mut summed = sum_up(&sources, &expected).map_err(|none| match none {
            NoAnswer::Failed { words } if is_passing(&self.ended) => NoAnswer::Transient { words },
            none => none,
        })?;
        if !self.asking.is_part_named && tool.dialect.has_any_target() {
            summed.remarks.push("no microcontroller was named: the tool took one of STM32H7".to_owned());
        }
        if self.asking.target == SERIES && tool.profile.is_none() {
            summed.remarks.push("the neural accelerator is not used, as no profile for it is named".to_owned());
        }
        summed.remarks.extend(remark(&tool.version));
        measured::measurement(summed, self.asking.handed.format.dtype())
    }
}

/// Runs something in a folder of its own, when it is its turn, and keeps the folder if it fails.
fn in_turn<T>(
    settings: &Settings,
    slots: &Slots,
    ask: impl FnOnce(&mut Run) -> Result<T, NoAnswer>,
) -> Result<T, NoAnswer> {
    let _slot = slots.take(settings.patience).ok_or_else(|| NoAnswer::Transient {
        words: format!("busy: it was not this run's turn within {} s", settings.patience.as_secs()),
    })?;
    runs::within(&settings.workspaces, settings.failures_kept, ask)
}

/// Runs the tool to its end.
fn started(
    found: &Found,
    settings: &Settings,
    run: &mut Run,
    line: &[String],
    limits: Limits,
) -> Result<Ended, NoAnswer> {
    let mut program = Program::new(&found.program, run.folder()).args(line).searching(&settings.search);
    if let Some(home) = &settings.home {
        program = program.home(home);
    }
    run.start(program, limits).map_err(not_started)
}

/// The tool's version, and that of STM32Cube.AI within it.
pub(super) fn version(
    found: &Found,
    settings: &Settings,
    slots: &Slots,
) -> Result<(ToolVersion, Option<String>), NoAnswer> {
    let deadline = settings.deadline.min(MOST_FOR_VERSION);
    let limits = Limits { deadline, grace: GRACE, output_bytes: 64 << 10 };
    in_turn(settings, slots, |run| {
        let ended = started(found, settings, run, &["--version".to_owned()], limits)?;
        if let Some(why) = cut_short(ended.status, deadline, &ended) {
            return Err(why);
        }
        if ended.status != Status::Exited(0) {
            return Err(unexplained(&ended));
        }
        let said = [&ended.output.text, &ended.errors.text].map(String::as_str);
        let version = said.into_iter().find_map(vendor::version_in);
        let version = version.ok_or_else(|| NoAnswer::Failed {
            words: format!(
                "{} says no version of stm32ai or stedgeai, but: {}",
                found.program.display(),
                last_words(&ended)
            ),
        })?;
        Ok((version, said.into_iter().find_map(component)))
    })
}

/// `   STM32CubeAI 10.2.0`.
fn component(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("STM32CubeAI ")?;
    let number = rest.split_whitespace().next()?;
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| vendor::plain(number))
}

/// Why a run did not come to its own end.
fn cut_short(status: Status, deadline: Duration, ended: &Ended) -> Option<NoAnswer> {
    match status {
        Status::Exited(_) => None,
        Status::TimedOut => {
            Some(NoAnswer::Transient { words: format!("it took longer than {:.1} s", deadline.as_secs_f64()) })
        }
        Status::Signalled(KILLED) => {
            Some(NoAnswer::Transient { words: "somebody killed it, maybe for want of memory".to_owned() })
        }
        Status::Signalled(signal) => {
            Some(NoAnswer::Failed { words: format!("it crashed by signal {signal}: {}", last_words(ended)) })
        }
    }
}

/// A failure without a line that is known.
fn unexplained(ended: &Ended) -> NoAnswer {
    let words = match ended.status {
        Status::Exited(status) => format!("status {status}: {}", last_words(ended)),
        other => format!("{other:?}"),
    };
    if is_passing(ended) { NoAnswer::Transient { words } } else { NoAnswer::Failed { words } }
}

/// Whether memory or disk ran out, by what was said in whatever form.
fn is_passing(ended: &Ended) -> bool {
    let said = [&ended.output.text, &ended.errors.text].map(|text| text.to_ascii_lowercase());
    PASSING.iter().any(|passing| said.iter().any(|text| text.contains(passing)))
}

fn not_started(error: ProgramError) -> NoAnswer {
    use io::ErrorKind::{ExecutableFileBusy, NotFound, OutOfMemory, PermissionDenied, WouldBlock};
    let words = error.to_string();
    let ProgramError::NotStarted { program, error } = error else { return NoAnswer::Failed { words } };
    let missing = |remedy: &str| NoAnswer::Missing { tool: program.display().to_string(), remedy: remedy.to_owned() };
    match error.kind() {
        NotFound => missing("install it, or say where it is"),
        PermissionDenied => missing("it may not be run: make it executable"),
        ExecutableFileBusy | OutOfMemory | WouldBlock => NoAnswer::Transient { words },
        _ => NoAnswer::Failed { words },
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_program_that_is_busy_may_start_another_time_and_a_missing_one_does_not() {
        let program = PathBuf::from("stedgeai");
        let of = |kind: io::ErrorKind| {
            not_started(ProgramError::NotStarted { program: program.clone(), error: kind.into() })
        };
        assert!(of(io::ErrorKind::ExecutableFileBusy).is_transient());
        assert!(matches!(of(io::ErrorKind::NotFound), NoAnswer::Missing { .. }));
        assert!(matches!(of(io::ErrorKind::InvalidInput), NoAnswer::Failed { .. }));
    }

    #[test]
    fn the_component_is_read() {
        let said = "ST Edge AI Core v2.0.0-20049\n   ISPU 1.1.0\n   STM32CubeAI 10.0.0\n";
        assert_eq!((component(said).as_deref(), component("STM32CubeAI x")), (Some("10.0.0"), None));
    }
}
