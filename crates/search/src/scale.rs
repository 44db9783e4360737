//! Seeds scaled to a budget: the widest that fits, by bisection, and the strategy that puts them forward.

use std::sync::Arc;

use crate::{
    cost::{NothingFits, Size, Task},
    space::{Seed, Space, Variant},
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};

/// The widest that a seed is made, in eighths of its own width.
pub const MOST_EIGHTHS: u32 = 64;

/// A seed at the largest width that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled<M> {
    /// The member.
    pub member: M,
    /// Its width, in eighths of the seed's.
    pub eighths: u32,
    /// What it takes.
    pub size: Size,
}

/// The widest form of a member that fits: one eighth more does not, or is beyond [`MOST_EIGHTHS`].
///
/// A larger budget never gives a narrower form: as long as both bisections agree they look at the same widths, and where they
/// first differ, it is the smaller budget that turns to narrower ones.
pub fn scaled<S: Space>(task: &Task<S>, member: &S::Member, tally: &mut Tally) -> Option<Scaled<S::Member>> {
    let mut best = None;
    // The widest that is known to fit, and the narrowest that is known not to.
    let (mut fits, mut over) = (0, MOST_EIGHTHS + 1);
    while over - fits > 1 {
        let eighths = u32::midpoint(fits, over);
        let wide = task.space.widened(member, eighths);
        tally.drawn += 1;
        match task.admit(&wide) {
            Ok(size) => {
                best = Some(Scaled { member: wide, eighths, size });
                fits = eighths;
            }
            Err(misfit) => {
                tally.refused(&misfit);
                over = eighths;
            }
        }
    }
    best
}

/// Puts seeds forward, each as wide as fits: as they are, then in other depths and with strides elsewhere.
#[derive(Debug)]
pub struct Seeds<S: Space> {
    task: Arc<Task<S>>,
    known: Known<S::Id>,
    /// Which form of which seed is next.
    next: usize,
}

impl<S: Space> Seeds<S> {
    /// Those of the task's space.
    #[must_use]
    pub fn new(task: Arc<Task<S>>) -> Self {
        Self { task, known: Known::default(), next: 0 }
    }

    fn proposal(&mut self, seed: &Seed<S::Member>, variant: Variant, tally: &mut Tally) -> Option<ProposalOf<S>> {
        let varied = self.task.space.varied(&seed.member, variant)?;
        let Scaled { member, eighths, size } = scaled(&self.task, &varied, tally)?;
        let id = self.task.space.id(&member).ok()?;
        if !self.known.add(id.clone()) {
            tally.repeated += 1;
            return None;
        }
        let percent = f64::from(eighths) * 12.5;
        let rationale = format!("{}, {}, at {percent} % of its width, the widest that fits", seed.name, variant.word());
        Some(Proposal { member, id, source: Source::Seed, rationale, size })
    }
}

type ProposalOf<S> = Proposal<<S as Space>::Member, <S as Space>::Id>;

impl<S: Space> Strategy<S> for Seeds<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let seeds = self.task.space.seeds();
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            let place = self.next;
            let Some((seed, variant)) =
                seeds.get(place % seeds.len().max(1)).zip(Variant::ALL.get(place / seeds.len().max(1)))
            else {
                found.shortfall = Some(shortfall(&self.task, Shortfall::Exhausted));
                break;
            };
            self.next += 1;
            if let Some(proposal) = self.proposal(seed, *variant, &mut found.tally) {
                found.keep(proposal);
            }
        }
        found
    }

    fn know(&mut self, id: S::Id) {
        self.known.add(id);
    }
}

/// That nothing fits, where this is so; else what the strategy says.
pub(crate) fn shortfall<S: Space>(task: &Task<S>, otherwise: Shortfall) -> Shortfall {
    let nothing: Option<NothingFits> = task.smallest_that_fails();
    nothing.map_or(otherwise, |nothing| Shortfall::NothingFits(Box::new(nothing)))
}
