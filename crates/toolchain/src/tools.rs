//! Where programs lie.

use std::path::{Path, PathBuf};

use crate::board::Isa;

/// The programs that proofs need, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// A C compiler for the computer at hand.
    pub host_compiler: Option<PathBuf>,
    /// GCC for Arm cores without an operating system.
    pub arm_compiler: Option<PathBuf>,
    /// GCC for RISC-V cores without an operating system.
    pub riscv_compiler: Option<PathBuf>,
    /// QEMU for Arm boards.
    pub emulator: Option<PathBuf>,
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
        Self {
            host_compiler: find(&["cc", "gcc", "clang"]),
            arm_compiler: find(&[Self::ARM_COMPILER]),
            riscv_compiler: find(&[Self::RISCV_COMPILER, "riscv32-unknown-elf-gcc", "riscv-none-elf-gcc"]),
            emulator: find(&[Self::EMULATOR]),
        }
    }

    /// The compiler for a set of instructions.
    #[must_use]
    pub fn compiler(&self, isa: Isa) -> Option<&Path> {
        match isa {
            Isa::Arm => self.arm_compiler.as_deref(),
            Isa::RiscV => self.riscv_compiler.as_deref(),
        }
    }
}
