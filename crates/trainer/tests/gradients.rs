//! Losses and gradients of every operation, and of whole networks drawn at random, against float64 arithmetic that knows
//! nothing of the kernels: central differences of a second account of the network.

#![expect(clippy::cast_possible_truncation, reason = "small numbers")]

mod support;

use automcu_dataset::Target;
use automcu_trainer::{Executor, Isa, Loss, Setup};
use proptest::prelude::*;
use support::{Oracle, graph, loss};

/// Numbers that look random.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        (bits >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

const SAMPLES: usize = 4;
const SMOOTHING: f32 = 0.1;

/// Computes one step, and compares it with central differences; then with each kind of vectors and with three threads, and
/// compares those with the first. A spec that cannot be built is passed over; whether that was so is told.
fn check(spec: &str, seed: u64) -> bool {
    let Some(graph) = graph(spec) else { return false };
    let elements = graph.tensors()[0].elements() as usize;
    let classes = graph.shape(graph.output()).elements() as usize;
    let values = numbers(seed, elements * SAMPLES);
    let targets: Vec<Target> = (0..SAMPLES)
        .map(|i| Target { first: (i % classes) as u16, second: ((i * 7 + 1) % classes) as u16, share: 0.7 })
        .collect();
    let own = Loss { targets: &targets, smoothing: SMOOTHING };
    let mut first: Option<(f64, Vec<f32>)> = None;
    for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [(isa, 1), (isa, 3)]) {
        let mut executor = Executor::new(&graph, Setup { batch: SAMPLES + 1, threads, isa }).expect("trained");
        let mut state = executor.initial(&graph, seed);
        // Nothing stays at a value that hides a mistake.
        let noise = numbers(seed + 1, state.parameters.len());
        state.parameters.iter_mut().zip(noise).for_each(|(parameter, noise)| *parameter += 0.3 * noise);
        let computed = executor.step(&mut state, &values, &own, 1);
        let what = format!("{} with {threads} threads: {spec}", isa.name());
        let Some((loss_of_first, gradient)) = &first else {
            let samples: Vec<Vec<f64>> =
                values.chunks_exact(elements).map(|sample| sample.iter().map(|&v| f64::from(v)).collect()).collect();
            let layout = executor.layout().to_vec();
            let parameters = state.parameters.iter().map(|&p| f64::from(p)).collect();
            let mut oracle = Oracle { graph: &graph, layout: &layout, parameters };
            let expected = loss(&oracle.outputs(&samples), &targets, f64::from(SMOOTHING));
            assert!(
                (computed - expected).abs() < 1e-4 * expected.abs().max(1.0),
                "loss {computed}, not {expected}; {what}"
            );
            compare(&mut oracle, executor.gradient(), &samples, &targets, &what, seed);
            first = Some((computed, executor.gradient().to_vec()));
            continue;
        };
        assert!((computed - loss_of_first).abs() < 1e-5 * loss_of_first.abs().max(1.0), "{what}");
        let length = |gradient: &[f32]| gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let apart: Vec<f32> = executor.gradient().iter().zip(gradient).map(|(a, b)| a - b).collect();
        // A kink of an activation may lie between two ways of rounding, for a few values.
        assert!(
            length(&apart) < 5e-3 * length(gradient).max(0.05),
            "{} of {}; {what}",
            length(&apart),
            length(gradient)
        );
    }
    true
}

fn compare(oracle: &mut Oracle<'_>, gradient: &[f32], samples: &[Vec<f64>], targets: &[Target], what: &str, seed: u64) {
    let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    for holder in oracle.layout {
        // A few of each kind, not the same ones every time.
        let step = (holder.span.len() / 4).max(1);
        for place in holder.span.clone().skip(seed as usize % step).step_by(step) {
            let at = oracle.parameters[place];
            let mut loss_at = |value: f64| {
                oracle.parameters[place] = value;
                loss(&oracle.outputs(samples), targets, f64::from(SMOOTHING))
            };
            // A kink between the two points shows as a difference between two distances.
            let slope = |h: f64, loss_at: &mut dyn FnMut(f64) -> f64| (loss_at(at + h) - loss_at(at - h)) / (2.0 * h);
            let (near, far) = (slope(1e-6, &mut loss_at), slope(1e-5, &mut loss_at));
            oracle.parameters[place] = at;
            if (near - far).abs() > 1e-4 * near.abs().max(1e-3) {
                continue;
            }
            let own = f64::from(gradient[place]);
            let allowed = 2e-3 * near.abs() + 2e-4 * norm.max(0.05);
            assert!(
                (own - near).abs() < allowed,
                "{:?} {place} of node {}: {own}, not {near}; {what}",
                holder.kind,
                holder.node
            );
        }
    }
}

fn network(input: (u32, u32, u32), backbone: &str, classes: u32) -> String {
    let (height, width, channels) = input;
    format!(
        r#"{{"version":1,"input":{{"height":{height},"width":{width},"channels":{channels}}},"backbone":[{backbone}],
        "head":{{"op":"classifier","classes":{classes}}}}}"#
    )
}

#[test]
fn every_module_has_the_gradients_of_central_differences() {
    for (i, module) in [
        r#"{"op":"conv","channels":5}"#,
        r#"{"op":"conv","channels":17,"kernel":1}"#,
        r#"{"op":"conv","channels":16,"kernel":5,"stride":2}"#,
        r#"{"op":"conv","channels":33,"kernel":[1,3],"stride":[1,2],"norm":"none"}"#,
        r#"{"op":"conv","channels":4,"kernel":3,"stride":3,"padding":"valid"}"#,
        r#"{"op":"conv","channels":4,"kernel":1,"stride":2}"#,
        r#"{"op":"conv","channels":6,"kernel":[3,1],"stride":[4,1],"activation":"none"}"#,
        r#"{"op":"depthwise_conv"}"#,
        r#"{"op":"depthwise_conv","kernel":5,"stride":2,"activation":"swish"}"#,
        r#"{"op":"depthwise_conv","kernel":[1,4],"stride":[1,3],"padding":"valid","norm":"none"}"#,
        r#"{"op":"depthwise_conv","kernel":7,"activation":"relu6"}"#,
        r#"{"op":"depthwise_separable","channels":8,"squeeze_excite":2,"activation":"hard_swish"}"#,
        r#"{"op":"inverted_residual","channels":6,"expansion":3,"squeeze_excite":4}"#,
        r#"{"op":"fused_inverted_residual","channels":6,"expansion":2,"activation":"leaky_relu"}"#,
        r#"{"op":"residual","channels":6}"#,
        r#"{"op":"residual","channels":9,"stride":2}"#,
        r#"{"op":"fire","squeeze":3,"expand_1x1":4,"expand_3x3":7}"#,
        r#"{"op":"squeeze_excite","reduction":2}"#,
        r#"{"op":"max_pool"}"#,
        r#"{"op":"max_pool","window":3,"stride":2,"padding":"same"}"#,
        r#"{"op":"average_pool","window":3,"stride":1,"padding":"same"}"#,
        r#"{"op":"average_pool","window":2,"stride":3}"#,
    ]
    .into_iter()
    .enumerate()
    {
        // A layer before it, so that it has to hand gradients back, and one after it.
        let backbone = format!(
            r#"{{"op":"conv","channels":6,"activation":"none"}},{module},{{"op":"conv","channels":3,"kernel":1,"activation":"sigmoid"}}"#
        );
        assert!(check(&network((9, 8, 2), &backbone, 4), 11 + i as u64), "{module}");
    }
}

#[test]
fn maps_that_fill_vectors_have_the_right_gradients_too() {
    for (i, (channels, side)) in [(16, 8), (32, 4), (64, 4), (48, 2), (8, 16), (24, 4), (80, 2)].into_iter().enumerate()
    {
        let backbone = format!(
            r#"{{"op":"conv","channels":{channels}}},{{"op":"depthwise_separable","channels":{channels},"skip":true}},
            {{"op":"residual","channels":{channels}}},{{"op":"depthwise_separable","channels":{channels},"stride":2}}"#
        );
        assert!(check(&network((side, side, 3), &backbone, 10), 70 + i as u64));
    }
}

#[test]
fn signals_of_one_column_have_the_right_gradients_too() {
    let modules = r#"{"op":"conv","channels":6,"kernel":[5,1],"stride":[2,1]},{"op":"max_pool","window":[2,1],"stride":[2,1]},
        {"op":"depthwise_separable","channels":16,"kernel":[3,1],"squeeze_excite":2},{"op":"residual","channels":16,"kernel":[3,1]},
        {"op":"average_pool","window":[3,1],"stride":[2,1],"padding":"same"}"#;
    for (size, seed) in [((32, 1, 3), 1), ((33, 1, 1), 2)] {
        assert!(check(&network(size, modules, 5), seed));
    }
    // A kernel with columns that only see zeros stays as it is.
    assert!(check(&network((12, 1, 2), r#"{"op":"conv","channels":5}"#, 3), 3));
}

fn module() -> impl Strategy<Value = String> {
    let channels = 1..20_u32;
    let kernel = prop::sample::select(vec!["1", "3", "5", "[1,3]", "[3,1]", "[2,3]"]);
    let stride = prop::sample::select(vec!["1", "2", "[1,2]", "[2,1]", "3"]);
    let activation =
        prop::sample::select(vec!["none", "relu", "relu6", "leaky_relu", "hard_swish", "swish", "sigmoid"]);
    let norm = prop::sample::select(vec!["batch", "none"]);
    (0..6_u8, channels, kernel, stride, activation, norm).prop_map(|(kind, channels, kernel, stride, activation, norm)| {
        match kind {
            0 | 1 => format!(
                r#"{{"op":"conv","channels":{channels},"kernel":{kernel},"stride":{stride},"norm":"{norm}","activation":"{activation}"}}"#
            ),
            2 => format!(
                r#"{{"op":"depthwise_conv","kernel":{kernel},"stride":{stride},"norm":"{norm}","activation":"{activation}"}}"#
            ),
            3 => format!(
                r#"{{"op":"inverted_residual","channels":{channels},"expansion":2,"kernel":{kernel},"stride":{stride},"activation":"{activation}","squeeze_excite":2}}"#
            ),
            4 => format!(r#"{{"op":"residual","channels":{channels},"stride":{stride},"activation":"{activation}"}}"#),
            _ => format!(
                r#"{{"op":"depthwise_separable","channels":{channels},"kernel":{kernel},"stride":{stride},"activation":"{activation}","skip":true}}"#
            ),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn networks_drawn_at_random_have_the_gradients_of_central_differences(
        modules in prop::collection::vec(module(), 1..4),
        size in (6..12_u32, 6..12_u32, 1..4_u32),
        seed in 0..1000_u64,
    ) {
        prop_assume!(check(&network(size, &modules.join(","), 3), seed));
    }
}
