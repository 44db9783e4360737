//! The folder that a network's code is handed over in: the code, firmware around it where that is asked for, the network as
//! .tflite and ONNX, and a report by which whoever verifies it finds his way. Made in memory; writing it is for others.

use automcu_artifacts::ArtifactId;
use automcu_convert::{
    Name, Need, Network, NotComputed, NotInOnnx, NotWritten, Patches, Project, Region, Vectors, memory_map,
};
use automcu_model::{Bytes, DataType, Graph, GraphDigest, Provenance, Shape};
use automcu_target::{Budget, Fit, FlashUse, Footprint, Part, RamUse};
use serde::{Deserialize, Serialize};

use crate::firmware::{Firmware, FirmwareError, Kit, Site};

/// What the folder's report is called; a folder that has it is one of ours.
pub const REPORT: &str = "automcu.json";
/// The version of reports.
pub const VERSION: u32 = 1;
/// So many inputs go with the code, for its own program to check.
const VECTORS: usize = 2;

/// What is to be handed over.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The network.
    pub network: &'w Network,
    /// What it is called.
    pub name: &'w Name,
    /// What its code takes, as planned.
    pub need: &'w Need,
    /// The target's name, where one is named.
    pub target: Option<&'w str>,
    /// What it may take.
    pub budget: Option<Budget>,
    /// The part that firmware is written for.
    pub firmware: Option<&'w Part>,
}

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its files beside the report: name and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its report, as it is before anything is written.
    pub report: Report,
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The network has an operation without code.
    #[error(transparent)]
    NotComputed(#[from] NotComputed),
    /// No .tflite file can hold it.
    #[error(transparent)]
    NotTflite(#[from] NotWritten),
    /// No ONNX file can hold it.
    #[error(transparent)]
    NotOnnx(#[from] NotInOnnx),
    /// There is no firmware for the part.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Of what was written, so that changes by hand are seen.
    pub digest: ArtifactId,
}

/// What was planned and written.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    version: u32,
    /// What wrote it.
    automcu: &'static str,
    /// What the network is called.
    pub name: String,
    /// The network's graph.
    pub digest: GraphDigest,
    /// What goes in.
    pub input: Shape,
    /// What comes out.
    pub output: Shape,
    parameters: u64,
    /// Its multiply-accumulates.
    pub macs: u64,
    /// Code is not counted before it is linked.
    pub footprint: Footprint,
    /// What no arena for this order of steps can be smaller than.
    arena_least_bytes: Bytes,
    /// How many groups of layers run one after the other; within one, layers run row by row.
    streams: usize,
    /// The first layers that are computed in strips of columns, if any are.
    pub patches: Option<Patches>,
    /// What lies where in the arena.
    pub memory: Vec<Piece>,
    /// Whether everything was written; until then files may be missing or of an earlier time.
    pub is_whole: bool,
    /// What was written.
    pub files: Vec<Written>,
    /// How it is built and linked for the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Kit>,
    /// The target's name.
    pub target: Option<String>,
    /// What it may take.
    pub budget: Option<Budget>,
    fits: Option<bool>,
    /// Whether it fits.
    pub fit: Option<Fit>,
}

/// A piece of the arena.
#[derive(Clone, Debug, Serialize)]
pub struct Piece {
    /// What it holds.
    pub what: String,
    /// Where it lies.
    #[serde(flatten)]
    pub region: Region,
}

/// What is told of a folder in its report, however old, as far as others go by it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Outline {
    /// Its version.
    pub version: u32,
    /// What the network is called.
    pub name: String,
    /// Whether everything was written.
    pub is_whole: bool,
    /// What was written.
    pub files: Vec<Written>,
    /// What was promised.
    #[serde(default)]
    pub footprint: Option<Footprint>,
    /// What it may take.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// How firmware is built; none in a folder of code alone.
    #[serde(default)]
    pub firmware: Option<Kit>,
}

impl Folder {
    /// Makes it.
    pub fn of(wanted: Wanted<'_>) -> Result<Self, FolderError> {
        let Wanted { network, name, need, budget, .. } = wanted;
        let vectors = Vectors::drawn(network, VECTORS)?;
        let project = Project::of(&need.network(network), &need.plan, name, &vectors)?;
        let mut report = Report::of(&wanted, &project);
        let (arena, tables) = (report.footprint.ram.activations, report.footprint.known_flash());
        let firmware = wanted.firmware.map(|part| {
            let budget = budget.unwrap_or_else(|| part.into());
            Firmware::of(Site { part, budget, name, arena, tables })
        });
        let (code, around) = match firmware.transpose()? {
            Some(firmware) => {
                report.firmware = Some(firmware.kit);
                (project.within_firmware(), firmware.files)
            }
            None => (project.files, Vec::new()),
        };
        let texts = code.into_iter().chain(around).map(|file| (file.name, file.text.into_bytes()));
        let mut files: Vec<(String, Vec<u8>)> = texts.collect();
        files.push((format!("{name}.tflite"), network.to_tflite()?));
        files.push((format!("{name}.onnx"), network.to_onnx()?));
        Ok(Self { files, report })
    }

    /// The files as the report names them.
    #[must_use]
    pub fn written(&self) -> Vec<Written> {
        let written =
            |(name, content): &(String, Vec<u8>)| Written { name: name.clone(), digest: ArtifactId::of(content) };
        self.files.iter().map(written).collect()
    }

    /// All files with the report, which says that they are all there: for whoever hands them over at once.
    #[must_use]
    pub fn into_files(mut self) -> Vec<(String, Vec<u8>)> {
        self.report.files = self.written();
        self.report.is_whole = true;
        let mut report = serde_json::to_vec_pretty(&self.report).expect("a report is plain data");
        report.push(b'\n');
        self.files.push((REPORT.to_owned(), report));
        self.files
    }

    /// What one of its files holds, as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, content) = self.files.iter().find(|(file, _)| file == name)?;
        std::str::from_utf8(content).ok()
    }
}

impl Report {
    fn of(wanted: &Wanted<'_>, project: &Project) -> Self {
        let Wanted { network, name, need, target, budget, .. } = wanted;
        let (graph, plan) = (network.graph(), &need.plan);
        let cost = graph.cost();
        let footprint = footprint_of_code(graph, plan.arena_bytes.into(), project.table_bytes);
        let fit = budget.map(|budget| Fit::of(&footprint, budget));
        let pieces = memory_map(&need.network(network), plan).into_iter();
        Self {
            version: VERSION,
            automcu: env!("CARGO_PKG_VERSION"),
            name: name.to_string(),
            digest: graph.digest(),
            input: graph.shape(Graph::INPUT),
            output: graph.shape(graph.output()),
            parameters: cost.parameters(),
            macs: cost.macs,
            footprint,
            arena_least_bytes: Bytes(plan.least_bytes.into()),
            streams: plan.streams,
            patches: need.patches,
            memory: pieces.map(|(region, what)| Piece { what, region }).collect(),
            is_whole: false,
            files: Vec::new(),
            firmware: None,
            target: target.map(str::to_owned),
            budget: *budget,
            fits: fit.map(|fit| fit.holds()),
            fit,
        }
    }
}

/// What the code of a network takes, as far as it is known before it is linked.
#[must_use]
pub fn footprint_of_code(graph: &Graph, arena_bytes: u64, table_bytes: u64) -> Footprint {
    let weights = graph.cost().weight_bytes(DataType::Int8);
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Tool,
        ram: RamUse { activations: Bytes(arena_bytes), runtime: Some(Bytes(0)), stack: None },
        flash: FlashUse { weights, tables: Some(Bytes(table_bytes.saturating_sub(weights.0))), code: None },
    }
}
