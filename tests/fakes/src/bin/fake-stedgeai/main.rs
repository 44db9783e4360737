//! A tool that behaves like a generation of STM32Cube.AI or ST Edge AI Core, also where those misbehave. It is started by a
//! link in a folder of its own, where `behaviour.json` says which, and in what.

mod behaviour;
mod figures;
mod flags;
mod json;
mod run;
mod text;

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use behaviour::Behaviour;
use figures::Figures;
use flags::Line;
use run::Run;
use rustix::process::{Signal, getpid, kill_process, setsid};

/// What it starts itself with to leave a child behind.
const LINGER: &str = "--linger";
/// Who is left behind by all goes some day.
const LONGEST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let mut words: Vec<String> = env::args().collect();
    let program = PathBuf::from(words.remove(0));
    if let [LINGER, kind, beside] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        linger(kind, Path::new(beside));
        return ExitCode::SUCCESS;
    }
    let behaviour = Behaviour::beside(&program);
    if words == ["--version"] {
        return version(&behaviour, &program);
    }
    match work(&behaviour, &program, &words) {
        Ok(()) => ExitCode::from(behaviour.status),
        Err((lines, status)) => {
            lines.iter().for_each(|line| say(line));
            ExitCode::from(status)
        }
    }
}

/// A line on standard output. Whoever started this may have had enough.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn version(behaviour: &Behaviour, program: &Path) -> ExitCode {
    if behaviour.fails_early {
        misbehave(behaviour, program);
        if behaviour.status != 0 {
            return ExitCode::from(behaviour.status);
        }
    }
    let generation = behaviour.generation();
    if generation.is_core() {
        say(&format!("\u{1b}[32m{}\u{1b}[0m", behaviour.banner()));
        let component = behaviour.component.as_deref().unwrap_or("10.2.0");
        say(&format!("   ISPU 1.1.0\n   MLC 1.1.0\n   StellarStudioAI 2.0.0\n   STM32CubeAI {component}"));
    } else {
        say(&format!("{} - {}", generation.program(), behaviour.banner()));
    }
    ExitCode::SUCCESS
}

fn work(behaviour: &Behaviour, program: &Path, words: &[String]) -> Result<(), flags::Refused> {
    let generation = behaviour.generation();
    let line = Line::read(words, generation)?;
    note(program, "tool");
    say(behaviour.banner());
    misbehave(behaviour, program);
    if behaviour.status != 0 && !behaviour.in_report {
        return Err((Vec::new(), behaviour.status));
    }
    let failed = |line: String| (vec![line], 255);
    let file = fs::read(&line.model).map_err(|error| failed(format!("LOAD ERROR: {error}")))?;
    let figures = Figures::of(&file).map_err(failed)?;
    if line.is_on_board() && !behaviour.board {
        let core = "E801(HwIOError): Invalid or no connected board";
        let cube = "LOAD ERROR: STM32 - no connected board(s), invalid firmware or the board should be re-started";
        return Err(failed(if generation.is_core() { core } else { cube }.to_owned()));
    }
    // The profile's file is read by a compiler of its own.
    let profiles = line.neural_art.as_deref().and_then(|profile| profile.split_once('@'));
    if profiles.is_some_and(|(_, file)| !Path::new(file).is_absolute() || fs::read(file).is_err()) {
        return Err(failed("E103(CliRuntimeError): Error calling the Neural Art compiler".to_owned()));
    }
    let run = Run { behaviour, generation, line: &line, figures: &figures, has_compiler: has_compiler() };
    write_all(&run).map_err(|error| failed(format!("TOOL ERROR: {error}")))
}

/// Whether a compiler for Arm cores is where this looks for programs: one that tests put there, which is a script. Whether this
/// computer has a real one must not matter.
#[expect(clippy::disallowed_methods, reason = "the real tool looks there")]
fn has_compiler() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .any(|folder| fs::read(folder.join("arm-none-eabi-gcc")).is_ok_and(|file| file.starts_with(b"#!")))
}

fn write_all(run: &Run<'_>) -> io::Result<()> {
    let (line, generation) = (run.line, run.generation);
    let (output, workspace) = (Path::new(&line.output), Path::new(&line.workspace));
    if generation.is_core() {
        // The first wrote it beside its other JSON.
        let folder = if generation.rank == behaviour::CORE { workspace } else { output };
        let path = folder.join("network_c_info.json");
        write(run, "c_info.json", &path, &serde_json::to_vec_pretty(&json::info(run))?)?;
        say(&format!("Creating c (debug) info json file {}", path.display()));
    }
    if generation.writes_report_json() {
        write(
            run,
            "report.json",
            &workspace.join("network_report.json"),
            &serde_json::to_vec_pretty(&json::report(run))?,
        )?;
    }
    let mut text = format!("{}\nCreated date          : 2026-01-02 03:04:05\n", run.behaviour.banner());
    if generation.rank >= 70 {
        text += &format!("Parameters            : {}\n", line.all);
    }
    text += &text::report(run, "report.txt").join("\n");
    text.push('\n');
    write(run, "report.txt", &output.join(format!("network_{}_report.txt", line.verb)), &with_other_bytes(run, text))?;
    if line.verb == "generate" {
        for file in ["network.c", "network.h", "network_data.c", "network_data.h"] {
            fs::write(output.join(file), format!("/* {file} */\n"))?;
        }
    }
    print(run)
}

/// A path in another code than UTF-8, where the tool shows one.
fn with_other_bytes(run: &Run<'_>, text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    if run.behaviour.not_utf8 {
        let end = bytes.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        bytes.splice(end..end, b"workspace dir : C:\\Jos\xe9\xff\n".iter().copied());
    }
    bytes
}

fn write(run: &Run<'_>, name: &str, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_in = |files: &[String]| files.iter().any(|file| file == name);
    if is_in(&run.behaviour.left_out) {
        return Ok(());
    }
    let length = if is_in(&run.behaviour.cut) { bytes.len() / 2 } else { bytes.len() };
    fs::write(path, &bytes[..length])
}

/// The report again, between lines of progress.
fn print(run: &Run<'_>) -> io::Result<()> {
    if run.behaviour.left_out.iter().any(|name| name == "stdout") {
        return Ok(());
    }
    let is_loud = run.behaviour.progress || (!run.line.is_quiet && run.generation.rank >= 70);
    let mut text = String::new();
    for (i, line) in text::report(run, "stdout").iter().enumerate() {
        text += &format!(" {line}\n");
        if is_loud && i % 3 == 0 {
            text +=
                "\n\u{1b}[32mPASS:  33%|███▎      | 51/153 [00:00<00:01, 65.95it/s]\u{1b}[0m\r                    \r\n";
        }
    }
    text += &format!("\nelapsed time ({}): 1.049s\n", run.line.verb);
    io::stdout().write_all(&with_other_bytes(run, text))
}

/// Everything that goes wrong before the work.
fn misbehave(behaviour: &Behaviour, program: &Path) {
    // Nobody waits for these: that is what goes wrong.
    let _left: Vec<_> = behaviour.leaves.iter().map(|kind| start(program, kind)).collect();
    if behaviour.has_child {
        let ended = start(program, "child").wait();
        say(&format!("INTERNAL ERROR: the compiler ended: {ended:?}"));
    }
    let block = [b'x'; 1 << 16];
    for _ in 0..behaviour.flood_mib * 16 {
        let _ = io::stdout().write_all(&block);
    }
    if behaviour.flood_mib > 0 {
        say("");
    }
    if let Some(line) = behaviour.says.as_ref().filter(|_| !behaviour.in_report) {
        if behaviour.on_stderr {
            let _ = writeln!(io::stderr(), "{line}");
        } else {
            say(line);
        }
    }
    match behaviour.waits.as_deref() {
        Some("deaf") => {
            let flag = std::sync::Arc::default();
            let _ = signal_hook::flag::register(signal_hook::consts::SIGTERM, flag);
            sleep(program, "waiting");
        }
        Some(_) => sleep(program, "waiting"),
        None => {}
    }
    if let Some(signal) = behaviour.signal.and_then(Signal::from_named_raw) {
        // The first of some is taken by Rust, which expects it to come again.
        for _ in 0..2 {
            let _ = kill_process(getpid(), signal);
        }
    }
}

/// Starts a child that stays, and waits until it is there.
#[expect(clippy::disallowed_methods, reason = "what others start is not ours to bound")]
fn start(program: &Path, kind: &str) -> std::process::Child {
    let child = Command::new(program).args([LINGER, kind]).arg(program).spawn().expect("this program");
    let note = program.with_file_name(format!("{kind}.pid"));
    while !note.exists() {
        thread::sleep(Duration::from_millis(5));
    }
    child
}

fn linger(kind: &str, program: &Path) {
    if kind == "apart" {
        let _ = setsid();
    }
    sleep(program, kind);
}

fn sleep(program: &Path, kind: &str) {
    note(program, kind);
    let mut left = LONGEST;
    while !left.is_zero() {
        pause();
        left = left.saturating_sub(Duration::from_millis(100));
    }
}

/// A signal that is heeded ends one pause only.
#[expect(clippy::disallowed_methods, reason = "what hangs hangs on the computer's clock")]
fn pause() {
    thread::sleep(Duration::from_millis(100));
}

/// Tells whoever tests this who it is: whole or not at all.
fn note(program: &Path, kind: &str) {
    let file = program.with_file_name(format!("{kind}.pid"));
    let begun = program.with_file_name(format!("{kind}.pid.{}", getpid().as_raw_nonzero()));
    let _ = fs::write(&begun, getpid().as_raw_nonzero().to_string()).and_then(|()| fs::rename(&begun, &file));
}
