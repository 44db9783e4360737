//! Runs the code of a network and hands back every byte that it answers, for whoever compares.

use std::{collections::BTreeMap, path::Path};

use automcu_model::Bytes;
use automcu_process::{Program, ProgramError, Status};
use serde::Serialize;

use crate::{
    board::{Board, Cpu},
    build::{self, BuildError, Room, Work},
    compiler::Compiler,
    image::{Image, ImageError, functions_of_elf},
    runs::{Run, RunsError},
    tools::Tools,
};

/// An image gets at least this much stack beside what is linked; what it used is measured.
const STACK: Bytes = Bytes(2 << 10);

/// The code of a network and what it is to be run on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The network's name, as its files and functions have it.
    pub name: &'s str,
    /// The header and the source.
    pub header: &'s str,
    /// The source.
    pub source: &'s str,
    /// Inputs, one behind the other.
    pub inputs: &'s [i8],
}

/// What came of running the code on the computer at hand.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The outputs, one behind the other.
    pub outputs: Vec<i8>,
    /// What the compiler said about the network's code; nothing, if all is well.
    pub warnings: String,
}

/// What came of running the code on an emulated board.
#[derive(Clone, Debug, Serialize)]
pub struct Emulated {
    /// The board, as QEMU names it.
    pub machine: &'static str,
    /// Its core.
    pub cpu: &'static str,
    /// The outputs, one behind the other.
    #[serde(skip)]
    pub outputs: Vec<i8>,
    /// What was linked, with the program around the network.
    pub image: Image,
    /// Instructions of the first inference.
    pub instructions: u64,
    /// How many instructions that may be off.
    pub instructions_resolution: u32,
    /// Bytes of stack used at most.
    pub stack_bytes: u32,
    /// The arena was written up to this byte.
    pub arena_touched_bytes: u32,
    /// How many bytes around the arena were written.
    pub outside_bytes: u32,
    /// What the compiler said about the network's code; nothing, if all is well.
    pub warnings: String,
}

impl ProofError {
    /// Whether the code could not be tried there, which says nothing against it: a program is missing, or the board is too
    /// small or too slow for it.
    #[must_use]
    pub const fn is_no_verdict(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::TooLong { .. }
                | Self::Build(BuildError::TooLarge(..) | BuildError::NoStack)
                | Self::Run { status: Status::TimedOut, .. }
        )
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A program that it takes is not there.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// There is no folder to run in.
    #[error(transparent)]
    Folder(#[from] RunsError),
    /// The code does not become a program.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The program cannot be started.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The program does not end well.
    #[error("{what} ended with {status:?}: {words}")]
    Run {
        /// What.
        what: String,
        /// How.
        status: Status,
        /// What it said last.
        words: String,
    },
    /// The counter of the board does not reach that far.
    #[error("{what} takes more instructions than the board can count")]
    TooLong {
        /// What.
        what: String,
    },
    /// The program ended well, and did not say what it should.
    #[error("{what} said {words:?}, which is no report")]
    Report {
        /// What.
        what: String,
        /// What it said.
        words: String,
    },
}

/// Writes the network's files and its inputs into a fresh folder.
pub(crate) fn fill(run: &Run, subject: &Subject<'_>) -> Result<(), RunsError> {
    run.make_folder(build::NETWORK)?;
    run.write(&format!("{}/{}.h", build::NETWORK, subject.name), subject.header)?;
    run.write(&format!("{}/{}.c", build::NETWORK, subject.name), subject.source)?;
    let inputs: Vec<u8> = subject.inputs.iter().map(|value| value.cast_unsigned()).collect();
    run.write("in.bin", inputs)?;
    Ok(())
}

fn outputs(folder: &Path) -> Result<Vec<i8>, ProofError> {
    let file = folder.join("out.bin");
    let bytes = std::fs::read(&file).map_err(|error| BuildError::File { file: file.display().to_string(), error })?;
    Ok(bytes.into_iter().map(u8::cast_signed).collect())
}

/// Does something in a fresh folder, which is kept where that failed. That something could not be tried is no failure, and there
/// may be many of these.
fn within<T>(tools: &Tools, work: impl FnOnce(&mut Run) -> Result<T, ProofError>) -> Result<T, ProofError> {
    tools.within(|run| match work(run) {
        Err(untried) if untried.is_no_verdict() => Ok(Err(untried)),
        other => other.map(Ok),
    })?
}

/// Compiles the code for the computer at hand and runs it there.
pub fn host(tools: &Tools, subject: &Subject<'_>) -> Result<Hosted, ProofError> {
    within(tools, |run| host_in(run, tools, subject))
}

/// The same in a folder that is there.
pub(crate) fn host_in(run: &mut Run, tools: &Tools, subject: &Subject<'_>) -> Result<Hosted, ProofError> {
    let compiler = tools.host_compiler.as_deref().ok_or(ProofError::Missing("C compiler for this computer"))?;
    let compiler = Compiler::Gcc(compiler);
    fill(run, subject)?;
    let built = build::hosted(&mut Work { compiler, run, name: subject.name, limits: tools.limits() })?;
    let program = Program::new(run.folder().join("program"), run.folder());
    let ended = run.start(program, tools.limits())?;
    if ended.status != Status::Exited(0) {
        let words = ended.last_words().to_owned();
        return Err(ProofError::Run { what: "the program".to_owned(), status: ended.status, words });
    }
    Ok(Hosted { outputs: outputs(run.folder())?, warnings: built.warnings })
}

/// Compiles the code for a board, links it within the room that is given (or all that the board has), and runs it there,
/// counting instructions.
pub fn emulate(
    tools: &Tools,
    subject: &Subject<'_>,
    board: &Board,
    flash: Option<Bytes>,
    ram: Option<Bytes>,
) -> Result<Emulated, ProofError> {
    let within_board = |given: Option<Bytes>, most: Bytes| given.unwrap_or(most).min(most);
    let room = Room { flash: within_board(flash, board.flash.1), ram: within_board(ram, board.ram.1), stack: STACK };
    within(tools, |run| emulate_in(run, tools, subject, board, room))
}

/// The room of a whole board.
pub(crate) const fn room_of(board: &Board) -> Room {
    Room { flash: board.flash.1, ram: board.ram.1, stack: STACK }
}

/// The same in a folder that is there.
pub(crate) fn emulate_in(
    run: &mut Run,
    tools: &Tools,
    subject: &Subject<'_>,
    board: &Board,
    room: Room,
) -> Result<Emulated, ProofError> {
    let isa = board.cpu.isa();
    let compiler = tools.compiler(isa).ok_or(ProofError::Missing(isa.compiler()))?;
    let emulator = tools.emulator.as_deref().ok_or(ProofError::Missing(Tools::EMULATOR))?;
    fill(run, subject)?;
    let mut work = Work { compiler, run, name: subject.name, limits: tools.limits() };
    let built = build::emulated(&mut work, board, room)?;
    let image = read_image(run.folder())?;
    let program = Program::new(emulator, run.folder())
        .args(["-M", board.machine, "-kernel", "image.elf", "-nographic", "-monitor", "none", "-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0"]);
    let ended = run.start(program, tools.limits())?;
    let what = format!("{} on {}", subject.name, board.machine);
    if ended.status != Status::Exited(0) {
        let words = ended.last_words().to_owned();
        return Err(ProofError::Run { what, status: ended.status, words });
    }
    let said = format!("{}{}", ended.output.text, ended.errors.text);
    let figure = |name: &str| -> Option<u32> {
        let line = said.lines().find(|line| line.starts_with("automcu: "))?;
        line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    let figures = (figure("first"), figure("stack"), figure("touched"), figure("guards"));
    let (Some(ticks), Some(stack_bytes), Some(arena_touched_bytes), Some(outside_bytes)) = figures else {
        return Err(ProofError::Report { what, words: said.chars().take(200).collect() });
    };
    if figure("wrapped") != Some(0) {
        return Err(ProofError::TooLong { what });
    }
    Ok(Emulated {
        machine: board.machine,
        cpu: board.cpu.name(),
        outputs: outputs(run.folder())?,
        image,
        instructions: u64::from(ticks) * u64::from(board.resolution()),
        instructions_resolution: board.resolution(),
        stack_bytes,
        arena_touched_bytes,
        outside_bytes,
        warnings: built.warnings,
    })
}

/// A network's code, linked with the least program around it.
#[derive(Clone, Debug)]
pub struct Linked {
    /// What it takes.
    pub image: Image,
    /// The bytes of each of its functions.
    pub functions: BTreeMap<String, u64>,
}

/// Compiles and links the code for a core, within this room, with the least program around it, without running it.
pub fn link(tools: &Tools, subject: &Subject<'_>, cpu: Cpu, flash: Bytes, ram: Bytes) -> Result<Linked, ProofError> {
    let compiler = tools.compiler(cpu.isa()).ok_or(ProofError::Missing(cpu.isa().compiler()))?;
    within(tools, |run| {
        fill(run, subject)?;
        let mut work = Work { compiler, run, name: subject.name, limits: tools.limits() };
        build::object(&mut work, cpu)?;
        build::least(&mut work, cpu, Room { flash, ram, stack: STACK })?;
        let file = read_elf(run.folder())?;
        Ok(Linked { image: Image::of_elf(&file)?, functions: functions_of_elf(&file)? })
    })
}

pub(crate) fn read_image(folder: &Path) -> Result<Image, ProofError> {
    Ok(Image::of_elf(&read_elf(folder)?)?)
}

fn read_elf(folder: &Path) -> Result<Vec<u8>, ProofError> {
    let file = folder.join("image.elf");
    std::fs::read(&file).map_err(|error| BuildError::File { file: file.display().to_string(), error }.into())
}
