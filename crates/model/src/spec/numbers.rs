//! The numbers and words that a spec may hold.

use super::declare::{extent, whole, words};

whole! {
    /// The channels of a tensor.
    Channels { 1..=2048 }
}
whole! {
    /// Rows or columns of the input.
    Side { 1..=16384 }
}
whole! {
    /// The channels of the input.
    InputChannels { 1..=256 }
}
whole! {
    /// How many times as many channels the inside of a block has.
    Expansion [1, 2, 3, 4, 5, 6, 8]
}
whole! {
    /// How many times fewer channels the inside of a squeeze-excite has.
    Reduction [2, 4, 8, 16]
}
whole! {
    /// How often a stage repeats its block.
    Repeat { 1..=16 }
}
whole! {
    /// The share of activations that training drops, in percent.
    Percent [5, 10, 15, 20, 25, 30, 40, 50]
}
whole! {
    /// The outputs of a head.
    Outputs { 1..=1024 }
}
whole! {
    /// The classes that a classifier tells apart.
    Classes { 2..=1024 }
}
whole! {
    /// The version of the spec's form.
    Version [1]
}

extent! {
    /// The kernel of a convolution: rows and columns.
    Kernel both [1, 3, 5, 7] each [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 15, 16, 21, 31]
}
extent! {
    /// The step of a window: rows and columns.
    Stride both [1, 2, 3, 4] each [1, 2, 3, 4, 5, 8]
}
extent! {
    /// The window of a pool: rows and columns.
    Window both [2, 3, 4, 5, 6, 7, 8] each [1, 2, 3, 4, 5, 6, 7, 8, 10, 16]
}

words! {
    /// What follows a linear operation.
    Activation {
        /// Nothing.
        "none" => None,
        /// max(x, 0).
        "relu" => Relu,
        /// min(max(x, 0), 6).
        "relu6" => Relu6,
        /// x, or x / 10 below 0.
        "leaky_relu" => LeakyRelu,
        /// x * min(max(x + 3, 0), 6) / 6.
        "hard_swish" => HardSwish,
        /// x * sigmoid(x).
        "swish" => Swish,
        /// 1 / (1 + exp(-x)).
        "sigmoid" => Sigmoid,
    }
}

words! {
    /// What a window does at the border.
    Padding {
        /// As many outputs as inputs, divided by the stride and rounded up; the smaller half of the padding comes first.
        "same" => Same,
        /// Only whole windows.
        "valid" => Valid,
    }
}

words! {
    /// What follows a convolution before its activation.
    Norm {
        /// Batch normalisation; the convolution has no bias.
        "batch" => Batch,
        /// Nothing; the convolution has a bias.
        "none" => None,
    }
}

words! {
    /// How a head makes one value a channel out of a map.
    Pool {
        /// The mean.
        "average" => Average,
        /// The maximum.
        "max" => Max,
    }
}
