//! Mean and maximum of each channel over the whole map. The mean is no average pool: it rescales.

use automcu_model::{Graph, Node, Op, Shape};

use super::{Bounds, Kernel, bounds};
use crate::{
    arithmetic::Multiplier,
    emit::{Fragment, Unit, number},
    network::Network,
    plan::Workspace,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Mean {
    places: i32,
    input_zero: i32,
    output_zero: i32,
    multiplier: Multiplier,
    bounds: Bounds,
}

impl Mean {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        let (input, output) = network.ends(node);
        let places = network.graph.shape(node.inputs[0]).area();
        Self {
            places: i32::try_from(places).expect("maps are bounded"),
            input_zero: input.zero_point.into(),
            output_zero: output.zero_point.into(),
            multiplier: over(Multiplier::of(f64::from(input.scale) / f64::from(output.scale)), places),
            bounds: bounds(network, node),
        }
    }
}

/// The multiplier over a count, by as many more bits as there is room for, truncated as the reference does.
fn over(factor: Multiplier, count: u64) -> Multiplier {
    let leading = i32::try_from(63 - count.leading_zeros()).expect("few bits");
    let shift = leading.min(32).min(31 + factor.shift).max(0);
    let bits = (i64::from(factor.multiplier) << shift) / i64::try_from(count).expect("maps are bounded");
    Multiplier { multiplier: i32::try_from(bits).unwrap_or(i32::MAX), shift: factor.shift - shift }
}

impl Kernel for Mean {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let channels = output.len();
        for (channel, value) in output.iter_mut().enumerate() {
            let sum: i32 =
                inputs[0][channel..].iter().step_by(channels).map(|&x| i32::from(x)).fold(0, i32::wrapping_add);
            let centred = sum.wrapping_sub(self.places.wrapping_mul(self.input_zero));
            *value = self.bounds.clamp(self.multiplier.rescale(centred).saturating_add(self.output_zero));
        }
    }
}

pub(crate) struct Max;

impl Kernel for Max {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let channels = output.len();
        for (channel, value) in output.iter_mut().enumerate() {
            *value = inputs[0][channel..].iter().step_by(channels).copied().max().unwrap_or(i8::MIN);
        }
    }
}

/// Refuses a mean over anything but rows and columns; gives the shape that is left.
fn reduced(reading: &Reading<'_>, operator: &Operator<'_>) -> Result<Shape, TfliteError> {
    let shape = reading.shape(reading.activation(operator, 0)?);
    let mut axes = reading.integers(operator, 1)?;
    let rank = reading.rank(operator, 0)?;
    for axis in &mut axes {
        *axis = if *axis < 0 { *axis + rank } else { *axis };
    }
    axes.sort_unstable();
    match (rank, axes.as_slice()) {
        (4, [1, 2]) | (3, [1]) => Ok(Shape::vector(shape.channels)),
        _ => Err(operator.unsupported(format!("reduction over the axes {axes:?} of {rank}"))),
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let output = reduced(reading, operator)?;
    let input = reading.activation(operator, 0)?;
    reading.add_unary(operator, Op::GlobalAverage, input, output)
}

pub(crate) fn read_max(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let output = reduced(reading, operator)?;
    let input = reading.activation(operator, 0)?;
    reading.add_unary(operator, Op::GlobalMax, input, output)
}

/// A 32-bit sum for each channel.
pub(crate) fn workspace(graph: &Graph, node: &Node) -> Workspace {
    Workspace { scratch: 0, kept: 4 * graph.shape(node.inputs[0]).channels }
}

/// The call that takes in a row of the input.
pub(super) fn counted_up(unit: &Unit<'_>, place: usize, node: &Node) -> String {
    let shape = unit.network.graph.shape(node.inputs[0]);
    let (row, sums) = (unit.row(node.inputs[0], "y"), unit.kept(place));
    format!("    nn_count_up({row}, {sums}, {}, {}, y == 0);\n", shape.width, shape.channels)
}

impl Mean {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let shape = unit.network.graph.shape(node.inputs[0]);
        unit.needs(Fragment::Mean);
        let body = format!(
            "{}    if (y == {}) {{\n        nn_mean({}, {}, {}, {}, {}, {}, {});\n    }}\n",
            counted_up(unit, place, node),
            shape.height - 1,
            unit.kept(place),
            unit.start(node.output),
            shape.channels,
            number(self.places.wrapping_mul(self.input_zero)),
            self.output_zero,
            self.multiplier.multiplier,
            self.multiplier.shift,
        );
        unit.layer(place, node, &body);
    }
}

pub(crate) fn emit_max(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let shape = unit.network.graph.shape(node.inputs[0]);
    unit.needs(Fragment::Most);
    let (row, output) = (unit.row(node.inputs[0], "y"), unit.start(node.output));
    unit.layer(place, node, &format!("    nn_most({row}, {output}, {}, {}, y == 0);\n", shape.width, shape.channels));
}
