//! `automcu eval`.

use std::{fs, path::Path};

use automcu::Outcome;
use automcu_convert::{Interpreter, Network, integer_form};
use automcu_model::Spec;
use automcu_tests::{
    automcu, fixture,
    random::{self, Numbers},
};
use serde_json::Value;

const MODEL: &str = "models/mbnet32_te_int8.tflite";
const PLANE: usize = 1024;

/// Images as CIFAR-10 lays them out, with the network's own answers as their classes, but for the first `wrong`.
fn cifar(folder: &Path, count: usize, wrong: usize) {
    let network = Network::from_tflite(&fs::read(fixture(MODEL)).expect("a fixture")).expect("supported");
    let first = network.quantisations()[0];
    let mut interpreter = Interpreter::new(&network).expect("computed");
    let mut numbers = Numbers::of_seed(9);
    let mut file = Vec::new();
    for image in 0..count {
        // Blocks of one colour, as images have them.
        let blocks: Vec<u8> = (0..3 * 16).map(|_| numbers.bits().to_be_bytes()[0]).collect();
        let at = |channel: usize, place: usize| blocks[channel * 16 + place / 256 * 4 + place % 32 / 8];
        // The fixture's input stands for -1 to 1.
        let value = |byte: u8| first.of_real(f32::from(byte) / 255.0 * 2.0 - 1.0);
        let input: Vec<i8> = (0..PLANE).flat_map(|place| [0, 1, 2].map(|channel| value(at(channel, place)))).collect();
        let output = interpreter.run(&input).expect("an image");
        let mut best = 0;
        output.iter().enumerate().for_each(|(i, value)| best = if *value > output[best] { i } else { best });
        let class = if image < wrong { (best + 1) % 10 } else { best };
        file.push(u8::try_from(class).expect("ten classes"));
        (0..3).for_each(|channel| file.extend((0..PLANE).map(|place| at(channel, place))));
    }
    fs::write(folder.join("test_batch.bin"), file).expect("writable");
}

#[test]
fn every_image_is_computed_as_the_interpreter_computes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    cifar(folder.path(), 41, 5);
    let path = folder.path().to_str().expect("text");
    let said = automcu(&["eval", &fixture(MODEL), "--data", path, "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&answer["samples"], &answer["right"]), (&41.into(), &36.into()), "{answer}");
    assert_eq!((&answer["dtype"], &answer["provenance"]), (&"int8".into(), &"host".into()));
    assert_eq!(answer.pointer("/range/least"), Some(&(-1.0).into()));
    let said = automcu(&["eval", &fixture(MODEL), "--data", path, "--count", "10"]);
    assert!(said.output.contains("gets 5 of 10 samples"), "{}", said.output);
    // The part that is not there is named.
    let said = automcu(&["eval", &fixture(MODEL), "--data", path, "--part", "train"]);
    assert_eq!(said.outcome, Outcome::Unreadable);
    assert!(said.errors.contains("data_batch_1.bin"), "{}", said.errors);
}

#[test]
fn the_built_in_set_needs_no_download() {
    let said = automcu(&["eval", &fixture(MODEL), "--data", "synthetic", "--count", "50", "--range", "unit"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    for part in ["of 50 samples of synthetic (test) right", "half disc", "bytes stand for 0 to 1, as asked"] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
}

#[test]
fn data_that_a_network_does_not_take_is_refused_with_both_shapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let idx = |sizes: &[u8], values: Vec<u8>| {
        let head = [0, 0, 8, u8::try_from(sizes.len()).expect("few")];
        let sizes = sizes.iter().flat_map(|&size| [0, 0, 0, size]);
        head.into_iter().chain(sizes).chain(values).collect::<Vec<u8>>()
    };
    fs::write(folder.path().join("t10k-images-idx3-ubyte"), idx(&[1, 28, 28], vec![0; 784])).expect("writable");
    fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(&[1], vec![3])).expect("writable");
    let said = automcu(&["eval", &fixture(MODEL), "--data", folder.path().to_str().expect("text")]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("32x32x3 inputs") && said.errors.contains("28x28x1 samples"), "{}", said.errors);
    assert_eq!(automcu(&["eval", &fixture(MODEL), "--data", "no-such-folder"]).outcome, Outcome::Unreadable);
}

#[test]
fn signals_are_taken_as_they_are_along_either_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signals.tflite");
    for (height, width) in [(128, 1), (1, 128)] {
        let spec = format!(
            r#"{{"version": 1, "input": {{"height": {height}, "width": {width}, "channels": 3}},
            "backbone": [{{"op": "conv", "channels": 4, "kernel": 5, "stride": 2}}], "head": {{"op": "classifier", "classes": 8}}}}"#
        );
        let graph = Spec::from_json(spec.as_bytes()).expect("a spec").lower().expect("constructible").deployed();
        let graph = integer_form(&graph).expect("a small graph");
        let network = (0..20).find_map(|seed| random::network(graph.clone(), &mut Numbers::of_seed(seed)));
        fs::write(&path, network.expect("a network").to_tflite().expect("written")).expect("writable");
        let arguments = ["eval", path.to_str().expect("text"), "--data", "signals", "--count", "80"];
        let said = automcu(&arguments);
        assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
        for part in ["of 80 samples of signals (test) right", "the training part", "7 swelling ringing"] {
            assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
        }
        let said = automcu(&[&arguments[..], &["--json"]].concat());
        let answer: Value = serde_json::from_str(&said.output).expect("JSON");
        assert_eq!((&answer["samples"], &answer["range"]), (&80.into(), &Value::Null));
        let said = automcu(&[&arguments[..], &["--range", "unit"]].concat());
        assert!(said.outcome == Outcome::Misused && said.errors.contains("leave it out"), "{}", said.errors);
    }
}
