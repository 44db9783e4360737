//! What is said of code before it is compiled is what is linked.

use automcu_convert::{Code, Name, Need, Network};
use automcu_model::{Bytes, Spec};
use automcu_needs::need;
use automcu_target::{Core, Fpu};
use automcu_tests::fixture;
use automcu_toolchain::{Board, Cpu, Linked, Subject, Tools, link};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::{any_spec::any_spec, draw};

/// Cores as the catalogue has them most often.
const CORES: &[(Core, Fpu, bool)] = &[
    (Core::CortexM0Plus, Fpu::None, false),
    (Core::CortexM3, Fpu::None, false),
    (Core::CortexM4, Fpu::Single, true),
    (Core::CortexM7, Fpu::Double, true),
    (Core::CortexM33, Fpu::Single, true),
    (Core::CortexM55, Fpu::Single, true),
    (Core::Rv32imc, Fpu::None, false),
];

fn tools() -> Tools {
    Tools {
        arm_compiler: need("arm-none-eabi-gcc"),
        riscv_compiler: need("riscv64-unknown-elf-gcc"),
        ..Tools::default()
    }
}

/// An architecture that nobody has trained, with the weights of a seed; nothing where it is too large for a test.
fn untrained(spec: &Spec, seed: u64) -> Option<Network> {
    let graph = spec.lower().ok()?.deployed();
    (graph.cost().macs < 10_000_000).then(|| Network::untrained(&graph, seed).expect("made int8"))
}

fn linked(tools: &Tools, code: &Code, cpu: Cpu) -> Linked {
    let subject = Subject { name: "net", header: &code.header, source: &code.source, inputs: &[] };
    link(tools, &subject, cpu, Bytes(64 << 20), Bytes(64 << 20)).expect("linked")
}

/// The two networks of the fixtures, and so many that nobody has trained.
fn networks(wanted: u64) -> Vec<(String, Network)> {
    let mut runner = TestRunner::deterministic();
    let mut networks: Vec<(String, Network)> = ["mbnet32_te_int8", "resnet8_te_int8"]
        .into_iter()
        .map(|name| {
            let file = std::fs::read(fixture(&format!("models/{name}.tflite"))).expect("a fixture");
            (name.to_owned(), Network::from_tflite(&file).expect("supported"))
        })
        .collect();
    while networks.len() as u64 <= wanted + 1 {
        let spec = any_spec().new_tree(&mut runner).expect("a spec").current();
        networks.extend(untrained(&spec, networks.len() as u64).map(|network| (spec.to_json(), network)));
    }
    networks
}

/// RAM to the byte beside what start-up keeps, Flash within 2 % or 512 bytes.
#[test]
fn what_is_promised_is_what_is_linked() {
    let tools = tools();
    for (place, (about, network)) in networks(20).iter().enumerate() {
        let need = Need::of(network.graph());
        let code = Code::of(network, &need.plan, &Name::new("net").expect("a name")).expect("emitted");
        // Of known networks every core is looked at; of others the first that is promised for, and one other in turn.
        for (turn, &(core, fpu, dsp)) in CORES.iter().enumerate() {
            let cpu = Cpu::of(core, fpu, dsp).expect("compiled for");
            let is_wanted = place < 2 || core == Core::CortexM4 || place % CORES.len() == turn;
            if !is_wanted || tools.compiler(cpu.isa()).is_none() {
                continue;
            }
            let image = linked(&tools, &code, cpu).image;
            assert_eq!(image.ram_bytes.0, need.ram().next_multiple_of(8), "{core}: {about}");
            let promised = code.table_bytes + need.code_bytes(core).expect("fitted");
            let (off, allowed) = (image.flash_bytes.0.abs_diff(promised), (image.flash_bytes.0 / 50).max(512));
            assert!(off <= allowed, "{core}: {promised} promised, {image:?}: {about}");
        }
    }
}

/// What the size of code is fitted to: `cargo xtask nightly code-size` reads it.
#[test]
fn the_size_of_code_follows_from_its_anatomy() {
    let tools = tools();
    let wanted = draw::count(1);
    for (_, network) in networks(wanted) {
        let need = Need::of(network.graph());
        let code = Code::of(&network, &need.plan, &Name::new("net").expect("a name")).expect("emitted");
        let anatomy = need.anatomy();
        let is_alone = |stem: &str| anatomy.functions.iter().filter(|other| other.stem == stem).count() == 1;
        for &(core, fpu, dsp) in CORES {
            let cpu = Cpu::of(core, fpu, dsp).expect("compiled for");
            if tools.compiler(cpu.isa()).is_none() {
                continue;
            }
            let Linked { image, functions } = linked(&tools, &code, cpu);
            let bytes_of = |stem: &str| -> Vec<u64> {
                let named = functions.iter().filter(|(name, _)| name.split('.').next() == Some(stem));
                named.map(|(_, bytes)| *bytes).collect()
            };
            for shared in &anatomy.functions {
                let bytes = bytes_of(&shared.stem);
                // Where two begin with the same name, or a rare form of rescaling makes two of one, it is not told which is which.
                if let [bytes] = bytes[..]
                    && is_alone(&shared.stem)
                    && bytes_of(&format!("{}_2", shared.stem)).is_empty()
                {
                    println!("function: {core} {:?} {bytes} {}", shared.function, words(&shared.traits));
                }
            }
            let is_shared = |name: &str| name.starts_with("conv_") || name.starts_with("depthwise_");
            let shared: u64 = functions.iter().filter(|(name, _)| is_shared(name)).map(|(_, bytes)| bytes).sum();
            let rest = image.flash_bytes.0 - code.table_bytes - shared;
            assert!(rest < 64 << 10, "{rest} bytes beside tables and shared functions");
            println!("rest: {core} Rest {rest} {}", words(&anatomy.rest));
        }
    }
}

fn words(numbers: &[f32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// So a candidate can be judged before it is trained.
#[test]
fn what_code_takes_does_not_depend_on_the_weights() {
    let tools = tools();
    let mut runner = TestRunner::deterministic();
    let mut seen = 0;
    while seen < 24 {
        let spec = any_spec().new_tree(&mut runner).expect("a spec").current();
        let drawn: Option<Vec<Network>> = (0..3).map(|seed| untrained(&spec, 1000 * seed)).collect();
        let Some(networks) = drawn else { continue };
        let about = spec.to_json();
        let mut taken = Vec::new();
        for network in &networks {
            let need = Need::of(network.graph());
            let code = Code::of(network, &need.plan, &Name::new("net").expect("a name")).expect("emitted");
            assert_eq!(need.flash(), code.table_bytes, "{about}");
            // Linking takes its time: a few are enough to see that code follows shapes alone.
            let is_linked = seen % 6 == 0 && tools.arm_compiler.is_some();
            let image = is_linked.then(|| linked(&tools, &code, Board::M4.cpu).image);
            taken.push((need.ram(), need.flash(), need.code_bytes(Core::CortexM4), image));
        }
        assert!(
            taken.windows(2).all(|pair| (pair[0].0, pair[0].1, pair[0].2) == (pair[1].0, pair[1].1, pair[1].2)),
            "{taken:?}: {about}"
        );
        let flash: Vec<u64> = taken.iter().filter_map(|taken| taken.3).map(|image| image.flash_bytes.0).collect();
        if let (Some(least), Some(most)) = (flash.iter().min(), flash.iter().max()) {
            assert!(most - least <= (most / 50).max(512), "{flash:?}: {about}");
        }
        seen += 1;
    }
}
