//! The record of what was proposed to a microcontroller: one JSON line a candidate, with what every judge said of it. It tells no
//! times, so that the same candidates make the same record.
//!
//! A line that is not written to its end is no JSON; it is passed over, with a remark. Lines are only ever added.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use automcu_model::{DataType, Graph, Spec};
use automcu_target::{Budget, Fit, Footprint};
use automcu_toolchain::judge::{Judged, Measurement, Ran, Verdict};
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::Value;

/// Raised with whatever changes what a line means.
pub(crate) const VERSION: u32 = 1;
/// The longest line that is read: a spec of 256 KiB, and what some judges say of each of its layers.
const LONGEST: u64 = 8 << 20;
/// So many lines are read.
const MOST_LINES: usize = 100_000;
/// So many bytes of them are kept, as they would be written again.
const MOST_KEPT: u64 = 1 << 30;
/// What a line begins with: the first bytes of one that was not written to its end.
const BEGINNING: &[u8] = b"{\"version\":1,";

/// A line: one candidate, and what was said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    version: u32,
    pub(crate) name: String,
    /// Of the deployed graph, where one could be built.
    pub(crate) digest: Option<String>,
    /// The whole architecture; none where it cannot be read as one, or an int8 network was handed in.
    pub(crate) spec: Option<Value>,
    /// What was handed in instead, where it cannot be read as an architecture.
    pub(crate) text: Option<String>,
    /// Why nothing could be built of it.
    #[serde(default)]
    pub(crate) refusals: Vec<String>,
    pub(crate) target: Option<String>,
    pub(crate) budget: Budget,
    pub(crate) dtype: DataType,
    /// The one whose word counts first.
    #[serde(default)]
    pub(crate) judges: Vec<Heard>,
}

/// What a judge said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) judge: String,
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) settings: Vec<String>,
    #[serde(flatten)]
    pub(crate) word: Word,
    /// What it said of layer after layer is passed over where a record is read: nobody asks for it, and it is most of a line.
    #[serde(default, deserialize_with = "without_layers")]
    pub(crate) measurement: Option<Measurement>,
}

fn without_layers<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Measurement>, D::Error> {
    /// A measurement as it is read.
    #[derive(Deserialize)]
    struct Bare {
        footprint: Footprint,
        macs: Option<u64>,
        operators: Vec<String>,
        #[serde(default)]
        ran: Option<Ran>,
        remarks: Vec<String>,
    }
    let bare: Option<Bare> = Deserialize::deserialize(from)?;
    Ok(bare.map(|Bare { footprint, macs, operators, ran, remarks }| Measurement {
        footprint,
        macs,
        operators,
        layers: Vec::new(),
        ran,
        remarks,
    }))
}

/// A verdict. By how much a budget is exceeded follows from the measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub(crate) enum Word {
    Fits,
    OverBudget,
    Unsupported { operator: String, layer: Option<String> },
    ToolFailed { words: String },
    Unknown { words: String },
}

impl From<&Judged> for Heard {
    fn from(judged: &Judged) -> Self {
        let word = match &judged.verdict {
            Verdict::Fits { .. } => Word::Fits,
            Verdict::OverBudget { .. } => Word::OverBudget,
            Verdict::Unsupported { operator, layer } => {
                Word::Unsupported { operator: operator.clone(), layer: layer.clone() }
            }
            Verdict::ToolFailed { words, .. } => Word::ToolFailed { words: words.clone() },
            Verdict::Unknown { words } => Word::Unknown { words: words.clone() },
        };
        Self {
            judge: judged.judge.name.to_owned(),
            tool: judged.judge.tool.clone(),
            settings: judged.judge.settings.clone(),
            word,
            measurement: judged.measurement.clone(),
        }
    }
}

/// What becomes of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub(crate) enum Standing {
    Retained,
    Refused {
        judge: String,
        cause: Cause,
    },
    /// Nobody could tell.
    Undecided,
}

/// What a candidate is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    Ram,
    Flash,
    RamAndFlash,
    /// The judge has no figures that say which.
    Memory,
    Unsupported,
    NotConstructible,
}

impl Cause {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ram => "RAM",
            Self::Flash => "Flash",
            Self::RamAndFlash => "RAM and Flash",
            Self::Memory => "memory",
            Self::Unsupported => "unsupported operator",
            Self::NotConstructible => "not constructible",
        }
    }
}

/// Of candidates that stand for the same graph, limit and first judge the one that was told last, and how many were told before.
pub(crate) fn distinct(candidates: Vec<Candidate>) -> (Vec<Candidate>, usize) {
    let (count, mut seen) = (candidates.len(), HashSet::new());
    let mut kept: Vec<Candidate> = candidates
        .into_iter()
        .rev()
        .filter(|candidate| candidate.digest.is_none() || seen.insert(candidate.identity()))
        .collect();
    kept.reverse();
    let repeated = count - kept.len();
    (kept, repeated)
}

/// Who refuses what cannot be built, as no judge is asked.
pub(crate) const READER: &str = "reader";

impl Candidate {
    /// One of which nothing is known but its name and what it may take.
    pub(crate) fn new(name: String, target: Option<String>, budget: Budget) -> Self {
        Self {
            version: VERSION,
            name,
            digest: None,
            spec: None,
            text: None,
            refusals: Vec::new(),
            target,
            budget,
            dtype: DataType::Int8,
            judges: Vec::new(),
        }
    }

    /// What becomes of it: the first judge's word counts.
    pub(crate) fn standing(&self) -> Standing {
        if !self.refusals.is_empty() {
            return Standing::Refused { judge: READER.to_owned(), cause: Cause::NotConstructible };
        }
        let Some(first) = self.judges.first() else { return Standing::Undecided };
        let refused = |cause| Standing::Refused { judge: first.judge.clone(), cause };
        match first.word {
            Word::Fits => Standing::Retained,
            Word::OverBudget => refused(self.excess()),
            Word::Unsupported { .. } => refused(Cause::Unsupported),
            Word::ToolFailed { .. } | Word::Unknown { .. } => Standing::Undecided,
        }
    }

    /// What another line of the same candidate has as well.
    fn identity(&self) -> String {
        let (ram, flash) = (self.budget.ram, self.budget.flash);
        let first = self.judges.first().map(|first| &first.judge);
        format!("{:?} {:?} {ram:?} {flash:?} {:?} {first:?}", self.digest, self.target, self.dtype)
    }

    /// The graph to deploy, where its architecture can be built.
    pub(crate) fn graph(&self) -> Option<Graph> {
        let spec = Spec::from_json(self.spec.as_ref()?.to_string().as_bytes()).ok()?;
        Some(spec.lower().ok()?.deployed())
    }

    /// Which memory is too small, by the figures of the judge whose word counts.
    fn excess(&self) -> Cause {
        let Some(measurement) = self.judges.first().and_then(|first| first.measurement.as_ref()) else {
            return Cause::Memory;
        };
        let fit = Fit::of(&measurement.footprint, self.budget);
        match (fit.ram.is_within(), fit.flash.is_within()) {
            (false, true) => Cause::Ram,
            (true, false) => Cause::Flash,
            (false, false) => Cause::RamAndFlash,
            (true, true) => Cause::Memory,
        }
    }
}

/// A record that cannot be read or added to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("{}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error(
        "{}: line {line} is of version {found}, where this program knows {VERSION}; use the AutoMCU that wrote it, or name another file",
        path.display()
    )]
    Version { path: PathBuf, line: usize, found: u64 },
    #[error("{}: line {line} is no candidate of a record: {problem}; `automcu screen --record` writes them", path.display())]
    Wrong { path: PathBuf, line: usize, problem: String },
    #[error("{}: no line tells of a candidate, and {torn} are not whole; `automcu screen --record` writes a record", path.display())]
    Empty { path: PathBuf, torn: usize },
    #[error("{}: there are more than {MOST_LINES} lines, one is longer than {LONGEST} bytes, or what they tell beside layers is more than {MOST_KEPT} bytes; split the file", path.display())]
    TooLong { path: PathBuf },
}

/// The candidates of a file.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) candidates: Vec<Candidate>,
    /// The numbers of lines that are not whole.
    pub(crate) torn: Vec<usize>,
}

impl Record {
    pub(crate) fn read(path: &Path) -> Result<Self, RecordError> {
        let unreadable = |error| RecordError::Read { path: path.to_owned(), error };
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut record = Self { candidates: Vec::new(), torn: Vec::new() };
        let mut kept = Length(0);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = file.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            if length as u64 > LONGEST || number > MOST_LINES {
                return Err(RecordError::TooLong { path: path.to_owned() });
            }
            if kept.0 > MOST_KEPT {
                return Err(RecordError::TooLong { path: path.to_owned() });
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match candidate(path, number, &line)? {
                Some(candidate) => {
                    serde_json::to_writer(&mut kept, &candidate).map_err(|error| unreadable(error.into()))?;
                    record.candidates.push(candidate);
                }
                None => record.torn.push(number),
            }
        }
        if record.candidates.is_empty() {
            return Err(RecordError::Empty { path: path.to_owned(), torn: record.torn.len() });
        }
        Ok(record)
    }
}

/// How long something is when it is written.
struct Length(u64);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The candidate of a line; none where the line is not whole.
fn candidate(path: &Path, line: usize, bytes: &[u8]) -> Result<Option<Candidate>, RecordError> {
    /// The one field that every version has.
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    // Whatever the line holds, it is looked through before anything of it is kept.
    if serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return Ok(None);
    }
    match serde_json::from_slice(bytes) {
        Ok(Versioned { version }) if version != u64::from(VERSION) => {
            Err(RecordError::Version { path: path.to_owned(), line, found: version })
        }
        _ => serde_json::from_slice(bytes).map(Some).map_err(|error| RecordError::Wrong {
            path: path.to_owned(),
            line,
            problem: error.to_string(),
        }),
    }
}

/// A file to which candidates are added.
pub(crate) struct Recorder {
    path: PathBuf,
    file: File,
}

impl Recorder {
    /// Opens a record, or begins one. A file that is something else, or of another version, is left alone.
    pub(crate) fn open(path: &Path) -> Result<Self, RecordError> {
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = opened.map_err(|error| RecordError::Write { path: path.to_owned(), error })?;
        let mut first = Vec::new();
        let read = BufReader::new(&file).take(LONGEST).read_until(b'\n', &mut first);
        read.map_err(|error| RecordError::Read { path: path.to_owned(), error })?;
        let is_torn = first.starts_with(BEGINNING) || BEGINNING.starts_with(&first);
        if !first.is_empty() && candidate(path, 1, &first)?.is_none() && !is_torn {
            let problem = "it is no JSON".to_owned();
            return Err(RecordError::Wrong { path: path.to_owned(), line: 1, problem });
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a candidate, at once and whole. What was not written to its end before gets a line of its own.
    pub(crate) fn add(&mut self, candidate: &Candidate) -> Result<(), RecordError> {
        let line = serde_json::to_vec(candidate).map_err(io::Error::from);
        let added = line.and_then(|line| {
            let mut bytes = if self.ends_a_line()? { Vec::new() } else { vec![b'\n'] };
            bytes.extend(line);
            bytes.push(b'\n');
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        added.map_err(|error| RecordError::Write { path: self.path.clone(), error })
    }

    fn ends_a_line(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() == 0 {
            return Ok(true);
        }
        self.file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use automcu_model::Bytes;

    use super::*;

    fn named(name: &str) -> Candidate {
        let budget = Budget { ram: Some(Bytes(1000)), flash: None };
        Candidate { text: Some("{".to_owned()), ..Candidate::new(name.to_owned(), None, budget) }
    }

    fn names(record: &Record) -> Vec<&str> {
        record.candidates.iter().map(|candidate| candidate.name.as_str()).collect()
    }

    #[test]
    fn a_line_that_is_cut_anywhere_costs_that_line_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("record.jsonl");
        let line = serde_json::to_vec(&named("torn")).expect("JSON");
        for cut in 1..line.len() {
            fs::write(&path, &line[..cut]).expect("writable");
            let mut recorder = Recorder::open(&path).expect("a record");
            recorder.add(&named("a")).and_then(|()| recorder.add(&named("b"))).expect("writable");
            let record = Record::read(&path).expect("a record");
            assert_eq!((names(&record), &record.torn), (vec!["a", "b"], &vec![1]), "{cut}");
        }
    }

    #[test]
    fn what_is_no_record_of_this_version_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("record.jsonl");
        for (text, words) in [
            ("{\"version\":2,\"name\":\"a\"}\n", "is of version 2, where this program knows 1"),
            ("{\"version\":1,\"name\":\"a\"}\n", "missing field"),
            ("# Notes\n", "no JSON"),
            ("{\n  \"version\": 1\n}\n", "no JSON"),
        ] {
            fs::write(&path, text).expect("writable");
            let error = Recorder::open(&path).err().expect("refused");
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        fs::write(&path, "").expect("writable");
        assert!(matches!(Record::read(&path), Err(RecordError::Empty { torn: 0, .. })));
        fs::write(&path, "{\n{\"version\"\n").expect("writable");
        assert!(matches!(Record::read(&path), Err(RecordError::Empty { torn: 2, .. })));
    }

    /// A line may tell of a million layers in passing: they are dropped as they are read, and what else is told stays.
    #[test]
    fn layers_are_passed_over_as_they_are_read() {
        let measurement = |layers: &str| {
            format!(
                r#"{{"footprint":{{"dtype":"int8","provenance":"tool","ram":{{"activations_bytes":7,"runtime_bytes":null,"stack_bytes":null}},"flash":{{"weights_bytes":9,"tables_bytes":null,"code_bytes":null}}}},"macs":3,"operators":["conv"],"layers":{layers},"ran":null,"remarks":["so"]}}"#
            )
        };
        let line = |layers: &str| {
            let mut line = serde_json::to_value(named("a")).expect("JSON");
            let heard = format!(
                r#"{{"judge":"tflm","tool":"t","settings":[],"verdict":"fits","measurement":{}}}"#,
                measurement(layers)
            );
            line["judges"] = Value::Array(vec![serde_json::from_str(&heard).expect("JSON")]);
            line.to_string()
        };
        let layer = r#"{"name":"n","operator":"o","macs":1,"weights_bytes":2}"#;
        let path = Path::new("record.jsonl");
        let read = |line: &str| candidate(path, 1, line.as_bytes()).expect("of this version").expect("whole");
        let told = read(&line(&format!("[{}]", vec![layer; 10_000].join(","))));
        let kept = told.judges[0].measurement.as_ref().expect("measured");
        assert_eq!((kept.footprint.ram.activations, kept.macs, kept.remarks.len()), (Bytes(7), Some(3), 1));
        assert_eq!(told, read(&line("[]")));
        // Whatever they hold: they are not looked at.
        assert_eq!(told, read(&line(r#"[{"macs":"many"}]"#)));
        let mut length = Length(0);
        serde_json::to_writer(&mut length, &told).expect("written");
        assert!(length.0 < 1_000, "{} bytes", length.0);
    }

    #[test]
    fn a_candidate_that_is_told_again_counts_once() {
        let told = |name: &str, digest: Option<&str>, target: Option<&str>| Candidate {
            digest: digest.map(str::to_owned),
            target: target.map(str::to_owned),
            ..named(name)
        };
        let all = vec![
            told("a", Some("1"), None),
            told("b", Some("2"), None),
            told("c", None, None),
            told("d", Some("1"), None),
            told("e", None, None),
            told("f", Some("1"), Some("another")),
        ];
        let (kept, repeated) = distinct(all);
        let names: Vec<_> = kept.iter().map(|candidate| candidate.name.as_str()).collect();
        assert_eq!((names, repeated), (vec!["b", "c", "d", "e", "f"], 1));
    }

    #[test]
    fn a_candidate_stands_as_its_first_judge_says() {
        let mut candidate = named("a");
        assert_eq!(candidate.standing(), Standing::Undecided);
        let heard = |word| Heard {
            judge: "strict".to_owned(),
            tool: "Strict 1".to_owned(),
            settings: Vec::new(),
            word,
            measurement: None,
        };
        candidate.judges = vec![heard(Word::OverBudget), heard(Word::Fits)];
        let refused = |judge: &str, cause| Standing::Refused { judge: judge.to_owned(), cause };
        assert_eq!(candidate.standing(), refused("strict", Cause::Memory));
        candidate.judges.remove(0);
        assert_eq!(candidate.standing(), Standing::Retained);
        candidate.refusals.push("no such module".to_owned());
        assert_eq!(candidate.standing(), refused(READER, Cause::NotConstructible));
    }
}
