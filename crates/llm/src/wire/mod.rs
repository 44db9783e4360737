//! How a request gets to a server and its answer back: one exchange, whatever it took. Nothing here knows what is asked.

mod address;
mod http;
mod pace;
mod patience;
mod service;

use std::{fmt::Debug, pin::Pin};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{LlmError, said};

pub(crate) use http::HttpWire;

/// The largest answer that is read.
pub(crate) const MOST_ANSWER_BYTES: usize = 4 << 20;

/// A way to a server.
pub(crate) trait Wire: Send + Sync + Debug {
    /// Sends a request and gives what came, of whatever status.
    fn exchange<'a>(&'a self, request: &'a Value) -> Exchanging<'a>;
}

/// An exchange under way.
pub(crate) type Exchanging<'a> = Pin<Box<dyn Future<Output = Result<Exchange, LlmError>> + Send + 'a>>;

/// What came back for a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// The body. Bytes that are no UTF-8 are replaced by U+FFFD, here once and for all, so that what is recorded reads the same.
    pub(crate) body: String,
    /// How long the server wants to be left alone.
    pub(crate) retry_after_ms: Option<u64>,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// How long all tries took.
    pub(crate) duration_ms: u64,
    /// It comes from a record.
    pub(crate) is_recorded: bool,
}

impl Exchange {
    /// What the server refuses with, if it does.
    pub(crate) fn refusal(&self) -> Option<LlmError> {
        let retry_after = self.retry_after_ms.map(std::time::Duration::from_millis);
        said::refusal(self.status, &self.body, retry_after)
    }
}
