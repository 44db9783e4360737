//! What all shards read and none writes: weights in the order of the kernels, and what follows each map.

use automcu_model::Op;

use super::{EPSILON, MOMENTUM, State, geometry::Geometry, geometry::Reversed};
use crate::{
    kernels::{Affine, Constants, Isa, Panel, Pull, Tally, fold},
    plan::{Follow, Map, Plan, Span, Step},
};

/// The weights of a step, as its kernels read them.
pub(super) enum Weights {
    None,
    /// Sums of products: for the outputs, and for the inputs' gradients by phase.
    Products {
        forward: Panel,
        backward: Vec<Panel>,
    },
    /// One kernel a channel, repeated for as many places as are treated as one, forwards and backwards.
    Depthwise {
        forward: Vec<f32>,
        backward: Vec<Vec<f32>>,
        forwards: usize,
        backwards: usize,
    },
}

/// What follows a map's values, and how gradients come back through it.
pub(super) struct Following {
    pub(super) affine: Affine,
    pub(super) pull: Pull,
    /// What moments are taken about: the running mean while values come in, the batch's own for gradients.
    pub(super) centre: Constants,
    pub(super) fold: usize,
    means: Vec<f32>,
    /// 1 over the root of the variance.
    inverse: Vec<f32>,
}

pub(super) struct Shared {
    pub(super) isa: Isa,
    pub(super) weights: Vec<Weights>,
    pub(super) following: Vec<Following>,
    pub(super) geometry: Vec<Option<(Geometry, Reversed)>>,
}

/// Window, step and padding of a step, if it has them.
fn geometry(plan: &Plan, step: &Step, output: &Map) -> Option<Geometry> {
    let (window, padding) = (step.op.window()?, step.op.padding()?);
    Some(Geometry::of(window, padding, &plan.maps[step.inputs[0]], output))
}

impl Shared {
    pub(super) fn new(plan: &Plan, isa: Isa) -> Self {
        let geometry: Vec<_> = plan
            .steps
            .iter()
            .enumerate()
            .map(|(i, step)| geometry(plan, step, &plan.maps[i + 1]).map(|of| (of, of.reversed())))
            .collect();
        let weights = plan.steps.iter().enumerate().map(|(i, step)| {
            let (inputs, outputs) = (&plan.maps[step.inputs[0]], &plan.maps[i + 1]);
            Weights::room(isa, &step.op, geometry[i].as_ref(), inputs, outputs)
        });
        Self { isa, weights: weights.collect(), following: plan.maps.iter().map(Following::new).collect(), geometry }
    }

    /// Puts parameters into the order of the kernels.
    pub(super) fn take_weights(&mut self, plan: &Plan, parameters: &[f32]) {
        for (i, step) in plan.steps.iter().enumerate() {
            let (inputs, outputs) = (plan.maps[step.inputs[0]].channels(), plan.maps[i + 1].channels());
            self.weights[i].fill(&parameters[step.weights.clone()], self.geometry[i].as_ref(), inputs, outputs);
        }
        for (map, following) in plan.maps.iter().zip(&mut self.following) {
            if let Follow::Bias(span) = &map.follow {
                following.affine.shift.set(&parameters[span.clone()], following.fold);
            }
        }
    }

    /// Takes moments about the running means.
    pub(super) fn take_centres(&mut self, plan: &Plan, state: &State) {
        for (map, following) in plan.maps.iter().zip(&mut self.following) {
            if let Follow::Norm { running, .. } = &map.follow {
                following.centre.set(&state.means[running.clone()], following.fold);
            }
        }
    }

    /// Normalises by what was seen in training.
    pub(super) fn take_running(&mut self, plan: &Plan, state: &State) {
        for (map, following) in plan.maps.iter().zip(&mut self.following) {
            let Follow::Norm { running, scales, shifts } = &map.follow else { continue };
            for (channel, place) in running.clone().enumerate() {
                following.means[channel] = state.means[place];
                following.inverse[channel] = 1.0 / (state.variances[place] + EPSILON).sqrt();
            }
            following.scale_by(&state.parameters, scales, shifts);
        }
    }

    /// Normalises by what the shards have seen of this batch.
    pub(super) fn normalise<'t>(
        &mut self,
        map: &Map,
        index: usize,
        tallies: impl Iterator<Item = &'t mut Tally>,
        places: usize,
        state: &mut State,
    ) {
        let Follow::Norm { running, scales, shifts } = &map.follow else { return };
        let following = &mut self.following[index];
        let [firsts, seconds] = sums(tallies, map.channels());
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let count = places as f64;
        for (channel, place) in running.clone().enumerate() {
            let offset = firsts[channel] / count;
            let variance = (seconds[channel] / count - offset * offset).max(0.0);
            let mean = f64::from(state.means[place]) + offset;
            let unbiased = variance * count / (count - 1.0).max(1.0);
            following.means[channel] = single(mean);
            following.inverse[channel] = single(1.0 / (variance + f64::from(EPSILON)).sqrt());
            let approach = |from: &mut f32, to: f64| *from += (single(to) - *from) * MOMENTUM;
            approach(&mut state.means[place], mean);
            approach(&mut state.variances[place], unbiased);
        }
        following.scale_by(&state.parameters, scales, shifts);
        following.centre.set(&following.means, following.fold);
    }

    /// How gradients come back through what follows a map; the gradients of what follows it are added.
    pub(super) fn pull<'t>(
        &mut self,
        map: &Map,
        index: usize,
        tallies: impl Iterator<Item = &'t mut Tally>,
        places: usize,
        parameters: &[f32],
        gradient: &mut [f32],
    ) {
        let following = &mut self.following[index];
        let [firsts, seconds] = sums(tallies, map.channels());
        match &map.follow {
            Follow::Nothing => {}
            Follow::Bias(span) => {
                for (sum, first) in gradient[span.clone()].iter_mut().zip(firsts) {
                    *sum += single(first);
                }
            }
            Follow::Norm { scales, shifts, .. } => {
                let parts = (0..map.channels()).map(|channel| {
                    let (mean, inverse) = (f64::from(following.means[channel]), f64::from(following.inverse[channel]));
                    gradient[scales.start + channel] += single(seconds[channel] * inverse);
                    gradient[shifts.start + channel] += single(firsts[channel]);
                    let factor = f64::from(parameters[scales.start + channel]) * inverse;
                    #[expect(clippy::cast_precision_loss, reason = "batches are small")]
                    let share = factor / places as f64;
                    let slope = -share * inverse * inverse * seconds[channel];
                    [factor, slope, -share * firsts[channel] - slope * mean].map(single)
                });
                let parts: Vec<[f32; 3]> = parts.collect();
                let of = |i: usize| parts.iter().map(|part| part[i]).collect::<Vec<f32>>();
                following.pull.factor.set(&of(0), following.fold);
                following.pull.slope.set(&of(1), following.fold);
                following.pull.offset.set(&of(2), following.fold);
            }
        }
    }
}

/// The sums of all shards, in their order.
fn sums<'t>(tallies: impl Iterator<Item = &'t mut Tally>, channels: usize) -> [Vec<f64>; 2] {
    let mut sums = [vec![0.0; channels], vec![0.0; channels]];
    for tally in tallies {
        for (sums, totals) in sums.iter_mut().zip(tally.totals()) {
            sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
        }
        tally.clear();
    }
    sums
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to what the kernels compute with")]
pub(super) const fn single(value: f64) -> f32 {
    value as f32
}

impl Following {
    fn new(map: &Map) -> Self {
        let channels = map.channels();
        let fold = fold(channels, map.width());
        let all = |value: f32| Constants::of(&vec![value; channels], fold);
        Self {
            affine: Affine { scale: all(1.0), shift: all(0.0), activation: map.activation },
            pull: Pull { factor: all(1.0), slope: all(0.0), offset: all(0.0) },
            centre: all(0.0),
            fold,
            means: vec![0.0; channels],
            inverse: vec![1.0; channels],
        }
    }

    fn scale_by(&mut self, parameters: &[f32], scales: &Span, shifts: &Span) {
        let scale: Vec<f32> = parameters[scales.clone()].iter().zip(&self.inverse).map(|(s, i)| s * i).collect();
        let shift = parameters[shifts.clone()].iter().zip(&self.means).zip(&scale);
        let shift: Vec<f32> = shift.map(|((shift, mean), scale)| shift - mean * scale).collect();
        self.affine.scale.set(&scale, self.fold);
        self.affine.shift.set(&shift, self.fold);
    }
}

impl Weights {
    fn room(isa: Isa, op: &Op, geometry: Option<&(Geometry, Reversed)>, input: &Map, output: &Map) -> Self {
        let (inputs, outputs) = (input.channels(), output.channels());
        match (op, geometry) {
            (Op::Conv { .. }, Some((of, reversed))) => {
                let phases = reversed.phases.iter().map(|phase| Panel::new(isa, phase.taps() * outputs, inputs));
                Self::Products {
                    forward: Panel::new(isa, of.kernel.count() * inputs, outputs),
                    backward: phases.collect(),
                }
            }
            (Op::Dense { .. }, _) => Self::Products {
                forward: Panel::new(isa, inputs, outputs),
                backward: vec![Panel::new(isa, outputs, inputs)],
            },
            (Op::DepthwiseConv { .. }, Some((of, reversed))) => {
                // Places are neighbours only where the kernel goes on by one.
                let fold = |map: &Map| if of.stride.count() == 1 { fold(inputs, map.width()) } else { 1 };
                let (forwards, backwards) = (fold(output), fold(input));
                Self::Depthwise {
                    forward: vec![0.0; of.kernel.count() * inputs * forwards],
                    backward: reversed
                        .phases
                        .iter()
                        .map(|phase| vec![0.0; phase.taps() * inputs * backwards])
                        .collect(),
                    forwards,
                    backwards,
                }
            }
            _ => Self::None,
        }
    }

    fn fill(&mut self, from: &[f32], geometry: Option<&(Geometry, Reversed)>, inputs: usize, outputs: usize) {
        match (self, geometry) {
            (Self::Products { forward, backward }, None) => {
                forward.fill(|input, output| from[input * outputs + output]);
                backward[0].fill(|output, input| from[input * outputs + output]);
            }
            (Self::Products { forward, backward }, Some((of, reversed))) => {
                forward.fill(|term, output| from[term * outputs + output]);
                for (panel, phase) in backward.iter_mut().zip(&reversed.phases) {
                    panel.fill(|term, input| {
                        let (tap, output) = (term / outputs, term % outputs);
                        let row = phase.rows.kernel(tap / phase.columns.taps);
                        let column = phase.columns.kernel(tap % phase.columns.taps);
                        from[((row * of.kernel.columns + column) * inputs + input) * outputs + output]
                    });
                }
            }
            (Self::Depthwise { forward, backward, forwards, backwards }, Some((of, reversed))) => {
                let spread = |to: &mut [f32], fold: usize, kernel: &dyn Fn(usize) -> usize| {
                    for (tap, to) in to.chunks_exact_mut(inputs * fold).enumerate() {
                        let from = &from[kernel(tap) * inputs..][..inputs];
                        to.chunks_exact_mut(inputs).for_each(|to| to.copy_from_slice(from));
                    }
                };
                spread(forward, *forwards, &|tap| tap);
                for (to, phase) in backward.iter_mut().zip(&reversed.phases) {
                    spread(to, *backwards, &|tap| {
                        let row = phase.rows.kernel(tap / phase.columns.taps);
                        row * of.kernel.columns + phase.columns.kernel(tap % phase.columns.taps)
                    });
                }
            }
            _ => {}
        }
    }
}
