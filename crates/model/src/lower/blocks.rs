//! The atomic modules.

use super::{Asked, Convolution, Lowering, Placed};
use crate::{
    graph::{Extent, Op, Shape, TensorId},
    refusal::Refusal,
    spec::{
        Activation, AveragePool, Conv, DepthwiseConv, DepthwiseSeparable, Fire, FusedInvertedResidual,
        InvertedResidual, MaxPool, Norm, Padding, Reduction, Residual,
    },
};

impl Lowering {
    pub(super) fn conv(&mut self, spec: &Conv, input: TensorId) -> Result<TensorId, Refusal> {
        let Conv { channels, kernel, stride, padding, norm, activation } = *spec;
        let conv = Convolution { kernel: kernel.get(), stride: stride.get(), padding, norm, activation };
        self.convolve(conv, channels.get(), input)
    }

    pub(super) fn depthwise_conv(&mut self, spec: &DepthwiseConv, input: TensorId) -> Result<TensorId, Refusal> {
        let DepthwiseConv { kernel, stride, padding, norm, activation } = *spec;
        let conv = Convolution { kernel: kernel.get(), stride: stride.get(), padding, norm, activation };
        self.convolve_depthwise(conv, input)
    }

    pub(super) fn depthwise_separable(
        &mut self,
        spec: &DepthwiseSeparable,
        input: TensorId,
    ) -> Result<TensorId, Refusal> {
        let DepthwiseSeparable { channels, kernel, stride, norm, activation, squeeze_excite, linear, skip } = *spec;
        let depthwise =
            Convolution { kernel: kernel.get(), stride: stride.get(), padding: Padding::Same, norm, activation };
        let mut x = self.convolve_depthwise(depthwise, input)?;
        x = self.squeeze_excite_if(squeeze_excite, activation, x)?;
        let last = if linear { Activation::None } else { activation };
        x = self.convolve(Convolution::pointwise(norm, last), channels.get(), x)?;
        self.skip_if(skip, input, x)
    }

    pub(super) fn inverted_residual(&mut self, spec: &InvertedResidual, input: TensorId) -> Result<TensorId, Refusal> {
        let InvertedResidual { channels, expansion, kernel, stride, activation, squeeze_excite, skip } = *spec;
        let norm = Norm::Batch;
        let mut x = input;
        if expansion.get() > 1 {
            let inside = self.graph.shape(x).channels * expansion.get();
            x = self.convolve(Convolution::pointwise(norm, activation), inside, x)?;
        }
        let depthwise =
            Convolution { kernel: kernel.get(), stride: stride.get(), padding: Padding::Same, norm, activation };
        x = self.convolve_depthwise(depthwise, x)?;
        x = self.squeeze_excite_if(squeeze_excite, activation, x)?;
        x = self.convolve(Convolution::pointwise(norm, Activation::None), channels.get(), x)?;
        self.skip_if(skip, input, x)
    }

    pub(super) fn fused_inverted_residual(
        &mut self,
        spec: &FusedInvertedResidual,
        input: TensorId,
    ) -> Result<TensorId, Refusal> {
        let FusedInvertedResidual { channels, expansion, kernel, stride, activation, squeeze_excite, skip } = *spec;
        let norm = Norm::Batch;
        let projects = expansion.get() > 1;
        let inside = if projects { self.graph.shape(input).channels * expansion.get() } else { channels.get() };
        let dense =
            Convolution { kernel: kernel.get(), stride: stride.get(), padding: Padding::Same, norm, activation };
        let mut x = self.convolve(dense, inside, input)?;
        x = self.squeeze_excite_if(squeeze_excite, activation, x)?;
        if projects {
            x = self.convolve(Convolution::pointwise(norm, Activation::None), channels.get(), x)?;
        }
        self.skip_if(skip, input, x)
    }

    pub(super) fn residual(&mut self, spec: &Residual, input: TensorId) -> Result<TensorId, Refusal> {
        let Residual { channels, kernel, stride, norm, activation } = *spec;
        let (kernel, channels) = (kernel.get(), channels.get());
        let first = Convolution { kernel, stride: stride.get(), padding: Padding::Same, norm, activation };
        let second = Convolution { stride: Extent::ONE, activation: Activation::None, ..first };
        let mut x = self.convolve(first, channels, input)?;
        x = self.convolve(second, channels, x)?;
        let shortcut = if self.graph.shape(x) == self.graph.shape(input) {
            input
        } else {
            let projection = Convolution { kernel: Extent::ONE, activation: Activation::None, ..first };
            self.convolve(projection, channels, input)?
        };
        let sum = self.add(x, shortcut)?;
        self.activate(activation, sum)
    }

    pub(super) fn fire(&mut self, spec: &Fire, input: TensorId) -> Result<TensorId, Refusal> {
        let Fire { squeeze, expand_1x1, expand_3x3, norm, activation } = *spec;
        let pointwise = Convolution::pointwise(norm, activation);
        let spatial = Convolution { kernel: Extent { height: 3, width: 3 }, ..pointwise };
        let squeezed = self.convolve(pointwise, squeeze.get(), input)?;
        let left = self.convolve(pointwise, expand_1x1.get(), squeezed)?;
        let right = self.convolve(spatial, expand_3x3.get(), squeezed)?;
        let joined = self.graph.shape(left).with_channels(expand_1x1.get() + expand_3x3.get());
        self.graph.binary(Op::Concat, [left, right], joined, self.origin)
    }

    fn squeeze_excite_if(
        &mut self,
        reduction: Option<Reduction>,
        activation: Activation,
        input: TensorId,
    ) -> Result<TensorId, Refusal> {
        reduction.map_or(Ok(input), |reduction| self.squeeze_excite(reduction, activation, input))
    }

    pub(super) fn squeeze_excite(
        &mut self,
        reduction: Reduction,
        activation: Activation,
        input: TensorId,
    ) -> Result<TensorId, Refusal> {
        let shape = self.graph.shape(input);
        let inside = (shape.channels / reduction.get()).max(1);
        let mut gate = self.graph.unary(Op::GlobalAverage, input, Shape::vector(shape.channels), self.origin)?;
        gate = self.dense(inside, activation, gate)?;
        gate = self.dense(shape.channels, Activation::Sigmoid, gate)?;
        // One form for what computes the same: on a map of one place the gate is a map as well.
        let op = if shape.area() == 1 { Op::Multiply } else { Op::Scale };
        self.graph.binary(op, [input, gate], shape, self.origin)
    }

    pub(super) fn dense(&mut self, outputs: u32, activation: Activation, input: TensorId) -> Result<TensorId, Refusal> {
        let op = Op::Dense { bias: true, activation: Activation::None };
        let out = self.graph.unary(op, input, Shape::vector(outputs), self.origin)?;
        self.activate(activation, out)
    }

    pub(super) fn max_pool(&mut self, spec: &MaxPool, input: TensorId) -> Result<TensorId, Refusal> {
        let asked = Asked { window: spec.window.get(), stride: spec.stride.get(), padding: spec.padding };
        let Placed { window, stride, padding, output } = self.placed(asked, "window", input)?;
        self.graph.unary(Op::MaxPool { window, stride, padding: padding.into() }, input, output, self.origin)
    }

    pub(super) fn average_pool(&mut self, spec: &AveragePool, input: TensorId) -> Result<TensorId, Refusal> {
        let asked = Asked { window: spec.window.get(), stride: spec.stride.get(), padding: spec.padding };
        let Placed { window, stride, padding, output } = self.placed(asked, "window", input)?;
        self.graph.unary(Op::AveragePool { window, stride, padding: padding.into() }, input, output, self.origin)
    }

    /// Adds the block's input to its output where that was asked for and shapes allow.
    fn skip_if(&mut self, asked: bool, input: TensorId, output: TensorId) -> Result<TensorId, Refusal> {
        if asked && self.graph.shape(input) == self.graph.shape(output) { self.add(output, input) } else { Ok(output) }
    }
}
