//! Maximum and mean of each window.

use automcu_model::{Extent, Graph, Node, Op};

use super::{
    Bounds, Kernel, bounds,
    conv::{WindowOptions, read_window},
    mean,
    window::{Place, Window},
};
use crate::{
    emit::{Fragment, Unit},
    network::Network,
    plan::{Workspace, is_one_place},
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Pool {
    window: Window,
    is_max: bool,
    bounds: Bounds,
}

impl Pool {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        let window = Window::of(&network.graph, node).expect("pools have a window");
        Self { window, is_max: matches!(node.op, Op::MaxPool { .. }), bounds: bounds(network, node) }
    }

    /// The values of one channel under the window.
    fn under<'i>(&self, place: &'i Place, input: &'i [i8], channel: usize) -> impl Iterator<Item = i32> + 'i {
        let (width, channels) = (self.window.input.width as usize, self.window.input.channels as usize);
        let at = move |row: usize, column: usize| i32::from(input[(row * width + column) * channels + channel]);
        place.rows.clone().flat_map(move |row| place.columns.clone().map(move |column| at(row, column)))
    }
}

impl Kernel for Pool {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let channels = self.window.input.channels as usize;
        for (place, values) in self.window.places().zip(output.chunks_exact_mut(channels)) {
            let count = i32::try_from(place.rows.len() * place.columns.len()).expect("a window is small");
            for (channel, value) in values.iter_mut().enumerate() {
                let mut under = self.under(&place, inputs[0], channel);
                *value = self.bounds.clamp(if self.is_max {
                    under.by_ref().max().unwrap_or(-128)
                } else {
                    rounded_mean(under.sum(), count)
                });
            }
        }
    }
}

/// The sum over the count, rounded half away from zero.
fn rounded_mean(sum: i32, count: i32) -> i32 {
    if sum > 0 { (sum + count / 2) / count } else { (sum - count / 2) / count }
}

fn read(reading: &mut Reading<'_>, operator: &Operator<'_>, is_max: bool) -> Result<(), TfliteError> {
    let WindowOptions { padding, stride } = read_window(reading, operator)?;
    let options = operator.options()?;
    let side = |index| -> Result<u32, TfliteError> {
        let number = options.i32(index, 0)?;
        let side = u32::try_from(number).ok().filter(|side| (1..=1024).contains(side));
        side.ok_or_else(|| operator.wrong(format!("a window of {number}")))
    };
    let window = Extent { width: side(3)?, height: side(4)? };
    operator.refuse_activation(5)?;
    let input = reading.activation(operator, 0)?;
    let output = operator.placed(reading.shape(input), window, stride, padding)?;
    let op = if is_max {
        Op::MaxPool { window, stride, padding: padding.into() }
    } else {
        Op::AveragePool { window, stride, padding: padding.into() }
    };
    reading.add_unary(operator, op, input, output)
}

pub(crate) fn read_average(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, false)
}

pub(crate) fn read_max(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, true)
}

/// A 32-bit sum for each channel where there is a single window.
pub(crate) fn workspace(graph: &Graph, node: &Node) -> Workspace {
    if is_one_place(graph, node) { mean::workspace(graph, node) } else { Workspace::default() }
}

impl Pool {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        if !is_one_place(&unit.network.graph, node) {
            self.emit_rows(unit, place, node);
        } else if self.is_max {
            mean::emit_max(unit, place, node);
        } else {
            self.emit_sums(unit, place, node);
        }
    }

    fn emit_sums(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let input = self.window.input;
        unit.needs(Fragment::PoolAll);
        let body = format!(
            "{}    if (y == {}) {{\n        nn_pool_all({}, {}, {}, {});\n    }}\n",
            mean::counted_up(unit, place, node),
            input.height - 1,
            unit.kept(place),
            unit.start(node.output),
            input.channels,
            input.area(),
        );
        unit.layer(place, node, &body);
    }

    fn emit_rows(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let Window { input, output, kernel, stride, left, .. } = self.window;
        unit.needs(Fragment::Pool);
        let body = format!(
            "{}    static const nn_pool shape = {{\n        \
            .height = {}, .kernel_width = {}, .stride = {}, .left = {left},\n        \
            .width = {}, .channels = {}, .out_width = {}, .is_max = {},\n    }};\n    \
            nn_pool_row(rows, {}, &shape);\n",
            unit.rows(node.inputs[0], &self.window),
            kernel.height,
            kernel.width,
            stride.width,
            self.window.width(),
            input.channels,
            output.width,
            i32::from(self.is_max),
            unit.row(node.output, "y"),
        );
        unit.layer(place, node, &body);
    }
}
