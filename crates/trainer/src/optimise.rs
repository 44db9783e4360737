//! How parameters follow gradients.

use crate::{
    executor::State,
    kernels::Isa,
    plan::{Held, Holder},
    recipe::{Optimiser, Recipe},
};

/// What an optimiser remembers from step to step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Memory {
    /// Momentum, or the mean of gradients.
    pub(crate) first: Vec<f32>,
    /// The mean of their squares, where the optimiser has one.
    pub(crate) second: Vec<f32>,
    /// The average of all states.
    pub(crate) average: Option<State>,
    /// How many steps were taken.
    pub(crate) steps: u64,
}

impl Memory {
    pub(crate) fn new(recipe: &Recipe, state: &State) -> Self {
        let blank = vec![0.0; state.parameters.len()];
        let second = if Self::has_second(recipe) { blank.clone() } else { Vec::new() };
        Self { first: blank, second, average: recipe.average.map(|_| state.clone()), steps: 0 }
    }

    /// Whether the optimiser remembers squares.
    pub(crate) const fn has_second(recipe: &Recipe) -> bool {
        matches!(recipe.optimiser, Optimiser::Adamw { .. })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to what is computed with")]
const fn single(value: f64) -> f32 {
    value as f32
}

/// The length of a gradient; no number where any of it is none.
pub(crate) fn length(gradient: &[f32]) -> f64 {
    // Sums of a few values at a time stay exact enough, and are fast.
    gradient.chunks(64).map(|part| f64::from(part.iter().map(|g| g * g).sum::<f32>())).sum::<f64>().sqrt()
}

/// Takes a step at this rate.
pub(crate) fn step(
    recipe: &Recipe,
    rate: f64,
    layout: &[Holder],
    isa: Isa,
    gradient: &[f32],
    state: &mut State,
    memory: &mut Memory,
) {
    memory.steps += 1;
    for holder in layout {
        let span = holder.span.clone();
        let shrinks = matches!(holder.kind, Held::Conv | Held::Depthwise | Held::Dense);
        let decay = single(if shrinks { recipe.weight_decay } else { 0.0 });
        let parameters = &mut state.parameters[span.clone()];
        let (gradient, first) = (&gradient[span.clone()], &mut memory.first[span.clone()]);
        match recipe.optimiser {
            Optimiser::Sgd { momentum, nesterov } => {
                let (momentum, rate) = (single(momentum), single(rate));
                isa.loops(|| {
                    for ((parameter, gradient), first) in parameters.iter_mut().zip(gradient).zip(first) {
                        let gradient = gradient + decay * *parameter;
                        *first = momentum * *first + gradient;
                        *parameter -= rate * if nesterov { gradient + momentum * *first } else { *first };
                    }
                });
            }
            Optimiser::Adamw { mean, square } => {
                let steps = i32::try_from(memory.steps).unwrap_or(i32::MAX);
                let (seen, seen_square) = (1.0 - mean.powi(steps), (1.0 - square.powi(steps)).sqrt());
                let (mean, square) = (single(mean), single(square));
                let (length, shrink) = (single(rate / seen * seen_square), 1.0 - single(rate) * decay);
                let least = single(1e-8 * seen_square);
                let second = &mut memory.second[span];
                isa.loops(|| {
                    let moments = first.iter_mut().zip(second);
                    for ((parameter, gradient), (first, second)) in parameters.iter_mut().zip(gradient).zip(moments) {
                        *first += (1.0 - mean) * (gradient - *first);
                        *second += (1.0 - square) * (gradient * gradient - *second);
                        *parameter = *parameter * shrink - length * *first / (second.sqrt() + least);
                    }
                });
            }
        }
    }
    if let (Some(average), Some(slowness)) = (&mut memory.average, recipe.average) {
        follow(average, state, slowness, memory.steps, isa);
    }
}

/// Lets the average of states come nearer to the newest; young averages forget faster.
fn follow(average: &mut State, state: &State, slowness: f64, steps: u64, isa: Isa) {
    #[expect(clippy::cast_precision_loss, reason = "steps are counted in millions")]
    let steps = steps as f64;
    let by = single(1.0 - slowness.min((1.0 + steps) / (10.0 + steps)));
    let lists = [
        (&mut average.parameters, &state.parameters),
        (&mut average.means, &state.means),
        (&mut average.variances, &state.variances),
    ];
    for (average, newest) in lists {
        isa.loops(|| average.iter_mut().zip(newest).for_each(|(average, newest)| *average += by * (newest - *average)));
    }
}
