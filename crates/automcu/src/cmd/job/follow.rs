//! A job of a daemon until it is over.

use std::{ops::ControlFlow, sync::atomic::Ordering, time::Duration};

use automcu_api::{EventView, JobDetail, JobId, Notice};

use super::{Desk, document};
use crate::{board::Board, daemon::Daemon, house::wall_ms, outcome::Failure, status::Status};

/// So many lines of what was before are shown.
const BEFORE: usize = 10;

/// How a job is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Without a word.
    Silently,
    /// A line for everything that is worth one, and how it stands.
    Watching,
    /// Everything as JSON, a line each.
    Json,
}

/// Follows a job until it is over, or for so long; gives it as it is then.
pub(super) fn follow(
    daemon: &Daemon,
    job: JobId,
    way: Way,
    at_most: Option<Duration>,
    desk: &mut Desk<'_>,
) -> Result<JobDetail, Failure> {
    let detail = daemon.ask(daemon.client.job(job))?;
    let clock = desk.clock;
    let end = at_most.map(|at_most| clock() + at_most);
    let is_interrupted = (desk.interrupts)();
    let mut status = Status::beside(&mut desk.live, desk.output, clock);
    let mut board = Board::new(document::goal(&detail), document::time_s(&detail));
    let after =
        if way == Way::Silently { detail.job.events } else { before(daemon, job, way, &mut board, &mut status)? };
    if detail.job.state.is_final() {
        status.finish();
        return Ok(detail);
    }
    daemon.listen(daemon.client.watch(job, after), |notice| {
        if let Some(notice) = notice {
            tell(notice, way, &mut board, &mut status);
        }
        if way == Way::Watching {
            status.show(|| vec![board.status(wall_ms())]);
        }
        if is_interrupted.load(Ordering::Relaxed) {
            return Err(Failure::StillGoing { job: job.to_string() });
        }
        let is_enough = end.is_some_and(|end| clock() >= end) || status.is_unheard();
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    status.finish();
    daemon.ask(daemon.client.job(job))
}

/// Takes in what was before; of its lines the last are shown, as JSON all are.
fn before(
    daemon: &Daemon,
    job: JobId,
    way: Way,
    board: &mut Board,
    status: &mut Status<'_, '_>,
) -> Result<u64, Failure> {
    let mut lines: Vec<String> = Vec::new();
    let last = daemon.past(job, 0, |event| {
        let notice = Notice::Event(Box::new(event));
        if way == Way::Json {
            tell(&notice, way, board, status);
        } else {
            lines.extend(board.hear(&notice));
        }
        Ok(())
    })?;
    let left_out = lines.len().saturating_sub(BEFORE);
    if left_out > 0 {
        status.line(&format!("(lines before: {left_out}; `automcu logs {job}` has everything)"));
    }
    lines[left_out..].iter().for_each(|line| status.line(line));
    Ok(last)
}

fn tell(notice: &Notice, way: Way, board: &mut Board, status: &mut Status<'_, '_>) {
    let line = match way {
        Way::Json => Some(json(notice)),
        Way::Watching => board.hear(notice),
        Way::Silently => None,
    };
    if let Some(line) = line {
        status.line(&line);
    }
}

/// A notice as a line of JSON: its kind, as on the stream, and what it holds.
pub(super) fn json(notice: &Notice) -> String {
    let value = match notice {
        Notice::Event(event) => serde_json::json!({ "event": "event", "data": event }),
        Notice::Progress(progress) => serde_json::json!({ "event": "progress", "data": progress }),
        Notice::Missed(count) => serde_json::json!({ "event": "missed", "data": count }),
        Notice::Over(state) => serde_json::json!({ "event": "over", "data": state }),
    };
    value.to_string()
}

/// An event as a line of JSON.
pub(super) fn json_of(event: &EventView) -> String {
    serde_json::to_string(event).expect("events are plain data with text for keys")
}
