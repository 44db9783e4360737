//! `automcu compile`.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Component, Path},
};

use automcu_convert::{Name, Need, Network, Patches, Project, Region, Vectors, memory_map};
use automcu_model::{ArtifactId, Bytes, Graph, GraphDigest, Shape};
use automcu_target::{Budget, Fit, Footprint};
use automcu_toolchain::firmware::{Firmware, Kit};
use serde::{Deserialize, Serialize};

use super::{footprint_of_code, said_of_patches, write_json};
use crate::{
    Said,
    answer::{Allowance, write_fit},
    cli::{Compile, Patching},
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled, thousands},
};

/// What the folder's report is called; a folder that has it is one of ours.
pub(super) const REPORT: &str = "automcu.json";
/// So many inputs go with the code, for its own program to check.
const VECTORS: usize = 2;

pub(crate) fn run(arguments: &Compile, stdin: &mut dyn Read, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let written = written(arguments, allowance, stdin, home, |_, _| Ok(None))?;
    written.say(arguments, said)
}

/// What is written and told of it.
pub(super) struct WrittenCode {
    file: String,
    answer: Answer,
}

/// Writes a network's code, with firmware around it where `around` makes some.
pub(super) fn written(
    arguments: &Compile,
    allowance: Allowance,
    stdin: &mut dyn Read,
    home: &Path,
    around: impl FnOnce(&Name, &Footprint) -> Result<Option<Firmware>, Failure>,
) -> Result<WrittenCode, Failure> {
    let (file, mut network) = input::network_or_checkpoint(&arguments.model, arguments.data.as_deref(), home, stdin)?;
    if let Some(path) = &arguments.labels {
        let outputs = network.graph().shape(network.graph().output()).elements();
        network = network.with_labels(input::labels(path, outputs)?);
    }
    let name = match &arguments.name {
        Some(name) => Name::new(name)?,
        None => Name::like(&called(&arguments.model)),
    };
    let need = need(&network, arguments.patches, allowance.budget);
    let vectors = Vectors::drawn(&network, VECTORS)?;
    let project = Project::of(&need.network(&network), &need.plan, &name, &vectors)?;
    let mut answer = Answer::of(&network, &need, &project, &name, allowance);
    let firmware = around(&name, &answer.footprint)?;
    let code = if firmware.is_some() { project.within_firmware() } else { project.files };
    let (texts, kit) = firmware.map_or((Vec::new(), None), |firmware| (firmware.files, Some(firmware.kit)));
    let mut files: Vec<(String, Vec<u8>)> =
        code.into_iter().chain(texts).map(|file| (file.name, file.text.into_bytes())).collect();
    files.push((format!("{name}.tflite"), network.to_tflite()?));
    files.push((format!("{name}.onnx"), network.to_onnx()?));
    answer.firmware = kit;
    write_folder(&arguments.output, &files, &mut answer)?;
    Ok(WrittenCode { file, answer })
}

impl WrittenCode {
    pub(super) fn say(&self, arguments: &Compile, said: &mut Said) -> Result<Outcome, Failure> {
        let Self { file, answer } = self;
        if arguments.json {
            write_json(answer, &mut said.output)?;
        } else {
            answer.write(file, &arguments.output, &mut said.output)?;
        }
        Ok(if answer.fit.is_some_and(|fit| !fit.holds()) { Outcome::No } else { Outcome::Yes })
    }
}

/// What the code will take, in patches where that is asked for.
fn need(network: &Network, patching: Patching, budget: Option<Budget>) -> Need {
    match (patching, budget.and_then(|budget| budget.ram)) {
        (Patching::Least, _) => Need::least(network.graph()),
        (Patching::Auto, Some(ram)) => Need::within(network.graph(), ram.0),
        (Patching::Auto, None) | (Patching::Never, _) => Need::of(network.graph()),
    }
}

/// What a network is called that nobody gave a name: as its file, or as the folder of a checkpoint.
fn called(model: &Path) -> String {
    let folder =
        model.parent().and_then(Path::file_name).filter(|_| model.extension().is_some_and(|of| of == "safetensors"));
    folder.or(model.file_stem()).unwrap_or_default().to_string_lossy().into_owned()
}

/// What is told of a folder in its report, however old.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Folder {
    pub(super) version: u32,
    pub(super) name: String,
    /// Whether everything was written; until then files may be missing or of an earlier time.
    pub(super) is_whole: bool,
    files: Vec<Written>,
    /// What was promised.
    #[serde(default)]
    pub(super) footprint: Option<Footprint>,
    #[serde(default)]
    pub(super) budget: Option<Budget>,
    /// How firmware is built; none in a folder of code alone.
    #[serde(default)]
    pub(super) firmware: Option<Kit>,
}

/// A file that was written.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    name: String,
    /// Of what was written, so that changes by hand are seen.
    digest: ArtifactId,
}

impl Folder {
    /// The report of a folder, if it has one; nothing for a folder that is not there or is empty.
    fn of(folder: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::Create { path: folder.to_owned(), error };
        let text = match fs::read(folder.join(REPORT)) {
            Ok(text) => text,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Err(_) if fs::read_dir(folder).map_err(failed)?.next().is_none() => return Ok(Self::default()),
            Err(_) => return Err(Failure::NotOurs(folder.to_owned())),
        };
        let not_ours = || Failure::NotOurs(folder.to_owned());
        let report: Self = serde_json::from_slice(&text).map_err(|_| not_ours())?;
        // A report may come from anywhere; what it names must lie in its own folder.
        let is_inside = |file: &Written| {
            let mut parts = Path::new(&file.name).components();
            matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
        };
        if report.files.iter().all(is_inside) { Ok(report) } else { Err(not_ours()) }
    }

    /// Refuses to write over what is not ours, or was changed since.
    fn check(&self, folder: &Path, name: &str) -> Result<(), Failure> {
        let path = folder.join(name);
        let Ok(there) = fs::read(&path) else { return Ok(()) };
        let digest = ArtifactId::of(&there);
        let is_ours = self.files.iter().any(|file| file.name == name && file.digest == digest);
        if is_ours { Ok(()) } else { Err(Failure::Changed(path)) }
    }
}

/// Writes everything. The report says first what will be there, and last that all of it is.
fn write_folder(folder: &Path, files: &[(String, Vec<u8>)], answer: &mut Answer) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::Create { path, error }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let before = Folder::of(folder)?;
    for (name, _) in files {
        before.check(folder, name)?;
    }
    let report = folder.join(REPORT);
    let write_report = |answer: &Answer| {
        let mut text = Vec::new();
        write_json(answer, &mut text)?;
        fs::write(&report, text).map_err(failed(&report))
    };
    let is_kept = |file: &&Written| files.iter().any(|(name, _)| *name == file.name);
    let stale: Vec<Written> = before.files.iter().filter(|file| !is_kept(file)).cloned().collect();
    let written: Vec<Written> =
        files.iter().map(|(name, text)| Written { name: name.clone(), digest: ArtifactId::of(text) }).collect();
    // Until all is written, each file may be the old one or the new one.
    answer.files = written.iter().chain(&before.files).cloned().collect();
    write_report(answer)?;
    for file in &stale {
        // What was changed by hand stays.
        if before.check(folder, &file.name).is_ok() {
            let _ = fs::remove_file(folder.join(&file.name));
        }
    }
    for (name, text) in files {
        // No file is ever half there.
        let (path, new) = (folder.join(name), folder.join(format!(".{name}.new")));
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(failed(&path))?;
    }
    answer.files = written;
    answer.is_whole = true;
    write_report(answer)
}

/// What was planned and written.
#[derive(Serialize)]
struct Answer {
    version: u32,
    /// What wrote it.
    automcu: &'static str,
    name: String,
    digest: GraphDigest,
    input: Shape,
    output: Shape,
    parameters: u64,
    macs: u64,
    /// Code is not counted before it is linked.
    footprint: Footprint,
    /// What no arena for this order of steps can be smaller than.
    arena_least_bytes: Bytes,
    /// How many groups of layers run one after the other; within one, layers run row by row.
    streams: usize,
    /// The first layers that are computed in strips of columns, if any are.
    patches: Option<Patches>,
    memory: Vec<Piece>,
    is_whole: bool,
    files: Vec<Written>,
    /// How it is built and linked for the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<Kit>,
    target: Option<String>,
    budget: Option<Budget>,
    fits: Option<bool>,
    fit: Option<Fit>,
}

/// A piece of the arena.
#[derive(Serialize)]
struct Piece {
    what: String,
    #[serde(flatten)]
    region: Region,
}

impl Answer {
    fn of(network: &Network, need: &Need, project: &Project, name: &Name, allowance: Allowance) -> Self {
        let (graph, plan) = (network.graph(), &need.plan);
        let cost = graph.cost();
        let footprint = footprint_of_code(graph, plan.arena_bytes.into(), project.table_bytes);
        let fit = allowance.budget.map(|budget| Fit::of(&footprint, budget));
        Self {
            version: 1,
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
            memory: memory_map(&need.network(network), plan)
                .into_iter()
                .map(|(region, what)| Piece { what, region })
                .collect(),
            is_whole: false,
            files: Vec::new(),
            firmware: None,
            target: allowance.target,
            budget: allowance.budget,
            fits: fit.map(|fit| fit.holds()),
            fit,
        }
    }

    fn write(&self, model: &str, folder: &Path, sink: &mut dyn Write) -> io::Result<()> {
        let Self { footprint, .. } = self;
        writeln!(
            sink,
            "{} is written to {} as {}  {}",
            styled(model, TITLE),
            styled(folder.display(), TITLE),
            self.name,
            styled(self.digest.short(), FAINT)
        )?;
        let how = footprint.provenance;
        let note = |text: &str| styled(format!("({}, {how}; {text})", footprint.dtype), FAINT);
        writeln!(sink, "\ninput        {} -> output {}", self.input, self.output)?;
        writeln!(sink, "MACs         {}", thousands(self.macs))?;
        if let Some(patches) = self.patches {
            writeln!(sink, "             {}", said_of_patches(patches, self.macs))?;
        }
        let flash = note("weights and their tables; `automcu verify` links the code");
        writeln!(sink, "Flash        {:<9}  {flash}", footprint.known_flash().to_string())?;
        let ram = note("one arena for input, output and all between; stack not counted");
        writeln!(sink, "RAM          {:<9}  {ram}\n", footprint.known_ram().to_string())?;
        self.write_memory(sink)?;
        if let Some(budget) = self.budget {
            write_fit(sink, self.target.as_deref(), budget, footprint)?;
        }
        Ok(())
    }

    fn write_memory(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("bytes", Right),
            ("to", Right),
            ("rows", Right),
            ("of bytes", Right),
            ("steps", Right),
            ("what", Left),
        ]);
        for Piece { what, region } in &self.memory {
            let cells = [
                region.offset.to_string(),
                (region.offset + region.bytes()).to_string(),
                region.slots.to_string(),
                region.slot_bytes.to_string(),
                format!("{}-{}", region.from_step, region.to_step),
                what.clone(),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)
    }
}
