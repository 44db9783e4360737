//! ONNX files are read by another runtime, and answer what the network answers.

use std::path::Path;

use automcu_convert::{FloatInterpreter, Interpreter, Network};
use automcu_needs::need;
use automcu_process::{Limits, Program, Status};
use automcu_tests::fixture;
use proptest::test_runner::TestRunner;

use crate::draw;

/// Runs every input of a file, channels last, through a model whose maps are channels first.
const RUNTIME: &str = r#"
import sys
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession("model.onnx", options, providers=["CPUExecutionProvider"])
first = session.get_inputs()[0]
shape = first.shape
values = np.fromfile("in", dtype=np.float32)
if len(shape) == 4:
    values = values.reshape([-1, shape[2], shape[3], shape[1]]).transpose([0, 3, 1, 2])
else:
    values = values.reshape([-1, shape[1]])
with open("out", "wb") as out:
    for value in values:
        result = session.run(None, {first.name: np.ascontiguousarray(value[None])})[0]
        if result.ndim == 4:
            result = result.transpose([0, 2, 3, 1])
        out.write(np.ascontiguousarray(result, dtype=np.float32).tobytes())
"#;

/// What the runtime makes of inputs.
fn runtime(python: &Path, model: &[u8], inputs: &[f32]) -> Vec<f32> {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes: Vec<u8> = inputs.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(folder.path().join("in"), bytes).expect("writable");
    std::fs::write(folder.path().join("model.onnx"), model).expect("writable");
    let ended = Program::new(python, folder.path()).args(["-c", RUNTIME]).run(Limits::of_seconds(300)).expect("Python");
    assert_eq!(ended.status, Status::Exited(0), "{}", ended.errors.text);
    let output = std::fs::read(folder.path().join("out")).expect("written");
    output.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// How the answers of an int8 network compare: how many there are, how many differ, and by how many steps at most.
fn compared(python: &Path, network: &Network, count: usize, about: &str) -> (usize, usize, f32) {
    let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
    let inputs = draw::inputs(count, length);
    let [first, last] = [0, network.graph().output().index()].map(|place| network.quantisations()[place]);
    let reals: Vec<f32> = inputs.iter().map(|&value| first.real(value)).collect();
    let theirs = runtime(python, &network.to_onnx().expect("written"), &reals);
    let mut interpreter = Interpreter::new(network).expect("computed");
    let ours: Vec<f32> = inputs
        .chunks_exact(length)
        .flat_map(|input| interpreter.run(input).expect("an input").iter().map(|&x| last.real(x)).collect::<Vec<_>>())
        .collect();
    assert_eq!(ours.len(), theirs.len(), "{about}");
    let steps = ours.iter().zip(&theirs).map(|(ours, theirs)| ((ours - theirs) / last.scale).abs().round());
    let steps: Vec<f32> = steps.collect();
    let differing = steps.iter().filter(|steps| **steps > 0.0).count();
    (steps.len(), differing, steps.into_iter().fold(0.0, f32::max))
}

/// Other runtimes round once, in float32; what differs is a step here and there.
#[test]
fn int8_networks_answer_nearly_the_same_in_another_runtime() {
    let Some(python) = need("onnxruntime") else { return };
    for name in ["mbnet32_te_int8", "resnet8_te_int8", "resnet8_int8"] {
        let file = std::fs::read(fixture(&format!("models/{name}.tflite"))).expect("a fixture");
        let network = Network::from_tflite(&file).expect("supported");
        let (count, differing, most) = compared(&python, &network, 12, name);
        assert!(
            count == 120 && differing < 60 && most <= 8.0,
            "{name}: {differing} of {count} differ, by up to {most}"
        );
    }
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut outputs, mut same) = (0, 0, 0);
    while seen < 16 {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let (count, differing, _) = compared(&python, &network, 2, &spec.to_json());
        (outputs, same) = (outputs + count, same + count - differing);
        seen += 1;
    }
    assert!(10 * same > 8 * outputs, "{same} of {outputs} are the same");
}

/// In float32 there is nothing to round: what differs is the order of additions.
#[test]
fn float_networks_answer_the_same_in_another_runtime() {
    let Some(python) = need("onnxruntime") else { return };
    let mut runner = TestRunner::deterministic();
    let mut seen = 0;
    while seen < 16 {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let float = network.dequantised();
        let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
        let first = network.quantisations()[0];
        let inputs: Vec<f32> = draw::inputs(2, length).into_iter().map(|value| first.real(value)).collect();
        let theirs = runtime(&python, &float.to_onnx().expect("written"), &inputs);
        let mut interpreter = FloatInterpreter::new(&float);
        let ours: Vec<f32> = inputs.chunks_exact(length).flat_map(|input| interpreter.run(input).to_vec()).collect();
        assert_eq!(ours.len(), theirs.len(), "{}", spec.to_json());
        let largest = ours.iter().fold(1e-3_f32, |largest, value| largest.max(value.abs()));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= 1e-3 * largest, "{ours} and {theirs}: {}", spec.to_json());
        }
        seen += 1;
    }
}
