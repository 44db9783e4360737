//! Steps backwards: the gradient of what a step writes becomes that of its weights, and of what it reads.

use automcu_model::Op;

use super::{
    elementwise,
    forward::pad,
    geometry::{Geometry, Reversed},
    shard::{Shard, TILE, present},
    shared::{Shared, Weights},
};
use crate::{
    kernels::{Collect, Depthwise, DepthwiseWeights, Field, Outer, Places, Products, Steps, Window, Withdraw},
    plan::{Follow, Plan},
};

impl Shard {
    /// Undoes a step. The gradient of what is read of its map is complete, and how it comes back through what follows the map
    /// is known.
    pub(super) fn backward(&mut self, plan: &Plan, shared: &Shared, step: usize) {
        let own = std::mem::take(&mut self.gradients[self.slots[step + 1]]);
        let pointwise = shared.geometry[step].as_ref().is_none_or(|(of, _)| of.is_pointwise());
        self.gradient[plan.steps[step].weights.clone()].fill(0.0);
        match plan.steps[step].op {
            Op::Conv { .. } | Op::Dense { .. } if pointwise => self.backward_places(plan, shared, step, &own),
            Op::Conv { .. } | Op::DepthwiseConv { .. } => self.backward_windows(plan, shared, step, &own),
            _ => elementwise::backward(self, plan, shared, step, &own),
        }
        self.gradients[self.slots[step + 1]] = own;
    }

    fn backward_places(&mut self, plan: &Plan, shared: &Shared, index: usize, own: &[f32]) {
        let step = &plan.steps[index];
        let (source, Weights::Products { backward, .. }) = (step.inputs[0], &shared.weights[index]) else { return };
        let (inputs, outputs) = (plan.maps[source].channels(), plan.maps[index + 1].channels());
        let all = plan.maps[index + 1].area() * self.count;
        for first in (0..all).step_by(TILE) {
            let places = Places { rows: 1, columns: TILE.min(all - first) };
            let reads = first * inputs..(first + places.columns) * inputs;
            let writes = first * outputs..(first + places.columns) * outputs;
            let [room, of_outputs, _] = &mut self.scratch;
            let values = present(shared, plan, source, &self.values[source][reads.clone()], places, room);
            let sums = &self.values[index + 1][writes.clone()];
            let gradients = withdraw(shared, plan, index + 1, sums, &own[writes], places, of_outputs);
            let (from, along) = (Steps { column: inputs, row: 0 }, Steps { column: outputs, row: 0 });
            let weights = &mut self.gradient[step.weights.clone()];
            let read = (values, from, Window::place(inputs));
            shared.isa.run(Outer::new(read, (gradients, along, outputs), weights, places));
            if source == 0 {
                continue;
            }
            let to = &mut self.gradients[self.slots[source]][reads.clone()];
            let back = (gradients, along, Window::place(outputs));
            shared.isa.run(Products::new(back, &backward[0], (to, from, !step.begins[0]), places));
            if step.completes[0] {
                self.collect(plan, shared, source, reads.start, places);
            }
        }
    }

    fn backward_windows(&mut self, plan: &Plan, shared: &Shared, index: usize, own: &[f32]) {
        let step = &plan.steps[index];
        let (source, Some((of, reversed))) = (step.inputs[0], &shared.geometry[index]) else { return };
        let (inputs, outputs) = (plan.maps[source].channels(), plan.maps[index + 1].channels());
        let (size, makes) = (plan.maps[source].elements(), plan.maps[index + 1].elements());
        self.scratch[0][..of.padded.count() * inputs].fill(0.0);
        self.scratch[1][..reversed.padded.count() * outputs].fill(0.0);
        for image in 0..self.count {
            let values = &self.values[source][image * size..][..size];
            pad(shared, plan, source, of, values, &mut self.scratch[0]);
            let sums = &self.values[index + 1][image * makes..][..makes];
            let [room, of_outputs, wide] = &mut self.scratch;
            pad_gradients(shared, plan, index + 1, reversed, sums, &own[image * makes..][..makes], of_outputs);
            let weights = &mut self.gradient[step.weights.clone()];
            weigh(shared, index, (of, reversed), (room, of_outputs), (inputs, outputs), weights, wide);
            if source == 0 {
                continue;
            }
            let to = &mut self.gradients[self.slots[source]][image * size..][..size];
            hand_back(shared, index, (of, reversed), of_outputs, (inputs, outputs), (to, !step.begins[0]));
            if step.completes[0] {
                self.collect(plan, shared, source, image * size, of.input.places());
            }
        }
    }

    /// Adds the complete gradients of some places of a map to the sums that what follows the map needs.
    pub(super) fn collect(&mut self, plan: &Plan, shared: &Shared, map: usize, first: usize, places: Places) {
        let (of, following) = (&plan.maps[map], &shared.following[map]);
        if of.follow == Follow::Nothing {
            return;
        }
        let (length, row) = (places.count() * of.channels(), places.columns * of.channels());
        let field = Field::new(places, of.channels(), following.fold);
        let sums = (&self.values[map][first..first + length], row);
        let gradients = (&self.gradients[self.slots[map]][first..first + length], row);
        let tally = &mut self.tallies[map];
        let (affine, centre) = (&following.affine, &following.centre);
        Collect { affine, centre, field, sums, gradients, tally }.run(shared.isa);
    }

    /// As [`Shard::collect`], for all samples.
    pub(super) fn collect_all(&mut self, plan: &Plan, shared: &Shared, map: usize) {
        let of = &plan.maps[map];
        for image in 0..self.count {
            let places = Places { rows: of.height(), columns: of.width() };
            self.collect(plan, shared, map, image * of.elements(), places);
        }
    }
}

/// The gradients of what is stored of places that lie side by side: those of what is read, or what is computed into `room`.
pub(super) fn withdraw<'a>(
    shared: &Shared,
    plan: &Plan,
    map: usize,
    sums: &'a [f32],
    gradients: &'a [f32],
    places: Places,
    room: &'a mut [f32],
) -> &'a [f32] {
    let (of, following) = (&plan.maps[map], &shared.following[map]);
    if of.passes_gradients() {
        return gradients;
    }
    let row = places.columns * of.channels();
    let field = Field::new(places, of.channels(), following.fold);
    let room = &mut room[..places.count() * of.channels()];
    let (affine, pull) = (&following.affine, &following.pull);
    Withdraw { affine, pull, field, sums: (sums, row), gradients: (gradients, row), output: (&mut *room, row) }
        .run(shared.isa);
    room
}

/// Puts the gradients of what is stored of an image into a room that has zeros around.
fn pad_gradients(
    shared: &Shared,
    plan: &Plan,
    map: usize,
    of: &Reversed,
    sums: &[f32],
    gradients: &[f32],
    room: &mut [f32],
) {
    let (map, following) = (&plan.maps[map], &shared.following[map]);
    let (channels, line) = (map.channels(), map.width() * map.channels());
    let row = of.padded.columns * channels;
    let inside = &mut room[of.before.rows * row + of.before.columns * channels..];
    let field = Field::new(Places { rows: map.height(), columns: map.width() }, channels, following.fold);
    let (affine, pull) = (&following.affine, &following.pull);
    Withdraw { affine, pull, field, sums: (sums, line), gradients: (gradients, line), output: (inside, row) }
        .run(shared.isa);
}

/// Adds an image's share to the gradients of weights.
fn weigh(
    shared: &Shared,
    step: usize,
    (of, reversed): (&Geometry, &Reversed),
    (room, gradients): (&[f32], &[f32]),
    (inputs, outputs): (usize, usize),
    weights: &mut [f32],
    wide: &mut [f32],
) {
    let row = reversed.padded.columns * outputs;
    let gradients = &gradients[reversed.before.rows * row + reversed.before.columns * outputs..];
    match &shared.weights[step] {
        Weights::None => {}
        Weights::Products { .. } => {
            let (from, window) = of.window(inputs);
            let rows = (TILE / of.output.columns).clamp(1, of.output.rows);
            for first in (0..of.output.rows).step_by(rows) {
                let places = Places { rows: rows.min(of.output.rows - first), columns: of.output.columns };
                let along = Steps { column: outputs, row };
                let read = (&room[first * from.row..], from, window);
                shared.isa.run(Outer::new(read, (&gradients[first * row..], along, outputs), weights, places));
            }
        }
        Weights::Depthwise { forwards: fold, .. } => {
            let (from, taps) = of.taps(inputs, *fold);
            let along = Steps { column: outputs * fold, row };
            let places = Places { columns: of.output.columns / fold, ..of.output.places() };
            let wide = &mut wide[..taps.count() * taps.width()];
            wide.fill(0.0);
            shared.isa.run(DepthwiseWeights::new((room, from, taps), (gradients, along), wide, places));
            for (weights, wide) in weights.chunks_exact_mut(inputs).zip(wide.chunks_exact(taps.width())) {
                for wide in wide.chunks_exact(inputs) {
                    weights.iter_mut().zip(wide).for_each(|(weight, wide)| *weight += wide);
                }
            }
        }
    }
}

/// Computes an image's gradients of inputs, or adds them to what is there.
fn hand_back(
    shared: &Shared,
    step: usize,
    (of, reversed): (&Geometry, &Reversed),
    gradients: &[f32],
    (inputs, outputs): (usize, usize),
    (to, adds): (&mut [f32], bool),
) {
    let columns = reversed.padded.columns;
    for (phase, of_phase) in reversed.phases.iter().enumerate() {
        let (first, steps) = of_phase.to(of.input.columns, inputs);
        let (to, places) = (&mut to[first..], of_phase.places());
        let gradients = &gradients[of_phase.from(columns, outputs)..];
        match &shared.weights[step] {
            Weights::None => {}
            Weights::Products { backward, .. } => {
                let (from, window) = of_phase.window(columns, outputs);
                shared.isa.run(Products::new((gradients, from, window), &backward[phase], (to, steps, adds), places));
            }
            Weights::Depthwise { backward, backwards: fold, .. } => {
                let (from, taps) = of_phase.depthwise(columns, inputs, *fold);
                let steps = Steps { column: steps.column * fold, ..steps };
                let places = Places { columns: places.columns / fold, ..places };
                shared.isa.run(Depthwise::new((gradients, from, taps), &backward[phase], (to, steps, adds), places));
            }
        }
    }
}
