//! Steps without weights: sums, products, extremes, pools, and what only moves values. Image by image, in plain loops.

use automcu_model::{Border, Op, spec::Percent};

use super::{
    Mode,
    backward::withdraw,
    geometry::Geometry,
    shard::{Shard, present},
    shared::Shared,
};
use crate::{
    kernels::Places,
    plan::{Map, Plan, index},
    random::mixed,
};

const fn places(map: &Map) -> Places {
    Places { rows: map.height(), columns: map.width() }
}

/// What is read of an image of a map.
fn read<'a>(
    plan: &Plan,
    shared: &Shared,
    values: &'a [Vec<f32>],
    (map, image): (usize, usize),
    room: &'a mut [f32],
) -> &'a [f32] {
    let of = &plan.maps[map];
    let values = &values[map][image * of.elements()..][..of.elements()];
    present(shared, plan, map, values, places(of), room)
}

/// Computes the map after a step.
pub(super) fn forward(shard: &mut Shard, plan: &Plan, shared: &Shared, step: usize, mode: Mode, output: &mut [f32]) {
    let work = Work::of(plan, shared, step);
    let (inputs, makes) = (work.inputs, work.makes.elements());
    for image in 0..shard.count {
        let output = &mut output[image * makes..][..makes];
        let [first_room, _, second_room] = &mut shard.scratch;
        if work.op == Op::Concat {
            let mut before = 0;
            for &input in inputs {
                let channels = plan.maps[input].channels();
                let total = plan.maps[step + 1].channels();
                let values = read(plan, shared, &shard.values, (input, image), first_room);
                for (to, from) in output.chunks_exact_mut(total).zip(values.chunks_exact(channels)) {
                    to[before..before + channels].copy_from_slice(from);
                }
                before += channels;
            }
            continue;
        }
        let first = read(plan, shared, &shard.values, (inputs[0], image), first_room);
        let second =
            inputs.get(1).map_or(&[][..], |&input| read(plan, shared, &shard.values, (input, image), second_room));
        let drops = Drops::of(mode, step, shard.first + image);
        shared.isa.loops(|| work.compute(first, second, output, drops));
    }
}

/// Computes the gradients of what a step reads.
pub(super) fn backward(shard: &mut Shard, plan: &Plan, shared: &Shared, index: usize, own: &[f32]) {
    let step = &plan.steps[index];
    let map = &plan.maps[index + 1];
    let makes = map.elements();
    let work = Work::of(plan, shared, index);
    for image in 0..shard.count {
        let [first_room, gradients_room, second_room] = &mut shard.scratch;
        let sums = &shard.values[index + 1][image * makes..][..makes];
        let own = &own[image * makes..][..makes];
        let gradients = withdraw(shared, plan, index + 1, sums, own, places(map), gradients_room);
        let drops = Drops::of(Mode::Train { noise: shard.noise }, index, shard.first + image);
        let (first, second) = if work.wants_inputs() {
            let first = read(plan, shared, &shard.values, (step.inputs[0], image), first_room);
            (
                first,
                step.inputs
                    .get(1)
                    .map_or(&[][..], |&input| read(plan, shared, &shard.values, (input, image), second_room)),
            )
        } else {
            (&[][..], &[][..])
        };
        for (which, &input) in step.inputs.iter().enumerate() {
            if input == 0 {
                continue;
            }
            let size = plan.maps[input].elements();
            let to = &mut shard.gradients[shard.slots[input]][image * size..][..size];
            if step.begins[which] {
                to.fill(0.0);
            }
            shared.isa.loops(|| work.hand_back(which, (first, second), gradients, to, drops));
        }
    }
    for (which, &input) in step.inputs.iter().enumerate() {
        if step.completes[which] && input != 0 {
            shard.collect_all(plan, shared, input);
        }
    }
}

/// A step, and the maps it lies between.
struct Work<'a> {
    op: Op,
    inputs: &'a [usize],
    reads: &'a Map,
    /// The channels of each input, for those that lie side by side.
    widths: Vec<usize>,
    makes: &'a Map,
    geometry: Option<&'a Geometry>,
}

/// The part of a map that a window covers, in one channel.
#[derive(Clone, Copy)]
struct Covered {
    rows: (usize, usize),
    columns: (usize, usize),
    line: usize,
    channels: usize,
    channel: usize,
}

impl Covered {
    fn places(self) -> impl Iterator<Item = usize> {
        let row = move |row: usize| {
            (self.columns.0..self.columns.1)
                .map(move |column| (row * self.line + column) * self.channels + self.channel)
        };
        (self.rows.0..self.rows.1).flat_map(row)
    }

    const fn count(self) -> usize {
        (self.rows.1 - self.rows.0) * (self.columns.1 - self.columns.0)
    }
}

/// What is dropped of an image in a step of training: nothing when evaluating.
#[derive(Clone, Copy)]
struct Drops(Option<u64>);

impl Drops {
    fn of(mode: Mode, step: usize, sample: usize) -> Self {
        match mode {
            Mode::Evaluate => Self(None),
            Mode::Train { noise } => Self(Some(mixed(mixed(noise ^ step as u64) ^ sample as u64))),
        }
    }

    /// The factor of a value: 0 where it is dropped, and more than 1 elsewhere, so that the mean stays.
    fn factor(self, percent: Percent, place: usize) -> f32 {
        let Some(seed) = self.0 else { return 1.0 };
        let dropped = u64::from(percent.get());
        if mixed(seed ^ place as u64) % 100 < dropped {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 100")]
        let kept = (100 - dropped) as f32;
        100.0 / kept
    }
}

#[expect(clippy::cast_precision_loss, reason = "maps are small")]
const fn share(count: usize) -> f32 {
    1.0 / count as f32
}

impl<'a> Work<'a> {
    fn of(plan: &'a Plan, shared: &'a Shared, index: usize) -> Self {
        let step = &plan.steps[index];
        Self {
            op: step.op,
            inputs: &step.inputs,
            reads: &plan.maps[step.inputs[0]],
            widths: step.inputs.iter().map(|&input| plan.maps[input].channels()).collect(),
            makes: &plan.maps[index + 1],
            geometry: shared.geometry[index].as_ref().map(|(of, _)| of),
        }
    }

    /// Whether gradients depend on what was read.
    const fn wants_inputs(&self) -> bool {
        matches!(self.op, Op::Scale | Op::Multiply | Op::Maximum | Op::Minimum | Op::MaxPool { .. } | Op::GlobalMax)
    }

    #[inline(always)]
    fn compute(&self, first: &[f32], second: &[f32], output: &mut [f32], drops: Drops) {
        let pairs = || first.iter().zip(second);
        match self.op {
            Op::Add { .. } => output.iter_mut().zip(pairs()).for_each(|(to, (a, b))| *to = a + b),
            Op::Multiply => output.iter_mut().zip(pairs()).for_each(|(to, (a, b))| *to = a * b),
            Op::Maximum => output.iter_mut().zip(pairs()).for_each(|(to, (a, b))| *to = a.max(*b)),
            Op::Minimum => output.iter_mut().zip(pairs()).for_each(|(to, (a, b))| *to = a.min(*b)),
            Op::Scale => {
                let channels = second.len();
                for (to, from) in output.chunks_exact_mut(channels).zip(first.chunks_exact(channels)) {
                    to.iter_mut().zip(from.iter().zip(second)).for_each(|(to, (a, b))| *to = a * b);
                }
            }
            Op::MaxPool { .. } => self.each_window(|to, from| {
                output[to] = from.places().fold(f32::NEG_INFINITY, |most, place| most.max(first[place]));
            }),
            Op::AveragePool { .. } => self.each_window(|to, from| {
                let sum: f32 = from.places().map(|place| first[place]).sum();
                output[to] = sum * share(from.count());
            }),
            Op::GlobalAverage => {
                output.fill(0.0);
                for from in first.chunks_exact(output.len()) {
                    output.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
                let share = share(self.reads.area());
                output.iter_mut().for_each(|to| *to *= share);
            }
            Op::GlobalMax => {
                output.fill(f32::NEG_INFINITY);
                for from in first.chunks_exact(output.len()) {
                    output.iter_mut().zip(from).for_each(|(to, from)| *to = to.max(*from));
                }
            }
            Op::Pad(border) => {
                output.fill(0.0);
                self.each_row(border, |outside, inside| output[outside].copy_from_slice(&first[inside]));
            }
            Op::Dropout(percent) => {
                for (place, (to, from)) in output.iter_mut().zip(first).enumerate() {
                    *to = from * drops.factor(percent, place);
                }
            }
            _ => output.copy_from_slice(first),
        }
    }

    /// Adds the share of one input's gradient.
    #[inline(always)]
    fn hand_back(
        &self,
        which: usize,
        (first, second): (&[f32], &[f32]),
        gradients: &[f32],
        to: &mut [f32],
        drops: Drops,
    ) {
        let (own, other) = if which == 0 { (first, second) } else { (second, first) };
        let add = |to: &mut f32, by: f32| *to += by;
        match self.op {
            Op::Multiply => {
                to.iter_mut().zip(gradients.iter().zip(other)).for_each(|(to, (g, b))| add(to, g * b));
            }
            Op::Maximum | Op::Minimum => {
                let wins = |a: f32, b: f32| if self.op == Op::Maximum { a > b } else { a < b };
                for (i, to) in to.iter_mut().enumerate() {
                    // Of two that are equal the first one gets it all.
                    let is_chosen = wins(own[i], other[i]) || (own[i] == other[i] && which == 0);
                    add(to, if is_chosen { gradients[i] } else { 0.0 });
                }
            }
            Op::Scale if which == 0 => {
                let channels = second.len();
                for (to, from) in to.chunks_exact_mut(channels).zip(gradients.chunks_exact(channels)) {
                    to.iter_mut().zip(from.iter().zip(second)).for_each(|(to, (g, b))| add(to, g * b));
                }
            }
            Op::Scale => {
                let channels = to.len();
                for (values, from) in first.chunks_exact(channels).zip(gradients.chunks_exact(channels)) {
                    to.iter_mut().zip(from.iter().zip(values)).for_each(|(to, (g, a))| add(to, g * a));
                }
            }
            Op::Concat => {
                let before: usize = self.widths[..which].iter().sum();
                let (channels, total) = (self.widths[which], self.makes.channels());
                for (to, from) in to.chunks_exact_mut(channels).zip(gradients.chunks_exact(total)) {
                    to.iter_mut().zip(&from[before..]).for_each(|(to, g)| add(to, *g));
                }
            }
            Op::MaxPool { .. } => self.each_window(|place, from| {
                let largest = from.places().reduce(|most, next| if first[next] > first[most] { next } else { most });
                if let Some(largest) = largest {
                    to[largest] += gradients[place];
                }
            }),
            Op::AveragePool { .. } => self.each_window(|place, from| {
                let part = gradients[place] * share(from.count());
                from.places().for_each(|at| to[at] += part);
            }),
            Op::GlobalAverage => {
                let share = share(self.reads.area());
                for to in to.chunks_exact_mut(gradients.len()) {
                    to.iter_mut().zip(gradients).for_each(|(to, g)| add(to, g * share));
                }
            }
            Op::GlobalMax => {
                let channels = gradients.len();
                for (channel, gradient) in gradients.iter().enumerate() {
                    let places = (channel..first.len()).step_by(channels);
                    let largest =
                        places.fold(channel, |most, next| if first[next] > first[most] { next } else { most });
                    to[largest] += gradient;
                }
            }
            Op::Pad(border) => self.each_row(border, |outside, inside| {
                to[inside].iter_mut().zip(&gradients[outside]).for_each(|(to, g)| add(to, *g));
            }),
            Op::Dropout(percent) => {
                for (place, (to, g)) in to.iter_mut().zip(gradients).enumerate() {
                    add(to, g * drops.factor(percent, place));
                }
            }
            _ => to.iter_mut().zip(gradients).for_each(|(to, g)| add(to, *g)),
        }
    }

    /// For each value of the output its place and the places of its window, those outside left out.
    #[inline(always)]
    fn each_window(&self, mut work: impl FnMut(usize, Covered)) {
        let (Some(of), channels) = (self.geometry, self.reads.channels()) else { return };
        let within = |place: usize, stride: usize, kernel: usize, before: usize, size: usize| {
            let start = place * stride;
            (start.saturating_sub(before), (start + kernel).saturating_sub(before).min(size))
        };
        for row in 0..of.output.rows {
            let rows = within(row, of.stride.rows, of.kernel.rows, of.before.rows, of.input.rows);
            for column in 0..of.output.columns {
                let columns = within(column, of.stride.columns, of.kernel.columns, of.before.columns, of.input.columns);
                for channel in 0..channels {
                    let to = (row * of.output.columns + column) * channels + channel;
                    work(to, Covered { rows, columns, line: of.input.columns, channels, channel });
                }
            }
        }
    }

    /// The ranges of each row, in a map with a border and in that without.
    fn each_row(&self, border: Border, mut work: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
        let line = self.reads.width() * self.reads.channels();
        let wide = self.makes.width() * self.makes.channels();
        for row in 0..self.reads.height() {
            let outside = (row + index(border.top)) * wide + index(border.left) * self.reads.channels();
            work(outside..outside + line, row * line..(row + 1) * line);
        }
    }
}
