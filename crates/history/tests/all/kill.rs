//! A writer that is killed, over and over: this very test program, started again as a child.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use automcu_history::What;
use automcu_model::JobId;

use crate::support::*;

const FOLDER: &str = "AUTOMCU_HISTORY_TEST_FOLDER";
const TURNS: u64 = 25;

/// The child: appends for ever, and says what was acknowledged. Nothing as a test of its own.
#[test]
fn child_that_writes_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "how the parent tells its child where")]
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (history, _) = open(Path::new(&folder));
    let job = history.next_job().expect("readable").0;
    put(&history, vec![submitted(job)]);
    let mut said = std::io::stdout().lock();
    writeln!(said, "\nack {job} 1").expect("heard");
    for n in (2..).step_by(3) {
        // Several are under way at a time, of one to three events.
        let note = |n: u64| event(job, n, What::Note { text: format!("{n} {}", "x".repeat(50)), candidate: None });
        let first = history.append(vec![note(n)]).expect("taken");
        let second = history.append(vec![note(n + 1), note(n + 2)]).expect("taken");
        for (ticket, last) in [(first, n), (second, n + 2)] {
            ticket.wait(PATIENCE).expect("flushed");
            writeln!(said, "ack {job} {last}").expect("heard");
        }
    }
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = BTreeMap::<u64, u64>::new();
    for turn in 0..TURNS {
        run_child_and_kill_it(folder.path(), 1 + turn * 7 % 60, &mut acknowledged);
        let (history, opened) = open(folder.path());
        assert_eq!((opened.damaged, opened.lost, opened.replayed.inconsistent), (0, 0, 0));
        for (job, last) in &acknowledged {
            let record = history.job(JobId(*job)).expect("acknowledged");
            assert!(record.events >= *last, "j{job}: {} of {last} events", record.events);
            // An append is there wholly or not at all, unless it was cut off: then it was never acknowledged.
            let latest = record.notes.last().map_or(1, |note| {
                note.text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
            });
            assert_eq!(latest, record.events);
        }
        let before = seen(&history);
        history.rebuild().expect("rebuilt");
        assert_eq!(seen(&history), before);
    }
    assert_eq!(acknowledged.len() as u64, TURNS);
}

/// Runs a child until it has acknowledged so many appends, and reads what it said until its end.
fn run_child_and_kill_it(folder: &Path, appends: u64, acknowledged: &mut BTreeMap<u64, u64>) {
    let program = std::env::current_exe().expect("this program");
    #[expect(clippy::disallowed_methods, reason = "a writer of its own, to be killed")]
    let mut child = Command::new(program)
        .args(["--exact", "kill::child_that_writes_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut heard = 0;
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        let line = line.expect("text");
        let mut words = line.split(' ');
        // A line that the kill has cut short acknowledges nothing that can be read from it.
        if let (Some("ack"), Some(Ok(job)), Some(Ok(last))) =
            (words.next(), words.next().map(str::parse), words.next().map(str::parse::<u64>))
        {
            let known = acknowledged.entry(job).or_default();
            *known = last.max(*known);
            heard += 1;
        }
        if heard == appends {
            child.kill().expect("killed");
        }
    }
    child.wait().expect("gone");
}
