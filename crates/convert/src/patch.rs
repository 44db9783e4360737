//! The first layers computed in patches: strips of columns, one after the other, as if each were an image of its own. Rows
//! of wide maps then take a part of the memory, at the price of computing twice what neighbouring strips both need.
//!
//! A network in patches is a network like any other, with the first layers once for each strip: all that is known of
//! networks, plans and code holds for it, and the integer interpreter shows that it computes the same.

use std::ops::Range;

use automcu_model::{Edge, Extent, Graph, GraphBuilder, Node, Op, Origin, Refusal, Shape, TensorId};
use serde::Serialize;

use crate::{
    network::{Network, NetworkError},
    ops::window::Window,
    plan::{Plan, is_elementwise},
};

/// At most so many strips.
const MOST_STRIPS: u32 = 4;
/// So many ways are looked at, those that add the least.
const MOST_WAYS: usize = 192;
/// Patches that compute more than this share of the network twice are not looked at.
const MOST_ADDED: f64 = 0.5;

/// The first layers in strips of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Patches {
    /// How many layers, from the first.
    pub layers: usize,
    /// How many strips.
    pub strips: u32,
    /// Multiply-accumulates of one inference that are done more than once, beside the first time.
    pub added_macs: u64,
}

/// A graph in patches, and what each part of it is a copy of.
pub(crate) struct Patched {
    pub(crate) graph: Graph,
    /// By node: the place of the one it is a copy of, unless it cuts or joins strips.
    pub(crate) nodes: Vec<Option<usize>>,
    /// By tensor: the place of the one that it holds columns of.
    tensors: Vec<usize>,
}

/// Columns of a map.
type Columns = Range<u32>;

impl Patched {
    /// The graph with its first layers in strips; nothing where strips of these layers cannot be computed by themselves.
    pub(crate) fn of(graph: &Graph, layers: usize, strips: u32) -> Option<Self> {
        let last = graph.nodes().get(layers.checked_sub(1)?)?.output;
        let width = graph.shape(last).width;
        if !is_cut(graph, layers) || width < strips || strips < 2 {
            return None;
        }
        let mut making = Making::new(graph).ok()?;
        let parts: Option<Vec<TensorId>> = (0..strips)
            .map(|strip| making.strip(layers, width * strip / strips..width * (strip + 1) / strips))
            .collect();
        let origin = graph.nodes()[layers - 1].origin;
        let joined = making.add(Op::JoinColumns, parts?, last, graph.shape(last), origin, None).ok()?;
        making.rest(layers, joined).ok()
    }

    /// By node: the first that it is a copy of.
    pub(crate) fn copies(&self) -> Vec<Option<usize>> {
        let first = |place: usize| {
            let source = self.nodes[place]?;
            self.nodes[..place].iter().position(|of| *of == Some(source))
        };
        (0..self.nodes.len()).map(first).collect()
    }

    /// What is done more than once.
    fn added_macs(&self, whole: &Graph) -> u64 {
        self.graph.cost().macs.saturating_sub(whole.cost().macs)
    }
}

/// Whether all that the first layers hand on is what the last of them writes, and each of them can be computed by columns.
fn is_cut(graph: &Graph, layers: usize) -> bool {
    let (first, rest) = graph.nodes().split_at(layers);
    let Some(last) = first.last().map(|node| node.output) else { return false };
    let is_inner =
        |tensor: TensorId| tensor != last && (tensor == Graph::INPUT || first.iter().any(|node| node.output == tensor));
    let crosses = rest.iter().flat_map(|node| &node.inputs).any(|&input| is_inner(input));
    !crosses && !rest.is_empty() && first.iter().all(|node| is_by_columns(graph, node))
}

fn is_by_columns(graph: &Graph, node: &Node) -> bool {
    let (input, output) = (graph.shape(node.inputs[0]), graph.shape(node.output));
    match node.op {
        Op::Conv { .. } | Op::DepthwiseConv { .. } => true,
        // A pool of all places is not.
        Op::MaxPool { .. } | Op::AveragePool { .. } => output.area() > 1,
        Op::Concat => true,
        ref op => is_elementwise(op) && input.width == output.width,
    }
}

/// The columns that a node reads of each of its inputs for these of its output.
fn read(graph: &Graph, node: &Node, columns: &Columns) -> Columns {
    let Some(window) = Window::of(graph, node) else { return columns.clone() };
    let (step, kernel) = (window.stride.width, window.kernel.width);
    let first = (columns.start * step).saturating_sub(window.left);
    let end = ((columns.end - 1) * step + kernel).saturating_sub(window.left);
    // A window of padding alone still stands at some column.
    let first = first.min(window.input.width - 1);
    first..end.clamp(first + 1, window.input.width)
}

struct Making<'g> {
    whole: &'g Graph,
    graph: GraphBuilder,
    nodes: Vec<Option<usize>>,
    tensors: Vec<usize>,
}

impl<'g> Making<'g> {
    fn new(whole: &'g Graph) -> Result<Self, Refusal> {
        let graph = GraphBuilder::new(whole.shape(Graph::INPUT))?;
        Ok(Self { whole, graph, nodes: Vec::new(), tensors: vec![Graph::INPUT.index()] })
    }

    fn add(
        &mut self,
        op: Op,
        inputs: impl IntoIterator<Item = TensorId>,
        of: TensorId,
        shape: Shape,
        origin: Origin,
        copied: Option<usize>,
    ) -> Result<TensorId, Refusal> {
        let tensor = self.graph.add(op, inputs.into_iter().collect(), shape, origin)?;
        self.nodes.push(copied);
        self.tensors.push(of.index());
        Ok(tensor)
    }

    /// The first layers for these columns of what they write.
    fn strip(&mut self, layers: usize, columns: Columns) -> Option<TensorId> {
        let whole = self.whole;
        let nodes = &whole.nodes()[..layers];
        let last = nodes.last()?.output;
        // Which columns of each map are needed: all that any reader needs.
        let mut needed: Vec<Option<Columns>> = vec![None; whole.tensors().len()];
        needed[last.index()] = Some(columns);
        for node in nodes.iter().rev() {
            let reads = read(whole, node, needed[node.output.index()].as_ref()?);
            for input in &node.inputs {
                let all = &mut needed[input.index()];
                *all =
                    Some(all.as_ref().map_or(reads.clone(), |all| all.start.min(reads.start)..all.end.max(reads.end)));
            }
        }
        needed[Graph::INPUT.index()] = Some(0..whole.shape(Graph::INPUT).width);
        let mut copies: Vec<Option<TensorId>> = vec![None; whole.tensors().len()];
        copies[Graph::INPUT.index()] = Some(Graph::INPUT);
        for (place, node) in nodes.iter().enumerate() {
            let output = needed[node.output.index()].clone()?;
            let shape = whole.shape(node.output);
            let strip = Shape { width: output.end - output.start, ..shape };
            let mut inputs = Vec::new();
            for input in &node.inputs {
                let (there, copy) = (needed[input.index()].clone()?, copies[input.index()]?);
                let is_window = node.op.window().is_some();
                inputs.push(if is_window || there == output {
                    copy
                } else {
                    self.cut((*input, copy), (&there, &output), node.origin)?
                });
            }
            let op = self.placed(node, &output, needed[node.inputs[0].index()].as_ref()?);
            copies[node.output.index()] =
                Some(self.add(op, inputs, node.output, strip, node.origin, Some(place)).ok()?);
        }
        copies[last.index()]
    }

    /// Some columns of a strip: a pool of single places, which changes nothing.
    fn cut(
        &mut self,
        (of, strip): (TensorId, TensorId),
        (there, wanted): (&Columns, &Columns),
        origin: Origin,
    ) -> Option<TensorId> {
        let shape = self.graph.shape(strip);
        let left = i32::try_from(wanted.start.checked_sub(there.start)?).ok()?;
        let op = Op::MaxPool { window: Extent::ONE, stride: Extent::ONE, padding: Edge::At { top: 0, left: -left } };
        self.add(op, [strip], of, Shape { width: wanted.end - wanted.start, ..shape }, origin, None).ok()
    }

    /// A node's operation on strips, its window where it is in the whole map.
    fn placed(&self, node: &Node, output: &Columns, input: &Columns) -> Op {
        let Some(window) = Window::of(self.whole, node) else { return node.op };
        let first = i64::from(output.start * window.stride.width) - i64::from(window.left);
        let left = i32::try_from(i64::from(input.start) - first).unwrap_or(0);
        node.op.with_edge(Edge::At { top: window.top, left })
    }

    /// The layers behind, which read what the strips make.
    fn rest(mut self, layers: usize, joined: TensorId) -> Result<Patched, Refusal> {
        let whole = self.whole;
        let mut copies: Vec<TensorId> = vec![joined; whole.tensors().len()];
        for (place, node) in whole.nodes().iter().enumerate().skip(layers) {
            let inputs: Vec<TensorId> = node.inputs.iter().map(|input| copies[input.index()]).collect();
            let shape = whole.shape(node.output);
            copies[node.output.index()] = self.add(node.op, inputs, node.output, shape, node.origin, Some(place))?;
        }
        let graph = self.graph.finish(copies[whole.output().index()]);
        Ok(Patched { graph, nodes: self.nodes, tensors: self.tensors })
    }
}

/// Every way to compute the first layers in patches that is worth a look, the cheapest first.
pub(crate) fn ways(graph: &Graph) -> Vec<(Patches, Patched)> {
    let all = graph.cost().macs;
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let is_cheap = |added: u64| added as f64 <= MOST_ADDED * all as f64;
    let mut found = Vec::new();
    for layers in 1..graph.nodes().len() {
        for strips in 2..=MOST_STRIPS {
            let Some(patched) = Patched::of(graph, layers, strips) else { break };
            let added_macs = patched.added_macs(graph);
            if is_cheap(added_macs) {
                found.push((Patches { layers, strips, added_macs }, patched));
            }
        }
    }
    found.sort_by_key(|(patches, _)| (patches.added_macs, patches.strips, patches.layers));
    found.truncate(MOST_WAYS);
    found
}

/// Of all ways those that may take the least memory, the least first.
pub(crate) fn best(ways: Vec<(Patches, Patched)>, count: usize) -> Vec<(Patches, Patched)> {
    let mut ranked: Vec<(u32, (Patches, Patched))> =
        ways.into_iter().map(|way| (Plan::quick_bound(&way.1.graph), way)).collect();
    ranked.sort_by_key(|(bound, (patches, _))| (*bound, patches.added_macs));
    ranked.into_iter().map(|(_, way)| way).take(count).collect()
}

impl Network {
    /// The same network, its first layers in patches. Nothing where [`Patches`] are those of another network.
    #[must_use]
    pub fn in_patches(&self, patches: &Patches) -> Option<Self> {
        let patched = Patched::of(&self.graph, patches.layers, patches.strips)?;
        let weights = patched.nodes.iter().map(|place| place.and_then(|place| self.weights[place].clone())).collect();
        let tensors = patched.tensors.iter().map(|&place| self.tensors[place]).collect();
        let names = patched.tensors.iter().map(|&place| self.name(place).to_owned()).collect();
        let copies = patched.copies();
        let network: Result<Self, NetworkError> = Self::checked(patched.graph, tensors, weights, names);
        Some(network.ok()?.with_ends(self.io[0], self.io[1]).with_labels(self.labels.clone()).with_copies(copies))
    }
}
