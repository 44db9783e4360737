//! The judge that builds: what it measures is what is linked, and the linker itself refuses what is too large.

use std::path::Path;

use automcu_convert::Network;
use automcu_model::{Bytes, Provenance};
use automcu_needs::need;
use automcu_process::{Limits, Program, Status};
use automcu_target::{Budget, Catalogue, Fit, Margin};
use automcu_tests::fixture;
use automcu_toolchain::{
    Choice, Clang, Own, Tools,
    gcc::{Gcc, Settings},
    judge::{Judge, Judged, NoAnswer, Patience, Question, Uncounted, Verdict, ask},
    runs::Kept,
};
use proptest::test_runner::TestRunner;

use crate::draw;

fn tools() -> Tools {
    Tools {
        host_compiler: need("cc"),
        arm_compiler: need("arm-none-eabi-gcc"),
        riscv_compiler: need("riscv64-unknown-elf-gcc"),
        emulator: need("qemu-system-arm"),
        ..Tools::default()
    }
}

fn judge(settings: Settings) -> Option<Gcc> {
    let tools = tools();
    tools.arm_compiler.is_some().then(|| Gcc::new(tools, settings).expect("it says who it is"))
}

/// The same tools, with Clang and LLVM's linker in the place of GCC.
fn with_clang() -> Option<Tools> {
    let (program, lld) = (need("clang")?, need("lld")?);
    let clang = Clang { program, lld: Some(lld), arm_linker: None, riscv_linker: None };
    Some(Tools { clang: Some(clang), arm_compiler: None, riscv_compiler: None, ..tools() })
}

fn clang(settings: Settings) -> Option<Gcc> {
    with_clang().map(|tools| Gcc::new(tools, settings).expect("it says who it is"))
}

fn asked(judge: &dyn Judge, network: &Network, target: Option<&str>, budget: Budget) -> Judged {
    let part = target.map(|name| Catalogue::built_in().find(name).expect("in the catalogue"));
    ask(judge, &Question { network, float: None, part, budget }, Patience::default())
}

fn known(name: &str) -> Network {
    let file = std::fs::read(fixture(&format!("models/{name}.tflite"))).expect("a fixture");
    Network::from_tflite(&file).expect("supported")
}

/// RAM and Flash that are exactly enough fit; one byte less of either is refused, by one byte.
#[test]
fn the_linker_refuses_one_byte_too_many() {
    let Some(judge) = judge(Settings::default()) else { return };
    let mut known = vec![("mbnet32_te_int8", "STM32F407"), ("resnet8_te_int8", "STM32H743")];
    if tools().riscv_compiler.is_some() {
        known.push(("resnet8_int8", "ESP32-C3"));
    }
    refuses_one_byte_too_many(&judge, &known);
}

#[test]
fn the_linker_of_clang_refuses_one_byte_too_many() {
    let Some(judge) = clang(Settings::default()) else { return };
    let known = [("mbnet32_te_int8", "STM32F407"), ("resnet8_te_int8", "RP2040"), ("resnet8_int8", "ESP32-C3")];
    refuses_one_byte_too_many(&judge, &known);
}

fn refuses_one_byte_too_many(judge: &Gcc, networks: &[(&str, &str)]) {
    for &(name, target) in networks {
        let network = known(name);
        let free = asked(judge, &network, Some(target), Budget::default());
        let footprint = free.measurement.expect("measured").footprint;
        assert_eq!(footprint.provenance, Provenance::Linked);
        let (ram, flash) = (footprint.known_ram(), footprint.known_flash());
        let within = |ram: u64, flash: u64| {
            let budget = Budget { ram: Some(Bytes(ram)), flash: Some(Bytes(flash)) };
            asked(judge, &network, Some(target), budget).verdict
        };
        assert!(matches!(within(ram.0, flash.0), Verdict::Fits { .. }), "{target}: {ram} {flash}");
        let over = |fit: Fit| {
            matches!(
                (fit.ram, fit.flash),
                (Margin::Over(Bytes(1)), Margin::Spare(Bytes(0))) | (Margin::Spare(Bytes(0)), Margin::Over(Bytes(1)))
            )
        };
        let Verdict::OverBudget { margins } = within(ram.0, flash.0 - 1) else { panic!("{target}: one byte of Flash") };
        assert!(over(margins), "{margins:?}");
        // Patches would take less RAM and more Flash, of which there is none.
        let Verdict::OverBudget { margins } = within(ram.0 - 1, flash.0) else { panic!("{target}: one byte of RAM") };
        assert!(over(margins) || matches!(margins.flash, Margin::Over(_)), "{margins:?}");
    }
}

/// What is planned without a compiler is what is linked with one.
#[test]
fn the_plan_and_the_linker_agree() {
    let Some(judge) = judge(Settings::default()) else { return };
    let mut runner = TestRunner::deterministic();
    let mut networks: Vec<Network> = ["mbnet32_te_int8", "resnet8_te_int8"].map(known).into();
    let mut seed = 0;
    while networks.len() < 8 {
        seed += 1;
        networks.extend(draw::network(&mut runner, seed).map(|(_, network)| network));
    }
    for network in &networks {
        let (linked, planned) = (
            asked(&judge, network, Some("STM32F407"), Budget::default()),
            asked(&Own::default(), network, Some("STM32F407"), Budget::default()),
        );
        let (linked, planned) = (linked.measurement.expect("linked"), planned.measurement.expect("planned"));
        assert_eq!(planned.footprint.provenance, Provenance::Estimated);
        assert_eq!(linked.footprint.ram.activations, planned.footprint.ram.activations);
        assert_eq!(linked.footprint.ram.runtime, planned.footprint.ram.runtime);
        assert_eq!(linked.footprint.flash.weights, planned.footprint.flash.weights);
        assert_eq!(linked.footprint.flash.tables, planned.footprint.flash.tables);
        assert_eq!(
            (linked.macs, &linked.layers, &linked.operators),
            (planned.macs, &planned.layers, &planned.operators)
        );
    }
}

#[test]
fn code_that_is_run_says_what_it_took() {
    let Some(judge) = judge(Settings { runs: true }) else { return };
    if tools().emulator.is_none() {
        return;
    }
    for target in ["STM32F407", "STM32H743"] {
        let judged = asked(&judge, &known("mbnet32_te_int8"), Some(target), Budget::default());
        let measurement = judged.measurement.expect("measured");
        let ran = measurement.ran.expect("run");
        assert_eq!((ran.provenance, ran.differing_bytes), (Provenance::Emulated, 0));
        assert!(ran.instructions > Some(1_000_000), "{ran:?}");
        // The program around the network in the emulator has frames of its own, below 200 bytes.
        let (used, bound) = (ran.stack_bytes.expect("seen"), measurement.footprint.ram.stack.expect("bounded").0);
        assert!(used <= bound + 200 && bound < 1024, "{used} bytes used, at most {bound} said");
    }
}

/// Where GCC is not there, Clang is asked, and says who it is. Its code answers the same.
#[test]
fn clang_stands_in_for_gcc() {
    let Some(judge) = clang(Settings { runs: true }) else { return };
    let tool = &judge.identity().tool;
    assert!(tool.contains("clang version") && tool.contains("linked by") && tool.contains("LLD"), "{tool}");
    let network = known("mbnet32_te_int8");
    for (target, place) in [("STM32F407", "cortex-m4"), ("STM32H743", "cortex-m7")] {
        let judged = asked(&judge, &network, Some(target), Budget::default());
        let measurement = judged.measurement.unwrap_or_else(|| panic!("{target}: {:?}", judged.verdict));
        assert_eq!(measurement.footprint.provenance, Provenance::Linked);
        assert!(measurement.remarks.iter().any(|remark| remark.contains("Clang")), "{:?}", measurement.remarks);
        if tools().emulator.is_none() {
            continue;
        }
        let ran = measurement.ran.expect("run");
        assert_eq!((ran.provenance, ran.differing_bytes), (Provenance::Emulated, 0));
        assert!(ran.place.contains(place), "{ran:?}");
        let (used, bound) = (ran.stack_bytes.expect("seen"), measurement.footprint.ram.stack.expect("bounded").0);
        assert!(used <= bound + 200 && bound < 1024, "{target}: {used} bytes used, at most {bound} said");
    }
}

/// What one compiler takes another does not, but memory that is planned is planned.
#[test]
fn clang_links_networks_drawn_at_random_for_every_kind_of_core() {
    let Some(judge) = clang(Settings::default()) else { return };
    let (mut runner, mut seen, mut seed) = (TestRunner::deterministic(), 0, 0);
    while seen < draw::count(4) {
        seed += 1;
        let Some((spec, network)) = draw::network(&mut runner, seed) else { continue };
        seen += 1;
        for target in ["RP2040", "STM32F407", "STM32U575", "ESP32-C3"] {
            let judged = asked(&judge, &network, Some(target), Budget::default());
            let linked =
                judged.measurement.unwrap_or_else(|| panic!("{target}: {:?} {}", judged.verdict, spec.to_json()));
            let planned = asked(&Own::default(), &network, Some(target), Budget::default());
            let planned = planned.measurement.expect("planned").footprint;
            assert_eq!(linked.footprint.ram.activations, planned.ram.activations);
            assert_eq!(linked.footprint.flash.weights, planned.flash.weights);
        }
    }
}

/// Whoever wants one of both gets no other.
#[test]
fn a_compiler_that_is_asked_for_and_not_there_is_named() {
    for (choice, remedy) in [(Choice::Clang, "clang lld"), (Choice::Gcc, "gcc-arm-none-eabi")] {
        let none = Gcc::new(Tools { choice, ..Tools::default() }, Settings::default()).err().expect("no compiler");
        assert!(matches!(&none, NoAnswer::Missing { remedy: said, .. } if said.contains(remedy)), "{none}");
    }
    let Some(both) = with_clang().map(|clang| Tools { arm_compiler: need("arm-none-eabi-gcc"), ..clang }) else {
        return;
    };
    let tool = |choice| {
        Gcc::new(Tools { choice, ..both.clone() }, Settings::default()).map(|judge| judge.identity().tool.clone())
    };
    assert!(tool(Choice::Clang).is_ok_and(|tool| tool.contains("clang") && !tool.contains("gcc")));
    if both.arm_compiler.is_some() {
        // Arm by GCC, RISC-V by Clang.
        assert!(tool(Choice::Either).is_ok_and(|tool| tool.contains("gcc") && tool.contains("clang")));
        assert!(tool(Choice::Gcc).is_ok_and(|tool| tool.contains("gcc") && !tool.contains("clang")));
    }
}

/// A script as a program, written by another process: nobody holds it open for writing when this returns.
fn write_program(path: &Path, script: &str) {
    let folder = path.parent().expect("a folder");
    let text = path.with_extension("txt");
    std::fs::write(&text, script).expect("writable");
    let install = Program::new("/usr/bin/install", folder).args(["-m", "755"]).args([&text, &path.to_owned()]);
    let ended = install.run(Limits::of_seconds(20)).expect("it is there");
    assert_eq!(ended.status, Status::Exited(0));
}

/// Older ones of Clang do not say what functions take of the stack.
#[test]
fn a_stack_that_no_compiler_tells_is_unknown() {
    let Some(tools) = with_clang() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let real = tools.clang.clone().expect("there");
    let old = folder.path().join("clang");
    let script = format!(
        "#!/bin/sh\nfor word in \"$@\"; do [ \"$word\" = -fstack-usage ] && echo \"clang: error: unknown argument: '-fstack-usage'\" >&2 && exit 1; done\nexec {} \"$@\"\n",
        real.program.display()
    );
    write_program(&old, &script);
    let tools = Tools { clang: Some(Clang { program: old, ..real }), ..tools };
    let judge = Gcc::new(tools, Settings::default()).expect("it says who it is");
    let budget = Budget { ram: Some(Bytes::kib(64)), flash: Some(Bytes::kib(256)) };
    let judged = asked(&judge, &known("resnet8_te_int8"), Some("STM32F407"), budget);
    let Verdict::Fits { uncounted, .. } = &judged.verdict else { panic!("{:?}", judged.verdict) };
    assert_eq!(*uncounted, [Uncounted::Stack]);
    assert_eq!(judged.measurement.expect("measured").footprint.ram.stack, None);
}

/// What could not be compiled, linked or run is there for whoever looks: so much of it.
#[test]
fn the_folders_of_failed_runs_are_kept() {
    let Some(compiler) = need("arm-none-eabi-gcc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("gcc");
    let runs = folder.path().join("runs");
    let stories = || -> Vec<String> {
        let entries = std::fs::read_dir(&runs).into_iter().flatten().flatten();
        entries.map(|entry| std::fs::read_to_string(entry.path().join("automcu.txt")).expect("a story")).collect()
    };
    for (fails_at, words) in [("-c", "out of ideas"), ("image.elf", "out of ideas")] {
        let script = format!(
            "#!/bin/sh\nfor word in \"$@\"; do [ \"$word\" = {fails_at} ] && echo 'error: out of ideas' >&2 && exit 1; done\nexec {} \"$@\"\n",
            compiler.display()
        );
        write_program(&broken, &script);
        let tools = Tools { arm_compiler: Some(broken.clone()), runs: Some(runs.clone()), ..Tools::default() };
        let judge =
            Gcc::new(Tools { failures_kept: Kept { folders: 1, ..Kept::default() }, ..tools }, Settings::default());
        let judged = asked(&judge.expect("it says its version"), &known("resnet8_te_int8"), None, Budget::default());
        assert!(matches!(judged.verdict, Verdict::ToolFailed { .. }), "{:?}", judged.verdict);
        let kept = stories();
        assert!(matches!(kept.as_slice(), [story] if story.contains(words) && story.contains(fails_at)), "{kept:?}");
    }
    let Some(tools) = need("cc").map(|_| tools()) else { return };
    // An emulator that crashes.
    write_program(
        &broken,
        "#!/bin/sh\n[ \"$1\" = --version ] && exec echo 'emulator 0'\necho 'out of steam' >&2; exit 3\n",
    );
    let tools = Tools { emulator: Some(broken), runs: Some(runs.clone()), ..tools };
    let judge = Gcc::new(tools, Settings { runs: true }).expect("it says who it is");
    let judged = asked(&judge, &known("resnet8_te_int8"), Some("STM32F407"), Budget::default());
    assert!(matches!(judged.verdict, Verdict::ToolFailed { .. }), "{:?}", judged.verdict);
    assert!(stories().iter().any(|story| story.contains("out of steam")), "{:?}", stories());
}

/// What is generated within a budget is what was judged: the stack is not planned over.
#[test]
fn what_is_generated_leaves_room_for_the_stack() {
    let Some(judge) = judge(Settings::default()) else { return };
    let network = known("mbnet32_te_int8");
    let free = asked(&judge, &network, None, Budget::default()).measurement.expect("measured").footprint.ram;
    // Enough for the arena without patches, and not for the stack beside it.
    let ram = Bytes(free.activations.0 + free.stack.expect("bounded").0 / 2);
    let budget = Budget { ram: Some(ram), flash: None };
    let question = Question { network: &network, float: None, part: None, budget };
    let judged = ask(&judge, &question, Patience::default()).measurement.expect("measured").footprint.ram;
    assert!(judged.activations < free.activations && judged.activations + judged.stack.expect("bounded") <= ram);
    let arena = |judge: &dyn Judge| -> u64 {
        let folder = tempfile::tempdir().expect("a folder");
        judge.generate(&question, folder.path()).expect("written");
        let header = std::fs::read_to_string(folder.path().join("network.h")).expect("there");
        let line = header.lines().find(|line| line.contains("define NETWORK_ARENA_BYTES")).expect("told");
        line.split_whitespace().find_map(|word| word.parse().ok()).expect("a number")
    };
    assert_eq!(arena(&judge), judged.activations.0);
    assert_eq!(arena(&Own::default()), free.activations.0, "which knows no stack");
}

#[test]
fn patches_are_taken_where_a_budget_takes_them() {
    let Some(judge) = judge(Settings::default()) else { return };
    let network = known("mbnet32_te_int8");
    let all = |ram: Option<u64>| {
        let budget = Budget { ram: ram.map(Bytes), flash: None };
        asked(&judge, &network, Some("STM32F407"), budget)
    };
    let free = all(None).measurement.expect("measured").footprint.known_ram().0;
    let tight = all(Some(free - 1500));
    assert!(matches!(tight.verdict, Verdict::Fits { .. }), "{:?}", tight.verdict);
    let remarks = tight.measurement.expect("measured").remarks;
    assert!(remarks.iter().any(|remark| remark.contains("strips")), "{remarks:?}");
}

#[test]
fn a_core_without_a_compiler_is_not_judged() {
    let Some(judge) = judge(Settings::default()) else { return };
    let judged = asked(&judge, &known("mbnet32_te_int8"), Some("ESP32"), Budget::default());
    assert!(matches!(&judged.verdict, Verdict::Unknown { words } if words.contains("xtensa")), "{:?}", judged.verdict);
    let none = Gcc::new(Tools::default(), Settings::default()).err().expect("no compiler");
    assert!(matches!(&none, NoAnswer::Missing { remedy, .. } if remedy.contains("gcc-arm-none-eabi")), "{none}");
}

/// What is generated is the project that `automcu compile` writes.
#[test]
fn the_code_can_be_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let question = Question { network: &known("resnet8_te_int8"), float: None, part: None, budget: Budget::default() };
    let files = Own::default().generate(&question, folder.path()).expect("written");
    assert!(files.iter().any(|file| file.ends_with("network.c")) && files.iter().all(|file| file.is_file()));
}
