//! A member written as an architecture spec.

use automcu_model::{
    Spec,
    spec::{
        self, Activation, AveragePool, Block, Channels, Classifier, Conv, DepthwiseSeparable, Expansion,
        FusedInvertedResidual, Head, InvertedResidual, Kernel, MaxPool, Module, Norm, Padding, Pool, Reduction, Repeat,
        Residual, Stride, Window,
    },
};

use super::{Kind, Stage, Staged, Stages};

impl Stages {
    pub(super) fn written(&self, member: &Staged) -> Spec {
        let (kernel, stride) = (self.kernel(member.stem_kernel), self.stride(1 << member.stem_halvings));
        let stem = conv(member.stem_channels, kernel, stride, Activation::Relu);
        let stages = member.stages.iter().flat_map(|stage| self.pool(stage).into_iter().chain([self.module(stage)]));
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

    /// What halves the map before the stage, where that is not its stride.
    fn pool(&self, stage: &Stage) -> Option<Module> {
        let pool = stage.halved_by.pool().filter(|_| stage.halves)?;
        let (height, width) = self.along(2);
        let window = Window::new(height, width).unwrap_or(Window::fixed(2));
        let (stride, padding) = (self.stride(2), Padding::Same);
        Some(Module::Block(match pool {
            Pool::Max => Block::MaxPool(MaxPool { window, stride, padding }),
            Pool::Average => Block::AveragePool(AveragePool { window, stride, padding }),
        }))
    }

    fn block(&self, stage: &Stage) -> Block {
        let has_stride = stage.halves && stage.halved_by.pool().is_none();
        let (kernel, stride) = (self.kernel(stage.kernel), self.stride(if has_stride { 2 } else { 1 }));
        let (channels, norm) = (channels(stage.channels), Norm::Batch);
        let activation = stage.follows.of(stage.kind);
        let (squeeze_excite, skip) = (Reduction::new(stage.squeeze), stage.skips);
        let expansion = Expansion::new(stage.expansion).unwrap_or(Expansion::fixed(1));
        match stage.kind {
            Kind::Conv => conv(stage.channels, kernel, stride, activation),
            Kind::Separable => Block::DepthwiseSeparable(DepthwiseSeparable {
                channels,
                kernel,
                stride,
                norm,
                activation,
                squeeze_excite,
                linear: false,
                skip,
            }),
            Kind::Inverted => Block::InvertedResidual(InvertedResidual {
                channels,
                expansion,
                kernel,
                stride,
                activation,
                squeeze_excite,
                skip,
            }),
            Kind::Fused => Block::FusedInvertedResidual(FusedInvertedResidual {
                channels,
                expansion,
                kernel,
                stride,
                activation,
                squeeze_excite,
                skip,
            }),
            Kind::Residual => Block::Residual(Residual { channels, kernel, stride, norm, activation }),
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

fn conv(count: u32, kernel: Kernel, stride: Stride, activation: Activation) -> Block {
    let (padding, norm) = (Padding::Same, Norm::Batch);
    Block::Conv(Conv { channels: channels(count), kernel, stride, padding, norm, activation })
}
