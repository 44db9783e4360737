//! What only a real process shows: pipes, colours, exit statuses.

use std::{
    io::Write,
    process::{Command, Stdio},
};

const SPEC: &str = r#"{"version":1,"input":{"height":8,"width":8,"channels":1},
    "backbone":[{"op":"conv","channels":4}],"head":{"op":"classifier","classes":2}}"#;

#[expect(clippy::disallowed_methods, reason = "the program is started to be tested")]
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_automcu"));
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

fn status_and_output(arguments: &[&str], input: &[u8]) -> (Option<i32>, String) {
    let mut child = program().args(arguments).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may stop reading early; that is its right.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("written");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn the_exit_status_is_the_answer() {
    assert_eq!(status_and_output(&["check", "-"], SPEC.as_bytes()).0, Some(0));
    assert_eq!(status_and_output(&["check", "-", "--ram", "1B"], SPEC.as_bytes()).0, Some(1));
    assert_eq!(status_and_output(&["check", "-", "--ram"], SPEC.as_bytes()).0, Some(2));
    assert_eq!(status_and_output(&["check", "-"], b"{}").0, Some(65));
    assert_eq!(status_and_output(&["check", "/no/such/file"], b"").0, Some(66));
    assert_eq!(status_and_output(&["check", "-"], &vec![b'['; 100 << 20]).0, Some(65));
}

#[test]
fn there_are_no_colours_in_a_pipe() {
    let (_, output) = status_and_output(&["check", "-", "--ram", "1KiB"], SPEC.as_bytes());
    assert!(output.contains("fits") && !output.contains('\u{1b}'), "{output}");
}

/// Runs with a standard output whose reader has hung up.
fn status_without_reader(arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = program().args(arguments).spawn().expect("starts");
    drop(child.stdout.take());
    // The program may not read it.
    let _ = child.stdin.take().expect("piped").write_all(SPEC.as_bytes());
    let output = child.wait_with_output().expect("ends");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn a_reader_that_hangs_up_changes_nothing() {
    assert_eq!(status_without_reader(&["targets", "--json"]), (Some(0), String::new()));
    assert_eq!(status_without_reader(&["check", "-", "--ram", "1B", "--json"]), (Some(1), String::new()));
    assert_eq!(status_without_reader(&["check", "-", "--ram"]).0, Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full disk");
    for arguments in [&["targets"][..], &["--help"]] {
        let output = program().args(arguments).stdout(full()).output().expect("runs");
        assert_eq!(output.status.code(), Some(74), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be written"));
    }
    let output = program().arg("chekc").stderr(full()).output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "what cannot be said changes nothing");
}

#[test]
fn the_environment_of_the_process_says_where_the_configuration_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "data = \"/configured\"\n[training]\nslots = 3\n").expect("writable");
    let shown = |arguments: &[&str]| {
        let mut program = program();
        program.env("AUTOMCU_CONFIG", &file).env("AUTOMCU_TRAINING_THREADS", "5").env_remove("AUTOMCU_DATA");
        let output = program.args(arguments).output().expect("runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (status, text) = shown(&["config", "show", "--origin"]);
    assert_eq!(status, Some(0));
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"));
    assert!(line("data = \"/configured\" ").ends_with("config.toml:1"), "{text}");
    assert!(line("slots = 3 ").ends_with("config.toml:3"), "{text}");
    assert!(line("threads = 5 ").ends_with("# AUTOMCU_TRAINING_THREADS"), "{text}");
    std::fs::write(&file, "slots = 3\n").expect("writable");
    assert_eq!(shown(&["targets"]), (Some(78), String::new()));
}
