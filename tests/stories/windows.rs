//! Windows of every shape: convolutions, depthwise convolutions and pools drawn at random, with steps far apart and zero points
//! at the ends, computed by the reference, by the interpreter and by the emitted code.

use automcu_convert::{Code, Name, Network, Plan, Vectors};
use automcu_model::{
    Extent, Graph, GraphBuilder, Op, Origin, Shape,
    spec::{Activation, Padding},
};
use automcu_needs::need;
use automcu_tests::random::{self, Numbers};
use automcu_toolchain::{Board, Subject, Tools, emulate, host};

use crate::{draw, interpreter::both};

/// One operation with a window on a small map, and a word for it; nothing where the window does not fit.
fn drawn(seed: u64) -> Option<(Network, String)> {
    let mut numbers = Numbers::of_seed(seed.wrapping_mul(977));
    let mut from = |least: u32, most: u32| least + numbers.below(most - least + 1);
    let input = Shape { height: from(1, 11), width: from(1, 13), channels: from(1, 9) };
    let kernel = Extent { height: from(1, 5), width: from(1, 7) };
    let stride = Extent { height: from(1, 3), width: from(1, 3) };
    let padding = if from(0, 1) == 0 { Padding::Same } else { Padding::Valid };
    let activation = [Activation::None, Activation::Relu, Activation::Relu6][from(0, 2) as usize];
    let (op, channels) = match from(0, 5) {
        0 | 1 => (Op::Conv { kernel, stride, padding: padding.into(), bias: true, activation }, from(1, 10)),
        2 | 3 => (
            Op::DepthwiseConv { kernel, stride, padding: padding.into(), bias: true, activation },
            input.channels * from(1, 3),
        ),
        4 => (Op::MaxPool { window: kernel, stride, padding: padding.into() }, input.channels),
        _ => (Op::AveragePool { window: kernel, stride, padding: padding.into() }, input.channels),
    };
    let height = padding.places(input.height, kernel.height, stride.height);
    let width = padding.places(input.width, kernel.width, stride.width);
    if height == 0 || width == 0 {
        return None;
    }
    let mut graph = GraphBuilder::new(input).expect("small");
    let output = Shape { height, width, channels };
    let end = graph.unary(op, Graph::INPUT, output, Origin::Head).expect("small");
    let network = random::network(graph.finish(end), &mut numbers)?;
    Some((network, format!("seed {seed}: {op:?} from {input} to {output}")))
}

fn all(count: usize) -> impl Iterator<Item = (Network, String)> {
    (0..).filter_map(drawn).take(count)
}

#[test]
fn windows_of_every_shape_compute_what_the_reference_computes() {
    let Some(python) = need("tflite-micro") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.tflite");
    for (network, about) in all(60) {
        std::fs::write(&path, network.to_tflite().expect("written")).expect("writable");
        let (ours, theirs) = both(&python, &network, path.to_str().expect("text"), 6);
        assert!(ours == theirs, "{about}");
    }
}

#[test]
fn windows_of_every_shape_are_the_same_in_emitted_code() {
    let tools = Tools {
        host_compiler: need("cc"),
        arm_compiler: need("arm-none-eabi-gcc"),
        emulator: need("qemu-system-arm"),
        ..Tools::default()
    };
    for (i, (network, about)) in all(40).enumerate() {
        let plan = Plan::of(&network);
        let code = Code::of(&network, &plan, &Name::new("net").expect("a name")).expect("emitted");
        let length = usize::try_from(network.graph().tensors()[0].elements()).expect("small");
        let vectors = Vectors::of(&network, draw::inputs(6, length)).expect("computed");
        let subject = Subject { name: "net", header: &code.header, source: &code.source, inputs: &vectors.inputs };
        if tools.host_compiler.is_some() {
            let hosted = host(&tools, &subject).unwrap_or_else(|error| panic!("{about}: {error}"));
            assert!(hosted.outputs == vectors.outputs, "{about}");
            assert_eq!(hosted.warnings, "", "{about}");
        }
        if tools.arm_compiler.is_some() && tools.emulator.is_some() {
            let board = &Board::ALL[i % Board::ALL.len()];
            let emulated =
                emulate(&tools, &subject, board, None, None).unwrap_or_else(|error| panic!("{about}: {error}"));
            assert!(emulated.outputs == vectors.outputs, "{about} on {}", board.machine);
            assert_eq!((emulated.warnings.as_str(), emulated.outside_bytes), ("", 0), "{about}");
        }
    }
}
