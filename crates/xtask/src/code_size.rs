//! Fits what the instructions of emitted code take to linked images, writes the figures where `automcu-convert` has them, and
//! says how far they are off.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, bail};
use automcu_convert::{FUNCTION_TRAITS, Function, REST_TRAITS};

/// Where the figures are kept.
const FITTED: &str = "crates/convert/src/size/fitted.rs";
/// What keeps a trait that was seldom seen from growing without reason.
const RIDGE: f64 = 1.0;
/// Figures are judged by networks that they were not fitted to: one part in so many at a time.
const FOLDS: usize = 5;

/// One function, or the rest of one network's code.
struct Seen {
    /// The network's place.
    network: usize,
    bytes: f64,
    traits: Vec<f64>,
}

/// What was seen on one core, by the word for what it is.
type OfCore = BTreeMap<String, Vec<Seen>>;

/// Reads what the test printed, fits, writes the figures, and gives the table.
pub(crate) fn fitted(root: &Path, said: &str) -> anyhow::Result<String> {
    let cores = read(said)?;
    if cores.is_empty() {
        bail!("no compiler for microcontrollers is there");
    }
    let mut rust = "//! Bytes of each trait by core. Written by `cargo xtask nightly code-size`.\n\n\
                    use automcu_target::Core;\n\nuse super::Fitted;\n\n\
                    pub(super) const fn of(core: Core) -> Option<&'static Fitted> {\n    match core {\n"
        .to_owned();
    let mut tables = String::new();
    let mut rows = vec![
        "| core | networks | bytes of code, on average | off on average | 19 of 20 are within | at most |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for (core, seen) in &cores {
        let (variant, name) = (variant(core)?, core.to_ascii_uppercase().replace('-', "_"));
        let _ = writeln!(rust, "        Core::{variant} => Some(&{name}),");
        let kinds = Function::ALL.map(|kind| format!("{kind:?}"));
        let fits: Vec<Vec<f64>> = kinds.iter().map(|kind| fit(of(seen, kind), FUNCTION_TRAITS)).collect();
        let rest = fit(of(seen, "Rest"), REST_TRAITS);
        let _ = write!(
            tables,
            "\nconst {name}: Fitted = Fitted {{\n    functions: [\n{}    ],\n    rest: {},\n}};\n",
            fits.iter().map(|numbers| format!("        {},\n", list(numbers))).collect::<String>(),
            list(&rest)
        );
        rows.push(format!("| {core} | {}", errors(seen)));
    }
    rust += "        _ => None,\n    }\n}\n";
    fs::write(root.join(FITTED), rust + &tables).with_context(|| FITTED.to_owned())?;
    Ok(rows.join("\n"))
}

fn of<'s>(seen: &'s OfCore, kind: &str) -> &'s [Seen] {
    seen.get(kind).map_or(&[], Vec::as_slice)
}

fn variant(core: &str) -> anyhow::Result<&'static str> {
    Ok(match core {
        "cortex-m0plus" => "CortexM0Plus",
        "cortex-m3" => "CortexM3",
        "cortex-m4" => "CortexM4",
        "cortex-m7" => "CortexM7",
        "cortex-m33" => "CortexM33",
        "cortex-m55" => "CortexM55",
        "rv32imc" => "Rv32imc",
        other => bail!("the test names the core {other}, which is not known here"),
    })
}

/// `function: cortex-m4 Words 652 1,0,...` and `rest: cortex-m4 Rest 1380 ...`, network after network.
fn read(said: &str) -> anyhow::Result<BTreeMap<String, OfCore>> {
    let mut cores: BTreeMap<String, OfCore> = BTreeMap::new();
    let mut networks: BTreeMap<String, usize> = BTreeMap::new();
    let lines = said.lines().filter_map(|line| line.strip_prefix("function: ").or_else(|| line.strip_prefix("rest: ")));
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [core, kind, bytes, traits] = words[..] else { bail!("the test says {line:?}") };
        let traits = traits.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let network = networks.entry(core.to_owned()).or_default();
        let seen = Seen { network: *network, bytes: bytes.parse()?, traits };
        // The rest comes last of a network.
        *network += usize::from(kind == "Rest");
        cores.entry(core.to_owned()).or_default().entry(kind.to_owned()).or_default().push(seen);
    }
    Ok(cores)
}

/// How far the sum over a network is off where its figures were fitted to others.
fn errors(seen: &OfCore) -> String {
    let mut off: BTreeMap<usize, f64> = BTreeMap::new();
    let mut all: BTreeMap<usize, f64> = BTreeMap::new();
    for (kind, rows) in seen {
        let count = if kind == "Rest" { REST_TRAITS } else { FUNCTION_TRAITS };
        for fold in 0..FOLDS {
            let (inside, outside): (Vec<&Seen>, Vec<&Seen>) = rows.iter().partition(|row| row.network % FOLDS != fold);
            let figures = fit(inside, count);
            for row in outside {
                *off.entry(row.network).or_default() += dot(&figures, &row.traits) - row.bytes;
                *all.entry(row.network).or_default() += row.bytes;
            }
        }
    }
    let mut sizes: Vec<f64> = off.values().map(|bytes| bytes.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "an average")]
    let mean = |sum: f64| sum / sizes.len().max(1) as f64;
    let at =
        |share: usize| sizes.get((sizes.len() * share / 20).min(sizes.len().saturating_sub(1))).copied().unwrap_or(0.0);
    format!(
        "{} | {:.0} | {:.0} | {:.0} | {:.0} |",
        sizes.len(),
        mean(all.values().sum()),
        mean(sizes.iter().sum()),
        at(19),
        at(20)
    )
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Least squares with a ridge, by elimination: the matrix is symmetric and positive.
fn fit<'s>(rows: impl IntoIterator<Item = &'s Seen>, count: usize) -> Vec<f64> {
    let mut matrix = vec![vec![0.0; count + 1]; count];
    for row in rows {
        for (i, line) in matrix.iter_mut().enumerate() {
            let own = row.traits.get(i).copied().unwrap_or(0.0);
            line.iter_mut().zip(&row.traits).for_each(|(sum, other)| *sum += own * other);
            line[count] += own * row.bytes;
        }
    }
    for (i, line) in matrix.iter_mut().enumerate() {
        line[i] += RIDGE;
    }
    for i in 0..count {
        let line = matrix[i].clone();
        for other in matrix.iter_mut().skip(i + 1) {
            let factor = other[i] / line[i];
            other.iter_mut().zip(&line).for_each(|(a, b)| *a -= factor * b);
        }
    }
    let mut found = vec![0.0; count];
    for i in (0..count).rev() {
        let known: f64 = (i + 1..count).map(|j| matrix[i][j] * found[j]).sum();
        found[i] = (matrix[i][count] - known) / matrix[i][i];
    }
    found
}

/// Tenths of bytes are more than enough.
fn list(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| format!("{:.1}", number + 0.0)).collect();
    format!("[{}]", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_sum_of_traits_is_found_again() {
        let rows: Vec<Seen> = (0..1000)
            .map(|network| {
                let traits = vec![1.0, f64::from(network % 2), f64::from(network % 5)];
                Seen { network: 0, bytes: 200.0 + 30.0 * traits[1] + 7.0 * traits[2], traits }
            })
            .collect();
        let found = fit(&rows, 3);
        for (found, wanted) in found.iter().zip([200.0, 30.0, 7.0]) {
            assert!((found - wanted).abs() < 0.1 * wanted, "{found} {wanted}");
        }
    }

    #[test]
    fn lines_of_the_test_are_read() {
        let said =
            "noise\nfunction: cortex-m4 Words 652 1,0\nrest: cortex-m4 Rest 90 1,2\nrest: cortex-m4 Rest 95 1,3\n";
        let cores = read(said).expect("read");
        let rest = &cores["cortex-m4"]["Rest"];
        assert_eq!(rest.iter().map(|seen| (seen.network, seen.bytes)).collect::<Vec<_>>(), [(0, 90.0), (1, 95.0)]);
        assert!(read("rest: cortex-m4 Rest x 1\n").is_err());
    }
}
