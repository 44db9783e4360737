//! The form that is deployed: batch normalisation folded into the operation before it, activations applied in the
//! same pass, dropout gone.

use crate::{
    graph::{Graph, Node, Op},
    spec::Activation,
};

impl Graph {
    /// The graph as it is deployed. Its parameters are what the microcontroller stores.
    #[must_use]
    pub fn deployed(&self) -> Self {
        let fate = Fates::of(self).0;
        self.rewritten(|i, node| match fate[i] {
            Fate::Absorbed { .. } => None,
            Fate::Kept { bias, activation } => Some(with(node, bias, activation)),
        })
    }
}

impl Graph {
    /// For each node of this graph the node of this graph that does its work once deployed: itself where it stays, none
    /// where nothing has to be done.
    #[must_use]
    pub fn deployed_by(&self) -> Vec<Option<usize>> {
        let fates = Fates::of(self).0;
        let by = fates.iter().enumerate().map(|(i, fate)| match fate {
            Fate::Kept { .. } => Some(i),
            Fate::Absorbed { by } => *by,
        });
        by.collect()
    }
}

/// What becomes of a node.
#[derive(Clone, Copy)]
enum Fate {
    /// It stays, with a bias and an activation that it may not have had.
    Kept { bias: bool, activation: Activation },
    /// An operation before it does its work, or none has to.
    Absorbed { by: Option<usize> },
}

struct Fates(Vec<Fate>);

impl Fates {
    fn of(graph: &Graph) -> Self {
        let nodes = graph.nodes();
        let mut reads = vec![0_u8; graph.tensors().len()];
        for input in nodes.iter().flat_map(|node| &node.inputs) {
            reads[input.index()] = reads[input.index()].saturating_add(1);
        }
        // For each tensor the node that, in the deployed graph, computes it.
        let mut writer: Vec<Option<usize>> = vec![None; graph.tensors().len()];
        let mut fates = Self(Vec::with_capacity(nodes.len()));
        for (i, node) in nodes.iter().enumerate() {
            fates.0.push(Fate::Kept { bias: false, activation: Activation::None });
            let before = writer[node.inputs[0].index()];
            let alone = reads[node.inputs[0].index()] == 1 && graph.output() != node.inputs[0];
            let by = match before {
                Some(by) if alone && fates.absorb(by, nodes, &node.op) => by,
                _ if matches!(node.op, Op::Dropout(_)) => {
                    fates.0[i] = Fate::Absorbed { by: None };
                    writer[node.output.index()] = before;
                    continue;
                }
                _ => {
                    writer[node.output.index()] = Some(i);
                    continue;
                }
            };
            fates.0[i] = Fate::Absorbed { by: Some(by) };
            writer[node.output.index()] = Some(by);
        }
        fates
    }

    /// Lets node `by` do the work of `op`, which alone reads its result, if it can.
    fn absorb(&mut self, by: usize, nodes: &[Node], op: &Op) -> bool {
        let Fate::Kept { bias, activation } = &mut self.0[by] else { return false };
        let plain = *activation == Activation::None && nodes[by].op.activation() == Some(Activation::None);
        match *op {
            Op::BatchNorm if plain && !matches!(nodes[by].op, Op::Add { .. }) => *bias = true,
            Op::Activate(wanted) if plain => *activation = wanted,
            Op::Dropout(_) => {}
            _ => return false,
        }
        true
    }
}

fn with(node: &Node, bias: bool, activation: Activation) -> Op {
    let mut op = node.op;
    if let Some(has) = op.bias_mut() {
        *has |= bias;
    }
    if let Some(has) = op.activation_mut().filter(|has| **has == Activation::None) {
        *has = activation;
    }
    op
}
