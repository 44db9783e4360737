//! `automcu watch`.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::ControlFlow,
    sync::atomic::Ordering,
};

use automcu_api::{EventView, JobDetail, JobId, JobState, Notice};

use super::{
    Desk, document,
    follow::{self, Way, follow},
    over,
};
use crate::{
    board::Board,
    cli::Watch,
    daemon::{Daemon, LARGEST},
    house::wall_ms,
    outcome::{Failure, Outcome},
    status::Status,
};

/// So many jobs have a line that is written anew.
const SHOWN: usize = 16;

pub(super) fn run(arguments: &Watch, mut desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let json = arguments.via.json;
    let way = if json { Way::Json } else { Way::Watching };
    let Some(job) = arguments.job else { return all(&daemon, way, &mut desk) };
    let detail = follow(&daemon, job, way, None, &mut desk)?;
    // Of a stream of JSON the last line says it already.
    if json { Ok(Outcome::of_job(&detail)) } else { over::tell(&detail, false, &mut desk) }
}

/// All jobs that are not over, and those that come, until the user has enough.
fn all(daemon: &Daemon, way: Way, desk: &mut Desk<'_>) -> Result<Outcome, Failure> {
    let is_interrupted = (desk.interrupts)();
    let mut jobs = Jobs::default();
    let mut status = Status::beside(&mut desk.live, desk.output, desk.clock);
    if way == Way::Watching {
        for detail in open(daemon)? {
            jobs.take_up(&detail, past(daemon, detail.job.id, 0)?);
        }
        status.line(&format!("{} jobs are not over", jobs.boards.len()));
    }
    let listened = daemon.listen(daemon.client.watch_all(), |notice| {
        let lines = match notice {
            Some(notice) if way == Way::Json => vec![follow::json(notice)],
            Some(notice) => jobs.hear(notice, &mut |job, after| {
                let detail = if after == 0 { Some(daemon.ask(daemon.client.job(job))?) } else { None };
                Ok((detail, past(daemon, job, after)?))
            })?,
            None => Vec::new(),
        };
        lines.iter().for_each(|line| status.line(line));
        if way == Way::Watching {
            status.show(|| jobs.status(wall_ms()));
        }
        if is_interrupted.load(Ordering::Relaxed) {
            return Err(Failure::Unwatched);
        }
        Ok(if status.is_unheard() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    status.finish();
    listened.map(|()| Outcome::Yes)
}

fn past(daemon: &Daemon, job: JobId, after: u64) -> Result<Vec<EventView>, Failure> {
    let mut events = Vec::new();
    daemon.past(job, after, |event| {
        events.push(event);
        Ok(())
    })?;
    Ok(events)
}

/// The jobs that are not over.
fn open(daemon: &Daemon) -> Result<Vec<JobDetail>, Failure> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = daemon.ask(daemon.client.jobs(cursor.as_deref(), Some(LARGEST)))?;
        for job in page.items.iter().filter(|job| !job.state.is_final()) {
            found.push(daemon.ask(daemon.client.job(job.id))?);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// So many jobs that are over are remembered.
const MOST_OVER: usize = 1_000;

/// What was before: of a job that is new here, all of it and how it stands.
type Past<'p> = dyn FnMut(JobId, u64) -> Result<(Option<JobDetail>, Vec<EventView>), Failure> + 'p;

/// Jobs as they are seen side by side.
#[derive(Default)]
struct Jobs {
    /// Each with the number of the last event that is known.
    boards: BTreeMap<JobId, (Board, u64)>,
    /// Jobs that are over, the latest so many: what is still heard of them is told once, and not from the beginning again.
    over: VecDeque<JobId>,
}

impl Jobs {
    fn take_up(&mut self, detail: &JobDetail, past: Vec<EventView>) -> Vec<String> {
        let board = Board::new(document::goal(detail), document::time_s(detail));
        self.boards.insert(detail.job.id, (board, 0));
        past.into_iter().filter_map(|event| self.happened(event)).collect()
    }

    /// The lines that a notice is worth, each with the job that it is about. What was left out before it is asked for.
    fn hear(&mut self, notice: &Notice, past: &mut Past<'_>) -> Result<Vec<String>, Failure> {
        let event = match notice {
            Notice::Event(event) if self.over.contains(&event.job) => return Ok(Vec::new()),
            Notice::Event(event) => event,
            Notice::Progress(progress) => {
                if let Some((board, _)) = self.boards.get_mut(&progress.job) {
                    board.hear(notice);
                }
                return Ok(Vec::new());
            }
            Notice::Missed(_) | Notice::Over(_) => return Ok(Vec::new()),
        };
        let last = self.boards.get(&event.job).map_or(0, |(_, last)| *last);
        let mut lines = Vec::new();
        if last == 0 || event.n > last + 1 {
            let (detail, before) = past(event.job, last)?;
            lines = match detail {
                Some(detail) => self.take_up(&detail, before),
                None => before.into_iter().filter_map(|event| self.happened(event)).collect(),
            };
        }
        lines.extend(self.happened((**event).clone()));
        Ok(lines)
    }

    /// The line that an event is worth, if it is not known.
    fn happened(&mut self, event: EventView) -> Option<String> {
        let job = event.job;
        let (board, last) = self.boards.get_mut(&job).filter(|(_, last)| event.n > *last)?;
        *last = event.n;
        let is_over = event.ends_in().is_some();
        let line = board.hear(&Notice::Event(Box::new(event))).map(|line| format!("{job:<5}{line}"));
        if is_over {
            self.boards.remove(&job);
            self.over.push_back(job);
            if self.over.len() > MOST_OVER {
                self.over.pop_front();
            }
        }
        line
    }

    fn status(&self, now_ms: u64) -> Vec<String> {
        let is_shown = |board: &Board| board.state().is_none_or(|state| state != JobState::Queued);
        let (shown, queued): (Vec<_>, Vec<_>) = self.boards.iter().partition(|(_, (board, _))| is_shown(board));
        let mut lines: Vec<String> =
            shown.iter().take(SHOWN).map(|(job, (board, _))| format!("{job:<5}{}", board.status(now_ms))).collect();
        let rest = shown.len().saturating_sub(SHOWN);
        if rest + queued.len() > 0 {
            lines.push(format!("{rest} more at work, {} queued", queued.len()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_api::What;

    fn event(job: u64, n: u64, what: What) -> Notice {
        Notice::Event(Box::new(EventView { job: JobId(job), n, at_ms: 0, what }))
    }

    fn goes(from: JobState, to: JobState) -> What {
        What::JobStateChanged { from, to, cause: "so".to_owned() }
    }

    fn take_up(jobs: &mut Jobs, job: u64) {
        jobs.boards.insert(JobId(job), (Board::default(), 0));
    }

    fn heard(jobs: &mut Jobs, notice: &Notice, before: &[EventView]) -> Vec<String> {
        jobs.hear(notice, &mut |_, _| Ok((None, before.to_vec()))).expect("nothing is asked of a daemon")
    }

    #[test]
    fn jobs_are_seen_side_by_side_until_they_are_over() {
        let mut jobs = Jobs::default();
        take_up(&mut jobs, 1);
        take_up(&mut jobs, 2);
        let begins = event(1, 1, goes(JobState::Queued, JobState::Training));
        assert_eq!(heard(&mut jobs, &begins, &[]), ["j1      0:00  training: so"]);
        heard(&mut jobs, &event(2, 1, goes(JobState::Paused, JobState::Queued)), &[]);
        assert_eq!(heard(&mut jobs, &begins, &[]), [""; 0], "known already");
        assert_eq!(jobs.status(1000), ["j1   training · 0 tried, 0 refused · 0:01", "0 more at work, 1 queued"]);
        assert_eq!(heard(&mut jobs, &event(1, 2, goes(JobState::Training, JobState::Finished)), &[]).len(), 1);
        assert_eq!(jobs.status(1000), ["0 more at work, 1 queued"]);
    }

    #[test]
    fn what_is_heard_of_a_job_that_is_over_is_not_its_beginning_again() {
        let mut jobs = Jobs::default();
        take_up(&mut jobs, 1);
        let begins = event(1, 1, goes(JobState::Queued, JobState::Training));
        assert_eq!(heard(&mut jobs, &begins, &[]).len(), 1);
        assert_eq!(heard(&mut jobs, &event(1, 2, goes(JobState::Training, JobState::Cancelled)), &[]).len(), 1);
        let Notice::Event(first) = begins else { return };
        let late = event(1, 3, What::Note { text: "late".to_owned(), candidate: None });
        assert_eq!(heard(&mut jobs, &late, &[*first]), [""; 0]);
    }

    #[test]
    fn events_that_were_left_out_are_asked_for() {
        let mut jobs = Jobs::default();
        take_up(&mut jobs, 1);
        heard(&mut jobs, &event(1, 1, goes(JobState::Queued, JobState::Training)), &[]);
        let Notice::Event(missed) = event(1, 2, goes(JobState::Training, JobState::Paused)) else { return };
        let lines = heard(&mut jobs, &event(1, 3, goes(JobState::Paused, JobState::Training)), &[*missed]);
        assert_eq!(lines, ["j1      0:00  paused: so", "j1      0:00  training: so"]);
    }
}
