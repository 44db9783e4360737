//! A part of a batch with all that belongs to it: what steps write, gradients, sums over places, room to work in.

use crate::{
    executor::shared::{Shared, Weights},
    kernels::{Field, Places, Present, Tally},
    plan::{Map, Plan},
};

pub(super) struct Shard {
    /// The first sample's place in the batch.
    pub(super) first: usize,
    pub(super) count: usize,
    /// By map.
    pub(super) values: Vec<Vec<f32>>,
    /// The gradients of maps, by [`Shard::slots`]: a map's lives from its first share until its step is done.
    pub(super) gradients: Vec<Vec<f32>>,
    pub(super) slots: Vec<usize>,
    pub(super) tallies: Vec<Tally>,
    /// Of weights only.
    pub(super) gradient: Vec<f32>,
    pub(super) loss: f64,
    /// What made this step's drops.
    pub(super) noise: u64,
    pub(super) scratch: [Vec<f32>; 3],
}

impl Shard {
    pub(super) fn new(plan: &Plan, shared: &Shared, most: usize) -> Self {
        let (slots, sizes) = slots(plan);
        let tallies = plan.maps.iter().zip(&shared.following).map(|(map, of)| Tally::new(map.channels(), of.fold));
        let scratch = scratch(plan, shared, most);
        Self {
            first: 0,
            count: 0,
            values: plan.maps.iter().map(|map| vec![0.0; map.elements() * most]).collect(),
            gradients: sizes.into_iter().map(|size| vec![0.0; size * most]).collect(),
            slots,
            tallies: tallies.collect(),
            gradient: vec![0.0; plan.parameters],
            loss: 0.0,
            noise: 0,
            scratch: scratch.map(|size| vec![0.0; size]),
        }
    }

    /// What the network's output is, of all samples.
    pub(super) fn present_output(&mut self, plan: &Plan, shared: &Shared) -> &[f32] {
        let map = &plan.maps[plan.output];
        let length = map.elements() * self.count;
        let values = &self.values[plan.output][..length];
        let places = Places { rows: 1, columns: map.area() * self.count };
        present(shared, plan, plan.output, values, places, &mut self.scratch[0])
    }
}

/// What is read of places of a map that lie side by side: what is stored, or what is computed into `room`.
pub(super) fn present<'a>(
    shared: &Shared,
    plan: &Plan,
    map: usize,
    values: &'a [f32],
    places: Places,
    room: &'a mut [f32],
) -> &'a [f32] {
    let (of, following) = (&plan.maps[map], &shared.following[map]);
    if of.is_plain() {
        return values;
    }
    let row = places.columns * of.channels();
    let field = Field::new(places, of.channels(), following.fold);
    let room = &mut room[..places.count() * of.channels()];
    Present { affine: &following.affine, field, sums: (values, row), output: (&mut *room, row) }.run(shared.isa);
    room
}

/// For each map the slot of its gradient, and for each slot how many values a sample has in it. Going backwards, a map takes a
/// slot when its first share comes and leaves it when its own step is done.
fn slots(plan: &Plan) -> (Vec<usize>, Vec<usize>) {
    let mut slot_of = vec![usize::MAX; plan.maps.len()];
    let mut sizes: Vec<usize> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut take = |map: usize, slot_of: &mut Vec<usize>, free: &mut Vec<usize>| {
        let size = plan.maps[map].elements();
        // The smallest that is large enough, or else the largest, which grows.
        let best = (0..free.len()).min_by_key(|&i| {
            let has: usize = sizes[free[i]];
            if has >= size { (false, has) } else { (true, usize::MAX - has) }
        });
        let slot = best.map_or_else(
            || {
                sizes.push(0);
                sizes.len() - 1
            },
            |i| free.swap_remove(i),
        );
        sizes[slot] = sizes[slot].max(size);
        slot_of[map] = slot;
    };
    take(plan.output, &mut slot_of, &mut free);
    for (i, step) in plan.steps.iter().enumerate().rev() {
        for (&input, &begins) in step.inputs.iter().zip(&step.begins) {
            if begins && input != 0 {
                take(input, &mut slot_of, &mut free);
            }
        }
        free.push(slot_of[i + 1]);
    }
    (slot_of, sizes)
}

/// The room that the steps need: for what is read, for gradients, for a second input or the sums of
/// depthwise kernels.
fn scratch(plan: &Plan, shared: &Shared, most: usize) -> [usize; 3] {
    let tile = |map: &Map| (TILE * map.channels()).min(map.elements() * most).max(map.elements());
    let mut sizes = [plan.maps[plan.output].elements() * most, 0, 0];
    for (i, step) in plan.steps.iter().enumerate() {
        let output = &plan.maps[i + 1];
        let mut reads = tile(&plan.maps[step.inputs[0]]);
        let mut gradients = tile(output);
        if let Some((of, reversed)) = &shared.geometry[i] {
            reads = reads.max(of.padded.count() * plan.maps[step.inputs[0]].channels());
            gradients = gradients.max(reversed.padded.count() * output.channels());
        }
        let mut second = step.inputs.get(1).map_or(0, |&input| tile(&plan.maps[input]));
        if let Weights::Depthwise { forward, .. } = &shared.weights[i] {
            second = forward.len();
        }
        sizes = [sizes[0].max(reads), sizes[1].max(gradients), sizes[2].max(second)];
    }
    sizes
}

/// Places that are worked on at a time where neighbours do not matter: few enough to stay in the first cache.
pub(super) const TILE: usize = 128;
