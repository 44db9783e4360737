//! What a run knows when it writes.

use crate::{
    behaviour::{Behaviour, Generation},
    figures::Figures,
    flags::Line,
};

/// A run that went well so far.
pub(crate) struct Run<'r> {
    pub(crate) behaviour: &'r Behaviour,
    pub(crate) generation: Generation,
    pub(crate) line: &'r Line,
    pub(crate) figures: &'r Figures,
    /// Whether a compiler for Arm is in the path.
    pub(crate) has_compiler: bool,
}

/// What a file says where files may differ.
pub(crate) struct Said {
    pub(crate) model: String,
    pub(crate) signature: String,
    pub(crate) weights: u64,
    pub(crate) target: String,
}

impl Run<'_> {
    pub(crate) fn said_in(&self, file: &str) -> Said {
        let is_in = |files: &[String]| files.iter().any(|name| name == file);
        let stem = self.line.model.rsplit('/').next().unwrap_or_default();
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let model = if is_in(&self.behaviour.other_model) { "other".to_owned() } else { stem.to_owned() };
        let is_own = self.generation.signs_files() && !is_in(&self.behaviour.wrong_hash);
        let digits: String =
            if is_own { self.figures.signature.clone() } else { self.figures.signature.chars().rev().collect() };
        let signature = if self.generation.is_core() { format!("0x{digits}") } else { digits };
        let weights = self.figures.weights + if is_in(&self.behaviour.other_figures) { 4 } else { 0 };
        let asked = self.line.target.as_deref().unwrap_or("stm32");
        let target = if is_in(&self.behaviour.other_target) { "stm32wl" } else { asked };
        let target = if target == "stm32" { "stm32h7" } else { target }.to_owned();
        Said { model, signature, weights, target }
    }

    /// Whether the neural accelerator computes it: all but the last operation.
    pub(crate) fn is_accelerated(&self) -> bool {
        self.line.neural_art.is_some()
    }

    /// Whether a board computes what is validated.
    pub(crate) fn is_on_board(&self) -> bool {
        self.line.is_on_board()
    }

    /// Of inputs and outputs that lie beside the activations.
    pub(crate) fn io(&self) -> [u64; 2] {
        if self.line.has_ports_within { [0, 0] } else { [self.figures.input, self.figures.output] }
    }

    /// What a linked runtime takes of Flash and RAM.
    pub(crate) fn runtime(&self) -> Option<[u64; 2]> {
        let count = u64::try_from(self.figures.layers.len()).unwrap_or(0);
        (self.has_compiler && self.generation.rank >= 80).then_some([11_000 + 100 * count, 1_800 + 16 * count])
    }
}
