//! No more requests in a minute than the endpoint allows.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::LlmError;

const MINUTE: Duration = Duration::from_secs(60);

/// When the last requests went out, or may go out.
#[derive(Debug)]
pub(crate) struct Pace {
    in_a_minute: Option<u32>,
    longest_wait: Duration,
    /// At most `in_a_minute` of them, oldest first.
    turns: Mutex<VecDeque<Instant>>,
}

impl Pace {
    pub(crate) fn new(in_a_minute: Option<u32>, longest_wait: Duration) -> Self {
        Self { in_a_minute, longest_wait, turns: Mutex::default() }
    }

    /// Waits for a turn, no longer than the longest wait.
    pub(crate) async fn turn(&self) -> Result<(), LlmError> {
        if let Some(turn) = self.take(Instant::now())? {
            tokio::time::sleep_until(turn).await;
        }
        Ok(())
    }

    /// Takes the next turn: the moment at which it comes, or nothing where no turns are counted.
    fn take(&self, now: Instant) -> Result<Option<Instant>, LlmError> {
        let Some(most) = self.in_a_minute else { return Ok(None) };
        let mut turns = self.turns.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_full = turns.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        let free = if is_full { turns.front().map(|oldest| *oldest + MINUTE) } else { None };
        let turn = free.unwrap_or(now).max(now);
        let wait = turn - now;
        if wait > self.longest_wait {
            let message = format!("{most} requests a minute are configured, and as many went out");
            return Err(LlmError::RateLimited { retry_after: Some(wait), message });
        }
        if is_full {
            turns.pop_front();
        }
        turns.push_back(turn);
        Ok(Some(turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_turns_than_it_may() {
        let start = Instant::now();
        let pace = Pace::new(Some(3), Duration::from_secs(100));
        let turns: Vec<u64> = (0..6)
            .map(|second| {
                let now = start + Duration::from_secs(second);
                let turn = pace.take(now).expect("within the longest wait").expect("counted");
                (turn - start).as_secs()
            })
            .collect();
        assert_eq!(turns, [0, 1, 2, 60, 61, 62]);
        let error = pace.take(start + Duration::from_secs(6)).expect_err("120 is too far");
        assert!(matches!(error, LlmError::RateLimited { retry_after: Some(wait), .. } if wait.as_secs() == 114));
        assert_eq!(pace.take(start + Duration::from_secs(20)).expect("a turn"), Some(start + Duration::from_secs(120)));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let pace = Pace::new(None, Duration::ZERO);
        assert_eq!(pace.take(Instant::now()), Ok(None));
    }
}
