//! Tables of text: columns by where they stand, as cells may be empty.

use super::lines::Line;

/// A table, as far as it goes.
pub(super) struct Table<'t> {
    /// The line of its heading.
    pub(super) number: usize,
    headings: Vec<String>,
    starts: Vec<usize>,
    lines: &'t [Line<'t>],
}

/// A row, cut into cells when asked.
pub(super) struct Row<'t, 'l> {
    table: &'t Table<'l>,
    letters: Vec<char>,
}

/// Whether a line is dashes only: one rule, or one for each column.
pub(super) fn is_rule(text: &str) -> bool {
    text.trim().len() >= 3 && text.chars().all(|c| c == '-' || c == ' ')
}

impl<'t> Table<'t> {
    /// The table whose heading stands at this line, under a rule; none where there is none.
    pub(super) fn at(lines: &'t [Line<'t>], heading: usize) -> Option<Self> {
        let rule = lines.get(heading.checked_sub(1)?).filter(|line| is_rule(line.text))?;
        let line = lines.get(heading).filter(|line| !is_rule(line.text))?;
        let starts = if rule.text.trim().contains(' ') { words(rule.text, 1) } else { words(line.text, 2) };
        let letters: Vec<char> = line.text.chars().collect();
        let headings = (0..starts.len()).map(|column| cell(&letters, &starts, column)).collect();
        Some(Self { number: line.number, headings, starts, lines: lines.get(heading + 1..)? })
    }

    /// The column whose heading begins with this.
    pub(super) fn column(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|text| text.starts_with(heading))
    }

    /// The first column's heading.
    pub(super) fn first(&self) -> &str {
        self.headings.first().map_or("", String::as_str)
    }

    /// The rows that begin with a number, or with nothing where they go on; and the line after them, if there is one.
    pub(super) fn rows(&self) -> (Vec<Row<'_, 't>>, Option<&'t Line<'t>>) {
        let mut rows = Vec::new();
        for line in self.lines {
            if is_rule(line.text) {
                continue;
            }
            let row = Row { table: self, letters: line.text.chars().collect() };
            if !row.cell(0).bytes().all(|byte| byte.is_ascii_digit()) {
                return (rows, Some(line));
            }
            rows.push(row);
        }
        (rows, None)
    }
}

impl Row<'_, '_> {
    pub(super) fn cell(&self, column: usize) -> String {
        cell(&self.letters, &self.table.starts, column)
    }
}

fn cell(letters: &[char], starts: &[usize], column: usize) -> String {
    let start = starts.get(column).map_or(letters.len(), |&start| start.min(letters.len()));
    let end = starts.get(column + 1).map_or(letters.len(), |&end| end.min(letters.len()));
    letters[start..end].iter().collect::<String>().trim().to_owned()
}

/// Where words begin that stand at least so many spaces from what is before them.
fn words(text: &str, gap: usize) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut spaces = gap;
    for (i, c) in text.chars().enumerate() {
        if c == ' ' {
            spaces += 1;
            continue;
        }
        if spaces >= gap {
            starts.push(i);
        }
        spaces = 0;
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::{super::lines::lines, *};

    #[test]
    fn cells_stand_under_their_headings_and_may_be_empty() {
        for text in [
            "---------------------------\nid  layer (type)   macc   rom\n-----------------\n0   a (Conv)        1,000  9\n    b (Relu)               8\nend\n",
            "--- -------------- ------- ---\nid  layer (type)      macc rom\n--- -------------- ------- ---\n0   a (Conv)         1,000   9\n    b (Relu)                 8\nend\n",
        ] {
            let lines = lines(text);
            let table = Table::at(&lines, 1).expect("a table");
            let (rows, after) = table.rows();
            let column = table.column("macc").expect("a column");
            let cells: Vec<_> = rows.iter().map(|row| (row.cell(1), row.cell(column), row.cell(column + 1))).collect();
            let row = |name: &str, macs: &str, rom: &str| (name.to_owned(), macs.to_owned(), rom.to_owned());
            assert_eq!(cells, [row("a (Conv)", "1,000", "9"), row("b (Relu)", "", "8")]);
            assert_eq!((table.first(), after.map(|line| line.text)), ("id", Some("end")));
        }
    }
}
