//! The one graph that serves every stage: typed operations over maps of height x width x channels, one input at a time.

mod build;
mod op;
mod shape;

use std::fmt;

use smallvec::SmallVec;

use crate::spec::Activation;

pub use build::GraphBuilder;
pub use op::{Border, Cost, Op, Slope};
pub use shape::{Edge, Extent, Shape};

/// A tensor of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(u32);

impl TensorId {
    /// The place in [`Graph::tensors`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where in the spec an operation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `backbone[module]`; `repeat` counts a stage's blocks from 0.
    Backbone {
        /// The place in the backbone.
        module: u16,
        /// Which block of a stage.
        repeat: Option<u8>,
    },
    /// The head.
    Head,
    /// An operator of a file that was read.
    Operator(u32),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Backbone { module, repeat: None } => format!("backbone[{module}]"),
            Self::Backbone { module, repeat: Some(repeat) } => format!("backbone[{module}] #{}", repeat + 1),
            Self::Head => "head".to_owned(),
            Self::Operator(index) => format!("operator[{index}]"),
        })
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What it reads, in order.
    pub inputs: SmallVec<[TensorId; 2]>,
    /// What it writes.
    pub output: TensorId,
    /// Where it comes from.
    pub origin: Origin,
}

impl Node {
    /// `conv 3x3/2x2, relu`: what a person needs to know of the operation beside its shapes.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = self.op.word().to_owned();
        if let Some((window, stride)) = self.op.window() {
            text += &format!(" {window}");
            if stride != Extent::ONE {
                text += &format!("/{stride}");
            }
        }
        match self.op.activation() {
            None | Some(Activation::None) => text,
            Some(activation) => format!("{text}, {activation}"),
        }
    }
}

/// Operations in an order in which they can run, each tensor written once, every tensor but the output read.
#[derive(Clone, Debug)]
pub struct Graph {
    tensors: Vec<Shape>,
    nodes: Vec<Node>,
    output: TensorId,
}

impl Graph {
    /// The tensor that is handed in.
    pub const INPUT: TensorId = TensorId(0);

    /// The tensor that comes out.
    #[must_use]
    pub const fn output(&self) -> TensorId {
        self.output
    }

    /// The shapes of all tensors; [`Graph::INPUT`] is the first.
    #[must_use]
    pub fn tensors(&self) -> &[Shape] {
        &self.tensors
    }

    /// The operations, in an order in which they can run.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The shape of a tensor.
    #[must_use]
    pub fn shape(&self, tensor: TensorId) -> Shape {
        self.tensors[tensor.index()]
    }

    /// The parameters and work of one of this graph's operations.
    #[must_use]
    pub fn cost_of(&self, node: &Node) -> Cost {
        node.op.cost(self.shape(node.inputs[0]), self.shape(node.output))
    }

    /// The parameters and work of the whole graph.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.nodes.iter().map(|node| self.cost_of(node)).sum()
    }

    /// The nodes that read each tensor, by the tensor's place.
    #[must_use]
    pub fn readers(&self) -> Vec<SmallVec<[usize; 2]>> {
        let mut readers = vec![SmallVec::new(); self.tensors.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                let of: &mut SmallVec<[usize; 2]> = &mut readers[input.index()];
                if of.last() != Some(&i) {
                    of.push(i);
                }
            }
        }
        readers
    }
}
