//! A question put to a judge: as often as it takes, within a bound, with the verdict that follows.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Identity, Judge, Measurement, NoAnswer, Question, Verdict};

/// How often a question is put where the tool fails in a way that may pass, and after which pauses.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// At most so many times.
    pub tries: u32,
    /// Before the second; each further pause is twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 3, pause: Duration::from_millis(500) }
    }
}

/// What a judge says of a network: a row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Who.
    pub judge: Identity,
    /// What it says.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What it measured.
    pub measurement: Option<Measurement>,
    /// How long it took, all tries together.
    pub duration_ms: u64,
    /// How often it was asked.
    pub tries: u32,
    /// Whether it was not asked at all, as it had answered the same question before.
    pub remembered: bool,
}

/// Asks a judge.
#[expect(clippy::disallowed_methods, reason = "tools run in real time: how long they take is part of the answer")]
pub fn ask(judge: &dyn Judge, question: &Question<'_>, patience: Patience) -> Judged {
    let began = Instant::now();
    let recalled = judge.recall(question);
    let remembered = recalled.is_some();
    let (answer, tries) = recalled.map_or_else(|| analyzed(judge, question, patience), |answer| (answer, 0));
    let verdict = Verdict::of(&answer, question.budget);
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Judged { judge: judge.identity().clone(), verdict, measurement: answer.ok(), duration_ms, tries, remembered }
}

/// The answer, and how often it was asked for.
#[expect(clippy::disallowed_methods, reason = "tools need real time until they may work")]
fn analyzed(judge: &dyn Judge, question: &Question<'_>, patience: Patience) -> (Result<Measurement, NoAnswer>, u32) {
    let mut pause = patience.pause;
    for tries in 1.. {
        let answer = judge.analyze(question);
        if tries >= patience.tries || !answer.as_ref().is_err_and(NoAnswer::is_transient) {
            return (answer, tries);
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
    unreachable!("tries are bounded")
}
