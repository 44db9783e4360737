//! Where programs lie, and what they may take.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_process::{Limits, Program, Status};

use crate::{
    board::Isa,
    compiler::{Choice, Clang, Compiler},
    proof::ProofError,
    runs::{self, Kept, Run, RunsError, folder_of_user},
    vendor::plain,
};

/// Compiling or running takes at most so long, unless something else is said.
const DEADLINE: Duration = Duration::from_secs(300);

/// The programs that proofs need, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// A C compiler for the computer at hand.
    pub host_compiler: Option<PathBuf>,
    /// GCC for Arm cores without an operating system.
    pub arm_compiler: Option<PathBuf>,
    /// GCC for RISC-V cores without an operating system.
    pub riscv_compiler: Option<PathBuf>,
    /// Clang, which knows both, with linkers.
    pub clang: Option<Clang>,
    /// Which compiler is taken where there are several for a microcontroller.
    pub choice: Choice,
    /// QEMU for Arm boards.
    pub emulator: Option<PathBuf>,
    /// Below this each run has its folder; without one, below the user's own in the system's temporary folder. Whoever starts
    /// runs [sweeps](crate::runs::sweep) it.
    pub runs: Option<PathBuf>,
    /// Each program takes at most so long; without one, five minutes.
    pub deadline: Option<Duration>,
    /// What is kept of runs that failed.
    pub failures_kept: Kept,
}

impl Tools {
    /// The name of each, as packages and paths have it.
    pub const ARM_COMPILER: &'static str = "arm-none-eabi-gcc";
    /// That of RISC-V, which knows cores of 32 bits, too.
    pub const RISCV_COMPILER: &'static str = "riscv64-unknown-elf-gcc";
    /// The emulator's.
    pub const EMULATOR: &'static str = "qemu-system-arm";

    /// Looks for them in these folders, in order.
    #[must_use]
    pub fn in_folders(folders: &[PathBuf]) -> Self {
        let find = |names: &[&str]| {
            let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
            candidates.into_iter().find(|file| file.is_file())
        };
        let clang = find(&[Clang::NAME]).map(|program| Clang {
            program,
            lld: find(&[Clang::LLD]),
            arm_linker: find(&["arm-none-eabi-ld"]),
            riscv_linker: find(&["riscv64-unknown-elf-ld", "riscv32-unknown-elf-ld", "riscv-none-elf-ld"]),
        });
        Self {
            host_compiler: find(&["cc", "gcc", "clang"]),
            arm_compiler: find(&[Self::ARM_COMPILER]),
            riscv_compiler: find(&[Self::RISCV_COMPILER, "riscv32-unknown-elf-gcc", "riscv-none-elf-gcc"]),
            clang,
            emulator: find(&[Self::EMULATOR]),
            ..Self::default()
        }
    }

    /// The compiler for a set of instructions.
    #[must_use]
    pub fn compiler(&self, isa: Isa) -> Option<Compiler<'_>> {
        let gcc = match isa {
            Isa::Arm => &self.arm_compiler,
            Isa::RiscV => &self.riscv_compiler,
        };
        let gcc = || gcc.as_deref().map(Compiler::Gcc);
        let clang = || self.clang.as_ref().and_then(|clang| clang.compiler(isa));
        match self.choice {
            Choice::Either => gcc().or_else(clang),
            Choice::Gcc => gcc(),
            Choice::Clang => clang(),
        }
    }

    /// A compiler and its version, and that of its linker where that is another's.
    pub fn version_of(&self, compiler: Compiler<'_>) -> Result<String, ProofError> {
        let own = self.version(compiler.program())?;
        match compiler {
            Compiler::Gcc(_) => Ok(own),
            Compiler::Clang { linker, .. } => Ok(format!("{own}, linked by {}", self.version(linker)?)),
        }
    }

    /// What a program says first when it is asked for its version.
    pub fn version(&self, program: &Path) -> Result<String, ProofError> {
        let mut run = self.run()?;
        let asked = Program::new(program, run.folder()).arg("--version");
        let ended = run.start(asked, self.limits())?;
        let first = ended.output.text.lines().map(plain).find(|line| !line.is_empty());
        first.filter(|_| ended.status == Status::Exited(0)).ok_or_else(|| ProofError::Run {
            what: format!("{} --version", program.display()),
            status: ended.status,
            words: plain(ended.last_words()),
        })
    }

    /// A fresh folder for programs to run in.
    pub(crate) fn run(&self) -> Result<Run, RunsError> {
        Run::within(&self.root()?)
    }

    /// Does something in a fresh folder, which is kept where that failed.
    pub(crate) fn within<T, E: Display + From<RunsError>>(
        &self,
        work: impl FnOnce(&mut Run) -> Result<T, E>,
    ) -> Result<T, E> {
        runs::within(&self.root()?, self.failures_kept, work)
    }

    fn root(&self) -> Result<PathBuf, RunsError> {
        self.runs.clone().map_or_else(|| folder_of_user(&std::env::temp_dir()), Ok)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { deadline: self.deadline.unwrap_or(DEADLINE), ..Limits::of_seconds(0) }
    }
}
