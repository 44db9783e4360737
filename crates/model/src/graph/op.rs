//! The operations, and what each costs.

use std::iter::Sum;

use serde::Serialize;

use super::{Edge, Extent, Shape};
use crate::{
    spec::{Activation, Padding, Percent},
    units::{Bytes, DataType},
};

/// An operation. Output channels are those of the tensor it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A dense convolution.
    Conv {
        /// Rows and columns of the kernel.
        kernel: Extent,
        /// Its step.
        stride: Extent,
        /// What it does at the border.
        padding: Edge,
        /// Whether a bias is added.
        bias: bool,
        /// What is applied to the result.
        activation: Activation,
    },
    /// A convolution with one kernel a channel.
    DepthwiseConv {
        /// Rows and columns of the kernel.
        kernel: Extent,
        /// Its step.
        stride: Extent,
        /// What it does at the border.
        padding: Edge,
        /// Whether a bias is added.
        bias: bool,
        /// What is applied to the result.
        activation: Activation,
    },
    /// A dense layer on a vector.
    Dense {
        /// Whether a bias is added.
        bias: bool,
        /// What is applied to the result.
        activation: Activation,
    },
    /// Batch normalisation: a scale and a shift a channel.
    BatchNorm,
    /// An activation of its own.
    Activate(Activation),
    /// The sum of two maps.
    Add {
        /// What is applied to the result.
        activation: Activation,
    },
    /// A map times a vector of one value a channel.
    Scale,
    /// The product of two maps.
    Multiply,
    /// The larger of two maps, value by value.
    Maximum,
    /// The smaller of two maps, value by value.
    Minimum,
    /// x, or x times a slope below 0.
    LeakyRelu(Slope),
    /// The same values in steps of another size.
    Requantise,
    /// Maps side by side along the channels.
    Concat,
    /// Maps side by side along the columns.
    JoinColumns,
    /// The maximum of each window.
    MaxPool {
        /// Rows and columns.
        window: Extent,
        /// Its step.
        stride: Extent,
        /// What it does at the border.
        padding: Edge,
    },
    /// The mean of each window, padding not counted.
    AveragePool {
        /// Rows and columns.
        window: Extent,
        /// Its step.
        stride: Extent,
        /// What it does at the border.
        padding: Edge,
    },
    /// The mean of each channel.
    GlobalAverage,
    /// The maximum of each channel.
    GlobalMax,
    /// The same values in another shape.
    Reshape,
    /// Rows and columns of nothing around a map.
    Pad(Border),
    /// Logits made into shares of 1.
    Softmax,
    /// Drops activations in training.
    Dropout(Percent),
}

/// The slope of a leaky rectifier below 0. Equal by its bits.
#[derive(Clone, Copy, Debug)]
pub struct Slope(pub f32);

impl Slope {
    /// That of a spec's `leaky_relu`.
    pub const OF_SPECS: Self = Self(0.1);
}

impl PartialEq for Slope {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Slope {}

impl std::hash::Hash for Slope {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// How many rows and columns are added on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Border {
    /// Rows above.
    pub top: u32,
    /// Rows below.
    pub bottom: u32,
    /// Columns before.
    pub left: u32,
    /// Columns after.
    pub right: u32,
}

impl Op {
    /// A word for the operation.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Conv { .. } => "conv",
            Self::DepthwiseConv { .. } => "depthwise_conv",
            Self::Dense { .. } => "dense",
            Self::BatchNorm => "batch_norm",
            Self::Activate(activation) => activation.word(),
            Self::Add { .. } => "add",
            Self::Scale => "scale",
            Self::Multiply => "multiply",
            Self::Maximum => "maximum",
            Self::Minimum => "minimum",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Requantise => "requantise",
            Self::Concat => "concat",
            Self::JoinColumns => "join_columns",
            Self::MaxPool { .. } => "max_pool",
            Self::AveragePool { .. } => "average_pool",
            Self::GlobalAverage => "global_average",
            Self::GlobalMax => "global_max",
            Self::Reshape => "reshape",
            Self::Pad(_) => "pad",
            Self::Softmax => "softmax",
            Self::Dropout(_) => "dropout",
        }
    }

    /// The activation that is applied to the result in the same pass, if this operation can have one.
    #[must_use]
    pub const fn activation(&self) -> Option<Activation> {
        match self {
            Self::Conv { activation, .. }
            | Self::DepthwiseConv { activation, .. }
            | Self::Dense { activation, .. }
            | Self::Add { activation } => Some(*activation),
            _ => None,
        }
    }

    /// The operation with another activation in the same pass; itself where it can have none.
    #[must_use]
    pub fn with_activation(mut self, activation: Activation) -> Self {
        if let Some(has) = self.activation_mut() {
            *has = activation;
        }
        self
    }

    pub(crate) fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Self::Conv { activation, .. }
            | Self::DepthwiseConv { activation, .. }
            | Self::Dense { activation, .. }
            | Self::Add { activation } => Some(activation),
            _ => None,
        }
    }

    pub(crate) fn bias_mut(&mut self) -> Option<&mut bool> {
        match self {
            Self::Conv { bias, .. } | Self::DepthwiseConv { bias, .. } | Self::Dense { bias, .. } => Some(bias),
            _ => None,
        }
    }

    /// Kernel and step, of operations that have them.
    #[must_use]
    pub const fn window(&self) -> Option<(Extent, Extent)> {
        match self {
            Self::Conv { kernel, stride, .. } | Self::DepthwiseConv { kernel, stride, .. } => Some((*kernel, *stride)),
            Self::MaxPool { window, stride, .. } | Self::AveragePool { window, stride, .. } => Some((*window, *stride)),
            _ => None,
        }
    }

    /// What a window does at the edge of its map, of operations that have one.
    #[must_use]
    pub const fn edge(&self) -> Option<Edge> {
        match self {
            Self::Conv { padding, .. }
            | Self::DepthwiseConv { padding, .. }
            | Self::MaxPool { padding, .. }
            | Self::AveragePool { padding, .. } => Some(*padding),
            _ => None,
        }
    }

    /// The padding that a spec would call it by, of operations with a window that is not placed by hand.
    #[must_use]
    pub const fn padding(&self) -> Option<Padding> {
        match self.edge() {
            Some(edge) => edge.padding(),
            None => None,
        }
    }

    /// The operation with its window placed otherwise; itself where it has none.
    #[must_use]
    pub const fn with_edge(mut self, edge: Edge) -> Self {
        if let Self::Conv { padding, .. }
        | Self::DepthwiseConv { padding, .. }
        | Self::MaxPool { padding, .. }
        | Self::AveragePool { padding, .. } = &mut self
        {
            *padding = edge;
        }
        self
    }

    /// The parameters and work of the operation between these shapes. Work counts multiply-accumulates of
    /// convolutions and dense layers, as published figures do; additions, pools and activations count nothing.
    pub(crate) fn cost(&self, input: Shape, output: Shape) -> Cost {
        let channels = u64::from(output.channels);
        let linear = |weights: u64, times: u64, bias: bool| Cost {
            weights,
            biases: if bias { channels } else { 0 },
            norms: 0,
            macs: weights * times,
        };
        match *self {
            Self::Conv { kernel, bias, .. } => {
                linear(kernel.area() * u64::from(input.channels) * channels, output.area(), bias)
            }
            Self::DepthwiseConv { kernel, bias, .. } => linear(kernel.area() * channels, output.area(), bias),
            Self::Dense { bias, .. } => linear(u64::from(input.channels) * channels, 1, bias),
            Self::BatchNorm => Cost { norms: 2 * channels, ..Cost::default() },
            _ => Cost::default(),
        }
    }
}

/// Parameters and work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Weights of convolutions and dense layers.
    pub weights: u64,
    /// Biases.
    pub biases: u64,
    /// Scales and shifts of batch normalisation.
    pub norms: u64,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
}

impl Cost {
    /// All that training adjusts.
    #[must_use]
    pub const fn parameters(&self) -> u64 {
        self.weights + self.biases + self.norms
    }

    /// The bytes of weights and biases, code and requantisation tables not counted. Batch normalisation counts
    /// as float32; a deployed graph has none.
    #[must_use]
    pub const fn weight_bytes(&self, dtype: DataType) -> Bytes {
        Bytes(self.weights * dtype.weight_bytes() + self.biases * dtype.bias_bytes() + self.norms * 4)
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), |total, item| Self {
            weights: total.weights + item.weights,
            biases: total.biases + item.biases,
            norms: total.norms + item.norms,
            macs: total.macs + item.macs,
        })
    }
}
