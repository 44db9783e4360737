//! The verbs that speak with a daemon, as they are typed.

use std::{path::PathBuf, str::FromStr};

use automcu_api::{CandidateId, Goal, JobId, JobState, Span};
use clap::{ArgGroup, Args, Subcommand};

use super::{CatalogueArgs, OUTCOMES};

/// What is asked of a daemon.
#[derive(Subcommand)]
pub(crate) enum JobVerb {
    Submit(Submit),
    Ls(Ls),
    Show(Show),
    Watch(Watch),
    Logs(Logs),
    Cancel(Cancel),
    Pause(Pause),
    Resume(Resume),
    Set(Set),
    Wait(Wait),
    Export(Export),
    Replay(Replay),
    LogLevel(LogLevel),
    Metrics(Metrics),
}

/// Which daemon is spoken with, and how it is told.
#[derive(Args)]
pub(crate) struct Via {
    /// The daemon's socket, instead of AUTOMCU_SOCKET or the one in its usual place
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Hands a job to the daemon: a job file, or what is wanted in plain words.
///
/// The job is shown back as it would be carried out, with everything that was assumed. On a terminal you are asked whether that was
/// meant. Words are never taken unasked: where nobody can be asked, they need --yes; a job file says what it says.
///
/// Without --wait and --watch the job's number is printed, and the job goes on by itself.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Submit {
    /// A job file (TOML, or JSON), `-` for standard input, or words; without any, the built-in pictures are learnt
    #[arg(value_name = "JOB|WORDS")]
    pub(crate) job: Vec<String>,
    /// A name for this submission: the same one again gives the job that is there
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Do not ask whether the job was understood
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Wait until the job is over; the exit status is its outcome
    #[arg(long, conflicts_with = "watch")]
    pub(crate) wait: bool,
    /// Watch the job until it is over
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Lists jobs, the newest first: those that are not over, unless more is asked for.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Ls {
    /// Those that are over, too
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Only those in this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Vec<JobState>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) limit: u16,
    /// Go on behind the list that ended with this
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Shows all that is known of a job: its job file, how many candidates were refused by whom and for what, the best ones, its answer.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Show {
    /// The job, like j12
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// Every candidate, not only the best
    #[arg(long)]
    pub(crate) candidates: bool,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Shows how a job goes on, or all jobs that are not over.
///
/// On a terminal: the state, trainings with the time left, the best so far against the goal, the time spent. Elsewhere: a line for
/// everything that is worth one. Ctrl-C ends the watching, not the job. The exit status is the outcome of the job.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Watch {
    /// The job; all that are not over where none is named
    #[arg(value_name = "JOB")]
    pub(crate) job: Option<JobId>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Prints everything that happened to a job, a line an event.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Logs {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// Go on with what happens, until the job is over; the exit status is then its outcome
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only what came after the event of this number
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub(crate) after: u64,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Ends jobs; what is known of them stays.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Cancel {
    #[command(flatten)]
    pub(crate) of: Several,
}

/// Holds jobs; the time until they go on does not count.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Pause {
    #[command(flatten)]
    pub(crate) of: Several,
}

/// Goes on with jobs that were paused.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) of: Several,
}

/// Which jobs something is done with.
#[derive(Args)]
pub(crate) struct Several {
    /// The jobs
    #[arg(value_name = "JOB", required = true)]
    pub(crate) jobs: Vec<JobId>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Changes what a job may take, or aims at.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
#[command(group = ArgGroup::new("change").args(["priority", "time", "candidates", "goal"]).required(true).multiple(true))]
pub(crate) struct Set {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// From -100 to 100; higher is begun first
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = clap::value_parser!(i8).range(-100..=100))]
    pub(crate) priority: Option<i8>,
    /// How long it may take in all, like "2 h", or `none`
    #[arg(long, value_name = "TIME", value_parser = bound::<Span>)]
    pub(crate) time: Option<Bound<Span>>,
    /// How many candidates it may train in all
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) candidates: Option<u32>,
    /// The accuracy at which it ends, like "91 %" or 0.91, or `none`
    #[arg(long, value_name = "GOAL", value_parser = bound::<Goal>)]
    pub(crate) goal: Option<Bound<Goal>>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Waits until a job is over, and says what came of it; the exit status is its outcome.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Wait {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// At most so long, like "90 min"
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<Span>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Writes the bundle of a job's answer to a folder: code, network, weights, test vectors, reports.
///
/// Every file is held against its digest before any is written.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Export {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// The folder: one that is not there yet, or is empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// This candidate's, like c7, instead of the answer's
    #[arg(long, value_name = "CANDIDATE")]
    pub(crate) candidate: Option<CandidateId>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Submits a job once more, with all that was decided the first time, and says what came out differently.
///
/// A job whose length is in epochs gives the same again; one with a time depends on how fast the computer is. The exit status says
/// whether it came out the same, where it should have.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Replay {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: JobId,
    /// Another seed than the first time
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Wait until it is over, and compare
    #[arg(long, conflicts_with = "watch")]
    pub(crate) wait: bool,
    /// Watch it until it is over, and compare
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Says what the daemon logs, or has it log more or less.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct LogLevel {
    /// A filter: `info`, `debug`, or per place, as in `info,automcu_training=debug`
    #[arg(value_name = "LEVEL")]
    pub(crate) level: Option<String>,
    #[command(flatten)]
    pub(crate) via: Via,
}

/// Prints the daemon's figures, as Prometheus reads them.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Metrics {
    #[command(flatten)]
    pub(crate) via: Via,
}

/// A bound that may be taken away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound<T> {
    /// There is none.
    None,
    /// This.
    To(T),
}

impl<T> Bound<T> {
    /// As the socket says it: null takes a bound away.
    pub(crate) fn or_null(self) -> Option<T> {
        match self {
            Self::None => None,
            Self::To(bound) => Some(bound),
        }
    }
}

fn bound<T: FromStr>(text: &str) -> Result<Bound<T>, T::Err> {
    if text == "none" { Ok(Bound::None) } else { text.parse().map(Bound::To) }
}

fn state(text: &str) -> Result<JobState, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
