//! Compiles and links a network with a program around it.

use automcu_model::Bytes;
use automcu_process::{Limits, Program, ProgramError, Status};

use crate::{
    board::{Board, Cpu},
    compiler::Compiler,
    runs::{Run, RunsError},
};

const MEMORY_LD: &str = include_str!("../../../deploy/firmware/memory.ld");
pub(crate) const SECTIONS_LD: &str = include_str!("../../../deploy/firmware/sections.ld");
pub(crate) const STARTUP_C: &str = include_str!("../../../deploy/firmware/startup.c");
pub(crate) const SEMIHOSTING_H: &str = include_str!("../../../deploy/firmware/semihosting.h");
pub(crate) const SEMIHOSTING_C: &str = include_str!("../../../deploy/firmware/semihosting.c");
const EMULATOR_H: &str = include_str!("../../../deploy/firmware/emulator.h");
const EMULATOR_C: &str = include_str!("../../../deploy/firmware/emulator.c");
const EMULATED_C: &str = include_str!("../../../deploy/firmware/emulated.c");
const HOSTED_C: &str = include_str!("../../../deploy/firmware/hosted.c");
const LIBRARY_C: &str = include_str!("../../../deploy/firmware/library.c");
const LINKED_C: &str = include_str!("../../../deploy/firmware/linked.c");
const STRING_H: &str = include_str!("../../../deploy/firmware/string.h");
const SUBJECT_H: &str = include_str!("../../../deploy/firmware/subject.h");

/// The code of a network compiles without a word under these.
pub(crate) const STRICT: &[&str] = &["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion"];

/// A network that does not become a program.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be written or read.
    #[error("{file}: {error}")]
    File {
        /// Which.
        file: String,
        /// Why not.
        error: std::io::Error,
    },
    /// There is no folder to compile in.
    #[error(transparent)]
    Folder(#[from] RunsError),
    /// The compiler cannot be started.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The image does not fit.
    #[error("the linked image does not fit: {0} by {1} bytes")]
    TooLarge(String, u64),
    /// The image leaves too little for the stack.
    #[error("the linked image does not fit: it leaves less than 2 KiB of RAM for the stack")]
    NoStack,
    /// The compiler refuses.
    #[error("{compiler} refuses: {words}")]
    Refused {
        /// Which.
        compiler: String,
        /// What it says.
        words: String,
    },
    /// It takes longer than allowed.
    #[error("{compiler} took longer than {seconds} seconds")]
    TimedOut {
        /// Which.
        compiler: String,
        /// What is allowed.
        seconds: u64,
    },
}

/// The network's files lie in a folder of their own, so that its name cannot be that of another file.
pub(crate) const NETWORK: &str = "network";
const OBJECT: &str = "network.o";
const LIBRARY: &str = "library.c";
/// Has a compiler write what each function takes of the stack.
const STACK_USAGE: &str = "-fstack-usage";

/// What was said by the compiler about the network's own code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    pub(crate) warnings: String,
}

/// Memory that an image may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) flash: Bytes,
    pub(crate) ram: Bytes,
    pub(crate) stack: Bytes,
}

/// A compiler, where it is at work on the network `name`, whose files are there.
pub(crate) struct Work<'w> {
    pub(crate) compiler: Compiler<'w>,
    pub(crate) run: &'w mut Run,
    pub(crate) name: &'w str,
    pub(crate) limits: Limits,
}

/// Compiles it into `program` for the computer at hand.
pub(crate) fn hosted(work: &mut Work<'_>) -> Result<Built, BuildError> {
    work.run.write("subject.h", named(SUBJECT_H, work.name))?;
    work.run.write("hosted.c", HOSTED_C)?;
    let built = work.compile(&[])?;
    work.call(&["-std=c99", "-O2", "-o", "program", "hosted.c", OBJECT])?;
    Ok(built)
}

/// Compiles the network alone for a core; beside the object lies what each function takes of the stack.
pub(crate) fn object(work: &mut Work<'_>, cpu: Cpu) -> Result<Built, BuildError> {
    work.run.write("linked.c", LINKED_C)?;
    work.run.write("subject.h", named(SUBJECT_H, work.name))?;
    work.write_library(cpu)?;
    let flags = work.compiler.flags(cpu);
    match work.compile(&[flags.as_slice(), &[STACK_USAGE]].concat()) {
        // Older ones of Clang do not tell.
        Err(BuildError::Refused { words, .. }) if work.compiler.is_clang() && words.contains(STACK_USAGE) => {
            work.compile(&flags)
        }
        built => built,
    }
}

/// Links the object into `image.elf` with the least program around it, within the room.
pub(crate) fn least(work: &mut Work<'_>, cpu: Cpu, room: Room) -> Result<(), BuildError> {
    work.write_scripts(&script(0x0800_0000, 0x2000_0000, room))?;
    work.link(cpu, &[], &["linked.c"])
}

fn script(flash: u32, ram: u32, room: Room) -> String {
    let script = [
        ("@FLASH_ORIGIN@", format!("{flash:#x}")),
        ("@FLASH_LENGTH@", room.flash.0.to_string()),
        ("@RAM_ORIGIN@", format!("{ram:#x}")),
        ("@RAM_LENGTH@", room.ram.0.to_string()),
        ("@STACK_BYTES@", room.stack.0.to_string()),
    ];
    script.iter().fold(MEMORY_LD.to_owned(), |text, (mark, value)| text.replace(mark, value))
}

/// Compiles and links it into `image.elf` for a board, within the room.
pub(crate) fn emulated(work: &mut Work<'_>, board: &Board, room: Room) -> Result<Built, BuildError> {
    for (file, text) in [
        ("startup.c", STARTUP_C),
        ("semihosting.h", SEMIHOSTING_H),
        ("semihosting.c", SEMIHOSTING_C),
        ("emulator.h", EMULATOR_H),
        ("emulator.c", EMULATOR_C),
        ("emulated.c", EMULATED_C),
        ("subject.h", &named(SUBJECT_H, work.name)),
    ] {
        work.run.write(file, text)?;
    }
    work.write_scripts(&script(board.flash.0, board.ram.0, room))?;
    work.write_library(board.cpu)?;
    let built = work.compile(&work.compiler.flags(board.cpu))?;
    let counter = if board.has_tim2 { "-DBOARD_TIM2" } else { "-DBOARD_CMSDK" };
    work.link(board.cpu, &[counter], &["startup.c", "semihosting.c", "emulator.c", "emulated.c"])?;
    Ok(built)
}

impl Work<'_> {
    fn compile(&mut self, flags: &[&str]) -> Result<Built, BuildError> {
        let source = format!("{NETWORK}/{}.c", self.name);
        // The arena is the one of the program around it.
        let own_arena = format!("-D{}_OWN_ARENA", self.name.to_ascii_uppercase());
        let mut line = STRICT.to_vec();
        line.extend(flags);
        line.extend(["-O2", &own_arena, "-c", "-o", OBJECT, &source]);
        Ok(Built { warnings: self.call(&line)? })
    }

    fn write_scripts(&self, memory: &str) -> Result<(), RunsError> {
        self.run.write("memory.ld", memory)?;
        self.run.write("sections.ld", self.compiler.sections(SECTIONS_LD))?;
        Ok(())
    }

    /// What a compiler that comes without a library needs of one: the code needs no more than this.
    fn write_library(&self, cpu: Cpu) -> Result<(), RunsError> {
        if self.compiler.lacks_library(cpu.isa()) {
            self.run.write("string.h", STRING_H)?;
            self.run.write(LIBRARY, LIBRARY_C)?;
        }
        Ok(())
    }

    /// Links the object and these sources into `image.elf`.
    fn link(&mut self, cpu: Cpu, defines: &[&str], sources: &[&str]) -> Result<(), BuildError> {
        let mut line = vec!["-std=gnu99", "-O2", "-nostartfiles", "-Wl,--gc-sections", "-T", "memory.ld"];
        line.extend(defines);
        line.extend(self.compiler.flags(cpu));
        line.extend(["-o", "image.elf"]);
        line.extend(sources);
        line.push(OBJECT);
        if self.compiler.lacks_library(cpu.isa()) {
            line.push(LIBRARY);
        }
        let more = self.compiler.link_flags(cpu.isa());
        line.extend(more.iter().map(String::as_str));
        self.call(&line).map(drop)
    }

    /// Runs the compiler; gives what it said.
    pub(crate) fn call(&mut self, arguments: &[&str]) -> Result<String, BuildError> {
        let program = Program::new(self.compiler.program(), self.run.folder()).args(arguments);
        let ended = self.run.start(program, self.limits)?;
        let compiler = self.compiler.program().display().to_string();
        match ended.status {
            Status::Exited(0) => Ok(ended.errors.text),
            Status::TimedOut => Err(BuildError::TimedOut { compiler, seconds: self.limits.deadline.as_secs() }),
            _ => Err(too_large(&ended.errors.text).unwrap_or_else(|| BuildError::Refused {
                compiler,
                words: first_error(&ended.errors.text).unwrap_or_else(|| ended.last_words().to_owned()),
            })),
        }
    }
}

fn named(template: &str, name: &str) -> String {
    template.replace("@name@", name).replace("@NAME@", &name.to_ascii_uppercase())
}

/// ``region `RAM' overflowed by 1234 bytes``, or `... in region 'RAM': overflowed by 1234 bytes` of LLVM, which says it section by
/// section.
fn too_large(words: &str) -> Option<BuildError> {
    if words.contains("RAM overflowed by the stack") {
        return Some(BuildError::NoStack);
    }
    let overflow = |line: &str| {
        let (before, behind) = line.split_once("overflowed by ")?;
        let region = before.rsplit_once("region ")?.1.split(['`', '\'']).nth(1)?.to_owned();
        Some((behind.split(' ').next()?.parse().ok()?, region))
    };
    let (by, region) = words.lines().filter_map(overflow).max()?;
    Some(BuildError::TooLarge(region, by))
}

fn first_error(words: &str) -> Option<String> {
    words.lines().find(|line| line.contains("error:") || line.contains("undefined reference")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_by_how_much() {
        let words =
            "ld: image.elf section `.bss' will not fit in region `RAM'\nld: region `RAM' overflowed by 1234 bytes\n";
        let error = too_large(words).expect("does not fit");
        assert_eq!(error.to_string(), "the linked image does not fit: RAM by 1234 bytes");
        let words = "ld.lld: error: section '.text' will not fit in region 'FLASH': overflowed by 12 bytes\n\
                     ld.lld: error: section '.data' will not fit in region 'FLASH': overflowed by 34 bytes\n";
        let error = too_large(words).expect("does not fit");
        assert_eq!(error.to_string(), "the linked image does not fit: FLASH by 34 bytes");
        assert!(too_large("main.c:1: error: expected ';'").is_none());
    }
}
