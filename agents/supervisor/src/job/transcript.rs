//! All that was said of a job, as it was said: for whoever is to propose without summaries, to see what these bring.

use automcu_history::What;

/// It is not written on beyond this. No model reads as much.
const MOST_BYTES: usize = 16 << 20;

/// A line an event, and how far it was when each round was settled: the same whenever that is asked.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    said: String,
    settled: Vec<usize>,
}

impl Transcript {
    pub(super) fn write_down(&mut self, what: &What) {
        if self.said.len() < MOST_BYTES {
            self.said.push_str(&serde_json::to_string(what).expect("events are plain data"));
            self.said.push('\n');
        }
    }

    /// How many rounds were settled.
    pub(super) const fn rounds(&self) -> usize {
        self.settled.len()
    }

    pub(super) fn round_settled(&mut self) {
        self.settled.push(self.said.len());
    }

    /// What was said when the round at this place was settled.
    pub(super) fn up_to(&self, place: usize) -> Option<&str> {
        self.settled.get(place).map(|end| &self.said[..*end])
    }
}
