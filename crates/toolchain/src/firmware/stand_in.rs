//! The boards of QEMU that stand in for parts.

use automcu_model::Bytes;
use automcu_target::{Core, Part};

use crate::board::Board;

/// A board on which the firmware of a part is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StandIn {
    /// What QEMU calls it.
    pub(super) machine: &'static str,
    pub(super) flash: (u32, Bytes),
    pub(super) ram: (u32, Bytes),
    /// Its CMSDK UART; none where the part's own is the board's, too.
    pub(super) uart: Option<u32>,
    /// What is to be known about it.
    pub(super) note: &'static str,
}

impl StandIn {
    const F4: Self = Self::with(Board::M4, None, "");
    const M0_PLUS: Self = Self::with(Board::M3, CMSDK, " Its Cortex-M3 runs the code of a Cortex-M0+ as it is.");
    const M3: Self = Self::with(Board::M3, CMSDK, "");
    const M4: Self = Self::with(Board::LARGE_M4, CMSDK, "");
    const M7: Self = Self::with(Board::M7, CMSDK, "");
    /// Its memory is that of the secure state, in which it starts.
    const M33: Self = Self {
        machine: "mps2-an505",
        flash: (0x1000_0000, Bytes(4 << 20)),
        ram: (0x3800_0000, Bytes(4 << 20)),
        uart: Some(0x5020_0000),
        note: "",
    };
    /// The same is true of this one; flash is its ITCM.
    const M55: Self = Self {
        machine: "mps3-an547",
        flash: (0, Bytes(512 << 10)),
        ram: (0x3100_0000, Bytes(4 << 20)),
        uart: Some(0x5930_3000),
        note: "",
    };

    const ALL: [Self; 7] = [Self::F4, Self::M0_PLUS, Self::M3, Self::M4, Self::M7, Self::M33, Self::M55];

    const fn with(board: Board, uart: Option<u32>, note: &'static str) -> Self {
        Self { machine: board.machine, flash: board.flash, ram: board.ram, uart, note }
    }

    /// The board that stands in for a part whose image takes about this much.
    pub(super) fn of(part: &Part, flash: Bytes, ram: Bytes) -> Option<Self> {
        let holds = |board: &Self| flash <= board.flash.1 && ram <= board.ram.1;
        let boards: &[Self] = match part.core() {
            Core::CortexM0Plus => &[Self::M0_PLUS],
            Core::CortexM3 => &[Self::M3],
            Core::CortexM4 if part.family() == "STM32F4" => &[Self::F4, Self::M4],
            Core::CortexM4 => &[Self::M4],
            Core::CortexM7 => &[Self::M7],
            Core::CortexM33 => &[Self::M33],
            Core::CortexM55 => &[Self::M55],
            Core::Rv32imc | Core::XtensaLx6 | Core::XtensaLx7 => &[],
        };
        boards.iter().copied().find(holds)
    }

    /// The board of this name.
    pub(super) fn named(machine: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|board| board.machine == machine)
    }
}

/// The first UART of the boards with a Cortex-M3, M4 and M7.
const CMSDK: Option<u32> = Some(0x4000_4000);
