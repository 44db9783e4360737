//! Events folded into records. Pure and total: an event that cannot have happened is refused with the reason, and changes
//! nothing.
//!
//! ```text
//! job:       submitted ─► queued ─► (any state) ─► finished | failed | cancelled ─► no other state
//! candidate: proposed ─► screened* ─► started ─► progressed* ─► ended ─► verified*
//!                                        ▲           └─ a later attempt takes over ─┐ │
//!                                        └─────────────────────────────────────────┴─┘
//! round:     1 ─► 2 ─► ..., while the job is not over, as are adjustments
//! ```

use automcu_model::{ArtifactId, AttemptId, CandidateId, JobId};

use crate::{
    error::of,
    event::{Change, Event, JobState, What},
    figures::Verdict,
    record::{Candidate, Ended, Job, NOTES, Note, Refused, SCREENINGS, Screening, Training, Trainings, Verification},
};

/// Why an event cannot have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    /// Nobody submitted the job.
    #[error("{job} was never submitted")]
    NoJob {
        /// Which.
        job: JobId,
    },
    /// The job is there already.
    #[error("{job} was submitted before; take the next free number")]
    SecondSubmission {
        /// Which.
        job: JobId,
    },
    /// The event is there already.
    #[error("event {n} of {job} is known; the last is {last}")]
    Repeated {
        /// Which job.
        job: JobId,
        /// Which event.
        n: u64,
        /// The last one.
        last: u64,
    },
    /// The job is in another state, or in one that is not left.
    #[error("{job} is {is:?} and cannot go from {from:?} to {to:?}")]
    Transition {
        /// Which.
        job: JobId,
        /// Where it is.
        is: JobState,
        /// From where it would go.
        from: JobState,
        /// To where.
        to: JobState,
    },
    /// The job is over.
    #[error("{job} is {is:?}; nothing of it changes any more")]
    Over {
        /// Which.
        job: JobId,
        /// How it ended.
        is: JobState,
    },
    /// The round is not the next one.
    #[error("{job} has had {rounds} rounds of proposals, and round {round} is not the next")]
    Round {
        /// Which job.
        job: JobId,
        /// Which round.
        round: u32,
        /// How many are complete.
        rounds: u32,
    },
    /// Nobody put the candidate forward.
    #[error("{} was never proposed", of(*job, *candidate))]
    NoCandidate {
        /// Which job.
        job: JobId,
        /// Which.
        candidate: CandidateId,
    },
    /// The candidate is there already.
    #[error("{} was proposed before; take the next free number", of(*job, *candidate))]
    SecondProposal {
        /// Which job.
        job: JobId,
        /// Which.
        candidate: CandidateId,
    },
    /// The attempt is over, or not the latest.
    #[error("attempt {attempt} at {} is not under way", of(*job, *candidate))]
    LateAttempt {
        /// Which job.
        job: JobId,
        /// Which candidate.
        candidate: CandidateId,
        /// Which attempt.
        attempt: AttemptId,
    },
    /// It was not trained.
    #[error("{} has no training that ended", of(*job, *candidate))]
    NotTrained {
        /// Which job.
        job: JobId,
        /// Which.
        candidate: CandidateId,
    },
}

/// A job, and the candidate that an event was about.
pub(crate) type Records = (Job, Option<Candidate>);

/// The records after an event, from those before it. `text` is the event's line.
pub(crate) fn apply(
    job: Option<Job>,
    candidate: Option<Candidate>,
    n: u64,
    event: &Event,
    text: &str,
) -> Result<Records, Inconsistency> {
    let id = event.job;
    if let What::JobSubmitted { .. } = &event.what {
        return match job {
            None => Ok((submitted(event, n, text), None)),
            Some(_) => Err(Inconsistency::SecondSubmission { job: id }),
        };
    }
    let mut job = counted(job, id, n)?;
    job.changed_ms = job.changed_ms.max(event.at_ms);
    let candidate = match event.what.candidate() {
        None => None,
        Some(which) => Some(of_candidate(&mut job, candidate, which, event)?),
    };
    of_job(&mut job, event)?;
    Ok((job, candidate))
}

/// The job after an event of a newer version.
pub(crate) fn apply_unknown(job: Option<Job>, id: JobId, n: u64) -> Result<Job, Inconsistency> {
    let mut job = counted(job, id, n)?;
    job.unknown += 1;
    Ok(job)
}

/// The job, if it takes an event of this number. A number may be left out, where one was lost, and never comes twice.
fn counted(job: Option<Job>, id: JobId, n: u64) -> Result<Job, Inconsistency> {
    let mut job = job.ok_or(Inconsistency::NoJob { job: id })?;
    if n <= job.events {
        return Err(Inconsistency::Repeated { job: id, n, last: job.events });
    }
    job.events = n;
    Ok(job)
}

fn submitted(event: &Event, n: u64, text: &str) -> Job {
    let What::JobSubmitted { digest, tags, dataset, target, budget, .. } = &event.what else {
        unreachable!("only called with a submission");
    };
    Job {
        id: event.job,
        tags: tags.clone(),
        dataset: dataset.clone(),
        target: target.clone(),
        budget: *budget,
        digest: digest.clone(),
        origin: ArtifactId::of(text.as_bytes()),
        submitted_ms: event.at_ms,
        changed_ms: event.at_ms,
        state: JobState::Queued,
        cause: "submitted".to_owned(),
        candidates: 0,
        trained: 0,
        verified: 0,
        rounds: 0,
        refused: Refused::default(),
        passed_over: 0,
        priority: None,
        winner: None,
        tokens: 0,
        requests: 0,
        failed_requests: 0,
        money_micros: None,
        trainings: Trainings::default(),
        changes: Vec::new(),
        notes: Vec::new(),
        events: n,
        unknown: 0,
    }
}

fn of_job(job: &mut Job, event: &Event) -> Result<(), Inconsistency> {
    match &event.what {
        What::JobAdjusted { .. } | What::JobTakenUp {} | What::RoundProposed { .. } if job.state.is_final() => {
            return Err(Inconsistency::Over { job: job.id, is: job.state });
        }
        What::JobAdjusted { change } => {
            if let Change::Priority(priority) = change {
                job.priority = Some(*priority);
            }
            job.changes.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(change));
            job.changes.push(*change);
        }
        What::RoundProposed { round, refused, .. } => {
            if Some(*round) != job.rounds.checked_add(1) {
                return Err(Inconsistency::Round { job: job.id, round: *round, rounds: job.rounds });
            }
            job.rounds = *round;
            job.passed_over = job.passed_over.saturating_add((*refused).into());
        }
        What::JobStateChanged { from, to, cause } => {
            if job.state != *from || from == to || from.is_final() {
                return Err(Inconsistency::Transition { job: job.id, is: job.state, from: *from, to: *to });
            }
            (job.state, job.cause) = (*to, cause.clone());
        }
        What::WinnerChosen { candidate, .. } => job.winner = Some(*candidate),
        What::Cost { tokens, money_micros, requests, failures } => {
            job.tokens = job.tokens.saturating_add(*tokens);
            job.requests = job.requests.saturating_add((*requests).into());
            job.failed_requests = job.failed_requests.saturating_add((*failures).into());
            job.money_micros = match (job.money_micros, *money_micros) {
                (Some(a), Some(b)) => Some(a.saturating_add(b)),
                (a, b) => a.or(b),
            };
        }
        What::Note { text, candidate } => {
            push_latest(&mut job.notes, Note { at_ms: event.at_ms, candidate: *candidate, text: text.clone() }, NOTES);
        }
        _ => {}
    }
    Ok(())
}

fn of_candidate(
    job: &mut Job,
    candidate: Option<Candidate>,
    id: CandidateId,
    event: &Event,
) -> Result<Candidate, Inconsistency> {
    if let What::CandidateProposed { spec, digest, source, rationale, round, evidence, .. } = &event.what {
        if candidate.is_some() {
            return Err(Inconsistency::SecondProposal { job: job.id, candidate: id });
        }
        job.candidates += 1;
        return Ok(Candidate {
            job: job.id,
            id,
            round: *round,
            spec: *spec,
            digest: digest.clone(),
            source: *source,
            rationale: rationale.clone(),
            evidence: evidence.clone(),
            proposed_ms: event.at_ms,
            changed_ms: event.at_ms,
            screenings: Vec::new(),
            training: None,
            attempts: 0,
            verification: None,
        });
    }
    let mut candidate = candidate.ok_or(Inconsistency::NoCandidate { job: job.id, candidate: id })?;
    candidate.changed_ms = candidate.changed_ms.max(event.at_ms);
    match &event.what {
        What::CandidateScreened { judge, verdict, footprint, report, .. } => {
            match verdict {
                Verdict::OverBudget { .. } => job.refused.over_budget += 1,
                Verdict::Unsupported { .. } => job.refused.unsupported += 1,
                Verdict::Fits | Verdict::ToolFailed { .. } | Verdict::Unknown => {}
            }
            let (judge, verdict) = (judge.clone(), verdict.clone());
            let screening = Screening { at_ms: event.at_ms, judge, verdict, footprint: *footprint, report: *report };
            push_latest(&mut candidate.screenings, screening, SCREENINGS);
        }
        What::CandidateVerified { .. } => {
            let verification = verified(event);
            // Of an earlier try while a later one is under way, too.
            let is_trained = |training: &Training| match verification.attempt {
                Some(attempt) if attempt < training.attempt => true,
                Some(attempt) => attempt == training.attempt && training.ended.is_some(),
                None => training.ended.is_some(),
            };
            if !candidate.training.as_ref().is_some_and(is_trained) {
                return Err(Inconsistency::NotTrained { job: job.id, candidate: id });
            }
            job.verified += 1;
            // Of the latest weights, unless others were proven as the answer.
            let is_latest = candidate
                .training
                .as_ref()
                .is_some_and(|training| verification.attempt.is_none_or(|attempt| attempt == training.attempt));
            let is_proven = candidate.verification.as_ref().is_some_and(|known| known.bundle.is_some());
            if matches!(&event.what, What::CandidateVerified { as_winner: true, .. }) || (is_latest && !is_proven) {
                candidate.verification = Some(verification);
            }
        }
        _ => of_training(job, &mut candidate, event)?,
    }
    Ok(candidate)
}

fn verified(event: &Event) -> Verification {
    let What::CandidateVerified { judge, verdict, footprint, metric, test, attempt, bundle, duration_ms, .. } =
        &event.what
    else {
        unreachable!("only called with a verification");
    };
    Verification {
        at_ms: event.at_ms,
        judge: judge.clone(),
        verdict: verdict.clone(),
        footprint: *footprint,
        metric: *metric,
        test: *test,
        attempt: *attempt,
        bundle: *bundle,
        duration_ms: *duration_ms,
    }
}

fn of_training(job: &mut Job, candidate: &mut Candidate, event: &Event) -> Result<(), Inconsistency> {
    let id = candidate.id;
    let late = |attempt| Inconsistency::LateAttempt { job: event.job, candidate: id, attempt };
    let at_ms = event.at_ms;
    match &event.what {
        What::TrainingStarted { attempt, conditions, seed, from, rung, .. } => {
            if candidate.training.as_ref().is_some_and(|training| training.attempt >= *attempt) {
                return Err(late(*attempt));
            }
            candidate.attempts += 1;
            job.trainings.attempts += 1;
            // Of other weights the old measurements say nothing.
            candidate.verification = None;
            candidate.training = Some(Training {
                attempt: *attempt,
                conditions: *conditions,
                seed: *seed,
                rung: *rung,
                started_ms: at_ms,
                epochs: 0,
                checkpoint: *from,
                ended: None,
            });
        }
        What::TrainingProgressed { attempt, epochs, checkpoint, .. } => {
            let training = open(&mut candidate.training, *attempt).ok_or_else(|| late(*attempt))?;
            (training.epochs, training.checkpoint) = (*epochs, Some(*checkpoint));
        }
        What::TrainingEnded { attempt, end, metric, epochs, duration_ms, energy_mj, checkpoint, .. } => {
            let training = open(&mut candidate.training, *attempt).ok_or_else(|| late(*attempt))?;
            training.epochs = *epochs;
            training.checkpoint = checkpoint.or(training.checkpoint);
            job.trainings.ended(end, *duration_ms, *energy_mj);
            let (end, metric) = (end.clone(), *metric);
            training.ended = Some(Ended { at_ms, end, metric, duration_ms: *duration_ms, energy_mj: *energy_mj });
            job.trained += 1;
        }
        _ => {}
    }
    Ok(())
}

fn open(training: &mut Option<Training>, attempt: AttemptId) -> Option<&mut Training> {
    training.as_mut().filter(|training| training.attempt == attempt && training.ended.is_none())
}

fn push_latest<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() == most {
        list.remove(0);
    }
    list.push(item);
}
