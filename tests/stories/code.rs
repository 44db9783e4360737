//! The C code of a network answers, byte for byte, what the interpreter answers: compiled for the computer at hand, and
//! linked for microcontrollers and run in an emulator.

use automcu_convert::{Code, Name, Network, Plan, Vectors};
use automcu_model::Graph;
use automcu_needs::need;
use automcu_tests::fixture;
use automcu_toolchain::{Board, Emulated, Subject, Tools, emulate, host};
use proptest::test_runner::TestRunner;

use crate::draw;

fn tools() -> Tools {
    Tools {
        host_compiler: need("cc"),
        arm_compiler: need("arm-none-eabi-gcc"),
        emulator: need("qemu-system-arm"),
        ..Tools::default()
    }
}

/// A network as C code, with inputs and the interpreter's answers.
struct Written {
    code: Code,
    plan: Plan,
    vectors: Vectors,
}

impl Written {
    fn of(network: &Network, inputs: usize) -> Self {
        let plan = Plan::of(network);
        let code = Code::of(network, &plan, &Name::new("net").expect("a name")).expect("emitted");
        let length = usize::try_from(network.graph().shape(Graph::INPUT).elements()).expect("small");
        let vectors = Vectors::of(network, draw::inputs(inputs, length)).expect("computed");
        Self { code, plan, vectors }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { name: "net", header: &self.code.header, source: &self.code.source, inputs: &self.vectors.inputs }
    }

    /// Runs the code on this computer; what it answers is what the interpreter answers.
    fn hosted(&self, tools: &Tools, about: &str) {
        let hosted = host(tools, &self.subject()).unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(hosted.warnings, "", "{about}");
        assert!(hosted.outputs == self.vectors.outputs, "{about}: answers differ");
    }

    /// Runs the code on a board; what it answers is what the interpreter answers, and nothing but the arena is written.
    fn emulated(&self, tools: &Tools, board: &Board, about: &str) -> Emulated {
        let emulated =
            emulate(tools, &self.subject(), board, None, None).unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(emulated.warnings, "", "{about}");
        assert!(emulated.outputs == self.vectors.outputs, "{about}: answers differ on {}", board.machine);
        assert_eq!(emulated.outside_bytes, 0, "{about}");
        assert!(emulated.arena_touched_bytes <= self.plan.arena_bytes, "{about}");
        emulated
    }
}

fn fixture_network(name: &str) -> Network {
    let file = std::fs::read(fixture(&format!("models/{name}.tflite"))).expect("a fixture");
    Network::from_tflite(&file).expect("supported")
}

#[test]
fn the_code_of_known_networks_answers_the_same_everywhere() {
    let tools = tools();
    for name in ["mbnet32_int8", "mbnet32_te_int8", "resnet8_int8", "resnet8_te_int8"] {
        let written = Written::of(&fixture_network(name), 8);
        if tools.host_compiler.is_some() {
            written.hosted(&tools, name);
        }
        if tools.arm_compiler.is_none() || tools.emulator.is_none() {
            continue;
        }
        for board in Board::ALL {
            let emulated = written.emulated(&tools, board, name);
            // What is planned is used to the last byte, unless the portable path leaves half of a scratch alone.
            let unused = written.plan.arena_bytes - emulated.arena_touched_bytes;
            assert!(unused < 4 || board.machine == Board::M3.machine, "{name}: {unused} of {}", board.machine);
        }
    }
}

/// The figures to beat are those of kernels called by hand: 15.84 and 29.85 million instructions, 49 and 51 kB of RAM,
/// 54.9 and 102.6 kB of Flash.
#[test]
fn known_networks_take_no_more_than_they_are_known_to_take() {
    let tools = tools();
    if tools.arm_compiler.is_none() || tools.emulator.is_none() {
        return;
    }
    for (name, instructions, ram, flash) in
        [("mbnet32_te_int8", 8_500_000, 20 << 10, 54_900), ("resnet8_te_int8", 16_500_000, 16 << 10, 102_600)]
    {
        let emulated = Written::of(&fixture_network(name), 2).emulated(&tools, &Board::M4, name);
        assert!(emulated.instructions <= instructions, "{name}: {emulated:?}");
        assert!(emulated.image.ram_bytes.0 <= ram, "{name}: {emulated:?}");
        assert!(emulated.image.flash_bytes.0 <= flash, "{name}: {emulated:?}");
        assert!(emulated.stack_bytes < 1024, "{name}: {emulated:?}");
    }
}

#[test]
fn the_code_of_networks_drawn_at_random_answers_the_same() {
    let tools = tools();
    let mut runner = TestRunner::deterministic();
    let wanted = draw::count(20);
    let (mut seen, mut bytes) = (0, 0);
    while seen < wanted {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let written = Written::of(&network, 3);
        let about = format!("network {seen}: {}", spec.to_json());
        if tools.host_compiler.is_some() {
            written.hosted(&tools, &about);
        }
        if tools.arm_compiler.is_some() && tools.emulator.is_some() {
            // The board with a Cortex-M4 is as small as the part; some of these networks are larger.
            let is_small = written.plan.arena_bytes < 150 << 10 && written.code.table_bytes < 900 << 10;
            let boards = if is_small { Board::ALL } else { &Board::ALL[1..] };
            let board = &boards[usize::try_from(seen).expect("few") % boards.len()];
            written.emulated(&tools, board, &about);
        }
        seen += 1;
        bytes += written.vectors.outputs.len();
    }
    if tools.host_compiler.is_some() && tools.emulator.is_some() && tools.arm_compiler.is_some() {
        println!("run: {seen} networks, {bytes} bytes of output, here and on one of {} boards", Board::ALL.len());
    }
}
