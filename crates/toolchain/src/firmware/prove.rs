//! Builds firmware as its folder would, reads the map file, and runs the self-test on the board that stands in for the part.

use std::{fs, path::Path};

use automcu_model::Bytes;
use automcu_process::{Limits, Program, Status};
use automcu_target::Footprint;
use serde::Serialize;

use super::{
    AROUND_HEADERS, AROUND_SOURCES, Kit, LINK_FLAGS, NetworkMap, SECTIONS, STAND_IN, STAND_IN_C, stand_in::StandIn,
};
use crate::{
    build::{self, BuildError, Work},
    compiler::{Compiler, gcc_flags},
    image::Image,
    proof::ProofError,
    tools::Tools,
};

/// The self-test takes at most so many seconds.
const SECONDS: u64 = 300;
/// The longest file of a folder that is read.
const LONGEST: u64 = 512 << 20;

/// What came of firmware.
#[derive(Clone, Debug, Serialize)]
pub struct FirmwareProof {
    /// The part that it is linked for.
    pub part: String,
    /// What was linked by the folder's own script, the program around the network in it.
    pub image: Image,
    /// What the network's own object takes of it.
    pub network: NetworkMap,
    /// RAM beside the network's, the stack apart.
    pub around_ram_bytes: Bytes,
    /// What the linker script keeps for the stack.
    pub stack_reserved_bytes: Bytes,
    /// What the compiler said; nothing, if all is well.
    pub warnings: String,
    /// What the self-test said where it was run.
    pub self_test: Option<SelfTest>,
    /// Why it was not run.
    pub left_out: Option<String>,
}

/// A run of the self-test.
#[derive(Clone, Debug, Serialize)]
pub struct SelfTest {
    /// The board, as QEMU names it.
    pub machine: String,
    /// The same objects were linked once more, at the addresses of the board.
    pub is_relinked: bool,
    /// Whether it passed.
    pub is_passed: bool,
    /// What it said.
    pub said: String,
}

impl FirmwareProof {
    /// Whether the map file has what was promised, to the byte.
    #[must_use]
    pub fn is_as_promised(&self, promised: &Footprint) -> bool {
        let NetworkMap { arena_bytes, table_bytes, variable_bytes, .. } = self.network;
        (arena_bytes, table_bytes) == (promised.ram.activations, promised.known_flash()) && variable_bytes == Bytes(0)
    }

    /// Whether the self-test passed, where it was run.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.self_test.as_ref().is_none_or(|test| test.is_passed)
    }
}

/// Builds the firmware of the network `name` in this folder and runs its self-test. Nothing is written to the folder.
pub fn prove(tools: &Tools, folder: &Path, name: &str, kit: &Kit) -> Result<FirmwareProof, ProofError> {
    // The project's own Makefile names it.
    let compiler = tools.arm_compiler.as_deref().ok_or(ProofError::Missing(Tools::ARM_COMPILER))?;
    let compiler = Compiler::Gcc(compiler);
    let cpu = kit.cpu().ok_or(ProofError::Missing("compiler for the core of this part"))?;
    let mut run = tools.run()?;
    let board = kit.stand_in.as_deref().and_then(StandIn::named);
    let work = Work { compiler, run: &mut run, name, limits: tools.limits() };
    let mut bench = Bench { work, cross: gcc_flags(cpu), kit, board };
    bench.copy(folder)?;
    let mut warnings = bench.compile()?;
    warnings += &bench.link(&kit.script(), None, "image.elf")?;
    let (image, network) = bench.measure()?;
    let around = image.ram_bytes.0.saturating_sub(network.arena_bytes.0 + network.variable_bytes.0);
    let (self_test, left_out) = match bench.self_test(tools) {
        Ok(test) => (Some(test), None),
        Err(error) if error.is_no_verdict() => (None, Some(error.to_string())),
        Err(error) => return Err(error),
    };
    Ok(FirmwareProof {
        part: kit.part.clone(),
        image,
        network,
        around_ram_bytes: Bytes(around),
        stack_reserved_bytes: kit.stack_bytes,
        warnings,
        self_test,
        left_out,
    })
}

/// Where firmware is built.
struct Bench<'b> {
    work: Work<'b>,
    cross: Vec<&'static str>,
    kit: &'b Kit,
    board: Option<StandIn>,
}

impl Bench<'_> {
    /// The UART of the board, where it has one of its own.
    fn own_uart(&self) -> Option<&'static str> {
        self.board.filter(|board| board.uart.is_some()).map(|_| STAND_IN_C)
    }

    fn own_source(&self) -> String {
        format!("{}.c", self.work.name)
    }

    /// What the build takes of the folder.
    fn copy(&self, folder: &Path) -> Result<(), BuildError> {
        let (name, kit) = (self.work.name, self.kit);
        let own = [format!("{name}.c"), format!("{name}.h"), "vectors.h".to_owned(), SECTIONS.to_owned(), kit.script()];
        let own = own.iter().map(String::as_str);
        let board = self.board.map(|_| STAND_IN).into_iter().chain(self.own_uart());
        for file in own.chain(AROUND_SOURCES).chain(AROUND_HEADERS).chain(board) {
            let from = folder.join(file);
            let failed = |error| BuildError::File { file: from.display().to_string(), error };
            let length = fs::metadata(&from).map_err(failed)?;
            if !length.is_file() || length.len() > LONGEST {
                return Err(failed(std::io::Error::other(format!("it is no file of at most {LONGEST} bytes"))));
            }
            fs::copy(&from, self.work.run.folder().join(file)).map_err(failed)?;
        }
        Ok(())
    }

    /// Compiles everything; gives what the compiler said.
    fn compile(&mut self) -> Result<String, BuildError> {
        let mut flags: Vec<&str> = build::STRICT.to_vec();
        flags.extend(&self.cross);
        flags.extend(["-O2", "-c"]);
        flags.extend(self.kit.defines());
        let (own, mut warnings) = (self.own_source(), String::new());
        for source in AROUND_SOURCES.into_iter().chain([own.as_str()]).chain(self.own_uart()) {
            let object = object(source);
            let mut line = flags.clone();
            line.extend(["-o", &object, source]);
            warnings += &self.work.call(&line)?;
        }
        Ok(warnings)
    }

    fn link(&mut self, script: &str, more: Option<&str>, image: &str) -> Result<String, BuildError> {
        let own = self.own_source();
        let objects: Vec<String> = AROUND_SOURCES.into_iter().chain([own.as_str()]).chain(more).map(object).collect();
        let map = format!("-Wl,-Map={image}.map");
        let mut line: Vec<&str> = self.cross.clone();
        line.extend(LINK_FLAGS);
        line.extend(["-L", ".", "-T", script, &map, "-o", image]);
        line.extend(objects.iter().map(String::as_str));
        self.work.call(&line)
    }

    /// What the image takes, and the network's own object of it.
    fn measure(&self) -> Result<(Image, NetworkMap), ProofError> {
        let read = |name: &str| {
            fs::read(self.work.run.folder().join(name))
                .map_err(|error| BuildError::File { file: name.to_owned(), error })
        };
        let image = Image::of_elf(&read("image.elf")?)?;
        let map = String::from_utf8_lossy(&read("image.elf.map")?).into_owned();
        match NetworkMap::of(&map, &object(&self.own_source()), &format!("{}_arena", self.work.name)) {
            Some(network) => Ok((image, network)),
            None => {
                let what = "the linker, asked for a map,".to_owned();
                Err(ProofError::Report { what, words: map.chars().take(80).collect() })
            }
        }
    }

    /// Links the same objects at the addresses of the board, and runs them there.
    fn self_test(&mut self, tools: &Tools) -> Result<SelfTest, ProofError> {
        let board = self.board.ok_or(ProofError::Missing("board of QEMU that stands in for it with this network"))?;
        let emulator = tools.emulator.as_deref().ok_or(ProofError::Missing(Tools::EMULATOR))?;
        self.link(STAND_IN, self.own_uart(), "standin.elf")?;
        let program = Program::new(emulator, self.work.run.folder())
            .args(["-M", board.machine, "-kernel", "standin.elf", "-nographic", "-monitor", "none", "-serial", "none"])
            .args(["-semihosting-config", "enable=on,target=native"]);
        let ended = self.work.run.start(program, Limits::of_seconds(SECONDS))?;
        let said = format!("{}{}", ended.output.text, ended.errors.text);
        let is_passed = match ended.status {
            Status::Exited(0) => true,
            // The emulator ends so, too, where it cannot start.
            Status::Exited(1) if said.contains("FAILED") || said.contains("fault") => false,
            status => {
                let what = format!("the self-test on {}", board.machine);
                return Err(ProofError::Run { what, status, words: ended.last_words().to_owned() });
            }
        };
        let is_relinked = board.flash.0 != self.kit.flash.address || board.ram.0 != self.kit.ram.address;
        Ok(SelfTest { machine: board.machine.to_owned(), is_relinked, is_passed, said })
    }
}

fn object(source: &str) -> String {
    format!("{}.o", source.trim_end_matches(".c"))
}
