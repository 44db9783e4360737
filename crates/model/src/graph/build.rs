//! Builds a graph, node by node, within the limits.

use smallvec::{SmallVec, smallvec};

use super::{Graph, Node, Op, Origin, Shape, TensorId};
use crate::{
    limits,
    refusal::{Limit, Refusal},
};

/// A graph in the making: nodes are added in an order in which they can run.
pub struct GraphBuilder {
    tensors: Vec<Shape>,
    nodes: Vec<Node>,
    parameters: u64,
    macs: u64,
}

impl GraphBuilder {
    /// Starts from the shape of the input.
    pub fn new(input: Shape) -> Result<Self, Refusal> {
        let mut tensors = Vec::with_capacity(96);
        tensors.push(input);
        let elements = input.elements();
        let most = limits::TENSOR_ELEMENTS;
        within(elements, most, Limit::Values, || ("input".into(), "the input has")).map(|()| Self {
            tensors,
            nodes: Vec::with_capacity(96),
            parameters: 0,
            macs: 0,
        })
    }

    /// The shape of a tensor.
    #[must_use]
    pub fn shape(&self, tensor: TensorId) -> Shape {
        self.tensors[tensor.index()]
    }

    /// Adds an operation on one tensor.
    pub fn unary(&mut self, op: Op, input: TensorId, output: Shape, origin: Origin) -> Result<TensorId, Refusal> {
        self.add(op, smallvec![input], output, origin)
    }

    /// Adds an operation on two tensors.
    pub fn binary(
        &mut self,
        op: Op,
        inputs: [TensorId; 2],
        output: Shape,
        origin: Origin,
    ) -> Result<TensorId, Refusal> {
        self.add(op, SmallVec::from_buf(inputs), output, origin)
    }

    /// Adds an operation on any number of tensors, at least one.
    pub fn add(
        &mut self,
        op: Op,
        inputs: SmallVec<[TensorId; 2]>,
        output: Shape,
        origin: Origin,
    ) -> Result<TensorId, Refusal> {
        let path = || place(origin);
        // A vector's length is bounded as its values are; only the width of a map has a bound of its own.
        let width = if output.area() > 1 { output.channels } else { 0 };
        within(u64::from(width), limits::CHANNELS.into(), Limit::Channels, || (path(), "a tensor would have"))?;
        within(output.elements(), limits::TENSOR_ELEMENTS, Limit::Values, || (path(), "a tensor would have"))?;
        within(self.nodes.len() as u64 + 1, limits::OPERATIONS as u64, Limit::Operations, || {
            (path(), "there would be")
        })?;
        let cost = op.cost(self.shape(inputs[0]), output);
        self.parameters += cost.parameters();
        within(self.parameters, limits::PARAMETERS, Limit::Parameters, || (path(), "there would be"))?;
        self.macs += cost.macs;
        within(self.macs, limits::MACS, Limit::Macs, || (path(), "there would be"))?;
        let id = TensorId(u32::try_from(self.tensors.len()).expect("operations are bounded"));
        self.tensors.push(output);
        self.nodes.push(Node { op, inputs, output: id, origin });
        Ok(id)
    }

    /// The finished graph.
    #[must_use]
    pub fn finish(self, output: TensorId) -> Graph {
        Graph { tensors: self.tensors, nodes: self.nodes, output }
    }
}

/// The path in the spec that an operation comes from.
fn place(origin: Origin) -> String {
    match origin {
        Origin::Backbone { module, .. } => format!("backbone[{module}]"),
        Origin::Head => "head".to_owned(),
        Origin::Operator(index) => format!("operator[{index}]"),
    }
}

fn within(count: u64, most: u64, limit: Limit, say: impl FnOnce() -> (String, &'static str)) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let (path, there) = say();
    let what = match limit {
        Limit::Channels => "channels",
        Limit::Parameters => "parameters so far",
        Limit::Macs => "multiply-accumulates so far",
        Limit::Operations => "operations",
        Limit::Document | Limit::Nesting | Limit::Modules | Limit::Values => "values",
    };
    Err(Refusal::limit(limit, path, format!("{there} {count} {what}"), format!("use at most {most}")))
}

impl Graph {
    /// Rebuilds the graph from some of its nodes; tensors that no node writes or reads any more are dropped and the
    /// others numbered anew. `keep` maps each node to what stands in its place, or says that its input does.
    pub(crate) fn rewritten(&self, mut keep: impl FnMut(usize, &Node) -> Option<Op>) -> Self {
        let mut renamed = vec![TensorId(0); self.tensors.len()];
        let mut tensors = Vec::with_capacity(self.tensors.len());
        tensors.push(self.tensors[0]);
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            let Some(op) = keep(i, node) else {
                renamed[node.output.index()] = renamed[node.inputs[0].index()];
                continue;
            };
            let output = TensorId(u32::try_from(tensors.len()).expect("operations are bounded"));
            tensors.push(self.shape(node.output));
            renamed[node.output.index()] = output;
            let inputs = node.inputs.iter().map(|input| renamed[input.index()]).collect();
            nodes.push(Node { op, inputs, output, origin: node.origin });
        }
        Self { output: renamed[self.output.index()], tensors, nodes }
    }
}
