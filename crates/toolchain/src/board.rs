//! The boards that QEMU emulates, and how code is compiled for each core.

use automcu_model::Bytes;
use automcu_target::{Core, Fpu};

/// How code is compiled for a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    name: &'static str,
    flags: &'static [&'static str],
    isa: Isa,
}

/// A set of instructions, with a compiler of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Arm's.
    Arm,
    /// RISC-V.
    RiscV,
}

impl Isa {
    /// What its compiler is called.
    #[must_use]
    pub const fn compiler(self) -> &'static str {
        match self {
            Self::Arm => crate::Tools::ARM_COMPILER,
            Self::RiscV => crate::Tools::RISCV_COMPILER,
        }
    }

    /// The Debian package that brings it.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Arm => "gcc-arm-none-eabi libnewlib-arm-none-eabi",
            Self::RiscV => "gcc-riscv64-unknown-elf",
        }
    }
}

impl Cpu {
    /// That of a core, if a compiler that AutoMCU starts knows it.
    #[must_use]
    pub const fn of(core: Core, fpu: Fpu, has_dsp: bool) -> Option<Self> {
        const HARD: &str = "-mfloat-abi=hard";
        let has_fpu = !matches!(fpu, Fpu::None);
        Some(match (core, has_fpu, has_dsp) {
            (Core::CortexM0Plus, ..) => Self { name: "cortex-m0plus", flags: &["-mcpu=cortex-m0plus"], isa: Isa::Arm },
            (Core::CortexM3, ..) => Self { name: "cortex-m3", flags: &["-mcpu=cortex-m3"], isa: Isa::Arm },
            (Core::CortexM4, false, _) => Self { name: "cortex-m4", flags: &["-mcpu=cortex-m4"], isa: Isa::Arm },
            (Core::CortexM4, true, _) => {
                Self { name: "cortex-m4", flags: &["-mcpu=cortex-m4", HARD, "-mfpu=fpv4-sp-d16"], isa: Isa::Arm }
            }
            (Core::CortexM7, false, _) => Self { name: "cortex-m7", flags: &["-mcpu=cortex-m7"], isa: Isa::Arm },
            (Core::CortexM7, true, _) if matches!(fpu, Fpu::Double) => {
                Self { name: "cortex-m7", flags: &["-mcpu=cortex-m7", HARD, "-mfpu=fpv5-d16"], isa: Isa::Arm }
            }
            (Core::CortexM7, true, _) => {
                Self { name: "cortex-m7", flags: &["-mcpu=cortex-m7", HARD, "-mfpu=fpv5-sp-d16"], isa: Isa::Arm }
            }
            (Core::CortexM33, true, true) => {
                Self { name: "cortex-m33", flags: &["-mcpu=cortex-m33", HARD, "-mfpu=fpv5-sp-d16"], isa: Isa::Arm }
            }
            (Core::CortexM33, _, true) => Self { name: "cortex-m33", flags: &["-mcpu=cortex-m33+nofp"], isa: Isa::Arm },
            (Core::CortexM33, ..) => {
                Self { name: "cortex-m33", flags: &["-mcpu=cortex-m33+nodsp+nofp"], isa: Isa::Arm }
            }
            (Core::CortexM55, true, _) => {
                Self { name: "cortex-m55", flags: &["-mcpu=cortex-m55", HARD], isa: Isa::Arm }
            }
            (Core::CortexM55, false, _) => {
                Self { name: "cortex-m55", flags: &["-mcpu=cortex-m55+nofp"], isa: Isa::Arm }
            }
            (Core::Rv32imc, ..) => Self { name: "rv32imc", flags: &["-march=rv32imc", "-mabi=ilp32"], isa: Isa::RiscV },
            (Core::XtensaLx6 | Core::XtensaLx7, ..) => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Its instructions.
    #[must_use]
    pub const fn isa(self) -> Isa {
        self.isa
    }

    pub(crate) const fn flags(self) -> &'static [&'static str] {
        self.flags
    }
}

/// An emulated board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// What QEMU calls it.
    pub machine: &'static str,
    /// Its core.
    pub cpu: Cpu,
    pub(crate) flash: (u32, Bytes),
    pub(crate) ram: (u32, Bytes),
    /// Whether instructions are counted by TIM2, one by one; otherwise by a CMSDK timer, in forties.
    pub(crate) has_tim2: bool,
}

const MPS2: (u32, Bytes) = (0x2000_0000, Bytes(4 << 20));

impl Board {
    /// A Cortex-M4 with the DSP extension; instructions are counted one by one.
    pub const M4: Self = Self {
        machine: "netduinoplus2",
        cpu: Cpu::of(Core::CortexM4, Fpu::Single, true).expect("known to the compiler"),
        flash: (0x0800_0000, Bytes(1 << 20)),
        ram: (0x2000_0000, Bytes(192 << 10)),
        has_tim2: true,
    };
    /// The same core with more memory; instructions are counted in forties.
    pub const LARGE_M4: Self = Self {
        machine: "mps2-an386",
        cpu: Cpu::of(Core::CortexM4, Fpu::Single, true).expect("known to the compiler"),
        flash: (0, Bytes(4 << 20)),
        ram: MPS2,
        has_tim2: false,
    };
    /// A Cortex-M7; instructions are counted in forties.
    pub const M7: Self = Self {
        machine: "mps2-an500",
        cpu: Cpu::of(Core::CortexM7, Fpu::Double, true).expect("known to the compiler"),
        flash: (0, Bytes(4 << 20)),
        ram: MPS2,
        has_tim2: false,
    };
    /// A Cortex-M3, which has no DSP extension.
    pub const M3: Self = Self {
        machine: "mps2-an385",
        cpu: Cpu::of(Core::CortexM3, Fpu::None, false).expect("known to the compiler"),
        flash: (0, Bytes(4 << 20)),
        ram: MPS2,
        has_tim2: false,
    };

    /// All of them.
    pub const ALL: &'static [Self] = &[Self::M4, Self::LARGE_M4, Self::M7, Self::M3];

    /// The board that stands in for a core and holds this much, code and stack among it; the largest where none does.
    #[must_use]
    pub fn of(cpu: Cpu, flash: Bytes, ram: Bytes) -> Option<Self> {
        let boards = || Self::ALL.iter().copied().filter(|board| board.cpu.name == cpu.name);
        boards().find(|board| flash <= board.flash.1 && ram <= board.ram.1).or_else(|| boards().next_back())
    }

    /// How many instructions a figure may be off.
    #[must_use]
    pub const fn resolution(&self) -> u32 {
        if self.has_tim2 { 1 } else { 40 }
    }
}
