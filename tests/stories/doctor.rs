//! `automcu doctor`, and what is left of programs that were killed.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anstream::adapter::strip_str;
use automcu::{Outcome, Surroundings};
use automcu_needs::need;
use automcu_process::Mark;
use automcu_tests::{Ended, automcu, automcu_within, fixture};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user's computer, with nothing on it.
struct Computer {
    folder: TempDir,
    surroundings: Surroundings,
}

impl Computer {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["home", "bin"] {
            fs::create_dir(folder.path().join(name)).expect("writable");
        }
        let home = Some(folder.path().join("home"));
        let surroundings = Surroundings { home, ..Surroundings::default() };
        Self { folder, surroundings }
    }

    /// With the vendor's tool, which behaves so.
    fn with_tool(behaviour: &Value) -> Self {
        let mut computer = Self::new();
        let tool = computer.path("tool/stedgeai");
        fs::create_dir(computer.path("tool")).expect("writable");
        symlink(env!("CARGO_BIN_EXE_stedgeai-of-stories"), &tool).expect("writable");
        fs::write(computer.path("tool/behaviour.json"), behaviour.to_string()).expect("writable");
        computer.surroundings.stm32_ai_exe = Some(tool);
        computer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn doctor(&self, arguments: &[&str]) -> Ended {
        let bin = self.path("bin");
        let line: Vec<&str> = ["doctor"].iter().chain(arguments).copied().collect();
        let said = automcu_within(&self.surroundings, &[bin.to_str().expect("text")], &line);
        Ended { output: strip_str(&said.output).to_string(), ..said }
    }

    fn runs(&self) -> PathBuf {
        self.path("home/.cache/automcu/runs")
    }

    /// The folders of runs that are there, those that were kept apart.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with("failed-")).collect()
    }
}

fn answer(said: &Ended) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors))
}

fn tool<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let tools = answer["tools"].as_array().expect("tools");
    tools.iter().find(|tool| tool["name"] == name).unwrap_or_else(|| panic!("{name} in {answer}"))
}

/// Processes with a mark below a folder, by what they are called.
fn marked_below(root: &Path) -> Vec<String> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let start = [Mark::NAME.as_bytes(), b"=", root.as_os_str().as_bytes(), b"/"].concat();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let called = processes.filter_map(|process| {
        let environment = fs::read(process.path().join("environ")).ok()?;
        let is_marked = environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(&start));
        is_marked.then(|| fs::read_to_string(process.path().join("comm")).ok()).flatten()
    });
    called.collect()
}

/// Waits for something that will come.
#[expect(clippy::disallowed_methods, reason = "processes take their time; rounds are counted")]
fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if is_there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}

#[test]
fn where_nothing_is_there_it_is_said_what_is_missing_and_all_is_well() {
    let computer = Computer::new();
    let said = computer.doctor(&[]);
    assert_eq!((said.outcome, said.errors.as_str()), (Outcome::Yes, ""), "{}", said.output);
    for part in [
        "plans without any tool: the sample takes",
        "missing qemu-system-arm",
        "no clang in the folders of PATH",
        "to have it: apt install gcc-arm-none-eabi",
        "to have it: pip install tflite-micro",
        "https://www.st.com",
        "not built: it is not beside",
    ] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    assert!(said.output.lines().count() < 40, "one screen:\n{}", said.output);
    let said = computer.doctor(&["--json"]);
    let answer = answer(&said);
    assert_eq!((said.outcome, &answer["works"]), (Outcome::Yes, &json!(true)));
    let names = ["cc", "arm-none-eabi-gcc", "qemu-system-arm", "clang", "tflm", "vela", "stedgeai"];
    for name in names.into_iter().chain(["automcu-trainer-burn"]) {
        let tool = tool(&answer, name);
        assert_eq!((&tool["state"], &tool["path"]), (&json!("missing"), &Value::Null), "{tool}");
        assert!(["words", "install", "purpose"].iter().all(|field| tool[field] != ""), "{tool}");
    }
    assert_eq!(answer["sample"]["provenance"], json!("tool"));
    assert!(answer.pointer("/sample/ram/activations_bytes").and_then(Value::as_u64) > Some(0));
    assert_eq!(answer["runs"], json!(computer.runs().canonicalize().expect("made")));
    assert_eq!(computer.left(), [""; 0]);
}

#[test]
fn the_vendor_s_tool_is_found_asked_and_told() {
    let computer = Computer::with_tool(&json!({ "generation": "core-2.2" }));
    let said = computer.doctor(&["--json"]);
    let answer = answer(&said);
    assert_eq!((said.outcome, said.errors.as_str()), (Outcome::Yes, ""), "{}", said.output);
    let tool = tool(&answer, "stedgeai");
    assert_eq!((&tool["state"], &tool["path"]), (&json!("works"), &json!(computer.path("tool/stedgeai"))), "{tool}");
    assert_eq!(tool["version"], json!("ST Edge AI Core 2.2.0-20266 2adc00962"));
    assert_eq!(tool.pointer("/footprint/provenance"), Some(&json!("tool")));
    assert!(tool.pointer("/footprint/ram/activations_bytes").and_then(Value::as_u64) > Some(0), "{tool}");
    assert!(tool["duration_ms"].is_u64());
    let said = computer.doctor(&[]);
    assert!(
        said.output.contains("works stedgeai in") && said.output.contains("measured the sample:"),
        "{}",
        said.output
    );
    assert_eq!(computer.left(), [""; 0]);
}

#[test]
fn a_tool_that_is_there_and_does_not_work_makes_the_answer_no() {
    for (behaviour, words) in [
        (json!({ "generation": "core-2.2", "waits": "deaf" }), "longer than 3.0 s"),
        (json!({ "generation": "core-2.2", "waits": "heeds", "fails_early": true }), "longer than 3.0 s"),
        (json!({ "generation": "core-2.2", "signal": 11 }), "crashed by signal 11"),
        (
            json!({ "generation": "core-4.0", "says": "NOT IMPLEMENTED: Mean", "status": 255 }),
            "does not support the sample",
        ),
    ] {
        let computer = Computer::with_tool(&behaviour);
        let said = computer.doctor(&["--json", "--deadline", "3s"]);
        let answer = answer(&said);
        let tool = tool(&answer, "stedgeai");
        assert_eq!((said.outcome, &answer["works"], &tool["state"]), (Outcome::No, &json!(false), &json!("fails")));
        assert!(tool["words"].as_str().is_some_and(|said| said.contains(words)), "{behaviour}: {tool}");
        assert_eq!(tool["footprint"], Value::Null);
        wait_for("the end of the tool", || marked_below(&computer.runs()).is_empty());
        assert_eq!(computer.left(), [""; 0]);
    }
}

#[test]
fn compilers_and_the_emulator_are_tried_to_the_bit() {
    let computer = Computer::new();
    let tools = ["cc", "arm-none-eabi-gcc", "qemu-system-arm"];
    let there: Vec<&str> = tools
        .into_iter()
        .filter(|name| {
            let found = need(name);
            found.is_some_and(|program| symlink(program, computer.path("bin").join(name)).is_ok())
        })
        .collect();
    let said = computer.doctor(&["--json"]);
    let answer = answer(&said);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.output);
    for name in tools {
        let tool = tool(&answer, name);
        let is_tried = there.contains(&name) && (name != "qemu-system-arm" || there.contains(&"arm-none-eabi-gcc"));
        assert_eq!(tool["state"] == json!("works"), is_tried, "{tool}");
        assert_eq!(tool["version"].is_string(), there.contains(&name), "{tool}");
    }
    if there.contains(&"arm-none-eabi-gcc") {
        assert_eq!(tool(&answer, tools[1]).pointer("/footprint/provenance"), Some(&json!("linked")));
        // A compiler that compiles nothing.
        let script =
            "#!/bin/sh\n[ \"$1\" = --version ] && exec echo 'gcc 0'\necho 'fatal error: out of ideas' >&2; exit 1\n";
        let broken = computer.path("bin/arm-none-eabi-gcc");
        fs::remove_file(&broken).expect("there");
        write_program(&broken, script);
        let said = computer.doctor(&["--json"]);
        let answer = self::answer(&said);
        let tool = tool(&answer, "arm-none-eabi-gcc");
        assert_eq!((said.outcome, &tool["version"]), (Outcome::No, &json!("gcc 0")));
        assert!(tool["words"].as_str().is_some_and(|words| words.contains("out of ideas")), "{tool}");
    }
}

/// A script as a program. Nobody holds it open for writing when this returns: another process has written it.
#[expect(clippy::disallowed_methods, reason = "what is open here may be inherited by programs that other tests start")]
fn write_program(path: &Path, script: &str) {
    let text = path.with_extension("txt");
    fs::write(&text, script).expect("writable");
    let installed = Command::new("install").args(["-m", "755"]).args([&text, path]).status().expect("it is there");
    assert!(installed.success());
}

/// The program at work, which is there to be killed.
#[expect(clippy::disallowed_methods, reason = "it is killed, which whoever bounds programs does not do")]
fn verifying(project: &Path, home: &Path) -> Child {
    let mut command = Command::new(automcu_tests::program());
    command.arg("verify").arg(project).args(["--target", "STM32F407", "--inputs", "16"]);
    command.env("HOME", home).env_remove("XDG_CACHE_HOME").stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program")
}

#[test]
fn what_a_killed_verify_leaves_is_gone_with_the_next_start() {
    if [need("cc"), need("arm-none-eabi-gcc"), need("qemu-system-arm")].iter().any(Option::is_none) {
        return;
    }
    let computer = Computer::new();
    let project = computer.path("project");
    let path = project.to_str().expect("text");
    let said = automcu(&["compile", &fixture("models/resnet8_te_int8.tflite"), "-o", path]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);

    let mut program = verifying(&project, &computer.path("home"));
    let is_emulating = || marked_below(&computer.runs()).iter().any(|name| name.starts_with("qemu-system-ar"));
    wait_for("the emulator", is_emulating);
    assert_eq!(computer.left().len(), 1);
    program.kill().expect("there");
    program.wait().expect("killed");
    // The kernel ends what the program itself has started.
    wait_for("the end of the emulator", || !is_emulating());
    assert_eq!(computer.left().len(), 1, "nobody was there to remove it");

    let said = computer.doctor(&["--json"]);
    assert_eq!(answer(&said)["swept_folders"], json!(1));
    assert_eq!((computer.left(), marked_below(&computer.runs())), (Vec::new(), Vec::new()));
}
