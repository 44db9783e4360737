//! `automcu build`: firmware for a part, built by what is handed over with it, and run on the board that stands in for it.

use std::{fs, path::Path};

use automcu::Outcome;
use automcu_needs::need;
use automcu_process::{Ended, Limits, Program, Status};
use automcu_target::{Catalogue, Core, Part};
use automcu_tests::{automcu, fixture};
use automcu_toolchain::{Cpu, Isa, firmware};
use serde_json::Value;

/// One part of each core of the catalogue.
const PARTS: [&str; 5] = ["STM32G0B1RET6", "STM32F407VET6", "STM32H743ZIT6", "STM32U575ZIT6", "AP510NFA-CBR"];

/// Parts that are not in the catalogue: a Cortex-M3, and a Cortex-M7 whose addresses are those of its board, with RAM for
/// code.
const FAMILY: &str = r#"
version = 1
family = "Bench"
vendor = "A user"
[documents]
bench = "Measured */ on the bench"
[[part]]
name = "BENCH-M3"
class = "entry"
core = "cortex-m3"
fpu = "none"
dsp = false
clock_mhz = 96
sources = { core = "bench", clock = "bench", flash = "bench", ram = "bench" }
flash = [{ name = "flash", address = 0x08000000, size = "128 KiB" }]
ram = [{ name = "ram", address = 0x20000000, size = "32 KiB" }, { name = "data", address = 0x30000000, size = "4 KiB" }]
[[part]]
name = "BENCH-M7"
class = "entry"
core = "cortex-m7"
fpu = "double"
dsp = true
clock_mhz = 96
sources = { core = "bench", clock = "bench", flash = "bench", ram = "bench" }
flash = [{ name = "flash", address = 0, size = "1 MiB" }]
ram = [
    { name = "sram", address = 0x20000000, size = "256 KiB" },
    { name = "itcm", address = 0x20200000, size = "64 KiB", use = "code" },
    { name = "dtcm", address = 0x20300000, size = "64 KiB" },
]
"#;

fn built(target: &str, folder: &Path, more: &[&str]) -> Value {
    let path = folder.to_str().expect("text");
    let model = fixture("models/mbnet32_te_int8.tflite");
    let line = ["build", &model, "--target", target, "-o", path, "--name", "eye", "--json"];
    let said = automcu(&[&line, more].concat());
    assert_eq!(said.outcome, Outcome::Yes, "{target}: {}", said.errors);
    serde_json::from_str(&said.output).expect("JSON")
}

fn verified(folder: &Path) -> (Outcome, Value) {
    let said = automcu(&["verify", folder.to_str().expect("text"), "--inputs", "2", "--json"]);
    (said.outcome, serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}", said.errors)))
}

fn run(program: &Path, folder: &Path, arguments: &[&str], seconds: u64) -> Ended {
    Program::new(program, folder).args(arguments).run(Limits::of_seconds(seconds)).expect("it starts")
}

/// Runs make; nobody has anything to say against what it compiles.
#[track_caller]
fn made(make: &Path, folder: &Path, arguments: &[&str]) -> String {
    let ended = run(make, folder, &[&["--silent"], arguments].concat(), 300);
    assert_eq!(ended.status, Status::Exited(0), "{}\n{}", ended.output.text, ended.errors.text);
    let said = format!("{}{}", ended.output.text, ended.errors.text);
    assert!(!said.contains("warning"), "{said}");
    said
}

#[track_caller]
fn passed(said: &str) {
    assert!(said.contains("eye: 2 inputs, 0 bytes differ\n"), "{said}");
    assert!(said.contains("eye: no cycle counter\n") && said.contains("eye: self-test passed\n"), "{said}");
}

/// The regions of a linker script, as label, address and size.
fn regions(script: &str) -> Vec<(String, u64, u64)> {
    let number = |text: &str| {
        let text = text.trim();
        let hex = text.strip_prefix("0x").map(|hex| u64::from_str_radix(hex, 16));
        hex.unwrap_or_else(|| text.parse()).expect("a number")
    };
    let lines = script.lines().filter_map(|line| {
        let (label, rest) = line.split_once(" : ORIGIN = ")?;
        let (address, size) = rest.split_once(", LENGTH = ")?;
        let label = label.split_whitespace().next()?.to_owned();
        Some((label, number(address), number(size)))
    });
    lines.collect()
}

fn is_cortex_m(part: &Part) -> bool {
    Cpu::of(part.core(), part.fpu(), part.has_dsp()).is_some_and(|cpu| cpu.isa() == Isa::Arm)
}

/// The text of a file of a part's firmware.
fn file_of(part: &Part, ending: &str) -> String {
    let name = automcu_convert::Name::new("eye").expect("a name");
    let (arena, tables) = (automcu_model::Bytes(1 << 10), automcu_model::Bytes(1 << 10));
    let site = firmware::Site { part, budget: part.into(), name: &name, arena, tables };
    let files = firmware::Firmware::of(site).expect("a Cortex-M").files;
    let file = files.into_iter().find(|file| file.name.ends_with(ending));
    file.unwrap_or_else(|| panic!("{}: no {ending}", part.name())).text
}

#[test]
fn the_regions_of_every_linker_script_are_those_of_the_catalogue() {
    let mut seen = 0;
    for part in Catalogue::built_in().parts() {
        if !is_cortex_m(part) {
            continue;
        }
        let script = file_of(part, &format!("{}.ld", part.name()));
        let there = regions(&script);
        for (label, memory) in [("FLASH", part.flash()), ("RAM", part.ram())] {
            let (_, address, size) = there.iter().find(|(name, ..)| name == label).expect("FLASH and RAM");
            assert_eq!(*size, memory.largest_run().0, "{}: {label}", part.name());
            // What lies within is no region of its own; all else is one.
            for region in memory.regions() {
                let start = u64::from(region.address);
                let is_within = (*address..address + size).contains(&start);
                let is_own = there.iter().any(|(_, at, bytes)| (*at, *bytes) == (start, region.size.0));
                assert!(is_within || is_own, "{}: {}\n{script}", part.name(), region.name);
            }
        }
        let labels: std::collections::BTreeSet<_> = there.iter().map(|(label, ..)| label).collect();
        assert_eq!(labels.len(), there.len(), "{}", part.name());
        seen += 1;
    }
    assert!(seen > 45, "{seen}");
}

/// No mark of a template is left, and no core has been forgotten.
#[test]
fn every_file_of_every_part_is_filled_in() {
    let mut cores = Vec::new();
    for part in Catalogue::built_in().parts() {
        if !is_cortex_m(part) {
            assert!(matches!(part.core(), Core::Rv32imc | Core::XtensaLx6 | Core::XtensaLx7), "{}", part.name());
            continue;
        }
        for ending in [".ld", "Makefile", "CMakeLists.txt", "README.md", "main.c", "board.c"] {
            let text = file_of(part, ending);
            let mark = text
                .split('@')
                .skip(1)
                .step_by(2)
                .find(|mark| mark.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
            assert!(mark.is_none_or(str::is_empty), "{}: {ending}: {mark:?}", part.name());
        }
        cores.push(part.core());
    }
    for part in PARTS {
        let core = Catalogue::built_in().find(part).expect("built in").core();
        cores.retain(|&other| other != core);
    }
    assert!(cores.is_empty(), "no story builds for {cores:?}");
}

#[test]
fn firmware_builds_with_make_and_passes_its_test_on_every_core() {
    let (Some(make), Some(_)) = (need("make"), need("arm-none-eabi-gcc")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let families = folder.path().join("families");
    fs::create_dir(&families).expect("writable");
    fs::write(families.join("bench.toml"), FAMILY).expect("writable");
    let families = families.to_str().expect("text");
    for part in PARTS.into_iter().chain(["BENCH-M3"]) {
        let path = folder.path().join(part);
        let answer = built(part, &path, &["--targets-dir", families]);
        assert_eq!(answer.pointer("/firmware/part"), Some(&part.into()));
        made(&make, &path, &[]);
        assert!(made(&make, &path, &["size"]).contains("build/eye.elf"));
        for made in ["elf", "bin", "hex", "map"] {
            assert!(path.join(format!("build/eye.{made}")).is_file(), "{made}");
        }
        if need("cc").is_some() {
            assert!(made(&make, &path, &["check"]).contains("0 bytes differ"));
        }
        let Some(emulator) = need("qemu-system-arm") else { continue };
        passed(&made(&make, &path, &["run"]));
        passed(&made(&make, &path, &["uart"]));
        // Without a debugger nothing faults: it is told through the UART, and the program idles.
        if part.starts_with("STM32") {
            let line = made(&make, &path, &["--dry-run", "uart"]);
            let words: Vec<&str> = line.lines().last().expect("a line").split_whitespace().skip(1).collect();
            let end = words.iter().position(|word| *word == "-chardev").expect("semihosting");
            let ended = run(&emulator, &path, &words[..end], 5);
            assert_eq!(ended.status, Status::TimedOut, "{}", ended.errors.text);
            passed(&ended.output.text);
        }
    }
}

#[test]
fn firmware_builds_with_cmake() {
    let (Some(cmake), Some(_), Some(_)) = (need("cmake"), need("make"), need("arm-none-eabi-gcc")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["STM32F407VET6", "STM32H743ZIT6"] {
        let path = folder.path().join(part);
        built(part, &path, &[]);
        for arguments in [&["-S", ".", "-B", "out"][..], &["--build", "out"], &["--build", "out", "--target", "size"]] {
            let ended = run(&cmake, &path, arguments, 300);
            assert_eq!(ended.status, Status::Exited(0), "{}\n{}", ended.output.text, ended.errors.text);
            assert!(!ended.errors.text.contains("warning"), "{}", ended.errors.text);
        }
        if need("qemu-system-arm").is_some() {
            let ended = run(&cmake, &path, &["--build", "out", "--target", "run"], 300);
            passed(&format!("{}{}", ended.output.text, ended.errors.text));
        }
    }
}

#[test]
fn a_broken_vector_fails_the_test_and_the_proof() {
    let (Some(make), Some(_)) = (need("make"), need("arm-none-eabi-gcc")) else { return };
    let Some(_) = need("qemu-system-arm") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    built("STM32F407", folder.path(), &[]);
    let file = folder.path().join("vectors.h");
    let text = fs::read_to_string(&file).expect("written");
    let start = text.find("eye_outputs").expect("outputs");
    let (inputs, outputs) = text.split_at(start);
    let at = outputs.find("        ").expect("values") + 8;
    let end = at + outputs[at..].find(',').expect("a value");
    let value: i8 = outputs[at..end].parse().expect("an int8");
    let broken = format!("{inputs}{}{}{}", &outputs[..at], value.wrapping_add(1), &outputs[end..]);
    fs::write(&file, broken).expect("writable");
    let ended = run(&make, folder.path(), &["--silent", "run"], 300);
    let said = format!("{}{}", ended.output.text, ended.errors.text);
    assert!(ended.status != Status::Exited(0) && said.contains("1 bytes differ"), "{said}");
    assert!(said.contains("self-test FAILED"), "{said}");
    let (outcome, answer) = verified(folder.path());
    assert_eq!((outcome, &answer["is_proven"]), (Outcome::No, &false.into()));
    assert_eq!(answer.pointer("/firmware/self_test/is_passed"), Some(&false.into()));
}

/// What is promised is what the map file has; a budget of just what is linked suffices, and of one byte less does not.
#[test]
fn firmware_is_linked_within_the_budget_to_the_byte() {
    let (Some(make), Some(_)) = (need("make"), need("arm-none-eabi-gcc")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for part in PARTS {
        let path = folder.path().join(part);
        built(part, &path, &[]);
        let (outcome, answer) = verified(&path);
        let figure =
            |name: &str| answer.pointer(&format!("/firmware/{name}")).and_then(Value::as_u64).expect("a figure");
        assert_eq!(outcome, Outcome::Yes, "{part}: {answer}");
        assert_eq!(figure("network/arena_bytes"), figure("arena_promised_bytes"), "{part}");
        assert_eq!(figure("network/table_bytes"), figure("tables_promised_bytes"), "{part}");
        assert_eq!((figure("network/variable_bytes"), &answer["firmware"]["warnings"]), (0, &"".into()), "{part}");
        assert!(figure("network/code_bytes") > 1000 && figure("around_ram_bytes") < 64, "{part}: {answer}");
        if need("qemu-system-arm").is_some() {
            assert_eq!(answer.pointer("/firmware/self_test/is_passed"), Some(&true.into()), "{part}");
        }
        let stack = figure("stack_reserved_bytes");
        let (ram, flash) = (figure("image/ram_bytes").next_multiple_of(8) + stack, figure("image/flash_bytes"));
        for (option, enough, region) in [("--ram", ram, "RAM"), ("--flash", flash, "FLASH")] {
            built(part, &path, &[option, &format!("{enough}B")]);
            made(&make, &path, &["clean", "all"]);
            let script = fs::read_to_string(path.join(format!("{part}.ld"))).expect("written");
            assert!(
                script.contains(&format!("LENGTH = {enough}\n")) && script.contains("budget is tighter"),
                "{script}"
            );
            built(part, &path, &[option, &format!("{}B", enough - 1)]);
            let ended = run(&make, &path, &["--silent"], 300);
            let said = &ended.errors.text;
            assert!(ended.status != Status::Exited(0) && said.contains(region), "{part}: {said}");
            let (outcome, answer) = verified(&path);
            assert_eq!((outcome, &answer["fits"]), (Outcome::No, &false.into()), "{part}: {answer}");
        }
    }
}

/// Code in a region for code is copied there before it is called; variables in one for data lie there.
#[test]
fn further_regions_take_code_and_variables() {
    let (Some(make), Some(emulator)) = (need("make"), need("qemu-system-arm")) else { return };
    let Some(_) = need("arm-none-eabi-gcc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let family = folder.path().join("bench.toml");
    fs::write(&family, FAMILY).expect("writable");
    let path = folder.path().join("out");
    built("BENCH-M7", &path, &["--targets-dir", folder.path().to_str().expect("text")]);
    let main = fs::read_to_string(path.join("main.c")).expect("written");
    let moved = main
        .replace("static uint32_t differing", "__attribute__((section(\".itcm\"), noinline)) static uint32_t differing")
        .replace("void fault(uint32_t status);", "void fault(uint32_t status);\n\nstatic uint32_t seen __attribute__((section(\".dtcm\")));")
        .replace("    board_start();\n", "    board_start();\n    seen = (uint32_t)&differing;\n")
        .replace("    time_one();\n", "    say_number(\"at \", seen >> 16, \" \");\n    say_number(\"and \", (uint32_t)&seen >> 16, \"\\n\");\n    time_one();\n");
    fs::write(path.join("main.c"), moved).expect("writable");
    made(&make, &path, &[]);
    passed(&made(&make, &path, &["run"]));
    let line = ["-M", "mps2-an500", "-nographic", "-monitor", "none", "-serial", "none", "-kernel", "build/eye.elf"];
    let ended = run(&emulator, &path, &[&line[..], &["-semihosting-config", "enable=on,target=native"]].concat(), 60);
    let said = format!("{}{}", ended.output.text, ended.errors.text);
    passed(&said);
    assert!(said.contains(&format!("at {} and {}\n", 0x2020, 0x2030)), "{said}");
}

#[test]
fn parts_without_a_cortex_m_and_folders_without_a_part_are_told_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text");
    let model = fixture("models/mbnet32_te_int8.tflite");
    for part in ["ESP32", "ESP32-S3", "ESP32-C3"] {
        let said = automcu(&["build", &model, "--target", part, "-o", path]);
        assert_eq!(said.outcome, Outcome::Refused, "{}", said.errors);
        assert!(said.errors.contains("automcu compile") && said.errors.contains("SDK"), "{}", said.errors);
    }
    let said = automcu(&["build", &model, "-o", path]);
    assert_eq!(said.outcome, Outcome::Misused);
    assert!(said.errors.contains("--target"), "{}", said.errors);
    let said = automcu(&["build", &model, "--target", "STM32F407", "-o", path, "--name", "Board"]);
    assert_eq!(said.outcome, Outcome::Misused);
    assert!(said.errors.contains("board.c") && said.errors.contains("--name"), "{}", said.errors);
    assert_eq!(fs::read_dir(path).expect("readable").count(), 0);
}

/// A report may come from anywhere: the part's name is that of a file.
#[test]
fn a_part_of_a_report_leads_to_no_other_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    built("STM32F407", folder.path(), &[]);
    let report = folder.path().join("automcu.json");
    let text = fs::read_to_string(&report).expect("written");
    let moved = text.replace("\"part\": \"STM32F407VET6\"", "\"part\": \"../STM32F407VET6\"");
    assert_ne!(moved, text);
    fs::write(&report, moved).expect("writable");
    let said = automcu(&["verify", folder.path().to_str().expect("text")]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("no plain name"), "{}", said.errors);
}
