//! Why a request is refused, as an answer.

use actix::MailboxError;
use actix_web::{
    HttpResponse, ResponseError,
    error::BlockingError,
    http::{StatusCode, header::RETRY_AFTER},
    web,
};
use automcu_api::{Problem, ProblemKind, ReadError};
use automcu_artifacts::StoreError;
use automcu_contract::ControlError;
use automcu_history::HistoryError;

/// Seconds after which it may go better.
const AGAIN_S: u32 = 30;

/// A refusal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) Problem);

impl Refusal {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Problem::new(kind, detail))
    }

    pub(super) fn misused(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Misused, detail)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if matches!(self.0.kind, ProblemKind::Full | ProblemKind::Unavailable) {
            response.insert_header((RETRY_AFTER, AGAIN_S));
        }
        let body = serde_json::to_vec(&self.0).expect("problems are plain data with text for keys");
        response.content_type(Problem::MEDIA_TYPE).body(body)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<HistoryError> for Refusal {
    fn from(error: HistoryError) -> Self {
        let kind = match error {
            HistoryError::NoJob { .. } => ProblemKind::NotThere,
            _ => ProblemKind::Broken,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::NotThere { .. } => ProblemKind::NotThere,
            _ => ProblemKind::Broken,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        let kind = match error {
            ReadError::TooLong { .. } => ProblemKind::TooLong,
            ReadError::Syntax { .. } => ProblemKind::Misused,
            ReadError::Field { .. } => ProblemKind::JobRefused,
        };
        let problem = Problem::new(kind, error.to_string());
        Self(error.field().map(|field| problem.clone().about(field)).unwrap_or(problem))
    }
}

impl From<MailboxError> for Refusal {
    fn from(error: MailboxError) -> Self {
        let detail = match error {
            MailboxError::Closed => "the supervisor is not there; it may be starting again, so ask again",
            MailboxError::Timeout => "the supervisor did not answer in time; look at the job before you ask again",
        };
        Self::new(ProblemKind::Unavailable, detail)
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        let kind = match error {
            ControlError::NotUnderWay { .. } | ControlError::Meaningless { .. } => ProblemKind::WrongState,
            ControlError::Unusable { .. } => ProblemKind::JobRefused,
            ControlError::Full { .. } => ProblemKind::Full,
            ControlError::NotWritten { .. } | ControlError::Ending => ProblemKind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}

/// Does what may block on a thread that may.
pub(super) async fn blocking<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Refusal> {
    let lost = |_: BlockingError| Refusal::new(ProblemKind::Broken, "a read was given up; see the daemon's log");
    web::block(work).await.map_err(lost)?.map_err(Into::into)
}
