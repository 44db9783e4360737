//! Lines that stay, and below them, on a terminal, lines that are written anew.

use std::{io::Write, time::Duration};

use crate::Live;

/// Lines are written anew at most so often.
const BETWEEN: Duration = Duration::from_millis(200);
/// Lines that are longer than the terminal is wide are cut by it, so that their number is known.
const UNWRAPPED: &str = "\x1b[?7l";
const WRAPPED: &str = "\x1b[?7h";

/// What is told while something goes on.
pub(crate) struct Status<'l, 's> {
    live: &'l mut Live<'s>,
    /// Where lines go that stay, if that is not where the others are.
    lines: Option<&'l mut dyn Write>,
    clock: fn() -> Duration,
    /// When it was last written.
    told: Option<Duration>,
    /// Lines that stand there now.
    standing: usize,
    /// Whether whoever reads the lines has gone.
    is_unheard: bool,
}

impl<'l, 's> Status<'l, 's> {
    /// All lines go to one place.
    pub(crate) fn new(live: &'l mut Live<'s>, clock: fn() -> Duration) -> Self {
        Self { live, lines: None, clock, told: None, standing: 0, is_unheard: false }
    }

    /// Lines that stay are the answer, and go elsewhere.
    pub(crate) fn beside(live: &'l mut Live<'s>, lines: &'l mut dyn Write, clock: fn() -> Duration) -> Self {
        Self { lines: Some(lines), ..Self::new(live, clock) }
    }

    /// A line that stays.
    pub(crate) fn line(&mut self, line: &str) {
        self.wipe();
        let sink: &mut dyn Write = match &mut self.lines {
            Some(lines) => *lines,
            None => self.live.sink,
        };
        // That nobody listens is no reason to stop what goes on.
        self.is_unheard |= writeln!(sink, "{line}").and_then(|()| sink.flush()).is_err();
        self.told = None;
    }

    /// The lines that are written anew, if it is time to.
    pub(crate) fn show(&mut self, lines: impl FnOnce() -> Vec<String>) {
        let now = (self.clock)();
        if !self.live.is_watched || self.told.is_some_and(|told| now.saturating_sub(told) < BETWEEN) {
            return;
        }
        self.told = Some(now);
        let lines = lines();
        self.wipe();
        let _ = write!(self.live.sink, "{UNWRAPPED}{}{WRAPPED}", lines.join("\n"));
        let _ = self.live.sink.flush();
        self.standing = lines.len();
    }

    /// Whether nobody reads the lines any more.
    pub(crate) const fn is_unheard(&self) -> bool {
        self.is_unheard
    }

    /// Leaves no lines that would have been written anew.
    pub(crate) fn finish(mut self) {
        self.wipe();
    }

    /// The terminal, for a question.
    pub(crate) fn live(&mut self) -> &mut Live<'s> {
        self.wipe();
        self.live
    }

    fn wipe(&mut self) {
        let above = match std::mem::take(&mut self.standing) {
            0 => return,
            1 => String::new(),
            lines => format!("\x1b[{}A", lines - 1),
        };
        let _ = write!(self.live.sink, "\r{above}\x1b[J");
        let _ = self.live.sink.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_written_anew_are_wiped_before_one_that_stays() {
        let (mut sink, mut lines) = (Vec::new(), Vec::new());
        let mut live = Live { sink: &mut sink, is_watched: true };
        let mut status = Status::beside(&mut live, &mut lines, || Duration::ZERO);
        status.show(|| vec!["one".to_owned(), "two".to_owned()]);
        status.show(|| vec!["too soon".to_owned()]);
        status.line("stays");
        status.show(|| vec!["three".to_owned()]);
        status.finish();
        let shown = String::from_utf8(sink).expect("text");
        assert_eq!(shown, "\x1b[?7lone\ntwo\x1b[?7h\r\x1b[1A\x1b[J\x1b[?7lthree\x1b[?7h\r\x1b[J");
        assert_eq!(lines, b"stays\n");
    }

    #[test]
    fn nothing_is_written_anew_where_nobody_watches() {
        let mut sink = Vec::new();
        let mut live = Live { sink: &mut sink, is_watched: false };
        let mut status = Status::new(&mut live, || Duration::ZERO);
        status.show(|| vec!["one".to_owned()]);
        status.line("stays");
        status.finish();
        assert_eq!(sink, b"stays\n");
    }
}
