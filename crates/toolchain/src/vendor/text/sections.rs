//! What stands behind the summary: operations, and what the runtime takes.

use automcu_model::Bytes;

use super::{
    super::{Layer, ReportError, number::count, plain},
    lines::Line,
    tables::{Table, is_rule},
};

/// A figure for Flash and one for RAM.
type FlashAndRam = (Option<Bytes>, Option<Bytes>);

#[derive(Default)]
pub(super) struct Sections {
    pub(super) model: Option<String>,
    pub(super) target: Option<String>,
    pub(super) layers: Vec<Layer>,
    /// Of the network as it came in, before the tool's own changes.
    pub(super) macs_of_graph: Option<u64>,
    /// The line where the sizes of linked sections begin.
    pub(super) totals_begin_at: Option<usize>,
    pub(super) weights: Option<Bytes>,
    pub(super) activations: Option<Bytes>,
    pub(super) io: Option<Bytes>,
    pub(super) runtime: FlashAndRam,
    pub(super) totals: FlashAndRam,
    /// The line of a table that does not end.
    open_table: Option<usize>,
    /// The line where the network's operations begin, until they are summed up.
    open_graph: Option<usize>,
    /// The line where the generated code is described, until its complexity is.
    pub(super) open_code: Option<usize>,
    are_totals_whole: bool,
}

/// What describes the generated code.
const CODE: &[&str] = &["Generated C-graph summary", "Number of operations per c-layer"];

/// What stands behind the table of the network's own operations when all of a run is there.
const AFTER_GRAPH: &[&str] = &["Complexity per-layer", "Compilation details"];

impl Sections {
    pub(super) fn of(lines: &[Line]) -> Result<Self, ReportError> {
        let mut sections = Self::default();
        for (i, line) in lines.iter().enumerate() {
            let text = line.text.trim();
            if text.starts_with("Complexity ") {
                sections.open_code = None;
            }
            if let Some(rest) = text.strip_prefix("Model name - ") {
                let name = rest.split(" [").next().unwrap_or(rest);
                sections.model = Some(plain(name));
                sections.open_graph = Some(line.number);
            } else if let Some((_, sums)) = text.split_once(" macc=").filter(|_| sections.macs_of_graph.is_none()) {
                sections.open_graph = None;
                sections.macs_of_graph = macs(sums);
            } else if CODE.iter().any(|heading| text.starts_with(heading)) {
                sections.open_code = Some(line.number);
            } else if is_graph_heading(text) {
                sections.open_graph = Some(line.number);
            } else if text.starts_with("Requested memory size") && sections.totals_begin_at.is_none() {
                sections.totals_begin_at = Some(line.number);
                sections.target = text.split('"').nth(1).map(plain);
                sections.take_totals(&lines[i + 1..])?;
            }
        }
        sections.take_layers(lines)?;
        Ok(sections)
    }

    /// The line of a part that does not end.
    pub(super) fn unclosed(&self) -> Option<usize> {
        let totals = self.totals_begin_at.filter(|_| !self.are_totals_whole);
        self.open_table.or(self.open_graph).or(totals)
    }

    /// The operations of the generated code or, where the report has no table of them, those of the network.
    fn take_layers(&mut self, lines: &[Line]) -> Result<(), ReportError> {
        let headed = |is: fn(&Table) -> bool| {
            let mut tables = (1..lines.len()).filter_map(|i| Table::at(lines, i));
            tables.find(|table| is(table))
        };
        let code = headed(|table| table.first() == "c_id" && table.column("layer_type").is_some());
        let operations = headed(|table| table.first() == "c_id" && table.column("#op").is_some());
        let is_all_there = lines.iter().any(|line| AFTER_GRAPH.iter().any(|end| line.text.trim().starts_with(end)));
        let graph = headed(|table| {
            let has_shapes = table.column("oshape").or(table.column("output shape")).is_some();
            table.column("layer (").is_some() && has_shapes && table.column("macc").is_some()
        });
        let graph = graph.filter(|_| is_all_there);
        let (table, operator, macs) = match (code, operations, graph) {
            (Some(table), ..) => (table, "layer_type", "macc"),
            (None, Some(table), _) => (table, "", "#op"),
            (None, None, Some(table)) => (table, "", "macc"),
            (None, None, None) => return Ok(()),
        };
        let (rows, after) = table.rows();
        if after.is_none() {
            self.open_table = Some(table.number);
        }
        let (name, macs) = (table.column("name").or(table.column("layer (")), table.column(macs));
        let operator = table.column(operator).filter(|_| !operator.is_empty());
        let (Some(name), Some(macs)) = (name, macs) else { return Ok(()) };
        for row in rows.iter().filter(|row| !row.cell(name).is_empty()) {
            let operator = operator.map(|column| row.cell(column));
            let Some(layer) = layer(&row.cell(name), operator, &row.cell(macs), table.number)? else { continue };
            self.layers.push(layer);
        }
        Ok(())
    }

    /// First a table of modules with four kinds of section each, then a table of Flash and RAM.
    fn take_totals(&mut self, lines: &[Line]) -> Result<(), ReportError> {
        let mut is_total = false;
        for line in lines {
            let text = line.text.trim();
            if is_total && is_rule(text) {
                self.are_totals_whole = true;
                return Ok(());
            }
            let label = text.split("  ").next().unwrap_or_default().trim_matches('*');
            let figures = figures(text);
            is_total = label == "TOTAL" && figures.len() == 2;
            match (label, figures.as_slice()) {
                ("weights", &[text, rodata, data, _]) => self.weights = Some(Bytes(text) + Bytes(rodata) + Bytes(data)),
                ("activations", &[_, _, data, bss]) => self.activations = Some(Bytes(data) + Bytes(bss)),
                ("io", &[_, _, data, bss]) => self.io = Some(Bytes(data) + Bytes(bss)),
                ("RT total", &[flash, ram]) => self.runtime = (Some(Bytes(flash)), Some(Bytes(ram))),
                ("TOTAL", &[flash, ram]) => self.totals = (Some(Bytes(flash)), Some(Bytes(ram))),
                ("weights" | "activations" | "io" | "RT total" | "TOTAL", figures) if figures.len() != 4 => {
                    let place = format!("line {}: {label}", line.number);
                    return Err(ReportError::Value { place, value: plain(text) });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The heading of the table of the network's own operations.
fn is_graph_heading(text: &str) -> bool {
    let is_numbered = text.starts_with("id ") || text.starts_with("m_id ");
    is_numbered && text.contains(" layer (") && (text.contains(" oshape ") || text.contains(" output shape "))
}

/// The numbers of a line, without shares.
fn figures(text: &str) -> Vec<u64> {
    text.split_whitespace().filter_map(count).collect()
}

/// `3,184/3,088 -96(-3.0%) weights=...`: the network's own, and what the code does where that is told.
fn macs(sums: &str) -> Option<u64> {
    let word = sums.split_whitespace().next()?;
    count(word.rsplit('/').next()?)
}

/// A row of operations; none for inputs and weights, which are no operations.
fn layer(cell: &str, operator: Option<String>, macs: &str, table: usize) -> Result<Option<Layer>, ReportError> {
    let (name, operator) = match operator {
        Some(operator) => (cell, operator),
        None => {
            let Some((name, rest)) = cell.rsplit_once(" (") else { return Ok(None) };
            (name, rest.split([',', ')']).next().unwrap_or_default().trim().to_owned())
        }
    };
    if matches!(operator.as_str(), "" | "Input" | "Placeholder") {
        return Ok(None);
    }
    let wrong =
        || ReportError::Value { place: format!("line {table}: the table's MACs of {name}"), value: plain(macs) };
    let macs = if macs.is_empty() { None } else { Some(count(macs).ok_or_else(wrong)?) };
    Ok(Some(Layer { name: plain(name), operator: Some(plain(&operator)), macs, weights_bytes: None }))
}
