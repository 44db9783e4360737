//! The systemd unit as systemd itself reads it: whether it is in order, and how much it leaves open.

use std::{fs, path::Path};

use anyhow::Context;

use crate::process::Program;

const UNITS: [&str; 2] = ["automcu.service", "automcu.socket"];
/// What the service starts, and what is there in its stead where it is not installed.
const PROGRAM: (&str, &str) = ("/usr/bin/automcu", "/bin/true");
/// The most that the service may leave open: 3 of 10, in tenths.
const THRESHOLD: &str = "--threshold=30";

/// Has systemd read copies of the units, and says what it says of them.
pub(crate) fn table(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let folder = root.join("target/needs/units");
    fs::create_dir_all(&folder)?;
    for unit in UNITS {
        let path = root.join("deploy/systemd").join(unit);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(folder.join(unit), text.replace(PROGRAM.0, PROGRAM.1))?;
    }
    let analyze = |arguments: &[&str]| {
        let arguments = [&arguments[..1], &["--man=no"], &arguments[1..]].concat();
        Program::new("systemd-analyze", &arguments, minutes).within(&folder).output()
    };
    let version = analyze(&["--version"])?;
    let said = analyze(&["verify", UNITS[0], UNITS[1]])?;
    anyhow::ensure!(said.trim().is_empty(), "systemd-analyze verify says: {said}");
    let said = analyze(&["security", "--offline=true", THRESHOLD, UNITS[0]])?;
    let exposure = said.split("exposure level for automcu.service: ").nth(1).context("no exposure")?;
    let exposure = exposure.split_whitespace().next().unwrap_or("unknown");
    let open =
        said.lines().filter(|line| line.starts_with('\u{2717}')).filter_map(|line| line.split_whitespace().nth(1));
    // A bar would end the cell.
    let open: Vec<String> = open.map(|check| format!("`{}`", check.replace('|', " or "))).collect();
    Ok(format!(
        "{}\n\n| unit | verified | exposure, of 10 | left open |\n|---|---|---|---|\n| automcu.service | yes | {exposure} | {} |\n\
         | automcu.socket | yes | | |",
        version.lines().next().unwrap_or_default(),
        open.join(", "),
    ))
}
