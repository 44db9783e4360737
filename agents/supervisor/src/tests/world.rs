//! The office with made-up agents around it, in made-up time.

use std::collections::{BTreeMap, BTreeSet};

use automcu_contract::{
    ArtifactId, Brief, CandidateId, DOCUMENTS, Few, JobId, JobPlan, Metric, OutcomePage, Proof, ProposalSummary,
    Proposed, Rung, ScreeningSummary, Share, Shortfall, Source, Ticket, TrainingEnd, TrainingSummary, Verdict,
    VerificationSummary,
};
use automcu_history::{Event, JobState, What};
use automcu_model::{DataType, Provenance};
use automcu_target::Budget;

use crate::{
    job::{Order, Turn},
    office::{self, Following, Office, Rules},
};

pub(super) const RULES: Rules = Rules { at_work: 2, jobs: 4 };

/// How the made-up agents are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Temper {
    /// Whoever answers when follows from this.
    pub(super) delays: u64,
    /// One candidate in so many is refused.
    pub(super) refused: u64,
    /// The metric of the best there could be.
    pub(super) best: f64,
    /// Nothing fits at all.
    pub(super) nothing_fits: bool,
    /// A training takes so long, in milliseconds.
    pub(super) training_ms: u64,
}

pub(super) const TEMPER: Temper = Temper { delays: 1, refused: 3, best: 0.95, nothing_fits: false, training_ms: 1_000 };

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Proposed(ProposalSummary),
    Screened(ScreeningSummary),
    Trained(TrainingSummary),
    Verified(VerificationSummary),
}

/// The office with made-up agents around it.
pub(super) struct World {
    pub(super) office: Office,
    pub(super) temper: Temper,
    pub(super) now: u64,
    /// What is answered when; the second number makes each different.
    pub(super) answers: BTreeMap<(u64, u64), Answer>,
    pub(super) asked: u64,
    pub(super) written: BTreeMap<JobId, Vec<(u64, Event)>>,
    pub(super) pages: BTreeMap<ArtifactId, OutcomePage>,
    /// Orders that were given, by name.
    pub(super) log: Vec<String>,
}

pub(super) fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

pub(super) fn number(id: ArtifactId) -> u64 {
    u64::from_str_radix(&id.to_string()[..15], 16).expect("hexadecimal")
}

pub(super) fn metric(value: f64, dtype: DataType) -> Option<Metric> {
    let share = Share::new(value).expect("a share");
    Some(Metric { value: share, low: share, high: share, dtype, provenance: Provenance::Host })
}

pub(super) fn plan(candidates: u32) -> JobPlan {
    let rung =
        |name: &str, entrants, seeds, warm| Rung { conditions: ArtifactId::of(name.as_bytes()), entrants, seeds, warm };
    JobPlan {
        version: DOCUMENTS,
        asked: serde_json::Value::Null,
        tags: Vec::new(),
        dataset: "synthetic".to_owned(),
        target: None,
        budget: Budget::default(),
        goal: None,
        time_s: None,
        priority: 0,
        seed: 7,
        key: None,
        assignment: ArtifactId::of(b"assignment"),
        a_round: 3,
        rungs: vec![rung("short", candidates, 1, false), rung("long", 3, 1, true), rung("again", 1, 3, false)],
        exploring: 0.55,
        screens_first: true,
        judge: None,
        shows_transcript: false,
    }
}

impl World {
    pub(super) fn new(temper: Temper) -> Self {
        Self {
            office: Office::new(RULES, JobId(1)),
            temper,
            now: 1_000_000,
            answers: BTreeMap::new(),
            asked: 0,
            written: BTreeMap::new(),
            pages: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    pub(super) fn submit(&mut self, plan: &JobPlan) -> JobId {
        let document = serde_json::to_vec(plan).expect("plain data");
        let (job, turn) = self.office.submit(&document, self.now).expect("taken");
        self.follow(turn.map(|turn| (job, turn)));
        job
    }

    pub(super) fn follow(&mut self, following: impl IntoIterator<Item = Following>) {
        for (job, turn) in following {
            self.written.entry(job).or_default().extend(turn.events);
            for order in turn.orders {
                self.order(order);
            }
        }
    }

    pub(super) fn order(&mut self, order: Order) {
        self.log.push(format!("{order:?}"));
        let answer = match order {
            Order::Keep(page) => {
                let read: OutcomePage = serde_json::from_slice(&page).expect("a page");
                assert!(read.outcomes.len() <= OutcomePage::MOST);
                self.pages.insert(ArtifactId::of(&page), read);
                return;
            }
            Order::Propose(asked) => {
                if let Some(page) = asked.outcomes {
                    assert!(self.pages.contains_key(&page), "a page is kept before it is named");
                }
                Answer::Proposed(self.propose(asked.job, asked.round, asked.wanted, asked.outcomes))
            }
            Order::Screen(asked) => {
                let refused = number(asked.spec).is_multiple_of(self.temper.refused);
                let verdict =
                    if refused { Verdict::OverBudget { reason: Brief::new("1 KiB of RAM") } } else { Verdict::Fits };
                let judge = Brief::new("plan");
                Answer::Screened(ScreeningSummary {
                    ticket: asked.ticket,
                    judge,
                    verdict,
                    footprint: None,
                    report: None,
                    duration_ms: 1,
                })
            }
            Order::Train(asked) => {
                let quality = self.quality(asked.spec, asked.seed);
                Answer::Trained(TrainingSummary {
                    ticket: asked.ticket,
                    end: TrainingEnd::Finished,
                    metric: metric(quality, DataType::Float32),
                    epochs: 3,
                    duration_ms: 1_000,
                    energy_mj: None,
                    checkpoint: Some(ArtifactId::of(format!("{} {}", asked.spec, asked.seed).as_bytes())),
                })
            }
            Order::Verify(asked) => {
                let is_winner = asked.proof == Proof::Winner;
                let quality = (number(asked.checkpoint) % 1_000) as f64 / 1e6;
                let found = self.of_checkpoint(asked.spec, asked.checkpoint) - quality;
                Answer::Verified(VerificationSummary {
                    ticket: asked.ticket,
                    judge: Brief::new("plan"),
                    verdict: Verdict::Fits,
                    footprint: None,
                    metric: metric(found, DataType::Int8),
                    test: is_winner.then(|| metric(found, DataType::Int8)).flatten(),
                    bundle: is_winner.then_some(asked.checkpoint),
                    duration_ms: 5,
                })
            }
            Order::StopTraining(stop) => {
                self.stop(stop.ticket);
                return;
            }
            Order::StopEvaluation(_) => return,
        };
        self.asked += 1;
        let usual = if matches!(answer, Answer::Trained(_)) { self.temper.training_ms } else { 50 };
        let delay = usual + mix(self.temper.delays ^ self.asked) % usual;
        self.answers.insert((self.now + delay, self.asked), answer);
    }

    /// What trains ends now, with how far it is.
    pub(super) fn stop(&mut self, ticket: Ticket) {
        let is_it = |answer: &Answer| matches!(answer, Answer::Trained(one) if one.ticket == ticket);
        let key = self.answers.iter().find(|(_, answer)| is_it(answer)).map(|(key, _)| *key);
        let Some(Answer::Trained(mut one)) = key.and_then(|key| self.answers.remove(&key)) else { return };
        one.end = TrainingEnd::Stopped;
        one.metric = None;
        one.checkpoint = Some(ArtifactId::of(b"halfway"));
        self.asked += 1;
        self.answers.insert((self.now, self.asked), Answer::Trained(one));
    }

    pub(super) fn quality(&self, spec: ArtifactId, seed: u64) -> f64 {
        self.temper.best - (number(spec) % 1_000) as f64 / 10_000.0 - (mix(seed ^ number(spec)) % 100) as f64 / 1e5
    }

    pub(super) fn of_checkpoint(&self, spec: ArtifactId, checkpoint: ArtifactId) -> f64 {
        let seeds = [7, 1_007, 2_007, 2_008, 2_009];
        let seed = seeds.into_iter().find(|seed| ArtifactId::of(format!("{spec} {seed}").as_bytes()) == checkpoint);
        self.quality(spec, seed.expect("weights that were trained"))
    }

    /// Candidates that depend on what was seen.
    pub(super) fn propose(&self, job: JobId, round: u32, wanted: u8, outcomes: Option<ArtifactId>) -> ProposalSummary {
        let one = |place: u8| {
            let spec = ArtifactId::of(format!("{job} {round} {place} {outcomes:?}").as_bytes());
            let digest = spec.to_string().parse().expect("as many digits");
            Proposed { spec, digest, source: Source::Random, rationale: Brief::new("a draw"), evidence: Few::default() }
        };
        let nothing = Shortfall::NothingFits { reason: Brief::new("the smallest takes 9 KiB of RAM; allow 9 KiB") };
        let wanted = if self.temper.nothing_fits { 0 } else { wanted };
        let candidates = Few::new((0..wanted).map(one).collect()).expect("few");
        let shortfall = self.temper.nothing_fits.then_some(nothing);
        ProposalSummary { job, round, candidates, refused: 2, shortfall, spent: None, remarks: Few::default() }
    }

    /// The next answer comes, or time passes.
    pub(super) fn step(&mut self) -> bool {
        let next = self.answers.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= self.now + 100);
        let following: Vec<Following> = match next {
            Some(key) => {
                self.now = self.now.max(key.0);
                let following = match self.answers.remove(&key).expect("there") {
                    Answer::Proposed(answer) => self.office.proposed(answer, self.now),
                    Answer::Screened(answer) => self.office.screened(&answer, self.now),
                    Answer::Trained(answer) => self.office.trained(&answer, self.now),
                    Answer::Verified(answer) => self.office.verified(&answer, self.now),
                };
                following.into_iter().collect()
            }
            None => {
                self.now += 100;
                self.office.tick(self.now)
            }
        };
        let idle =
            following.iter().all(|(_, turn)| *turn == Turn::default()) && self.answers.is_empty() && next.is_none();
        self.follow(following);
        !idle
    }

    pub(super) fn run(&mut self) {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 10_000, "it never ends: {:?}", self.log.last());
        }
    }

    /// All in memory is gone; what was written is not.
    pub(super) fn crash(&mut self) {
        self.now += 5_000;
        self.answers.clear();
        let next = JobId(self.written.keys().map(|id| id.0).max().unwrap_or(0) + 1);
        self.office = Office::new(RULES, next);
        for (id, events) in &self.written {
            let mut job = office::submitted(*id, &events[0].1.what).expect("a plan");
            for (n, event) in events {
                job.replay(*n, event);
            }
            if !job.state.is_final() {
                self.office.restore(job);
            }
        }
        let following = self.office.take_up(self.now);
        self.follow(following);
    }

    pub(super) fn events(&self, job: JobId) -> impl Iterator<Item = &What> {
        self.written[&job].iter().map(|(_, event)| &event.what)
    }

    pub(super) fn end(&self, job: JobId) -> (JobState, String) {
        let ends = self.events(job).filter_map(|what| match what {
            What::JobStateChanged { to, cause, .. } => Some((*to, cause.clone())),
            _ => None,
        });
        ends.last().expect("it went somewhere")
    }

    /// All that came of it, whoever finished when.
    pub(super) fn outcome(&self, job: JobId) -> (BTreeSet<String>, Option<CandidateId>) {
        let told = self.events(job).filter_map(|what| match what {
            What::CandidateProposed { candidate, digest, round, .. } => Some(format!("{round} {candidate} {digest}")),
            What::TrainingEnded { candidate, metric: Some(metric), .. } => {
                Some(format!("{candidate} {}", metric.value))
            }
            What::CandidateVerified { candidate, metric: Some(metric), as_winner, .. } => {
                Some(format!("{candidate} int8 {} {as_winner}", metric.value))
            }
            _ => None,
        });
        let winner = self.events(job).find_map(|what| match what {
            What::WinnerChosen { candidate, .. } => Some(*candidate),
            _ => None,
        });
        (told.collect(), winner)
    }
}

pub(super) fn ran(temper: Temper, plan: &JobPlan) -> (World, JobId) {
    let mut world = World::new(temper);
    let job = world.submit(plan);
    world.run();
    (world, job)
}
