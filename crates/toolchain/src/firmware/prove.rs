//! Builds firmware as its folder would, reads the map file, and runs the self-test on the board that stands in for the part.

use std::{fs, path::Path};

use automcu_model::Bytes;
use automcu_process::{Limits, Program, Status};
use serde::Serialize;

use super::{
    AROUND_HEADERS, AROUND_SOURCES, Kit, LINK_FLAGS, NetworkMap, SECTIONS, STAND_IN, STAND_IN_C, stand_in::StandIn,
};
use crate::{
    build::{self, BuildError},
    image::Image,
    proof::ProofError,
    tools::Tools,
};

/// The self-test takes at most so many seconds.
const SECONDS: u64 = 300;
const MAP: &str = "image.map";

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

/// Builds the firmware of the network `name` in this folder and runs its self-test. Nothing is written to the folder.
pub fn prove(tools: &Tools, folder: &Path, name: &str, kit: &Kit) -> Result<FirmwareProof, ProofError> {
    let compiler = tools.arm_compiler.as_deref().ok_or(ProofError::Missing(Tools::ARM_COMPILER))?;
    let cpu = kit.cpu().ok_or(ProofError::Missing("compiler for the core of this part"))?;
    let unwritable = |error| BuildError::File { file: "a temporary folder".to_owned(), error };
    let work = tempfile::Builder::new().prefix("automcu-").tempdir().map_err(unwritable)?;
    let work = work.path();
    let board = kit.stand_in.as_deref().and_then(StandIn::named);
    let own_uart = board.filter(|board| board.uart.is_some()).map(|_| STAND_IN_C);
    copy(folder, work, name, kit, board.is_some(), own_uart)?;

    let cross = build::cross_flags(cpu);
    let mut flags: Vec<&str> = build::STRICT.to_vec();
    flags.extend(&cross);
    flags.extend(["-O2", "-c"]);
    flags.extend(kit.defines());
    let own = format!("{name}.c");
    let mut warnings = String::new();
    for source in AROUND_SOURCES.into_iter().chain([own.as_str()]).chain(own_uart) {
        let mut line = flags.clone();
        let object = object(source);
        line.extend(["-o", &object, source]);
        warnings += &build::run(compiler, work, &line)?;
    }
    let objects: Vec<String> = AROUND_SOURCES.into_iter().chain([own.as_str()]).map(object).collect();
    let link = |script: &str, extra: Option<&str>, image: &str| -> Result<String, BuildError> {
        let map = format!("-Wl,-Map={MAP}");
        let mut line = cross.clone();
        line.extend(LINK_FLAGS);
        line.extend(["-L", ".", "-T", script, &map, "-o", image]);
        line.extend(objects.iter().map(String::as_str));
        let extra = extra.map(object);
        line.extend(extra.as_deref());
        build::run(compiler, work, &line)
    };
    warnings += &link(&kit.script(), None, "image.elf")?;
    let image = Image::of_elf(&read(work, "image.elf")?)?;
    let network = String::from_utf8_lossy(&read(work, MAP)?).into_owned();
    let network = NetworkMap::of(&network, &object(&own), &format!("{name}_arena")).ok_or_else(|| {
        let what = "the linker's map file".to_owned();
        ProofError::Report { what, words: network.chars().take(80).collect() }
    })?;
    let around = image.ram_bytes.0.saturating_sub(network.arena_bytes.0 + network.variable_bytes.0);
    let mut proof = FirmwareProof {
        part: kit.part.clone(),
        image,
        network,
        around_ram_bytes: Bytes(around),
        stack_reserved_bytes: kit.stack_bytes,
        warnings,
        self_test: None,
        left_out: None,
    };
    let Some(board) = board else {
        proof.left_out = Some(format!("no board of QEMU stands in for a {} with this network", cpu.name()));
        return Ok(proof);
    };
    let Some(emulator) = tools.emulator.as_deref() else {
        proof.left_out = Some(ProofError::Missing(Tools::EMULATOR).to_string());
        return Ok(proof);
    };
    link(STAND_IN, own_uart, "standin.elf")?;
    proof.self_test = Some(self_test(emulator, work, &board, kit)?);
    Ok(proof)
}

/// What the build takes of the folder, within the bound of a network's code.
fn copy(
    folder: &Path,
    work: &Path,
    name: &str,
    kit: &Kit,
    has_board: bool,
    own_uart: Option<&str>,
) -> Result<(), BuildError> {
    let own = [format!("{name}.c"), format!("{name}.h"), "vectors.h".to_owned(), SECTIONS.to_owned(), kit.script()];
    let own = own.iter().map(String::as_str);
    let files = own.chain(AROUND_SOURCES).chain(AROUND_HEADERS).chain(has_board.then_some(STAND_IN)).chain(own_uart);
    for file in files {
        let from = folder.join(file);
        fs::copy(&from, work.join(file))
            .map_err(|error| BuildError::File { file: from.display().to_string(), error })?;
    }
    Ok(())
}

fn object(source: &str) -> String {
    format!("{}.o", source.trim_end_matches(".c"))
}

fn read(work: &Path, name: &str) -> Result<Vec<u8>, BuildError> {
    fs::read(work.join(name)).map_err(|error| BuildError::File { file: name.to_owned(), error })
}

fn self_test(emulator: &Path, work: &Path, board: &StandIn, kit: &Kit) -> Result<SelfTest, ProofError> {
    let program = Program::new(emulator, work)
        .args(["-M", board.machine, "-kernel", "standin.elf", "-nographic", "-monitor", "none", "-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native"]);
    let ended = program.run(Limits::of_seconds(SECONDS))?;
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
    let is_relinked = board.flash.0 != kit.flash.address || board.ram.0 != kit.ram.address;
    Ok(SelfTest { machine: board.machine.to_owned(), is_relinked, is_passed, said })
}
