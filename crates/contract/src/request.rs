//! Requests, and why one is refused.

use actix::Message;
use serde::Serialize;

use crate::plain::Summary;

/// A request is answered at once, by acceptance or refusal; its outcome goes to the supervisor when there is one.
pub trait Request: Summary + Message<Result = Result<(), RequestError>> {}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum RequestError {
    /// As much is waiting as the agent lets wait.
    #[error("{waiting} requests are waiting already; ask again when one of them has ended")]
    Busy {
        /// How many are waiting.
        waiting: u32,
    },
    /// The agent is ending.
    #[error("the agent is ending; ask its successor")]
    Ending,
}
