//! Who is better, what is settled, and what Proposal is told of it.

use automcu_contract::{DOCUMENTS, Fate, OutcomePage, PastOutcome};
use automcu_model::{ArtifactId, AttemptId, CandidateId, GraphDigest};

use super::{
    Job,
    candidate::{Candidate, RunOutcome, Screening},
};

/// Weights that could be the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contender {
    pub(super) candidate: CandidateId,
    pub(super) attempt: AttemptId,
    pub(super) checkpoint: ArtifactId,
    pub(super) rung: u8,
    /// Its metric: float32 before it is verified, int8 afterwards.
    pub(super) metric: f64,
}

impl Job {
    /// The seed of a training: the same for all candidates, so that they are compared under the same conditions.
    pub(super) const fn seed(&self, rung: u8, place: u32) -> u64 {
        self.plan.seed.wrapping_add(1_000 * rung as u64).wrapping_add(place as u64)
    }

    /// The best of a rung, best first, as many as the next one takes.
    pub(super) fn entrants(&self, rung: u8) -> Vec<CandidateId> {
        let Some(places) = self.plan.rungs.get(usize::from(rung)).map(|rung| rung.entrants as usize) else {
            return Vec::new();
        };
        let scored = self.candidates.iter().filter_map(|(id, of)| of.score(rung - 1).map(|score| (*id, score)));
        let mut ranked: Vec<_> = scored.collect();
        ranked.sort_by(|(a, one), (b, other)| other.total_cmp(one).then(a.cmp(b)));
        ranked.into_iter().take(places).map(|(id, _)| id).collect()
    }

    /// Whether all is known of a candidate that exploring finds out.
    fn is_settled(&self, of: &Candidate) -> bool {
        match of.screening {
            Screening::Refused { .. } | Screening::Failed { .. } => true,
            Screening::Open if self.plan.screens_first => false,
            Screening::Open | Screening::Fits => {
                let seeds = self.plan.rungs.first().map_or(0, |rung| rung.seeds);
                let has_ended = |place| of.run(0, self.seed(0, place)).is_some_and(|run| run.outcome.is_some());
                (0..seeds).all(has_ended) && of.runs_at(0).all(|run| !self.is_worth_verifying(of, run))
            }
        }
    }

    /// Whether a training has reached the goal, and nobody has looked at its integer network.
    pub(super) fn is_worth_verifying(&self, of: &Candidate, run: &super::candidate::Run) -> bool {
        let Some(((metric, _), goal)) = run.trained().zip(self.plan.goal) else { return false };
        metric >= goal && !of.verified.contains_key(&run.attempt)
    }

    /// How many rounds are settled, from the first one on without a gap; the pages that became known are given.
    pub(super) fn settle(&mut self) -> Vec<Vec<u8>> {
        let mut written = Vec::new();
        while let Some(round) = self.rounds.get(self.pages.len()) {
            if !self.is_round_settled(self.pages.len()) {
                break;
            }
            let known = round.candidates.iter().filter_map(|id| self.candidates.get(id).map(|of| (*id, of)));
            let transcript = self.transcript.as_ref().and_then(|transcript| transcript.up_to(self.pages.len()));
            let page = OutcomePage {
                version: DOCUMENTS,
                job: self.id,
                earlier: self.pages.last().copied(),
                round: u32::try_from(self.pages.len() + 1).unwrap_or(u32::MAX),
                outcomes: known.map(|(id, of)| past(id, of)).collect(),
                transcript: transcript.map(|said| ArtifactId::of(said.as_bytes())),
            };
            written.extend(transcript.map(|said| said.as_bytes().to_vec()));
            let bytes = serde_json::to_vec(&page).expect("plain data");
            self.pages.push(ArtifactId::of(&bytes));
            written.push(bytes);
        }
        written
    }

    /// Whether all is known of a round, by its place, that exploring finds out.
    pub(super) fn is_round_settled(&self, place: usize) -> bool {
        let is_settled = |id| self.candidates.get(id).is_none_or(|of| self.is_settled(of));
        self.rounds.get(place).is_some_and(|round| round.is_complete && round.candidates.iter().all(is_settled))
    }

    /// Candidates of the first so many rounds.
    pub(super) fn put_forward_in(&self, rounds: usize) -> u32 {
        let count = self.rounds.iter().take(rounds).map(|round| round.candidates.len()).sum::<usize>();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What was put forward after the first so many rounds.
    pub(super) fn pending_after(&self, rounds: usize) -> Vec<GraphDigest> {
        let later = self.rounds.iter().skip(rounds).flat_map(|round| &round.candidates);
        later.filter_map(|id| self.candidates.get(id)).map(|of| of.digest).collect()
    }

    /// Candidates that were refused in the first so many rounds.
    pub(super) fn refused_in(&self, rounds: usize) -> u32 {
        let of_rounds = self.rounds.iter().take(rounds).flat_map(|round| &round.candidates);
        let screened = of_rounds
            .filter_map(|id| self.candidates.get(id))
            .filter(|of| matches!(of.screening, Screening::Refused { .. } | Screening::Failed { .. }));
        u32::try_from(screened.count()).unwrap_or(u32::MAX)
    }

    /// Weights that came through, best first by what was trained.
    pub(super) fn came_through(&self) -> Vec<Contender> {
        let mut found: Vec<_> = self.contenders().collect();
        found.sort_by(by_metric);
        found
    }

    /// Weights whose integer network fits and was measured, best first; not those that failed to be proven.
    pub(super) fn verified(&self) -> Vec<Contender> {
        let fitting = self.contenders().filter_map(|contender| {
            let of = &self.candidates[&contender.candidate];
            let found = of.verified.get(&contender.attempt).filter(|found| found.fits)?;
            let failed = of.proven.get(&contender.attempt).is_some_and(|proven| !proven.fits);
            (!failed).then_some(Contender { metric: found.metric?, ..contender })
        });
        let mut found: Vec<_> = fitting.collect();
        found.sort_by(by_metric);
        found
    }

    /// The same, as far as it counts for the goal: where a job depends on its seed alone, up to the first place, in the order in
    /// which candidates were put forward and ranked, that has reached it, whoever finished first.
    pub(super) fn counting(&self) -> Vec<Contender> {
        let verified = self.verified();
        let Some(goal) = self.plan.goal.filter(|_| self.plan.time_s.is_none()) else { return verified };
        let mut counting = Vec::new();
        for place in self.places() {
            counting.extend(verified.iter().filter(|found| place.contains(&(found.candidate, found.attempt))).copied());
            if counting.iter().any(|found: &Contender| found.metric >= goal) {
                break;
            }
        }
        counting.sort_by(by_metric);
        counting
    }

    /// Attempts whose outcome is known with that of all before them: round by round, then rung by rung.
    fn places(&self) -> Vec<Vec<(CandidateId, AttemptId)>> {
        let attempts = |id: &CandidateId, rung| -> Vec<(CandidateId, AttemptId)> {
            let runs = self.candidates.get(id).into_iter().flat_map(move |of| of.runs_at(rung));
            runs.map(|run| (*id, run.attempt)).collect()
        };
        let settled = self.rounds.iter().take(self.pages.len());
        let mut places: Vec<_> =
            settled.map(|round| round.candidates.iter().flat_map(|id| attempts(id, 0)).collect()).collect();
        for (rung, seeds) in (1_u8..).zip(self.plan.rungs.iter().skip(1).map(|rung| rung.seeds)) {
            for id in self.entrants(rung) {
                let of = &self.candidates[&id];
                let is_known = |place| {
                    let run = of.run(rung, self.seed(rung, place));
                    run.is_some_and(|run| run.outcome.is_some() && !self.is_worth_verifying(of, run))
                };
                if !(0..seeds).all(is_known) {
                    return places;
                }
                places.push(attempts(&id, rung));
            }
        }
        places
    }

    fn contenders(&self) -> impl Iterator<Item = Contender> {
        self.candidates.iter().flat_map(|(id, of)| {
            of.runs.iter().filter_map(|run| {
                let (metric, checkpoint) = run.trained()?;
                Some(Contender { candidate: *id, attempt: run.attempt, checkpoint, rung: run.rung, metric })
            })
        })
    }
}

fn by_metric(one: &Contender, other: &Contender) -> std::cmp::Ordering {
    let order = other.metric.total_cmp(&one.metric);
    order.then(one.candidate.cmp(&other.candidate)).then(one.attempt.cmp(&other.attempt))
}

fn past(candidate: CandidateId, of: &Candidate) -> PastOutcome {
    let fate = match (&of.screening, of.score(0)) {
        (Screening::Refused { reason }, _) => Fate::Refused { reason: reason.clone() },
        (Screening::Failed { reason }, _) => Fate::Failed { reason: reason.clone() },
        (_, Some(score)) => Fate::Trained { score },
        (_, None) => Fate::Failed { reason: failure(of) },
    };
    PastOutcome { candidate, spec: of.spec, digest: of.digest, source: Some(of.source), fate }
}

fn failure(of: &Candidate) -> String {
    let failed = of.runs.iter().rev().find_map(|run| match &run.outcome {
        Some(RunOutcome::Failed { reason }) => Some(reason.clone()),
        _ => None,
    });
    failed.unwrap_or_else(|| "it was not trained".to_owned())
}
