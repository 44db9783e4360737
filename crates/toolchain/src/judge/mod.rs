//! Who says whether a network fits a microcontroller: each deployment tool is a judge, and all are asked and heard the same
//! way. What a judge measured is kept apart from the verdict, which follows from it and from what is allowed.

mod ask;
mod measurement;
mod memory;
mod remembered;
mod verdict;

use std::path::{Path, PathBuf};

use automcu_convert::{FloatNetwork, Network};
use automcu_target::{Budget, Part};
use serde::Serialize;

pub use ask::{Judged, Patience, ask};
pub use measurement::{LayerFigures, Measurement, Ran};
pub use remembered::Remembered;
pub use verdict::{NoAnswer, Uncounted, Verdict};

/// A network, and what it is to fit.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The int8 network. Before training its weights are drawn: what it takes does not depend on them.
    pub network: &'q Network,
    /// The same in float32, for judges that are set to judge that.
    pub float: Option<&'q FloatNetwork>,
    /// The microcontroller, where one is named.
    pub part: Option<&'q Part>,
    /// What the network may take.
    pub budget: Budget,
}

/// Who a judge is. Two with the same identity say the same of the same network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Identity {
    /// What it is called on the command line and in reports.
    pub name: &'static str,
    /// The tool with its version, such as `ST Edge AI Core 2.2.0-20266`.
    pub tool: String,
    /// How it is set: what else its figures depend on.
    pub settings: Vec<String>,
}

/// A deployment tool that measures networks.
pub trait Judge: Send + Sync {
    /// Who it is.
    fn identity(&self) -> &Identity;

    /// Whether what it measures depends on what is allowed, and not on the network and its target alone.
    fn minds_budget(&self) -> bool {
        false
    }

    /// What was answered to the same question before, where that is kept.
    fn recall(&self, _question: &Question<'_>) -> Option<Result<Measurement, NoAnswer>> {
        None
    }

    /// What the network takes.
    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer>;

    /// Writes what the tool makes of the network into a folder that is there; gives the files.
    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer>;
}

impl<J: Judge + ?Sized> Judge for Box<J> {
    fn identity(&self) -> &Identity {
        (**self).identity()
    }

    fn minds_budget(&self) -> bool {
        (**self).minds_budget()
    }

    fn recall(&self, question: &Question<'_>) -> Option<Result<Measurement, NoAnswer>> {
        (**self).recall(question)
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        (**self).analyze(question)
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        (**self).generate(question, folder)
    }
}
