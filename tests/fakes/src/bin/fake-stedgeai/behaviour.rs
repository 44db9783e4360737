//! Which version the tool is, and in what it fails: told by a file beside it, as it sees no environment.

use std::{fs, path::Path};

use serde::Deserialize;

/// What stands in `behaviour.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    /// One of [`GENERATIONS`].
    pub(crate) generation: String,
    /// Another first line than that generation's.
    pub(crate) banner: Option<String>,
    /// Another version of STM32Cube.AI within it.
    pub(crate) component: Option<String>,
    /// Whether it fails already when it is asked for its version.
    pub(crate) fails_early: bool,
    /// Waits for ever; `deaf`: also when it is asked to end.
    pub(crate) waits: Option<String>,
    /// Ends itself by this signal.
    pub(crate) signal: Option<i32>,
    /// Says this line.
    pub(crate) says: Option<String>,
    /// Where: on standard output, unless this is said.
    pub(crate) on_stderr: bool,
    /// Whether what it says stands in its reports instead.
    pub(crate) in_report: bool,
    /// What it ends with.
    pub(crate) status: u8,
    /// MiB of nonsense that it prints.
    pub(crate) flood_mib: usize,
    /// Children that it leaves: `group`, `apart`.
    pub(crate) leaves: Vec<String>,
    /// Whether it starts a child and waits for it.
    pub(crate) has_child: bool,
    /// Files that it does not write: `c_info.json`, `report.json`, `report.txt`, `stdout`.
    pub(crate) left_out: Vec<String>,
    /// Files that end in their middle.
    pub(crate) cut: Vec<String>,
    /// Files with the signature of another network.
    pub(crate) wrong_hash: Vec<String>,
    /// Files with the name of another network.
    pub(crate) other_model: Vec<String>,
    /// Files with other weights.
    pub(crate) other_figures: Vec<String>,
    /// Files for another target.
    pub(crate) other_target: Vec<String>,
    /// Whether there are fields that nobody knows.
    pub(crate) unknown_fields: bool,
    /// Whether there are bytes that are no UTF-8.
    pub(crate) not_utf8: bool,
    /// Whether it shows progress though it was told to be quiet, in colours.
    pub(crate) progress: bool,
    /// Whether a board is connected.
    pub(crate) board: bool,
}

/// A generation of the tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation {
    pub(crate) name: &'static str,
    /// Generations in order.
    pub(crate) rank: u32,
    pub(crate) banner: &'static str,
    pub(crate) number: &'static str,
}

impl Generation {
    const fn new(name: &'static str, rank: u32, banner: &'static str, number: &'static str) -> Self {
        Self { name, rank, banner, number }
    }

    /// Whether it is ST Edge AI Core.
    pub(crate) const fn is_core(self) -> bool {
        self.rank >= CORE
    }

    pub(crate) const fn program(self) -> &'static str {
        if self.is_core() { "stedgeai" } else { "stm32ai" }
    }

    /// Whether its signature is the MD5 of the file.
    pub(crate) const fn signs_files(self) -> bool {
        self.rank <= 50 || self.is_core()
    }

    pub(crate) const fn writes_report_json(self) -> bool {
        self.rank <= CORE
    }
}

/// The rank of ST Edge AI Core 1.0.
pub(crate) const CORE: u32 = 100;

pub(crate) const GENERATIONS: &[Generation] = &[
    Generation::new("cube-4.0", 40, "Neural Network Tools for STM32 v1.0.0 (AI tools v4.0.0)", "4.0.0"),
    Generation::new("cube-5.0", 50, "Neural Network Tools for STM32 v1.2.0 (AI tools v5.0.0)", "5.0.0"),
    Generation::new("cube-5.2", 52, "Neural Network Tools for STM32 v1.4.0 (AI tools v5.2.0)", "5.2.0"),
    Generation::new("cube-7.0", 70, "Neural Network Tools for STM32AI v1.5.1 (STM.ai v7.0.0)", "7.0.0"),
    Generation::new("cube-7.1", 71, "Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.1.0-RC3)", "7.1.0-RC3"),
    Generation::new("cube-7.2", 72, "Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.2.0)", "7.2.0"),
    Generation::new("cube-7.3", 73, "Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.3.0-RC5)", "7.3.0-RC5"),
    Generation::new("cube-8.0", 80, "Neural Network Tools for STM32AI v1.7.0 (STM.ai v8.0.0-19389)", "8.0.0-19389"),
    Generation::new(
        "cube-8.1",
        81,
        "Neural Network Tools for STM32 family v1.7.0 (stm.ai v8.1.0-19520)",
        "8.1.0-19520",
    ),
    Generation::new("core-1.0", CORE, "ST Edge AI Core v1.0.0-19899", "1.0.0-19899"),
    Generation::new("core-2.0", 200, "ST Edge AI Core v2.0.0-20049", "2.0.0-20049"),
    Generation::new("core-2.2", 220, "ST Edge AI Core v2.2.0-20266 2adc00962", "2.2.0-20266 2adc00962"),
    Generation::new("core-3.0", 300, "ST Edge AI Core v3.0.0-20426 123672867", "3.0.0-20426 123672867"),
    Generation::new("core-4.0", 400, "ST Edge AI Core v4.0.0-20500 359356bb0", "4.0.0-20500 359356bb0"),
];

impl Behaviour {
    /// What the file beside the tool says.
    pub(crate) fn beside(program: &Path) -> Self {
        let text =
            fs::read_to_string(program.with_file_name("behaviour.json")).expect("behaviour.json beside the tool");
        serde_json::from_str(&text).expect("a behaviour")
    }

    pub(crate) fn generation(&self) -> Generation {
        let named = GENERATIONS.iter().find(|generation| generation.name == self.generation);
        *named.unwrap_or_else(|| panic!("there is no generation {:?}", self.generation))
    }

    pub(crate) fn banner(&self) -> &str {
        self.banner.as_deref().unwrap_or(self.generation().banner)
    }

    /// The version as JSON has it.
    pub(crate) fn number(&self) -> String {
        let Some(banner) = &self.banner else { return self.generation().number.to_owned() };
        banner.split_once(" v").map_or_else(|| banner.clone(), |(_, number)| number.to_owned())
    }
}
