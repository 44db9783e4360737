//! Runs a network on this computer, exactly as the microcontroller will.

use crate::{
    network::Network,
    ops::{self, Kernel, NotComputed},
};

/// A network made ready to run. One of these serves many inputs, one after the other.
pub struct Interpreter {
    kernels: Vec<Box<dyn Kernel>>,
    /// For each node the tensors that it reads and the one that it writes.
    ends: Vec<(Vec<usize>, usize)>,
    tensors: Vec<Vec<i8>>,
    output: usize,
}

/// An input of the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an input of {given} values for a network that takes {wanted}")]
pub struct WrongLength {
    given: usize,
    wanted: usize,
}

impl Interpreter {
    /// Makes a network ready.
    pub fn new(network: &Network) -> Result<Self, NotComputed> {
        let nodes = network.graph.nodes();
        let ends = nodes.iter().map(|node| {
            let inputs = node.inputs.iter().map(|input| input.index()).collect();
            (inputs, node.output.index())
        });
        let length = |shape: &automcu_model::Shape| usize::try_from(shape.elements()).expect("tensors are bounded");
        Ok(Self {
            kernels: (0..nodes.len()).map(|place| ops::kernel(network, place)).collect::<Result<_, _>>()?,
            ends: ends.collect(),
            tensors: network.graph.tensors().iter().map(|shape| vec![0; length(shape)]).collect(),
            output: network.graph.output().index(),
        })
    }

    /// Computes the output of one input.
    pub fn run(&mut self, input: &[i8]) -> Result<&[i8], WrongLength> {
        let wanted = self.tensors[0].len();
        if input.len() != wanted {
            return Err(WrongLength { given: input.len(), wanted });
        }
        self.tensors[0].copy_from_slice(input);
        for (kernel, (inputs, output)) in self.kernels.iter().zip(&self.ends) {
            let mut written = std::mem::take(&mut self.tensors[*output]);
            let read: Vec<&[i8]> = inputs.iter().map(|&tensor| self.tensors[tensor].as_slice()).collect();
            kernel.run(&read, &mut written);
            self.tensors[*output] = written;
        }
        Ok(&self.tensors[self.output])
    }

    /// What a tensor held after the last run, by its place in the graph.
    #[must_use]
    pub fn tensor(&self, place: usize) -> &[i8] {
        &self.tensors[place]
    }
}

/// The place of the largest value, which is the class that a classifier answers; the first where there are several.
#[must_use]
pub fn largest<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}
