//! What is kept as what is told: the history's records and events as views of the socket, converted by hand, so that neither
//! changes with the other.

use automcu_api as api;
use automcu_contract::TrainingProgress;
use automcu_history as history;
use automcu_model::{ArtifactId, AttemptId, CandidateId, DataType, JobId, Provenance};
use serde_json::Value;

/// A job's number on the wire.
#[must_use]
pub const fn job_id(id: JobId) -> api::JobId {
    api::JobId(id.0)
}

const fn candidate_id(id: CandidateId) -> api::CandidateId {
    api::CandidateId(id.0)
}

const fn attempt_id(id: AttemptId) -> api::AttemptId {
    api::AttemptId(id.0)
}

/// An artifact's digest on the wire.
#[must_use]
pub fn digest(id: ArtifactId) -> api::Digest {
    id.to_string().parse().expect("both are written as the same digits")
}

/// An event of a job.
#[must_use]
pub fn event(n: u64, event: &history::Event) -> api::EventView {
    api::EventView { job: job_id(event.job), n, at_ms: event.at_ms, what: what(&event.what) }
}

/// How far a training is.
#[must_use]
pub fn progress(progress: &TrainingProgress) -> api::Progress {
    let automcu_contract::Ticket { job, candidate, attempt } = progress.ticket;
    api::Progress {
        job: job_id(job),
        candidate: candidate_id(candidate),
        attempt: attempt_id(attempt),
        epochs: progress.epochs,
        done: progress.done.get(),
        metric: progress.metric.map(automcu_contract::Share::get),
    }
}

fn what(what: &history::What) -> api::What {
    use api::What as To;
    use history::What as From;
    match what {
        From::JobSubmitted { tags, dataset, target, budget, .. } => To::JobSubmitted {
            tags: tags.clone(),
            data: dataset.clone(),
            target: target.clone(),
            budget: memory(*budget),
        },
        From::JobStateChanged { from, to, cause } => {
            To::JobStateChanged { from: state(*from), to: state(*to), cause: cause.clone() }
        }
        From::CandidateProposed { candidate, spec, digest: graph, source: by, rationale, round, evidence } => {
            To::CandidateProposed {
                candidate: candidate_id(*candidate),
                spec: digest(*spec),
                graph: graph.clone(),
                source: source(*by),
                rationale: rationale.clone(),
                round: *round,
                evidence: evidence.iter().copied().map(candidate_id).collect(),
            }
        }
        From::CandidateScreened { candidate, judge, verdict: said, footprint: needs, report } => {
            To::CandidateScreened {
                candidate: candidate_id(*candidate),
                judge: judge.clone(),
                verdict: verdict(said),
                footprint: needs.map(footprint),
                report: report.map(digest),
            }
        }
        From::TrainingStarted { candidate, attempt, seed, rung, .. } => To::TrainingStarted {
            candidate: candidate_id(*candidate),
            attempt: attempt_id(*attempt),
            seed: *seed,
            rung: *rung,
        },
        From::TrainingProgressed { candidate, attempt, epochs, checkpoint } => To::TrainingProgressed {
            candidate: candidate_id(*candidate),
            attempt: attempt_id(*attempt),
            epochs: *epochs,
            checkpoint: digest(*checkpoint),
        },
        From::TrainingEnded { candidate, attempt, end, metric: got, epochs, duration_ms, energy_mj, checkpoint } => {
            To::TrainingEnded {
                candidate: candidate_id(*candidate),
                attempt: attempt_id(*attempt),
                end: training_end(end),
                metric: got.map(metric),
                epochs: *epochs,
                duration_ms: *duration_ms,
                energy_mj: *energy_mj,
                checkpoint: checkpoint.map(digest),
            }
        }
        From::CandidateVerified {
            candidate,
            judge,
            verdict: said,
            footprint: needs,
            metric: got,
            test,
            as_winner,
            attempt,
            bundle,
            duration_ms,
        } => To::CandidateVerified {
            candidate: candidate_id(*candidate),
            judge: judge.clone(),
            verdict: verdict(said),
            footprint: needs.map(footprint),
            metric: got.map(metric),
            test: test.map(metric),
            as_winner: *as_winner,
            attempt: attempt.map(attempt_id),
            bundle: bundle.map(digest),
            duration_ms: *duration_ms,
        },
        From::WinnerChosen { candidate, reason } => {
            To::WinnerChosen { candidate: candidate_id(*candidate), reason: reason.clone() }
        }
        From::JobAdjusted { change: to } => To::JobAdjusted { change: change(*to) },
        From::JobTakenUp {} => To::JobTakenUp {},
        From::RoundProposed { round, candidates, refused, ends } => {
            To::RoundProposed { round: *round, candidates: *candidates, refused: *refused, ends: ends.clone() }
        }
        From::Cost { tokens, money_micros, requests, failures } => {
            To::Cost { tokens: *tokens, money_micros: *money_micros, requests: *requests, failures: *failures }
        }
        From::Note { text, candidate } => To::Note { text: text.clone(), candidate: candidate.map(candidate_id) },
    }
}

/// A state of a job.
#[must_use]
pub const fn state(state: history::JobState) -> api::JobState {
    use api::JobState as To;
    use history::JobState as From;
    match state {
        From::Queued => To::Queued,
        From::Proposing => To::Proposing,
        From::Screening => To::Screening,
        From::Training => To::Training,
        From::Verifying => To::Verifying,
        From::Refining => To::Refining,
        From::Paused => To::Paused,
        From::Finished => To::Finished,
        From::Failed => To::Failed,
        From::Cancelled => To::Cancelled,
    }
}

/// A job as it stands.
#[must_use]
pub fn job(job: &history::Job) -> api::JobView {
    api::JobView {
        id: job_id(job.id),
        tags: job.tags.clone(),
        data: job.dataset.clone(),
        target: job.target.clone(),
        budget: memory(job.budget),
        state: state(job.state),
        cause: job.cause.clone(),
        submitted_ms: job.submitted_ms,
        changed_ms: job.changed_ms,
        candidates: job.candidates,
        trained: job.trained,
        verified: job.verified,
        rounds: job.rounds,
        over_budget: job.refused.over_budget,
        unsupported: job.refused.unsupported,
        passed_over: job.passed_over,
        priority: job.priority,
        winner: job.winner.map(candidate_id),
        tokens: job.tokens,
        money_micros: job.money_micros,
        requests: job.requests,
        failed_requests: job.failed_requests,
        trainings: trainings(job.trainings),
        goal: job.changes.iter().find_map(|change| match change {
            history::Change::Goal(goal) => Some(*goal),
            _ => None,
        }),
        notes: job.notes.iter().map(note).collect(),
        events: job.events,
    }
}

/// A job with its answer and what it was submitted with.
#[must_use]
pub fn detail(found: &history::Job, winner: Option<&history::Candidate>, document: Value) -> api::JobDetail {
    api::JobDetail { job: job(found), winner: winner.map(candidate), document }
}

fn trainings(of: history::Trainings) -> api::TrainingsView {
    let history::Trainings { attempts, completed, stopped, out_of_time, failed, lost, duration_ms, energy_mj } = of;
    api::TrainingsView { attempts, completed, stopped, out_of_time, failed, lost, duration_ms, energy_mj }
}

fn note(note: &history::Note) -> api::NoteView {
    let history::Note { at_ms, candidate, text } = note;
    api::NoteView { at_ms: *at_ms, candidate: candidate.map(candidate_id), text: text.clone() }
}

/// A candidate as it stands.
#[must_use]
pub fn candidate(of: &history::Candidate) -> api::CandidateView {
    api::CandidateView {
        job: job_id(of.job),
        id: candidate_id(of.id),
        round: of.round,
        spec: digest(of.spec),
        graph: of.digest.clone(),
        source: source(of.source),
        rationale: of.rationale.clone(),
        evidence: of.evidence.iter().copied().map(candidate_id).collect(),
        proposed_ms: of.proposed_ms,
        changed_ms: of.changed_ms,
        metric: of.metric().map(metric),
        screenings: of.screenings.iter().map(screening).collect(),
        training: of.training.as_ref().map(training),
        attempts: of.attempts,
        verification: of.verification.as_ref().map(verification),
    }
}

fn screening(of: &history::Screening) -> api::ScreeningView {
    api::ScreeningView {
        at_ms: of.at_ms,
        judge: of.judge.clone(),
        verdict: verdict(&of.verdict),
        footprint: of.footprint.map(footprint),
        report: of.report.map(digest),
    }
}

fn training(of: &history::Training) -> api::TrainingView {
    let ended = of.ended.as_ref();
    api::TrainingView {
        attempt: attempt_id(of.attempt),
        seed: of.seed,
        rung: of.rung,
        started_ms: of.started_ms,
        epochs: of.epochs,
        checkpoint: of.checkpoint.map(digest),
        end: ended.map(|ended| training_end(&ended.end)),
        metric: ended.and_then(|ended| ended.metric).map(metric),
        duration_ms: ended.map(|ended| ended.duration_ms),
        energy_mj: ended.and_then(|ended| ended.energy_mj),
    }
}

fn verification(of: &history::Verification) -> api::VerificationView {
    api::VerificationView {
        at_ms: of.at_ms,
        judge: of.judge.clone(),
        verdict: verdict(&of.verdict),
        footprint: of.footprint.map(footprint),
        metric: of.metric.map(metric),
        test: of.test.map(metric),
        attempt: of.attempt.map(attempt_id),
        bundle: of.bundle.map(digest),
        duration_ms: of.duration_ms,
    }
}

const fn memory(budget: history::Budget) -> api::MemoryBudget {
    api::MemoryBudget { ram_bytes: budget.ram_bytes, flash_bytes: budget.flash_bytes }
}

const fn dtype(dtype: DataType) -> api::DataType {
    match dtype {
        DataType::Int8 => api::DataType::Int8,
        DataType::Float32 => api::DataType::Float32,
    }
}

const fn provenance(provenance: Provenance) -> api::Provenance {
    match provenance {
        Provenance::Estimated => api::Provenance::Estimated,
        Provenance::Tool => api::Provenance::Tool,
        Provenance::Linked => api::Provenance::Linked,
        Provenance::Host => api::Provenance::Host,
        Provenance::Emulated => api::Provenance::Emulated,
        Provenance::Device => api::Provenance::Device,
    }
}

const fn footprint(of: history::Footprint) -> api::Footprint {
    api::Footprint {
        dtype: dtype(of.dtype),
        provenance: provenance(of.provenance),
        activations_bytes: of.activations_bytes,
        runtime_bytes: of.runtime_bytes,
        stack_bytes: of.stack_bytes,
        weights_bytes: of.weights_bytes,
        tables_bytes: of.tables_bytes,
        code_bytes: of.code_bytes,
    }
}

const fn metric(of: history::Metric) -> api::Metric {
    let history::Metric { value, low, high, .. } = of;
    api::Metric { value, low, high, dtype: dtype(of.dtype), provenance: provenance(of.provenance) }
}

const fn source(source: history::Source) -> api::Source {
    match source {
        history::Source::Seed => api::Source::Seed,
        history::Source::Surrogate => api::Source::Surrogate,
        history::Source::Evolution => api::Source::Evolution,
        history::Source::Random => api::Source::Random,
        history::Source::Llm => api::Source::Llm,
        history::Source::Warm => api::Source::Warm,
    }
}

fn verdict(verdict: &history::Verdict) -> api::Verdict {
    match verdict.clone() {
        history::Verdict::Fits => api::Verdict::Fits,
        history::Verdict::OverBudget { reason } => api::Verdict::OverBudget { reason },
        history::Verdict::Unsupported { reason } => api::Verdict::Unsupported { reason },
        history::Verdict::ToolFailed { reason, is_transient } => api::Verdict::ToolFailed { reason, is_transient },
        history::Verdict::Unknown => api::Verdict::Unknown,
    }
}

fn training_end(end: &history::TrainingEnd) -> api::TrainingEnd {
    match end.clone() {
        history::TrainingEnd::Finished => api::TrainingEnd::Finished,
        history::TrainingEnd::Stalled => api::TrainingEnd::Stalled,
        history::TrainingEnd::Stopped => api::TrainingEnd::Stopped,
        history::TrainingEnd::OutOfTime => api::TrainingEnd::OutOfTime,
        history::TrainingEnd::Failed { reason, is_transient } => api::TrainingEnd::Failed { reason, is_transient },
        history::TrainingEnd::Lost => api::TrainingEnd::Lost,
    }
}

const fn change(change: history::Change) -> api::Change {
    match change {
        history::Change::Priority(priority) => api::Change::Priority(priority),
        history::Change::TimeS(time_s) => api::Change::TimeS(time_s),
        history::Change::Candidates(candidates) => api::Change::Candidates(candidates),
        history::Change::Goal(goal) => api::Change::Goal(goal),
    }
}
