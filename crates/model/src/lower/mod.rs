//! Turns a spec into a graph, or says which module cannot be built, and why.
//!
//! Along an axis where the input has size 1, square kernels and strides are 1: their other rows would only ever meet
//! padding. So a signal may be written with the same numbers as an image.

mod blocks;
mod heads;

use crate::{
    graph::{Extent, Graph, GraphBuilder, Op, Origin, Shape, TensorId},
    refusal::{Refusal, RefusalKind, Refusals},
    spec::{Activation, Block, Module, Norm, Padding, Spec, Stage, Stride},
};

impl Spec {
    /// Lowers the spec to the graph that is trained: batch normalisation and activations are operations of their own.
    pub fn lower(&self) -> Result<Graph, Refusals> {
        self.lowered().map_err(Refusals::one)
    }

    fn lowered(&self) -> Result<Graph, Refusal> {
        let input = Shape {
            height: self.input.height.get(),
            width: self.input.width.get(),
            channels: self.input.channels.get(),
        };
        let mut lowering = Lowering::new(input)?;
        let mut at = Graph::INPUT;
        for (module, i) in self.backbone.iter().zip(0..) {
            at = lowering.module(module, at, i)?;
        }
        lowering.origin = Origin::Head;
        let output = lowering.head(&self.head, at, input)?;
        Ok(lowering.graph.finish(output))
    }
}

/// The state of one lowering.
struct Lowering {
    graph: GraphBuilder,
    origin: Origin,
    /// Axes along which the input has size 1.
    flat: (bool, bool),
    /// Whether the block is a stage's second or later one, whose stride is 1.
    repeated: bool,
}

/// A convolution that is about to be added.
#[derive(Clone, Copy)]
struct Convolution {
    kernel: Extent,
    stride: Extent,
    padding: Padding,
    norm: Norm,
    activation: Activation,
}

/// A window as a spec asks for it.
#[derive(Clone, Copy)]
struct Asked {
    window: Extent,
    stride: Extent,
    padding: Padding,
}

/// A window as it lies on a tensor.
struct Placed {
    window: Extent,
    stride: Extent,
    padding: Padding,
    /// The shape that it leaves.
    output: Shape,
}

impl Convolution {
    const fn window(&self) -> Asked {
        Asked { window: self.kernel, stride: self.stride, padding: self.padding }
    }

    const fn pointwise(norm: Norm, activation: Activation) -> Self {
        Self { kernel: Extent::ONE, stride: Extent::ONE, padding: Padding::Same, norm, activation }
    }
}

impl Lowering {
    fn new(input: Shape) -> Result<Self, Refusal> {
        Ok(Self {
            graph: GraphBuilder::new(input)?,
            origin: Origin::Head,
            flat: (input.height == 1, input.width == 1),
            repeated: false,
        })
    }

    fn module(&mut self, module: &Module, input: TensorId, i: u16) -> Result<TensorId, Refusal> {
        match module {
            Module::Block(block) => {
                self.origin = Origin::Backbone { module: i, repeat: None };
                self.block(block, input)
            }
            Module::Stage(stage) => self.stage(stage, input, i),
        }
    }

    fn stage(&mut self, stage: &Stage, input: TensorId, i: u16) -> Result<TensorId, Refusal> {
        let mut at = input;
        for repeat in 0..stage.repeat.get() {
            let repeat = u8::try_from(repeat).expect("repeats are few");
            self.origin = Origin::Backbone { module: i, repeat: Some(repeat) };
            self.repeated = repeat > 0;
            at = self.block(&stage.block, at).map_err(|refusal| inside_stage(refusal, i))?;
        }
        self.repeated = false;
        Ok(at)
    }

    fn block(&mut self, block: &Block, input: TensorId) -> Result<TensorId, Refusal> {
        match block {
            Block::Conv(spec) => self.conv(spec, input),
            Block::DepthwiseConv(spec) => self.depthwise_conv(spec, input),
            Block::DepthwiseSeparable(spec) => self.depthwise_separable(spec, input),
            Block::InvertedResidual(spec) => self.inverted_residual(spec, input),
            Block::FusedInvertedResidual(spec) => self.fused_inverted_residual(spec, input),
            Block::Residual(spec) => self.residual(spec, input),
            Block::Fire(spec) => self.fire(spec, input),
            Block::SqueezeExcite(spec) => self.squeeze_excite(spec.reduction, spec.activation, input),
            Block::MaxPool(spec) => self.max_pool(spec, input),
            Block::AveragePool(spec) => self.average_pool(spec, input),
            Block::Dropout(spec) => self.keep_shape(Op::Dropout(spec.percent), input),
        }
    }

    /// A dense convolution with what follows it.
    fn convolve(&mut self, conv: Convolution, channels: u32, input: TensorId) -> Result<TensorId, Refusal> {
        let Placed { window: kernel, stride, padding, output } = self.placed(conv.window(), "kernel", input)?;
        let padding = padding.into();
        let op = Op::Conv { kernel, stride, padding, bias: conv.norm == Norm::None, activation: Activation::None };
        let out = self.graph.unary(op, input, output.with_channels(channels), self.origin)?;
        self.followed(conv, out)
    }

    /// A depthwise convolution with what follows it.
    fn convolve_depthwise(&mut self, conv: Convolution, input: TensorId) -> Result<TensorId, Refusal> {
        let Placed { window: kernel, stride, padding, output } = self.placed(conv.window(), "kernel", input)?;
        let bias = conv.norm == Norm::None;
        let padding = padding.into();
        let op = Op::DepthwiseConv { kernel, stride, padding, bias, activation: Activation::None };
        let out = self.graph.unary(op, input, output, self.origin)?;
        self.followed(conv, out)
    }

    fn followed(&mut self, conv: Convolution, out: TensorId) -> Result<TensorId, Refusal> {
        let out = match conv.norm {
            Norm::Batch => self.keep_shape(Op::BatchNorm, out)?,
            Norm::None => out,
        };
        self.activate(conv.activation, out)
    }

    fn activate(&mut self, activation: Activation, input: TensorId) -> Result<TensorId, Refusal> {
        match activation {
            Activation::None => Ok(input),
            other => self.keep_shape(Op::Activate(other), input),
        }
    }

    fn keep_shape(&mut self, op: Op, input: TensorId) -> Result<TensorId, Refusal> {
        let shape = self.graph.shape(input);
        self.graph.unary(op, input, shape, self.origin)
    }

    fn add(&mut self, a: TensorId, b: TensorId) -> Result<TensorId, Refusal> {
        let shape = self.graph.shape(a);
        self.graph.binary(Op::Add { activation: Activation::None }, [a, b], shape, self.origin)
    }

    /// What a window becomes on this tensor, and the shape that it leaves.
    fn placed(&self, asked: Asked, field: &'static str, input: TensorId) -> Result<Placed, Refusal> {
        let shape = self.graph.shape(input);
        let window = self.unless_flat(asked.window, field)?;
        let stride = if self.repeated { Extent::ONE } else { self.unless_flat(asked.stride, "stride")? };
        let height = self.axis((shape.height, window.height, stride.height), asked.padding, field, "rows")?;
        let width = self.axis((shape.width, window.width, stride.width), asked.padding, field, "columns")?;
        let nothing_added = asked.padding.added(shape.height, window.height, stride.height) == (0, 0)
            && asked.padding.added(shape.width, window.width, stride.width) == (0, 0);
        // One form for what computes the same, so that duplicates are seen to be duplicates.
        let padding = if nothing_added { Padding::Valid } else { asked.padding };
        Ok(Placed { window, stride, padding, output: Shape { height, width, ..shape } })
    }

    /// The extent without what lies along a flat axis. Where rows and columns were told apart, that was no shorthand.
    fn unless_flat(&self, extent: Extent, field: &str) -> Result<Extent, Refusal> {
        let fitted = Extent {
            height: if self.flat.0 { 1 } else { extent.height },
            width: if self.flat.1 { 1 } else { extent.width },
        };
        if extent.height == extent.width || extent == fitted {
            return Ok(fitted);
        }
        let what = if self.flat.0 { "row" } else { "column" };
        let problem = format!("[{}, {}] on an input of one {what}", extent.height, extent.width);
        Err(self.wrong(field, problem, format!("use [{}, {}]", fitted.height, fitted.width)))
    }

    fn axis(
        &self,
        (size, window, stride): (u32, u32, u32),
        padding: Padding,
        field: &str,
        what: &str,
    ) -> Result<u32, Refusal> {
        if stride > size {
            let longest = Stride::EACH.iter().filter(|allowed| **allowed <= size).max().unwrap_or(&1);
            return Err(self.wrong("stride", format!("{stride} leaves 0 {what} of {size}"), format!("use {longest}")));
        }
        match padding.places(size, window, stride) {
            0 => {
                let problem = format!("{window} {what} do not fit in {size}");
                Err(self.wrong(field, problem, format!("use at most {size}, or the padding \"same\"")))
            }
            places => Ok(places),
        }
    }

    fn wrong(&self, field: &str, problem: String, remedy: String) -> Refusal {
        let path = match self.origin {
            Origin::Backbone { module, .. } => format!("backbone[{module}].{field}"),
            Origin::Head | Origin::Operator(_) => format!("head.{field}"),
        };
        Refusal::new(RefusalKind::Dimension, path, problem, remedy)
    }
}

/// What a stage's block gets wrong stands under `block`.
fn inside_stage(refusal: Refusal, module: u16) -> Refusal {
    let stage = format!("backbone[{module}]");
    let path = refusal.path.replacen(&stage, &format!("{stage}.block"), 1);
    Refusal { path, ..refusal }
}
