//! One CSV file: columns of numbers and a column of classes.

use std::{io::Read, path::Path};

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::{
    DatasetError,
    file::{MOST_SAMPLES, MOST_VALUES, Reader},
};

/// What a column of classes may be called.
const LABEL_NAMES: [&str; 3] = ["label", "class", "target"];
/// What a column that is no measurement may be called.
const TIME_NAMES: [&str; 3] = ["time", "timestamp", "t"];
const LONGEST: u64 = 1 << 30;

/// Where the classes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// In the column that is called so, otherwise in the last.
    LastUnlessNamed,
    /// In the column that is called so; a column of times is left out.
    Named,
}

/// The rows of a file.
pub(crate) struct Sheet {
    /// How many columns of numbers there are.
    pub(crate) columns: usize,
    /// Row by row.
    pub(crate) values: Vec<f32>,
    pub(crate) labels: Vec<String>,
}

impl Sheet {
    pub(crate) fn read(path: &Path, label: Label) -> Result<Self, DatasetError> {
        let file = Reader::open(path)?.take(LONGEST);
        let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(file);
        let mut sheet = Self { columns: 0, values: Vec::new(), labels: Vec::new() };
        let mut layout = None;
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| damaged(path, &error))? {
            let layout = match &layout {
                Some(layout) => layout,
                None => {
                    let found = Layout::of(&record, label).map_err(|problem| DatasetError::wrong(path, problem))?;
                    sheet.columns = found.columns.len();
                    let is_header = found.is_header;
                    let found = layout.insert(found);
                    if is_header {
                        continue;
                    }
                    found
                }
            };
            sheet.add(layout, &record).map_err(|problem| {
                let (line, byte) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
                DatasetError::Damaged { path: path.to_owned(), byte, problem: format!("line {line}: {problem}") }
            })?;
        }
        if sheet.labels.is_empty() {
            return Err(DatasetError::wrong(path, "there is no row of numbers; put one a line"));
        }
        Ok(sheet)
    }

    fn add(&mut self, layout: &Layout, record: &StringRecord) -> Result<(), String> {
        let label = record.get(layout.label).unwrap_or_default();
        if label.is_empty() || label.len() > 200 || label.chars().any(char::is_control) {
            return Err(format!("{label:?} is no class; use 1 to 200 bytes of text"));
        }
        for &column in &layout.columns {
            let cell = record.get(column).unwrap_or_default();
            let value = cell.parse::<f32>().ok().filter(|value| value.is_finite());
            self.values.push(value.ok_or_else(|| format!("column {}: {cell:?} is no number", column + 1))?);
        }
        if self.labels.len() as u64 >= MOST_SAMPLES {
            return Err(format!("more than {MOST_SAMPLES} rows; use fewer"));
        }
        if self.values.len() as u64 > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values; use fewer rows"));
        }
        self.labels.push(label.to_owned());
        Ok(())
    }
}

/// What stands in which column.
struct Layout {
    columns: Vec<usize>,
    label: usize,
    /// Whether the first row is one of names.
    is_header: bool,
}

impl Layout {
    fn of(first: &StringRecord, label: Label) -> Result<Self, String> {
        let is_called = |cell: &str, names: &[&str]| names.iter().any(|name| cell.eq_ignore_ascii_case(name));
        let named = first.iter().position(|cell| is_called(cell, &LABEL_NAMES));
        let label_column = match (named, label) {
            (Some(column), _) => column,
            (None, Label::LastUnlessNamed) => first.len().saturating_sub(1),
            (None, Label::Named) => {
                return Err(format!("its first line names no column {:?}; put names there", LABEL_NAMES[0]));
            }
        };
        let is_number = |column: &usize| first.get(*column).is_some_and(|cell| cell.parse::<f32>().is_ok());
        let is_measured = |column: &usize| {
            label == Label::LastUnlessNamed || !is_called(first.get(*column).unwrap_or_default(), &TIME_NAMES)
        };
        let columns: Vec<usize> =
            (0..first.len()).filter(|column| *column != label_column).filter(is_measured).collect();
        if columns.is_empty() {
            return Err(format!("{} columns; at least one of numbers and one of classes are wanted", first.len()));
        }
        let is_header = named.is_some() || !columns.iter().all(is_number);
        Ok(Self { columns, label: label_column, is_header })
    }
}

fn damaged(path: &Path, error: &csv::Error) -> DatasetError {
    let byte = error.position().map_or(0, csv::Position::byte);
    DatasetError::Damaged { path: path.to_owned(), byte, problem: error.to_string() }
}
