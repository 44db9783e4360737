//! One C file in the making.

use std::fmt::Write;

use automcu_model::{Node, TensorId};

use super::channels::{Channels, Factor};
use crate::{
    network::Network,
    ops::{Bounds, window::Window},
    plan::{Layout, Plan, Region},
};

/// Pieces of C that several operations use, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fragment {
    Rows,
    Widen,
    Products,
    Move,
    Conv,
    Patch,
    Depthwise,
    Dense,
    Add,
    Multiply,
    LookUp,
    Extreme,
    CountUp,
    Mean,
    Most,
    RoundedMean,
    Pool,
    PoolAll,
    Softmax,
}

impl Fragment {
    const fn text(self) -> &'static str {
        match self {
            Self::Rows => include_str!("rows.c"),
            Self::Widen => include_str!("widen.c"),
            Self::Products => include_str!("products.c"),
            Self::Move => include_str!("move.c"),
            Self::Conv => include_str!("../ops/conv.c"),
            Self::Patch => include_str!("../ops/patch.c"),
            Self::Depthwise => include_str!("../ops/depthwise.c"),
            Self::Dense => include_str!("../ops/dense.c"),
            Self::Add => include_str!("../ops/add.c"),
            Self::Multiply => include_str!("../ops/product.c"),
            Self::LookUp => include_str!("../ops/activate.c"),
            Self::Extreme => include_str!("../ops/extreme.c"),
            Self::CountUp => include_str!("../ops/count_up.c"),
            Self::Mean => include_str!("../ops/mean.c"),
            Self::Most => include_str!("../ops/most.c"),
            Self::RoundedMean => include_str!("../ops/rounded_mean.c"),
            Self::Pool => include_str!("../ops/pool.c"),
            Self::PoolAll => include_str!("../ops/pool_all.c"),
            Self::Softmax => include_str!("../ops/softmax.c"),
        }
    }

    /// What stands before every fragment.
    pub(super) const ARITHMETIC: &'static str = include_str!("arithmetic.c");

    const fn needs(self) -> &'static [Self] {
        match self {
            Self::Conv => &[Self::Rows, Self::Widen, Self::Products],
            Self::Patch => &[Self::Rows, Self::Widen, Self::Products, Self::Conv],
            Self::Depthwise => &[Self::Rows],
            Self::Pool => &[Self::Rows, Self::RoundedMean],
            Self::Mean => &[Self::CountUp],
            Self::PoolAll => &[Self::CountUp, Self::RoundedMean],
            _ => &[],
        }
    }
}

/// What one output channel takes in the table by which accumulators become int8.
pub(crate) const CHANNEL_BYTES: u64 = 16;

/// A function that layers of the same shape share.
struct Kernel {
    name: String,
    parameters: &'static str,
    body: String,
}

/// One C file in the making.
pub(crate) struct Unit<'n> {
    pub(crate) network: &'n Network,
    pub(crate) plan: &'n Plan,
    fragments: Vec<Fragment>,
    tables: String,
    kernels: Vec<Kernel>,
    layers: String,
    /// Bytes of all tables.
    pub(super) table_bytes: u64,
}

impl<'n> Unit<'n> {
    pub(super) fn new(network: &'n Network, plan: &'n Plan) -> Self {
        Self {
            network,
            plan,
            fragments: Vec::new(),
            tables: String::new(),
            kernels: Vec::new(),
            layers: String::new(),
            table_bytes: 0,
        }
    }

    /// Makes sure that a fragment, and what it needs, is there.
    pub(crate) fn needs(&mut self, fragment: Fragment) {
        if !self.fragments.contains(&fragment) {
            self.fragments.push(fragment);
            fragment.needs().iter().for_each(|&other| self.needs(other));
        }
    }

    /// A table of int8 of a node's; gives its name. Copies of a node use its tables.
    pub(crate) fn int8s(&mut self, stem: &str, place: usize, values: impl ExactSizeIterator<Item = i8>) -> String {
        let owner = self.network.owner_of_tables(place);
        let name = format!("{stem}_{owner}");
        if owner != place {
            return name;
        }
        self.table_bytes += values.len() as u64;
        let mut line = String::new();
        let mut text = format!("static const NN_ALIGNED int8_t {name}[{}] = {{\n", values.len());
        for value in values {
            let number = format!("{value}, ");
            if line.len() + number.len() > 112 {
                let _ = writeln!(text, "    {}", line.trim_end());
                line.clear();
            }
            line += &number;
        }
        let _ = writeln!(text, "    {}\n}};\n", line.trim_end());
        self.tables += &text;
        name
    }

    /// The table by which accumulators become int8, filled up to `least` rows with ones that make 0; gives its name.
    pub(crate) fn channels(&mut self, place: usize, channels: &Channels, multiple: usize) -> String {
        let owner = self.network.owner_of_tables(place);
        let name = format!("channels_{owner}");
        if owner != place {
            return name;
        }
        let count = channels.rows.len().next_multiple_of(multiple);
        self.table_bytes += CHANNEL_BYTES * count as u64;
        let mut text = format!("static const nn_channel {name}[{count}] = {{\n");
        let filler = (0, Factor { multiplier: 0, rounding: 1, shift: 1 });
        for (bias, factor) in channels.rows.iter().chain(std::iter::repeat_n(&filler, count - channels.rows.len())) {
            let Factor { multiplier, rounding, shift } = factor;
            let _ = writeln!(text, "    {{{}, {multiplier}, {rounding}, {shift}}},", number(*bias));
        }
        text += "};\n\n";
        self.tables += &text;
        name
    }

    /// The name of the function with this body; layers of one shape share it.
    pub(crate) fn kernel(&mut self, stem: &str, parameters: &'static str, body: String) -> String {
        let same = |kernel: &&Kernel| kernel.body == body && kernel.parameters == parameters;
        if let Some(kernel) = self.kernels.iter().find(same) {
            return kernel.name.clone();
        }
        let is_taken = |name: &str| self.kernels.iter().any(|kernel| kernel.name == name);
        let name = std::iter::once(stem.to_owned())
            .chain((2..).map(|i| format!("{stem}_{i}")))
            .find(|name| !is_taken(name))
            .expect("there are more names than kernels");
        self.kernels.push(Kernel { name: name.clone(), parameters, body });
        name
    }

    /// Where row `row` of a tensor lies.
    pub(crate) fn row(&self, tensor: TensorId, row: &str) -> String {
        let region = self.plan.tensors[tensor.index()];
        let shape = self.network.graph.shape(tensor);
        if region.slots == 1 {
            self.start(tensor)
        } else if region.slots == shape.height {
            format!("arena + {} + {row} * {}", region.offset, region.slot_bytes)
        } else {
            format!("arena + {} + ({row} % {}) * {}", region.offset, region.slots, region.slot_bytes)
        }
    }

    /// Where a tensor starts.
    pub(crate) fn start(&self, tensor: TensorId) -> String {
        format!("arena + {}", self.plan.tensors[tensor.index()].offset)
    }

    pub(crate) fn scratch(&self, place: usize) -> String {
        private(&self.plan.scratch, place)
    }

    pub(crate) fn kept(&self, place: usize) -> String {
        private(&self.plan.kept, place)
    }

    /// The bytes from one pixel to the next and from one channel to the next.
    pub(crate) fn steps(&self, tensor: TensorId) -> (u32, u32) {
        let shape = self.network.graph.shape(tensor);
        match self.plan.layouts[tensor.index()] {
            Layout::Pixels => (shape.channels, 1),
            Layout::Planes => (1, shape.width),
        }
    }

    /// Statements that fill `rows` with the rows under a window.
    pub(crate) fn rows(&self, tensor: TensorId, window: &Window) -> String {
        let region = self.plan.tensors[tensor.index()];
        let (count, stride, top, height) =
            (window.kernel.height, window.stride.height, window.top, window.input.height);
        let first = region.offset + window.skipped * self.steps(tensor).0;
        format!(
            "    const int8_t *rows[{count}];\n    nn_rows(rows, {count}, arena + {first}, y * {stride} - {top}, {height}, {}, {});\n",
            region.slots, region.slot_bytes
        )
    }

    /// The function that does a step of a layer: `y` counts its steps.
    pub(crate) fn layer(&mut self, place: usize, node: &Node, body: &str) {
        let description = super::described(self.network, node);
        let name = super::printable(self.network.name(node.output.index()));
        let name = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let uses_y = body.contains("y ") || body.contains("y)") || body.contains("y,") || body.contains("(y");
        let unused = if uses_y { "" } else { "    (void)y;\n" };
        let _ = write!(
            self.layers,
            "/* Layer {place}, {}: {description}.{name} */\nstatic void layer_{place}(int8_t *arena, int32_t y)\n{{\n{unused}{body}}}\n\n",
            node.origin
        );
    }

    /// The parts of the file in their order: fragments, tables, functions that layers share, layers.
    pub(super) fn parts(mut self) -> [String; 4] {
        self.fragments.sort_unstable();
        let fragments: Vec<&str> = self.fragments.iter().map(|fragment| fragment.text()).collect();
        let mut kernels = String::new();
        for Kernel { name, parameters, body } in &self.kernels {
            let _ = write!(kernels, "static NN_KERNEL void {name}({parameters})\n{{\n{body}}}\n\n");
        }
        [fragments.join("\n"), self.tables, kernels, self.layers]
    }
}

fn private(regions: &[Option<Region>], place: usize) -> String {
    regions[place].map_or_else(|| "NULL".to_owned(), |region| format!("arena + {}", region.offset))
}

/// A number as a C constant expression; the least 32-bit number has no literal of its own.
pub(crate) fn number(value: i32) -> String {
    if value == i32::MIN { "INT32_MIN".to_owned() } else { value.to_string() }
}

/// The bounds and the form of rescaling as members of a C initialiser.
pub(crate) fn clamp(bounds: Bounds, is_exact: bool) -> String {
    format!(".least = {}, .most = {}, .is_exact = {}", bounds.least, bounds.most, i32::from(is_exact))
}
