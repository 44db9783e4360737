//! A member recognised by its architecture spec: the inverse of writing one.

use automcu_model::{
    Spec,
    spec::{Activation, Block, Channels, Head, Kernel, Module, Pool, Reduction, Stride},
};

use super::{Follows, Kind, Stage, Staged, Stages};
use crate::description::HalvedBy;

/// What a block says of itself.
struct Said {
    kind: Kind,
    channels: Channels,
    kernel: Kernel,
    stride: Stride,
    expansion: u32,
    squeeze: Option<Reduction>,
    skips: bool,
    activation: Activation,
}

impl Stages {
    /// The member of this space that has this spec, if one has.
    #[must_use]
    pub fn member(&self, spec: &Spec) -> Option<Staged> {
        let (stem, modules) = spec.backbone.split_first()?;
        let (Module::Block(Block::Conv(stem)), Head::Classifier(head)) = (stem, spec.head) else { return None };
        let stride = stem.stride.get();
        let kernels = self.rules.stem.kernels(self.is_signal());
        let member = Staged {
            stem_channels: stem.channels.get(),
            stem_kernel: self.read_kernel(stem.kernel, kernels),
            stem_halvings: self.across(stride.height, stride.width).ilog2(),
            stages: self.read_stages(modules)?,
            takes_most: head.pool == Pool::Max,
        };
        // Whatever else the spec says must be as it is written here.
        (self.holds(&member) && self.written(&member) == *spec).then_some(member)
    }

    fn read_stages(&self, modules: &[Module]) -> Option<Vec<Stage>> {
        let (mut stages, mut pool) = (Vec::new(), None);
        for module in modules {
            match module {
                Module::Block(Block::MaxPool(_)) if pool.is_none() => pool = Some(HalvedBy::MaxPool),
                Module::Block(Block::AveragePool(_)) if pool.is_none() => pool = Some(HalvedBy::AveragePool),
                module => {
                    let stage = self.read_stage(stages.len(), module)?;
                    let halved_by = pool.unwrap_or_default();
                    stages.push(Stage { halves: stage.halves || pool.take().is_some(), halved_by, ..stage });
                }
            }
        }
        pool.is_none().then_some(stages)
    }

    fn read_stage(&self, at: usize, module: &Module) -> Option<Stage> {
        let (block, repeat) = match module {
            Module::Block(block) => (block, 1),
            Module::Stage(stage) => (&stage.block, stage.repeat.get()),
        };
        let Said { kind, channels, kernel, stride, expansion, squeeze, skips, activation } = said(block)?;
        let rules = self.rules.place(at);
        let stride = stride.get();
        let (channels, kernel) = (channels.get(), self.read_kernel(kernel, rules.kernels(self.is_signal())));
        let halves = self.across(stride.height, stride.width) == 2;
        let squeeze = squeeze.map_or(0, Reduction::get);
        let own = Follows::Own.of(kind) == activation && rules.activations.contains(&Follows::Own);
        let follows = if own { Follows::Own } else { Follows::read(kind, activation, &rules.activations)? };
        let halved_by = HalvedBy::Stride;
        Some(Stage { kind, channels, repeat, kernel, expansion, squeeze, skips, follows, halves, halved_by })
    }

    /// Where an input has one place there are no sides of kernels to be seen.
    fn read_kernel(&self, kernel: Kernel, kernels: &[u32]) -> u32 {
        let kernel = kernel.get();
        if self.is_point() { kernels[0] } else { self.across(kernel.height, kernel.width) }
    }

    /// The length along an axis that is not of size 1, if there is one.
    fn across(&self, height: u32, width: u32) -> u32 {
        if self.input.height.get() == 1 { width } else { height }
    }
}

fn said(block: &Block) -> Option<Said> {
    macro_rules! of {
        ($kind:ident, $block:expr, $expansion:expr, $squeeze:expr, $skips:expr) => {
            Said {
                kind: Kind::$kind,
                channels: $block.channels,
                kernel: $block.kernel,
                stride: $block.stride,
                expansion: $expansion,
                squeeze: $squeeze,
                skips: $skips,
                activation: $block.activation,
            }
        };
    }
    Some(match block {
        Block::Conv(conv) => of!(Conv, conv, 1, None, false),
        Block::DepthwiseSeparable(block) => of!(Separable, block, 1, block.squeeze_excite, block.skip),
        Block::InvertedResidual(block) => {
            of!(Inverted, block, block.expansion.get(), block.squeeze_excite, block.skip)
        }
        Block::FusedInvertedResidual(block) => {
            of!(Fused, block, block.expansion.get(), block.squeeze_excite, block.skip)
        }
        Block::Residual(block) => of!(Residual, block, 1, None, true),
        _ => return None,
    })
}
