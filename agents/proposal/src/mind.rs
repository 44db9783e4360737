//! What is kept of a job, and what follows from it: an answer is the same whatever was asked before, of whichever agent.

use std::sync::Arc;

use automcu_artifacts::{Store, StoreError};
use automcu_contract::{
    ArtifactId, Assignment, Brief, CandidateId, DOCUMENTS, Few, ProposalSummary, ProposeCandidates, Proposed, Proposer,
    Shortfall, Source,
};
use automcu_model::{
    GraphDigest, Spec,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_search::{
    Buildable, Evolution, Guided, Local, Memory, Mixed, NothingFits, Occam, Proposals, Random, Rules, Seeds, Space,
    Staged, Stages, Strategy, Tally, Task, Track, Unas,
};
use automcu_target::{Budget, Core};
use tracing::warn;

use crate::{
    Hands,
    consult::Consulted,
    consults::{Consults, Round},
    past::{self, Past, Seen},
    trouble::Trouble,
};

/// The most specs of past jobs that are looked at.
const WARM: usize = 64;
/// The most candidates of an answer.
const MOST: u8 = 8;
/// A strategy that has seen nothing yet, of which there can be another.
pub(crate) trait Fresh: Strategy<Stages> + Send {
    fn fresh(&self) -> Box<dyn Fresh>;
}

impl<T: Strategy<Stages> + Clone + Send + 'static> Fresh for T {
    fn fresh(&self) -> Box<dyn Fresh> {
        Box::new(self.clone())
    }
}

/// A job, as far as its messages have told.
pub(crate) struct Mind {
    assignment: ArtifactId,
    budget: Budget,
    task: Arc<Task<Stages>>,
    /// Never asked itself: what is asked is a copy of it, which shares what scaling seeds has come to.
    strategy: Box<dyn Fresh>,
    warm: Vec<Warm>,
    past: Past,
    seed: u64,
    /// Of a job whose proposer asks a language model.
    consults: Option<Consults>,
}

/// A member that did well in a past job.
struct Warm {
    member: Staged,
    id: GraphDigest,
    /// Once it was planned.
    fits: Option<bool>,
}

/// A candidate that is not written down yet.
struct Idea {
    spec: Spec,
    id: GraphDigest,
    source: Source,
    rationale: String,
    evidence: Vec<CandidateId>,
}

impl Mind {
    /// The job that a request is about.
    pub(crate) fn of(asked: &ProposeCandidates, hands: &Hands) -> Result<Self, Trouble> {
        let assignment = assignment(asked.assignment, &hands.store)?;
        let core = core(&assignment, hands)?;
        let space = space(&assignment)?;
        // Without a filter everything that can be built fits.
        let budget = if assignment.fitting { asked.budget } else { Budget::default() };
        let task = Arc::new(Task { space, budget, core, most_macs: assignment.most_macs });
        Ok(Self {
            assignment: asked.assignment,
            budget: asked.budget,
            strategy: strategy(&assignment, &task),
            warm: warm(&assignment.warm, &task.space, &hands.store)?,
            past: Past::new(asked.job, task.space.clone()),
            seed: assignment.seed,
            consults: Consults::of(assignment),
            task,
        })
    }

    /// Whether a request is about the job as it is known here.
    pub(crate) fn knows(&self, asked: &ProposeCandidates) -> bool {
        (self.assignment, self.budget) == (asked.assignment, asked.budget)
    }

    /// The answer to a request. `ends` is asked between two candidates, which may take seconds each.
    pub(crate) fn answer(
        &mut self,
        asked: &ProposeCandidates,
        hands: &Hands,
        ends: &dyn Fn() -> bool,
    ) -> Result<ProposalSummary, Trouble> {
        let wanted = usize::from(asked.wanted.min(MOST));
        let seen = self.past.up_to(asked.round, asked.outcomes, &hands.store)?;
        let mut strategy = self.strategy.fresh();
        strategy.recall(seen.ids);
        let others = seen.strangers.iter().chain(asked.pending.as_slice());
        others.clone().for_each(|id| strategy.know(*id));
        let is_known = |id| seen.ids.contains(&id) || others.clone().any(|other| *other == id);
        let mut ideas = warm_ideas(&mut self.warm, &self.task, wanted, is_known);
        ideas.iter().for_each(|idea| strategy.know(idea.id));
        let mut consulted = Consulted::default();
        if let Some(consults) = &self.consults {
            let known = seen.ids.iter().chain(others).copied().chain(ideas.iter().map(|idea| idea.id)).collect();
            let round = Round { asked, seen, task: &self.task, seed: self.seed, wanted: wanted - ideas.len(), known };
            consulted = consults.consult(&round, strategy.as_ref(), hands, ends)?;
            for (id, thought) in std::mem::take(&mut consulted.thoughts) {
                strategy.know(id);
                ideas.push(Idea {
                    spec: thought.idea.spec,
                    id,
                    source: Source::Llm,
                    rationale: thought.rationale,
                    evidence: seen.named(&thought.evidence),
                });
            }
        }
        let (tally, shortfall) = think(strategy.as_mut(), seen, &self.task, &mut ideas, wanted, ends)?;
        let candidates: Vec<Proposed> =
            ideas.into_iter().map(|idea| written(idea, &hands.store)).collect::<Result<_, _>>()?;
        let refused = tally.unbuildable + tally.over_ram + tally.over_flash + tally.over_work;
        let refused = refused.saturating_add(consulted.refused.into());
        Ok(ProposalSummary {
            job: asked.job,
            round: asked.round,
            candidates: Few::new(candidates).map_err(|_| Trouble::TooMany { what: "candidates of a round" })?,
            refused: u32::try_from(refused).unwrap_or(u32::MAX),
            shortfall,
            spent: consulted.spent,
            remarks: Few::first_of(consulted.remark.iter().map(|remark| Brief::new(remark)).collect()),
        })
    }
}

fn written(idea: Idea, store: &Store) -> Result<Proposed, Trouble> {
    Ok(Proposed {
        spec: store.put(idea.spec.to_json().as_bytes())?,
        digest: idea.id,
        source: idea.source,
        rationale: Brief::new(&idea.rationale),
        evidence: Few::first_of(idea.evidence),
    })
}

/// Fills up with what the strategy proposes: one after the other comes to the same as all at once.
fn think(
    strategy: &mut dyn Fresh,
    seen: Seen<'_>,
    task: &Task<Stages>,
    ideas: &mut Vec<Idea>,
    wanted: usize,
    ends: &dyn Fn() -> bool,
) -> Result<(Tally, Option<Shortfall>), Trouble> {
    let mut tally = Tally::default();
    while ideas.len() < wanted {
        if ends() {
            return Err(Trouble::Ending);
        }
        let Proposals { proposals, tally: more, shortfall } = strategy.propose(seen.outcomes, 1);
        tally += more;
        if proposals.is_empty() {
            return Ok((tally, shortfall.map(said)));
        }
        ideas.extend(proposals.into_iter().map(|proposal| Idea {
            spec: task.space.spec(&proposal.member),
            id: proposal.id,
            source: source(proposal.source),
            rationale: proposal.rationale,
            evidence: proposal.evidence.iter().filter_map(|place| seen.candidates.get(*place)).copied().collect(),
        }));
    }
    Ok((tally, None))
}

/// The first of the warm ones that fit and were not put forward before.
fn warm_ideas(
    warm: &mut [Warm],
    task: &Task<Stages>,
    wanted: usize,
    is_known: impl Fn(GraphDigest) -> bool,
) -> Vec<Idea> {
    let idea = |Warm { member, id, fits }: &mut Warm| {
        let is_new = !is_known(*id) && *fits.get_or_insert_with(|| task.admit(member).is_ok());
        let rationale = "did well in a past job".to_owned();
        is_new.then(|| Idea {
            spec: task.space.spec(member),
            id: *id,
            source: Source::Warm,
            rationale,
            evidence: Vec::new(),
        })
    };
    warm.iter_mut().filter_map(idea).take(wanted).collect()
}

fn assignment(id: ArtifactId, store: &Store) -> Result<Assignment, Trouble> {
    let wrong = |problem: String| Trouble::content("assignment", id, problem);
    let assignment: Assignment = serde_json::from_slice(&store.get(id)?).map_err(|error| wrong(error.to_string()))?;
    if assignment.version != DOCUMENTS {
        return Err(wrong(format!("version {} where {DOCUMENTS} is known", assignment.version)));
    }
    Ok(assignment)
}

/// The core that code is counted for; without a target the same that judges take.
fn core(assignment: &Assignment, hands: &Hands) -> Result<Core, Trouble> {
    let Some(target) = &assignment.target else { return Ok(Core::CortexM4) };
    (hands.targets)(target).ok_or_else(|| Trouble::Target(target.clone()))
}

/// The shape of inputs, and how many classes there are.
fn shape(assignment: &Assignment) -> Result<(Input, Classes), Trouble> {
    let Assignment { input: [height, width, values], classes, .. } = *assignment;
    let input =
        || Some(Input { height: Side::new(height)?, width: Side::new(width)?, channels: InputChannels::new(values)? });
    let found = input().zip(Classes::new(classes));
    found.ok_or_else(|| no_space(assignment, &"no spec says so much"))
}

fn space(assignment: &Assignment) -> Result<Stages, Trouble> {
    let (input, classes) = shape(assignment)?;
    let rules = match &assignment.space {
        None => Rules::usual(),
        Some(kept) => Arc::new(Rules::kept(kept).map_err(|error| no_space(assignment, &error))?),
    };
    Stages::of(rules, input, classes).map_err(|refusal| no_space(assignment, &refusal))
}

fn no_space(assignment: &Assignment, problem: &dyn ToString) -> Trouble {
    Trouble::Space { input: assignment.input, classes: assignment.classes, problem: problem.to_string() }
}

fn strategy(assignment: &Assignment, task: &Arc<Task<Stages>>) -> Box<dyn Fresh> {
    let (task, seed) = (Arc::clone(task), assignment.seed);
    match assignment.proposer {
        // Where nothing is held against the budget, what is tried beside a model is drawn at random.
        proposer if proposer.asks_a_model() && !assignment.fitting => Box::new(Random::new(task, seed)),
        Proposer::Guided | Proposer::Llm | Proposer::Hybrid | Proposer::Genius => {
            Box::new(Guided::new(task, Track::ALL, seed))
        }
        Proposer::Mixed => Box::new(Mixed::new(task, seed)),
        Proposer::Seeds => Box::new(Seeds::new(task)),
        Proposer::Evolution => Box::new(Evolution::new(task, seed)),
        Proposer::Random => Box::new(Random::new(task, seed)),
        Proposer::Local => Box::new(Local::new(task, seed)),
        Proposer::Unas => Box::new(Unas::new(task, seed)),
        Proposer::Occam => Box::new(Occam::new(task, seed)),
    }
}

/// The members among the specs of past jobs. A job does without one that is gone or of another shape.
fn warm(specs: &[ArtifactId], space: &Stages, store: &Store) -> Result<Vec<Warm>, Trouble> {
    let mut warm = Vec::new();
    for &id in specs.iter().take(WARM) {
        let spec = match past::spec(id, store) {
            Ok(spec) => spec,
            Err(trouble @ Trouble::Store(StoreError::Io { .. })) => return Err(trouble),
            Err(trouble) => {
                warn!(agent = "proposal", cause = %trouble, "a spec of a past job is left out");
                continue;
            }
        };
        let member = space.member(&spec);
        warm.extend(member.and_then(|member| Some(Warm { id: space.id(&member).ok()?, member, fits: None })));
    }
    let mut ids = std::collections::BTreeSet::new();
    warm.retain(|warm| ids.insert(warm.id));
    Ok(warm)
}

const fn source(of: automcu_search::Source) -> Source {
    match of {
        automcu_search::Source::Seed => Source::Seed,
        automcu_search::Source::Evolution => Source::Evolution,
        automcu_search::Source::Random => Source::Random,
        automcu_search::Source::Surrogate => Source::Surrogate,
    }
}

fn said(of: automcu_search::Shortfall) -> Shortfall {
    match of {
        automcu_search::Shortfall::NothingFits(nothing) => {
            Shortfall::NothingFits { reason: Brief::new(&lacking(&nothing)) }
        }
        other => Shortfall::Exhausted { reason: Brief::new(&other.to_string()) },
    }
}

/// Which memory lacks how much, and which budget would do.
fn lacking(nothing: &NothingFits) -> String {
    let NothingFits { memory, over, needed, smallest } = nothing;
    let (other, its) = match memory {
        Memory::Ram => (Memory::Flash, smallest.flash()),
        Memory::Flash => (Memory::Ram, smallest.ram()),
    };
    format!(
        "nothing fits: {memory} lacks {over}; the smallest network would do with {needed} of {memory} and {its} of {other}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_contract::JobId;

    #[test]
    fn nobody_works_on_for_an_agent_that_is_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("made");
        let hands = Hands { store, targets: Arc::new(|_| None), models: None };
        let assignment = Assignment {
            version: DOCUMENTS,
            input: [1, 32, 2],
            classes: 2,
            target: None,
            proposer: Proposer::Random,
            space: None,
            fitting: true,
            most_macs: None,
            seed: 1,
            warm: Vec::new(),
            prompting: None,
        };
        let asked = ProposeCandidates {
            job: JobId(1),
            round: 1,
            wanted: 8,
            budget: Budget::default(),
            assignment: hands.store.put(&serde_json::to_vec(&assignment).expect("JSON")).expect("put"),
            outcomes: None,
            pending: Few::default(),
            spent: automcu_contract::Spent::default(),
        };
        let mut mind = Mind::of(&asked, &hands).unwrap_or_else(|trouble| panic!("{trouble}"));
        let calls = std::cell::Cell::new(0);
        let ends = || calls.replace(calls.get() + 1) == 2;
        let trouble = mind.answer(&asked, &hands, &ends).expect_err("it ends after the second");
        assert!(matches!(trouble.shortfall(), Shortfall::Failed { is_transient: true, .. }));
        assert_eq!(calls.get(), 3);
        let whole = mind.answer(&asked, &hands, &|| false).expect("the same mind can go on");
        assert_eq!(whole.candidates.as_slice().len(), 8);
    }
}
