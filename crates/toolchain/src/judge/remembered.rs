//! A judge that is asked the same question once only.

use std::path::{Path, PathBuf};

use automcu_artifacts::ArtifactId;
use automcu_target::Part;
use serde_json::{Value, json};

use super::{
    Identity, Judge, Measurement, NoAnswer, Question,
    memory::{Answer, Memory},
};

/// A judge whose answers are kept in a folder: measurements, and that a network or a target is not supported, as these do not
/// change. What may be otherwise another time is asked again.
///
/// A question is the same where the judge with its version and settings, this program's version, the network to the bit, all
/// that is said of the part, and the budget where the judge minds it are the same.
#[derive(Clone, Debug)]
pub struct Remembered<J> {
    judge: J,
    memory: Memory,
    is_afresh: bool,
}

impl<J: Judge> Remembered<J> {
    /// Keeps at most so many answers, of whatever judges, in this folder. The oldest go first.
    #[must_use]
    pub fn new(judge: J, folder: impl Into<PathBuf>, most: usize) -> Self {
        Self { judge, memory: Memory::new(folder.into(), most), is_afresh: false }
    }

    /// Whether the judge is asked whatever it said before; what it says then is kept.
    #[must_use]
    pub fn afresh(mut self, is_afresh: bool) -> Self {
        self.is_afresh = is_afresh;
        self
    }

    /// The question as it is written down; none for a network that no file can hold.
    fn question(&self, question: &Question<'_>) -> Option<Value> {
        let Identity { name, tool, settings } = self.judge.identity();
        let network = ArtifactId::of(&question.network.to_tflite().ok()?);
        let float = match question.float {
            Some(float) => Some(ArtifactId::of(&float.to_onnx().ok()?).to_string()),
            None => None,
        };
        let budget = question.budget;
        let budget = self.judge.minds_budget().then(|| json!({ "ram": budget.ram, "flash": budget.flash }));
        Some(json!({
            "automcu": env!("CARGO_PKG_VERSION"),
            "judge": name,
            "tool": tool,
            "settings": settings,
            "network": network.to_string(),
            "float": float,
            "target": question.part.map(target),
            "budget": budget,
        }))
    }
}

/// A part by its name and core, for whoever looks, and by the digest of all that is said of it.
fn target(part: &Part) -> Value {
    let all = serde_json::to_vec(part).unwrap_or_default();
    json!({ "part": part.name(), "core": part.core().name(), "digest": ArtifactId::of(&all).to_string() })
}

impl<J: Judge> Judge for Remembered<J> {
    fn identity(&self) -> &Identity {
        self.judge.identity()
    }

    fn minds_budget(&self) -> bool {
        self.judge.minds_budget()
    }

    fn recall(&self, question: &Question<'_>) -> Option<Result<Measurement, NoAnswer>> {
        if self.is_afresh {
            return None;
        }
        Some(match self.memory.get(&self.question(question)?)? {
            Answer::Measurement(measurement) => Ok(measurement),
            Answer::NoAnswer(none) => Err(none),
        })
    }

    /// Asks the judge, whatever it said before, and keeps what it says.
    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        let answer = self.judge.analyze(question);
        let kept = match &answer {
            Ok(measurement) => Some(Answer::Measurement(measurement.clone())),
            Err(none @ (NoAnswer::Unsupported { .. } | NoAnswer::NotForTarget { .. })) => {
                Some(Answer::NoAnswer(none.clone()))
            }
            Err(_) => None,
        };
        if let (Some(kept), Some(written)) = (kept, self.question(question)) {
            self.memory.put(written, kept);
        }
        answer
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        self.judge.generate(question, folder)
    }
}

#[cfg(test)]
mod tests;
