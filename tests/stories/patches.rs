//! The first layers in patches: the same answers, in less memory, for what is said to be computed twice.

use automcu::Outcome;
use automcu_convert::{Code, Interpreter, Name, Need, Network, Patches, Plan, Vectors};
use automcu_model::{Edge, Extent, Graph, GraphBuilder, Op, Origin, Shape, TensorId, spec::Activation};
use automcu_needs::need;
use automcu_tests::{
    automcu, fixture,
    random::{self, Numbers},
};
use automcu_toolchain::{Board, Subject, Tools, emulate, host};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::{draw, plan::replay};

/// The network in every way that its first layers can be computed in patches.
fn ways(network: &Network) -> impl Iterator<Item = (Patches, Network)> + '_ {
    let layers = network.graph().nodes().len();
    (1..layers).flat_map(|layers| (2..=4).map(move |strips| (layers, strips))).filter_map(|(layers, strips)| {
        let patches = Patches { layers, strips, added_macs: 0 };
        network.in_patches(&patches).map(|patched| (patches, patched))
    })
}

#[test]
fn networks_in_patches_answer_the_same() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut tried, mut with_sums) = (0, 0, 0);
    while seen < draw::count(30) {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        seen += 1;
        let length = usize::try_from(network.graph().shape(Graph::INPUT).elements()).expect("small");
        let input = draw::inputs(2, length).split_off(length);
        let mut interpreter = Interpreter::new(&network).expect("computed");
        let expected = interpreter.run(&input).expect("a whole input").to_vec();
        for (patches, patched) in ways(&network) {
            let mut interpreter = Interpreter::new(&patched).expect("computed");
            let found = interpreter.run(&input).expect("a whole input");
            assert!(found == expected, "{patches:?} of {}", spec.to_json());
            let nodes = &patched.graph().nodes()[..patches.layers];
            with_sums += u32::from(nodes.iter().any(|node| matches!(node.op, Op::Add { .. })));
            tried += 1;
        }
    }
    assert!(tried > 100 && with_sums > 10, "{tried}, {with_sums}");
}

/// Of what a sum adds up, whichever comes first, one is there for more columns than the sum: its steps are its own.
#[test]
fn sums_take_some_columns_of_either_side() {
    let (kernel, activation) = (Extent { height: 3, width: 3 }, Activation::None);
    let conv = Op::Conv { kernel, stride: Extent::ONE, padding: Edge::Same, bias: true, activation };
    let shape = Shape { height: 8, width: 12, channels: 4 };
    for seed in 0..4 {
        for is_turned in [false, true] {
            let mut graph = GraphBuilder::new(shape).expect("small");
            let mut add = |op, inputs: &[TensorId]| {
                graph.add(op, inputs.iter().copied().collect(), shape, Origin::Head).expect("small")
            };
            let first = add(conv, &[Graph::INPUT]);
            let second = add(conv, &[first]);
            let both = if is_turned { [first, second] } else { [second, first] };
            let sum = add(Op::Add { activation }, &both);
            let end = add(conv, &[sum]);
            let network =
                random::network(graph.finish(end), &mut Numbers::of_seed(seed)).expect("steps that go together");
            let patches = Patches { layers: 3, strips: 3, added_macs: 0 };
            let patched = network.in_patches(&patches).expect("strips of these layers");
            let input = draw::inputs(1, 8 * 12 * 4);
            let answer = |network: &Network| {
                Interpreter::new(network).expect("computed").run(&input).expect("a whole input").to_vec()
            };
            assert!(answer(&patched) == answer(&network), "seed {seed}, turned {is_turned}");
        }
    }
}

#[test]
fn the_code_of_networks_in_patches_answers_the_same() {
    let tools = Tools {
        host_compiler: need("cc"),
        arm_compiler: need("arm-none-eabi-gcc"),
        emulator: need("qemu-system-arm"),
        ..Tools::default()
    };
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut run) = (0, 0);
    while run < 12 {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        seen += 1;
        let count = ways(&network).count();
        let Some((patches, patched)) = ways(&network).nth(count / 2) else { continue };
        let plan = replay(&patched);
        let code = Code::of(&patched, &plan, &Name::new("net").expect("a name")).expect("emitted");
        let length = usize::try_from(network.graph().shape(Graph::INPUT).elements()).expect("small");
        let vectors = Vectors::of(&network, draw::inputs(2, length)).expect("computed");
        let subject = Subject { name: "net", header: &code.header, source: &code.source, inputs: &vectors.inputs };
        let about = format!("{patches:?} of {}", spec.to_json());
        if tools.host_compiler.is_some() {
            let hosted = host(&tools, &subject).unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(hosted.warnings, "", "{about}");
            assert!(hosted.outputs == vectors.outputs, "{about}");
        }
        if tools.arm_compiler.is_some() && tools.emulator.is_some() {
            let board = &Board::ALL[1..][run % 3];
            let emulated =
                emulate(&tools, &subject, board, None, None).unwrap_or_else(|error| panic!("{about}: {error}"));
            assert!(emulated.outputs == vectors.outputs, "{about} on {}", board.machine);
            assert_eq!(emulated.outside_bytes, 0, "{about}");
        }
        run += 1;
    }
}

/// What is planned for a graph in patches is what the code of the network takes, tables that copies share among it.
#[test]
fn what_patches_take_is_known_without_writing_them() {
    let file = std::fs::read(fixture("models/mbnet32_te_int8.tflite")).expect("a fixture");
    let network = Network::from_tflite(&file).expect("supported");
    let (plain, least) = (Need::of(network.graph()), Need::least(network.graph()));
    assert!(plain.patches.is_none() && least.ram() < plain.ram(), "{} of {}", least.ram(), plain.ram());
    let patches = least.patches.expect("in patches");
    let patched = network.in_patches(&patches).expect("possible");
    let macs = |network: &Network| network.graph().cost().macs;
    assert_eq!(macs(&patched) - macs(&network), patches.added_macs);
    let code = Code::of(&patched, &Plan::of(&patched), &Name::new("net").expect("a name")).expect("emitted");
    assert_eq!((least.flash(), least.ram()), (code.table_bytes, Plan::of(&patched).arena_bytes.into()));
    // Within a budget the cheapest way is taken, and none where none is needed.
    assert!(Need::within(network.graph(), plain.ram()).patches.is_none());
    let between = Need::within(network.graph(), u64::midpoint(plain.ram(), least.ram()));
    assert!(between.patches.expect("needed").added_macs <= patches.added_macs);
    assert!(Need::within(network.graph(), 100).patches.is_none());
}

#[test]
fn a_budget_that_takes_patches_is_met_with_them_and_says_so() {
    let model = fixture("models/mbnet32_te_int8.tflite");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("net").display().to_string();
    let json = |arguments: &[&str]| -> (Outcome, Value) {
        let said = automcu(arguments);
        (said.outcome, serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}", said.errors)))
    };
    let (_, plain) = json(&["compile", &model, "-o", &out, "--json"]);
    assert_eq!(plain["patches"], Value::Null);
    let arena = plain["footprint"]["ram"]["activations_bytes"].as_u64().expect("bytes");
    let tight = format!("{}B", arena - 1000);
    let (outcome, patched) = json(&["compile", &model, "-o", &out, "--ram", &tight, "--json"]);
    assert_eq!(outcome, Outcome::Yes, "{patched}");
    assert!(patched["patches"]["added_macs"].as_u64().expect("told") > 0, "{patched}");
    let (outcome, never) = json(&["compile", &model, "-o", &out, "--ram", &tight, "--patches", "never", "--json"]);
    assert_eq!((outcome, &never["patches"]), (Outcome::No, &Value::Null));
    let (outcome, fit) = json(&["fit", &model, "--ram", &tight, "--json"]);
    assert_eq!(outcome, Outcome::Yes, "{fit}");
    assert_eq!(fit["patches"], patched["patches"]);
    if need("cc").is_some() {
        let (_, again) = json(&["compile", &model, "-o", &out, "--patches", "least", "--json"]);
        assert!(again["footprint"]["ram"]["activations_bytes"].as_u64() < Some(arena), "{again}");
        let (outcome, proof) = json(&["verify", &out, "--json"]);
        assert_eq!(outcome, Outcome::Yes, "{proof}");
    }
}
