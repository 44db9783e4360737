//! Networks compute bit for bit as TensorFlow Lite Micro does.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use automcu_convert::{End, Interpreter, Network};
use automcu_model::{Border, Graph, GraphBuilder, Op, Origin, Shape, Slope, spec::Activation};
use automcu_needs::need;
use automcu_tests::{
    fixture,
    random::{self, Numbers},
};
use proptest::test_runner::TestRunner;

use crate::draw::{self, inputs};

/// Runs every input of a file through the reference, and writes what comes out.
const REFERENCE: &str = r#"
import sys
import numpy as np
from tflite_micro import runtime
model, inputs, outputs = sys.argv[1:4]
network = runtime.Interpreter.from_file(model, arena_size=16 << 20)
shape = network.get_input_details(0)["shape"]
values = np.fromfile(inputs, dtype=network.get_input_details(0)["dtype"]).reshape([-1, *shape])
with open(outputs, "wb") as out:
    for value in values:
        network.set_input(value, 0)
        network.invoke()
        out.write(network.get_output(0).tobytes())
"#;

fn reference(python: &Path, model: &str, inputs: &[u8]) -> Vec<i8> {
    reference_bytes(python, model, inputs).into_iter().map(u8::cast_signed).collect()
}

#[expect(clippy::disallowed_methods, reason = "the reference is a program")]
fn reference_bytes(python: &Path, model: &str, inputs: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    std::fs::write(file("in"), inputs).expect("writable");
    let mut command = Command::new(python);
    command.args(["-c", REFERENCE, model]).arg(file("in")).arg(file("out"));
    let ended = command.output().expect("Python starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    std::fs::read(file("out")).expect("written")
}

/// What the interpreter and the reference make of the same inputs.
pub(crate) fn both(python: &Path, network: &Network, model: &str, count: usize) -> (Vec<i8>, Vec<i8>) {
    let mut interpreter = Interpreter::new(network).expect("computed");
    let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
    let inputs = inputs(count, length);
    let run = |input| interpreter.run(input).expect("the right length").to_vec();
    let ours = inputs.chunks_exact(length).flat_map(run).collect();
    let bytes: Vec<u8> = inputs.iter().map(|value| value.cast_unsigned()).collect();
    (ours, reference(python, model, &bytes))
}

/// The first operation whose output differs, with what goes into it.
fn first_difference(python: &Path, network: &Network) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.tflite");
    let mut interpreter = Interpreter::new(network).expect("computed");
    let input = inputs(1, usize::try_from(network.graph().tensors()[0].elements()).expect("small"));
    interpreter.run(&input).expect("the right length");
    let bytes: Vec<u8> = input.iter().map(|value| value.cast_unsigned()).collect();
    for node in network.graph().nodes() {
        let place = node.output.index();
        std::fs::write(&path, network.to_tflite_showing(place).expect("written")).expect("writable");
        let theirs = reference(python, path.to_str().expect("text"), &bytes);
        let ours = interpreter.tensor(place);
        if let Some(at) = (0..ours.len()).find(|&at| ours[at] != theirs[at]) {
            let ends: Vec<_> = node.inputs.iter().chain([&node.output]).map(|tensor| tensor.index()).collect();
            let steps: Vec<_> = ends.iter().map(|&end| network.quantisations()[end]).collect();
            let shapes: Vec<_> = ends.iter().map(|&end| network.graph().tensors()[end].to_string()).collect();
            let (one, other) = (ours[at], theirs[at]);
            return format!("{:?} of {shapes:?}, {steps:?}: at {at} {one} where the reference has {other}", node.op);
        }
    }
    "no operation by itself".to_owned()
}

#[test]
fn networks_compute_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    for name in ["mbnet32_int8", "mbnet32_te_int8", "resnet8_int8", "resnet8_te_int8"] {
        let path = fixture(&format!("models/{name}.tflite"));
        let network = Network::from_tflite(&std::fs::read(&path).expect("a fixture")).expect("supported");
        let (ours, theirs) = both(&python, &network, &path, 20);
        assert_eq!(ours.len(), 20 * 10);
        assert_eq!(ours, theirs, "{name}");
        let again = Network::from_tflite(&network.to_tflite().expect("written")).expect("what we wrote");
        assert_eq!(again.graph().digest(), network.graph().digest(), "{name}");
        assert_eq!((again.quantisations(), again.weights()), (network.quantisations(), network.weights()), "{name}");
    }
}

/// Operations that no spec lowers to, or not on their own.
#[test]
fn operations_of_other_people_s_files_compute_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.tflite");
    let map = Shape { height: 6, width: 5, channels: 3 };
    let border = Border { top: 1, bottom: 2, left: 0, right: 3 };
    let padded = Shape { height: 9, width: 8, channels: 3 };
    let (vector, slope) = (Shape::vector(12), Slope(0.3));
    for (op, input, output, inputs) in [
        (Op::Pad(border), map, padded, 1),
        (Op::Maximum, map, map, 2),
        (Op::Minimum, map, map, 2),
        (Op::Multiply, map, map, 2),
        (Op::Requantise, map, map, 1),
        (Op::LeakyRelu(slope), map, map, 1),
        (Op::Activate(Activation::Relu), map, map, 1),
        (Op::Activate(Activation::Relu6), map, map, 1),
        (Op::Activate(Activation::HardSwish), map, map, 1),
        (Op::Activate(Activation::Sigmoid), map, map, 1),
        (Op::GlobalMax, map, Shape::vector(3), 1),
        (Op::GlobalAverage, map, Shape::vector(3), 1),
        (Op::Softmax, vector, vector, 1),
        (Op::Add { activation: Activation::Relu6 }, map, map, 2),
    ] {
        let mut spread = 0;
        for seed in 0..8 {
            let mut graph = GraphBuilder::new(input).expect("small");
            // Two inputs are the input and what another step makes of it, unless integers may only be moved.
            let moved = matches!(op, Op::Maximum | Op::Minimum);
            let other = if moved { Op::Pad(Border { top: 0, bottom: 0, left: 0, right: 0 }) } else { Op::Requantise };
            let second = graph.unary(other, Graph::INPUT, input, Origin::Head).expect("small");
            let ends = [Graph::INPUT, second].into_iter().take(inputs).collect();
            let end = graph.add(op, ends, output, Origin::Head).expect("small");
            let Some(network) = random::network(graph.finish(end), &mut Numbers::of_seed(seed)) else { continue };
            std::fs::write(&path, network.to_tflite().expect("written")).expect("writable");
            let (ours, theirs) = both(&python, &network, path.to_str().expect("text"), 8);
            assert!(ours == theirs, "{}", first_difference(&python, &network));
            spread += usize::from(ours.iter().collect::<BTreeSet<_>>().len() > 2);
        }
        assert!(spread >= 3, "{op:?} gives few values that differ");
    }
}

/// Files whose ends are float32 or uint8, as converters leave them by default: what is handed in is made int8 and what
/// comes out is made of it exactly as the reference does.
#[test]
fn ends_that_are_not_int8_are_what_the_reference_makes_of_them() {
    let Some(python) = need("tflite-micro") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.tflite");
    let file = std::fs::read(fixture("models/resnet8_te_int8.tflite")).expect("a fixture");
    let network = Network::from_tflite(&file).expect("supported");
    let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
    let [first, last] = [0, network.graph().output().index()].map(|place| network.quantisations()[place]);
    let inputs = inputs(4, length);
    let mut numbers = Numbers::of_seed(5);
    let half = |value: i8| first.real(value) + 0.5 * first.scale;
    // Whatever a camera gives, halves and numbers far outside among it.
    let reals: Vec<f32> = inputs
        .iter()
        .map(|&value| match numbers.below(8) {
            0 => half(value),
            1 => first.real(value) * 1e4,
            _ => first.real(value) * 1.003,
        })
        .collect();
    let mut interpreter = Interpreter::new(&network).expect("computed");
    let mut run = |values: &[i8]| -> Vec<i8> {
        values.chunks_exact(length).flat_map(|input| interpreter.run(input).expect("an input").to_vec()).collect()
    };
    for end in [End::Float32, End::Uint8] {
        let written = network.clone().with_ends(end, end);
        std::fs::write(&path, written.to_tflite().expect("written")).expect("writable");
        let again = Network::from_tflite(&std::fs::read(&path).expect("written")).expect("what we wrote");
        assert_eq!((again.io(), again.graph().digest()), ([end; 2], network.graph().digest()));
        assert_eq!(again.quantisations(), network.quantisations());
        let path = path.to_str().expect("text");
        if end == End::Float32 {
            let bytes: Vec<u8> = reals.iter().flat_map(|real| real.to_le_bytes()).collect();
            let theirs = reference_bytes(&python, path, &bytes);
            let made: Vec<i8> = reals.iter().map(|&real| first.of_real(real)).collect();
            let ours: Vec<u8> = run(&made).into_iter().flat_map(|value| last.real(value).to_le_bytes()).collect();
            assert!(ours == theirs, "float32 ends");
        } else {
            let shifted = |value: &i8| value.cast_unsigned().wrapping_add(128);
            let theirs = reference_bytes(&python, path, &inputs.iter().map(shifted).collect::<Vec<_>>());
            assert!(run(&inputs).iter().map(shifted).eq(theirs), "uint8 ends");
        }
    }
}

/// With one scale for all channels and with many. Were the product of scales rounded to float32 anywhere, one of some
/// 60,000 outputs would show it.
#[test]
fn many_outputs_of_dense_layers_are_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.tflite");
    let mut kinds = BTreeSet::new();
    for seed in 0..6 {
        let mut graph = GraphBuilder::new(Shape::vector(48)).expect("small");
        let op = Op::Dense { bias: true, activation: Activation::None };
        let end = graph.unary(op, Graph::INPUT, Shape::vector(1024), Origin::Head).expect("small");
        let network = random::network(graph.finish(end), &mut Numbers::of_seed(seed)).expect("one layer");
        std::fs::write(&path, network.to_tflite().expect("written")).expect("writable");
        let (ours, theirs) = both(&python, &network, path.to_str().expect("text"), 300);
        let scales = &network.weights()[0].as_ref().expect("a dense layer").scales;
        kinds.insert(scales.iter().all(|scale| scale.to_bits() == scales[0].to_bits()));
        let differing = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count();
        assert_eq!(differing, 0, "of {}", ours.len());
    }
    assert_eq!(kinds.len(), 2, "one scale, and many");
}

/// Architectures drawn from all that a spec can say, with random weights, written as .tflite and run by both.
#[test]
fn networks_drawn_at_random_compute_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut runner = TestRunner::deterministic();
    let wanted = draw::count(24);
    let (mut seen, mut operations, mut spread, mut bytes) = (0, BTreeSet::new(), 0, 0);
    while seen < wanted {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let file = network.to_tflite().expect("written");
        let again = Network::from_tflite(&file).expect("what we wrote");
        assert_eq!(again.graph().digest(), network.graph().digest());
        assert_eq!((again.quantisations(), again.weights()), (network.quantisations(), network.weights()));
        let model = folder.path().join("model.tflite");
        std::fs::write(&model, &file).expect("writable");
        let (ours, theirs) = both(&python, &network, model.to_str().expect("text"), 6);
        assert!(ours == theirs, "{}: {}", first_difference(&python, &network), spec.to_json());
        bytes += ours.len();
        operations.extend(network.graph().nodes().iter().map(|node| node.op.word()));
        spread += u64::from(ours.iter().collect::<BTreeSet<_>>().len() > 4);
        seen += 1;
    }
    assert!(2 * spread > wanted, "only {spread} networks have outputs that differ");
    println!("compared: {seen} networks, {} kinds of operations, {bytes} bytes of output", operations.len());
    for word in [
        "conv",
        "depthwise_conv",
        "dense",
        "add",
        "scale",
        "multiply",
        "concat",
        "max_pool",
        "average_pool",
        "global_average",
        "global_max",
        "reshape",
        "sigmoid",
        "hard_swish",
        "leaky_relu",
    ] {
        assert!(operations.contains(word), "{word} is not among {operations:?}");
    }
}
