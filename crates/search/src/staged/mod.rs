//! Networks of stages for pictures, spectrograms and signals: a stem, stages of equal blocks, and a classifier.
//!
//! Widths are multiples of 8, or of 4 up to 16. Strides are such that the last map is 2 to 8 wide where the input's shape
//! allows: its shorter side is never reduced below 2.

mod change;
mod draw;
mod features;
mod library;
mod read;
mod write;

use automcu_convert::{Need, integer_form};
use automcu_model::{
    Graph, GraphDigest, Refusals, Spec,
    spec::{Classes, Input},
};
use automcu_target::Core;

use crate::{
    cost::Size,
    numbers::Numbers,
    space::{Buildable, Memory, Seed, Space, Unbuildable, Variant},
};

/// The most stages.
pub const STAGES: u32 = 8;
/// The most blocks in one stage.
pub const REPEATS: u32 = 8;
/// The widest stage.
pub const WIDEST: u32 = 512;
/// The narrowest stage.
pub const NARROWEST: u32 = 4;
/// The last map's longer side is at most so wide, where strides can bring it there.
const LAST_MOST: u32 = 8;
/// The last map's shorter side is at least so wide, where it is at the input.
const LAST_LEAST: u32 = 2;
/// How often the stem can halve a map.
const STEM_HALVINGS: u32 = 2;

/// What a stage is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Dense convolutions.
    Conv,
    /// Depthwise separable convolutions.
    Separable,
    /// Inverted residual blocks.
    Inverted,
    /// Residual blocks.
    Residual,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Conv, Self::Separable, Self::Inverted, Self::Residual];
}

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
    /// Whether its first block halves the map.
    pub halves: bool,
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

/// The space of such networks for inputs of one shape.
#[derive(Clone, Copy, Debug)]
pub struct Stages {
    input: Input,
    classes: Classes,
}

impl Stages {
    /// The space for inputs of this shape and so many classes; refused where the smallest network is too large for a spec.
    pub fn new(input: Input, classes: Classes) -> Result<Self, Refusals> {
        let space = Self { input, classes };
        space.spec(&space.smallest()).lower()?;
        Ok(space)
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

    /// How often maps are halved, at least and at most.
    fn halvings(&self) -> (u32, u32) {
        let (shorter, longer) = self.sides();
        let after = |side: u32, halvings: u32| side.div_ceil(1 << halvings);
        let most = (1..=12).take_while(|&halvings| after(shorter, halvings) >= LAST_LEAST).last().unwrap_or(0);
        let most = most.min(STEM_HALVINGS + STAGES);
        let least = (0..=most).find(|&halvings| after(longer, halvings) <= LAST_MOST).unwrap_or(most);
        (least, most)
    }

    /// Whether inputs have one place.
    fn is_point(&self) -> bool {
        self.input.height.get() == 1 && self.input.width.get() == 1
    }

    /// Sides of kernels: one where none is seen.
    fn kernels(&self) -> &'static [u32] {
        match (self.is_point(), self.is_signal()) {
            (true, _) => &[3],
            (false, true) => &[3, 5, 7, 9, 11],
            (false, false) => &[3, 5],
        }
    }

    fn graph(&self, member: &Staged) -> Result<Graph, Unbuildable> {
        let deployed = self.spec(member).lower()?.deployed();
        integer_form(&deployed).map_err(|refusal| Unbuildable::TooLarge(refusal.to_string()))
    }
}

/// The nearest width, not below.
pub(crate) fn width(channels: u32) -> u32 {
    let step = if channels <= 16 { 4 } else { 8 };
    channels.next_multiple_of(step).clamp(NARROWEST, WIDEST)
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
        let (least, most) = self.halvings();
        let stem_halvings = most.min(STEM_HALVINGS);
        let stage = Stage { kind: Kind::Conv, channels: NARROWEST, repeat: 1, kernel: 3, expansion: 1, halves: true };
        let stages = vec![stage; least.saturating_sub(stem_halvings) as usize];
        Staged { stem_channels: NARROWEST, stem_kernel: 3, stem_halvings, stages, takes_most: true }
    }

    fn seeds(&self) -> Vec<Seed<Staged>> {
        let known = if self.is_signal() { library::SIGNALS } else { library::PICTURES };
        known.iter().map(|known| Seed { name: known.name, member: self.mended(known.member()) }).collect()
    }

    fn widened(&self, member: &Staged, eighths: u32) -> Staged {
        let widened = |channels: u32| width(channels.saturating_mul(eighths) / 8);
        let stages = member.stages.iter().map(|stage| Stage { channels: widened(stage.channels), ..*stage });
        Staged { stem_channels: widened(member.stem_channels), stages: stages.collect(), ..*member }
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
