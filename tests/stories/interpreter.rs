//! Networks compute bit for bit as TensorFlow Lite Micro does.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use automcu_convert::{Interpreter, Network};
use automcu_needs::need;
use automcu_tests::fixture;

const INPUTS: usize = 40;

/// Runs every input of a file through the reference, and writes what comes out.
const REFERENCE: &str = r#"
import sys
import numpy as np
from tflite_micro import runtime
model, inputs, outputs = sys.argv[1:4]
network = runtime.Interpreter.from_file(model)
shape = network.get_input_details(0)["shape"]
values = np.fromfile(inputs, dtype=np.int8).reshape([-1, *shape])
with open(outputs, "wb") as out:
    for value in values:
        network.set_input(value, 0)
        network.invoke()
        out.write(network.get_output(0).tobytes())
"#;

#[expect(clippy::disallowed_methods, reason = "the reference is a program")]
fn reference(python: &Path, model: &str, inputs: &[u8]) -> Vec<i8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    std::fs::write(file("in"), inputs).expect("writable");
    let mut command = Command::new(python);
    command.args(["-c", REFERENCE, model]).arg(file("in")).arg(file("out"));
    let ended = command.output().expect("Python starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    std::fs::read(file("out")).expect("written").iter().map(|byte| byte.cast_signed()).collect()
}

/// Values that look random, the same every time: uniform ones, and as many with long runs as images have.
fn inputs(length: usize) -> Vec<i8> {
    let mut state = 12_345_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56).to_le_bytes()[0].cast_signed()
    };
    let mut values = Vec::with_capacity(INPUTS * length);
    for input in 0..INPUTS {
        let run = if input % 2 == 0 { 1 } else { 24 };
        while values.len() < (input + 1) * length {
            let (value, room) = (next(), (input + 1) * length - values.len());
            values.extend(std::iter::repeat_n(value, run.min(room)));
        }
    }
    values
}

#[test]
fn networks_compute_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    for name in ["mbnet32_int8", "mbnet32_te_int8", "resnet8_int8", "resnet8_te_int8"] {
        let path = fixture(&format!("models/{name}.tflite"));
        let network = Network::from_tflite(&std::fs::read(&path).expect("a fixture")).expect("supported");
        let mut interpreter = Interpreter::new(&network).expect("computed");
        let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
        let inputs = inputs(length);
        let ours: Vec<i8> = inputs
            .chunks_exact(length)
            .flat_map(|input| interpreter.run(input).expect("the right length").to_vec())
            .collect();
        let bytes: Vec<u8> = inputs.iter().map(|value| value.cast_unsigned()).collect();
        let theirs = reference(&python, &path, &bytes);
        assert_eq!(ours.len(), INPUTS * 10);
        assert_eq!(ours, theirs, "{name}");
    }
}
