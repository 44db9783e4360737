//! The judge that builds: AutoMCU's own code of the network, compiled and linked for the target by a GCC, or by Clang. What is
//! allowed are the linker's regions, so that an image that does not fit is refused by the linker itself.

mod stack;

use std::path::{Path, PathBuf};

use automcu_convert::{Code, Need, Network};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_process::Status;
use automcu_target::{Budget, FlashUse, Footprint, RamUse};

use crate::{
    board::{Board, Cpu, Isa},
    build::{self, BuildError, Room, Work},
    compiler::{Choice, Clang, Compiler},
    judge::{Identity, Judge, Measurement, NoAnswer, Question, Ran},
    own::{self, NAME},
    proof::{ProofError, Subject, fill, read_image},
    runs::Run,
    tools::Tools,
};

/// More than any microcontroller has, for an image that is only measured.
const ROOMY: Bytes = Bytes(256 << 20);

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
        let compilers = [Isa::Arm, Isa::RiscV].into_iter().filter_map(|isa| tools.compiler(isa));
        let mut versions: Vec<String> =
            compilers.map(|compiler| tools.version_of(compiler)).collect::<Result<_, _>>()?;
        // Clang may be the one for all.
        versions.dedup();
        if versions.is_empty() {
            return Err(missing(&tools, Isa::Arm));
        }
        let mut set = vec!["-O2".to_owned()];
        if settings.runs {
            // Where code is run is part of what is said.
            let at = |tool: Option<&Path>| {
                tool.and_then(|tool| tools.version(tool).ok()).unwrap_or_else(|| "nothing".to_owned())
            };
            let (emulator, host) = (at(tools.emulator.as_deref()), at(tools.host_compiler.as_deref()));
            set.push(format!("run by {emulator}, else by {host}"));
        }
        let identity = Identity { name: "gcc", tool: versions.join(", "), settings: set };
        Ok(Self { identity, tools, settings })
    }
}

/// Of the compilers that may be taken, the one to install.
fn missing(tools: &Tools, isa: Isa) -> NoAnswer {
    let (tool, packages) = match tools.choice {
        Choice::Clang if tools.clang.is_some() => (Clang::LLD, "lld"),
        Choice::Clang => (Clang::NAME, "clang lld"),
        Choice::Either | Choice::Gcc => (isa.compiler(), isa.package()),
    };
    NoAnswer::Missing { tool: tool.to_owned(), remedy: format!("on Debian, `apt-get install {packages}`") }
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
        let forge = self.forge(cpu)?;
        let built = forge.enforced(forge.planned(question)?, question.budget)?;
        let mut remarks: Vec<String> = remark.into_iter().collect();
        if forge.compiler.is_clang() {
            remarks.push("compiled by Clang; what it calls of a library is AutoMCU's own".to_owned());
        }
        let ran = if self.settings.runs { run(&self.tools, cpu, &built, question, &mut remarks)? } else { None };
        Ok(built.measurement(question.network, ran, remarks))
    }

    /// As it was judged: what the stack takes is not there for patches to be planned in.
    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        let need = match question.budget.ram {
            Some(_) => self.forge(core(question)?.0)?.planned(question)?.need,
            None => Need::of(question.network.graph()),
        };
        own::project(question, &need, folder)
    }
}

impl Gcc {
    fn forge(&self, cpu: Cpu) -> Result<Forge<'_>, NoAnswer> {
        let compiler = self.tools.compiler(cpu.isa()).ok_or_else(|| missing(&self.tools, cpu.isa()))?;
        Ok(Forge { tools: &self.tools, compiler, cpu })
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
    run: Run,
    need: Need,
    code: Code,
    image: crate::Image,
    /// The most that it takes of the stack, where the compiler tells.
    stack: Option<u64>,
}

/// A compiler for one core.
struct Forge<'f> {
    tools: &'f Tools,
    compiler: Compiler<'f>,
    cpu: Cpu,
}

impl Forge<'_> {
    /// Built as it takes least, or in patches where the budget of RAM takes these.
    fn planned(&self, question: &Question<'_>) -> Result<Built, NoAnswer> {
        let plain = self.build(question.network, Need::of(question.network.graph()))?;
        match question.budget.ram {
            Some(ram) if plain.ram() > ram => self.in_patches(plain, question.network, ram),
            _ => Ok(plain),
        }
    }

    fn build(&self, network: &Network, need: Need) -> Result<Built, NoAnswer> {
        let code = own::code(network, &need)?;
        let subject = Subject { name: NAME, header: &code.header, source: &code.source, inputs: &[] };
        let (run, (stack, image)) = self.tools.run()?.going_on(self.tools.failures_kept, |run| {
            fill(run, &subject)?;
            let mut work = self.work(run);
            build::object(&mut work, self.cpu)?;
            build::least(&mut work, self.cpu, Room { flash: ROOMY, ram: ROOMY, stack: Bytes(0) })?;
            Ok::<_, NoAnswer>((stack::most(run.folder(), NAME)?, read_image(run.folder())?))
        })?;
        Ok(Built { run, need, code, image, stack })
    }

    fn work<'w>(&'w self, run: &'w mut Run) -> Work<'w> {
        Work { compiler: self.compiler, run, name: NAME, limits: self.tools.limits() }
    }

    /// The same with the first layers in patches, where that brings it into so much RAM; itself where it does not.
    fn in_patches(&self, plain: Built, network: &Network, ram: Bytes) -> Result<Built, NoAnswer> {
        let need = Need::within(network.graph(), ram.0.saturating_sub(plain.around()));
        if need.patches.is_none() {
            return Ok(plain);
        }
        let patched = self.build(network, need)?;
        Ok(if patched.ram() <= ram { patched } else { plain })
    }

    /// Links it within what is allowed. That the linker refuses is no failure where the figures say the same.
    fn enforced(&self, built: Built, budget: Budget) -> Result<Built, NoAnswer> {
        let stack = Bytes(built.stack.unwrap_or(0));
        let room = Room { flash: budget.flash.unwrap_or(ROOMY), ram: budget.ram.unwrap_or(ROOMY), stack };
        let fits = built.image.flash_bytes <= room.flash && built.ram() <= room.ram;
        let Built { run, need, code, image, stack } = built;
        let linked =
            run.going_on(self.tools.failures_kept, |run| match build::least(&mut self.work(run), self.cpu, room) {
                Ok(()) if fits => Ok(()),
                Err(BuildError::TooLarge(..) | BuildError::NoStack) if !fits => Ok(()),
                Ok(()) => Err(NoAnswer::Failed { words: "the linker takes an image that is too large".to_owned() }),
                Err(error) => Err(error.into()),
            });
        let (run, ()) = linked?;
        Ok(Built { run, need, code, image, stack })
    }
}

impl Built {
    /// All RAM, the stack among it as far as it is known.
    fn ram(&self) -> Bytes {
        self.image.ram_bytes + Bytes(self.stack.unwrap_or(0))
    }

    /// What lies in RAM beside the arena, the stack among it.
    fn around(&self) -> u64 {
        self.ram().0.saturating_sub(self.need.ram())
    }

    fn measurement(&self, network: &Network, ran: Option<Ran>, mut remarks: Vec<String>) -> Measurement {
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
                stack: self.stack.map(Bytes),
            },
            flash: FlashUse {
                weights,
                tables: Some(Bytes(tables.saturating_sub(weights.0))),
                code: Some(Bytes(self.image.flash_bytes.0.saturating_sub(tables.max(weights.0)))),
            },
        };
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

/// Runs the code where the target's core can be emulated, and otherwise here.
fn run(
    tools: &Tools,
    cpu: Cpu,
    built: &Built,
    question: &Question<'_>,
    remarks: &mut Vec<String>,
) -> Result<Option<Ran>, NoAnswer> {
    // The program around the network in an emulator is larger than the least one.
    let larger = |bytes: Bytes| Bytes(bytes.0 + (32 << 10));
    let board = Board::of(cpu, larger(built.image.flash_bytes), larger(built.ram()));
    own::run(tools, &built.code, question.network, board.filter(|_| tools.emulator.is_some()), remarks)
}

impl From<BuildError> for NoAnswer {
    fn from(error: BuildError) -> Self {
        let words = error.to_string();
        match error {
            BuildError::Folder(error) => error.into(),
            BuildError::File { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                Self::Transient { words }
            }
            BuildError::File { .. } | BuildError::Program(_) => Self::Bench { words },
            BuildError::TimedOut { .. } => Self::Transient { words },
            BuildError::TooLarge(..) | BuildError::NoStack | BuildError::Refused { .. } => Self::Failed { words },
        }
    }
}

impl From<ProofError> for NoAnswer {
    fn from(error: ProofError) -> Self {
        let words = error.to_string();
        match error {
            ProofError::Folder(error) => error.into(),
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
