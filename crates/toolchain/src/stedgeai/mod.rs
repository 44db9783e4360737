//! STM32Cube.AI and ST Edge AI Core as a judge: found, asked for its version, called as that version understands, within
//! bounds and in a folder of its own, and believed only where its report is of the file that it was handed. `docs/VENDOR.md`
//! says how.
//!
//! The environment is not read here; where the tool may be and where folders are made is handed in.

mod dialect;
mod handed;
mod measured;
mod neural_art;
mod places;
mod reports;
mod run;
mod slots;
mod target;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use automcu_process::SEARCHED;
pub use dialect::Optimization;
use dialect::{Dialect, Verb, Way};
pub use handed::Format;
use handed::Handed;
use neural_art::Profile;
pub use neural_art::{NeuralArt, NoProfile};
pub use places::{Found, FoundBy, NotFound, Places, find};
use run::{Asked, Asking};
pub use slots::Slots;

use crate::{
    Tools,
    judge::{Identity, Judge, Measurement, NoAnswer, Question},
    runs::{Kept, RunsError},
    vendor::{ToolVersion, Validated},
};

/// A compiler says its version at once.
const MOST_FOR_COMPILER: Duration = Duration::from_secs(20);

/// How the tool is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As what a network is handed over.
    pub format: Format,
    /// What the tool is to favour.
    pub optimization: Optimization,
    /// How the compiler for the neural accelerator is called for an STM32N6, which without it computes as any other does.
    pub neural_art: Option<NeuralArt>,
    /// Below this each run has its folder. ASCII only.
    pub workspaces: PathBuf,
    /// What is kept of runs that failed.
    pub failures_kept: Kept,
    /// A run takes at most so long.
    pub deadline: Duration,
    /// A run waits at most so long for its turn.
    pub patience: Duration,
    /// Where the tool looks for other programs before the usual folders: without `arm-none-eabi-gcc` it does not say what the
    /// runtime takes.
    pub search: Vec<PathBuf>,
    /// The home that the tool sees; without one, the run's folder.
    pub home: Option<PathBuf>,
}

impl Settings {
    /// What is usual: int8 as .tflite, five minutes a run, five failures kept.
    #[must_use]
    pub fn new(workspaces: impl Into<PathBuf>) -> Self {
        Self {
            format: Format::default(),
            optimization: Optimization::default(),
            neural_art: None,
            workspaces: workspaces.into(),
            failures_kept: Kept::default(),
            deadline: Duration::from_secs(300),
            patience: Duration::from_secs(900),
            search: Vec::new(),
            home: None,
        }
    }
}

/// The vendor's tool, which has said its version.
#[derive(Debug)]
pub struct StEdgeAi {
    found: Found,
    settings: Settings,
    slots: Arc<Slots>,
    version: ToolVersion,
    component: Option<String>,
    dialect: &'static Dialect,
    profile: Option<Profile>,
    identity: Identity,
}

/// Where a network is validated: computed as generated, and compared with the file that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation<'v> {
    /// On this computer, which takes a C compiler.
    Host,
    /// On a board behind a serial line, described as `serial:PORT:BAUD`.
    Board(&'v str),
}

impl StEdgeAi {
    /// Asks the tool for its version. `slots` are shared by all who may run it.
    pub fn new(found: Found, settings: Settings, slots: Arc<Slots>) -> Result<Self, NoAnswer> {
        let (version, component) = run::version(&found, &settings, &slots)?;
        let dialect = Dialect::of(&version);
        let mut told = vec![settings.format.name().to_owned()];
        told.extend(dialect.settings(settings.optimization));
        told.push(runtime(&settings));
        // What generates code within a newer tool has a version of its own.
        told.extend(component.as_ref().map(|component| format!("STM32CubeAI {component}")));
        let profile = settings.neural_art.as_ref().map(Profile::of).transpose()?;
        told.extend(profile.as_ref().map(|profile| profile.told.clone()));
        let identity = Identity { name: "stedgeai", tool: version.to_string(), settings: told };
        Ok(Self { found, settings, slots, version, component, dialect, profile, identity })
    }

    /// Where the tool is, and how it was found.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> &ToolVersion {
        &self.version
    }

    /// The version of STM32Cube.AI within it, which newer versions tell apart.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }

    /// Validates a network on so many samples that the tool draws: how far off it is, and what it takes. The files that say how
    /// far off it is are those whose report is of the file that was handed over.
    pub fn validate(
        &self,
        question: &Question<'_>,
        validation: Validation<'_>,
        samples: u32,
    ) -> Result<(Validated, Measurement), NoAnswer> {
        let way = match validation {
            Validation::Host => Way::Host,
            Validation::Board(description) if description.starts_with("serial") => Way::Board(description),
            Validation::Board(other) => {
                return Err(NoAnswer::Bench {
                    words: format!("{other:?} is no board; describe it as serial:PORT:BAUD"),
                });
            }
        };
        self.ask(question, Verb::Validate, Some(way), samples, |asked| {
            let measurement = asked.measurement()?;
            let validated = asked.validated()?;
            // How long this computer takes says nothing of a microcontroller.
            let is_timed = matches!(validation, Validation::Board(_));
            Ok((
                if is_timed { validated } else { Validated { cycles: None, duration_ms: None, ..validated } },
                measurement,
            ))
        })
    }

    /// Runs the tool, and makes something of it while its folder is there.
    fn ask<T>(
        &self,
        question: &Question<'_>,
        verb: Verb,
        validation: Option<Way<'_>>,
        samples: u32,
        take: impl FnOnce(&Asked<'_>) -> Result<T, NoAnswer>,
    ) -> Result<T, NoAnswer> {
        let handed = Handed::of(question, self.settings.format)?;
        let target = target::of(question.part, &self.version)?;
        let asking = Asking {
            tool: self,
            verb,
            handed: &handed,
            target: &target,
            is_part_named: question.part.is_some(),
            validation,
            samples,
        };
        asking.run(take)
    }
}

impl Judge for StEdgeAi {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn analyze(&self, question: &Question<'_>) -> Result<Measurement, NoAnswer> {
        self.ask(question, Verb::Analyze, None, 0, |asked| asked.measurement())
    }

    fn generate(&self, question: &Question<'_>, folder: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        self.ask(question, Verb::Generate, None, 0, |asked| {
            asked.measurement()?;
            copied(asked.output(), folder).map_err(|error| RunsError::Io { path: folder.to_owned(), error }.into())
        })
    }
}

/// Whether the runtime is counted, and by which compiler: the tool looks for one where it looks for all programs.
fn runtime(settings: &Settings) -> String {
    let folders = settings.search.iter().map(PathBuf::as_path).chain(SEARCHED.iter().map(Path::new));
    let compiler = folders.map(|folder| folder.join(Tools::ARM_COMPILER)).find(|file| file.is_file());
    let Some(compiler) = compiler else { return format!("runtime not counted without {}", Tools::ARM_COMPILER) };
    let tools = Tools {
        runs: Some(settings.workspaces.clone()),
        deadline: Some(settings.deadline.min(MOST_FOR_COMPILER)),
        ..Tools::default()
    };
    // One that does not say who it is may be any: then it is known by its place.
    let version = tools.version(&compiler).unwrap_or_else(|_| compiler.display().to_string());
    format!("runtime by {version}")
}

/// Copies the files of a folder.
fn copied(from: &Path, to: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let file = to.join(entry.file_name());
            fs::copy(entry.path(), &file)?;
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
