//! What one phrase says of a job.

use automcu_api::{Ablation, Goal, JobFile, JobId, Money, Proposer, Size, Span};

/// One thing that is said of a job.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Data(String),
    Target(String),
    Ram(Size),
    Flash(Size),
    Goal(Goal),
    Time(Span),
    Candidates(u32),
    Epochs(u32),
    Tokens(u64),
    Money(Money),
    Replays(JobId),
    Proposer(Proposer),
    Space(String),
    Recipe(String),
    Seed(u64),
    Seeds(u32),
    Tag(String),
    Priority(i8),
    Warm,
    LeaveOut(u32),
    MixGroups,
    Judge(String),
    Ablate(Ablation),
}

/// A job as far as it is said.
pub(crate) struct Draft {
    job: JobFile,
    said: Vec<(Piece, String)>,
}

impl Draft {
    pub(crate) fn new() -> Self {
        Self { job: JobFile::new(""), said: Vec::new() }
    }

    /// Takes something in; gives the words that have said otherwise before.
    pub(crate) fn take(&mut self, piece: &Piece, words: &str) -> Result<(), String> {
        let is_same_field =
            |said: &Piece| !piece.is_of_many() && std::mem::discriminant(said) == std::mem::discriminant(piece);
        if let Some((said, before)) = self.said.iter().find(|(said, _)| is_same_field(said)) {
            return if said == piece { Ok(()) } else { Err(before.clone()) };
        }
        self.said.push((piece.clone(), words.to_owned()));
        piece.clone().set(&mut self.job);
        Ok(())
    }

    /// What it comes to, and whether a data set is named.
    pub(crate) fn job(self) -> (JobFile, bool) {
        let has_data = self.said.iter().any(|(piece, _)| matches!(piece, Piece::Data(_)));
        (self.job, has_data)
    }
}

impl Piece {
    /// Whether a job has a list of these.
    const fn is_of_many(&self) -> bool {
        matches!(self, Self::Tag(_) | Self::Judge(_) | Self::Ablate(_))
    }

    /// Sets it. Of what there may be many an item that is there already is not added again, and the order is that of names.
    fn set(self, job: &mut JobFile) {
        match self {
            Self::Data(name) => job.data = name,
            Self::Target(name) => job.target = Some(name),
            Self::Ram(size) => job.budget.ram = Some(size),
            Self::Flash(size) => job.budget.flash = Some(size),
            Self::Goal(goal) => job.goal = Some(goal),
            Self::Time(time) => job.limits.time = Some(time),
            Self::Candidates(count) => job.limits.candidates = Some(count),
            Self::Epochs(count) => job.limits.epochs = Some(count),
            Self::Tokens(count) => job.limits.tokens = Some(count),
            Self::Replays(replayed) => job.replays = Some(replayed),
            Self::Money(money) => job.limits.money = Some(money),
            Self::Proposer(proposer) => job.proposer = proposer,
            Self::Space(name) => job.space = Some(name),
            Self::Recipe(name) => job.recipe = name,
            Self::Seed(seed) => job.seed = seed,
            Self::Seeds(count) => job.seeds = Some(count),
            Self::Tag(tag) => insert(&mut job.tags, tag),
            Self::Priority(priority) => job.priority = priority,
            Self::Warm => job.warm = true,
            Self::LeaveOut(group) => job.leave_out = Some(group),
            Self::MixGroups => job.mix_groups = true,
            Self::Judge(name) => insert(job.judges.get_or_insert_default(), name),
            Self::Ablate(part) => {
                job.ablate.retain(|known| *known != part);
                job.ablate.push(part);
                job.ablate.sort_by_key(|part| *part as u8);
            }
        }
    }
}

/// Words may come in any order; the job is the same.
fn insert(list: &mut Vec<String>, item: String) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}
