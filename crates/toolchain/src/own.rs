//! AutoMCU's own compiler as a judge: what is planned is what the code takes, and what its instructions take is known about.
//! It needs no other program.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use automcu_convert::{Code, Name, Need, Network, NotComputed, Project, Vectors};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Core, FlashUse, Footprint, RamUse};

use crate::{
    board::Board,
    judge::{Identity, Judge, LayerFigures, Measurement, NoAnswer, Question, Ran},
    proof::{ProofError, Subject, emulate_in, host_in, room_of},
    runs::{Run, RunsError},
    tools::Tools,
};

/// The network's name in code that is built to be measured.
pub(crate) const NAME: &str = "network_code";
/// Inputs that a network answers where it is run.
const INPUTS: usize = 4;

/// The judge.
#[derive(Debug)]
pub struct Own {
    identity: Identity,
    /// With which the code is run on this computer, where that is asked for.
    tools: Option<Tools>,
}

impl Default for Own {
    fn default() -> Self {
        let tool = format!("AutoMCU {}", env!("CARGO_PKG_VERSION"));
        Self { identity: Identity { name: "plan", tool, settings: Vec::new() }, tools: None }
    }
}

impl Own {
    /// The judge that also runs the code on this computer and compares every byte.
    #[must_use]
    pub fn running(tools: Tools) -> Self {
        let mut judge = Self { tools: Some(tools), ..Self::default() };
        judge.identity.settings.push("run".to_owned());
        judge
    }
}

impl Judge for Own {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn minds_budget(&self) -> bool {
        true
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        let graph = question.network.graph();
        let need = need(question);
        let weights = graph.cost().weight_bytes(DataType::Int8);
        let core = question.part.map_or(Core::CortexM4, automcu_target::Part::core);
        let instructions = need.code_bytes(core).map(Bytes);
        // Start-up clears whole words; the arena is rounded up to them.
        let runtime = need.ram().next_multiple_of(8) - need.ram();
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Estimated,
            ram: RamUse { activations: Bytes(need.ram()), runtime: Some(Bytes(runtime)), stack: None },
            flash: FlashUse {
                weights,
                tables: Some(Bytes(need.flash().saturating_sub(weights.0))),
                code: instructions,
            },
        };
        let firm = match instructions {
            Some(_) => {
                format!("what instructions take is estimated for a {core}; with a compiler for it, they are linked")
            }
            None => format!("what instructions take on a {core} is not known"),
        };
        let mut remarks: Vec<String> = std::iter::once(firm).chain(said_of_patches(&need)).collect();
        let ran = match &self.tools {
            Some(tools) => run(tools, &code(question.network, &need)?, question.network, None, &mut remarks)?,
            None => None,
        };
        Ok(Measurement {
            footprint,
            macs: Some(graph.cost().macs),
            operators: operators(question.network),
            layers: layers(&need),
            ran,
            remarks,
        })
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        project(question, &need(question), folder)
    }
}

/// What the network needs within what is allowed. The arena is rounded up to whole words.
fn need(question: &Question<'_>) -> Need {
    let graph = question.network.graph();
    question.budget.ram.map_or_else(|| Need::of(graph), |ram| Need::within(graph, ram.0 / 8 * 8))
}

/// The C code of a network, with what it needs.
pub(crate) fn code(network: &Network, need: &Need) -> Result<Code, NoAnswer> {
    let name = Name::new(NAME).map_err(|error| NoAnswer::Failed { words: error.to_string() })?;
    Code::of(&need.network(network), &need.plan, &name).map_err(unsupported)
}

fn unsupported(error: NotComputed) -> NoAnswer {
    NoAnswer::Unsupported { operator: error.op.to_owned(), layer: Some(error.origin) }
}

/// Runs the code on a board, or on this computer, and compares every byte with the reference. Code that answers otherwise is
/// not measured: something is wrong with AutoMCU. Where it cannot be tried, which says nothing against it, that is remarked.
pub(crate) fn run(
    tools: &Tools,
    code: &Code,
    network: &Network,
    board: Option<Board>,
    remarks: &mut Vec<String>,
) -> Result<Option<Ran>, NoAnswer> {
    match tried(tools, code, network, board) {
        Ok(ran) => Ok(Some(ran)),
        Err(Untried::Proof(error)) if error.is_no_verdict() => {
            remarks.push(format!("not run: {error}"));
            Ok(None)
        }
        Err(Untried::Proof(error)) => Err(error.into()),
        Err(Untried::Wrong(none)) => Err(none),
    }
}

/// Why code that was to be run was not, or was in vain.
#[derive(Debug, thiserror::Error)]
enum Untried {
    #[error("{0}")]
    Proof(ProofError),
    #[error("{0}")]
    Wrong(NoAnswer),
}

impl From<RunsError> for Untried {
    fn from(error: RunsError) -> Self {
        Self::Proof(error.into())
    }
}

impl From<ProofError> for Untried {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

fn tried(tools: &Tools, code: &Code, network: &Network, board: Option<Board>) -> Result<Ran, Untried> {
    let vectors = Vectors::drawn(network, INPUTS).map_err(|error| Untried::Wrong(unsupported(error)))?;
    tools.within(|run| match tried_in(run, tools, code, &vectors, board) {
        // What could not be tried is not worth a folder.
        Err(Untried::Proof(error)) if error.is_no_verdict() => Ok(Err(Untried::Proof(error))),
        other => other.map(Ok),
    })?
}

fn tried_in(
    run: &mut Run,
    tools: &Tools,
    code: &Code,
    vectors: &Vectors,
    board: Option<Board>,
) -> Result<Ran, Untried> {
    let Code { header, source, .. } = code;
    let subject = Subject { name: NAME, header, source, inputs: &vectors.inputs };
    let (outputs, ran) = if let Some(board) = board {
        let done = emulate_in(run, tools, &subject, &board, room_of(&board))?;
        if done.outside_bytes > 0 {
            let words = format!("the code wrote {} bytes outside of its arena; please report this", done.outside_bytes);
            return Err(Untried::Wrong(NoAnswer::Failed { words }));
        }
        let place = format!("{} ({})", done.machine, done.cpu);
        let (instructions, stack) = (Some(done.instructions), Some(done.stack_bytes.into()));
        (done.outputs, Ran { instructions, stack_bytes: stack, ..ran_at(place, Provenance::Emulated) })
    } else {
        (host_in(run, tools, &subject)?.outputs, ran_at("this computer".to_owned(), Provenance::Host))
    };
    if outputs == vectors.outputs {
        return Ok(ran);
    }
    let pairs = outputs.iter().zip(&vectors.outputs).filter(|(ours, theirs)| ours != theirs).count();
    let differing = pairs + outputs.len().abs_diff(vectors.outputs.len());
    let words =
        format!("on {} {differing} bytes of the answers are not the reference's; please report this", ran.place);
    Err(Untried::Wrong(NoAnswer::Failed { words }))
}

fn ran_at(place: String, provenance: Provenance) -> Ran {
    Ran { place, provenance, inputs: INPUTS as u64, differing_bytes: 0, instructions: None, stack_bytes: None }
}

/// Writes the C project of the network, as it was planned.
pub(crate) fn project(question: &Question<'_>, need: &Need, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
    let name = Name::new("network").map_err(|error| NoAnswer::Failed { words: error.to_string() })?;
    let project =
        Project::of(&need.network(question.network), &need.plan, &name, &Vectors::default()).map_err(unsupported)?;
    project.files.iter().map(|file| crate::subprocess::write(folder, &file.name, &file.text)).collect()
}

/// The operators of a network, each once, in order.
pub(crate) fn operators(network: &Network) -> Vec<String> {
    let mut seen = HashSet::new();
    let words = network.graph().nodes().iter().map(|node| node.op.word());
    words.filter(|word| seen.insert(*word)).map(str::to_owned).collect()
}

/// What each layer takes.
pub(crate) fn layers(need: &Need) -> Vec<LayerFigures> {
    let nodes = need.graph.nodes().iter().zip(&need.tables).enumerate();
    let figures = nodes.map(|(place, (node, &bytes))| LayerFigures {
        name: format!("layer {place}, {}", node.origin),
        operator: Some(node.description()),
        macs: Some(need.graph.cost_of(node).macs),
        weights_bytes: Some(bytes),
    });
    figures.collect()
}

pub(crate) fn said_of_patches(need: &Need) -> Option<String> {
    let patches = need.patches?;
    let (layers, strips, added) = (patches.layers, patches.strips, patches.added_macs);
    Some(format!("the first {layers} layers run in {strips} strips of columns, which adds {added} MACs"))
}
