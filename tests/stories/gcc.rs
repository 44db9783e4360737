//! The judge that builds: what it measures is what is linked, and the linker itself refuses what is too large.

use automcu_convert::Network;
use automcu_model::{Bytes, Provenance};
use automcu_needs::need;
use automcu_target::{Budget, Catalogue, Fit, Margin};
use automcu_tests::fixture;
use automcu_toolchain::{
    Own, Tools,
    gcc::{Gcc, Settings},
    judge::{Judge, Judged, NoAnswer, Patience, Question, Verdict, ask},
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
    for (name, target) in
        [("mbnet32_te_int8", "STM32F407"), ("resnet8_te_int8", "STM32H743"), ("resnet8_int8", "ESP32-C3")]
    {
        let network = known(name);
        if target == "ESP32-C3" && tools().riscv_compiler.is_none() {
            continue;
        }
        let free = asked(&judge, &network, Some(target), Budget::default());
        let footprint = free.measurement.expect("measured").footprint;
        assert_eq!(footprint.provenance, Provenance::Linked);
        let (ram, flash) = (footprint.known_ram(), footprint.known_flash());
        let within = |ram: u64, flash: u64| {
            let budget = Budget { ram: Some(Bytes(ram)), flash: Some(Bytes(flash)) };
            asked(&judge, &network, Some(target), budget).verdict
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
