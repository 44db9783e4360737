//! Compilers for microcontrollers, and what each of them is told. GCC brings a linker and a library for each set of
//! instructions; Clang knows all of them, takes a linker that is named, and a library of ours.

use std::path::{Path, PathBuf};

use crate::board::{Cpu, Isa};

/// Which compiler is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// GCC where it is there for the instructions, and otherwise Clang.
    #[default]
    Either,
    /// GCC only.
    Gcc,
    /// Clang only.
    Clang,
}

/// Clang, with the linkers that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clang {
    /// The compiler.
    pub program: PathBuf,
    /// LLVM's linker, which knows all instructions.
    pub lld: Option<PathBuf>,
    /// GNU's linker for Arm.
    pub arm_linker: Option<PathBuf>,
    /// GNU's linker for RISC-V.
    pub riscv_linker: Option<PathBuf>,
}

impl Clang {
    /// What it is called.
    pub const NAME: &'static str = "clang";
    /// What its linker is called.
    pub const LLD: &'static str = "ld.lld";

    /// The linker for a set of instructions.
    fn linker(&self, isa: Isa) -> Option<&Path> {
        let own = match isa {
            Isa::Arm => &self.arm_linker,
            Isa::RiscV => &self.riscv_linker,
        };
        self.lld.as_deref().or(own.as_deref())
    }

    /// It as a compiler for a set of instructions, where there is a linker for them.
    pub(crate) fn compiler(&self, isa: Isa) -> Option<Compiler<'_>> {
        let linker = self.linker(isa)?;
        Some(Compiler::Clang { program: &self.program, linker })
    }
}

/// A compiler for a set of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiler<'t> {
    /// GCC, or whatever compiles for the computer at hand.
    Gcc(&'t Path),
    /// Clang.
    Clang {
        /// The compiler.
        program: &'t Path,
        /// The linker that it is to start.
        linker: &'t Path,
    },
}

impl Compiler<'_> {
    /// The program that is started.
    #[must_use]
    pub const fn program(&self) -> &Path {
        match self {
            Self::Gcc(program) | Self::Clang { program, .. } => program,
        }
    }

    pub(crate) const fn is_clang(&self) -> bool {
        matches!(self, Self::Clang { .. })
    }

    /// Whether it comes without a library for these instructions, so that ours is linked.
    pub(crate) const fn lacks_library(&self, isa: Isa) -> bool {
        self.is_clang() || matches!(isa, Isa::RiscV)
    }

    /// How everything is compiled and linked for a core.
    pub(crate) fn flags(&self, cpu: Cpu) -> Vec<&'static str> {
        match self {
            Self::Gcc(_) => gcc_flags(cpu),
            Self::Clang { .. } => clang_flags(cpu),
        }
    }

    /// The sections of an image. Clang notes of each function that nothing unwinds it; LLVM's linker joins these notes only after
    /// it has found that they do not fit.
    pub(crate) fn sections(&self, script: &str) -> String {
        const NOTES: &str = ".ARM.exidx : { *(.ARM.exidx*) } > FLASH";
        const NONE: &str = "/DISCARD/ : { *(.ARM.exidx*) }";
        if self.is_clang() { script.replace(NOTES, NONE) } else { script.to_owned() }
    }

    /// What is said where an image is linked, behind its objects.
    pub(crate) fn link_flags(&self, isa: Isa) -> Vec<String> {
        match (self, isa) {
            (Self::Gcc(_), Isa::Arm) => Vec::new(),
            (Self::Gcc(_), Isa::RiscV) => ["-nodefaultlibs", "-lgcc"].map(str::to_owned).into(),
            (Self::Clang { linker, .. }, _) => vec!["-nostdlib".to_owned(), format!("--ld-path={}", linker.display())],
        }
    }
}

const SECTIONS: [&str; 2] = ["-ffunction-sections", "-fdata-sections"];

/// How GCC compiles and links everything for a core.
pub(crate) fn gcc_flags(cpu: Cpu) -> Vec<&'static str> {
    let own: &[&str] = match cpu.isa() {
        Isa::Arm => &["-mthumb"],
        Isa::RiscV => &["-ffreestanding", "-I."],
    };
    [&SECTIONS, own, cpu.flags()].concat()
}

/// How Clang does. As it is not told that there is no library, it makes what is short of a copy itself.
fn clang_flags(cpu: Cpu) -> Vec<&'static str> {
    let own: &[&str] = match cpu.isa() {
        Isa::Arm => &["--target=arm-none-eabi", "-mthumb", "-I."],
        Isa::RiscV => &["--target=riscv32-unknown-elf", "-I."],
    };
    [own, &SECTIONS, cpu.flags()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linker_is_taken_that_knows_the_instructions() {
        let file = |name: &str| Some(PathBuf::from(name));
        let only = |lld: Option<PathBuf>, arm_linker: Option<PathBuf>| Clang {
            program: PathBuf::from("clang"),
            lld,
            arm_linker,
            riscv_linker: None,
        };
        let linker = |clang: &Clang, isa| match clang.compiler(isa)? {
            Compiler::Clang { linker, .. } => Some(linker.display().to_string()),
            Compiler::Gcc(_) => None,
        };
        let both = only(file("ld.lld"), file("arm-none-eabi-ld"));
        assert_eq!(linker(&both, Isa::Arm).as_deref(), Some("ld.lld"));
        assert_eq!(linker(&both, Isa::RiscV).as_deref(), Some("ld.lld"));
        let gnu = only(None, file("arm-none-eabi-ld"));
        assert_eq!((linker(&gnu, Isa::Arm).as_deref(), linker(&gnu, Isa::RiscV)), (Some("arm-none-eabi-ld"), None));
    }

    #[test]
    fn clang_keeps_no_notes_about_unwinding() {
        let clang = Compiler::Clang { program: Path::new("clang"), linker: Path::new("ld.lld") };
        let script = crate::build::SECTIONS_LD;
        assert!(
            script.contains("> FLASH\n    data_image") && Compiler::Gcc(Path::new("gcc")).sections(script) == script
        );
        assert!(clang.sections(script).contains("    /DISCARD/ : { *(.ARM.exidx*) }\n    data_image"));
    }
}
