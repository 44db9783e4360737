//! What is proposed: an architecture or an int8 network, and why it cannot be built where that is so.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use automcu_convert::{FloatNetwork, Network};
use automcu_model::{Refusals, Spec};
use automcu_target::Budget;
use serde_json::Value;

use crate::{
    input::{self, Architecture},
    outcome::Failure,
    record::Candidate,
};

/// So many candidates are screened at once.
const MOST: usize = 10_000;

/// What is judged.
pub(in crate::cmd) struct Subject {
    pub(in crate::cmd) network: Network,
    pub(in crate::cmd) float: Option<FloatNetwork>,
    /// Whether its weights are drawn, as nobody has trained it yet.
    pub(in crate::cmd) is_drawn: bool,
}

impl Subject {
    /// An architecture with weights that are drawn.
    pub(in crate::cmd) fn drawn(deployed: &automcu_model::Graph, seed: u64) -> Result<Self, Failure> {
        let network = Network::untrained(deployed, seed)?;
        let float = FloatNetwork::drawn(deployed, seed).ok();
        Ok(Self { network, float, is_drawn: true })
    }
}

/// Why there is nothing to judge.
pub(super) enum NotBuilt {
    /// It is no architecture that can be built.
    Refused(Refusals),
    /// It is no network that is understood.
    Failed(Failure),
}

/// An architecture or a network under its name.
pub(super) struct Proposal {
    pub(super) name: String,
    spec: Option<Value>,
    text: Option<String>,
    pub(super) subject: Result<Subject, NotBuilt>,
}

impl Proposal {
    /// Reads a file; a failure is one of reading.
    pub(super) fn read(path: &Path, seed: u64, stdin: &mut dyn Read) -> Result<Self, Failure> {
        if path.extension().is_some_and(|of| of.eq_ignore_ascii_case("tflite")) {
            let (name, subject) = match input::network(path, stdin) {
                Ok((name, network)) => (name, Ok(Subject { network, float: None, is_drawn: false })),
                Err(failure @ Failure::Read { .. }) => return Err(failure),
                Err(failure) => (path.display().to_string(), Err(NotBuilt::Failed(failure))),
            };
            return Ok(Self { name, spec: None, text: None, subject });
        }
        let Architecture { name, text, spec, graph } = input::architecture(path, stdin)?;
        let subject = match graph {
            Ok((_, deployed)) => Subject::drawn(&deployed, seed).map_err(NotBuilt::Failed),
            Err(refusals) => Err(NotBuilt::Refused(refusals)),
        };
        let written = spec.ok().as_ref().map(value);
        let text = written.is_none().then(|| String::from_utf8_lossy(&text).into_owned());
        Ok(Self { name, spec: written, text, subject })
    }

    /// How it is recorded before anybody is asked.
    pub(super) fn candidate(&self, target: Option<&str>, budget: Budget) -> Candidate {
        let mut new = Candidate::new(self.name.clone(), target.map(str::to_owned), budget);
        new.digest = self.subject.as_ref().ok().map(|subject| subject.network.graph().digest().to_string());
        new.refusals = match &self.subject {
            Ok(_) => Vec::new(),
            Err(NotBuilt::Refused(refusals)) => {
                refusals.as_slice().iter().map(|refusal| format!("{} error: {refusal}", refusal.kind)).collect()
            }
            Err(NotBuilt::Failed(failure)) => vec![failure.to_string()],
        };
        (new.spec, new.text) = (self.spec.clone(), self.text.clone());
        new
    }
}

fn value(spec: &Spec) -> Value {
    serde_json::from_str(&spec.to_json()).expect("a spec is written as JSON")
}

/// The files that are named, and every *.json file of the folders, in the order of their names.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            files.extend(architectures(path)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > MOST { Err(Failure::TooMany { count: files.len(), most: MOST }) } else { Ok(files) }
}

fn architectures(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::Read { path: folder.to_owned(), error };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.is_file() && path.extension().is_some_and(|of| of.eq_ignore_ascii_case("json")));
    files.sort();
    if files.is_empty() { Err(Failure::NoArchitectures(folder.to_owned())) } else { Ok(files) }
}
