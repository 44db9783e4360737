//! Columns.

use std::io::{self, Write};

use anstyle::Style;

use super::{FAINT, styled};

/// On which side of its column a cell stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under headings, each column as wide as its widest cell.
pub(crate) struct Table<const N: usize> {
    headings: [(&'static str, Align); N],
    rows: Vec<([String; N], Style)>,
}

impl<const N: usize> Table<N> {
    pub(crate) const fn new(headings: [(&'static str, Align); N]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn row(&mut self, cells: [String; N], style: Style) {
        self.rows.push((cells, style));
    }

    pub(crate) fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let headings = self.headings.map(|(heading, _)| heading.to_owned());
        let widths = self.widths(&headings);
        writeln!(sink, "{}", styled(self.line(&headings, &widths), FAINT))?;
        for (cells, style) in &self.rows {
            writeln!(sink, "{}", styled(self.line(cells, &widths), *style))?;
        }
        Ok(())
    }

    fn widths(&self, headings: &[String; N]) -> [usize; N] {
        std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|(cells, _)| cells).chain([headings]);
            cells.map(|cells| cells[column].chars().count()).max().unwrap_or(0)
        })
    }

    fn line(&self, cells: &[String; N], widths: &[usize; N]) -> String {
        let mut line = String::new();
        for (i, ((cell, &width), (_, align))) in cells.iter().zip(widths).zip(&self.headings).enumerate() {
            let gap = if i == 0 { "" } else { "  " };
            line += &match align {
                Align::Left => format!("{gap}{cell:<width$}"),
                Align::Right => format!("{gap}{cell:>width$}"),
            };
        }
        line.trim_end().to_owned()
    }
}
