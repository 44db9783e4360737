//! What a network has to do, counted by the kinds of work that kernels do at different speeds.

use automcu_model::{Extent, Graph, Op, Shape};
use serde::{Deserialize, Serialize};

/// The most input channels at which a convolution counts as one of the first: its inner loop is too short to be fast.
const FEW_CHANNELS: u32 = 4;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Multiply-accumulates of convolutions that look at more than one place.
    Convolution,
    /// The same where the input has at most four channels.
    FirstConvolution,
    /// The same where the kernel is one row or one column.
    LineConvolution,
    /// Multiply-accumulates of 1x1 convolutions.
    Pointwise,
    /// Multiply-accumulates of depthwise convolutions.
    Depthwise,
    /// Multiply-accumulates of dense layers, and of convolutions that give one place.
    Dense,
    /// Values that convolutions other than depthwise ones and dense layers write: the outer loop around the inner one. A
    /// depthwise convolution has as many multiply-accumulates as its kernel has places for each value, always nine in
    /// the published runs, so that the two cannot be told apart.
    Outputs,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 7] = [
        Self::Convolution,
        Self::FirstConvolution,
        Self::LineConvolution,
        Self::Pointwise,
        Self::Depthwise,
        Self::Dense,
        Self::Outputs,
    ];

    /// The kind of an operation's multiply-accumulates, if it has any.
    fn of(op: &Op, input: Shape, output: Shape) -> Option<Self> {
        match *op {
            Op::Conv { .. } if output.area() == 1 => Some(Self::Dense),
            Op::Conv { kernel: Extent::ONE, .. } => Some(Self::Pointwise),
            Op::Conv { kernel, .. } if kernel.height == 1 || kernel.width == 1 => Some(Self::LineConvolution),
            Op::Conv { .. } if input.channels <= FEW_CHANNELS => Some(Self::FirstConvolution),
            Op::Conv { .. } => Some(Self::Convolution),
            Op::DepthwiseConv { .. } => Some(Self::Depthwise),
            Op::Dense { .. } => Some(Self::Dense),
            _ => None,
        }
    }
}

/// How much of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work([u64; Kind::ALL.len()]);

impl Work {
    /// What a network has to do for one input.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut work = Self::default();
        for node in graph.nodes() {
            let (input, output) = (graph.shape(node.inputs[0]), graph.shape(node.output));
            if let Some(kind) = Kind::of(&node.op, input, output) {
                let outputs = if kind == Kind::Depthwise { 0 } else { output.elements() };
                work = work.and(kind, graph.cost_of(node).macs).and(Kind::Outputs, outputs);
            }
        }
        work
    }

    /// The same and more of one kind.
    #[must_use]
    pub const fn and(mut self, kind: Kind, more: u64) -> Self {
        self.0[kind as usize] = self.0[kind as usize].saturating_add(more);
        self
    }

    /// How much of one kind.
    #[must_use]
    pub const fn amount(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    /// Whether a kernel of one row or one column is among it, of which few runs are published.
    #[must_use]
    pub const fn has_lines(&self) -> bool {
        self.amount(Kind::LineConvolution) > 0
    }

    /// The amount of several kinds together, as a number to reckon with.
    #[expect(clippy::cast_precision_loss, reason = "amounts are bounded by the limits of graphs, far below 2^53")]
    pub(super) fn sum(&self, kinds: &[Kind]) -> f64 {
        kinds.iter().map(|kind| self.amount(*kind) as f64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_model::Spec;

    fn work(json: &str) -> Work {
        Work::of(&Spec::from_json(json.as_bytes()).expect("a spec").lower().expect("it can be built"))
    }

    #[test]
    fn every_multiply_accumulate_is_of_one_kind() {
        let json = r#"{
            "version": 1,
            "input": { "height": 16, "width": 16, "channels": 3 },
            "backbone": [
                { "op": "conv", "channels": 8 },
                { "op": "conv", "channels": 8, "kernel": 1 },
                { "op": "conv", "channels": 8, "kernel": [5, 1] },
                { "op": "depthwise_conv" },
                { "op": "residual", "channels": 8 },
                { "op": "conv", "channels": 4, "kernel": [16, 16], "padding": "valid" }
            ],
            "head": { "op": "classifier", "classes": 10 }
        }"#;
        let (places, work) = (256, work(json));
        assert_eq!(work.amount(Kind::FirstConvolution), places * 27 * 8);
        assert_eq!(work.amount(Kind::Pointwise), places * 64);
        assert_eq!(work.amount(Kind::LineConvolution), places * 5 * 64);
        assert_eq!(work.amount(Kind::Depthwise), places * 9 * 8);
        assert_eq!(work.amount(Kind::Convolution), 2 * places * 9 * 64);
        assert_eq!(work.amount(Kind::Dense), places * 8 * 4 + 40);
        assert_eq!(work.amount(Kind::Outputs), 5 * places * 8 + 4 + 10);
        assert!(work.has_lines());
    }
}
