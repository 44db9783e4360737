//! Networks of stages for pictures, spectrograms and signals: a stem, stages of equal blocks, and a classifier.
//!
//! What stages there may be the [`Rules`] say. Widths are multiples of 8, or of 4 up to 16. Strides are such that the last map is as
//! small as the rules say, where the input's shape allows.

mod bounds;
mod change;
mod draw;
mod features;
mod kinds;
mod ladder;
mod least;
mod library;
mod read;
mod shrink;
mod write;

use std::sync::Arc;

use automcu_convert::{Need, integer_form};
use automcu_model::{
    Graph, GraphDigest, Refusals, Spec,
    spec::{Classes, Input, Side},
};
use automcu_target::Core;

pub use kinds::{Follows, Kind};

use crate::{
    cost::Size,
    description::{HalvedBy, Inputs},
    numbers::Numbers,
    rules::Rules,
    space::{Buildable, Memory, Seed, Space, Unbuildable, Variant},
};

/// The most stages of the usual space.
pub const STAGES: u32 = 8;
/// The most blocks in one stage of the usual space.
pub const REPEATS: u32 = 8;
/// The widest stage of any space.
pub const WIDEST: u32 = 512;
/// The narrowest stage of any space.
pub const NARROWEST: u32 = 4;

/// Blocks of one kind and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Stage {
    /// What it is made of.
    pub kind: Kind,
    /// Output channels.
    pub channels: u32,
    /// How many blocks.
    pub repeat: u32,
    /// The side of the kernel.
    pub kernel: u32,
    /// How many times as many channels an inverted residual block has inside; 1 for other kinds.
    pub expansion: u32,
    /// How many times fewer channels a squeeze-excite has inside; 0 is without one.
    pub squeeze: u32,
    /// Whether blocks add their input where shapes allow.
    pub skips: bool,
    /// What follows the convolutions.
    pub follows: Follows,
    /// Whether it halves the map.
    pub halves: bool,
    /// What halves it.
    pub halved_by: HalvedBy,
}

/// A network of stages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Staged {
    /// Channels of the first convolution.
    pub stem_channels: u32,
    /// The side of its kernel.
    pub stem_kernel: u32,
    /// How often it halves the map.
    pub stem_halvings: u32,
    /// The stages.
    pub stages: Vec<Stage>,
    /// Whether the head takes the maximum of each channel, not the mean.
    pub takes_most: bool,
}

impl Staged {
    /// How often maps are halved in all.
    #[must_use]
    pub fn halvings(&self) -> u32 {
        self.stem_halvings + self.stages.iter().map(|stage| u32::from(stage.halves)).sum::<u32>()
    }
}

/// A space that has no networks for an input.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoSpace {
    /// The smallest network is too large for a spec.
    #[error(transparent)]
    Refused(#[from] Refusals),
    /// It is for other inputs.
    #[error("the space {space} is for {takes}, and inputs have {rows} x {columns} places; name another space")]
    Inputs {
        /// The space.
        space: String,
        /// What it is for.
        takes: &'static str,
        /// Rows of the input.
        rows: u32,
        /// Columns.
        columns: u32,
    },
}

/// The space of such networks for inputs of one shape.
#[derive(Clone, Debug)]
pub struct Stages {
    input: Input,
    classes: Classes,
    rules: Arc<Rules>,
    smallest: Arc<Staged>,
}

impl Stages {
    /// The usual space for inputs of this shape and so many classes; refused where the smallest network is too large for a spec.
    pub fn new(input: Input, classes: Classes) -> Result<Self, Refusals> {
        Self::made(Rules::usual(), input, classes)
    }

    /// The space of such rules. Where they name a side, inputs are brought to it: [`Self::input`] says what they then are.
    pub fn of(rules: Arc<Rules>, input: Input, classes: Classes) -> Result<Self, NoSpace> {
        let is_signal = input.height.get() == 1 || input.width.get() == 1;
        let takes = match rules.description().inputs {
            Inputs::Pictures if is_signal => "pictures",
            Inputs::Signals if !is_signal => "signals",
            _ if is_signal && rules.description().side.is_some() => "pictures, which it resizes",
            _ => return Ok(Self::made(Arc::clone(&rules), resized(input, rules.description().side), classes)?),
        };
        let (rows, columns) = (input.height.get(), input.width.get());
        Err(NoSpace::Inputs { space: rules.description().name.clone(), takes, rows, columns })
    }

    fn made(rules: Arc<Rules>, input: Input, classes: Classes) -> Result<Self, Refusals> {
        let none = Staged { stem_channels: 0, stem_kernel: 3, stem_halvings: 0, stages: Vec::new(), takes_most: true };
        let mut space = Self { input, classes, rules, smallest: Arc::new(none) };
        space.smallest = Arc::new(space.least());
        space.spec(&space.smallest()).lower()?;
        Ok(space)
    }

    /// The input of every member.
    #[must_use]
    pub const fn input(&self) -> Input {
        self.input
    }

    /// The classes that every member tells apart.
    #[must_use]
    pub const fn classes(&self) -> Classes {
        self.classes
    }

    /// What the space is made of.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Sides that are not 1, the shorter first.
    fn sides(&self) -> (u32, u32) {
        let (height, width) = (self.input.height.get(), self.input.width.get());
        match (height.min(width), height.max(width)) {
            (1, longer) => (longer, longer),
            sides => sides,
        }
    }

    /// Whether inputs have one row or one column.
    fn is_signal(&self) -> bool {
        self.input.height.get() == 1 || self.input.width.get() == 1
    }

    /// Whether inputs have one place.
    fn is_point(&self) -> bool {
        self.input.height.get() == 1 && self.input.width.get() == 1
    }

    fn graph(&self, member: &Staged) -> Result<Graph, Unbuildable> {
        let deployed = self.spec(member).lower()?.deployed();
        integer_form(&deployed).map_err(|refusal| Unbuildable::TooLarge(refusal.to_string()))
    }
}

/// The input with its longer side so long, and the shorter in proportion.
fn resized(input: Input, side: Option<u32>) -> Input {
    let Some(side) = side else { return input };
    let (height, width) = (input.height.get(), input.width.get());
    let longer = height.max(width);
    let to = |length: u32| Side::new(((length * side + longer / 2) / longer).max(2)).unwrap_or(Side::LEAST);
    Input { height: to(height), width: to(width), ..input }
}

impl Space for Stages {
    type Member = Staged;
    type Id = GraphDigest;

    fn draw(&self, numbers: &mut Numbers) -> Staged {
        self.drawn(numbers)
    }

    fn mutate(&self, member: &Staged, numbers: &mut Numbers) -> Staged {
        self.mutated(member, numbers)
    }

    fn cross(&self, one: &Staged, other: &Staged, numbers: &mut Numbers) -> Staged {
        self.crossed(one, other, numbers)
    }

    fn shrink(&self, member: &Staged, memory: Memory, numbers: &mut Numbers) -> Option<Staged> {
        self.shrunk(member, memory, numbers)
    }

    fn smallest(&self) -> Staged {
        self.smallest.as_ref().clone()
    }

    fn seeds(&self) -> Vec<Seed<Staged>> {
        let known = if self.is_signal() { library::SIGNALS } else { library::PICTURES };
        let mended = known.iter().map(|known| (known, self.mended(known.member())));
        // What is another network in this space does not go by the name.
        let own = mended.filter(|(known, member)| known.is_like(member));
        let mut seeds: Vec<_> = own.map(|(known, member)| Seed { name: known.name, member }).collect();
        if seeds.is_empty() {
            seeds.push(Seed { name: "the middle", member: self.middle() });
        }
        seeds
    }

    fn widened(&self, member: &Staged, eighths: u32) -> Staged {
        let widened = |channels: u32| channels.saturating_mul(eighths) / 8;
        let stages = member.stages.iter().enumerate().map(|(at, stage)| {
            let channels = self.rules.place(at).channels.at_least(widened(stage.channels));
            Stage { channels, ..*stage }
        });
        let stem_channels = self.rules.stem.channels.at_least(widened(member.stem_channels));
        Staged { stem_channels, stages: stages.collect(), ..*member }
    }

    fn varied(&self, member: &Staged, variant: Variant) -> Option<Staged> {
        self.variant(member, variant)
    }

    fn id(&self, member: &Staged) -> Result<GraphDigest, Unbuildable> {
        Ok(self.spec(member).lower()?.digest())
    }

    fn glance(&self, member: &Staged, core: Core) -> Result<Size, Unbuildable> {
        let graph = self.graph(member)?;
        Ok(Size::of_glance(&graph, &Need::glance(&graph), core))
    }

    fn size(&self, member: &Staged, core: Core) -> Result<Size, Unbuildable> {
        let graph = self.graph(member)?;
        Ok(Size::of_need(&graph, &Need::of(&graph), core))
    }

    fn feature_names(&self) -> &'static [&'static str] {
        features::NAMES
    }

    fn features(&self, member: &Staged) -> Vec<f32> {
        self.described(member)
    }
}

impl Buildable for Stages {
    fn spec(&self, member: &Staged) -> Spec {
        self.written(member)
    }
}
