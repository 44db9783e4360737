//! `automcu logs`.

use std::{
    io::{self, Write},
    ops::ControlFlow,
    sync::atomic::Ordering,
};

use automcu_api::{EventView, Notice};

use super::{Desk, follow::json_of};
use crate::{
    cli::Logs,
    outcome::{Failure, Outcome},
    show::event,
};

pub(super) fn run(arguments: &Logs, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let Logs { job, after, .. } = *arguments;
    let mut sink = Sink { output: desk.output, json: arguments.via.json, is_closed: false };
    let last = daemon.past(job, after, |event| sink.line(&event))?;
    if !arguments.follow || sink.is_closed {
        return Ok(Outcome::Yes);
    }
    if !daemon.state(job)?.is_final() {
        let is_interrupted = (desk.interrupts)();
        daemon.listen(daemon.client.watch(job, last), |notice| {
            if let Some(Notice::Event(event)) = notice {
                sink.line(event)?;
            }
            if is_interrupted.load(Ordering::Relaxed) {
                return Err(Failure::StillGoing { job: job.to_string() });
            }
            Ok(if sink.is_closed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
    }
    Ok(Outcome::of_job(&daemon.ask(daemon.client.job(job))?))
}

/// Where lines go as they come.
struct Sink<'s> {
    output: &'s mut dyn Write,
    json: bool,
    /// Whether the reader has heard enough.
    is_closed: bool,
}

impl Sink<'_> {
    fn line(&mut self, event: &EventView) -> Result<(), Failure> {
        if self.is_closed {
            return Ok(());
        }
        let line = if self.json { json_of(event) } else { event::line(event) };
        match writeln!(self.output, "{line}").and_then(|()| self.output.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            written => Ok(written?),
        }
    }
}
