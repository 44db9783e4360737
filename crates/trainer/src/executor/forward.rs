//! Steps forwards.

use automcu_model::Op;

use super::{
    Mode, elementwise,
    geometry::Geometry,
    shard::{Shard, TILE, present},
    shared::{Shared, Weights},
};
use crate::{
    kernels::{Depthwise, Field, Moments, Places, Present, Products, Steps, Window},
    plan::{Follow, Plan},
};

impl Shard {
    /// Computes the map after a step, and what its normalisation wants to know of it.
    pub(super) fn forward(&mut self, plan: &Plan, shared: &Shared, step: usize, mode: Mode) {
        if let Mode::Train { noise } = mode {
            self.noise = noise;
        }
        // What the step writes is taken out, so that it can be written while others are read.
        let mut output = std::mem::take(&mut self.values[step + 1]);
        let pointwise = shared.geometry[step].as_ref().is_none_or(|(of, _)| of.is_pointwise());
        match plan.steps[step].op {
            Op::Conv { .. } | Op::Dense { .. } if pointwise => {
                self.forward_places(plan, shared, step, mode, &mut output);
            }
            Op::Conv { .. } | Op::DepthwiseConv { .. } => {
                self.forward_windows(plan, shared, step, mode, &mut output);
            }
            _ => {
                elementwise::forward(self, plan, shared, step, mode, &mut output);
                self.measure(plan, shared, step + 1, mode, &output, 0..self.count);
            }
        }
        self.values[step + 1] = output;
    }

    /// What has no neighbours: tiles of places, one behind the other.
    fn forward_places(&mut self, plan: &Plan, shared: &Shared, step: usize, mode: Mode, output: &mut [f32]) {
        let (source, Weights::Products { forward: panel, .. }) = (plan.steps[step].inputs[0], &shared.weights[step])
        else {
            return;
        };
        let (inputs, outputs) = (plan.maps[source].channels(), plan.maps[step + 1].channels());
        let all = plan.maps[step + 1].area() * self.count;
        for first in (0..all).step_by(TILE) {
            let places = Places { rows: 1, columns: TILE.min(all - first) };
            let values = &self.values[source][first * inputs..][..places.columns * inputs];
            let values = present(shared, plan, source, values, places, &mut self.scratch[0]);
            let output = &mut output[first * outputs..][..places.columns * outputs];
            let (from, to) = (Steps { column: inputs, row: 0 }, Steps { column: outputs, row: 0 });
            shared.isa.run(Products::new(
                (values, from, Window::place(inputs)),
                panel,
                (&mut *output, to, false),
                places,
            ));
            self.measure_places(plan, shared, step + 1, mode, output, places);
        }
    }

    /// What looks at neighbours: image by image, with zeros around.
    fn forward_windows(&mut self, plan: &Plan, shared: &Shared, step: usize, mode: Mode, output: &mut [f32]) {
        let source = plan.steps[step].inputs[0];
        let Some((of, _)) = &shared.geometry[step] else { return };
        let (inputs, outputs) = (plan.maps[source].channels(), plan.maps[step + 1].channels());
        let (size, makes) = (plan.maps[source].elements(), plan.maps[step + 1].elements());
        self.scratch[0][..of.padded.count() * inputs].fill(0.0);
        // As many rows at a time as stay in the first cache until they were measured.
        let rows = (TILE / of.output.columns).clamp(1, of.output.rows);
        for image in 0..self.count {
            let values = &self.values[source][image * size..][..size];
            pad(shared, plan, source, of, values, &mut self.scratch[0]);
            let output = &mut output[image * makes..][..makes];
            for row in (0..of.output.rows).step_by(rows) {
                let places = Places { rows: rows.min(of.output.rows - row), columns: of.output.columns };
                let line = of.output.columns * outputs;
                let output = &mut output[row * line..][..places.rows * line];
                let room = &self.scratch[0][row * of.stride.rows * of.padded.columns * inputs..];
                compute(shared, step, of, room, (inputs, outputs), output, places);
                self.measure_places(plan, shared, step + 1, mode, output, places);
            }
        }
    }

    /// Lets the normalisation of a map see some of its places.
    fn measure_places(&mut self, plan: &Plan, shared: &Shared, map: usize, mode: Mode, values: &[f32], places: Places) {
        let (of, following) = (&plan.maps[map], &shared.following[map]);
        if let (Follow::Norm { .. }, Mode::Train { .. }) = (&of.follow, mode) {
            let field = Field::new(places, of.channels(), following.fold);
            let values = (values, places.columns * of.channels());
            Moments { centre: &following.centre, field, values, tally: &mut self.tallies[map] }.run(shared.isa);
        }
    }

    fn measure(
        &mut self,
        plan: &Plan,
        shared: &Shared,
        map: usize,
        mode: Mode,
        values: &[f32],
        images: std::ops::Range<usize>,
    ) {
        let of = &plan.maps[map];
        for image in images {
            let values = &values[image * of.elements()..][..of.elements()];
            self.measure_places(plan, shared, map, mode, values, Places { rows: of.height(), columns: of.width() });
        }
    }
}

/// Some rows of a convolution's outputs, from a padded map.
fn compute(
    shared: &Shared,
    step: usize,
    of: &Geometry,
    room: &[f32],
    (inputs, outputs): (usize, usize),
    output: &mut [f32],
    places: Places,
) {
    let row = places.columns * outputs;
    match &shared.weights[step] {
        Weights::None => {}
        Weights::Products { forward, .. } => {
            let (from, window) = of.window(inputs);
            let to = Steps { column: outputs, row };
            shared.isa.run(Products::new((room, from, window), forward, (output, to, false), places));
        }
        Weights::Depthwise { forward, forwards: fold, .. } => {
            let (from, taps) = of.taps(inputs, *fold);
            let to = Steps { column: outputs * fold, row };
            let places = Places { columns: places.columns / fold, ..places };
            shared.isa.run(Depthwise::new((room, from, taps), forward, (output, to, false), places));
        }
    }
}

/// Puts what is read of an image into a room that has zeros around.
pub(super) fn pad(shared: &Shared, plan: &Plan, map: usize, of: &Geometry, values: &[f32], room: &mut [f32]) {
    let (channels, following) = (plan.maps[map].channels(), &shared.following[map]);
    let row = of.padded.columns * channels;
    let inside = &mut room[of.before.rows * row + of.before.columns * channels..];
    let field = Field::new(of.input.places(), channels, following.fold);
    let sums = (values, of.input.columns * channels);
    Present { affine: &following.affine, field, sums, output: (inside, row) }.run(shared.isa);
}
