//! Networks drawn at random are quantised, whatever is in them.

use automcu_convert::{Interpreter, Options};
use proptest::test_runner::TestRunner;

use crate::draw;

#[test]
fn networks_drawn_at_random_are_quantised_and_answer_nearly_the_same() {
    let mut runner = TestRunner::deterministic();
    let mut decibels = Vec::new();
    let mut seen = 0;
    while decibels.len() < 25 {
        seen += 1;
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
        let first = network.quantisations()[0];
        let samples: Vec<f32> = draw::inputs(4, length).into_iter().map(|value| first.real(value)).collect();
        let quantised = network.dequantised().quantised(&samples, Options::default());
        let (int8, report) = quantised.unwrap_or_else(|error| panic!("{error}: {}", spec.to_json()));
        Interpreter::new(&int8).expect("computed");
        assert_eq!(report.layers.len(), int8.graph().nodes().len());
        decibels.push(report.output_decibels.unwrap_or(f64::INFINITY));
    }
    decibels.sort_by(f64::total_cmp);
    assert!(decibels[decibels.len() / 2] > 20.0, "{decibels:?}");
}
