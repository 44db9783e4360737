//! Which tries are followed by another, and after how long. A plain rule: nothing here waits.

use std::time::Duration;

use crate::{Digest, LlmError};

/// The wait after the first try; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that nobody asked for.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// How often a failing server is tried where it draws nothing: what it fails at once it mostly fails at again.
const MOST_AT_ZERO: u32 = 2;

/// How much is borne.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often an ask is tried at most.
    pub(crate) tries: u32,
    /// The longest wait between two tries.
    pub(crate) longest_wait: Duration,
}

impl Patience {
    /// How long to wait before the next try, after this one went wrong; nothing where it was the last.
    pub(crate) fn wait(self, tried: u32, error: &LlmError, is_at_zero: bool, request: Digest) -> Option<Duration> {
        if tried >= self.tries || !error.is_transient() {
            return None;
        }
        match error {
            LlmError::Overloaded { status: 500, .. } if is_at_zero && tried >= MOST_AT_ZERO => None,
            LlmError::Overloaded { status: 501 | 505, .. } | LlmError::Timeout { .. } => None,
            LlmError::RateLimited { retry_after: Some(wait), .. } => (*wait <= self.longest_wait).then_some(*wait),
            _ => Some(self.backoff(tried, request)),
        }
    }

    /// From half to all of the doubled wait, by the request's digest: many that fail at a time do not come back at a time.
    fn backoff(self, tried: u32, request: Digest) -> Duration {
        let whole = FIRST_WAIT.saturating_mul(1 << tried.saturating_sub(1).min(16));
        let whole = whole.min(LONGEST_BACKOFF).min(self.longest_wait);
        let share = u32::try_from(request.number(tried) % 512).unwrap_or(0);
        whole * (512 + share) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PATIENCE: Patience = Patience { tries: 4, longest_wait: Duration::from_secs(60) };

    fn overloaded(status: u16) -> LlmError {
        LlmError::Overloaded { status, message: String::new() }
    }

    fn limited(seconds: Option<u64>) -> LlmError {
        LlmError::RateLimited { retry_after: seconds.map(Duration::from_secs), message: String::new() }
    }

    /// How often a server is tried that always says this.
    fn tries(error: &LlmError, is_at_zero: bool) -> u32 {
        let request = Digest::of(&json!(0));
        let mut tried = 1;
        while PATIENCE.wait(tried, error, is_at_zero, request).is_some() {
            tried += 1;
        }
        tried
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (error, is_at_zero, expected) in [
            (limited(None), true, 4),
            (limited(Some(60)), true, 4),
            (limited(Some(3600)), true, 1),
            (overloaded(500), true, 2),
            (overloaded(500), false, 4),
            (overloaded(501), false, 1),
            (overloaded(503), true, 4),
            (overloaded(408), true, 4),
            (overloaded(409), true, 4),
            (LlmError::Connect { message: String::new(), is_sent: false }, true, 4),
            (LlmError::Timeout { after: Duration::ZERO }, true, 1),
            (LlmError::Quota { status: 429, message: String::new() }, true, 1),
            (LlmError::Rejected { status: 400, message: String::new() }, true, 1),
            (LlmError::Unauthorised { status: 401, message: String::new() }, true, 1),
        ] {
            assert_eq!(tries(&error, is_at_zero), expected, "{error} at zero: {is_at_zero}");
        }
    }

    #[test]
    fn waits_double_within_bounds_and_the_same_request_waits_the_same() {
        let request = Digest::of(&json!({ "model": "m" }));
        let wait =
            |tried| Patience { tries: 99, ..PATIENCE }.wait(tried, &limited(None), true, request).expect("a wait");
        for tried in 1..40 {
            let whole = FIRST_WAIT.saturating_mul(1 << (tried - 1).min(16)).min(LONGEST_BACKOFF);
            assert!((whole / 2..=whole).contains(&wait(tried)), "{tried}: {:?}", wait(tried));
            assert_eq!(wait(tried), wait(tried));
        }
        let other = Digest::of(&json!({ "model": "n" }));
        assert_ne!(PATIENCE.wait(1, &limited(None), true, other), Some(wait(1)));
        let impatient = Patience { tries: 4, longest_wait: Duration::from_millis(2) };
        assert!(impatient.wait(1, &limited(None), true, request).expect("a wait") <= Duration::from_millis(2));
        let told = PATIENCE.wait(1, &limited(Some(7)), true, request);
        assert_eq!(told, Some(Duration::from_secs(7)), "a server that says how long is taken at its word");
    }
}
