//! What a run wrote, made into one reading: the best file counts, and what it leaves open is filled in from the next, if that is
//! of the same network and says nothing else.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use automcu_model::Bytes;

use super::{
    dialect::{Dialect, NETWORK, Verb},
    handed::Handed,
    target,
};
use crate::{
    judge::NoAnswer,
    vendor::{self, Failure, Reading, ToolVersion, Validated, plain},
};

/// Where the tool writes.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) workspace: PathBuf,
    pub(super) output: PathBuf,
    pub(super) verb: Verb,
}

/// A report by what it is called, with what is in it.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: Vec<u8>,
}

impl Written {
    /// The files that are there, the best first. Which version writes which, and where, is no matter.
    pub(super) fn sources(&self) -> Vec<Source> {
        let names = [
            format!("{NETWORK}_c_info.json"),
            format!("{NETWORK}_report.json"),
            format!("{NETWORK}_{}_report.txt", self.verb.word()),
        ];
        let places = names.iter().flat_map(|name| [&self.output, &self.workspace].map(|folder| (folder, name)));
        places.filter_map(|(folder, name)| Source::of(&folder.join(name), name)).collect()
    }
}

impl Written {
    /// What validation found, where a file says so.
    pub(super) fn validated(&self) -> Option<Validated> {
        let names = ["c_info_valid.json", "c_info.json", "report.json"].map(|name| format!("{NETWORK}_{name}"));
        let places = names.iter().flat_map(|name| [&self.output, &self.workspace].map(|folder| (folder, name)));
        let sources = places.filter_map(|(folder, name)| Source::of(&folder.join(name), name));
        let mut read = sources.filter_map(|source| Validated::read(&source.text).ok());
        read.find(|validated| !validated.metrics.is_empty())
    }
}

impl Source {
    /// A file, read as far as any report goes.
    fn of(path: &Path, name: &str) -> Option<Self> {
        // A pipe would be waited at for ever.
        fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        let mut text = Vec::new();
        let limit = u64::try_from(vendor::LONGEST).unwrap_or(u64::MAX).saturating_add(1);
        File::open(path).ok()?.take(limit).read_to_end(&mut text).ok()?;
        Some(Self { name: name.to_owned(), text })
    }

    pub(super) fn stdout(text: &str) -> Self {
        Self { name: "what the tool printed".to_owned(), text: text.as_bytes().to_vec() }
    }
}

/// What a report has to be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) version: &'e ToolVersion,
    pub(super) dialect: &'static Dialect,
    pub(super) handed: &'e Handed,
    pub(super) target: &'e str,
}

/// What the reports of a run say together.
#[derive(Clone, Debug)]
pub(super) struct Summed {
    pub(super) reading: Reading,
    pub(super) remarks: Vec<String>,
}

/// Reads the reports of a run that ended well.
pub(super) fn sum_up(sources: &[Source], expected: &Expected<'_>) -> Result<Summed, NoAnswer> {
    let mut summed: Option<Summed> = None;
    let mut refused = Vec::new();
    for source in sources {
        let reading = match vendor::read(&source.text) {
            Ok(Reading { failure: Some(failure), .. }) => return Err(failure.into()),
            Ok(reading) => reading,
            Err(error) => {
                refused.push(format!("{} was not used: {error}", source.name));
                continue;
            }
        };
        if let Err(why) = expected.check(&reading) {
            refused.push(format!("{} was not used: {why}", source.name));
            continue;
        }
        match &mut summed {
            None => summed = Some(Summed::of(reading, &source.name, expected)),
            Some(summed) => summed.fill(reading, &source.name),
        }
    }
    let Some(mut summed) = summed else {
        let why = if refused.is_empty() { "it left no report".to_owned() } else { refused.join("; ") };
        return Err(NoAnswer::Failed { words: format!("the tool ended well, but {why}") });
    };
    summed.remarks.append(&mut refused);
    Ok(summed)
}

/// The error in the files of a run that failed.
pub(super) fn failure(sources: &[Source]) -> Option<Failure> {
    sources.iter().find_map(|source| match vendor::read(&source.text) {
        Ok(reading) => reading.failure,
        // What is cut off may still say why.
        Err(_) => vendor::failure_in(&String::from_utf8_lossy(&source.text)),
    })
}

impl Expected<'_> {
    /// Whether a report is about the file that was handed over, by the version that was asked.
    fn check(&self, reading: &Reading) -> Result<(), String> {
        let number = |version: &ToolVersion| (version.major, version.minor, version.micro);
        if let Some(other) = reading.tool.as_ref().filter(|tool| number(tool) != number(self.version)) {
            return Err(format!("it is by {other}, and {} was asked", self.version));
        }
        if let Some(other) = reading.target.as_ref().filter(|reported| !self.is_target(reported)) {
            return Err(format!("it is for {other}, and {} was asked for", self.target));
        }
        let of_another = |what: &str, other: &str, own: &str| {
            Err(format!("it is of another network: its {what} is {other}, that of the file that was handed over {own}"))
        };
        if let Some(other) = self.signature(reading).filter(|signature| *signature != self.handed.signature) {
            return of_another("signature", other, &self.handed.signature);
        }
        match &reading.model {
            Some(name) if bare(name) != self.handed.name => of_another("name", name, &self.handed.name),
            None if self.signature(reading).is_none() => Err("it does not say of which network it is".to_owned()),
            _ => Ok(()),
        }
    }

    fn is_target(&self, reported: &str) -> bool {
        !self.dialect.knows_targets() || target::is_same(self.target, reported)
    }

    /// The signature, where it tells which file was read.
    fn signature<'r>(&self, reading: &'r Reading) -> Option<&'r str> {
        reading.signature.as_deref().filter(|_| self.dialect.signs_files)
    }
}

/// A name as every version of the tool writes it: some drop what is neither letter nor digit.
fn bare(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.collect::<String>().to_ascii_lowercase()
}

impl Summed {
    fn of(reading: Reading, name: &str, expected: &Expected<'_>) -> Self {
        let mut remarks = vec![format!("from {name}")];
        if expected.signature(&reading).is_none() {
            remarks.push(format!(
                "{} signs no files: that the report is of this network is known by its name and target only",
                expected.version
            ));
        }
        Self { reading, remarks }
    }

    /// Takes from another report what this one leaves open.
    fn fill(&mut self, other: Reading, name: &str) {
        if let Some(what) = contradiction(&self.reading, &other) {
            self.remarks.push(format!("{name} was not used: it says otherwise about {what}"));
            return;
        }
        let reading = &mut self.reading;
        let mut filled = Vec::new();
        let mut fill = |what: &'static str, into: &mut Option<Bytes>, from: Option<Bytes>| {
            if into.is_none() && from.is_some() {
                *into = from;
                filled.push(what);
            }
        };
        fill("weights", &mut reading.weights_bytes, other.weights_bytes);
        fill("activations", &mut reading.activations_bytes, other.activations_bytes);
        fill("inputs and outputs", &mut reading.io_bytes, other.io_bytes);
        fill("runtime RAM", &mut reading.runtime_ram_bytes, other.runtime_ram_bytes);
        fill("runtime Flash", &mut reading.runtime_flash_bytes, other.runtime_flash_bytes);
        if reading.macs.is_none() && other.macs.is_some() {
            reading.macs = other.macs;
            filled.push("MACs");
        }
        if reading.operators.is_empty() && !other.operators.is_empty() {
            (reading.layers, reading.operators) = (other.layers, other.operators);
            filled.push("operations");
        }
        if reading.pools.is_empty() && !other.pools.is_empty() {
            reading.pools = other.pools;
            filled.push("memory pools");
        }
        if reading.steps.is_none() && other.steps.is_some() {
            reading.steps = other.steps;
            filled.push("who computes what");
        }
        if !filled.is_empty() {
            self.remarks.push(format!("{} from {name}", filled.join(", ")));
        }
    }
}

/// What two reports say differently.
fn contradiction(one: &Reading, other: &Reading) -> Option<&'static str> {
    let differ = |one: Option<Bytes>, other: Option<Bytes>| one.zip(other).is_some_and(|(one, other)| one != other);
    let figures = [
        ("weights", differ(one.weights_bytes, other.weights_bytes)),
        ("activations", differ(one.activations_bytes, other.activations_bytes)),
        ("inputs and outputs", differ(one.io_bytes, other.io_bytes)),
        ("MACs", one.macs.zip(other.macs).is_some_and(|(one, other)| one != other)),
        ("runtime RAM", differ(one.runtime_ram_bytes, other.runtime_ram_bytes)),
        ("runtime Flash", differ(one.runtime_flash_bytes, other.runtime_flash_bytes)),
    ];
    figures.into_iter().find_map(|(what, do_differ)| do_differ.then_some(what))
}

/// The last words of a run, for a message.
pub(super) fn last_words(said: &automcu_process::Ended) -> String {
    let last = vendor::last_line(&said.errors.text).or_else(|| vendor::last_line(&said.output.text));
    last.map_or_else(|| "it said nothing".to_owned(), |words| plain(&words))
}
