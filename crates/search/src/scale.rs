//! Seeds scaled to a budget: the widest that fits, by bisection, and the strategy that puts them forward.

use std::sync::{Arc, Mutex, PoisonError};

use automcu_target::Budget;

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

/// Puts seeds forward, each as wide as fits: as they are, then in other depths and with strides elsewhere. Where nothing is bounded
/// there is nothing to fill, and they keep their own width.
#[derive(Clone, Debug)]
pub struct Seeds<S: Space> {
    task: Arc<Task<S>>,
    known: Known<S::Id>,
    /// What the first forms of seeds came to; scaling is what takes time, so clones share it.
    forms: Arc<Mutex<Vec<Option<Form<S>>>>>,
}

type ProposalOf<S> = Proposal<<S as Space>::Member, <S as Space>::Id>;

/// A form of a seed that fits, and what was looked at on the way.
#[derive(Clone, Debug)]
struct Form<S: Space> {
    proposal: ProposalOf<S>,
    tally: Tally,
}

impl<S: Space> Seeds<S> {
    /// Those of the task's space.
    #[must_use]
    pub fn new(task: Arc<Task<S>>) -> Self {
        Self { task, known: Known::default(), forms: Arc::default() }
    }

    fn form(&self, seed: &Seed<S::Member>, variant: Variant) -> Option<Form<S>> {
        let varied = self.task.space.varied(&seed.member, variant)?;
        let mut tally = Tally::default();
        let (Scaled { member, size, .. }, how) = if self.task.budget == Budget::default() {
            let size = self.task.admit(&varied).ok()?;
            (Scaled { member: varied, eighths: 8, size }, "at its own width".to_owned())
        } else {
            let scaled = scaled(&self.task, &varied, &mut tally)?;
            let percent = f64::from(scaled.eighths) * 12.5;
            (scaled, format!("at {percent} % of its width, the widest that fits"))
        };
        let id = self.task.space.id(&member).ok()?;
        let rationale = format!("{}, {}, {how}", seed.name, variant.word());
        Some(Form {
            proposal: Proposal { member, id, source: Source::Seed, rationale, evidence: Vec::new(), size },
            tally,
        })
    }
}

impl<S: Space> Strategy<S> for Seeds<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let seeds = self.task.space.seeds();
        let mut all =
            Variant::ALL.iter().flat_map(|variant| seeds.iter().map(move |seed| (seed, *variant))).enumerate();
        let mut found = Proposals::default();
        let forms = Arc::clone(&self.forms);
        let mut forms = forms.lock().unwrap_or_else(PoisonError::into_inner);
        while found.proposals.len() < wanted {
            let Some((place, (seed, variant))) = all.next() else {
                found.shortfall = Some(shortfall(&self.task, Shortfall::Exhausted));
                break;
            };
            if place == forms.len() {
                forms.push(self.form(seed, variant));
            }
            // What was looked at counts where it led to something, so that it counts once, whoever asks how often.
            if let Some(Form { proposal, tally }) = forms[place].as_ref()
                && self.known.add(proposal.id.clone())
            {
                found.tally += *tally;
                found.keep(proposal.clone());
            }
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

/// That nothing fits, where this is so; else what the strategy says.
pub(crate) fn shortfall<S: Space>(task: &Task<S>, otherwise: Shortfall) -> Shortfall {
    let nothing: Option<NothingFits> = task.smallest_that_fails();
    nothing.map_or(otherwise, |nothing| Shortfall::NothingFits(Box::new(nothing)))
}
