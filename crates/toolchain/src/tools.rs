//! Where programs lie.

use std::path::PathBuf;

/// The programs that proofs need, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// A C compiler for the computer at hand.
    pub host_compiler: Option<PathBuf>,
    /// GCC for Arm cores without an operating system.
    pub arm_compiler: Option<PathBuf>,
    /// QEMU for Arm boards.
    pub emulator: Option<PathBuf>,
}

impl Tools {
    /// The name of each, as packages and paths have it.
    pub const ARM_COMPILER: &'static str = "arm-none-eabi-gcc";
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
            emulator: find(&[Self::EMULATOR]),
        }
    }
}
