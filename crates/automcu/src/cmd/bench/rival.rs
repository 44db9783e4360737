//! PyTorch, where a Python has it.

use std::path::{Path, PathBuf};

use automcu_process::{Limits, Program, Status};

/// Trains in PyTorch; its arguments are network, threads, batch, seconds and `eager` or `compile`.
const SCRIPT: &str = include_str!("rival.py");
/// Compiling a network may take minutes.
const MOST_SECONDS: u64 = 600;

/// A Python that has PyTorch.
pub(super) struct Torch {
    python: PathBuf,
    pub(super) version: String,
}

impl Torch {
    /// The Python that was named, or the first in these folders, if it has PyTorch.
    pub(super) fn found(named: Option<&Path>, folders: &[PathBuf]) -> Option<Self> {
        let candidates = folders.iter().map(|folder| folder.join("python3"));
        let python = named.map(Path::to_owned).or_else(|| candidates.into_iter().find(|file| file.is_file()))?;
        let asked = Program::new(&python, std::env::temp_dir()).args(["-c", "import torch; print(torch.__version__)"]);
        let ended = asked.run(Limits::of_seconds(120)).ok()?;
        let version = ended.output.text.trim().to_owned();
        matches!(ended.status, Status::Exited(0)).then_some(Self { python, version })
    }

    /// Images a second; none where it fails.
    pub(super) fn pace(&self, network: &str, threads: usize, batch: usize, seconds: f64, mode: &str) -> Option<f64> {
        let arguments =
            [network.to_owned(), threads.to_string(), batch.to_string(), seconds.to_string(), mode.to_owned()];
        // Compiled networks are kept in the folder that it runs in.
        let program = Program::new(&self.python, std::env::temp_dir()).args(["-c", SCRIPT]).args(arguments);
        let ended = program.run(Limits::of_seconds(MOST_SECONDS)).ok()?;
        ended.output.text.split_whitespace().nth(1)?.parse().ok()
    }
}
