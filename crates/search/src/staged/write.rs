//! A member written as an architecture spec.

use automcu_model::{
    Spec,
    spec::{
        self, Activation, Block, Channels, Classifier, Conv, DepthwiseSeparable, Expansion, Head, InvertedResidual,
        Kernel, Module, Norm, Padding, Pool, Repeat, Residual, Stride,
    },
};

use super::{Kind, Stage, Staged, Stages};

impl Stages {
    pub(super) fn written(&self, member: &Staged) -> Spec {
        let stem = conv(member.stem_channels, self.kernel(member.stem_kernel), self.stride(1 << member.stem_halvings));
        let stages = member.stages.iter().map(|stage| self.module(stage));
        let pool = if member.takes_most { Pool::Max } else { Pool::Average };
        Spec {
            version: Spec::VERSION,
            input: self.input,
            backbone: std::iter::once(Module::Block(stem)).chain(stages).collect(),
            head: Head::Classifier(Classifier { classes: self.classes, pool, dropout: None }),
        }
    }

    fn module(&self, stage: &Stage) -> Module {
        let block = self.block(stage);
        match stage.repeat {
            0 | 1 => Module::Block(block),
            more => Module::Stage(spec::Stage { repeat: Repeat::new(more).unwrap_or(Repeat::MOST), block }),
        }
    }

    fn block(&self, stage: &Stage) -> Block {
        let (kernel, stride) = (self.kernel(stage.kernel), self.stride(if stage.halves { 2 } else { 1 }));
        let channels = channels(stage.channels);
        let (norm, squeeze_excite) = (Norm::Batch, None);
        match stage.kind {
            Kind::Conv => conv(stage.channels, kernel, stride),
            Kind::Separable => Block::DepthwiseSeparable(DepthwiseSeparable {
                channels,
                kernel,
                stride,
                norm,
                activation: Activation::Relu,
                squeeze_excite,
                linear: false,
                skip: true,
            }),
            Kind::Inverted => Block::InvertedResidual(InvertedResidual {
                channels,
                expansion: Expansion::new(stage.expansion).unwrap_or(Expansion::fixed(1)),
                kernel,
                stride,
                activation: Activation::Relu6,
                squeeze_excite,
                skip: true,
            }),
            Kind::Residual => {
                Block::Residual(Residual { channels, kernel, stride, norm, activation: Activation::Relu })
            }
        }
    }

    /// Along an axis of size 1 a kernel is 1; a long one cannot be written as a square.
    fn kernel(&self, side: u32) -> Kernel {
        let (height, width) = self.along(side);
        Kernel::new(height, width).unwrap_or(Kernel::fixed(3))
    }

    fn stride(&self, step: u32) -> Stride {
        let (height, width) = self.along(step);
        Stride::new(height, width).unwrap_or(Stride::fixed(1))
    }

    fn along(&self, length: u32) -> (u32, u32) {
        let one_or = |side: u32| if side == 1 { 1 } else { length };
        (one_or(self.input.height.get()), one_or(self.input.width.get()))
    }
}

fn channels(count: u32) -> Channels {
    Channels::new(count).unwrap_or(Channels::LEAST)
}

const fn of(channels: Channels, kernel: Kernel, stride: Stride) -> Conv {
    Conv { channels, kernel, stride, padding: Padding::Same, norm: Norm::Batch, activation: Activation::Relu }
}

fn conv(count: u32, kernel: Kernel, stride: Stride) -> Block {
    Block::Conv(of(channels(count), kernel, stride))
}
