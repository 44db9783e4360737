//! A tool that behaves as it is told, and what is left when it has been asked.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use automcu_convert::Network;
use automcu_process::{Limits, Mark, Program, Status};
use automcu_target::{Budget, Catalogue, Part};
use automcu_toolchain::{
    judge::{Judge, Measurement, NoAnswer, Question},
    runs::Kept,
    stedgeai::{Places, Settings, Slots, StEdgeAi, find},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const FAKE: &str = env!("CARGO_BIN_EXE_fake-stedgeai");

/// A folder with a tool in it, and one for its runs.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// With a tool that behaves so.
    pub(crate) fn new(behaviour: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Self { folder };
        for name in ["tool", "gcc", "home"] {
            fs::create_dir(bench.path(name)).expect("writable");
        }
        symlink(FAKE, bench.tool()).expect("writable");
        bench.compile_with("arm-none-eabi-gcc 13.3.1");
        bench.behave(behaviour);
        bench
    }

    /// From now on the tool behaves so.
    pub(crate) fn behave(&self, behaviour: &Value) {
        fs::write(self.path("tool/behaviour.json"), behaviour.to_string()).expect("writable");
    }

    /// From now on the compiler in the folder `gcc` says that it is this. Another process writes it, so that nobody holds it open
    /// when it is started.
    pub(crate) fn compile_with(&self, version: &str) {
        fs::write(self.path("gcc/script"), format!("#!/bin/sh\necho '{version}'\n")).expect("writable");
        let line = ["-m", "755", "script", "arm-none-eabi-gcc"];
        let install = Program::new("/usr/bin/install", self.path("gcc")).args(line).run(Limits::of_seconds(20));
        assert_eq!(install.expect("it is there").status, Status::Exited(0));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn tool(&self) -> PathBuf {
        self.path("tool/stedgeai")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.path("runs")
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            deadline: Duration::from_secs(120),
            failures_kept: Kept { folders: 2, ..Kept::default() },
            ..Settings::new(self.runs())
        }
    }

    pub(crate) fn judge(&self, settings: Settings) -> Result<StEdgeAi, NoAnswer> {
        let places = Places { configured: Some(self.tool()), ..Places::default() };
        StEdgeAi::new(find(&places).expect("a tool"), settings, Arc::new(Slots::new(2)))
    }

    /// What the tool measures of a network, on an STM32F407.
    pub(crate) fn measure(&self, settings: Settings) -> Result<Measurement, NoAnswer> {
        let network = network();
        self.judge(settings)?.analyze(&question(&network))
    }

    /// The number of a process that the tool told of, once it has.
    pub(crate) fn process(&self, kind: &str) -> Pid {
        let file = self.path(&format!("tool/{kind}.pid"));
        wait_for(&format!("{kind}.pid"), || file.exists());
        let number = fs::read_to_string(&file).expect("written").parse().expect("a number");
        Pid::from_raw(number).expect("a process")
    }

    /// Nothing is left: no process that carries a mark of ours, no folder but so many that were kept.
    pub(crate) fn assert_clean(&self, kept: usize) {
        wait_for("the end of processes", || marked_below(&self.runs()).is_empty());
        assert_eq!(self.runs_left(), [""; 0]);
        let names = names(&self.runs());
        assert_eq!(names.iter().filter(|name| name.starts_with("failed-")).count(), kept, "{names:?}");
    }

    pub(crate) fn runs_left(&self) -> Vec<String> {
        names(&self.runs()).into_iter().filter(|name| name.starts_with("run-")).collect()
    }

    /// What was kept of the last run that failed.
    pub(crate) fn story(&self) -> String {
        let mut names = names(&self.runs());
        names.sort();
        let last = names.pop().expect("a folder that was kept");
        fs::read_to_string(self.runs().join(last).join("automcu.txt")).expect("written")
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

pub(crate) fn network_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/models/resnet8_int8.tflite")
}

pub(crate) fn network() -> Network {
    Network::from_tflite(&fs::read(network_file()).expect("a fixture")).expect("a network")
}

pub(crate) fn part() -> &'static Part {
    Catalogue::built_in().find("STM32F407").expect("in the catalogue")
}

pub(crate) fn question(network: &Network) -> Question<'_> {
    Question { network, float: None, part: Some(part()), budget: Budget::default() }
}

/// Processes with a mark below a folder.
pub(crate) fn marked_below(root: &Path) -> Vec<Pid> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let start = [Mark::NAME.as_bytes(), b"=", root.as_os_str().as_bytes(), b"/"].concat();
    let is_marked = |process: &Pid| {
        let environment = fs::read(format!("/proc/{}/environ", process.as_raw_nonzero())).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(&start))
    };
    let numbers = names(Path::new("/proc")).into_iter().filter_map(|name| name.parse().ok());
    numbers.filter_map(Pid::from_raw).filter(is_marked).collect()
}

/// Whether a process has ended, though nobody may have asked how.
pub(crate) fn is_gone(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.map_or(true, |stat| stat.contains(") Z "))
}

pub(crate) fn kill(process: Pid) {
    kill_process(process, Signal::KILL).expect("there");
}

/// Waits for something that will come.
#[expect(clippy::disallowed_methods, reason = "processes take their time; rounds are counted")]
pub(crate) fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    for _ in 0..6000 {
        if is_there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}
