//! Strategies held against each other without training: a table or a formula says how well each member does.

use crate::{
    cells::{Cell, Cells, Data, Reached, Table},
    cost::Size,
    front::{Front, Point},
    numbers::{Numbers, Purpose},
    space::Space,
    staged::{Kind, Staged, Stages},
    strategy::{Outcome, Shortfall, Source, Strategy, Tally},
};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run<M> {
    /// All outcomes, in order.
    pub outcomes: Vec<Outcome<M>>,
    /// Who had the idea of each.
    pub sources: Vec<Source>,
    /// What each takes.
    pub sizes: Vec<Size>,
    /// The best score after each outcome; nothing before the first score.
    pub best: Vec<Option<f64>>,
    /// What was looked at on the way.
    pub tally: Tally,
    /// Why the run ended early, if it did.
    pub shortfall: Option<Shortfall>,
}

impl<M> Run<M> {
    /// The best score of all.
    #[must_use]
    pub fn best_score(&self) -> Option<f64> {
        self.best.last().copied().flatten()
    }

    /// The places of outcomes that none dominates.
    #[must_use]
    pub fn front(&self) -> Front<usize> {
        let mut front = Front::default();
        for (place, (outcome, size)) in self.outcomes.iter().zip(&self.sizes).enumerate() {
            let accuracy = outcome.score.unwrap_or(f64::NAN);
            let (ram_bytes, flash_bytes, macs) = (size.ram().0, size.flash().0, size.macs);
            front.insert(Point { accuracy, ram_bytes, flash_bytes, macs }, place);
        }
        front
    }
}

/// Lets a strategy have so many members tried, so many at a time. `score` says how well one does.
pub fn run<S: Space>(
    strategy: &mut dyn Strategy<S>,
    score: &dyn Fn(&S::Member) -> Option<f64>,
    evaluations: usize,
    at_a_time: usize,
) -> Run<S::Member> {
    let mut run = Run {
        outcomes: Vec::new(),
        sources: Vec::new(),
        sizes: Vec::new(),
        best: Vec::new(),
        tally: Tally::default(),
        shortfall: None,
    };
    while run.outcomes.len() < evaluations && run.shortfall.is_none() {
        let wanted = at_a_time.clamp(1, evaluations - run.outcomes.len());
        let found = strategy.propose(&run.outcomes, wanted);
        run.tally += found.tally;
        run.shortfall = found.shortfall;
        for proposal in found.proposals {
            let outcome = Outcome { score: score(&proposal.member), member: proposal.member };
            let best = run.best.last().copied().flatten();
            run.best.push(outcome.known_score().into_iter().chain(best).reduce(f64::max));
            run.sources.push(proposal.source);
            run.sizes.push(proposal.size);
            run.outcomes.push(outcome);
        }
    }
    run
}

/// What the cell with the best validation accuracy so far reached, after each evaluation. A cell that the table lacks counts as failed.
#[must_use]
pub fn run_cells(
    strategy: &mut dyn Strategy<Cells>,
    table: &Table,
    data: Data,
    evaluations: usize,
    at_a_time: usize,
) -> Vec<Reached> {
    let validation = |cell: &Cell| table.reached(*cell, data).map(|reached| reached.validation);
    let run = run(strategy, &validation, evaluations, at_a_time);
    let mut best: Option<Reached> = None;
    let mut all = Vec::with_capacity(run.outcomes.len());
    for outcome in &run.outcomes {
        let reached = table.reached(outcome.member, data);
        let is_better = |reached: &Reached| best.is_none_or(|best| reached.validation > best.validation);
        best = reached.filter(is_better).or(best);
        all.extend(best);
    }
    all
}

/// A stand-in for the accuracy of networks of stages, from 0 to 1: it saturates with parameters and work, likes depth, width that
/// grows, and residual connections, and has a little noise that is the same for the same member. It is made up: it says
/// which strategy climbs, not which network is good.
#[must_use]
pub fn stand_in(space: &Stages, member: &Staged, noise: u64) -> Option<f64> {
    let size = space.glance(member, automcu_target::Core::CortexM4).ok()?;
    // How far up a hill: 0.5 at `half`.
    #[expect(clippy::cast_precision_loss, reason = "a made-up number")]
    let hill = |number: u64, half: f64| number as f64 / (number as f64 + half);
    let blocks: u32 = member.stages.iter().map(|stage| stage.repeat).sum();
    let depth = f64::from(blocks.min(8)) / 8.0;
    let residual = member.stages.iter().filter(|stage| matches!(stage.kind, Kind::Residual | Kind::Inverted)).count();
    let pairs = member.stages.windows(2);
    let growing = pairs.clone().filter(|pair| pair[1].channels >= pair[0].channels).count();
    let share = |part: usize, of: usize| {
        f64::from(u32::try_from(part).unwrap_or(0)) / f64::from(u32::try_from(of.max(1)).unwrap_or(1))
    };
    let is_late = f64::from(u8::from(member.stem_halvings == 0));
    let mean = if member.takes_most { 0.0 } else { 1.0 };
    let id = space.id(member).ok()?;
    let place = id.to_string().bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let luck = f64::from(Numbers::of(noise, Purpose::Arena, place).below(1000)) / 1000.0;
    Some(
        0.35 * hill(size.parameters, 8_000.0)
            + 0.25 * hill(size.macs, 400_000.0)
            + 0.15 * depth
            + 0.10 * share(residual, member.stages.len())
            + 0.05 * share(growing, pairs.len())
            + 0.04 * is_late
            + 0.03 * mean
            + 0.02 * luck,
    )
}
