//! A member recognised by its architecture spec: the inverse of writing one.

use automcu_model::{
    Spec,
    spec::{Block, Head, Module, Pool},
};

use super::{
    Kind, REPEATS, STAGES, STEM_HALVINGS, Stage, Staged, Stages,
    draw::{EXPANSIONS, tidy},
    width,
};

impl Stages {
    /// The member of this space that has this spec, if one has.
    #[must_use]
    pub fn member(&self, spec: &Spec) -> Option<Staged> {
        let (stem, stages) = spec.backbone.split_first()?;
        let (Module::Block(Block::Conv(stem)), Head::Classifier(head)) = (stem, spec.head) else { return None };
        let (kernel, stride) = (stem.kernel.get(), stem.stride.get());
        let member = Staged {
            stem_channels: stem.channels.get(),
            stem_kernel: self.read_kernel(kernel.height, kernel.width),
            stem_halvings: self.across(stride.height, stride.width).ilog2(),
            stages: stages.iter().map(|module| self.read_stage(module)).collect::<Option<_>>()?,
            takes_most: head.pool == Pool::Max,
        };
        // Whatever else the spec says must be as it is written here.
        (self.holds(&member) && self.written(&member) == *spec).then_some(member)
    }

    fn read_stage(&self, module: &Module) -> Option<Stage> {
        let (block, repeat) = match module {
            Module::Block(block) => (block, 1),
            Module::Stage(stage) => (&stage.block, stage.repeat.get()),
        };
        let (kind, channels, kernel, stride, expansion) = match block {
            Block::Conv(of) => (Kind::Conv, of.channels, of.kernel, of.stride, 1),
            Block::DepthwiseSeparable(of) => (Kind::Separable, of.channels, of.kernel, of.stride, 1),
            Block::InvertedResidual(of) => (Kind::Inverted, of.channels, of.kernel, of.stride, of.expansion.get()),
            Block::Residual(of) => (Kind::Residual, of.channels, of.kernel, of.stride, 1),
            _ => return None,
        };
        let (kernel, stride) = (kernel.get(), stride.get());
        let kernel = self.read_kernel(kernel.height, kernel.width);
        let halves = self.across(stride.height, stride.width) == 2;
        Some(Stage { kind, channels: channels.get(), repeat, kernel, expansion, halves })
    }

    /// Where an input has one place there are no sides of kernels to be seen.
    fn read_kernel(&self, height: u32, width: u32) -> u32 {
        if self.is_point() { self.kernels()[0] } else { self.across(height, width) }
    }

    /// The length along an axis that is not of size 1, if there is one.
    fn across(&self, height: u32, width: u32) -> u32 {
        if self.input.height.get() == 1 { width } else { height }
    }

    /// Whether it is within the space's bounds.
    fn holds(&self, member: &Staged) -> bool {
        let is_width = |channels: u32| width(channels) == channels;
        let (least, most) = self.halvings();
        let holds = |stage: &Stage| {
            is_width(stage.channels)
                && (1..=REPEATS).contains(&stage.repeat)
                && self.kernels().contains(&stage.kernel)
                && EXPANSIONS.contains(&stage.expansion)
                && tidy(*stage) == *stage
        };
        is_width(member.stem_channels)
            && self.kernels().contains(&member.stem_kernel)
            && member.stem_halvings <= STEM_HALVINGS
            && member.stages.len() <= STAGES as usize
            && member.stages.iter().all(holds)
            && (least..=most).contains(&member.halvings())
    }
}
