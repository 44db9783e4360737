//! Members drawn at random: the first that fits of a bounded number of draws, and where none does, one that is made smaller
//! until it does.

use std::sync::Arc;

use crate::{
    cost::{Misfit, Size, Task},
    numbers::{Numbers, Purpose},
    scale::shortfall,
    space::Space,
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};

/// So many draws are looked at for one proposal before one is repaired.
pub const DRAWS: u32 = 64;
/// A member is made smaller so often at most, before it is given up.
pub const SHRINKS: u32 = 96;
/// What is repeated is drawn anew so often.
pub(crate) const RETRIES: u32 = 16;

/// A member made smaller until it fits. The smallest is not made smaller.
pub fn repaired<S: Space>(
    task: &Task<S>,
    mut member: S::Member,
    numbers: &mut Numbers,
    tally: &mut Tally,
) -> Option<(S::Member, Size)> {
    for _ in 0..SHRINKS {
        let memory = match task.admit(&member) {
            Ok(size) => return Some((member, size)),
            Err(Misfit::Over { memory, .. }) => memory,
            // What is beyond the limits of a spec, or computes too much, is so for its size.
            Err(Misfit::Unbuildable(_) | Misfit::Work { .. }) => crate::space::Memory::Flash,
        };
        member = task.space.shrink(&member, memory, numbers)?;
        tally.drawn += 1;
    }
    None
}

/// Draws at random.
#[derive(Clone, Debug)]
pub struct Random<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    known: Known<S::Id>,
}

impl<S: Space> Random<S> {
    /// The draws of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        Self { task, seed, known: Known::default() }
    }

    /// A member that fits, and whether it had to be repaired.
    fn one(&self, numbers: &mut Numbers, tally: &mut Tally) -> Option<(S::Member, Size, bool)> {
        let mut last = None;
        for _ in 0..DRAWS {
            let member = self.task.space.draw(numbers);
            tally.drawn += 1;
            match self.task.admit(&member) {
                Ok(size) => return Some((member, size, false)),
                Err(misfit) => tally.refused(&misfit),
            }
            last = Some(member);
        }
        let (member, size) = repaired(&self.task, last?, numbers, tally)?;
        tally.repaired += 1;
        Some((member, size, true))
    }

    fn proposal(&mut self, tally: &mut Tally) -> Option<Proposal<S::Member, S::Id>> {
        let mut numbers = Numbers::of(self.seed, Purpose::Draw, self.known.count());
        for _ in 0..RETRIES {
            let Some((member, size, is_repaired)) = self.one(&mut numbers, tally) else { continue };
            let Ok(id) = self.task.space.id(&member) else { continue };
            if self.known.add(id.clone()) {
                let how = if is_repaired { ", made smaller until it fitted" } else { " among those that fit" };
                return Some(Proposal {
                    member,
                    id,
                    source: Source::Random,
                    rationale: format!("a random draw{how}"),
                    evidence: Vec::new(),
                    size,
                });
            }
            tally.repeated += 1;
        }
        None
    }
}

impl<S: Space> Strategy<S> for Random<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            let Some(proposal) = self.proposal(&mut found.tally) else {
                found.shortfall = Some(shortfall(&self.task, Shortfall::NothingNew(RETRIES * DRAWS)));
                break;
            };
            found.keep(proposal);
        }
        found
    }

    fn know(&mut self, id: S::Id) {
        self.known.add(id);
    }

    fn recall(&mut self, ids: &[S::Id]) {
        self.known.recall(ids);
    }
}
