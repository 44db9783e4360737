//! A folder of answers, one file each, called by the digest of the question. What cannot be read, is of another format or
//! answers another question is passed over, and replaced by the next answer.

use std::{
    fs::{self, File},
    io::Read as _,
    path::PathBuf,
    time::SystemTime,
};

use automcu_artifacts::{ArtifactId, write_whole};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Measurement, NoAnswer};

/// Raised with whatever changes what a question or an answer means.
const FORMAT: u32 = 1;
/// The longest answer that is kept.
const LONGEST: usize = 4 << 20;
/// What files are called behind the digest.
const SUFFIX: &str = ".json";

/// What is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Measurement(Measurement),
    NoAnswer(NoAnswer),
}

/// A file.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    question: Value,
    answer: Answer,
}

/// The folder, and how many answers it may hold.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    most: usize,
}

impl Memory {
    pub(super) const fn new(folder: PathBuf, most: usize) -> Self {
        Self { folder, most }
    }

    /// What was answered to this question.
    pub(super) fn get(&self, question: &Value) -> Option<Answer> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
        File::open(self.place(question)).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
        let record: Record = serde_json::from_slice(&bytes).ok()?;
        (record.format == FORMAT && record.question == *question).then_some(record.answer)
    }

    /// Keeps an answer; older ones go for it. One that cannot be kept is asked for again.
    pub(super) fn put(&self, question: Value, answer: Answer) {
        let path = self.place(&question);
        let Ok(bytes) = serde_json::to_vec_pretty(&Record { format: FORMAT, question, answer }) else { return };
        if bytes.len() > LONGEST || fs::create_dir_all(&self.folder).is_err() || write_whole(&path, &bytes).is_err() {
            return;
        }
        self.trim();
    }

    fn place(&self, question: &Value) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", ArtifactId::of(question.to_string().as_bytes())))
    }

    /// Removes the oldest answers, so that at most so many are left.
    fn trim(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut ours: Vec<(SystemTime, PathBuf)> = entries
            .filter(|entry| is_ours(&entry.file_name().to_string_lossy()))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        ours.sort();
        let surplus = ours.len().saturating_sub(self.most);
        for (_, path) in &ours[..surplus] {
            // Somebody else may do the same.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a file is an answer, or one that was not written to its end: `.DIGEST.json.XXXXXX.new`.
fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    name.split_once('.').is_some_and(|(digest, rest)| digest.parse::<ArtifactId>().is_ok() && rest.starts_with("json"))
}

/// Where the tests look.
#[cfg(test)]
pub(super) fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
