//! Tables as CSV: a sample a row, or recordings that are cut into windows.

mod series;
mod sheet;

use std::path::Path;

use automcu_model::Shape;

pub use series::Window;

use crate::{DatasetError, Part, Samples, Values, classes};
use sheet::Sheet;

pub(crate) use series::{is_at as is_series_at, read as read_series};

/// Whether there is a table with a sample a row: one file, or one for each part.
pub(crate) fn is_at(path: &Path) -> bool {
    path.is_file() && crate::file::ends_in(path, &["csv"])
        || Part::ALL.iter().any(|part| path.join(format!("{}.csv", part.name())).is_file())
}

pub(crate) fn read(path: &Path, part: Part) -> Result<Samples, DatasetError> {
    let no_part = |remedy| DatasetError::NoPart { path: path.to_owned(), part: part.name(), remedy };
    let (own, other) = if path.is_file() {
        if part == Part::Test {
            return Err(no_part("split it into train.csv and test.csv, and name their folder"));
        }
        (Sheet::read(path, sheet::Label::LastUnlessNamed)?, None)
    } else {
        let file = |part: Part| path.join(format!("{}.csv", part.name()));
        if !file(part).is_file() {
            return Err(no_part("put train.csv and test.csv there"));
        }
        let read = |part: Part| Sheet::read(&file(part), sheet::Label::LastUnlessNamed);
        (read(part)?, Some(part.other()).filter(|&other| file(other).is_file()).map(read).transpose()?)
    };
    if let Some(other) = other.as_ref().filter(|other| other.columns != own.columns) {
        let problem = format!("{} columns of numbers here, and {} in the other part", own.columns, other.columns);
        return Err(DatasetError::wrong(path, problem));
    }
    let all = own.labels.iter().chain(other.iter().flat_map(|other| &other.labels));
    let names = classes::sorted(all.map(String::as_str));
    let labels = classes::numbers(&names, own.labels.iter().map(String::as_str));
    let shape = Shape::vector(u32::try_from(own.columns).unwrap_or(u32::MAX));
    Samples::new(shape, Values::Floats(own.values), labels, names).map_err(DatasetError::uneven(path))
}
