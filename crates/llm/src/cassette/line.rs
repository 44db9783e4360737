//! One line of a cassette. What is on disk outlives the program: a field may be added, none may change its meaning.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, LlmError, Usage, wire::Exchange};

/// The version that is written.
pub(crate) const VERSION: u32 = 1;

/// An exchange as it is kept: no header, no key, no address but the server's name.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) v: u32,
    /// When it came, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// The server's host and port.
    pub(crate) provider: String,
    pub(crate) model: String,
    /// The digest of the request.
    pub(crate) digest: Digest,
    pub(crate) request: Value,
    /// The status of HTTP.
    pub(crate) status: u16,
    pub(crate) tries: u32,
    pub(crate) duration_ms: u64,
    /// The tokens, where there was an answer.
    pub(crate) usage: Option<Usage>,
    pub(crate) body: String,
}

/// Only the version, which says whether the rest can be read.
#[derive(Deserialize)]
pub(crate) struct Versioned {
    pub(crate) v: u32,
}

impl Line {
    /// What came, as it came.
    pub(crate) fn into_exchange(self) -> Exchange {
        let Self { status, body, tries, duration_ms, .. } = self;
        Exchange { status, body, retry_after_ms: None, tries, duration_ms, is_recorded: true }
    }
}

/// Whether an exchange is final: another try would not be expected to end otherwise.
pub(crate) fn is_final(refusal: Option<&LlmError>) -> bool {
    refusal.is_none_or(|refusal| !refusal.is_transient())
}

/// Whether an exchange tells of the request alone. A key that was wrong or an account that was empty may be right by now.
pub(crate) fn is_of_the_request(refusal: Option<&LlmError>) -> bool {
    match refusal {
        None | Some(LlmError::TooLarge { .. }) => true,
        Some(LlmError::Rejected { status, .. }) => [200, 400, 413, 422].contains(status),
        Some(_) => false,
    }
}
