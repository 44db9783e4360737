//! A language model's share of a round: who is asked, what is told, and what the strategy beside it would do.

use automcu_artifacts::Store;
use automcu_contract::{Assignment, Prompting, ProposeCandidates, Proposer, Shown};
use automcu_model::GraphDigest;
use automcu_search::{Buildable, Feedback, Space, Staged, Stages, Task, Window};
use automcu_target::Budget;
use tracing::info;

use crate::{
    Conversation, Hands,
    consult::{Asked, Consulted},
    language::Architectures,
    mind::Fresh,
    past::Seen,
    prompt::Told,
    shares,
    trouble::Trouble,
};

/// So many outcomes are looked at for what they have in common.
const LOOKED_AT: usize = 2_000;
/// What computes less than this part of what is allowed is of little interest.
const LEAST_WORK: u64 = 8;
/// So many of what the strategy would try are shown to a language model.
const SUGGESTIONS: usize = 3;

/// What is needed to ask a language model.
pub(crate) struct Consults {
    prompting: Prompting,
    proposer: Proposer,
    /// The space, where the job names one: then nothing outside of it is put forward.
    space: Option<serde_json::Value>,
}

/// A round, as far as a language model is to be asked about it.
pub(crate) struct Round<'r> {
    pub(crate) asked: &'r ProposeCandidates,
    pub(crate) seen: Seen<'r>,
    pub(crate) task: &'r Task<Stages>,
    pub(crate) seed: u64,
    pub(crate) wanted: usize,
    /// What was put forward before.
    pub(crate) known: Vec<GraphDigest>,
}

impl Consults {
    /// Of a job whose proposer asks a model.
    pub(crate) fn of(assignment: Assignment) -> Option<Self> {
        let Assignment { proposer, prompting, space, .. } = assignment;
        proposer.asks_a_model().then(|| Consults { prompting: prompting.unwrap_or_default(), proposer, space })
    }
}

impl Consults {
    /// Asks the model for its share of a round. What keeps it from answering is told, and the search goes on without it.
    pub(crate) fn consult(
        &self,
        round: &Round<'_>,
        strategy: &dyn Fresh,
        hands: &Hands,
        ends: &dyn Fn() -> bool,
    ) -> Result<Consulted, Trouble> {
        let Round { asked, seen, task, .. } = *round;
        let share = match self.proposer {
            Proposer::Hybrid => shares::of_model(seen.records, round.wanted, round.seed, asked.round),
            _ => round.wanted,
        };
        if share == 0 {
            return Ok(Consulted::default());
        }
        let without = |why: &str| Consulted { remark: Some(why.to_owned()), ..Consulted::default() };
        let Some((models, handle)) = hands.models.as_ref().zip(tokio::runtime::Handle::try_current().ok()) else {
            return Ok(without("no language model is configured; the search goes on without one"));
        };
        let conversation = Conversation { job: asked.job, replays: self.prompting.replays };
        let counterpart = match models(conversation) {
            Ok(counterpart) => counterpart,
            Err(why) => return Ok(without(&why)),
        };
        let suggestions = match self.proposer {
            Proposer::Hybrid => suggestions(strategy, seen, task),
            _ => Vec::new(),
        };
        let sizes: Vec<_> = seen.records.iter().map(|record| record.takes(task)).collect();
        let told = Told {
            prompting: &self.prompting,
            input: task.space.input(),
            classes: task.space.classes(),
            budget: asked.budget,
            most_macs: task.most_macs,
            space: self.space.as_ref().map(ToString::to_string),
            records: seen.records,
            sizes: &sizes,
            transcript: transcript(seen, &hands.store)?,
            suggestions: &suggestions,
            trends: shown(&self.prompting, seen, task, asked.budget),
        };
        let language = Architectures { task, members_only: self.space.is_some() };
        let whom = Asked { counterpart: &counterpart, handle: &handle, before: asked.spent, seed: round.seed, ends };
        let consulted = whom.consult(&told, &language, round.known.iter().copied(), share)?;
        let (model, others) = shares::earned(seen.records);
        info!(
            job = %asked.job,
            round = asked.round,
            agent = "proposal",
            asked = share,
            kept = consulted.thoughts.len(),
            refused = consulted.refused,
            model_gain = model.gain,
            model_tries = model.tries,
            others_gain = others.gain,
            others_tries = others.tries,
            "a language model was asked"
        );
        Ok(consulted)
    }
}

/// What the strategy would try next, in words.
fn suggestions(strategy: &dyn Fresh, seen: Seen<'_>, task: &Task<Stages>) -> Vec<String> {
    let found = strategy.fresh().propose(seen.outcomes, SUGGESTIONS).proposals;
    let line = |proposal: automcu_search::Proposal<Staged, GraphDigest>| {
        let spec = serde_json::to_value(task.space.spec(&proposal.member)).unwrap_or_default();
        format!("{} ({})", serde_json::json!({ "backbone": spec["backbone"] }), proposal.rationale)
    };
    found.into_iter().map(line).collect()
}

/// What outcomes say together: what the good have in common, and what would be worth trying; of the latest so many.
fn shown(prompting: &Prompting, seen: Seen<'_>, task: &Task<Stages>, budget: Budget) -> Option<String> {
    if prompting.shown != Shown::Summaries {
        return None;
    }
    let latest = &seen.outcomes[seen.outcomes.len().saturating_sub(LOOKED_AT)..];
    let described = latest.iter().filter_map(|outcome| {
        let size = task.space.glance(&outcome.member, task.core).ok()?;
        Some((outcome, size, task.space.features(&outcome.member)))
    });
    let described: Vec<_> = described.collect();
    let told: Vec<automcu_search::Told<'_, Staged>> = described
        .iter()
        .map(|(outcome, size, features)| automcu_search::Told { outcome, size: *size, features })
        .collect();
    let window = task.most_macs.map(|most| Window { least: most / LEAST_WORK, most });
    let feedback = Feedback::of(&told, task.space.feature_names(), budget, window);
    let said = serde_json::json!({ "trends": feedback.trends, "suggestions": feedback.suggestions });
    (!feedback.trends.is_empty() || !feedback.suggestions.is_empty()).then(|| said.to_string())
}

/// All that was said, where it is shown.
fn transcript(seen: Seen<'_>, store: &Store) -> Result<Option<String>, Trouble> {
    let text = seen.transcript.map(|id| store.get(id)).transpose()?;
    Ok(text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
