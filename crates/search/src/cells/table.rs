//! The benchmark's table: what each cell reached. Text in, table out; a row that cannot be is refused with its line and column.

use std::collections::BTreeMap;

use super::Cell;

/// A table has no more rows than there are cells.
const MOST_ROWS: usize = super::cell::COUNT as usize;
const HEADER: [&str; 7] = [
    "arch",
    "cifar10_valid",
    "cifar10_test",
    "cifar100_valid",
    "cifar100_test",
    "imagenet16_120_valid",
    "imagenet16_120_test",
];

/// What was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum Data {
    /// CIFAR-10.
    #[serde(rename = "cifar10")]
    Cifar10,
    /// CIFAR-100.
    #[serde(rename = "cifar100")]
    Cifar100,
    /// ImageNet in 16x16 pixels, 120 classes.
    #[serde(rename = "imagenet16-120")]
    ImageNet,
}

impl Data {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cifar10, Self::Cifar100, Self::ImageNet];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::ImageNet => "imagenet16-120",
        }
    }
}

/// What a cell reached, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Of the validation samples: what a search may see.
    pub validation: f64,
    /// Of the test samples: for the report only.
    pub test: f64,
}

/// Why a text is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The first line is another.
    #[error("line 1: the columns are not {}; take the table of means after 200 epochs", HEADER.join(","))]
    Header,
    /// A row has too few or too many columns.
    #[error("line {line}: {found} columns, and 7 are needed; mend the row")]
    Columns {
        /// The line, from 1.
        line: usize,
        /// How many it has.
        found: usize,
    },
    /// A cell is none.
    #[error("line {line}, column arch: \"{found}\" is no cell; write |op~0|+|op~0|op~1|+|op~0|op~1|op~2|")]
    Cell {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// An accuracy is none.
    #[error("line {line}, column {column}: \"{found}\" is no percentage; write a number from 0 to 100")]
    Accuracy {
        /// The line, from 1.
        line: usize,
        /// The column's name.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// A cell comes twice.
    #[error("line {line}, column arch: this cell stands above, too; leave one of the two")]
    Twice {
        /// The line, from 1.
        line: usize,
    },
    /// There are no rows.
    #[error("the table has no rows; take the one with a row a cell")]
    Empty,
}

/// What each cell reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    rows: BTreeMap<Cell, [Reached; 3]>,
}

impl Table {
    /// Reads comma-separated text.
    pub fn read(text: &str) -> Result<Self, TableError> {
        let mut lines = text.lines().enumerate().map(|(place, line)| (place + 1, line.trim_end()));
        let header = lines.next().map(|(_, line)| line.split(',').collect::<Vec<_>>());
        if header.is_none_or(|header| header != HEADER) {
            return Err(TableError::Header);
        }
        let mut rows = BTreeMap::new();
        for (line, text) in lines.filter(|(_, text)| !text.is_empty()).take(MOST_ROWS + 1) {
            let (cell, reached) = row(line, text)?;
            if rows.insert(cell, reached).is_some() {
                return Err(TableError::Twice { line });
            }
        }
        if rows.is_empty() { Err(TableError::Empty) } else { Ok(Self { rows }) }
    }

    /// All cells of the table, in the benchmark's order.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        self.rows.keys().copied().collect()
    }

    /// What a cell of the table reached.
    #[must_use]
    pub fn reached(&self, cell: Cell, data: Data) -> Option<Reached> {
        self.rows.get(&cell).map(|reached| reached[data as usize])
    }
}

fn row(line: usize, text: &str) -> Result<(Cell, [Reached; 3]), TableError> {
    let columns: Vec<&str> = text.split(',').collect();
    let [arch, numbers @ ..] = columns.as_slice() else { return Err(TableError::Columns { line, found: 0 }) };
    if numbers.len() + 1 != HEADER.len() {
        return Err(TableError::Columns { line, found: columns.len() });
    }
    let cell = Cell::read(arch).ok_or_else(|| TableError::Cell { line, found: (*arch).to_owned() })?;
    let number = |place: usize| {
        let is_percentage = |number: &f64| (0.0..=100.0).contains(number);
        let found = numbers[place].to_owned();
        let column = HEADER[place + 1];
        numbers[place].parse().ok().filter(is_percentage).ok_or(TableError::Accuracy { line, column, found })
    };
    let of = |data: usize| Ok(Reached { validation: number(2 * data)?, test: number(2 * data + 1)? });
    Ok((cell, [of(0)?, of(1)?, of(2)?]))
}
