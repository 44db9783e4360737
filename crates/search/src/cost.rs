//! What a member takes, by the judge's own planner, and whether a budget has room for it.

use automcu_convert::{Glance, Need, integer_form};
use automcu_model::{Bytes, DataType, Graph, GraphDigest, Provenance, Spec};
use automcu_target::{Budget, Core, Fit, FlashUse, Footprint, Margin, RamUse};
use serde::Serialize;

use crate::space::{Memory, Space, Unbuildable};

/// A glance may say so many percent of the RAM that the planner then finds; where it says more than these of the budget, the
/// planner is not asked. Over draws it says 107 at most.
const GLANCE_PERCENT: u64 = 125;

/// What a member takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Its footprint at int8, code for a core counted where it is known.
    pub footprint: Footprint,
    /// Multiply-accumulates of an inference.
    pub macs: u64,
    /// Parameters as deployed.
    pub parameters: u64,
}

impl Size {
    /// A size of which only sums are known, as in a table.
    #[must_use]
    pub fn of_sums(ram: Bytes, flash: Bytes, macs: u64, parameters: u64) -> Self {
        Self { footprint: footprint(ram.0, flash.0, flash.0, None), macs, parameters }
    }

    pub(crate) fn of_glance(graph: &Graph, glance: &Glance, core: Core) -> Self {
        Self::of(graph, glance.ram(), glance.flash(), glance.code_bytes(core))
    }

    pub(crate) fn of_need(graph: &Graph, need: &Need, core: Core) -> Self {
        Self::of(graph, need.ram(), need.flash(), need.code_bytes(core))
    }

    fn of(graph: &Graph, ram: u64, tables: u64, code: Option<u64>) -> Self {
        let cost = graph.cost();
        let weights = cost.weight_bytes(DataType::Int8).0;
        Self { footprint: footprint(ram, weights, tables, code), macs: cost.macs, parameters: cost.parameters() }
    }

    /// RAM.
    #[must_use]
    pub fn ram(&self) -> Bytes {
        self.footprint.known_ram()
    }

    /// Flash.
    #[must_use]
    pub fn flash(&self) -> Bytes {
        self.footprint.known_flash()
    }
}

/// As the judge counts: `tables` holds the weights too, and start-up clears whole words.
fn footprint(ram: u64, weights: u64, tables: u64, code: Option<u64>) -> Footprint {
    let rounding = ram.next_multiple_of(8) - ram;
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Estimated,
        ram: RamUse { activations: Bytes(ram), runtime: Some(Bytes(rounding)), stack: None },
        flash: FlashUse {
            weights: Bytes(weights),
            tables: Some(Bytes(tables.saturating_sub(weights))),
            code: code.map(Bytes),
        },
    }
}

/// What is searched, and what its members may take.
#[derive(Clone, Copy, Debug)]
pub struct Task<S> {
    /// The space.
    pub space: S,
    /// What its members may take.
    pub budget: Budget,
    /// The core that code is for.
    pub core: Core,
    /// The most multiply-accumulates: what is to be trained in a given time must not be larger than it can learn with.
    pub most_macs: Option<u64>,
}

/// Why a member is not put forward.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Misfit {
    /// It cannot be built.
    #[error(transparent)]
    Unbuildable(#[from] Unbuildable),
    /// It computes more than is allowed.
    #[error("it takes {macs} multiply-accumulates, and at most {most} are allowed; make it smaller")]
    Work {
        /// What it computes.
        macs: u64,
        /// What it may.
        most: u64,
    },
    /// It takes more than is allowed.
    #[error("it takes {} of {memory}, {over} more than is allowed; make it smaller", used(.size, *.memory))]
    Over {
        /// The memory that lacks the most.
        memory: Memory,
        /// How much.
        over: Bytes,
        /// What it takes.
        size: Box<Size>,
    },
}

/// What a size has of one memory.
pub(crate) fn used(size: &Size, memory: Memory) -> Bytes {
    match memory {
        Memory::Ram => size.ram(),
        Memory::Flash => size.flash(),
    }
}

impl<S: Space> Task<S> {
    /// What a member takes, if that is not too much: by a glance first, then exactly.
    pub fn admit(&self, member: &S::Member) -> Result<Size, Misfit> {
        self.admitted(self.space.glance(member, self.core)?, || self.space.size(member, self.core))
    }

    /// The same by a glance alone: to choose by, not to promise.
    pub fn glance(&self, member: &S::Member) -> Result<Size, Misfit> {
        let size = self.space.glance(member, self.core)?;
        self.within_work(&size)?;
        self.misfit(size).map_or(Ok(size), Err)
    }

    /// The smallest member, where even that one takes too much.
    pub fn smallest_that_fails(&self) -> Option<NothingFits> {
        match self.admit(&self.space.smallest()) {
            Err(Misfit::Over { memory, over, size }) => {
                Some(NothingFits { memory, over, needed: used(&size, memory), smallest: *size })
            }
            _ => None,
        }
    }
}

impl<S> Task<S> {
    /// What an architecture takes that need not be a member, and what tells it from others, if that is not too much.
    pub fn admit_spec(&self, spec: &Spec) -> Result<(GraphDigest, Size), Misfit> {
        let (digest, graph) = deployable(spec)?;
        let glance = Size::of_glance(&graph, &Need::glance(&graph), self.core);
        let size = self.admitted(glance, || Ok(Size::of_need(&graph, &Need::of(&graph), self.core)))?;
        Ok((digest, size))
    }

    /// About what such an architecture takes, be it too much or not.
    pub fn glance_spec(&self, spec: &Spec) -> Result<Size, Unbuildable> {
        let (_, graph) = deployable(spec)?;
        Ok(Size::of_glance(&graph, &Need::glance(&graph), self.core))
    }

    /// Planned only where a glance does not refuse.
    fn admitted(&self, glance: Size, planned: impl FnOnce() -> Result<Size, Unbuildable>) -> Result<Size, Misfit> {
        self.within_work(&glance)?;
        // Weights are exact, and RAM at most so wrong: what is over here, the planner need not be asked about.
        let weights = glance.footprint.flash;
        let sure = FlashUse { code: None, ..weights };
        let least = Bytes(glance.ram().0 * 100 / GLANCE_PERCENT);
        let ram = RamUse { activations: least, runtime: None, stack: None };
        let surely = Footprint { ram, flash: sure, ..glance.footprint };
        if !Fit::of(&surely, self.budget).holds() {
            return Err(self.misfit(glance).unwrap_or_else(|| self.over(Memory::Ram, Bytes(0), glance)));
        }
        let size = planned()?;
        self.misfit(size).map_or(Ok(size), Err)
    }

    fn within_work(&self, size: &Size) -> Result<(), Misfit> {
        match self.most_macs.filter(|most| size.macs > *most) {
            Some(most) => Err(Misfit::Work { macs: size.macs, most }),
            None => Ok(()),
        }
    }

    /// The memory that lacks the most, by its share.
    fn misfit(&self, size: Size) -> Option<Misfit> {
        let fit = Fit::of(&size.footprint, self.budget);
        let lacks = |margin: Margin, memory: Memory| match margin {
            Margin::Over(over) => Some((memory, over)),
            _ => None,
        };
        // Thousandths of what is used.
        let share = |&(memory, over): &(Memory, Bytes)| over.0.saturating_mul(1000) / used(&size, memory).0.max(1);
        let lacking = [lacks(fit.ram, Memory::Ram), lacks(fit.flash, Memory::Flash)];
        let (memory, over) = lacking.into_iter().flatten().max_by_key(share)?;
        Some(self.over(memory, over, size))
    }

    fn over(&self, memory: Memory, over: Bytes, size: Size) -> Misfit {
        Misfit::Over { memory, over, size: Box::new(size) }
    }
}

fn deployable(spec: &Spec) -> Result<(GraphDigest, Graph), Unbuildable> {
    let lowered = spec.lower()?;
    let graph = integer_form(&lowered.deployed()).map_err(|refusal| Unbuildable::TooLarge(refusal.to_string()))?;
    Ok((lowered.digest(), graph))
}

/// No member of the space can fit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "nothing fits: the smallest network of the space needs {needed} of {memory}, {over} more than is allowed; allow more {memory} or make the input smaller"
)]
pub struct NothingFits {
    /// The memory that lacks the most.
    pub memory: Memory,
    /// By how much.
    pub over: Bytes,
    /// What the smallest member needs of it.
    pub needed: Bytes,
    /// All that the smallest member needs.
    pub smallest: Size,
}
