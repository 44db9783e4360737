//! What the daemon and its users say to each other over a Unix socket: HTTP/1.1 with JSON, and streams of events. The job file, every
//! request and answer, the table of endpoints, the client. The types stand for themselves: what is inside is converted by hand.
//!
//! What is absent: the environment and the clock (paths and waits are handed in), and whatever decides anything.

mod amounts;
mod client;
mod endpoints;
mod events;
mod ids;
mod job;
mod openapi;
mod place;
mod problem;
mod reading;
mod sse;
mod views;

pub use amounts::{AmountError, Goal, Money, Size, Span};
pub use client::{Client, ClientError, Watch};
pub use endpoints::{Body, ENDPOINTS, Endpoint, Method, Name, Query};
pub use events::{EventView, Notice, Progress, What};
pub use ids::{AttemptId, CandidateId, Digest, IdError, JobId};
pub use job::{Ablation, Budget, JobFile, Limits, Proposer, job_schema};
pub use openapi::openapi;
pub use place::{Place, SOCKET_PATH_BYTES, Surroundings};
pub use problem::{Problem, ProblemKind};
pub use reading::{Format, ReadError, read};
pub use sse::{Frame, FrameError, Reader, WIRE_LINE_BYTES};
pub use views::{
    Adjustment, Bundle, BundleFile, CandidateView, Change, DataType, Footprint, Health, JobDetail, JobState, JobView,
    LogLevel, MemoryBudget, Metric, NoteView, Order, Page, Provenance, Resolved, RungView, ScreeningView, Source,
    Submitted, TrainingEnd, TrainingView, TrainingsView, Verdict, VerificationView, Version,
};

/// The version of all that is said here. Fields and kinds may be added to it; what changes or goes takes the next number.
pub const PROTOCOL: u32 = 1;
/// The header by which both sides say it.
pub const PROTOCOL_HEADER: &str = "automcu-protocol";
/// The header that makes a submission the same as an earlier one.
pub const KEY_HEADER: &str = "idempotency-key";
/// The header by which a stream of events is taken up again.
pub const LAST_EVENT_HEADER: &str = "last-event-id";
/// The most characters of such a key: visible ASCII.
pub const KEY_BYTES: usize = 128;
/// The most bytes of a request, and of a job file.
pub const REQUEST_BYTES: usize = 64 << 10;
/// The most items of a page.
pub const PAGE: usize = 256;
/// Seconds after which a silent stream says that it is still there.
pub const HEARTBEAT_S: u64 = 15;
