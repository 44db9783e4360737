//! Who judges networks here: every deployment tool that is found where the program's surroundings say, and for every other one
//! what was looked at and where it comes from. Also where runs of tools have their folders, and what is left there is swept.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use automcu_process::Limits;
use automcu_settings::{Environment, VendorFormat};
use automcu_toolchain::{
    Choice, Clang, Isa, Tools,
    gcc::{self, Gcc},
    judge::{Judge, NoAnswer, Remembered},
    runs::{self, RunsError, Swept},
    stedgeai::{self, Format, NeuralArt, NotFound, Places, Slots, StEdgeAi},
    tflm::{self, Tflm},
    vela::{self, Accelerator, Vela},
};

/// So many Pythons are asked for a package.
const MOST_PYTHONS: usize = 6;
/// Below the folder for what can be made again.
const RUNS: &str = "automcu/runs";
/// Likewise, for answers of judges.
const ANSWERS: &str = "automcu/answers";
/// So many answers are kept, of some 5 KiB each.
const MOST_ANSWERS: usize = 10_000;

/// What the environment says, as far as the program looks. It is handed in so that tests say something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`: for files that can be made again.
    pub cache: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: for files that go with the user's last session.
    pub runtime: Option<PathBuf>,
    /// `TMPDIR`: for files of everybody.
    pub temporary: Option<PathBuf>,
    /// `STEDGEAI_CORE_DIR`: where the vendor's tool is installed.
    pub stedgeai_core_dir: Option<PathBuf>,
    /// `STM32_AI_EXE`: the vendor's tool.
    pub stm32_ai_exe: Option<PathBuf>,
    /// `STM_AI_EXE`: the same, before.
    pub stm_ai_exe: Option<PathBuf>,
    /// What the configuration follows from.
    pub settings: Environment,
}

impl Surroundings {
    /// Reads the environment, but for the configuration. A variable that is empty says nothing.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            home: path("HOME"),
            cache: path("XDG_CACHE_HOME"),
            runtime: path("XDG_RUNTIME_DIR"),
            temporary: path("TMPDIR"),
            stedgeai_core_dir: path("STEDGEAI_CORE_DIR"),
            stm32_ai_exe: path("STM32_AI_EXE"),
            stm_ai_exe: path("STM_AI_EXE"),
            settings: Environment::default(),
        }
    }

    /// The folder for what can be made again; a path that is not absolute counts as none, as its standard says.
    fn cache_home(&self) -> Option<PathBuf> {
        let own = self.cache.clone().filter(|folder| folder.is_absolute());
        let usual = || self.home.as_ref().map(|home| home.join(".cache"));
        own.or_else(usual).filter(|folder| folder.is_absolute())
    }

    /// Where runs have their folders: the first place that is usable.
    fn runs(&self) -> Result<PathBuf, RunsError> {
        let runtime = self.runtime.clone().filter(|folder| folder.is_absolute());
        let own = [self.cache_home(), runtime].into_iter().flatten().map(|folder| folder.join(RUNS));
        if let Some(root) = own.into_iter().find(|root| runs::is_usable(root).is_ok()) {
            return Ok(root);
        }
        let shared = self.temporary.clone().unwrap_or_else(std::env::temp_dir);
        let root = runs::folder_of_user(&shared)?;
        runs::is_usable(&root)?;
        Ok(root)
    }
}

/// Where tools are looked for, and where their runs have folders.
pub(crate) struct Workshop<'s> {
    folders: &'s [PathBuf],
    surroundings: &'s Surroundings,
    configured: Configured,
    runs: Result<PathBuf, RunsError>,
    swept: Swept,
}

/// What the configuration says of judges.
pub(crate) struct Configured {
    /// Who is asked; nobody where that is left to the verb.
    pub(crate) names: Vec<String>,
    /// Each program takes at most so long.
    pub(crate) deadline: Duration,
    /// What Vela compiles for.
    pub(crate) accelerator: Accelerator,
    /// How the vendor's tool is found and fed.
    pub(crate) vendor: Vendor,
}

impl From<&automcu_settings::Judges> for Configured {
    fn from(said: &automcu_settings::Judges) -> Self {
        let format = match said.vendor_format.value {
            VendorFormat::Tflite => Format::Int8Tflite,
            VendorFormat::Qdq => Format::Int8Onnx,
            VendorFormat::Float32 => Format::FloatOnnx,
        };
        Self {
            names: said.which.value.iter().flatten().map(|name| name.get().to_owned()).collect(),
            deadline: Duration::from_secs(said.deadline.value.seconds()),
            accelerator: said.accelerator.value.get().parse().expect("the configuration has only Vela's"),
            vendor: Vendor { tool: said.vendor_tool.value.clone(), format, neural_art: None },
        }
    }
}

/// How judges are set.
pub(crate) struct Setting {
    /// Each program takes at most so long.
    pub(crate) deadline: Duration,
    /// What Vela compiles for.
    pub(crate) accelerator: Accelerator,
    /// The parts that have it.
    pub(crate) accelerated: Vec<String>,
    /// Whether what they answered before is not asked again.
    pub(crate) remembers: bool,
    /// Whether they are asked again, and what they say then is kept.
    pub(crate) afresh: bool,
    /// Which compiler compiles our own code.
    pub(crate) choice: Choice,
    /// Whether the code is run, too, where that can be.
    pub(crate) runs_code: bool,
    /// How the vendor's tool is found and fed.
    pub(crate) vendor: Vendor,
}

/// How the vendor's tool is found and fed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vendor {
    /// The program, instead of the one that is found.
    pub(crate) tool: Option<PathBuf>,
    /// As what a network is handed over.
    pub(crate) format: Format,
    /// How it compiles for a neural accelerator.
    pub(crate) neural_art: Option<NeuralArt>,
}

/// Why the vendor's tool cannot be asked.
#[derive(Debug)]
pub(crate) enum NoVendor {
    /// It is not there.
    Missing(NotFound),
    /// It is there, and does not say who it is.
    Broken { path: PathBuf, why: NoAnswer },
}

/// A deployment tool, as far as it is there.
pub(crate) struct Candidate {
    /// What it is called as a judge.
    pub(crate) name: &'static str,
    pub(crate) found: Found,
    /// Where it comes from.
    pub(crate) install: &'static str,
}

pub(crate) enum Found {
    /// It is there, and has said who it is.
    Ready { path: PathBuf, judge: Box<dyn Judge> },
    /// It is not there.
    Missing { looked_at: String },
    /// It is there, and does not say who it is.
    Broken { path: PathBuf, why: NoAnswer },
}

impl Candidate {
    fn remembering(self, answers: Option<&Path>, afresh: bool) -> Self {
        match (self.found, answers) {
            // Our own code changes with AutoMCU, whatever version it calls itself, and is judged in a second.
            (Found::Ready { path, judge }, Some(folder)) if self.name != "gcc" => {
                let judge = Box::new(Remembered::new(judge, folder, MOST_ANSWERS).afresh(afresh));
                Self { found: Found::Ready { path, judge }, ..self }
            }
            (found, _) => Self { found, ..self },
        }
    }
}

type Constructor = fn(&Workshop<'_>, &Path, &Setting) -> Candidate;

/// Every judge that there is; the one that builds with GCC first, as it has the last word on our own code.
const CONSTRUCTORS: &[Constructor] = &[gcc, tflm, vela, stedgeai];

impl<'s> Workshop<'s> {
    /// Finds the place for runs, and removes what killed programs left there.
    pub(crate) fn open(folders: &'s [PathBuf], surroundings: &'s Surroundings, configured: Configured) -> Self {
        let runs = surroundings.runs();
        let swept = runs.as_deref().map_or(Swept { folders: 0, is_clean: true }, runs::sweep);
        Self { folders, surroundings, configured, runs, swept }
    }

    /// What the configuration says of judges.
    pub(crate) const fn configured(&self) -> &Configured {
        &self.configured
    }

    /// Where runs have their folders.
    pub(crate) fn runs(&self) -> Result<&Path, &RunsError> {
        self.runs.as_deref()
    }

    /// What killed programs left there, and is gone.
    pub(crate) const fn swept(&self) -> Swept {
        self.swept
    }

    /// Compilers and emulators. Without a place for runs they say so when they are used.
    pub(crate) fn tools(&self, deadline: Option<Duration>) -> Tools {
        Tools { runs: self.runs.as_ref().ok().cloned(), deadline, ..Tools::in_folders(self.folders) }
    }

    /// The same, with the compiler that is set.
    pub(crate) fn compilers(&self, setting: &Setting) -> Tools {
        Tools { choice: setting.choice, ..self.tools(Some(setting.deadline)) }
    }

    /// The first program of this name in the folders.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.programs(&[name]).into_iter().next()
    }

    /// Every deployment tool, there or not.
    pub(crate) fn judges(&self, setting: &Setting) -> Result<Vec<Candidate>, &RunsError> {
        let root = self.runs()?;
        let answers = self.surroundings.cache_home().filter(|_| setting.remembers).map(|home| home.join(ANSWERS));
        let candidates = CONSTRUCTORS.iter().map(|constructor| constructor(self, root, setting));
        Ok(candidates.map(|candidate| candidate.remembering(answers.as_deref(), setting.afresh)).collect())
    }

    /// The vendor's tool, which has said its version.
    pub(crate) fn vendor(&self, deadline: Duration, vendor: &Vendor) -> Result<Result<StEdgeAi, NoVendor>, &RunsError> {
        Ok(self.vendor_within(self.runs()?, deadline, vendor))
    }

    fn vendor_within(&self, root: &Path, deadline: Duration, vendor: &Vendor) -> Result<StEdgeAi, NoVendor> {
        let Surroundings { home, stedgeai_core_dir, stm32_ai_exe, stm_ai_exe, .. } = self.surroundings.clone();
        let places = Places {
            configured: vendor.tool.clone(),
            core_dir: stedgeai_core_dir,
            stm32_ai_exe,
            stm_ai_exe,
            path: self.folders.to_vec(),
            home,
        };
        // Without the first the tool does not count its runtime, and without the second it computes nothing on this computer.
        let compilers = [Tools::ARM_COMPILER, "gcc"].into_iter().filter_map(|name| self.program(name));
        let search = compilers.filter_map(|file| file.parent().map(Path::to_owned)).collect();
        let settings = stedgeai::Settings {
            deadline,
            search,
            format: vendor.format,
            neural_art: vendor.neural_art.clone(),
            ..stedgeai::Settings::new(root)
        };
        let found = stedgeai::find(&places).map_err(NoVendor::Missing)?;
        let path = found.program.clone();
        StEdgeAi::new(found, settings, Arc::new(Slots::new(1))).map_err(|why| NoVendor::Broken { path, why })
    }

    /// All programs by these names, in the order of the folders, each once.
    fn programs(&self, names: &[&str]) -> Vec<PathBuf> {
        let files = self.folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        let mut seen = Vec::new();
        for file in files.filter(|file| file.is_file()) {
            if !seen.contains(&file) {
                seen.push(file);
            }
        }
        seen
    }
}

/// What was looked at, where the tool's own words tell only of what was found.
fn looked_at(name: &str, found: &[PathBuf], folders: &[PathBuf], none: &NoAnswer) -> Found {
    let looked_at =
        if found.is_empty() { format!("no {name} in {} folders of PATH", folders.len()) } else { none.to_string() };
    Found::Missing { looked_at }
}

fn gcc(workshop: &Workshop<'_>, _: &Path, setting: &Setting) -> Candidate {
    let tools = workshop.compilers(setting);
    let first = [Isa::Arm, Isa::RiscV].into_iter().find_map(|isa| tools.compiler(isa));
    let path = first.map(|compiler| compiler.program().to_owned());
    let found = match (path, Gcc::new(tools, gcc::Settings { runs: setting.runs_code })) {
        (Some(path), Ok(judge)) => Found::Ready { path, judge: Box::new(judge) },
        (Some(path), Err(why)) => Found::Broken { path, why },
        (None, _) => {
            let gcc = format!("no {} and no {}", Tools::ARM_COMPILER, Tools::RISCV_COMPILER);
            let clang = format!("no {} with {}", Clang::NAME, Clang::LLD);
            let none = match setting.choice {
                Choice::Gcc => gcc,
                Choice::Clang => clang,
                Choice::Either => format!("{gcc}, {clang}"),
            };
            Found::Missing { looked_at: format!("{none} in {} folders of PATH", workshop.folders.len()) }
        }
    };
    let install = match setting.choice {
        Choice::Clang => "apt install clang lld",
        Choice::Either | Choice::Gcc => "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    };
    Candidate { name: "gcc", found, install }
}

fn tflm(workshop: &Workshop<'_>, root: &Path, setting: &Setting) -> Candidate {
    let mut pythons = workshop.programs(&["python3", "python"]);
    pythons.truncate(MOST_PYTHONS);
    let usual = tflm::Setting::within(root);
    let limits = Limits { deadline: setting.deadline, ..usual.limits };
    let found = match Tflm::new(&pythons, tflm::Setting { limits, ..usual }) {
        Ok(judge) => Found::Ready { path: judge.python().to_owned(), judge: Box::new(judge) },
        Err(none) => looked_at("python3", &pythons, workshop.folders, &none),
    };
    Candidate { name: "tflm", found, install: "pip install tflite-micro" }
}

fn vela(workshop: &Workshop<'_>, root: &Path, setting: &Setting) -> Candidate {
    let programs = workshop.programs(&["vela"]);
    let usual = vela::Setting::within(root, setting.accelerator.clone());
    let limits = Limits { deadline: setting.deadline, ..usual.limits };
    let vela = vela::Setting { limits, parts: setting.accelerated.clone(), ..usual };
    let found = match Vela::new(&programs, vela) {
        Ok(judge) => Found::Ready { path: judge.program().to_owned(), judge: Box::new(judge) },
        Err(none) => looked_at("vela", &programs, workshop.folders, &none),
    };
    Candidate { name: "vela", found, install: "pip install ethos-u-vela" }
}

fn stedgeai(workshop: &Workshop<'_>, root: &Path, setting: &Setting) -> Candidate {
    let found = match workshop.vendor_within(root, setting.deadline, &setting.vendor) {
        Ok(judge) => Found::Ready { path: judge.found().program.clone(), judge: Box::new(judge) },
        Err(NoVendor::Missing(none)) => Found::Missing { looked_at: none.to_string() },
        Err(NoVendor::Broken { path, why }) => Found::Broken { path, why },
    };
    let install =
        "ST Edge AI Core from https://www.st.com/en/development-tools/stedgeai-core.html, or X-CUBE-AI in STM32CubeMX";
    Candidate { name: "stedgeai", found, install }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use automcu_convert::{Network, Quantisation, Weights};
    use automcu_model::{Graph, GraphBuilder, Op, Origin, Shape, spec::Activation};
    use automcu_target::Budget;
    use automcu_toolchain::judge::{Patience, Question, ask};

    use super::*;

    /// Four numbers made two.
    fn network() -> Network {
        let mut graph = GraphBuilder::new(Shape::vector(4)).expect("small");
        let op = Op::Dense { bias: true, activation: Activation::None };
        let end = graph.unary(op, Graph::INPUT, Shape::vector(2), Origin::Head).expect("small");
        let weights = Weights { values: vec![1; 8], biases: vec![0; 2], scales: vec![0.01; 2] };
        let step = Quantisation { scale: 0.1, zero_point: 0 };
        Network::new(graph.finish(end), vec![step; 2], vec![Some(weights)]).expect("a network")
    }

    /// What is configured where nobody says anything.
    fn usual() -> Configured {
        let settings = automcu_settings::Settings::gather(&[], &Environment::default(), None).expect("in order");
        Configured::from(&settings.judges)
    }

    #[test]
    fn accelerators_that_the_configuration_takes_are_those_of_vela() {
        for name in
            ["ethos-u55-128", "ethos-u65-256", "ethos-u85-2048", "ethos-u55-", "ethos-u56-1", "-h", "ethos-u85-x"]
        {
            let environment = Environment::default().saying("AUTOMCU_JUDGES_ACCELERATOR", name);
            let taken = automcu_settings::Settings::gather(&[], &environment, None);
            assert_eq!(taken.is_ok(), name.parse::<Accelerator>().is_ok(), "{name}");
        }
    }

    /// What Vela says, whatever it is asked about.
    const VELA: &str = r#"#!/bin/sh
[ "$1" = --version ] && exec echo 5.2.0
name="${1%.tflite}"; mkdir -p "$3"
{ echo network,accelerator_configuration,sram_memory_used,dram_memory_used,on_chip_flash_memory_used,off_chip_flash_memory_used,nn_macs,cycles_total
echo "$name,Ethos_U55_128,1.5,0.0,0.0,2.0,700,90"; } > "$3/${name}_summary_Ethos_U55_High_End_Embedded.csv"
echo compiled > "$3/${name}_vela.tflite"
"#;

    #[test]
    fn judges_that_are_found_remember_where_that_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("vela"), VELA).expect("writable");
        fs::set_permissions(folder.path().join("vela"), fs::Permissions::from_mode(0o755)).expect("ours");
        let surroundings = Surroundings { cache: Some(folder.path().join("cache")), ..Surroundings::default() };
        let folders = [folder.path().to_owned()];
        let network = network();
        let question = Question { network: &network, float: None, part: None, budget: Budget::default() };
        for (remembers, expected) in [(false, false), (true, false), (true, true), (false, false)] {
            let workshop = Workshop::open(&folders, &surroundings, usual());
            let setting = Setting {
                deadline: Duration::from_secs(60),
                accelerator: "ethos-u55-128".parse().expect("an accelerator"),
                accelerated: Vec::new(),
                remembers,
                afresh: false,
                choice: Choice::Either,
                runs_code: false,
                vendor: Vendor::default(),
            };
            let mut found = workshop.judges(&setting).expect("a place for runs").into_iter();
            let vela = found.find(|candidate| candidate.name == "vela").expect("one of them");
            let Found::Ready { path, judge } = vela.found else { panic!("it is there") };
            let judged = ask(&*judge, &question, Patience::default());
            assert_eq!((path, judged.remembered), (folder.path().join("vela"), expected));
            assert_eq!(judged.verdict.word(), "fits", "{judged:?}");
            assert!(found.all(|candidate| matches!(candidate.found, Found::Missing { .. })));
        }
        assert_eq!(fs::read_dir(folder.path().join("cache").join(ANSWERS)).expect("made").count(), 1);
    }

    #[test]
    fn runs_have_their_place_where_it_is_usable() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").expect("writable");
        fs::create_dir(at("tmp")).expect("writable");
        let all = Surroundings {
            home: Some(at("home")),
            cache: Some(at("cache")),
            runtime: Some(at("run")),
            temporary: Some(at("tmp")),
            ..Surroundings::default()
        };
        let place = |surroundings: Surroundings| surroundings.runs().expect("a place");
        assert_eq!(place(all.clone()), at("cache/automcu/runs"));
        assert_eq!(place(Surroundings { cache: Some("cache".into()), ..all.clone() }), at("home/.cache/automcu/runs"));
        assert_eq!(place(Surroundings { cache: Some(at("file")), ..all.clone() }), at("run/automcu/runs"));
        assert_eq!(place(Surroundings { cache: Some(at("zwischenlager-\u{e4}")), ..all }), at("run/automcu/runs"));
        let shared = Surroundings { temporary: Some(at("tmp")), ..Surroundings::default() };
        assert!(place(shared).starts_with(at("tmp")));
        let nowhere = Surroundings { temporary: Some(at("file")), ..Surroundings::default() };
        assert!(matches!(nowhere.runs(), Err(RunsError::Io { .. })));
    }

    #[test]
    fn an_empty_variable_says_nothing() {
        let read = Surroundings::read(|name| match name {
            "HOME" => Some("/nowhere".into()),
            "STM32_AI_EXE" => Some(OsString::new()),
            _ => None,
        });
        assert_eq!(read, Surroundings { home: Some("/nowhere".into()), ..Surroundings::default() });
    }
}
