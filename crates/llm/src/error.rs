//! What can go wrong with an ask, so that whoever asked knows what to do about it.

use std::time::Duration;

use crate::{CassetteError, Digest, JsonError, Usage};

/// The most characters of others' words that an error holds.
const MOST_WORDS: usize = 300;
/// The most characters of a useless answer that an error holds, so that the model can be shown what it said.
const MOST_TEXT: usize = 4000;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The endpoint cannot work.
    #[error("{field} of the language model {message}")]
    Unusable {
        /// Which field is to blame.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// The model will not answer this.
    #[error("the language model refuses: {message}; ask for something else")]
    Refused {
        /// In its own words.
        message: String,
        /// What that took.
        spent: Box<Spent>,
    },
    /// There is nothing in the answer.
    #[error("the language model answered nothing: {message}")]
    Empty {
        /// What is known, and what to do.
        message: String,
        /// What that took.
        spent: Box<Spent>,
    },
    /// The answer stops in its midst.
    #[error("the answer was cut off after the most tokens that it may take; allow more")]
    Truncated {
        /// How it begins.
        text: String,
        /// What that took.
        spent: Box<Spent>,
    },
    /// The answer holds no single JSON value.
    #[error("the answer is not the JSON that was asked for: {why}; show it to the model and ask again")]
    NotJson {
        /// Why not.
        why: JsonError,
        /// How it begins.
        text: String,
        /// What that took.
        spent: Box<Spent>,
    },
    /// The server does not know the key.
    #[error("the server refuses the key (status {status}): {message}; check key and model")]
    Unauthorised {
        /// The status of HTTP.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The account has nothing left.
    #[error("the account is spent (status {status}): {message}; top it up")]
    Quota {
        /// The status of HTTP.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// Too much was asked in too short a time.
    #[error("too many requests: {message}; wait{}", retry_after.map_or(String::new(), |wait| format!(" {} s", wait.as_secs())))]
    RateLimited {
        /// How long to wait, where that is known.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// The server is out of order for now.
    #[error("the server is out of order (status {status}): {message}; ask again later")]
    Overloaded {
        /// The status of HTTP.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The server will not have the request as it is.
    #[error("the server rejects the request (status {status}): {message}; change the configuration or the request")]
    Rejected {
        /// The status of HTTP.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The request or the answer is larger than can be.
    #[error("{what} is too large: {message}")]
    TooLarge {
        /// Which of them.
        what: &'static str,
        /// By whose measure, and what to do.
        message: String,
    },
    /// There was no answer in time.
    #[error("no answer within {} ms; allow more time or ask a faster model", after.as_millis())]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// There was no connection, or it broke.
    #[error("no connection with the server: {message}; check that it runs and its address")]
    Connect {
        /// What is known.
        message: String,
        /// The server had the request, and may have worked for it.
        is_sent: bool,
    },
    /// What came is not what such a server says.
    #[error("what came is no answer of an OpenAI-compatible server (status {status}): {message}; check the address")]
    Protocol {
        /// The status of HTTP.
        status: u16,
        /// What is wrong with it.
        message: String,
    },
    /// The record of what was asked cannot be kept or has no answer.
    #[error(transparent)]
    Cassette(#[from] CassetteError),
    /// The program is ending.
    #[error("the program is ending, and the answer was not waited for")]
    Ended,
}

/// What an answer took that was of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The tokens it took.
    pub usage: Usage,
    /// What it cost, in millionths of the price's currency.
    pub cost_micros: Option<u64>,
    /// How often it was tried.
    pub tries: u32,
    /// How long all tries took.
    pub duration_ms: u64,
    /// The digest of the request that was answered.
    pub digest: Digest,
    /// It was not asked for now, but is remembered.
    pub is_recorded: bool,
}

impl LlmError {
    /// Whether the same ask may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Overloaded { .. } | Self::Timeout { .. } | Self::Connect { .. })
    }

    /// What an answer took that was of no use; none where there was no answer.
    #[must_use]
    pub fn spent(&self) -> Option<&Spent> {
        match self {
            Self::Refused { spent, .. }
            | Self::Empty { spent, .. }
            | Self::Truncated { spent, .. }
            | Self::NotJson { spent, .. } => Some(spent),
            _ => None,
        }
    }

    /// One word for logs and counts.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "unusable",
            Self::Refused { .. } => "refused",
            Self::Empty { .. } => "empty",
            Self::Truncated { .. } => "truncated",
            Self::NotJson { .. } => "not_json",
            Self::Unauthorised { .. } => "unauthorised",
            Self::Quota { .. } => "quota",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Rejected { .. } => "rejected",
            Self::TooLarge { .. } => "too_large",
            Self::Timeout { .. } => "timeout",
            Self::Connect { .. } => "connect",
            Self::Protocol { .. } => "protocol",
            Self::Cassette(_) => "cassette",
            Self::Ended => "ended",
        }
    }
}

/// Others' words, short and on one line: they end up in logs and on terminals.
pub(crate) fn words(text: &str) -> String {
    let shown = text.trim().chars().take(MOST_WORDS);
    shown.map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// How a useless answer begins.
pub(crate) fn beginning(text: &str) -> String {
    text.chars().take(MOST_TEXT).collect()
}
