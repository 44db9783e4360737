//! The agent over a real history, with agents around it that are made up, and that die when they are told to.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::{Actor, Arbiter, Context, Handler};
use automcu_artifacts::Store;
use automcu_contract::*;
use automcu_history::{History, JobState, What};
use automcu_model::{DataType, Provenance};
use automcu_supervisor::{Config, Factories, Hands, Told, spawn};
use automcu_target::Budget;

/// Which message kills its agent, counted over all agents; none if 0.
#[derive(Clone, Default)]
struct Fate {
    heard: Arc<AtomicUsize>,
    deadly: usize,
    /// Whether each message from then on does.
    for_good: bool,
}

impl Fate {
    fn strikes(&self) {
        let heard = self.heard.fetch_add(1, Ordering::SeqCst) + 1;
        let is_due = if self.for_good { heard >= self.deadly } else { heard == self.deadly };
        assert!(self.deadly == 0 || !is_due, "struck by message {heard}");
    }
}

/// Answers at once, as all three agents.
struct Everybody {
    supervisor: SupervisorPort,
    fate: Fate,
}

impl Actor for Everybody {
    type Context = Context<Self>;
}

fn metric(value: f64, dtype: DataType) -> Option<Metric> {
    let share = Share::new(value).expect("a share");
    Some(Metric { value: share, low: share, high: share, dtype, provenance: Provenance::Host })
}

fn quality(spec: ArtifactId) -> f64 {
    let digits = u64::from_str_radix(&spec.to_string()[..4], 16).expect("hexadecimal");
    0.5 + f64::from(u32::try_from(digits).expect("four digits")) / 200_000.0
}

impl Handler<ProposeCandidates> for Everybody {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: ProposeCandidates, _: &mut Self::Context) -> Self::Result {
        self.fate.strikes();
        let one = |place: u8| {
            let spec = ArtifactId::of(format!("{} {place} {:?}", asked.round, asked.outcomes).as_bytes());
            let digest = spec.to_string().parse().expect("as many digits");
            Proposed { spec, digest, source: Source::Random, rationale: Brief::new("a draw"), evidence: Few::default() }
        };
        let candidates = Few::new((0..asked.wanted).map(one).collect()).expect("few");
        let answer = ProposalSummary {
            job: asked.job,
            round: asked.round,
            candidates,
            refused: 0,
            shortfall: None,
            spent: None,
            remarks: Few::default(),
        };
        self.supervisor.proposed.try_send(answer).map_err(|_| RequestError::Ending)
    }
}

impl Handler<ScreenCandidate> for Everybody {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: ScreenCandidate, _: &mut Self::Context) -> Self::Result {
        self.fate.strikes();
        let (judge, verdict) = (Brief::new("plan"), Verdict::Fits);
        let answer =
            ScreeningSummary { ticket: asked.ticket, judge, verdict, footprint: None, report: None, duration_ms: 1 };
        self.supervisor.screened.try_send(answer).map_err(|_| RequestError::Ending)
    }
}

impl Handler<TrainCandidate> for Everybody {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: TrainCandidate, _: &mut Self::Context) -> Self::Result {
        self.fate.strikes();
        let answer = TrainingSummary {
            ticket: asked.ticket,
            end: TrainingEnd::Finished,
            metric: metric(quality(asked.spec), DataType::Float32),
            epochs: 1,
            duration_ms: 1,
            energy_mj: None,
            checkpoint: Some(asked.spec),
        };
        self.supervisor.trained.try_send(answer).map_err(|_| RequestError::Ending)
    }
}

impl Handler<VerifyCandidate> for Everybody {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: VerifyCandidate, _: &mut Self::Context) -> Self::Result {
        self.fate.strikes();
        let is_winner = asked.proof == Proof::Winner;
        let found = metric(quality(asked.checkpoint), DataType::Int8);
        let answer = VerificationSummary {
            ticket: asked.ticket,
            judge: Brief::new("plan"),
            verdict: Verdict::Fits,
            footprint: None,
            metric: found,
            test: found.filter(|_| is_winner),
            bundle: is_winner.then_some(asked.checkpoint),
            duration_ms: 1,
        };
        self.supervisor.verified.try_send(answer).map_err(|_| RequestError::Ending)
    }
}

impl Handler<StopAttempt> for Everybody {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, _: StopAttempt, _: &mut Self::Context) -> Self::Result {
        Ok(())
    }
}

fn factories(fate: &Fate) -> Factories {
    let make = |fate: &Fate| {
        let fate = fate.clone();
        move |supervisor: SupervisorPort| {
            let fate = fate.clone();
            Everybody::start_in_arbiter(&Arbiter::current(), move |_| Everybody { supervisor, fate })
        }
    };
    let (proposal, training, evaluation) = (make(fate), make(fate), make(fate));
    Factories {
        proposal: Box::new(move |port| ProposalPort { propose: proposal(port).recipient() }),
        training: Box::new(move |port| {
            let agent = training(port);
            TrainingPort { train: agent.clone().recipient(), stop: agent.recipient() }
        }),
        evaluation: Box::new(move |port| {
            let agent = evaluation(port);
            EvaluationPort {
                screen: agent.clone().recipient(),
                verify: agent.clone().recipient(),
                stop: agent.recipient(),
            }
        }),
    }
}

fn plan(candidates: u32) -> JobPlan {
    let rung =
        |name: &str, entrants, seeds| Rung { conditions: ArtifactId::of(name.as_bytes()), entrants, seeds, warm: true };
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
        a_round: 4,
        rungs: vec![rung("short", candidates, 1), rung("long", 2, 1), rung("again", 1, 3)],
        exploring: 0.55,
        screens_first: true,
        judge: None,
        shows_transcript: false,
    }
}

struct Place {
    folder: tempfile::TempDir,
}

/// What is told of, by the numbers of events.
type Heard = Arc<Mutex<Vec<(JobId, u64)>>>;

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn store(&self) -> Store {
        Store::open(self.folder.path().join("artifacts")).expect("a store")
    }

    fn history(&self) -> Arc<History> {
        Arc::new(History::open(&self.folder.path().join("history")).expect("a history").0)
    }

    fn spawn(&self, history: &Arc<History>, fate: &Fate) -> (ControlPort, Heard) {
        let (heard, clock) = (Heard::default(), Arc::new(AtomicU64::new(1_000)));
        let told = Arc::clone(&heard);
        let hands = Hands {
            history: Arc::clone(history),
            store: self.store(),
            clock: Arc::new(move || clock.fetch_add(1, Ordering::SeqCst)),
            tell: Arc::new(move |what| {
                if let Told::Recorded(n, event) = what {
                    told.lock().expect("sound").push((event.job, n));
                }
            }),
            factories: factories(fate),
        };
        (spawn(&Arbiter::current(), Config { jobs_at_work: 2, most_jobs: 8, ..Config::default() }, hands), heard)
    }
}

async fn ended(history: &History, job: JobId) -> automcu_history::Job {
    for _ in 0..6000 {
        let found = history.job(job).expect("it was submitted");
        if found.state.is_final() {
            return found;
        }
        actix::clock::sleep(Duration::from_millis(25)).await;
    }
    panic!("{job} does not end: {:?}", history.job(job));
}

async fn submitted(place: &Place, control: &ControlPort, plan: &JobPlan) -> JobId {
    let plan = place.store().put(&serde_json::to_vec(plan).expect("plain data")).expect("room");
    control.submit.send(SubmitJob { plan }).await.expect("alive").expect("taken")
}

#[actix::test]
async fn a_job_is_written_down_as_it_goes_and_watchers_hear_each_event_once() {
    let place = Place::new();
    let history = place.history();
    let (control, heard) = place.spawn(&history, &Fate::default());
    let job = submitted(&place, &control, &plan(10)).await;
    let found = ended(&history, job).await;
    assert_eq!((found.state, found.candidates, found.trained), (JobState::Finished, 10, 15), "{}", found.cause);
    assert!(found.winner.is_some());
    // What is told comes right after what is written.
    actix::clock::sleep(Duration::from_millis(50)).await;
    let heard = heard.lock().expect("sound").clone();
    let expected: Vec<_> = (1..=found.events).map(|n| (job, n)).collect();
    assert_eq!(heard, expected);
    assert_eq!(control.beat.send(Beat).await.expect("alive"), Ok(()));
}

#[actix::test]
async fn whichever_message_kills_an_agent_the_job_ends_as_it_would_have() {
    let expected = {
        let place = Place::new();
        let history = place.history();
        let (control, _) = place.spawn(&history, &Fate::default());
        let job = submitted(&place, &control, &plan(4)).await;
        ended(&history, job).await
    };
    for deadly in 1..=14 {
        let place = Place::new();
        let history = place.history();
        let fate = Fate { deadly, ..Fate::default() };
        let (control, _) = place.spawn(&history, &fate);
        let job = submitted(&place, &control, &plan(4)).await;
        let found = ended(&history, job).await;
        assert_eq!((found.state, found.winner), (JobState::Finished, expected.winner), "{deadly}: {}", found.cause);
        assert!(fate.heard.load(Ordering::SeqCst) >= deadly, "message {deadly} came");
    }
}

#[actix::test]
async fn an_agent_that_dies_each_time_ends_the_job_with_the_cause() {
    let place = Place::new();
    let history = place.history();
    let fate = Fate { deadly: 6, for_good: true, ..Fate::default() };
    let (control, _) = place.spawn(&history, &fate);
    let job = submitted(&place, &control, &plan(4)).await;
    let found = ended(&history, job).await;
    assert_eq!(found.state, JobState::Failed);
    assert!(found.cause.contains("died") || found.cause.contains("failed"), "{}", found.cause);
}

#[actix::test]
async fn a_new_daemon_takes_up_what_the_last_one_left() {
    let place = Place::new();
    let expected = {
        let other = Place::new();
        let history = other.history();
        let (control, _) = other.spawn(&history, &Fate::default());
        let job = submitted(&other, &control, &plan(10)).await;
        ended(&history, job).await
    };
    let history = place.history();
    let (control, _) = place.spawn(&history, &Fate::default());
    let job = submitted(&place, &control, &plan(10)).await;
    control.command.send(CommandJob { job, command: Command::Pause }).await.expect("alive").expect("at work");
    control.drain.send(Drain).await.expect("alive");
    let plan_of_another = place.store().put(&serde_json::to_vec(&plan(1)).expect("plain data")).expect("room");
    let refused = control.submit.send(SubmitJob { plan: plan_of_another }).await.expect("alive");
    assert_eq!(refused, Err(ControlError::Ending));
    // The next one, over what is written.
    let (control, _) = place.spawn(&history, &Fate::default());
    control.command.send(CommandJob { job, command: Command::Resume }).await.expect("alive").expect("paused");
    let found = ended(&history, job).await;
    assert_eq!((found.state, found.winner), (JobState::Finished, expected.winner));
    let taken_up = history.events(job, 0, 200).expect("there").items;
    assert!(taken_up.iter().any(|(_, event)| event.what == What::JobTakenUp {}));
    let next = submitted(&place, &control, &plan(1)).await;
    assert_eq!(next, JobId(job.0 + 1));
}

#[actix::test]
async fn what_makes_no_sense_is_refused() {
    let place = Place::new();
    let history = place.history();
    let (control, _) = place.spawn(&history, &Fate::default());
    let unknown = CommandJob { job: JobId(7), command: Command::Cancel };
    let refused = control.command.send(unknown).await.expect("alive");
    assert_eq!(refused, Err(ControlError::NotUnderWay { job: JobId(7) }));
    let absent = SubmitJob { plan: ArtifactId::of(b"nothing") };
    assert!(matches!(control.submit.send(absent).await.expect("alive"), Err(ControlError::Unusable { .. })));
    let document = serde_json::to_vec(&JobPlan { rungs: Vec::new(), ..plan(1) }).expect("plain data");
    let empty = SubmitJob { plan: place.store().put(&document).expect("room") };
    assert!(matches!(control.submit.send(empty).await.expect("alive"), Err(ControlError::Unusable { .. })));
    assert_eq!(history.jobs(None, 9).expect("readable").items, []);
}

#[actix::test]
async fn a_thousand_candidates_go_through() {
    let place = Place::new();
    let history = place.history();
    let (control, _) = place.spawn(&history, &Fate::default());
    let job = submitted(&place, &control, &plan(1000)).await;
    let found = ended(&history, job).await;
    assert_eq!((found.state, found.candidates), (JobState::Finished, 1000), "{}", found.cause);
}
