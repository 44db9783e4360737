//! The latency model fitted anew to the published runs: its table, and the file that the program reads.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;
use automcu_target::latency::{Committed, Fit, GROUPINGS, Grouping, Kind, LeftOut, Runs, Sample, chosen, pairs};

/// The file that the program reads.
const FIT: &str = "crates/target/latency/fit.toml";

/// Fits anew, writes the file and gives the tables.
pub(crate) fn table(root: &Path, _minutes: u64) -> anyhow::Result<String> {
    let path = root.join(FIT);
    let samples = Runs::published().samples();
    fs::write(&path, Committed::of(&samples).to_toml()).with_context(|| path.display().to_string())?;
    Ok(tables(Runs::published()))
}

/// All that is to be known of the fit.
fn tables(runs: &Runs) -> String {
    let samples = runs.samples();
    let (fit, grouping) = (Committed::of(&samples), chosen(&samples));
    let left = LeftOut::of(&samples, grouping);
    let others = others(runs, &Fit::of(&samples, grouping));
    let all =
        [coefficients(&fit), cores(&fit, &samples, &left), groupings(&samples, grouping), families(&left), others];
    all.join("\n\n")
}

fn coefficients(fit: &Committed) -> String {
    let row = |kind: &Kind| format!("| {} | {:.2} |", words(*kind), fit.cycles[kind]);
    let rows: Vec<String> = Kind::ALL.iter().filter(|kind| fit.cycles[*kind] > 0.0).map(row).collect();
    format!("| multiply-accumulates of | cycles for one, on cortex-m7 |\n|---|---|\n{}", rows.join("\n"))
}

const fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Convolution => "convolutions",
        Kind::FirstConvolution => "convolutions of at most 4 input channels",
        Kind::LineConvolution => "convolutions with a kernel of one row or column",
        Kind::Pointwise => "1x1 convolutions",
        Kind::Depthwise => "depthwise convolutions",
        Kind::Dense => "dense layers",
        Kind::Outputs => "values written",
    }
}

fn cores(fit: &Committed, samples: &[Sample], left: &LeftOut<'_>) -> String {
    let row = |name: &str| {
        let here = left.only(|sample| sample.core.name() == name);
        let core = fit.cores[name];
        let boards: BTreeSet<&str> = here.0.iter().map(|(sample, _)| sample.board.as_str()).collect();
        let factor = here.0.first().map_or_else(String::new, |(sample, _)| {
            let pairs = pairs(samples, sample.core);
            let ends = (pairs.iter().copied().fold(f64::INFINITY, f64::min), pairs.iter().copied().fold(0.0, f64::max));
            format!("{:.2} ({:.2} to {:.2} in {} pairs)", core.factor, ends.0, ends.1, pairs.len())
        });
        let factor = if core.factor == 1.0 { "1".to_owned() } else { factor };
        let boards = boards.into_iter().collect::<Vec<_>>().join(", ");
        format!("| {name} | {boards} | {} | {} | {factor} | {} |", core.runs, core.networks, errors(&here))
    };
    let rows: Vec<String> = fit.cores.keys().map(|name| row(name)).collect();
    let whole = format!("| all | | {} | {} | | {} |", fit.runs, fit.networks, errors(left));
    let plain = left.only(|sample| !sample.work.has_lines());
    let networks: BTreeSet<&str> = plain.0.iter().map(|(sample, _)| sample.network.as_str()).collect();
    let plain = format!(
        "| all, without kernels of one row or column | | {} | {} | | {} |",
        plain.0.len(),
        networks.len(),
        errors(&plain)
    );
    format!(
        "| core | boards | runs | networks | times the cycles of cortex-m7 | typical error | measured over fitted |\n\
         |---|---|---|---|---|---|---|\n{}\n{whole}\n{plain}",
        rows.join("\n")
    )
}

/// Two cells: the typical error and the extremes, of families that were left out.
fn errors(left: &LeftOut<'_>) -> String {
    let (low, high) = left.extremes();
    format!("{:.1} % | {low:.2} to {high:.2}", 100.0 * left.typical())
}

fn groupings(samples: &[Sample], used: &Grouping) -> String {
    let row = |grouping: &Grouping| {
        let mark = if grouping.name == used.name { "**" } else { "" };
        let errors = errors(&LeftOut::of(samples, grouping));
        format!("| {mark}{}{mark} | {} | {errors} |", grouping.name, grouping.groups.len())
    };
    let rows: Vec<String> = GROUPINGS.iter().map(row).collect();
    let head = "| what shares a coefficient | coefficients | typical error | measured over fitted |\n|---|---|---|---|";
    format!("{head}\n{}", rows.join("\n"))
}

fn families(left: &LeftOut<'_>) -> String {
    let each: BTreeSet<(&str, &str)> =
        left.0.iter().map(|(sample, _)| (sample.family.as_str(), sample.core.name())).collect();
    let row = |(family, core): (&str, &str)| {
        let here = left.only(|sample| sample.family == family && sample.core.name() == core);
        let (low, high) = here.extremes();
        format!("| {family} | {core} | {} | {low:.2} to {high:.2} |", here.0.len())
    };
    let rows: Vec<String> = each.into_iter().map(row).collect();
    format!("| family, left out | core | runs | measured over fitted |\n|---|---|---|---|\n{}", rows.join("\n"))
}

/// Runs under another runtime, beside what is fitted to ST's.
fn others(runs: &Runs, fit: &Fit) -> String {
    let row = |sample: &Sample| {
        let ratio = sample.cycles / fit.cycles(&sample.work, sample.core).unwrap_or(f64::NAN);
        let tool = runs.sources.get(&sample.source).map_or("unknown", |source| &source.tool);
        let Sample { network, board, cycles, .. } = sample;
        format!("| {network} | {board} | {tool} | {:.1} | {ratio:.2} |", cycles / 1e6)
    };
    let rows: Vec<String> = runs.others().iter().map(row).collect();
    let head =
        "| network | board | other runtime | million cycles | measured over fitted to ST's |\n|---|---|---|---|---|";
    format!("{head}\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    fn document(path: &str) -> String {
        fs::read_to_string(repository().expect("a workspace").join(path)).expect(path)
    }

    #[test]
    fn the_committed_table_is_the_one_that_the_runs_give() {
        let committed = document("docs/nightly/latency.md");
        let tables = tables(Runs::published());
        assert!(committed.ends_with(&format!("{tables}\n")), "print it anew by `cargo xtask nightly latency`");
    }

    #[test]
    fn the_document_states_the_errors_that_were_found() {
        let (text, fit) = (document("docs/LATENCY.md"), Committed::built_in());
        for stated in [
            format!("{} runs of {} networks in {} families", fit.runs, fit.networks, fit.all.families),
            format!("{} to {} times the fitted value", fit.without_lines.low, fit.without_lines.high),
            format!("{} to {} times", fit.all.low, fit.all.high),
            format!("{} %", fit.all.typical_percent),
        ] {
            assert!(text.contains(&stated), "docs/LATENCY.md does not say {stated:?}");
        }
    }
}
