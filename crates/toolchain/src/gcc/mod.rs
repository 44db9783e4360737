//! The judge that builds: AutoMCU's own code of the network, compiled and linked for the target by a GCC. What is allowed are
//! the linker's regions, so that an image that does not fit is refused by the linker itself.

mod stack;

use std::path::{Path, PathBuf};

use automcu_convert::{Code, Name, Need, Network, Vectors};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_process::{Limits, Program, Status};
use automcu_target::{Budget, FlashUse, Footprint, RamUse};

use crate::{
    board::{Board, Cpu},
    build::{self, BuildError, Room},
    judge::{Identity, Judge, Measurement, NoAnswer, Question, Ran},
    own,
    proof::{ProofError, Subject, emulate, host, read_image, workspace},
    tools::Tools,
};

/// The network's name in what is built.
const NAME: &str = "network_code";
/// More than any microcontroller has, for an image that is only measured.
const ROOMY: Bytes = Bytes(256 << 20);
/// Whoever is asked for its version answers within so many seconds.
const VERSION_SECONDS: u64 = 10;
/// Inputs that a network answers where it is run.
const INPUTS: usize = 4;

/// How the judge is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether the code is run, too: in an emulated board with the target's core, or on this computer where there is none.
    pub runs: bool,
}

/// The judge.
pub struct Gcc {
    identity: Identity,
    tools: Tools,
    settings: Settings,
}

impl Gcc {
    /// The judge with the compilers that are there, at least one for microcontrollers.
    pub fn new(tools: Tools, settings: Settings) -> Result<Self, NoAnswer> {
        let compilers: Vec<&Path> =
            [tools.arm_compiler.as_deref(), tools.riscv_compiler.as_deref()].into_iter().flatten().collect();
        if compilers.is_empty() {
            return Err(missing(Tools::ARM_COMPILER, "gcc-arm-none-eabi libnewlib-arm-none-eabi"));
        }
        let versions: Vec<String> = compilers.into_iter().map(version).collect::<Result<_, _>>()?;
        let mut set = vec!["-O2".to_owned()];
        set.extend(settings.runs.then(|| "run".to_owned()));
        let identity = Identity { name: "gcc", tool: versions.join(", "), settings: set };
        Ok(Self { identity, tools, settings })
    }
}

fn missing(tool: &str, packages: &str) -> NoAnswer {
    NoAnswer::Missing { tool: tool.to_owned(), remedy: format!("on Debian, `apt-get install {packages}`") }
}

/// The first line that the compiler says of itself.
fn version(compiler: &Path) -> Result<String, NoAnswer> {
    let failed = |words: String| NoAnswer::Bench { words: format!("{}: {words}", compiler.display()) };
    let program = Program::new(compiler, std::env::temp_dir()).arg("--version");
    let ended = program.run(Limits::of_seconds(VERSION_SECONDS)).map_err(|error| failed(error.to_string()))?;
    let line = ended.output.text.lines().next().map(str::trim).unwrap_or_default();
    if ended.status != Status::Exited(0) || line.is_empty() {
        return Err(failed(format!("it does not say its version: {}", ended.last_words())));
    }
    Ok(line.to_owned())
}

impl Judge for Gcc {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn minds_budget(&self) -> bool {
        true
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        let (cpu, remark) = core(question)?;
        let isa = cpu.isa();
        let compiler = self.tools.compiler(isa).ok_or_else(|| missing(isa.compiler(), isa.package()))?;
        let plain = Built::of(compiler, cpu, question.network, Need::of(question.network.graph()))?;
        let built = match question.budget.ram {
            Some(ram) if plain.ram() > ram => plain.in_patches(compiler, cpu, question.network, ram)?,
            _ => plain,
        };
        built.enforce(compiler, cpu, question.budget)?;
        let ran = if self.settings.runs { Some(self.run(cpu, &built, question)?) } else { None };
        Ok(built.measurement(question.network, ran, remark))
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        own::project(question, folder)
    }
}

/// The core that is compiled for, and what is to be known about that.
fn core(question: &Question<'_>) -> Result<(Cpu, Option<String>), NoAnswer> {
    let Some(part) = question.part else {
        return Ok((
            Board::M4.cpu,
            Some("no target is named: this is built for a Cortex-M4 with DSP extension".to_owned()),
        ));
    };
    let cpu = Cpu::of(part.core(), part.fpu(), part.has_dsp());
    let cpu = cpu.ok_or_else(|| NoAnswer::NotForTarget {
        words: format!("{} has a {}, whose compiler is not started; Cortex-M and RISC-V are", part.name(), part.core()),
    })?;
    Ok((cpu, None))
}

/// A network that was compiled, linked without limits and measured.
struct Built {
    folder: tempfile::TempDir,
    need: Need,
    code: Code,
    image: crate::Image,
    stack: u64,
}

impl Built {
    fn of(compiler: &Path, cpu: Cpu, network: &Network, need: Need) -> Result<Self, NoAnswer> {
        let name = Name::new(NAME).map_err(|error| NoAnswer::Failed { words: error.to_string() })?;
        let code = Code::of(&need.network(network), &need.plan, &name)
            .map_err(|error| NoAnswer::Unsupported { operator: error.op.to_owned(), layer: Some(error.origin) })?;
        let subject = Subject { name: NAME, header: &code.header, source: &code.source, inputs: &[] };
        let folder = workspace(&subject)?;
        build::object(compiler, folder.path(), NAME, cpu)?;
        let stack = stack::most(folder.path(), NAME)?;
        build::least(compiler, folder.path(), cpu, Room { flash: ROOMY, ram: ROOMY, stack: Bytes(0) })?;
        let image = read_image(folder.path())?;
        Ok(Self { folder, need, code, image, stack })
    }

    /// All RAM, the stack among it.
    fn ram(&self) -> Bytes {
        self.image.ram_bytes + Bytes(self.stack)
    }

    /// What lies in RAM beside the arena, the stack among it.
    fn around(&self) -> u64 {
        self.ram().0.saturating_sub(self.need.ram())
    }

    /// The same with the first layers in patches, where that brings it into so much RAM; itself where it does not.
    fn in_patches(self, compiler: &Path, cpu: Cpu, network: &Network, ram: Bytes) -> Result<Self, NoAnswer> {
        let need = Need::within(network.graph(), ram.0.saturating_sub(self.around()));
        if need.patches.is_none() {
            return Ok(self);
        }
        let patched = Self::of(compiler, cpu, network, need)?;
        Ok(if patched.ram() <= ram { patched } else { self })
    }

    /// Links it within what is allowed. That the linker refuses is no failure where the figures say the same.
    fn enforce(&self, compiler: &Path, cpu: Cpu, budget: Budget) -> Result<(), NoAnswer> {
        let room =
            Room { flash: budget.flash.unwrap_or(ROOMY), ram: budget.ram.unwrap_or(ROOMY), stack: Bytes(self.stack) };
        let fits = self.image.flash_bytes <= room.flash && self.ram() <= room.ram;
        match build::least(compiler, self.folder.path(), cpu, room) {
            Ok(()) if fits => Ok(()),
            Err(BuildError::TooLarge(..) | BuildError::NoStack) if !fits => Ok(()),
            Ok(()) => Err(NoAnswer::Failed { words: "the linker takes an image that is too large".to_owned() }),
            Err(error) => Err(error.into()),
        }
    }

    fn measurement(&self, network: &Network, ran: Option<Ran>, remark: Option<String>) -> Measurement {
        let graph = network.graph();
        let weights = graph.cost().weight_bytes(DataType::Int8);
        let tables = self.code.table_bytes;
        let arena = self.need.ram();
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Linked,
            ram: RamUse {
                activations: Bytes(arena),
                runtime: Some(Bytes(self.image.ram_bytes.0.saturating_sub(arena))),
                stack: Some(Bytes(self.stack)),
            },
            flash: FlashUse {
                weights,
                tables: Some(Bytes(tables.saturating_sub(weights.0))),
                code: Some(Bytes(self.image.flash_bytes.0.saturating_sub(tables.max(weights.0)))),
            },
        };
        let mut remarks: Vec<String> = remark.into_iter().collect();
        remarks.extend(own::said_of_patches(&self.need));
        Measurement {
            footprint,
            macs: Some(graph.cost().macs),
            operators: own::operators(network),
            layers: own::layers(&self.need),
            ran,
            remarks,
        }
    }
}

impl Gcc {
    /// Runs the code where the target's core can be emulated, and otherwise here.
    fn run(&self, cpu: Cpu, built: &Built, question: &Question<'_>) -> Result<Ran, NoAnswer> {
        let vectors = Vectors::drawn(question.network, INPUTS)
            .map_err(|error| NoAnswer::Unsupported { operator: error.op.to_owned(), layer: Some(error.origin) })?;
        let Code { header, source, .. } = &built.code;
        let subject = Subject { name: NAME, header, source, inputs: &vectors.inputs };
        let differing = |outputs: &[i8]| {
            let pairs = outputs.iter().zip(&vectors.outputs).filter(|(ours, theirs)| ours != theirs).count();
            (pairs + outputs.len().abs_diff(vectors.outputs.len())) as u64
        };
        // The program around the network in an emulator is larger than the least one.
        let larger = |bytes: Bytes| Bytes(bytes.0 + (32 << 10));
        let board = Board::of(cpu, larger(built.image.flash_bytes), larger(built.ram()));
        if let Some(board) = board.filter(|_| self.tools.emulator.is_some()) {
            let ran = emulate(&self.tools, &subject, &board, None, None)?;
            return Ok(Ran {
                place: format!("{} ({})", ran.machine, ran.cpu),
                provenance: Provenance::Emulated,
                inputs: INPUTS as u64,
                differing_bytes: differing(&ran.outputs),
                instructions: Some(ran.instructions),
                stack_bytes: Some(ran.stack_bytes.into()),
            });
        }
        let ran = host(&self.tools, &subject)?;
        Ok(Ran {
            place: "this computer".to_owned(),
            provenance: Provenance::Host,
            inputs: INPUTS as u64,
            differing_bytes: differing(&ran.outputs),
            instructions: None,
            stack_bytes: None,
        })
    }
}

impl From<BuildError> for NoAnswer {
    fn from(error: BuildError) -> Self {
        let words = error.to_string();
        match error {
            BuildError::File { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                Self::Transient { words }
            }
            BuildError::File { .. } | BuildError::Program(_) => Self::Bench { words },
            BuildError::TimedOut(_) => Self::Transient { words },
            BuildError::TooLarge(..) | BuildError::NoStack | BuildError::Refused { .. } => Self::Failed { words },
        }
    }
}

impl From<ProofError> for NoAnswer {
    fn from(error: ProofError) -> Self {
        let words = error.to_string();
        match error {
            ProofError::Build(error) => error.into(),
            ProofError::Missing(tool) => Self::Missing { tool: tool.to_owned(), remedy: "install it".to_owned() },
            ProofError::Program(_) => Self::Bench { words },
            ProofError::Run { status: Status::TimedOut, .. } => Self::Transient { words },
            ProofError::Image(_) | ProofError::Run { .. } | ProofError::TooLong { .. } | ProofError::Report { .. } => {
                Self::Failed { words }
            }
        }
    }
}

impl From<crate::ImageError> for NoAnswer {
    fn from(error: crate::ImageError) -> Self {
        Self::Failed { words: error.to_string() }
    }
}
