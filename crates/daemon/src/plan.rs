//! From a job file to a plan: everything is looked at before it costs anything, and what was not said is decided here, once.

use std::{num::NonZero, path::PathBuf, sync::Arc};

use automcu_api::{Ablation, Goal, JobFile, Limits, MemoryBudget, Proposer, Resolved, RungView, Size, Span};
use automcu_artifacts::{Store, StoreError};
use automcu_contract::{self as contract, ArtifactId, Assignment, DOCUMENTS, JobPlan, Prompting, Rung};
use automcu_dataset::{DatasetError, Kind, Options, Part as DataPart, Samples, Source, SplitError, Values};
use automcu_history::{History, HistoryError};
use automcu_model::{Bytes, spec::Input};
use automcu_search::{Rules, Space as _, Stages, Task};
use automcu_target::{Budget, Catalogue, Core, Part, UnknownTarget};
use automcu_trainer::{Conditions, Length, Nature, Recipe, RecipeError, Splitting};

use crate::language::prompting;
use crate::searched::{at_side_of, kept, rules, space};

/// A job that says nothing of time or epochs may take so long, in seconds.
const USUAL_TIME_S: u64 = 600;
/// The share of the time in which new candidates are begun. Those that are on then may end; in what is left the best are trained
/// further, less what it takes to start and to check them.
const EXPLORING: f64 = 0.42;
const OVERHEAD: f64 = 0.03;
/// Trainings are no shorter, in seconds.
const SHORTEST_S: f64 = 2.0;
/// Candidates of a round of proposals.
const A_ROUND: u8 = 4;
/// Candidates that a job tries that names epochs and nothing else.
const USUAL_CANDIDATES: u32 = 24;
/// With epochs, the first rung has so many times fewer.
const RUNG_FACTOR: u32 = 6;
/// Seconds between checkpoints of a training.
const BETWEEN_CHECKPOINTS_S: f64 = 10.0;
/// A training whose length is in epochs may take so long, in seconds.
const LONGEST_S: f64 = 7.0 * 24.0 * 3600.0;
/// So much later than it should, in seconds, a training of a given time ends at most.
const LATENESS_S: f64 = 60.0;
/// A training sees each sample so often at least, by the estimate of what the computer does.
const LEAST_EPOCHS: f64 = 50.0;
/// However short the time, candidates may compute so many times what the smallest of them does.
const LEAST_CHOICE: u64 = 8;
/// So many candidates of past jobs a warm job begins with.
const WARM: usize = 4;

/// Where data sets are found: a built-in or prepared one by its name, or by a path. What is not found is told in words.
pub type FindData = Arc<dyn Fn(&str, Options) -> Result<Source, String> + Send + Sync>;

/// Makes plans.
#[derive(Clone)]
pub struct Planner {
    /// Where data sets are found.
    pub data: FindData,
    /// The microcontrollers.
    pub targets: Catalogue,
    /// Keeps documents.
    pub store: Store,
    /// Past jobs.
    pub history: Arc<History>,
    /// The judges that are there.
    pub judges: Vec<String>,
    /// Trainings that run at a time.
    pub slots: u32,
    /// Threads of each.
    pub threads: NonZero<u32>,
    /// Bytes that each may ask for.
    pub memory_bytes: Option<u64>,
    /// Whether a language model is configured.
    pub asks_a_model: bool,
    /// How many multiply-accumulates of an inference a training does a second, forwards and backwards taken together.
    pub macs_a_second: f64,
}

/// A job as it would be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// For the supervisor.
    pub plan: JobPlan,
    /// For the user: the job file with all that was decided, and what that is.
    pub shown: Resolved,
}

/// A job that cannot be carried out as it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The data set is not there.
    #[error("data: {0}")]
    NoData(String),
    /// The data set cannot be read.
    #[error("data: {0}")]
    Data(#[from] DatasetError),
    /// Its samples cannot be split.
    #[error("data: {0}")]
    Split(#[from] SplitError),
    /// Its samples are of a shape that no architecture takes.
    #[error("data: samples of {shape} in {classes} classes, for which there is no space of architectures: {why}")]
    Shape {
        /// The shape.
        shape: String,
        /// How many classes.
        classes: usize,
        /// Why not.
        why: String,
    },
    /// No such microcontroller.
    #[error("target: {0}")]
    Target(#[from] UnknownTarget),
    /// The space cannot be searched.
    #[error("space: {0}")]
    Space(String),
    /// Not even the smallest network fits.
    #[error("budget: {0}")]
    Budget(String),
    /// No such judge.
    #[error("judges: {named} cannot be asked; {remedy}")]
    Judge {
        /// What was named.
        named: String,
        /// What to do.
        remedy: String,
    },
    /// The recipe is not there or cannot be used.
    #[error("recipe: {0}")]
    Recipe(#[from] RecipeError),
    /// What is asked for is not there yet.
    #[error("{field}: {value} is not there yet; {remedy}")]
    Absent {
        /// The field.
        field: &'static str,
        /// What it says.
        value: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Documents cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Past jobs cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl PlanError {
    /// The field of the job file that it is about.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoData(_) | Self::Data(_) | Self::Split(_) | Self::Shape { .. } => Some("data"),
            Self::Target(_) => Some("target"),
            Self::Space(_) => Some("space"),
            Self::Budget(_) => Some("budget"),
            Self::Judge { .. } => Some("judges"),
            Self::Recipe(_) => Some("recipe"),
            Self::Absent { field, .. } => Some(*field),
            Self::Store(_) | Self::History(_) => None,
        }
    }
}

/// The lengths of trainings.
struct Ladder {
    first: Length,
    candidates: u32,
    then: Length,
    refined: u32,
}

impl Planner {
    /// The plan of a job. Its documents are kept.
    pub fn plan(&self, asked: &JobFile, key: Option<String>) -> Result<Planned, PlanError> {
        let mut assumed = Vec::new();
        let part = asked.target.as_deref().map(|name| self.targets.find(name)).transpose()?;
        let budget = budget(asked, part, &mut assumed);
        let options = Options { left_out: asked.leave_out, ..Options::default() };
        let source = (self.data)(&asked.data, options).map_err(PlanError::NoData)?;
        let samples = source.read(DataPart::Train)?;
        let splitting = Splitting { mixes_groups: asked.mix_groups, ..Splitting::default() };
        splitting.of(&samples)?;
        let rules = asked.space.as_deref().map_or_else(|| Ok(Rules::usual()), rules)?;
        let space = space(rules, &samples)?;
        let core = part.map_or(Core::CortexM4, Part::core);
        let task = Task { space, budget, core, most_macs: None };
        if let Some(nothing) = task.smallest_that_fails() {
            return Err(PlanError::Budget(nothing.to_string()));
        }
        let screens_first = !asked.ablate.contains(&Ablation::Hag);
        if asked.proposer.asks_a_model() && !self.asks_a_model {
            let remedy = "say llm.base_url and llm.model in the configuration, or choose another proposer";
            let value = "no language model is configured".to_owned();
            return Err(PlanError::Absent { field: "proposer", value, remedy });
        }
        let judge = self.judge(asked)?;
        let recipe = at_side_of(&task.space, &samples, self.recipe(asked, &samples, &mut assumed)?)?;
        let time_s = time(asked, &mut assumed);
        let ladder = self.ladder(asked.limits, time_s, asked.seeds.unwrap_or(1));
        let at = |length: Length| self.conditions(&source, asked, splitting, Recipe { length, ..recipe.clone() });
        let (first, then) = (at(ladder.first)?, at(ladder.then)?);
        let mut rungs = vec![
            Rung { conditions: first, entrants: ladder.candidates, seeds: 1, warm: false },
            Rung { conditions: then, entrants: ladder.refined, seeds: 1, warm: true },
        ];
        if let Some(seeds) = asked.seeds.filter(|seeds| *seeds > 1) {
            rungs.push(Rung { conditions: then, entrants: 1, seeds: seeds - 1, warm: false });
        }
        let job = JobFile {
            target: part.map(|part| part.name().to_owned()),
            budget: automcu_api::Budget { ram: size(budget.ram), flash: size(budget.flash) },
            recipe: recipe.name.clone(),
            limits: Limits { time: time_s.and_then(Span::new), ..asked.limits },
            ..asked.clone()
        };
        let most_macs = self.most_macs(&ladder, &samples, &task);
        let prompting = prompting(asked, part, ladder.candidates);
        let assignment = self.assignment(&job, &samples, &task, screens_first, most_macs, prompting)?;
        let plan = JobPlan {
            version: DOCUMENTS,
            asked: serde_json::to_value(&job).expect("a job file is plain data"),
            tags: asked.tags.clone(),
            dataset: asked.data.clone(),
            target: job.target.clone(),
            budget,
            goal: asked.goal.map(Goal::share),
            time_s,
            priority: asked.priority,
            seed: asked.seed,
            key,
            assignment,
            a_round: A_ROUND,
            rungs,
            exploring: EXPLORING,
            screens_first,
            judge,
            shows_transcript: asked.ablate.contains(&Ablation::Msim),
        };
        let shown = self.shown(&plan, job, assumed, &ladder, &task.space);
        Ok(Planned { plan, shown })
    }

    fn shown(&self, plan: &JobPlan, job: JobFile, assumed: Vec<String>, ladder: &Ladder, space: &Stages) -> Resolved {
        let epochs = |length: &Length| match length {
            Length::Epochs(epochs) => Some(*epochs),
            Length::Seconds(_) => None,
        };
        let lengths = [&ladder.first, &ladder.then, &ladder.then].map(epochs);
        let rungs = plan.rungs.iter().zip(lengths);
        let rungs = rungs.map(|(rung, epochs)| RungView { entrants: rung.entrants, seeds: rung.seeds, epochs });
        let Input { height, width, channels } = space.input();
        Resolved {
            assumed,
            data: plan.dataset.clone(),
            input: [height.get(), width.get(), channels.get()],
            classes: space.classes().get(),
            target: plan.target.clone(),
            budget: MemoryBudget {
                ram_bytes: plan.budget.ram.map(|ram| ram.0),
                flash_bytes: plan.budget.flash.map(|flash| flash.0),
            },
            rungs: rungs.collect(),
            judges: plan.judge.clone().map_or_else(|| self.judges.clone(), |judge| vec![judge]),
            job,
        }
    }

    /// Keeps the plan; it can be submitted by this name.
    pub fn keep(&self, plan: &JobPlan) -> Result<ArtifactId, StoreError> {
        self.put(plan)
    }

    fn put(&self, document: &impl serde::Serialize) -> Result<ArtifactId, StoreError> {
        self.store.put(&serde_json::to_vec(document).expect("plain data"))
    }

    /// The judge whose word counts, if one is named.
    fn judge(&self, asked: &JobFile) -> Result<Option<String>, PlanError> {
        match asked.judges.as_deref() {
            None | Some([]) => Ok(None),
            Some([one]) if self.judges.contains(one) => Ok(Some(one.clone())),
            Some([one]) => {
                let known = self.judges.join(", ");
                Err(PlanError::Judge {
                    named: one.clone(),
                    remedy: format!("here are {known}; `automcu doctor` says more"),
                })
            }
            Some(all) => {
                Err(PlanError::Judge { named: all.join(", "), remedy: "name one, or none to ask all".to_owned() })
            }
        }
    }

    fn recipe(&self, asked: &JobFile, samples: &Samples, assumed: &mut Vec<String>) -> Result<Recipe, PlanError> {
        let nature = Nature::of(samples.shape(), matches!(samples.values(), Values::Bytes(_)));
        let name = match asked.recipe.as_str() {
            "auto" => {
                assumed.push("recipe: fast, which suits short trainings".to_owned());
                "fast"
            }
            name => name,
        };
        // Its own early end would leave time that was given unused.
        Ok(Recipe { early_stop: None, ..Recipe::named(name, nature)? })
    }

    /// How long is trained, and how many: by time so that all slots are busy for all of it, by epochs as it is said.
    fn ladder(&self, limits: Limits, time_s: Option<u64>, seeds: u32) -> Ladder {
        // Epochs give the lengths; a time beside them is a bound.
        let Some(time_s) = time_s.filter(|_| limits.epochs.is_none()) else {
            let epochs = limits.epochs.unwrap_or(RUNG_FACTOR);
            let candidates = limits.candidates.unwrap_or(USUAL_CANDIDATES);
            return Ladder {
                first: Length::Epochs((epochs / RUNG_FACTOR).max(1)),
                candidates,
                then: Length::Epochs(epochs),
                refined: refined(candidates),
            };
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds of years")]
        let seconds = time_s as f64;
        // More time is more candidates, and longer trainings of each.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 12 and 60")]
        let usual = (12.0 + seconds / 600.0).min(60.0) as u32;
        let candidates = limits.candidates.unwrap_or(usual);
        let refined = (refined(candidates) / 2).max(2).next_multiple_of(self.slots).min(candidates);
        let lasting = |share: f64, count: u32| {
            let each = share * seconds * f64::from(self.slots) / f64::from(count.max(self.slots));
            Length::Seconds((each * 10.0).round() / 10.0)
        };
        let at_least = |length| match length {
            Length::Seconds(seconds) => Length::Seconds(f64::max(seconds, SHORTEST_S)),
            Length::Epochs(_) => length,
        };
        // Those that are begun last take their time as well.
        let last = EXPLORING * f64::from(self.slots) / f64::from(candidates.max(self.slots));
        let refining = JobPlan::CLOSING - EXPLORING - last - OVERHEAD;
        // In a shorter time than all of them take, fewer are tried.
        let candidates_in_time = limits.candidates.unwrap_or(candidates.max(USUAL_CANDIDATES * 4));
        Ladder {
            first: at_least(lasting(EXPLORING, candidates)),
            candidates: candidates_in_time,
            // One with other seeds is trained one after the other.
            then: at_least(lasting(refining, refined + self.slots * seeds.saturating_sub(1))),
            refined,
        }
    }

    /// What can be learnt with in the time of the longer trainings: what computes more sees its samples too seldom.
    fn most_macs(&self, ladder: &Ladder, samples: &Samples, task: &Task<Stages>) -> Option<u64> {
        let Length::Seconds(seconds) = ladder.then else { return None };
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let each = self.macs_a_second * seconds / (LEAST_EPOCHS * samples.len().max(1) as f64);
        let smallest = task.glance(&task.space.smallest()).map_or(0, |size| size.macs);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and cut off at the top"
        )]
        let most = each as u64;
        Some(most.max(LEAST_CHOICE * smallest))
    }

    fn conditions(
        &self,
        source: &Source,
        asked: &JobFile,
        split: Splitting,
        recipe: Recipe,
    ) -> Result<ArtifactId, PlanError> {
        let is_built_in = matches!(source.kind(), Kind::Synthetic | Kind::Signals);
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let path = source.path().to_owned();
        let deadline_s = match recipe.length {
            Length::Seconds(seconds) => seconds + LATENESS_S,
            Length::Epochs(_) => LONGEST_S,
        };
        let conditions = Conditions {
            data: if is_built_in { path } else { absolute(path) },
            left_out: asked.leave_out,
            split,
            recipe: recipe.checked()?,
            threads: self.threads.get(),
            memory_bytes: self.memory_bytes,
            deadline_s,
            checkpoint_every_s: BETWEEN_CHECKPOINTS_S,
        };
        Ok(self.put(&conditions)?)
    }

    fn assignment(
        &self,
        job: &JobFile,
        samples: &Samples,
        task: &Task<Stages>,
        fitting: bool,
        most_macs: Option<u64>,
        prompting: Option<Prompting>,
    ) -> Result<ArtifactId, PlanError> {
        let shape = samples.shape();
        let warm = if job.warm {
            let found = self.history.warm(&job.data, job.target.as_deref(), task.budget.into(), WARM)?;
            found.into_iter().map(|warm| warm.candidate.spec).collect()
        } else {
            Vec::new()
        };
        let proposer = match job.proposer {
            proposer if !fitting && !proposer.asks_a_model() => contract::Proposer::Random,
            Proposer::Guided => contract::Proposer::Guided,
            Proposer::Mixed => contract::Proposer::Mixed,
            Proposer::Seeds => contract::Proposer::Seeds,
            Proposer::Evolution => contract::Proposer::Evolution,
            Proposer::Random => contract::Proposer::Random,
            Proposer::Local => contract::Proposer::Local,
            Proposer::Unas => contract::Proposer::Unas,
            Proposer::Occam => contract::Proposer::Occam,
            Proposer::Llm => contract::Proposer::Llm,
            Proposer::Hybrid => contract::Proposer::Hybrid,
            Proposer::Genius => contract::Proposer::Genius,
        };
        let assignment = Assignment {
            version: DOCUMENTS,
            input: [shape.height, shape.width, shape.channels],
            classes: u32::try_from(samples.classes()).unwrap_or(u32::MAX),
            target: job.target.clone(),
            proposer,
            space: job.space.as_ref().map(|_| kept(task.space.rules())),
            fitting,
            most_macs: most_macs.filter(|_| fitting),
            seed: job.seed,
            warm,
            prompting,
        };
        Ok(self.put(&assignment)?)
    }
}

/// How many are trained further.
fn refined(candidates: u32) -> u32 {
    (candidates / 6).clamp(2, 4).min(candidates)
}

fn time(asked: &JobFile, assumed: &mut Vec<String>) -> Option<u64> {
    let named = asked.limits.time.map(Span::seconds);
    if named.is_some() || asked.limits.epochs.is_some() {
        return named;
    }
    assumed.push(format!("time: {} minutes", USUAL_TIME_S / 60));
    Some(USUAL_TIME_S)
}

fn size(bytes: Option<Bytes>) -> Option<Size> {
    bytes.and_then(|bytes| Size::new(bytes.0))
}

/// What the target has, or what is asked for, whichever is less.
fn budget(asked: &JobFile, part: Option<&Part>, assumed: &mut Vec<String>) -> Budget {
    let bytes = |size: Option<Size>| size.map(|size| Bytes(size.bytes()));
    let named = Budget { ram: bytes(asked.budget.ram), flash: bytes(asked.budget.flash) };
    let Some(part) = part else {
        assumed.push("target: none, so code is counted as for a Cortex-M4".to_owned());
        return named;
    };
    let whole = Budget::from(part);
    for (memory, said, has) in [("RAM", named.ram, whole.ram), ("Flash", named.flash, whole.flash)] {
        if let (None, Some(has)) = (said, has) {
            assumed.push(format!("{memory}: all that {} has, {has}", part.name()));
        }
    }
    whole.and(named)
}
