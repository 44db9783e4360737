//! Recordings as CSV, a moment a row, cut into windows: `train/*.csv` and `test/*.csv`, each with a header and a column of
//! labels. A window over which the label changes is of no class and left out. Windows of one recording are one group.

use std::path::{Path, PathBuf};

use automcu_model::Shape;
use serde::Serialize;

use super::sheet::{Label, Sheet};
use crate::{
    DatasetError, Part, Samples, Values, classes,
    file::{self, MOST_VALUES, ends_in},
};

/// How recordings are cut into samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Rows in a sample.
    pub length: u32,
    /// Rows from the start of one sample to that of the next.
    pub step: u32,
}

impl Default for Window {
    fn default() -> Self {
        Self { length: 128, step: 64 }
    }
}

/// Whether there are recordings at a path.
pub(crate) fn is_at(path: &Path) -> bool {
    Part::ALL.iter().any(|&part| !recordings(path, part).unwrap_or_default().is_empty())
}

fn recordings(path: &Path, part: Part) -> Result<Vec<PathBuf>, DatasetError> {
    let folder = path.join(part.name());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    Ok(file::entries(&folder)?.into_iter().filter(|path| ends_in(path, &["csv"])).collect())
}

pub(crate) fn read(path: &Path, part: Part, window: Window) -> Result<Samples, DatasetError> {
    if window.length == 0 || window.step == 0 {
        let problem = format!("windows of {} rows every {}; use 1 or more of both", window.length, window.step);
        return Err(DatasetError::wrong(path, problem));
    }
    let [train, test] = Part::ALL.map(|part| recordings(path, part));
    let (train, test) = (train?, test?);
    let mut cut = Cut { window, columns: 0, values: Vec::new(), labels: Vec::new(), groups: Vec::new() };
    let mut all_labels = std::collections::BTreeSet::new();
    let both = train.iter().map(|file| (file, Part::Train)).chain(test.iter().map(|file| (file, Part::Test)));
    for (group, (file, of)) in (0..).zip(both) {
        let sheet = Sheet::read(file, Label::Named)?;
        all_labels.extend(sheet.labels.iter().cloned());
        if of == part {
            cut.add(file, group, &sheet)?;
        }
    }
    if cut.labels.is_empty() {
        let remedy = "put recordings of at least a window's rows with one label there, as .csv";
        return Err(DatasetError::NoPart { path: path.to_owned(), part: part.name(), remedy });
    }
    let names = classes::sorted(all_labels.iter().map(String::as_str));
    let labels = classes::numbers(&names, cut.labels.iter().map(String::as_str));
    let shape = Shape { height: window.length, width: 1, channels: u32::try_from(cut.columns).unwrap_or(u32::MAX) };
    let samples = Samples::new(shape, Values::Floats(cut.values), labels, names);
    samples.and_then(|samples| samples.grouped(cut.groups)).map_err(DatasetError::uneven(path))
}

/// Windows so far.
struct Cut {
    window: Window,
    columns: usize,
    values: Vec<f32>,
    labels: Vec<String>,
    groups: Vec<u32>,
}

impl Cut {
    fn add(&mut self, path: &Path, group: u32, sheet: &Sheet) -> Result<(), DatasetError> {
        if self.columns != 0 && self.columns != sheet.columns {
            let problem = format!("{} columns of numbers, where others have {}", sheet.columns, self.columns);
            return Err(DatasetError::wrong(path, problem));
        }
        self.columns = sheet.columns;
        let size = |rows: u32| usize::try_from(rows).unwrap_or(usize::MAX);
        let length = size(self.window.length);
        let last = sheet.labels.len().checked_sub(length);
        let starts = last.map(|last| (0..=last).step_by(size(self.window.step))).into_iter().flatten();
        for start in starts {
            let labels = &sheet.labels[start..start + length];
            if labels.iter().any(|label| *label != labels[0]) {
                continue;
            }
            self.values.extend(&sheet.values[start * sheet.columns..(start + length) * sheet.columns]);
            self.labels.push(labels[0].clone());
            self.groups.push(group);
            if self.values.len() as u64 > MOST_VALUES {
                let problem = format!("more than {MOST_VALUES} values with this one; take longer steps");
                return Err(DatasetError::wrong(path, problem));
            }
        }
        Ok(())
    }
}
