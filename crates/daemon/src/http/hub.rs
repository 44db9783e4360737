//! What happens, handed on to everybody who watches, within a bound: who is too slow is told so, and reads the history.

use std::sync::Arc;

use automcu_api::{EventView, Notice, What};
use automcu_contract::TrainingProgress;
use automcu_history::Event;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use super::counters::Counters;
use crate::views;

/// So many notices a watcher may be behind.
const BEHIND: usize = 1024;

/// Where events and progress go in, and watchers hang on.
#[derive(Clone, Debug)]
pub struct Hub {
    sender: Sender<Arc<Notice>>,
    pub(super) counters: Arc<Counters>,
}

impl Default for Hub {
    fn default() -> Self {
        Self::with_room(BEHIND)
    }
}

impl Hub {
    /// A hub whose watchers may be so many notices behind.
    #[must_use]
    pub fn with_room(behind: usize) -> Self {
        Self { sender: channel(behind.max(1)).0, counters: Arc::default() }
    }

    /// Tells of an event that is written: its number in its job, and itself. It does not wait.
    pub fn recorded(&self, n: u64, event: &Event) {
        let event = views::event(n, event);
        self.count(&event);
        self.tell(Notice::Event(Box::new(event)));
    }

    /// Tells how far a training is. It does not wait.
    pub fn progressed(&self, progress: &TrainingProgress) {
        self.tell(Notice::Progress(views::progress(progress)));
    }

    pub(super) fn watch(&self) -> Receiver<Arc<Notice>> {
        self.sender.subscribe()
    }

    fn tell(&self, notice: Notice) {
        // Nobody may be watching.
        let _ = self.sender.send(Arc::new(notice));
    }

    fn count(&self, event: &EventView) {
        let counters = &self.counters;
        counters.add("automcu_events_total", &[]);
        match &event.what {
            What::JobSubmitted { .. } => counters.add("automcu_jobs_submitted_total", &[]),
            What::JobStateChanged { to, .. } if to.is_final() => {
                counters.add("automcu_jobs_over_total", &[("state", &word(to))]);
            }
            What::CandidateProposed { source, .. } => {
                counters.add("automcu_candidates_total", &[("source", &word(source))]);
            }
            What::CandidateScreened { verdict, .. } => {
                counters.add("automcu_verdicts_total", &[("stage", "screening"), ("says", &word(verdict))]);
            }
            What::CandidateVerified { verdict, .. } => {
                counters.add("automcu_verdicts_total", &[("stage", "verification"), ("says", &word(verdict))]);
            }
            What::TrainingEnded { end, .. } => counters.add("automcu_trainings_total", &[("how", &word(end))]),
            _ => {}
        }
    }
}

/// The word that a kind is written as.
pub(super) fn word(kind: &impl Serialize) -> String {
    let value = serde_json::to_value(kind).unwrap_or_default();
    let word = ["says", "how"].iter().find_map(|tag| value.get(tag)).unwrap_or(&value);
    word.as_str().map_or_else(|| Value::to_string(word), ToOwned::to_owned)
}
