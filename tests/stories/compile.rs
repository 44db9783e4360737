//! `automcu compile` and `automcu verify`.

use std::{fs, path::Path, time::Duration};

use automcu::Outcome;
use automcu_convert::{Name, Need, Network};
use automcu_needs::need;
use automcu_process::{Limits, Program, Status};
use automcu_tests::{automcu, automcu_among, fixture};
use automcu_toolchain::folder::{Folder, Wanted};
use serde_json::Value;

fn compiled(model: &str, folder: &Path) -> Value {
    let path = folder.to_str().expect("text");
    let said = automcu(&["compile", &fixture(&format!("models/{model}.tflite")), "-o", path, "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    serde_json::from_str(&said.output).expect("JSON")
}

fn runs(folder: &Path, program: &Path, arguments: &[&str]) {
    let limits = Limits { deadline: Duration::from_secs(300), ..Limits::of_seconds(0) };
    let ended = Program::new(program, folder).args(arguments).run(limits).expect("it starts");
    assert_eq!(ended.status, Status::Exited(0), "{arguments:?}: {}\n{}", ended.output.text, ended.errors.text);
}

#[test]
fn what_is_handed_over_builds_and_checks_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = compiled("mbnet32_te_int8", folder.path());
    for file in answer["files"].as_array().expect("files") {
        assert!(folder.path().join(file["name"].as_str().expect("a name")).is_file(), "{file}");
    }
    if let (Some(make), Some(_)) = (need("make"), need("cc")) {
        runs(folder.path(), &make, &["check"]);
    }
    if let (Some(cmake), Some(_)) = (need("cmake"), need("cc")) {
        runs(folder.path(), &cmake, &["-S", ".", "-B", "build"]);
        runs(folder.path(), &cmake, &["--build", "build"]);
        runs(folder.path(), &folder.path().join("build/automcu_mbnet32_te_int8_demo"), &[]);
    }
}

/// A folder that was made at once, with other files beside, is verified as one that `automcu compile` wrote.
#[test]
fn a_folder_that_is_handed_over_whole_is_verified() {
    if need("cc").is_none() {
        return;
    }
    let file = fs::read(fixture("models/mbnet32_te_int8.tflite")).expect("there");
    let network = Network::from_tflite(&file).expect("a network");
    let (name, need) = (Name::like("eye"), Need::of(network.graph()));
    let wanted = Wanted { network: &network, name: &name, need: &need, target: None, budget: None, firmware: None };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in Folder::of(wanted).expect("made").into_files() {
        fs::write(folder.path().join(name), content).expect("writable");
    }
    fs::write(folder.path().join("REPORT.md"), "# Report").expect("writable");
    let said = automcu(&["verify", folder.path().to_str().expect("text"), "--inputs", "1"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
}

/// Every byte of the arena is accounted for: no two rows that live at the same time share one.
#[test]
fn the_memory_that_is_reported_is_the_arena() {
    let folder = tempfile::tempdir().expect("a folder");
    for (model, most) in [("resnet8_te_int8", 14_000), ("mbnet32_te_int8", 18_500)] {
        let answer = compiled(model, folder.path());
        let arena = answer.pointer("/footprint/ram/activations_bytes").and_then(Value::as_u64).expect("a figure");
        let figure = |piece: &Value, name: &str| piece[name].as_u64().expect("a figure");
        let end = |piece: &Value| figure(piece, "offset") + figure(piece, "slots") * figure(piece, "slot_bytes");
        let pieces = answer["memory"].as_array().expect("pieces");
        assert_eq!(pieces.iter().map(end).max(), Some(arena), "{model}");
        assert!(arena <= most && arena >= answer["arena_least_bytes"].as_u64().expect("a figure"), "{model}: {arena}");
        assert_eq!(answer.pointer("/footprint/provenance"), Some(&"tool".into()));
    }
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("thesis.tex"), "precious").expect("writable");
    let path = folder.path().to_str().expect("text");
    let said = automcu(&["compile", &fixture("models/resnet8_int8.tflite"), "-o", path]);
    assert_eq!(said.outcome, Outcome::NotCreated);
    assert!(said.errors.contains("holds other things"), "{}", said.errors);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

/// Files that somebody changed are not written over; those of an earlier name go.
#[test]
fn what_was_written_before_is_written_again_and_what_was_changed_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    compiled("mbnet32_te_int8", folder.path());
    compiled("mbnet32_te_int8", folder.path());
    compiled("resnet8_te_int8", folder.path());
    let has = |name: &str| folder.path().join(name).is_file();
    assert!(!has("mbnet32_te_int8.c") && has("resnet8_te_int8.c") && has("resnet8_te_int8.onnx"));
    fs::write(folder.path().join("main.c"), "int main(void) { return 7; }").expect("writable");
    let path = folder.path().to_str().expect("text");
    let said = automcu(&["compile", &fixture("models/resnet8_te_int8.tflite"), "-o", path]);
    assert_eq!(said.outcome, Outcome::NotCreated);
    assert!(said.errors.contains("main.c: the file was changed"), "{}", said.errors);
    assert!(fs::read_to_string(folder.path().join("main.c")).expect("there").contains("return 7"));

    // A folder that was not written to its end is written again, and not verified.
    let report = folder.path().join("automcu.json");
    let text = fs::read_to_string(&report).expect("written").replace("\"is_whole\": true", "\"is_whole\": false");
    fs::write(&report, text).expect("writable");
    let said = automcu(&["verify", path]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("not written to its end"), "{}", said.errors);
    let said = automcu(&["compile", &fixture("models/resnet8_te_int8.tflite"), "-o", path]);
    assert!(said.errors.contains("main.c: the file was changed"), "{}", said.errors);
    fs::remove_file(folder.path().join("main.c")).expect("there");
    compiled("resnet8_te_int8", folder.path());

    // A report that names files elsewhere is none of ours, and they stay.
    let (inner, victim) = (folder.path().join("inner"), folder.path().join("victim.txt"));
    compiled("resnet8_te_int8", &inner);
    fs::write(&victim, "precious").expect("writable");
    let report = inner.join("automcu.json");
    let text = fs::read_to_string(&report).expect("written").replace("\"main.c\"", "\"../victim.txt\"");
    fs::write(&report, text).expect("writable");
    let said = automcu(&["compile", &fixture("models/mbnet32_te_int8.tflite"), "-o", inner.to_str().expect("text")]);
    assert_eq!((said.outcome, victim.is_file()), (Outcome::NotCreated, true), "{}", said.errors);
}

/// No name of a network is taken for that of a file around it.
#[test]
fn names_of_files_around_a_network_are_names_of_networks_too() {
    let Some(_) = need("cc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["network", "hosted", "board", "startup", "emulated", "subject", "program", "demo", "test", "all"] {
        let path = folder.path().join(name);
        let path = path.to_str().expect("text");
        let model = fixture("models/mbnet32_te_int8.tflite");
        assert_eq!(automcu(&["compile", &model, "-o", path, "--name", name]).outcome, Outcome::Yes);
        let said = automcu(&["verify", path, "--inputs", "1", "--target", "STM32G071"]);
        assert_eq!(said.outcome, Outcome::Yes, "{name}: {}{}", said.output, said.errors);
    }
}

/// Labels go into the header and into the file, where other readers find them.
#[test]
fn outputs_are_called_what_they_are_said_to_be_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, list) = (folder.path().join("out"), folder.path().join("labels.txt"));
    let (path, labels) = (path.to_str().expect("text"), list.to_str().expect("text"));
    let model = fixture("models/resnet8_te_int8.tflite");
    let names = ["plane", "car", "bird", "cat \"Tom\"", "deer", "dog", "frog", "K\u{f6}nig", "ship", "truck"];
    fs::write(&list, names.join("\n")).expect("writable");
    let said = automcu(&["compile", &model, "-o", path, "--name", "eye", "--labels", labels]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let header = fs::read_to_string(Path::new(path).join("eye.h")).expect("written");
    assert!(header.contains(r#""cat \"Tom\"""#) && header.contains(r#""K\303\266nig""#), "{header}");
    // What was written is read again, and shown.
    let written = format!("{path}/eye.tflite");
    let said = automcu(&["eval", &written, "--data", "synthetic", "--count", "20"]);
    assert!(said.output.contains("7 K\u{f6}nig") && said.output.contains("9 truck"), "{}", said.output);
    if need("cc").is_some() {
        let program = "#include <stdio.h>\n#include \"eye.h\"\nstatic const char *const names[] = EYE_LABELS;\n\
            int main(void) { puts(names[3]); puts(names[7]); return sizeof names / sizeof names[0] != 10; }\n";
        fs::write(Path::new(path).join("names.c"), program).expect("writable");
        let shell = Program::new("/bin/sh", path).args(["-c", "cc -o names names.c && ./names"]);
        let run = shell.run(Limits::of_seconds(60)).expect("a shell");
        assert_eq!((run.status, run.output.text.as_str()), (Status::Exited(0), "cat \"Tom\"\nK\u{f6}nig\n"), "{run:?}");
    }
    if let Some(python) = need("tflite-micro") {
        let script = "import zipfile; from tflite_micro import runtime as r; r.Interpreter.from_file('eye.tflite'); \
            print(zipfile.ZipFile('eye.tflite').testzip(), len(zipfile.ZipFile('eye.tflite').read('labels.txt')))";
        let run = Program::new(python, path).args(["-c", script]).run(Limits::of_seconds(60)).expect("Python");
        let length: usize = names.iter().map(|name| name.len() + 1).sum();
        assert_eq!(run.output.text.trim(), format!("None {length}"), "{}", run.errors.text);
    }
    for (wrong, why) in [("one\ntwo", "2 labels for 10 outputs"), ("a\n\nc\nd\ne\nf\ng\nh\ni\nj", "is no label")] {
        fs::write(&list, wrong).expect("writable");
        let said = automcu(&["compile", &model, "-o", path, "--name", "eye", "--labels", labels]);
        assert_eq!(said.outcome, Outcome::Refused);
        assert!(said.errors.contains(why), "{}", said.errors);
    }
}

#[test]
fn names_are_taken_where_c_allows_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text");
    let model = fixture("models/resnet8_int8.tflite");
    for wrong in ["3net", "a-b", "", "while", "nn"] {
        let said = automcu(&["compile", &model, "-o", path, "--name", wrong]);
        assert_eq!(said.outcome, Outcome::Misused, "{wrong}");
    }
    assert_eq!(automcu(&["compile", &model, "-o", path, "--name", "eye"]).outcome, Outcome::Yes);
    let header = fs::read_to_string(folder.path().join("eye.h")).expect("written");
    assert!(header.contains("void eye_run(int8_t *arena);") && header.contains("#define EYE_ARENA_BYTES"), "{header}");
}

#[test]
fn what_does_not_fit_is_written_and_said_not_to_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text");
    let model = fixture("models/resnet8_int8.tflite");
    let said = automcu(&["compile", &model, "-o", path, "--ram", "8KiB"]);
    assert_eq!(said.outcome, Outcome::No);
    assert!(said.output.contains("does not fit"), "{}", said.output);
}

#[test]
fn a_proof_says_where_it_ran_and_what_it_took() {
    let (compiler, emulator, host) = (need("arm-none-eabi-gcc"), need("qemu-system-arm"), need("cc"));
    let folder = tempfile::tempdir().expect("a folder");
    compiled("mbnet32_te_int8", folder.path());
    let path = folder.path().to_str().expect("text");
    let said = automcu(&["verify", path, "--target", "STM32F407", "--inputs", "3", "--json"]);
    if compiler.is_none() || emulator.is_none() || host.is_none() {
        return;
    }
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&answer["is_proven"], &answer["output_bytes"]), (&true.into(), &30.into()));
    let runs = answer["runs"].as_array().expect("runs");
    let places: Vec<&str> = runs.iter().map(|run| run["provenance"].as_str().expect("a word")).collect();
    assert_eq!(places, ["host", "emulated"]);
    assert!(runs[1]["instructions"].as_u64() > Some(1_000_000), "{}", runs[1]);
    assert_eq!(answer.pointer("/footprint/provenance"), Some(&"linked".into()));
    assert_eq!(answer["fits"], true);
    let tight = automcu(&["verify", path, "--target", "STM32F407", "--ram", "10KiB", "--inputs", "1"]);
    assert_eq!(tight.outcome, Outcome::No, "{}", tight.output);
    assert!(tight.output.contains("does not fit") && tight.output.contains("is proven"), "{}", tight.output);
}

/// One weight changed by hand: the reference is the network, not the code.
#[test]
fn code_that_answers_otherwise_is_found_out() {
    let Some(_) = need("cc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    compiled("resnet8_te_int8", folder.path());
    let path = folder.path().join("resnet8_te_int8.c");
    let source = fs::read_to_string(&path).expect("written");
    let table = source.find("weights_0[").expect("a table");
    let start = table + source[table..].find("{\n").expect("its values") + 2;
    let end = start + source[start..].find(',').expect("a value");
    let changed = format!("{}    100{}", &source[..start], &source[end..]);
    fs::write(&path, changed).expect("writable");
    let said = automcu(&["verify", folder.path().to_str().expect("text"), "--inputs", "4"]);
    assert_eq!(said.outcome, Outcome::No, "{}", said.errors);
    assert!(said.output.contains("answers otherwise than the reference"), "{}", said.output);
}

#[test]
fn without_compilers_nothing_is_proven_and_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    compiled("resnet8_te_int8", folder.path());
    let path = folder.path().to_str().expect("text");
    let said = automcu_among(&[], b"", &["verify", path]);
    assert_eq!(said.outcome, Outcome::Unavailable);
    assert!(said.output.contains("is not proven") && said.errors.contains("there is no C compiler"), "{}", said.errors);
    assert_eq!(automcu(&["verify", &fixture("models")]).outcome, Outcome::Unreadable);
}
