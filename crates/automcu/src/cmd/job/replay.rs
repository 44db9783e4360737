//! `automcu replay`.

use std::io::{self, Write};

use automcu_api::{JobDetail, JobFile, JobId};
use serde::Serialize;

use super::{Desk, document, follow::follow, submit::way};
use crate::{
    board::{accuracy, tag, word},
    cli::Replay,
    cmd::write_json,
    outcome::{Failure, Outcome},
    show::{BAD, GOOD, figures, styled},
};

#[derive(Serialize)]
struct Answer {
    version: u32,
    job: JobId,
    replays: JobId,
    /// Whether it has to come out the same.
    is_reproducible: bool,
    /// What came out, if that was waited for.
    outcome: Option<Comparison>,
}

/// What came out, side by side.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Comparison {
    is_same: bool,
    figures: Vec<Figure>,
}

/// One figure of both.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Figure {
    what: &'static str,
    before: Option<String>,
    now: Option<String>,
}

pub(super) fn run(arguments: &Replay, mut desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let before = daemon.ask(daemon.client.job(arguments.job))?;
    let is_compared = arguments.wait || arguments.watch;
    if is_compared && !before.job.state.is_final() {
        // What is still to come of it cannot be compared with; nothing is submitted.
        return Err(Failure::NotOver { job: arguments.job.to_string(), state: word(before.job.state) });
    }
    let mut file = document::asked(&before)?;
    let is_another = arguments.seed.is_some_and(|seed| seed != file.seed);
    file.seed = arguments.seed.unwrap_or(file.seed);
    // What a language model answered is answered again: nobody is asked, and nothing is paid.
    if file.proposer.asks_a_model() && !is_another {
        file.replays = file.replays.or(Some(arguments.job));
    }
    let is_reproducible = !is_another && is_reproducible(&file);
    let job = daemon.ask(daemon.client.submit(&file, None))?.job;
    let json = arguments.via.json;
    let outcome = match way(arguments.wait, arguments.watch, json) {
        None => None,
        Some(way) => {
            let _ = writeln!(desk.live.sink, "{job} is submitted");
            Some(compare(&before, &follow(&daemon, job, way, None, &mut desk)?))
        }
    };
    let is_same = outcome.as_ref().is_none_or(|outcome| outcome.is_same);
    let answer = Answer { version: 1, job, replays: arguments.job, is_reproducible, outcome };
    if json {
        write_json(&answer, &mut desk.said.output)?;
    } else {
        write(&answer, &mut desk.said.output)?;
    }
    Ok(if is_same || !is_reproducible { Outcome::Yes } else { Outcome::No })
}

/// Whether the outcome depends on the seed alone: neither on time, nor on what other jobs have found meanwhile.
fn is_reproducible(file: &JobFile) -> bool {
    file.limits.time.is_none() && !file.warm
}

fn compare(before: &JobDetail, now: &JobDetail) -> Comparison {
    let figures: Vec<Figure> = figures_of(before)
        .into_iter()
        .zip(figures_of(now))
        .map(|((what, before), (_, now))| Figure { what, before, now })
        .collect();
    Comparison { is_same: figures.iter().all(|figure| figure.before == figure.now), figures }
}

fn figures_of(detail: &JobDetail) -> Vec<(&'static str, Option<String>)> {
    let winner = detail.winner.as_ref();
    let verified = winner.and_then(|winner| winner.verification.as_ref());
    let [ram, flash] = match verified.and_then(|verified| verified.footprint) {
        Some(footprint) => figures::sums(&footprint).map(|(_, bytes, parts)| {
            Some(format!("{bytes} bytes ({parts}; {}, {})", tag(&footprint.dtype), tag(&footprint.provenance)))
        }),
        None => [None, None],
    };
    vec![
        ("ended", Some(word(detail.job.state).to_owned())),
        ("answer", winner.map(|winner| format!("{} ({})", winner.id, winner.graph))),
        ("validation", verified.and_then(|verified| verified.metric.as_ref()).map(accuracy)),
        ("test", verified.and_then(|verified| verified.test.as_ref()).map(accuracy)),
        ("RAM", ram),
        ("Flash", flash),
    ]
}

fn write(answer: &Answer, into: &mut dyn Write) -> io::Result<()> {
    let Answer { job, replays, is_reproducible, outcome, .. } = answer;
    let Some(Comparison { is_same, figures }) = outcome else { return writeln!(into, "{job}") };
    let none = || "none".to_owned();
    for Figure { what, before, now } in figures {
        let (before, now) = (before.clone().unwrap_or_else(none), now.clone().unwrap_or_else(none));
        if before == now {
            writeln!(into, "  {what:<10}  {now}")?;
        } else {
            writeln!(into, "  {what:<10}  {}", styled(format!("{now}, and before {before}"), BAD))?;
        }
    }
    match (is_same, is_reproducible) {
        (true, _) => writeln!(into, "{}", styled(format!("{job} came out as {replays} did"), GOOD)),
        (false, true) => writeln!(into, "{}", styled(format!("{job} should have come out as {replays} did"), BAD)),
        (false, false) => writeln!(
            into,
            "{job} came out differently from {replays}, as it may: only a job with epochs, without a time and not warm, with the same seed, comes out the same"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_api::{Limits, Span};

    #[test]
    fn only_what_depends_on_its_seed_alone_has_to_come_out_the_same() {
        let epochs = JobFile { limits: Limits { epochs: Some(3), ..Limits::default() }, ..JobFile::new("synthetic") };
        assert!(is_reproducible(&epochs));
        assert!(!is_reproducible(&JobFile { warm: true, ..epochs.clone() }));
        let timed = Limits { time: Span::new(60), ..epochs.limits };
        assert!(!is_reproducible(&JobFile { limits: timed, ..epochs }));
    }
}
