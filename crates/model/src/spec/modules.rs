//! The library of atomic modules and heads.

use super::{
    declare::{choice, record},
    numbers::{
        Activation, Channels, Classes, Expansion, Kernel, Norm, Outputs, Padding, Percent, Pool, Reduction, Repeat,
        Stride, Window,
    },
};

record! {
    /// A dense convolution.
    Conv {
        /// Output channels.
        channels: Channels,
        /// Rows and columns of the kernel.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the kernel.
        stride: Stride = Stride::fixed(1),
        /// What the kernel does at the border.
        padding: Padding = Padding::Same,
        /// What follows the convolution.
        norm: Norm = Norm::Batch,
        /// What follows the norm.
        activation: Activation = Activation::Relu,
    }
}

record! {
    /// A depthwise convolution: one kernel a channel.
    DepthwiseConv {
        /// Rows and columns of the kernel.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the kernel.
        stride: Stride = Stride::fixed(1),
        /// What the kernel does at the border.
        padding: Padding = Padding::Same,
        /// What follows the convolution.
        norm: Norm = Norm::Batch,
        /// What follows the norm.
        activation: Activation = Activation::Relu,
    }
}

record! {
    /// A depthwise convolution, a squeeze-excite where asked for, and a pointwise convolution.
    DepthwiseSeparable {
        /// Output channels.
        channels: Channels,
        /// Rows and columns of the depthwise kernel.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the depthwise kernel.
        stride: Stride = Stride::fixed(1),
        /// What follows each convolution.
        norm: Norm = Norm::Batch,
        /// What follows the depthwise and, unless `linear`, the pointwise convolution.
        activation: Activation = Activation::Relu,
        /// Squeeze-excite after the depthwise convolution: how many times fewer channels its inside has.
        squeeze_excite: Option<Reduction> = None,
        /// Whether the pointwise convolution goes without activation.
        linear: bool = false,
        /// Whether the input is added where shapes allow: stride 1, as many channels.
        skip: bool = false,
    }
}

record! {
    /// MBConv: expand by a pointwise convolution, depthwise convolution, squeeze-excite where asked for, linear pointwise convolution.
    InvertedResidual {
        /// Output channels.
        channels: Channels,
        /// How many times as many channels the inside has; 1 leaves the first convolution out.
        expansion: Expansion = Expansion::fixed(6),
        /// Rows and columns of the depthwise kernel.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the depthwise kernel.
        stride: Stride = Stride::fixed(1),
        /// What follows the first and the depthwise convolution.
        activation: Activation = Activation::Relu6,
        /// Squeeze-excite after the depthwise convolution: how many times fewer channels its inside has.
        squeeze_excite: Option<Reduction> = None,
        /// Whether the input is added where shapes allow: stride 1, as many channels.
        skip: bool = true,
    }
}

record! {
    /// Fused MBConv: one dense convolution expands, a linear pointwise one projects.
    FusedInvertedResidual {
        /// Output channels.
        channels: Channels,
        /// How many times as many channels the inside has; 1 leaves the projection out.
        expansion: Expansion = Expansion::fixed(4),
        /// Rows and columns of the dense kernel.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the dense kernel.
        stride: Stride = Stride::fixed(1),
        /// What follows the dense convolution.
        activation: Activation = Activation::Relu6,
        /// Squeeze-excite after the dense convolution: how many times fewer channels its inside has.
        squeeze_excite: Option<Reduction> = None,
        /// Whether the input is added where shapes allow: stride 1, as many channels.
        skip: bool = true,
    }
}

record! {
    /// Two dense convolutions and the input added, through a pointwise projection where shapes differ.
    Residual {
        /// Output channels.
        channels: Channels,
        /// Rows and columns of both kernels.
        kernel: Kernel = Kernel::fixed(3),
        /// Step of the first kernel and of the projection.
        stride: Stride = Stride::fixed(1),
        /// What follows each convolution.
        norm: Norm = Norm::Batch,
        /// What follows the first convolution and the addition.
        activation: Activation = Activation::Relu,
    }
}

record! {
    /// SqueezeNet's module: a pointwise squeeze, a pointwise and a 3x3 expand side by side, concatenated.
    Fire {
        /// Channels of the squeeze.
        squeeze: Channels,
        /// Channels of the pointwise expand.
        expand_1x1: Channels,
        /// Channels of the 3x3 expand.
        expand_3x3: Channels,
        /// What follows each convolution.
        norm: Norm = Norm::None,
        /// What follows each norm.
        activation: Activation = Activation::Relu,
    }
}

record! {
    /// Scales each channel by a gate computed from the means of all channels.
    SqueezeExcite {
        /// How many times fewer channels the inside has.
        reduction: Reduction = Reduction::fixed(4),
        /// What follows the first of the two dense layers.
        activation: Activation = Activation::Relu,
    }
}

record! {
    /// The maximum of each window.
    MaxPool {
        /// Rows and columns of the window.
        window: Window = Window::fixed(2),
        /// Step of the window.
        stride: Stride = Stride::fixed(2),
        /// What the window does at the border.
        padding: Padding = Padding::Valid,
    }
}

record! {
    /// The mean of each window; padding does not count.
    AveragePool {
        /// Rows and columns of the window.
        window: Window = Window::fixed(2),
        /// Step of the window.
        stride: Stride = Stride::fixed(2),
        /// What the window does at the border.
        padding: Padding = Padding::Valid,
    }
}

record! {
    /// Drops activations in training; nothing in the deployed network.
    Dropout {
        /// The share dropped.
        percent: Percent,
    }
}

choice! {
    /// A module that a stage may repeat.
    Block {
        /// A dense convolution.
        "conv" => Conv,
        /// A depthwise convolution.
        "depthwise_conv" => DepthwiseConv,
        /// Depthwise, then pointwise.
        "depthwise_separable" => DepthwiseSeparable,
        /// MBConv.
        "inverted_residual" => InvertedResidual,
        /// Fused MBConv.
        "fused_inverted_residual" => FusedInvertedResidual,
        /// Two convolutions and a shortcut.
        "residual" => Residual,
        /// Squeeze and two expands.
        "fire" => Fire,
        /// A gate a channel.
        "squeeze_excite" => SqueezeExcite,
        /// Maximum pool.
        "max_pool" => MaxPool,
        /// Average pool.
        "average_pool" => AveragePool,
        /// Dropout.
        "dropout" => Dropout,
    }
}

record! {
    /// A block repeated: the first with its own stride, the others with stride 1.
    Stage {
        /// How often.
        repeat: Repeat,
        /// What is repeated.
        block: Block,
    }
}

record! {
    /// Pools the map and tells classes apart by a dense layer; its outputs are logits.
    Classifier {
        /// How many classes.
        classes: Classes,
        /// How the map is pooled.
        pool: Pool = Pool::Average,
        /// The share that training drops before the dense layer, in percent.
        dropout: Option<Percent> = None,
    }
}

record! {
    /// Pools the map and projects it to a vector that is compared with others.
    Embedding {
        /// The length of the vector.
        size: Outputs,
        /// How the map is pooled.
        pool: Pool = Pool::Average,
    }
}

record! {
    /// Pools the map and computes numbers from it.
    Regression {
        /// How many numbers.
        outputs: Outputs,
        /// How the map is pooled.
        pool: Pool = Pool::Average,
    }
}

record! {
    /// Reproduces the input through a bottleneck: three dense layers. What it reproduces badly is an anomaly.
    Reconstruction {
        /// The length of the bottleneck.
        bottleneck: Outputs,
        /// The length of the layer between bottleneck and output.
        hidden: Outputs = Outputs::fixed(128),
        /// What follows the first two layers.
        activation: Activation = Activation::Relu,
    }
}

choice! {
    /// What a backbone's map is turned into.
    Head {
        /// Classes.
        "classifier" => Classifier,
        /// A vector.
        "embedding" => Embedding,
        /// Numbers.
        "regression" => Regression,
        /// The input again.
        "reconstruction" => Reconstruction,
    }
}
