//! TensorFlow Lite Micro as a judge: the arena that it needs, by its own allocator in PyPI's `tflite-micro`, and the Flash of
//! the .tflite and the runtime. The package runs in a Python of its own, driven by a script of ours.

mod answer;
mod runtime;
mod sources;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use automcu_model::{Bytes, DataType, Provenance};
use automcu_process::{Limits, Program};
use automcu_target::{FlashUse, Footprint, RamUse};

use self::answer::{Answer, Arena, Figures, Package, answer, refusal};
pub use self::runtime::Kernels;
use crate::{
    judge::{Identity, Judge, Measurement, NoAnswer, Question},
    runs::{self, Kept, Run},
    subprocess::{Tool, adler32, tflite, write},
    vendor::plain,
};

const DRIVER: &str = include_str!("driver.py");
const TOOL: Tool = Tool { name: "tflite-micro", remedy: "`pip install tflite-micro` into a Python that is named here" };

/// Far more than any microcontroller has. Memory that the runtime does not use is never touched.
const ARENA_BYTES: u64 = 256 << 20;

/// How the judge works.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where it may make folders of its own; its path is ASCII.
    pub root: PathBuf,
    /// How long a run may take, and how much it may say.
    pub limits: Limits,
    /// The kernels that the code figure is for.
    pub kernels: Kernels,
    /// What is kept of runs that failed.
    pub failures_kept: Kept,
}

impl Setting {
    /// Two minutes a run, CMSIS-NN, five failures kept.
    #[must_use]
    pub fn within(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            limits: Limits::of_seconds(120),
            kernels: Kernels::default(),
            failures_kept: Kept::default(),
        }
    }
}

/// TensorFlow Lite Micro, in a Python that has it.
#[derive(Clone, Debug)]
pub struct Tflm {
    python: PathBuf,
    package: Package,
    setting: Setting,
    identity: Identity,
}

impl Tflm {
    /// Takes the first of these Pythons that has the package. A Python sees neither the environment nor its user's own
    /// packages.
    pub fn new(pythons: &[PathBuf], setting: Setting) -> Result<Self, NoAnswer> {
        let mut run = Run::within(&setting.root)?;
        let mut said = Vec::new();
        for python in pythons {
            match probe(python, &mut run, setting.limits) {
                Ok(package) => return Ok(Self::with(python.clone(), package, setting)),
                Err(words) => said.push(format!("{}: {words}", python.display())),
            }
        }
        let tried = if said.is_empty() { "no Python was named".to_owned() } else { said.join("; ") };
        Err(NoAnswer::Missing { tool: TOOL.name.to_owned(), remedy: format!("{} ({tried})", TOOL.remedy) })
    }

    fn with(python: PathBuf, package: Package, setting: Setting) -> Self {
        let settings = vec![
            format!("{}-bit pointers", package.pointer_bits),
            "arena of reference kernels".to_owned(),
            format!("code of {} kernels", setting.kernels.name()),
        ];
        let identity = Identity { name: "tflm", tool: format!("{} {}", TOOL.name, package.version), settings };
        Self { python, package, setting, identity }
    }

    /// The Python that has it.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// What the runtime says of a file.
    fn figures(&self, file: &[u8]) -> Result<Figures, NoAnswer> {
        runs::within(&self.setting.root, self.setting.failures_kept, |run| {
            run.write("network.tflite", file)?;
            let arguments = ["measure", "network.tflite", &ARENA_BYTES.to_string()];
            let (answer, errors) = drive(&self.python, run, &arguments, self.setting.limits)?;
            match answer {
                Answer::Measured(figures) => self.checked(figures, file),
                Answer::Refused { error, words } => Err(refusal(&error, &words, &errors)),
                Answer::Missing { .. } => Err(TOOL.missing()),
                Answer::Probed { .. } => Err(TOOL.failed("the driver answers another question")),
            }
        })
    }

    /// What is said has to be said of this file, by the package that this judge says it is.
    fn checked(&self, figures: Figures, file: &[u8]) -> Result<Figures, NoAnswer> {
        if figures.package != self.package {
            let words = format!("{} {} is there now, a new judge is needed", TOOL.name, figures.package.version);
            return Err(TOOL.failed(&words));
        }
        let is_file = u64::try_from(file.len()) == Ok(figures.file_bytes) && adler32(file) == figures.file_adler32;
        if is_file { Ok(figures) } else { Err(TOOL.failed("the answer is about another file")) }
    }

    fn measurement(&self, question: &Question<'_>, file: &[u8]) -> Result<(Measurement, Arena), NoAnswer> {
        let figures = self.figures(file)?;
        let unclear = || TOOL.failed("this version does not say which memory it uses");
        let arena = figures.arena().ok_or_else(unclear)?;
        let core = question.part.map(automcu_target::Part::core);
        let code = runtime::code(self.setting.kernels, core, &figures.operators);
        let weights = Bytes(figures.file_bytes);
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Tool,
            ram: RamUse { activations: Bytes(arena.head), runtime: Some(Bytes(arena.runtime())), stack: None },
            flash: FlashUse { weights, tables: Some(Bytes(0)), code: code.bytes.map(Bytes) },
        };
        let remarks = self.remarks(arena, code.remark);
        let (macs, layers, operators) = (None, Vec::new(), figures.operators);
        Ok((Measurement { footprint, macs, operators, layers, ran: None, remarks }, arena))
    }

    fn remarks(&self, arena: Arena, code: String) -> Vec<String> {
        let weights = "weights: the whole .tflite, which stays in Flash; tables are made of it at the start, and lie in the \
                       runtime's RAM";
        let runtime = "runtime RAM: the part of the arena that is not planned; what the runtime has outside of the arena is \
                       not counted";
        let mut remarks = vec![weights.to_owned(), code, runtime.to_owned()];
        if arena.plan >= 16 {
            remarks.push(format!("runtime RAM: {} B of it are needed only while the arena is planned", arena.plan));
        }
        remarks.extend(pointers(self.package.pointer_bits));
        remarks
    }
}

impl Judge for Tflm {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        Ok(self.measurement(question, &tflite(question)?)?.0)
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        let file = tflite(question)?;
        let (_, arena) = self.measurement(question, &file)?;
        let tool = &self.identity.tool;
        let header = sources::Header { tool, pointer_bits: self.package.pointer_bits, arena }.text();
        let name = sources::NAME;
        Ok(vec![
            write(folder, &format!("{name}.tflite"), &file)?,
            write(folder, &format!("{name}.cc"), sources::array(&file))?,
            write(folder, &format!("{name}.h"), header)?,
        ])
    }
}

/// Figures of a computer with other pointers than the microcontroller's.
fn pointers(bits: u32) -> Option<String> {
    (bits > 32).then(|| {
        format!(
            "arena: measured with {bits}-bit pointers and reference kernels, which overstates a Cortex-M: by 2 to 3 % of two \
             networks of some 55 KiB, all of it in the runtime's part, so by more where that is the larger one. CMSIS-NN may \
             plan scratch of its own beside the activations"
        )
    })
}

/// The package of a Python, or why it is none to work with.
fn probe(python: &Path, run: &mut Run, limits: Limits) -> Result<Package, String> {
    match drive(python, run, &["probe"], limits) {
        Ok((Answer::Probed { package }, _)) => Ok(package),
        Ok((Answer::Missing { words }, _)) => Err(plain(&words)),
        Ok(_) => Err("it answers another question".to_owned()),
        Err(NoAnswer::Missing { .. }) => Err("it is not there".to_owned()),
        Err(other) => Err(other.to_string()),
    }
}

/// Runs the driver; gives its answer, and what was said beside it.
fn drive(python: &Path, run: &mut Run, arguments: &[&str], limits: Limits) -> Result<(Answer, String), NoAnswer> {
    run.write("driver.py", DRIVER)?;
    // Isolated: whatever lies beside the script or in a home folder is not imported.
    let program = Program::new(python, run.folder()).args(["-I", "driver.py"]).args(arguments);
    let ended = TOOL.run(run, program, limits)?;
    match answer(&ended.output.text) {
        Some(answer) => Ok((answer, ended.errors.text)),
        None => Err(TOOL.failed(&format!("no answer, but {:?}", ended.last_words()))),
    }
}
