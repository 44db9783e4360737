//! What a user wishes: a job file or plain words, shown back as it was understood before it costs anything.

use std::{io::Read, path::Path};

use automcu_api::{Budget, Format, Goal, JobFile, Limits, Proposer, REQUEST_BYTES, Resolved, Size, Span};
use automcu_dataset::PUBLISHED;
use automcu_search::built_in_spaces;
use automcu_target::{Catalogue, Part};
use automcu_words::Vocabulary;

use crate::{Live, input, outcome::Failure, show::event::memory};

/// What is learnt where nothing else is said.
const DATA: &str = "synthetic";
const MEMORY_BYTES: u64 = 64 << 10;
const GOAL: f64 = 0.90;
const TIME_S: u64 = 240;

/// With the whole paths of its data and its space, where these are paths: whoever reads it may be somewhere else.
fn whole(job: JobFile) -> JobFile {
    let is_path = |space: &String| built_in_spaces().all(|name| name != space) && Path::new(space).exists();
    let space = match job.space.as_ref().filter(|space| is_path(space)) {
        Some(space) => absolute(space).or(job.space),
        None => job.space,
    };
    let job = JobFile { space, ..job };
    if PUBLISHED.iter().any(|published| published.name == job.data) || !Path::new(&job.data).exists() {
        return job;
    }
    match absolute(&job.data) {
        Some(data) => JobFile { data, ..job },
        None => job,
    }
}

fn absolute(path: &str) -> Option<String> {
    std::path::absolute(path).ok()?.into_os_string().into_string().ok()
}

/// A job that somebody asks for.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) job: JobFile,
    /// What had to be assumed to read it, a sentence each.
    assumed: Vec<String>,
    said: Said,
}

/// How it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    File,
    Words,
}

/// Whether a job may be begun as it was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    /// Whoever sits at the terminal has to say so.
    Open,
    /// Nobody can be asked.
    Missing,
}

impl Wish {
    /// Reads the arguments of a verb: a file, or words.
    pub(crate) fn read(said: &[String], stdin: &mut dyn Read, targets: &Catalogue) -> Result<Self, Failure> {
        match said {
            [] => Ok(Self { job: usual(), assumed: Vec::new(), said: Said::Nothing }),
            [file] if is_file(file) => Self::of_file(Path::new(file), stdin),
            words => Self::of_words(&words.join(" "), targets),
        }
    }

    fn of_file(path: &Path, stdin: &mut dyn Read) -> Result<Self, Failure> {
        let (name, text) = input::content(path, stdin, REQUEST_BYTES)?;
        let is_json = path == Path::new("-") && text.trim_ascii_start().starts_with(b"{");
        let format = if is_json { Format::Json } else { Format::of(path) };
        let job = whole(JobFile::read(&name, format, &text)?);
        Ok(Self { job, assumed: Vec::new(), said: Said::File })
    }

    fn of_words(text: &str, targets: &Catalogue) -> Result<Self, Failure> {
        let data = PUBLISHED.iter().map(|published| published.name);
        let vocabulary = Vocabulary::new(data, targets.parts().iter().flat_map(Part::names));
        let understood = automcu_words::read(text, &vocabulary)?;
        Ok(Self { job: whole(understood.job), assumed: understood.assumed, said: Said::Words })
    }

    /// Whether the job may be begun: `yes` is said beforehand, or somebody can be asked.
    pub(crate) const fn consent(&self, yes: bool, can_ask: bool) -> Consent {
        match self.said {
            _ if yes => Consent::Given,
            Said::Nothing => Consent::Given,
            _ if can_ask => Consent::Open,
            Said::File => Consent::Given,
            Said::Words => Consent::Missing,
        }
    }

    /// The job as it would be carried out, and what was assumed, line by line.
    pub(crate) fn shown(&self, resolved: &Resolved) -> Vec<String> {
        let mut assumed: Vec<&String> = self.assumed.iter().collect();
        assumed.extend(resolved.assumed.iter().filter(|sentence| !self.assumed.contains(sentence)));
        let mut lines = section("The job:", resolved.job.to_toml().lines().filter(|line| !line.is_empty()));
        lines.extend(section("Assumed:", assumed));
        lines.extend(section("That is:", means(resolved)));
        lines
    }
}

fn section<T: std::fmt::Display>(title: &str, lines: impl IntoIterator<Item = T>) -> Vec<String> {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}")).collect();
    if lines.is_empty() { lines } else { std::iter::once(title.to_owned()).chain(lines).collect() }
}

/// What the job comes to.
fn means(resolved: &Resolved) -> Vec<String> {
    let [rows, columns, values] = resolved.input;
    let target = resolved.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
    let mut lines = vec![
        format!("{} classes of {rows}x{columns}x{values} samples", resolved.classes),
        format!("{}{target}", memory(&resolved.budget)),
    ];
    for (at, rung) in resolved.rungs.iter().enumerate() {
        let epochs = rung.epochs.map(|epochs| format!(", {epochs} epochs")).unwrap_or_default();
        let seeds = if rung.seeds == 1 { String::new() } else { format!(" with {} seeds each", rung.seeds) };
        lines.push(format!("rung {at}: at most {} candidates{seeds}{epochs}", rung.entrants));
    }
    lines.push(format!("judged by {}", resolved.judges.join(", ")));
    lines
}

/// What is done where nothing is said.
fn usual() -> JobFile {
    let memory = Size::new(MEMORY_BYTES);
    JobFile {
        budget: Budget { ram: memory, flash: memory },
        goal: Goal::new(GOAL),
        limits: Limits { time: Span::new(TIME_S), ..Limits::default() },
        // In a few minutes what is small learns best, and the guided search prefers what is large.
        proposer: Proposer::Mixed,
        ..JobFile::new(DATA)
    }
}

/// Whether an argument names a file, there or not, rather than being said.
fn is_file(said: &str) -> bool {
    let path = Path::new(said);
    let is_called_so = path.extension().is_some_and(|extension| extension == "toml" || extension == "json");
    let is_one_word = !said.contains(char::is_whitespace);
    said == "-" || path.exists() && !path.is_dir() || is_one_word && (is_called_so || said.contains('/'))
}

/// Asks whoever sits at the terminal; only a no is one.
pub(crate) fn agrees(question: &str, live: &mut Live<'_>, stdin: &mut dyn Read) -> bool {
    let _ = write!(live.sink, "{question} [Y/n] ");
    let _ = live.sink.flush();
    !matches!(first_word(stdin).as_str(), "n" | "no")
}

/// The first word of what is typed next, in small letters.
fn first_word(stdin: &mut dyn Read) -> String {
    const LONGEST: usize = 64;
    let mut word = String::new();
    let mut byte = [0];
    while word.len() < LONGEST && matches!(stdin.read(&mut byte), Ok(1)) && byte[0] != b'\n' {
        word.push(char::from(byte[0]).to_ascii_lowercase());
    }
    word.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(said: &[&str], stdin: &str) -> Result<Wish, Failure> {
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        Wish::read(&said, &mut stdin.as_bytes(), Catalogue::built_in())
    }

    #[test]
    fn words_are_read_as_one_sentence_however_they_are_quoted() {
        let whole = "Fashion-MNIST on an STM32F407, at least 91 %, 64 KB RAM and 128 KB Flash, within two hours";
        let parts: Vec<&str> = whole.split(' ').collect();
        let (one, many) = (wish(&[whole], "").expect("words"), wish(&parts, "").expect("words"));
        assert_eq!(one.job, many.job);
        assert_eq!((one.job.data.as_str(), one.job.limits.time), ("fashion-mnist", Span::new(7200)));
        let error = wish(&["mnist", "on", "the", "moon"], "").expect_err("no words").to_string();
        assert!(error.contains("not understood") && error.contains("moon"), "{error}");
    }

    #[test]
    fn a_file_is_a_file_even_if_it_is_not_there() {
        for (said, stdin) in
            [("-", "data = 'mnist'\ntarget = 'RP2040'"), ("-", r#" {"data":"mnist","target":"RP2040"}"#)]
        {
            assert_eq!(wish(&[said], stdin).expect("a file").job.data, "mnist");
        }
        for said in ["missing.toml", "jobs/missing"] {
            assert!(matches!(wish(&[said], ""), Err(Failure::Read { .. })), "{said}");
        }
        assert!(matches!(wish(&["mnist"], ""), Err(Failure::Words(_))));
    }

    #[test]
    fn words_are_never_taken_unasked() {
        let (words, file) = (wish(&["mnist on an RP2040"], ""), wish(&["-"], "data = 'mnist'\ntarget = 'RP2040'"));
        let (words, file, nothing) = (words.expect("words"), file.expect("a file"), wish(&[], "").expect("nothing"));
        for (wish, unasked, asked) in [
            (&words, Consent::Missing, Consent::Open),
            (&file, Consent::Given, Consent::Open),
            (&nothing, Consent::Given, Consent::Given),
        ] {
            assert_eq!((wish.consent(false, false), wish.consent(false, true)), (unasked, asked));
            assert_eq!((wish.consent(true, false), wish.consent(true, true)), (Consent::Given, Consent::Given));
        }
    }
}
