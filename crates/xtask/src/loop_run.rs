//! The whole loop as a newcomer starts it: no job file, no key, no vendor's tool.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::process::Program;

/// What has to be right of the test samples.
const LEAST: f64 = 0.90;

/// Runs `automcu run` in a fresh folder, and says what came of it.
pub(crate) fn table(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let folder = root.join("target/needs/run");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let (state, bundle) = (folder.join("state"), folder.join("bundle"));
    let [state, bundle] = [&state, &bundle].map(|path| path.display().to_string());
    let arguments =
        ["run", "--release", "--locked", "--", "run", "--json", "--state", state.as_str(), "-o", bundle.as_str()];
    let said = Program::cargo(&arguments, minutes).within(root).output()?;
    let mut answers = serde_json::Deserializer::from_str(&said).into_iter::<Value>();
    let answer = answers.next().context("no answer")?.context("no JSON")?;
    let proven = Program::cargo(&["run", "--release", "--locked", "--", "verify", bundle.as_str()], minutes);
    proven.within(root).output().context("the bundle does not hold")?;
    let (job, verified) = (&answer["job"], &answer["winner"]["verification"]);
    let number = |value: &Value| value.as_f64().with_context(|| format!("no number: {value}"));
    let test = number(&verified["test"]["value"])?;
    ensure!(
        test > LEAST,
        "{:.2} % of the test samples, and it is to be more than {:.0} %",
        100.0 * test,
        100.0 * LEAST
    );
    let took = number(&job["changed_ms"])? - number(&job["submitted_ms"])?;
    let footprint = &verified["footprint"];
    let sum =
        |parts: [&str; 3]| parts.iter().filter_map(|part| footprint[format!("{part}_bytes")].as_u64()).sum::<u64>();
    Ok(format!(
        "| ends | after, s | candidates | trainings | test, int8, % | validation, int8, % | RAM, bytes ({provenance}) | Flash, bytes ({provenance}) |\n\
         |---|---|---|---|---|---|---|---|\n\
         | {} | {:.0} | {} | {} | {:.2} | {:.2} | {} | {} |",
        job["cause"].as_str().unwrap_or_default(),
        took / 1e3,
        job["candidates"],
        job["trained"],
        100.0 * test,
        100.0 * number(&verified["metric"]["value"])?,
        sum(["activations", "runtime", "stack"]),
        sum(["weights", "tables", "code"]),
        provenance = footprint["provenance"].as_str().unwrap_or("unknown"),
    ))
}
