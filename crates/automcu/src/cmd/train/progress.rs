//! How far training has come: one line that is written anew for a person, a line an epoch for a log.

use std::time::Duration;

use automcu_trainer::{Length, Recipe, WorkerEvent};

use crate::Live;

/// A line is written anew at most so often, in seconds.
const BETWEEN: f64 = 0.1;
/// The bar's length.
const BAR: usize = 24;

pub(super) struct Progress<'l, 's> {
    live: &'l mut Live<'s>,
    clock: fn() -> Duration,
    begun: Duration,
    told: f64,
    /// The share that was done when this began.
    from: Option<f64>,
    loss: Option<f64>,
    validation: Option<f64>,
    epochs: Option<u32>,
}

impl<'l, 's> Progress<'l, 's> {
    pub(super) fn new(live: &'l mut Live<'s>, clock: fn() -> Duration, recipe: &Recipe) -> Self {
        let epochs = match recipe.length {
            Length::Epochs(epochs) => Some(epochs),
            Length::Seconds(_) => None,
        };
        let begun = clock();
        Self { live, clock, begun, told: f64::NEG_INFINITY, from: None, loss: None, validation: None, epochs }
    }

    /// Tells what happened. That nobody listens is no reason to stop training.
    pub(super) fn tell(&mut self, event: &WorkerEvent) {
        match *event {
            WorkerEvent::Progress { share, loss, epoch } => {
                // Losses of single batches jump about.
                self.loss = Some(self.loss.map_or(loss, |before| before + 0.3 * (loss - before)));
                self.tell_batch(share, epoch);
            }
            WorkerEvent::Epoch { share, epoch, loss, validation, seconds } => {
                self.validation = Some(validation);
                if !self.live.is_watched {
                    let (done, right) = (100.0 * share.min(1.0), 100.0 * validation);
                    let _ = writeln!(
                        self.live.sink,
                        "epoch {epoch}: {done:.0} % done, loss {loss:.4}, validation {right:.2} % (float32), {seconds:.0} s"
                    );
                }
            }
            WorkerEvent::BackedOff { epoch } => {
                let _ = writeln!(self.live.sink, "epoch {epoch}: numbers went wrong; once more at a lower rate");
            }
            _ => {}
        }
    }

    fn tell_batch(&mut self, share: f64, epoch: u32) {
        let from = *self.from.get_or_insert(share);
        let elapsed = ((self.clock)() - self.begun).as_secs_f64();
        if !self.live.is_watched || elapsed - self.told < BETWEEN {
            return;
        }
        self.told = elapsed;
        let left = if share > from { elapsed / (share - from) * (1.0 - share) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a bar")]
        let done = (share.clamp(0.0, 1.0) * BAR as f64) as usize;
        let of = self.epochs.map_or(String::new(), |epochs| format!("/{epochs}"));
        let validation = self.validation.map_or(String::new(), |share| format!("  validation {:.2} %", 100.0 * share));
        let _ = write!(
            self.live.sink,
            "\r\x1b[K{}{} {:3.0} %  epoch {}{of}  loss {:.3}{validation}  {} left",
            "█".repeat(done),
            "░".repeat(BAR - done),
            100.0 * share.min(1.0),
            epoch,
            self.loss.unwrap_or_default(),
            clock_time(left)
        );
        let _ = self.live.sink.flush();
    }

    /// Leaves the line for what is said next.
    pub(super) fn finish(self) {
        if self.live.is_watched {
            let _ = write!(self.live.sink, "\r\x1b[K");
        }
        let _ = self.live.sink.flush();
    }
}

/// `1:05` or `2:00:00`.
pub(crate) fn clock_time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are short and not negative")]
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
