//! How the program ends. The numbers are part of the interface and documented in the help.

use std::{io, path::PathBuf, process::ExitCode};

use automcu_api::{ClientError, JobDetail, JobState, ProblemKind};
use automcu_convert::{NotComputed, NotInOnnx, NotWritten, TfliteError, UntrainedError, WrongName};
use automcu_daemon::{AloneError, ArchiveError, BundleError, HistoryError, PlanError, ServiceError};
use automcu_dataset::DatasetError;
use automcu_dataset::{BatchError, SplitError};
use automcu_deployment::DeployError;
use automcu_settings::Mistakes;
use automcu_target::{TargetError, UnknownTarget};
use automcu_toolchain::{ProofError, firmware::FirmwareError, folder::FolderError, vendor::ReportError};
use automcu_trainer::{Cause, CheckpointError, RecipeError, TrainError, WorkerError};

use crate::{fetch::FetchError, record::RecordError};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is yes, or what was asked for was printed.
    Yes,
    /// The answer is no: it does not fit.
    No,
    /// The command line is not understood.
    Misused,
    /// What was handed in is refused.
    Refused,
    /// A file cannot be read.
    Unreadable,
    /// What it takes to answer is not there.
    Unavailable,
    /// A program that was started failed.
    Broken,
    /// A folder or file cannot be written.
    NotCreated,
    /// The answer cannot be written.
    Unwritable,
    /// Not now: it is not over in time, or the daemon has no room.
    Later,
    /// The other side speaks another protocol.
    Foreign,
    /// The user may not.
    NotAllowed,
    /// The configuration is refused.
    Misconfigured,
    /// The user interrupted it, and can go on another time.
    Interrupted,
}

impl Outcome {
    /// The exit status.
    #[must_use]
    pub const fn status(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Misused => 2,
            Self::Refused => 65,
            Self::Unreadable => 66,
            Self::Unavailable => 69,
            Self::Broken => 70,
            Self::NotCreated => 73,
            Self::Unwritable => 74,
            Self::Later => 75,
            Self::Foreign => 76,
            Self::NotAllowed => 77,
            Self::Misconfigured => 78,
            Self::Interrupted => 130,
        }
    }

    /// What a job's end means for whoever waited for it.
    pub(crate) const fn of_job(detail: &JobDetail) -> Self {
        match (detail.job.state, &detail.winner) {
            (JobState::Finished, Some(_)) => Self::Yes,
            (JobState::Finished | JobState::Cancelled, _) => Self::No,
            (JobState::Failed, _) => Self::Broken,
            _ => Self::Later,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.status().into()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder cannot be read.
    #[error("{}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    /// A file of targets is none, whatever it says.
    #[error("{}: not a family of targets: {problem}", path.display())]
    Family { path: PathBuf, problem: String },
    #[error("{}: there are {count} files of targets (*.toml); {remedy}", path.display())]
    FamilyCount { path: PathBuf, count: usize, remedy: &'static str },
    /// The key of a language model cannot be read.
    #[error("llm.key_file: {}: {problem}", path.display())]
    Key { path: PathBuf, problem: String },
    /// A file is no int8 network that is understood.
    #[error("{file}: {error}")]
    Model { file: String, error: Box<TfliteError> },
    /// A file is no report of a vendor's tool.
    #[error("{file}: {error}")]
    Report { file: String, error: ReportError },
    #[error("{}: {problem}", path.display())]
    Labels { path: PathBuf, problem: String },
    #[error("{0}")]
    UnknownTarget(#[from] UnknownTarget),
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("there is no verb {0:?}; `automcu help` lists all")]
    UnknownVerb(String),
    /// The architecture is refused; each reason has been told already.
    #[error("{file} is not constructible")]
    NotConstructible { file: String },
    #[error("{0}")]
    Job(#[from] automcu_api::ReadError),
    /// A file describes no space that can be searched.
    #[error("{0}")]
    Description(#[from] automcu_search::DescriptionError),
    /// There is no space of this name, nor a file.
    #[error(
        "there is no space {name}, nor a file that is called so: {error}; name one of {known}, or a file that describes one"
    )]
    UnknownSpace { name: String, error: io::Error, known: String },
    #[error("{0}")]
    NoSpace(#[from] automcu_search::NoSpace),
    #[error(
        "inputs of {0} in so many classes have no architecture; the sides are at most 16384, with 256 values and 1024 classes"
    )]
    NoInput(String),
    #[error("several spaces are named; describe one, or add --choose to choose among them")]
    SeveralSpaces,
    #[error("{0}; a job file is named by its path")]
    Words(#[from] automcu_words::WordsError),
    #[error("nobody can be asked whether these words were understood; --yes takes the job that is shown")]
    Unconfirmed,
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error(
        "no daemon answers at {}; start one with `automcu serve`, or name its socket with --socket",
        all_of(looked)
    )]
    NoDaemon { looked: Vec<PathBuf> },
    #[error("{}: others may write to this folder, and so put a socket of their own there; make it yours alone (chmod 700), or name a socket with --socket", .0.display())]
    StrangeFolder(PathBuf),
    #[error("the program cannot wait for answers: {0}")]
    NoRuntime(io::Error),
    #[error("{job} goes on in the daemon; `automcu watch {job}` looks at it again")]
    StillGoing { job: String },
    #[error("watching was ended; the jobs go on in the daemon")]
    Unwatched,
    #[error("{job} is not over yet, it is {state}; `automcu wait {job}` waits on")]
    NotOver { job: String, state: &'static str },
    #[error("{job} was submitted by another version: {problem}; write a job file and submit that")]
    NotReplayable { job: String, problem: String },
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    #[error("{}: there is such a file already; name another", .0.display())]
    Exists(PathBuf),
    #[error("{0} has no candidates yet")]
    NothingProposed(String),
    #[error("{0}")]
    Serve(String),
    #[error("{0}")]
    Service(#[from] automcu_daemon::ServiceError),
    #[error("{0}")]
    Alone(#[from] automcu_daemon::AloneError),
    #[error("{0}")]
    Bundle(#[from] automcu_daemon::BundleError),
    #[error("{job} was interrupted; how far it is, is kept, and --resume goes on")]
    JobInterrupted { job: String },
    #[error("{}: folders of this name are taken; name another with --output", .0.display())]
    Taken(PathBuf),
    /// A file or folder cannot be written.
    #[error("{}: {error}", path.display())]
    Create { path: PathBuf, error: io::Error },
    #[error("{}: the folder holds other things than `automcu compile` writes; name one that is not there, or an empty one", .0.display())]
    NotOurs(PathBuf),
    #[error("{}: the file was changed, or is not one that `automcu compile` wrote; move it away, or name another folder", .0.display())]
    Changed(PathBuf),
    /// A folder that is none of ours, or was changed.
    #[error("{}: {problem}; `automcu compile` writes such a folder", path.display())]
    Project { path: PathBuf, problem: String },
    #[error("{0}")]
    Name(#[from] WrongName),
    #[error("{0}")]
    NotComputed(#[from] NotComputed),
    #[error("{0}")]
    NotTflite(#[from] NotWritten),
    #[error("{0}")]
    NotOnnx(#[from] NotInOnnx),
    /// A network that nobody has trained cannot be made int8.
    #[error("{0}")]
    Untrained(#[from] UntrainedError),
    /// There is no place for runs of other programs.
    #[error("{0}")]
    Runs(String),
    /// Neither the computer's own compiler nor an emulator is there.
    #[error("nothing could be run: {0}")]
    NothingRun(String),
    #[error("{0}")]
    Dataset(#[from] DatasetError),
    #[error("there is no data set {0:?} that could be fetched; `automcu data list` names all")]
    UnknownData(String),
    #[error("{0} is not here yet; `automcu data prepare {0}` fetches it")]
    NotPrepared(&'static str),
    #[error("{name} cannot be fetched, as no checksum of it is published; {how}")]
    ByHand { name: &'static str, how: &'static str },
    #[error("--port {0} is where a board is, and --on host asks for none; leave one of them out")]
    PortOfNoBoard(String),
    #[error("--range says what the bytes of pictures stand for, and {0} has none; leave it out")]
    NoPictures(String),
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// A network and a data set that do not go together.
    #[error("{model} takes {takes} and {data} has {has}; {remedy}")]
    Mismatch { model: String, takes: String, data: String, has: String, remedy: &'static str },
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// Firmware is for a part.
    #[error(
        "firmware is for a microcontroller: name one with --target (`automcu targets` lists them), or use `automcu compile`"
    )]
    NoTarget,
    #[error("{0}")]
    Firmware(#[from] FirmwareError),
    #[error("{0}")]
    Recipe(#[from] RecipeError),
    #[error("{0}")]
    Train(#[from] TrainError),
    #[error("{0}")]
    Worker(#[from] WorkerError),
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("{0}")]
    Split(#[from] SplitError),
    #[error("{0}")]
    Batches(#[from] BatchError),
    #[error("{0}")]
    Deploy(#[from] DeployError),
    /// A checkpoint that would be lost.
    #[error("{}: there is a checkpoint already; --resume goes on with it, or name another folder", .0.display())]
    Trained(PathBuf),
    #[error("{}: there is no checkpoint to go on from; leave --resume out", .0.display())]
    NotTrained(PathBuf),
    /// A checkpoint of something else.
    #[error("{}: the checkpoint is of another {what}; give the same, or name another folder", path.display())]
    OtherSubject { path: PathBuf, what: &'static str },
    /// The worker says why it failed.
    #[error("{message}")]
    Attempt { cause: Cause, message: String },
    /// The worker cannot be started, or was lost.
    #[error("{0}")]
    NotTrainable(String),
    #[error("stopped after {epochs} epochs; the same command with --resume goes on from {}", folder.display())]
    Interrupted { folder: PathBuf, epochs: u32 },
    #[error("{}: there is no architecture (*.json) in the folder; name another, or files", .0.display())]
    NoArchitectures(PathBuf),
    #[error("there are {count} candidates; name at most {most} at once, and record them in one file")]
    TooMany { count: usize, most: usize },
    #[error("{0}")]
    Record(#[from] RecordError),
    /// A table or a file of lines that is none.
    #[error("{}: {problem}", path.display())]
    Lines { path: PathBuf, problem: String },
    /// The configuration is refused, each reason on a line of its own.
    #[error("the configuration is refused\n{0}")]
    Misconfigured(#[from] Mistakes),
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::NotComputed(error) => error.into(),
            FolderError::NotTflite(error) => error.into(),
            FolderError::NotOnnx(error) => error.into(),
            FolderError::Firmware(error) => error.into(),
        }
    }
}

impl Failure {
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Read { .. } => Outcome::Unreadable,
            Self::UnknownTarget(_) | Self::UnknownVerb(_) | Self::FamilyCount { .. } => Outcome::Misused,
            Self::SeveralSpaces | Self::NoInput(_) => Outcome::Misused,
            Self::UnknownSpace { .. } => Outcome::Unreadable,
            Self::Description(_) | Self::NoSpace(_) => Outcome::Refused,
            Self::NoArchitectures(_) | Self::TooMany { .. } => Outcome::Misused,
            Self::Record(error) => of_record(error),
            Self::Name(_)
            | Self::NoTarget
            | Self::Firmware(FirmwareError::Name(_))
            | Self::UnknownData(_)
            | Self::ByHand { .. }
            | Self::PortOfNoBoard(_)
            | Self::NoPictures(_) => Outcome::Misused,
            Self::Target(_)
            | Self::Family { .. }
            | Self::Model { .. }
            | Self::Report { .. }
            | Self::NotConstructible { .. }
            | Self::NotComputed(_)
            | Self::Untrained(_)
            | Self::NotTflite(_)
            | Self::NotOnnx(_)
            | Self::Mismatch { .. }
            | Self::Labels { .. }
            | Self::Lines { .. }
            | Self::Recipe(_)
            | Self::Train(_)
            | Self::Split(_)
            | Self::Batches(_)
            | Self::Deploy(_)
            | Self::OtherSubject { .. }
            | Self::Firmware(FirmwareError::Core { .. })
            | Self::Checkpoint(CheckpointError::Wrong { .. })
            | Self::Project { .. } => Outcome::Refused,
            Self::Dataset(error) | Self::Fetch(FetchError::Dataset(error)) => of_data(error),
            Self::NotPrepared(_) => Outcome::Unreadable,
            Self::Runs(_) => Outcome::NotCreated,
            Self::NothingRun(_) | Self::Fetch(FetchError::Failed { .. }) => Outcome::Unavailable,
            Self::Fetch(FetchError::TooLong { .. }) => Outcome::Refused,
            Self::Fetch(FetchError::Write { .. }) => Outcome::NotCreated,
            Self::Proof(ProofError::Folder(_)) => Outcome::NotCreated,
            Self::Proof(_) | Self::NotTrainable(_) => Outcome::Broken,
            Self::Attempt { cause, .. } => of_cause(*cause),
            Self::Interrupted { .. } => Outcome::Interrupted,
            Self::Worker(error) => of_worker(error),
            Self::Checkpoint(CheckpointError::Read { .. }) | Self::NotTrained(_) => Outcome::Unreadable,
            Self::Checkpoint(CheckpointError::Write { .. }) | Self::Trained(_) => Outcome::NotCreated,
            Self::Create { .. } | Self::NotOurs(_) | Self::Changed(_) => Outcome::NotCreated,
            Self::Misconfigured(_) | Self::Key { .. } => Outcome::Misconfigured,
            Self::Write(_) => Outcome::Unwritable,
            Self::Job(_) => Outcome::Refused,
            Self::Alone(error) => of_run(error),
            Self::NothingProposed(_) => Outcome::Refused,
            Self::Serve(_) => Outcome::Broken,
            Self::Service(ServiceError::Gone | ServiceError::Signals(_)) => Outcome::Broken,
            Self::Service(_) => Outcome::NotCreated,
            Self::Bundle(BundleError::Taken(_) | BundleError::Io { .. } | BundleError::Store(_)) => Outcome::NotCreated,
            Self::Bundle(_) | Self::NoRuntime(_) => Outcome::Broken,
            Self::Taken(_) | Self::Exists(_) => Outcome::NotCreated,
            Self::Words(_) | Self::NotReplayable { .. } => Outcome::Refused,
            Self::Unconfirmed => Outcome::Misused,
            Self::Client(error) => of_client(error),
            Self::NoDaemon { .. } => Outcome::Unavailable,
            Self::StrangeFolder(_) => Outcome::NotAllowed,
            Self::StillGoing { .. } | Self::Unwatched => Outcome::Interrupted,
            Self::NotOver { .. } => Outcome::Later,
            Self::Archive(error) => of_archive(error),
            Self::JobInterrupted { .. } => Outcome::Interrupted,
        }
    }
}

const fn of_client(error: &ClientError) -> Outcome {
    match error {
        ClientError::Unreachable { .. }
        | ClientError::TimedOut { .. }
        | ClientError::Broken(_)
        | ClientError::Lost { .. } => Outcome::Unavailable,
        ClientError::NotAllowed { .. } => Outcome::NotAllowed,
        ClientError::PathTooLong { .. } | ClientError::Misused(_) => Outcome::Misused,
        ClientError::Protocol { .. } => Outcome::Foreign,
        ClientError::Refused(problem) => of_problem(problem.kind),
        ClientError::TooLong { .. } | ClientError::NotUnderstood(_) | ClientError::Stream(_) => Outcome::Broken,
    }
}

const fn of_problem(kind: ProblemKind) -> Outcome {
    match kind {
        ProblemKind::Misused | ProblemKind::WrongMethod => Outcome::Misused,
        ProblemKind::Protocol => Outcome::Foreign,
        ProblemKind::NotAllowed => Outcome::NotAllowed,
        ProblemKind::NotThere => Outcome::Unreadable,
        ProblemKind::WrongState => Outcome::No,
        ProblemKind::TooLong | ProblemKind::WrongMedia | ProblemKind::JobRefused => Outcome::Refused,
        ProblemKind::Full | ProblemKind::Unavailable => Outcome::Later,
        ProblemKind::Broken | ProblemKind::Unknown => Outcome::Broken,
    }
}

const fn of_archive(error: &ArchiveError) -> Outcome {
    match error {
        ArchiveError::NotThere(_) => Outcome::Unreadable,
        ArchiveError::Folder { .. } | ArchiveError::Store(_) => Outcome::NotCreated,
        ArchiveError::History(HistoryError::Locked { .. }) => Outcome::Later,
        ArchiveError::History(
            HistoryError::Newer { .. } | HistoryError::Transfer { .. } | HistoryError::Clash { .. },
        ) => Outcome::Refused,
        ArchiveError::History(HistoryError::Io { .. } | HistoryError::ReadOnly { .. }) => Outcome::NotCreated,
        ArchiveError::History(_) | ArchiveError::Lost(_) => Outcome::Broken,
    }
}

fn all_of(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
}

const fn of_run(error: &AloneError) -> Outcome {
    match error {
        AloneError::Plan(PlanError::Target(_)) | AloneError::NothingToResume => Outcome::Misused,
        AloneError::Plan(PlanError::Budget(_)) => Outcome::No,
        AloneError::Plan(PlanError::NoData(_) | PlanError::Data(_)) => Outcome::Unreadable,
        AloneError::Plan(_) => Outcome::Refused,
        AloneError::Start(_) | AloneError::Store(_) | AloneError::History(_) => Outcome::NotCreated,
        AloneError::Ails(_) => Outcome::NotCreated,
        AloneError::Refused(_) | AloneError::Gone => Outcome::Broken,
    }
}

fn of_record(error: &RecordError) -> Outcome {
    match error {
        RecordError::Read { .. } => Outcome::Unreadable,
        RecordError::Write { .. } => Outcome::NotCreated,
        _ => Outcome::Refused,
    }
}

fn of_cause(cause: Cause) -> Outcome {
    match cause {
        Cause::Request | Cause::Data | Cause::Divergence => Outcome::Refused,
        Cause::Storage => Outcome::NotCreated,
        Cause::Memory => Outcome::Broken,
    }
}

fn of_worker(error: &WorkerError) -> Outcome {
    match error {
        WorkerError::Data(error) => of_data(error),
        WorkerError::Checkpoint(CheckpointError::Read { .. }) => Outcome::Unreadable,
        WorkerError::Checkpoint(CheckpointError::Write { .. }) => Outcome::NotCreated,
        WorkerError::Folder { .. } | WorkerError::Taken(_) => Outcome::NotCreated,
        WorkerError::Unheard(_) => Outcome::Unwritable,
        _ => Outcome::Refused,
    }
}

fn of_data(error: &DatasetError) -> Outcome {
    match error {
        DatasetError::Read { .. } => Outcome::Unreadable,
        DatasetError::Write { .. } => Outcome::NotCreated,
        _ => Outcome::Refused,
    }
}
