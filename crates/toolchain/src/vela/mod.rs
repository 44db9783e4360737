//! Arm's compiler for Ethos-U accelerators as a judge: the memory that a network takes where most of it is computed beside the
//! processor. The catalogue of targets knows no accelerators, so which one it is, and which parts have it, is handed in.

mod accelerator;
mod report;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use automcu_convert::Network;
use automcu_model::{Bytes, DataType, Provenance};
use automcu_process::{Ended, Limits, Program, Status};
use automcu_target::{FlashUse, Footprint, Part, RamUse};

pub use self::accelerator::{Accelerator, UnknownAccelerator};
use self::report::{Operators, Summary};
use crate::{
    judge::{Identity, Judge, Measurement, NoAnswer, Question},
    runs::{self, Kept, Run},
    subprocess::{Tool, adler32, tflite, write},
    vendor::plain,
};

const TOOL: Tool = Tool { name: "Vela", remedy: "`pip install ethos-u-vela`, and name the `vela` that it brings" };

/// Where the accelerator works on SRAM that it shares with the processor, and reads weights from Flash.
const MEMORY: &str = "Shared_Sram";
/// The longest summary.
const SUMMARY_BYTES: u64 = 1 << 20;
/// The longest compiled network.
const COMPILED_BYTES: u64 = 256 << 20;
/// A line for each operator, with names as long as their author liked.
const OUTPUT_BYTES: usize = 4 << 20;
/// So many operators are named in a remark.
const MOST_NAMED: usize = 8;

/// How the judge works.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where it may make folders of its own; its path is ASCII.
    pub root: PathBuf,
    /// How long a run may take, and how much it may say.
    pub limits: Limits,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The parts that have it, by name or alias. A network for another part is not judged; one for none is.
    pub parts: Vec<String>,
    /// What is kept of runs that failed.
    pub failures_kept: Kept,
}

impl Setting {
    /// Five minutes a run, no part, five failures kept.
    #[must_use]
    pub fn within(root: impl Into<PathBuf>, accelerator: Accelerator) -> Self {
        let limits = Limits { output_bytes: OUTPUT_BYTES, ..Limits::of_seconds(300) };
        Self { root: root.into(), limits, accelerator, parts: Vec::new(), failures_kept: Kept::default() }
    }
}

/// Vela, where it is installed.
#[derive(Clone, Debug)]
pub struct Vela {
    program: PathBuf,
    setting: Setting,
    identity: Identity,
}

/// What came of a run.
struct Compiled {
    summary: Summary,
    operators: Operators,
    /// The network as it is run.
    file: Vec<u8>,
}

impl Vela {
    /// Takes the first of these programs that says which version of Vela it is.
    pub fn new(programs: &[PathBuf], setting: Setting) -> Result<Self, NoAnswer> {
        let mut run = Run::within(&setting.root)?;
        let mut said = Vec::new();
        for program in programs {
            match version(program, &mut run, setting.limits) {
                Ok(version) => return Ok(Self::with(program.clone(), &version, setting)),
                Err(words) => said.push(format!("{}: {words}", program.display())),
            }
        }
        let tried = if said.is_empty() { "no program was named".to_owned() } else { said.join("; ") };
        Err(NoAnswer::Missing { tool: TOOL.name.to_owned(), remedy: format!("{} ({tried})", TOOL.remedy) })
    }

    fn with(program: PathBuf, version: &str, setting: Setting) -> Self {
        let accelerator = &setting.accelerator;
        let mut settings =
            [accelerator.name(), accelerator.system(), MEMORY, "smallest memory"].map(str::to_owned).to_vec();
        if !setting.parts.is_empty() {
            settings.push(format!("in {}", setting.parts.join(", ")));
        }
        let identity = Identity { name: "vela", tool: format!("{} {version}", TOOL.name), settings };
        Self { program, setting, identity }
    }

    /// Where it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Nobody is told that a network fits a part that lacks what computes it.
    fn is_for(&self, part: Option<&Part>) -> Result<(), NoAnswer> {
        let Some(part) = part else { return Ok(()) };
        let is_named = |name: &String| part.name() == name || part.aliases().contains(name);
        if self.setting.parts.iter().any(is_named) {
            return Ok(());
        }
        let words = format!(
            "{} is not known to have an {}; if it has, name it among the parts that do",
            part.name(),
            self.setting.accelerator
        );
        Err(NoAnswer::NotForTarget { words })
    }

    fn compile(&self, question: &Question<'_>) -> Result<Compiled, NoAnswer> {
        self.is_for(question.part)?;
        let file = tflite(question)?;
        runs::within(&self.setting.root, self.setting.failures_kept, |run| self.compile_in(run, &file))
    }

    fn compile_in(&self, run: &mut Run, file: &[u8]) -> Result<Compiled, NoAnswer> {
        // Its summary names the file: so it is seen whose it is.
        let name = format!("net_{:08x}", adler32(file));
        let input = format!("{name}.tflite");
        run.write(&input, file)?;
        let accelerator = &self.setting.accelerator;
        let program = Program::new(&self.program, run.folder())
            .args([&input, "--output-dir", "out", "--accelerator-config", accelerator.name()])
            .args(["--config", "Arm/vela.ini", "--system-config", accelerator.system(), "--memory-mode", MEMORY])
            .args(["--optimise", "Size", "--show-cpu-operations"]);
        let ended = TOOL.run(run, program, self.setting.limits)?;
        if ended.status != Status::Exited(0) {
            return Err(failure(&ended));
        }
        let written = |name: String, most| {
            let nothing = || TOOL.failed(&format!("it wrote no {name}: {}", ended.last_words()));
            run.read(&format!("out/{name}"), most)?.ok_or_else(nothing)
        };
        let summary = written(format!("{name}_summary_{}.csv", accelerator.system()), SUMMARY_BYTES)?;
        let summary = Summary::read(&String::from_utf8_lossy(&summary), &name, accelerator.name())
            .map_err(|error| TOOL.failed(&error.to_string()))?;
        let file = written(format!("{name}_vela.tflite"), COMPILED_BYTES)?;
        Ok(Compiled { summary, operators: Operators::read(&ended.output.text), file })
    }
}

impl Judge for Vela {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        let Compiled { summary, operators, file } = self.compile(question)?;
        // Of what it does not compute Vela counts nothing, and says 0.
        if summary.ram == Bytes(0) || operators.counts.is_some_and(|(accelerated, _)| accelerated == 0) {
            let operator = format!("nothing of this network runs on {}", self.setting.accelerator);
            return Err(NoAnswer::Unsupported { operator, layer: None });
        }
        let length = Bytes(u64::try_from(file.len()).unwrap_or(u64::MAX));
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Tool,
            ram: RamUse { activations: summary.ram, runtime: None, stack: None },
            flash: FlashUse { weights: length, tables: Some(Bytes(0)), code: None },
        };
        let mut remarks = vec![
            "RAM: the smallest that Vela finds, at the cost of time".to_owned(),
            format!(
                "weights: the whole compiled .tflite; of it, Vela counts {} B of weights and commands that the accelerator \
                 reads",
                summary.flash.0
            ),
            "not counted: TensorFlow Lite Micro and the accelerator's driver, in RAM and Flash".to_owned(),
        ];
        remarks.extend(summary.cycles.map(|cycles| format!("{cycles} cycles of the accelerator, as Vela estimates")));
        remarks.extend(left(&operators, question.network));
        let (macs, layers) = (Some(summary.macs), Vec::new());
        Ok(Measurement { footprint, macs, operators: operators.accelerated, layers, ran: None, remarks })
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        Ok(vec![write(folder, "network_vela.tflite", self.compile(question)?.file)?])
    }
}

/// The operators that fall back to the processor, which then needs code for them.
fn left(operators: &Operators, network: &Network) -> Option<String> {
    let count = operators.counts.map_or(operators.left.len(), |(_, left)| usize::try_from(left).unwrap_or(usize::MAX));
    if count == 0 {
        return None;
    }
    let named: Vec<String> = operators.left.iter().take(MOST_NAMED).map(|tensor| described(tensor, network)).collect();
    let rest = if count > named.len() { format!(" and {} more", count - named.len()) } else { String::new() };
    Some(format!("operators on the processor, whose scratch is not counted: {count}, for {}{rest}", named.join(", ")))
}

/// A tensor's name with the operation that makes it, where it is one of the network's.
fn described(tensor: &str, network: &Network) -> String {
    let is_it = |place: usize| match network.name(place) {
        "" => tensor.strip_prefix("tensor_") == Some(place.to_string().as_str()),
        name => name == tensor,
    };
    let node = network.graph().nodes().iter().find(|node| is_it(node.output.index()));
    node.map_or_else(|| tensor.to_owned(), |node| format!("{tensor} ({})", node.op.word()))
}

/// The version that a program says it has.
fn version(program: &Path, run: &mut Run, limits: Limits) -> Result<String, String> {
    let asked = Program::new(program, run.folder()).arg("--version");
    let ended = TOOL.run(run, asked, limits).map_err(|error| match error {
        NoAnswer::Missing { .. } => "it is not there".to_owned(),
        other => other.to_string(),
    })?;
    let said = ended.output.text.trim();
    let is_version =
        said.len() <= 40 && said.starts_with(|c: char| c.is_ascii_digit()) && !said.contains(char::is_whitespace);
    if ended.status == Status::Exited(0) && is_version {
        return Ok(plain(said));
    }
    Err(format!("{:?} is no version", plain(ended.last_words())))
}

/// What an exit other than by 0 is for.
fn failure(ended: &Ended) -> NoAnswer {
    let errors = &ended.errors.text;
    let words = plain(ended.last_words());
    if let Some(line) = errors.lines().find(|line| line.contains("vela: error: ")) {
        return NoAnswer::WrongFlags { words: plain(line) };
    }
    if errors.contains("MemoryError") || errors.contains("bad_alloc") {
        return TOOL.transient(&words);
    }
    if ["Failed to load TfLite model", "No networks defined"].iter().any(|mark| errors.contains(mark)) {
        return NoAnswer::BadModel { words };
    }
    TOOL.failed(&words)
}
