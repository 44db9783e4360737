//! AutoMCU's own compiler as a judge: what is planned is what the code takes, and what its instructions take is known about.
//! It needs no other program.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use automcu_convert::{Name, Need, Network, Project, Vectors};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Core, FlashUse, Footprint, RamUse};

use crate::judge::{Identity, Judge, LayerFigures, Measurement, NoAnswer, Question};

/// The judge.
#[derive(Debug)]
pub struct Own {
    identity: Identity,
}

impl Default for Own {
    fn default() -> Self {
        let tool = format!("AutoMCU {}", env!("CARGO_PKG_VERSION"));
        Self { identity: Identity { name: "plan", tool, settings: Vec::new() } }
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
        let need = question.budget.ram.map_or_else(|| Need::of(graph), |ram| Need::within(graph, ram.0));
        let weights = graph.cost().weight_bytes(DataType::Int8);
        let core = question.part.map_or(Core::CortexM4, automcu_target::Part::core);
        let code = need.code_bytes(core).map(Bytes);
        // Start-up clears whole words; the arena is rounded up to them.
        let runtime = need.ram().next_multiple_of(8) - need.ram();
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Estimated,
            ram: RamUse { activations: Bytes(need.ram()), runtime: Some(Bytes(runtime)), stack: None },
            flash: FlashUse { weights, tables: Some(Bytes(need.flash().saturating_sub(weights.0))), code },
        };
        let firm = match code {
            Some(_) => {
                format!("what instructions take is estimated for a {core}; with a compiler for it, they are linked")
            }
            None => format!("what instructions take on a {core} is not known"),
        };
        let remarks = std::iter::once(firm).chain(said_of_patches(&need)).collect();
        Ok(Measurement {
            footprint,
            macs: Some(graph.cost().macs),
            operators: operators(question.network),
            layers: layers(&need),
            ran: None,
            remarks,
        })
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        project(question, folder)
    }
}

/// Writes the C project of the network.
pub(crate) fn project(question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
    let graph = question.network.graph();
    let need = question.budget.ram.map_or_else(|| Need::of(graph), |ram| Need::within(graph, ram.0));
    let name = Name::new("network").map_err(|error| NoAnswer::Failed { words: error.to_string() })?;
    let project = Project::of(&need.network(question.network), &need.plan, &name, &Vectors::default())
        .map_err(|error| NoAnswer::Unsupported { operator: error.op.to_owned(), layer: Some(error.origin) })?;
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
