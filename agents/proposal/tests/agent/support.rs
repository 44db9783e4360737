//! A supervisor that hands on what it is told, and jobs that settle by a formula.

use std::sync::Arc;

use actix::{Actor, Arbiter, Context, Handler};
use automcu_artifacts::Store;
use automcu_contract::{
    ArtifactId, Assignment, CandidateId, DOCUMENTS, Fate, Few, JobId, OutcomePage, PastOutcome, ProposalPort,
    ProposalSummary, ProposeCandidates, Proposed, ScreeningSummary, Spent, SupervisorPort, TrainingProgress,
    TrainingSummary, VerificationSummary,
};
use automcu_model::{
    Bytes, Spec,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_proposal::{Config, Hands, Models, spawn};
use automcu_search::{Outcome, Staged, Stages};
use automcu_target::{Budget, Core};
use tokio::sync::mpsc;

struct Supervisor(mpsc::UnboundedSender<ProposalSummary>);

impl Actor for Supervisor {
    type Context = Context<Self>;
}

impl Handler<ProposalSummary> for Supervisor {
    type Result = ();

    fn handle(&mut self, message: ProposalSummary, _: &mut Self::Context) {
        // A scene may be over.
        let _ = self.0.send(message);
    }
}

macro_rules! never_hears {
    ($($message:ty),*) => {
        $( impl Handler<$message> for Supervisor {
               type Result = ();
               fn handle(&mut self, message: $message, _: &mut Self::Context) {
                   panic!("not for the Proposal agent to say: {message:?}");
               }
           } )*
    };
}
never_hears!(ScreeningSummary, TrainingProgress, TrainingSummary, VerificationSummary);

pub(crate) struct Scene {
    pub(crate) port: ProposalPort,
    pub(crate) store: Store,
    config: Config,
    hands: Hands,
    supervisor: SupervisorPort,
    heard: mpsc::UnboundedReceiver<ProposalSummary>,
    _folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new(most_jobs: usize) -> Self {
        Self::with(most_jobs, 8, |target| (target == "a part").then_some(Core::CortexM4))
    }

    pub(crate) fn with(
        most_jobs: usize,
        most_waiting: u32,
        targets: impl Fn(&str) -> Option<Core> + Send + Sync + 'static,
    ) -> Self {
        Self::asking(most_jobs, most_waiting, targets, None)
    }

    pub(crate) fn asking(
        most_jobs: usize,
        most_waiting: u32,
        targets: impl Fn(&str) -> Option<Core> + Send + Sync + 'static,
        models: Option<Models>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("made");
        let (told, heard) = mpsc::unbounded_channel();
        let address = Supervisor(told).start();
        let supervisor = SupervisorPort {
            proposed: address.clone().recipient(),
            screened: address.clone().recipient(),
            progressed: address.clone().recipient(),
            trained: address.clone().recipient(),
            verified: address.recipient(),
        };
        // Who waits for nobody else is asked one after the other.
        let config = Config { most_waiting, most_jobs, at_once: if models.is_some() { 2 } else { 1 } };
        let hands = Hands { store: store.clone(), targets: Arc::new(targets), models };
        let port = spawn(&Arbiter::current(), config, hands.clone(), supervisor.clone());
        Self { port, store, config, hands, supervisor, heard, _folder: folder }
    }

    /// Another agent takes the place of the one that was.
    pub(crate) fn restart(&mut self) {
        self.port = spawn(&Arbiter::current(), self.config, self.hands.clone(), self.supervisor.clone());
    }

    pub(crate) async fn ask(&mut self, asked: &ProposeCandidates) -> ProposalSummary {
        self.port.propose.send(asked.clone()).await.expect("it lives").expect("accepted");
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> ProposalSummary {
        self.heard.recv().await.expect("an answer")
    }

    pub(crate) fn job(&self, id: u64, assignment: Assignment, budget: Budget) -> Job {
        let assignment = self.store.put(&serde_json::to_vec(&assignment).expect("JSON")).expect("put");
        Job { id: JobId(id), assignment, budget, rounds: Vec::new(), pages: Vec::new() }
    }

    pub(crate) fn remove(&self, id: ArtifactId) {
        if let Ok(file) = self.store.file(id) {
            std::fs::remove_file(file).expect("removable");
        }
    }
}

/// What a supervisor knows of a job.
pub(crate) struct Job {
    id: JobId,
    assignment: ArtifactId,
    budget: Budget,
    pub(crate) rounds: Vec<Vec<Proposed>>,
    /// One a round that is settled.
    pub(crate) pages: Vec<ArtifactId>,
}

impl Job {
    pub(crate) fn next_round(&self) -> u32 {
        u32::try_from(self.rounds.len()).expect("few") + 1
    }

    /// Asks for three candidates; all rounds up to the last but one are settled.
    pub(crate) fn asks(&self, round: u32) -> ProposeCandidates {
        let settled = (round as usize).saturating_sub(2).min(self.pages.len());
        let pending = self.rounds[settled..(round as usize - 1).min(self.rounds.len())].iter().flatten();
        ProposeCandidates {
            job: self.id,
            round,
            wanted: 3,
            budget: self.budget,
            assignment: self.assignment,
            outcomes: settled.checked_sub(1).map(|last| self.pages[last]),
            pending: Few::new(pending.map(|one| one.digest).collect()).expect("few"),
            spent: Spent::default(),
        }
    }

    /// Takes a round in, and settles the one before.
    pub(crate) fn put_forward(&mut self, store: &Store, candidates: Vec<Proposed>) {
        if !self.rounds.is_empty() {
            self.settle(store, fate, None);
        }
        self.rounds.push(candidates);
    }

    /// Writes the next page, with a candidate of somebody else.
    pub(crate) fn settle(&mut self, store: &Store, fate: impl Fn(&Proposed) -> Fate, other: Option<&[u8]>) {
        let place = self.pages.len();
        let past = |(number, one): (usize, &Proposed)| PastOutcome {
            candidate: CandidateId(10 * place as u64 + number as u64),
            spec: one.spec,
            digest: one.digest,
            source: Some(one.source),
            fate: fate(one),
        };
        let mut outcomes: Vec<PastOutcome> = self.rounds[place].iter().enumerate().map(past).collect();
        outcomes.extend(other.map(|text| PastOutcome {
            candidate: CandidateId(99),
            spec: store.put(text).expect("put"),
            digest: Spec::from_json(text).expect("a spec").lower().expect("it lowers").digest(),
            source: None,
            fate: Fate::Trained { score: 0.9 },
        }));
        let round = u32::try_from(place).expect("few") + 1;
        let earlier = self.pages.last().copied();
        let page = OutcomePage { version: DOCUMENTS, job: self.id, earlier, round, outcomes, transcript: None };
        self.pages.push(store.put(&serde_json::to_vec(&page).expect("JSON")).expect("put"));
    }

    /// Writes the last page once more, with all that was said.
    pub(crate) fn tell(&mut self, store: &Store, said: &[u8]) {
        let last = self.pages.pop().expect("a page");
        let page: OutcomePage = serde_json::from_slice(&store.get(last).expect("kept")).expect("a page");
        let page = OutcomePage { transcript: Some(store.put(said).expect("put")), ..page };
        self.pages.push(store.put(&serde_json::to_vec(&page).expect("JSON")).expect("put"));
    }

    /// What is on the first so many pages.
    pub(crate) fn outcomes(&self, store: &Store, pages: usize) -> Vec<Outcome<Staged>> {
        let outcome = |one: &Proposed| {
            let spec = Spec::from_json(&store.get(one.spec).expect("kept")).expect("a spec");
            let member = space().member(&spec).expect("of the space");
            let score = match fate(one) {
                Fate::Trained { score } => Some(score),
                _ => None,
            };
            Outcome { member, score }
        };
        self.rounds.iter().take(pages).flatten().map(outcome).collect()
    }
}

/// Made up: the same for the same candidate, most of them trained.
fn fate(one: &Proposed) -> Fate {
    let number = one.digest.to_string().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    match number % 10 {
        0 => Fate::Refused { reason: "a judge says so".to_owned() },
        1 => Fate::Failed { reason: "it was lost".to_owned() },
        _ => Fate::Trained { score: f64::from(number % 1_000) / 1_000.0 },
    }
}

pub(crate) fn space() -> Stages {
    let input = Input { height: Side::fixed(1), width: Side::fixed(64), channels: InputChannels::fixed(3) };
    Stages::new(input, Classes::fixed(4)).expect("small")
}

pub(crate) fn bounded(ram_kib: u64, flash_kib: u64) -> Budget {
    Budget { ram: Some(Bytes::kib(ram_kib)), flash: Some(Bytes::kib(flash_kib)) }
}

pub(crate) fn budget() -> Budget {
    bounded(6, 16)
}
