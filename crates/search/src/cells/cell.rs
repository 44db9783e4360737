//! One cell: six edges between four nodes, what is the same as what, what it computes, and how it is described.

use automcu_model::Bytes;

use crate::cost::Size;

/// What stands on an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Nothing passes.
    None,
    /// The node before, unchanged.
    Skip,
    /// A convolution of one place.
    Conv1,
    /// A convolution of three by three places.
    Conv3,
    /// The mean of three by three places.
    Pool,
}

impl Operation {
    /// All of them, in the order of the benchmark.
    pub const ALL: [Self; 5] = [Self::None, Self::Skip, Self::Conv1, Self::Conv3, Self::Pool];

    /// What the benchmark calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Conv1 => "nor_conv_1x1",
            Self::Conv3 => "nor_conv_3x3",
            Self::Pool => "avg_pool_3x3",
        }
    }

    pub(super) const fn is_conv(self) -> bool {
        matches!(self, Self::Conv1 | Self::Conv3)
    }

    /// Places of its kernel that have weights.
    const fn taps(self) -> u64 {
        match self {
            Self::Conv1 => 1,
            Self::Conv3 => 9,
            _ => 0,
        }
    }
}

/// The edges, as the benchmark writes them: from the first node of each pair to the second.
pub(super) const EDGES: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];
/// The last node.
const LAST: usize = 3;
/// Cells of each stage of the network around them.
const CELLS: u64 = 5;
/// Channels of each stage and the side of its maps, for inputs of 32x32x3.
const STAGES: [(u64, u64); 3] = [(16, 32), (32, 16), (64, 8)];
/// What the benchmark's networks classify, as their sizes are counted.
const CLASSES: u64 = 10;

/// A cell of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Cell(pub [Operation; 6]);

/// All cells: 15,625.
pub(super) const COUNT: u16 = 15_625;

impl Cell {
    /// The cell at a place in the benchmark's order; the first edge varies slowest.
    pub(super) fn at(place: u16) -> Self {
        let mut rest = usize::from(place);
        let mut edges = [Operation::None; 6];
        for edge in edges.iter_mut().rev() {
            *edge = Operation::ALL[rest % 5];
            rest /= 5;
        }
        Self(edges)
    }

    /// Its place in the benchmark's order.
    pub(super) fn place(self) -> usize {
        self.0.iter().fold(0, |place, &edge| place * 5 + edge as usize)
    }

    /// Reads the benchmark's own string.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let nodes: Vec<&str> = text.strip_prefix('|')?.strip_suffix('|')?.split("|+|").collect();
        if nodes.len() != LAST {
            return None;
        }
        let mut edges = Vec::with_capacity(6);
        for (before, node) in nodes.iter().enumerate() {
            let into: Vec<&str> = node.split('|').collect();
            if into.len() != before + 1 {
                return None;
            }
            for (from, edge) in into.iter().enumerate() {
                let (word, node) = edge.split_once('~')?;
                let operation = Operation::ALL.into_iter().find(|operation| operation.word() == word)?;
                edges.push((node.parse() == Ok(from)).then_some(operation)?);
            }
        }
        Some(Self(edges.try_into().ok()?))
    }

    /// On how many edges two cells differ.
    pub(super) fn distance(self, other: Self) -> usize {
        self.0.iter().zip(other.0).filter(|(one, other)| **one != *other).count()
    }

    /// What a cell is, written so that all cells that are the same by the benchmark's rules are written alike: a skip is the node it
    /// comes from, nothing comes of nothing, and the order in a sum does not matter.
    pub(super) fn canonical(self) -> String {
        let mut nodes = vec!["0".to_owned()];
        for node in 1..=LAST {
            let into = EDGES.iter().zip(self.0).filter(|((_, to), _)| *to == node);
            let mut sum: Vec<String> = into
                .map(|((from, _), operation)| match operation {
                    Operation::None => "#".to_owned(),
                    _ if nodes[*from] == "#" => "#".to_owned(),
                    Operation::Skip => nodes[*from].clone(),
                    other => format!("({})@{}", nodes[*from], other as usize),
                })
                .collect();
            sum.sort_unstable();
            nodes.push(sum.join("+"));
        }
        nodes.pop().unwrap_or_default()
    }

    /// Edges that something passes from the first node to the last.
    pub(super) fn live(self) -> [bool; 6] {
        let passes = |edge: usize| self.0[edge] != Operation::None;
        let (mut from_first, mut to_last) = ([true, false, false, false], [false, false, false, true]);
        for (edge, &(from, to)) in EDGES.iter().enumerate() {
            from_first[to] |= passes(edge) && from_first[from];
        }
        for (edge, &(from, to)) in EDGES.iter().enumerate().rev() {
            to_last[from] |= passes(edge) && to_last[to];
        }
        std::array::from_fn(|edge| passes(edge) && from_first[EDGES[edge].0] && to_last[EDGES[edge].1])
    }

    /// What the network around such cells takes: the published skeleton for inputs of 32x32x3. What reaches no output is not
    /// counted. RAM is of the widest cell's nodes at int8, Flash of weights alone.
    pub(super) fn size(self) -> Size {
        let live = self.live();
        let taps: u64 = self.0.iter().zip(live).filter(|(_, live)| *live).map(|(edge, _)| edge.taps()).sum();
        let convs = self.0.iter().zip(live).filter(|(edge, live)| *live && edge.is_conv()).count() as u64;
        let (stem, _) = STAGES[0];
        let mut parameters = 3 * 9 * stem + 2 * stem;
        let mut macs = 3 * 9 * stem * 32 * 32;
        for (channels, side) in STAGES {
            parameters += CELLS * (taps * channels * channels + convs * 2 * channels);
            macs += CELLS * taps * channels * channels * side * side;
        }
        for pair in STAGES.windows(2) {
            let ((narrow, _), (wide, side)) = (pair[0], pair[1]);
            let weights = 9 * narrow * wide + 9 * wide * wide + narrow * wide;
            parameters += weights + 2 * 2 * wide;
            macs += weights * side * side;
        }
        let (last, _) = STAGES[2];
        parameters += 2 * last + (last + 1) * CLASSES;
        macs += last * CLASSES;
        let ram = STAGES[0].0 * STAGES[0].1 * STAGES[0].1 * self.nodes_at_once();
        Size::of_sums(Bytes(ram), Bytes(parameters), macs, parameters)
    }

    /// The most maps that are kept at once, node by node: those still read, the sum, and what is added to it.
    fn nodes_at_once(self) -> u64 {
        let live = self.live();
        let needed = |node: usize, from: usize| {
            EDGES.iter().zip(live).any(|(&(read, by), live)| live && read == node && by >= from)
        };
        let at = |node: usize| 1 + (0..node).filter(|&read| needed(read, node)).count() as u64;
        1 + (1..=LAST).map(at).max().unwrap_or(0)
    }

    /// Each way through the cell, as how many convolutions stand on it.
    fn ways(self) -> Vec<u32> {
        let live = self.live();
        let mut ways: [Vec<u32>; 4] = [vec![0], vec![], vec![], vec![]];
        for (edge, &(from, to)) in EDGES.iter().enumerate() {
            if live[edge] {
                let more = u32::from(self.0[edge].is_conv());
                let new: Vec<u32> = ways[from].iter().map(|convs| convs + more).collect();
                ways[to].extend(new);
            }
        }
        ways[LAST].clone()
    }

    /// Whether skips alone lead from a node at or before `from` to one at or after `to`.
    fn is_bypassed(self, from: usize, to: usize) -> bool {
        let live = self.live();
        (0..=from).any(|start| {
            let mut reached = [false; 4];
            reached[start] = true;
            for (edge, &(one, other)) in EDGES.iter().enumerate() {
                reached[other] |= live[edge] && self.0[edge] == Operation::Skip && reached[one];
            }
            (to..=LAST).any(|end| reached[end])
        })
    }
}

/// What each of the features is.
pub(super) const NAMES: &[&str] = &[
    "log2_parameters",
    "log2_macs",
    "depth",
    "mean_depth",
    "share_residual",
    "share_pooling",
    "share_skip",
    "log2_paths",
    "first_convs",
    "last_convs",
];

/// What a surrogate may learn from.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(super) fn features(cell: Cell) -> Vec<f32> {
    let (size, live, ways) = (cell.size(), cell.live(), cell.ways());
    let count = |is: &dyn Fn(usize) -> bool| (0..6).filter(|&edge| live[edge] && is(edge)).count() as f32;
    let is_conv = |edge: usize| cell.0[edge].is_conv();
    let (convs, edges) = (count(&is_conv).max(1.0), count(&|_| true).max(1.0));
    let deepest = ways.iter().max().copied().unwrap_or(0);
    let mean = ways.iter().sum::<u32>() as f32 / ways.len().max(1) as f32;
    let bypassed = count(&|edge| is_conv(edge) && cell.is_bypassed(EDGES[edge].0, EDGES[edge].1));
    vec![
        (size.parameters as f32).log2(),
        (size.macs as f32).log2(),
        deepest as f32,
        mean,
        bypassed / convs,
        count(&|edge| cell.0[edge] == Operation::Pool) / edges,
        count(&|edge| cell.0[edge] == Operation::Skip) / edges,
        (1.0 + ways.len() as f32).log2(),
        count(&|edge| is_conv(edge) && EDGES[edge].0 == 0),
        count(&|edge| is_conv(edge) && EDGES[edge].1 == LAST),
    ]
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (edge, (from, to)) in self.0.iter().zip(EDGES) {
            let start = match (from, to) {
                (0, 1) => "|",
                (0, _) => "+|",
                _ => "",
            };
            write!(f, "{start}{}~{from}|", edge.word())?;
        }
        Ok(())
    }
}
