//! Each tool, tried on the sample as the program uses it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_model::Bytes;
use automcu_target::{Budget, Footprint};
use automcu_toolchain::{
    Board, Choice, ProofError, Tools, emulate, host,
    judge::{Patience, Question, Verdict, ask},
    link, linked,
};

use super::{Checked, State, sample::Sample};
use crate::judges::{Candidate, Found, Setting, Workshop};

/// The program that trains on a GPU, beside this one.
const GPU_WORKER: &str = "automcu-trainer-burn";
/// More than the sample needs.
const ROOM: Bytes = Bytes(1 << 20);

/// Where tools are tried.
pub(super) struct Clinic<'c> {
    pub(super) workshop: &'c Workshop<'c>,
    pub(super) sample: &'c Sample,
    /// Each program takes at most so long.
    pub(super) deadline: Duration,
    pub(super) clock: fn() -> Duration,
}

/// What is known of a tool before it is tried.
struct Tool {
    name: &'static str,
    purpose: &'static str,
    install: &'static str,
}

/// What came of trying: words, and what the sample takes.
type Tried = Result<(String, Option<Footprint>), String>;

impl Clinic<'_> {
    /// Every tool, in the order in which they are used.
    pub(super) fn all(&self, program: &Path) -> Vec<Checked> {
        let tools = self.workshop.tools(Some(self.deadline));
        let mut all = vec![self.compiler(&tools), self.linker(&tools), self.emulator(&tools), self.clang(&tools)];
        all.extend(self.judges());
        all.push(self.gpu_worker(&tools, program));
        all
    }

    fn compiler(&self, tools: &Tools) -> Checked {
        let tool =
            Tool { name: "cc", purpose: "compiles the code for this computer", install: "apt install gcc libc6-dev" };
        self.program(tool, tools, tools.host_compiler.as_deref(), || self.hosted(tools))
    }

    fn linker(&self, tools: &Tools) -> Checked {
        let tool = Tool {
            name: Tools::ARM_COMPILER,
            purpose: "compiles and links it for Cortex-M",
            install: "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
        };
        self.program(tool, tools, tools.arm_compiler.as_deref(), || {
            let linked_image = link(tools, &self.sample.subject(), Board::M4.cpu, ROOM, ROOM).map_err(words)?;
            Ok((format!("linked for a {}", Board::M4.cpu.name()), Some(linked(&linked_image.image, None))))
        })
    }

    fn emulator(&self, tools: &Tools) -> Checked {
        let tool = Tool {
            name: Tools::EMULATOR,
            purpose: "runs what was linked, instruction by instruction",
            install: "apt install qemu-system-arm",
        };
        if tools.emulator.is_some() && tools.arm_compiler.is_none() {
            let path = tools.emulator.as_deref();
            let words = format!("nothing can be linked for it without {}", Tools::ARM_COMPILER);
            return Checked { version: version(tools, path), ..checked(tool, State::Untried, path, words) };
        }
        self.program(tool, tools, tools.emulator.as_deref(), || {
            let emulated = emulate(tools, &self.sample.subject(), &Board::M4, None, None).map_err(words)?;
            let outside = emulated.outside_bytes;
            if outside > 0 {
                return Err(format!("{outside} bytes outside of the arena were written"));
            }
            let same = self.compared(&emulated.outputs)?;
            Ok((format!("{same} on {} ({})", emulated.machine, emulated.cpu), None))
        })
    }

    fn clang(&self, tools: &Tools) -> Checked {
        let tool = Tool { name: "clang", purpose: "a second compiler, not needed", install: "apt install clang" };
        let tools = Tools { host_compiler: self.workshop.program("clang"), ..tools.clone() };
        self.program(tool, &tools, tools.host_compiler.as_deref(), || self.hosted(&tools))
    }

    fn hosted(&self, tools: &Tools) -> Tried {
        let hosted = host(tools, &self.sample.subject()).map_err(words)?;
        Ok((self.compared(&hosted.outputs)?, None))
    }

    /// Whether these are the reference's answers.
    fn compared(&self, outputs: &[i8]) -> Result<String, String> {
        let all = self.sample.vectors.outputs.len();
        match self.sample.differing(outputs) {
            0 => Ok(format!("compiled, run, and all {all} bytes are the reference's")),
            differing => Err(format!("{differing} of {all} bytes are not the reference's; do not ship what it makes")),
        }
    }

    /// Tries a program that is there.
    fn program(&self, tool: Tool, tools: &Tools, path: Option<&Path>, attempt: impl FnOnce() -> Tried) -> Checked {
        let Some(path) = path else {
            let words = format!("no {} in the folders of PATH", tool.name);
            return checked(tool, State::Missing, None, words);
        };
        let version = version(tools, Some(path));
        let began = (self.clock)();
        let tried = attempt();
        let taken = Some(milliseconds((self.clock)().saturating_sub(began)));
        let (state, words, footprint) = match tried {
            Ok((words, footprint)) => (State::Works, words, footprint),
            Err(words) => (State::Fails, words, None),
        };
        Checked { version, footprint, duration_ms: taken, ..checked(tool, state, Some(path), words) }
    }

    fn judges(&self) -> Vec<Checked> {
        let configured = self.workshop.configured();
        let setting = Setting {
            deadline: self.deadline,
            accelerator: configured.accelerator.clone(),
            accelerated: Vec::new(),
            remembers: false,
            afresh: false,
            choice: Choice::Either,
            runs_code: true,
            vendor: configured.vendor.clone(),
        };
        match self.workshop.judges(&setting) {
            Ok(candidates) => candidates.into_iter().map(|candidate| self.judge(candidate)).collect(),
            Err(error) => {
                let tool = Tool {
                    name: "judges",
                    purpose: "say what their own runtimes take",
                    install: "name a folder that is usable in XDG_CACHE_HOME",
                };
                vec![checked(tool, State::Fails, None, error.to_string())]
            }
        }
    }

    fn judge(&self, candidate: Candidate) -> Checked {
        let Candidate { name, found, install } = candidate;
        let tool = Tool { name, purpose: purpose(name), install };
        let (path, judge) = match found {
            Found::Missing { looked_at } => return checked(tool, State::Missing, None, looked_at),
            Found::Broken { path, why } => return checked(tool, State::Fails, Some(&path), why.to_string()),
            Found::Ready { path, judge } => (path, judge),
        };
        let question = Question { network: &self.sample.network, float: None, part: None, budget: Budget::default() };
        // A tool that hangs is not waited for twice.
        let judged = ask(&*judge, &question, Patience { tries: 1, pause: Duration::ZERO });
        let footprint = judged.measurement.map(|measurement| measurement.footprint);
        let (state, words) = match judged.verdict {
            Verdict::Fits { .. } | Verdict::OverBudget { .. } => (State::Works, "measured the sample".to_owned()),
            Verdict::Unsupported { operator, .. } => (State::Fails, format!("does not support the sample: {operator}")),
            // A compiler for other cores than the sample is for.
            Verdict::Unknown { words } if name == "gcc" => (State::Untried, words),
            Verdict::ToolFailed { words, .. } | Verdict::Unknown { words } => (State::Fails, words),
        };
        let version = Some(judged.judge.tool);
        Checked {
            version,
            footprint,
            duration_ms: Some(judged.duration_ms),
            ..checked(tool, state, Some(&path), words)
        }
    }

    /// It is there or it is not: what it does takes a GPU, and longer than anybody waits here.
    fn gpu_worker(&self, tools: &Tools, program: &Path) -> Checked {
        let tool = Tool {
            name: GPU_WORKER,
            purpose: "trains on a GPU; without it the CPU does",
            install: "a build of AutoMCU for GPUs puts it beside this program",
        };
        let path = program.with_file_name(GPU_WORKER);
        if !path.is_file() {
            return checked(tool, State::Missing, None, format!("not built: it is not beside {}", program.display()));
        }
        self.program(tool, tools, Some(&path), || {
            tools.version(&path).map_err(words).map(|_| ("it starts".to_owned(), None))
        })
    }
}

fn checked(tool: Tool, state: State, path: Option<&Path>, words: String) -> Checked {
    let Tool { name, purpose, install } = tool;
    let path = path.map(|path| PathBuf::from(path).display().to_string());
    Checked { name, purpose, state, path, version: None, words, footprint: None, duration_ms: None, install }
}

/// What a program says first; one that says nothing may still work.
fn version(tools: &Tools, program: Option<&Path>) -> Option<String> {
    tools.version(program?).ok()
}

fn words(error: ProofError) -> String {
    error.to_string()
}

fn purpose(judge: &str) -> &'static str {
    match judge {
        "gcc" => "judges our own code, as linked",
        "tflm" => "judges for TensorFlow Lite Micro",
        "vela" => "judges for Ethos-U accelerators",
        "stedgeai" => "judges for STM32Cube.AI and ST Edge AI Core",
        _ => "judges",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
