//! The command line of each generation, and nothing else than that.

use crate::behaviour::{CORE, Generation};

/// A flag by its names, what follows it, and the ranks that know it.
struct Flag {
    names: &'static [&'static str],
    takes: bool,
    since: u32,
    until: u32,
}

const fn flag(names: &'static [&'static str], takes: bool, since: u32, until: u32) -> Flag {
    Flag { names, takes, since, until }
}

const FLAGS: &[Flag] = &[
    flag(&["--model", "-m"], true, 0, u32::MAX),
    flag(&["--type", "-t"], true, 0, u32::MAX),
    flag(&["--name", "-n"], true, 0, u32::MAX),
    flag(&["--compression", "-c"], true, 0, u32::MAX),
    flag(&["--workspace", "-w"], true, 0, u32::MAX),
    flag(&["--output", "-o"], true, 0, u32::MAX),
    flag(&["--verbosity", "-v"], true, 0, u32::MAX),
    flag(&["--batch-size", "-b"], true, 0, u32::MAX),
    flag(&["--mode"], true, 0, u32::MAX),
    flag(&["--desc", "-d"], true, 0, u32::MAX),
    flag(&["--allocate-inputs"], false, 52, u32::MAX),
    flag(&["--allocate-outputs"], false, 52, u32::MAX),
    flag(&["--quiet"], false, 72, u32::MAX),
    flag(&["--optimization", "-O"], true, 73, u32::MAX),
    flag(&["--st-neural-art"], true, 200, u32::MAX),
    flag(&["--series"], true, 70, 80),
    flag(&["--target"], true, 81, u32::MAX),
];

/// Targets by the rank that knows them first.
const TARGETS: &[(&str, u32)] = &[
    ("stm32", 81),
    ("stm32f4", 70),
    ("stm32f7", 70),
    ("stm32h7", 70),
    ("stm32l4", 70),
    ("stm32u5", 70),
    ("stm32g0", 81),
    ("stm32g4", 81),
    ("stm32l4p", 400),
    ("stm32n6", 200),
];

/// What was asked.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) verb: String,
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) target: Option<String>,
    pub(crate) workspace: String,
    pub(crate) output: String,
    pub(crate) mode: Option<String>,
    /// The profile for the neural accelerator, with its file.
    pub(crate) neural_art: Option<String>,
    pub(crate) compression: String,
    pub(crate) has_ports_within: bool,
    pub(crate) is_quiet: bool,
    /// All of it.
    pub(crate) all: String,
}

/// What is said of a wrong line, and the status.
pub(crate) type Refused = (Vec<String>, u8);

impl Line {
    pub(crate) fn read(words: &[String], generation: Generation) -> Result<Self, Refused> {
        let mut line = Self { name: "network".to_owned(), all: words.join(" "), ..Self::default() };
        line.compression = if generation.rank >= 72 { "lossless" } else { "1" }.to_owned();
        line.has_ports_within = generation.rank >= 200;
        let mut words = words.iter();
        let verb = words.next().filter(|verb| ["analyze", "generate", "validate"].contains(&verb.as_str()));
        line.verb = verb.cloned().ok_or_else(|| usage(generation, "the command has to come first"))?;
        while let Some(word) = words.next() {
            let known = FLAGS.iter().find(|flag| {
                flag.names.contains(&word.as_str()) && (flag.since..=flag.until).contains(&generation.rank)
            });
            let flag = known.ok_or_else(|| usage(generation, &format!("unrecognized arguments: {word}")))?;
            let value = if flag.takes {
                let value = words.next();
                value.cloned().ok_or_else(|| usage(generation, &format!("argument {word}: expected one argument")))?
            } else {
                String::new()
            };
            line.take(flag.names[0], value, generation)?;
        }
        if line.neural_art.is_some() && line.target.as_deref() != Some("stm32n6") {
            return Err(wrong(generation, "argument --st-neural-art: for the target stm32n6 only"));
        }
        if line.model.is_empty() {
            return Err(usage(generation, "the following arguments are required: --model/-m"));
        }
        Ok(line)
    }

    /// Whether a board is to compute.
    pub(crate) fn is_on_board(&self) -> bool {
        self.mode.as_deref().is_some_and(|mode| mode != "host" && mode != "x86")
    }

    fn take(&mut self, flag: &str, value: String, generation: Generation) -> Result<(), Refused> {
        let has = |choices: &[&str]| choices.contains(&value.as_str());
        match flag {
            "--model" => self.model = value,
            "--name" => self.name = value.to_lowercase(),
            "--workspace" => self.workspace = value,
            "--output" => self.output = value,
            "--mode" if has(if generation.rank < 80 { &["x86", "stm32"] } else { &["host", "target"] }) => {
                self.mode = Some(value);
            }
            "--st-neural-art" => self.neural_art = Some(value),
            "--compression" if has(compressions(generation)) => self.compression = value,
            "--series" | "--target" => {
                let is_known = TARGETS.iter().any(|(name, since)| *name == value && *since <= generation.rank);
                if !is_known {
                    return Err(wrong(generation, &format!("argument {flag}: invalid choice: '{value}'")));
                }
                self.target = Some(value);
            }
            "--type" if has(&["keras", "onnx", "tflite"]) => {}
            "--optimization" if has(&["balanced", "time", "ram"]) => {}
            "--verbosity" if has(&["0", "1", "2"]) => {}
            "--mode" | "--compression" | "--type" | "--optimization" | "--verbosity" => {
                return Err(wrong(generation, &format!("argument {flag}: invalid choice: '{value}'")));
            }
            "--allocate-inputs" | "--allocate-outputs" => self.has_ports_within = true,
            "--quiet" => self.is_quiet = true,
            _ => {}
        }
        Ok(())
    }
}

fn compressions(generation: Generation) -> &'static [&'static str] {
    match generation.rank {
        0..71 => &["1", "4", "8"],
        71 => &["1", "4", "8", "none", "lossless", "low", "medium", "high"],
        _ => &["none", "lossless", "low", "medium", "high"],
    }
}

fn usage(generation: Generation, why: &str) -> Refused {
    let program = generation.program();
    (vec![format!("usage: {program} [-h] [--model FILE]"), format!("{program}: error: {why}")], 2)
}

fn wrong(generation: Generation, why: &str) -> Refused {
    let line =
        if generation.rank > CORE { format!("E102(CliArgumentError): {why}") } else { format!("CLI ERROR: {why}") };
    (vec![line], 255)
}
