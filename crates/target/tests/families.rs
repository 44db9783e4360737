//! Every built-in family loads; wrong ones are refused by the check that they fail.

use automcu_model::Bytes;
use automcu_target::{BUILT_IN, Budget, CHECKS, Catalogue, TargetError};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/targets");

#[test]
fn every_family_file_is_built_in_and_loads() {
    let mut files: Vec<String> = std::fs::read_dir(FOLDER)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("plain"))
        .collect();
    files.sort();
    assert_eq!(files, BUILT_IN.iter().map(|(file, _)| *file).collect::<Vec<_>>());
    let mut all = Catalogue::default();
    for (file, text) in BUILT_IN {
        all.add(file, text).unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(all.parts().len() >= 30, "{} parts", all.parts().len());
}

#[test]
fn the_families_that_people_use_are_there() {
    let families: Vec<&str> = Catalogue::built_in().parts().iter().map(|part| part.family()).collect();
    for family in ["STM32F4", "STM32F7", "STM32H7", "STM32L4", "STM32U5", "STM32G4", "STM32WB", "nRF52", "nRF53"] {
        assert!(families.contains(&family), "{family} in {families:?}");
    }
    for part in
        ["RP2040", "RP2350", "ESP32-S3", "ESP32-C3", "MIMXRT1062", "ATSAMD51J20A", "ATSAME70Q21B", "AMA3B1KK-KBR"]
    {
        Catalogue::built_in().find(part).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The boards of the published work, by the figures of their data sheets.
#[test]
fn the_boards_of_the_papers_have_their_memories() {
    for (name, ram, run, flash) in
        [("STM32F407VET6", 192, 128, 512), ("STM32H723ZGT6", 496, 320, 1024), ("STM32H743", 992, 512, 2048)]
    {
        let part = Catalogue::built_in().find(name).expect("in the catalogue");
        assert_eq!(part.ram().total(), Bytes::kib(ram), "{name}");
        assert_eq!(part.ram().largest_run(), Bytes::kib(run), "{name}");
        assert_eq!(part.flash().total(), Bytes::kib(flash), "{name}");
        assert_eq!(Budget::from(part), Budget { ram: Some(Bytes::kib(run)), flash: Some(Bytes::kib(flash)) });
    }
}

#[test]
fn names_are_found_in_any_case_and_near_misses_are_suggested() {
    let all = Catalogue::built_in();
    assert_eq!(all.find("stm32f407").expect("an alias").name(), "STM32F407VET6");
    let error = all.find("STM32F470VE").expect_err("no such part");
    assert_eq!(error.likely[0], "STM32F407VET6");
    assert_eq!(
        all.find("Z80").expect_err("no such part").to_string(),
        "there is no target \"Z80\"; `automcu targets` lists all"
    );
}

const GOOD: &str = r#"
version = 1
family = "Mine"
vendor = "Me"
[documents]
sheet = "My sheet"
[[part]]
name = "MINE-1"
aliases = ["ONE"]
class = "entry"
core = "cortex-m4"
fpu = "single"
dsp = true
clock_mhz = 100
sources = { core = "sheet", clock = "sheet", flash = "sheet", ram = "sheet" }
[[part.flash]]
name = "flash"
address = 0x08000000
size = "128 KiB"
[[part.ram]]
name = "a"
address = 0x20000000
size = "16 KiB"
[[part.ram]]
name = "b"
address = 0x20004000
size = "4 KiB"
[[part.ram]]
name = "c"
address = 0x20008000
size = "18KiB"
"#;

#[test]
fn regions_that_touch_are_one_and_others_are_not() {
    let mut all = Catalogue::default();
    all.add("mine.toml", GOOD).expect("good");
    let part = all.find("one").expect("an alias");
    assert_eq!((part.ram().total(), part.ram().largest_run()), (Bytes::kib(38), Bytes::kib(20)));
}

#[test]
fn each_named_check_refuses_what_it_is_for() {
    let mut refused_by = Vec::new();
    for (from, to, said) in [
        ("\"ONE\"", "\"ONE TWO\"", "\"ONE TWO\" is no name"),
        ("\"Me\"", "\"\\u001b[31m\"", "\"\\u{1b}[31m\" has 5 characters"),
        ("name = \"c\"", "name = \"\"", "\"\" has 0 characters"),
        ("\"18KiB\"", "\"18446744073709550592B\"", "c ends at 0xffffffffffffffff"),
        ("clock = \"sheet\"", "clock = \"shete\"", "sources.clock is no key of [documents]"),
        ("dsp = true", "dsp = false", "dsp = false on a cortex-m4; use true"),
        ("fpu = \"single\"", "fpu = \"double\"", "fpu = Double on a cortex-m4"),
        ("clock_mhz = 100", "clock_mhz = 100000000", "use whole MHz from 1 to 1500"),
        ("size = \"128 KiB\"", "size = \"128 KiB\"\nuse = \"code\"", "no flash may hold data"),
        ("\"4 KiB\"", "\"4KB\"", "b has 4000 bytes; use a multiple of 1 KiB"),
        ("0x20008000", "0xFFFFFC00", "c ends at 0x100004400"),
        ("0x20004000", "0x20003000", "b begins at 0x20003000 inside a"),
        ("size = \"128 KiB\"", "size = \"128 KiB\"\nexternal = true", "add `board`"),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        let mut all = Catalogue::default();
        let error = all.add("mine.toml", &text).expect_err(said);
        assert!(
            error.to_string().starts_with("mine.toml: part MINE-1: ") && error.to_string().contains(said),
            "{error}"
        );
        assert!(all.parts().is_empty(), "all or nothing");
        let TargetError::Check { check, .. } = error else { panic!("{error}") };
        refused_by.push(check);
    }
    for (check, _) in CHECKS {
        assert!(refused_by.contains(check), "no test fails the check {check:?}");
    }
}

#[test]
fn a_file_of_the_wrong_form_is_refused_with_its_place() {
    for (from, to, said) in [
        ("vendor = \"Me\"", "", "missing field `vendor`"),
        ("clock_mhz", "clock_ghz", "unknown field `clock_ghz`"),
        ("version = 1", "version = 2", "version 2 of the form is not known"),
        ("\"cortex-m4\"", "\"cortex-m5\"", "unknown variant `cortex-m5`"),
        ("\"16 KiB\"", "\"16K\"", "can mean two sizes"),
        ("\"16 KiB\"", "16384", "expected a string"),
        ("0x20000000", "0x120000000", "expected u32"),
        ("[documents]", "[documents", "unclosed"),
    ] {
        let error = Catalogue::default().add("mine.toml", &GOOD.replace(from, to)).expect_err(said);
        assert!(matches!(error, TargetError::Form { .. }) && error.to_string().contains(said), "{error}");
    }
    let hostile = format!("x = \"\u{1b}[31m{}\"\n{GOOD}", "y".repeat(100_000));
    let said = Catalogue::default().add("mine.toml", &hostile).expect_err("control character").to_string();
    assert!(said.len() < 500 && !said.contains('\u{1b}'), "{said}");
    let said = Catalogue::default().add("mine.toml", &GOOD.replace("18KiB", "18K")).expect_err("no size").to_string();
    assert!(said.contains("line 31: "), "{said}");
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let mut all = Catalogue::built_in().clone();
    let count = all.parts().len();
    let error = all.add("mine.toml", &GOOD.replace("\"ONE\"", "\"stm32f407\"")).expect_err("taken");
    assert_eq!(
        error.to_string(),
        "mine.toml: part MINE-1: the name \"stm32f407\" is taken by STM32F407VET6; use another"
    );
    assert!(all.add("mine.toml", &GOOD.replace("\"ONE\"", "\"MINE-1\"")).is_err());
    assert_eq!(all.parts().len(), count);
}

/// The schema of a size and the reader of sizes agree on what people write.
#[test]
fn the_schema_of_a_size_accepts_what_is_read() {
    let schema = automcu_target::family_schema();
    let pattern = schema.pointer("/$defs/RegionFile/properties/size").expect("the schema of a size");
    let validator = jsonschema::draft202012::new(pattern).expect("a schema");
    for text in ["64KiB", "64 KiB", "1.5 MiB", "64kB", "1_024 KiB", "65536B", "0.5GiB"] {
        assert!(text.parse::<Bytes>().is_ok() && validator.is_valid(&text.into()), "{text}");
    }
    for text in ["64", "64K", "64Kb", "1.2.3KiB", "KiB", "-1KiB", "64 KiBs", ""] {
        assert!(text.parse::<Bytes>().is_err() && !validator.is_valid(&text.into()), "{text}");
    }
}
