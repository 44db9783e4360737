//! The agents that the Supervisor works with, each made anew by its factory when it has died: within a bound, after a pause that
//! grows.

use std::collections::{BTreeMap, VecDeque};

use automcu_contract::{EvaluationPort, ProposalPort, SupervisorPort, TrainingPort};

use crate::job::Agent;

/// So many times an agent is made anew within [`WINDOW_MS`].
pub(crate) const MOST_DEATHS: usize = 5;
const WINDOW_MS: u64 = 10 * 60 * 1000;
/// The pause before an agent is made anew for the second time; each next one is twice as long.
const PAUSE_MS: u64 = 100;

/// Makes agents.
pub struct Factories {
    /// The Proposal agent.
    pub proposal: Box<dyn Fn(SupervisorPort) -> ProposalPort + Send>,
    /// The Training agent.
    pub training: Box<dyn Fn(SupervisorPort) -> TrainingPort + Send>,
    /// The Evaluation agent.
    pub evaluation: Box<dyn Fn(SupervisorPort) -> EvaluationPort + Send>,
}

/// The agents as they are now.
pub(crate) struct Agents {
    factories: Factories,
    own: SupervisorPort,
    pub(crate) proposal: ProposalPort,
    pub(crate) training: TrainingPort,
    pub(crate) evaluation: EvaluationPort,
    deaths: BTreeMap<Agent, VecDeque<u64>>,
    /// Those that are dead, and when they are made anew.
    dead: BTreeMap<Agent, u64>,
}

/// What becomes of an agent that has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// It was known.
    Known,
    /// It is made anew after a pause.
    Noted,
    /// It has died too often.
    OnceTooOften,
}

impl Agents {
    pub(crate) fn new(factories: Factories, own: SupervisorPort) -> Self {
        let proposal = (factories.proposal)(own.clone());
        let training = (factories.training)(own.clone());
        let evaluation = (factories.evaluation)(own.clone());
        Self { factories, own, proposal, training, evaluation, deaths: BTreeMap::new(), dead: BTreeMap::new() }
    }

    pub(crate) fn is_alive(&self, agent: Agent) -> bool {
        match agent {
            Agent::Proposal => self.proposal.propose.connected(),
            Agent::Training => self.training.train.connected(),
            Agent::Evaluation => self.evaluation.screen.connected(),
        }
    }

    /// Those that have died and were not noticed.
    pub(crate) fn newly_dead(&self) -> Vec<Agent> {
        let unnoticed = |agent: &Agent| !self.is_alive(*agent) && !self.dead.contains_key(agent);
        Agent::ALL.into_iter().filter(unnoticed).collect()
    }

    /// Takes note of a death.
    pub(crate) fn died(&mut self, agent: Agent, now_ms: u64) -> Death {
        if self.dead.contains_key(&agent) {
            return Death::Known;
        }
        let deaths = self.deaths.entry(agent).or_default();
        while deaths.front().is_some_and(|at| now_ms.saturating_sub(*at) > WINDOW_MS) {
            deaths.pop_front();
        }
        let before = deaths.len();
        deaths.push_back(now_ms);
        let pause = if before == 0 { 0 } else { PAUSE_MS << before.min(16) };
        self.dead.insert(agent, now_ms + pause);
        if before < MOST_DEATHS {
            return Death::Noted;
        }
        deaths.clear();
        Death::OnceTooOften
    }

    /// Makes those anew whose pause is over.
    pub(crate) fn revive(&mut self, now_ms: u64) -> Vec<Agent> {
        let due: Vec<Agent> = self.dead.iter().filter(|(_, at)| **at <= now_ms).map(|(agent, _)| *agent).collect();
        for agent in &due {
            self.dead.remove(agent);
            match agent {
                Agent::Proposal => self.proposal = (self.factories.proposal)(self.own.clone()),
                Agent::Training => self.training = (self.factories.training)(self.own.clone()),
                Agent::Evaluation => self.evaluation = (self.factories.evaluation)(self.own.clone()),
            }
        }
        due
    }
}
