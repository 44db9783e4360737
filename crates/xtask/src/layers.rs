//! Who may know whom, held against `cargo metadata`.

use std::{collections::BTreeMap, path::Path};

use anyhow::bail;
use cargo_metadata::{Dependency, Metadata, MetadataCommand, Package};

use crate::{
    purity::{self, PURE},
    say,
};

/// What is in a crate's name before its folder.
const PREFIX: &str = "automcu-";
/// The program, named after the project.
const PROGRAM: &str = "automcu";

/// Each crate with those of ours that it may know. A crate that is not here may not be.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("target", &["model"]),
    ("contract", &["model", "target"]),
    ("api", &[]),
    ("settings", &["api"]),
    ("dataset", &["model"]),
    ("convert", &["model", "target"]),
    ("search", &["convert", "target", "model"]),
    ("artifacts", &["model"]),
    ("history", &["model", "target", "contract"]),
    ("process", &[]),
    ("trainer", &["model", "dataset", "artifacts"]),
    ("workers", &["process", "trainer", "model"]),
    ("trainer-burn", &["trainer", "model", "dataset"]),
    ("toolchain", &["process", "artifacts", "convert", "target", "model"]),
    ("llm", &["model"]),
    ("report", &["model", "target"]),
    ("words", &["api", "model"]),
    ("supervisor", &["contract", "history", "artifacts", "model", "target"]),
    ("proposal", &["contract", "search", "llm", "artifacts", "target", "model"]),
    ("training", &["contract", "artifacts", "model", "trainer", "workers"]),
    (
        "evaluation",
        &["contract", "artifacts", "convert", "deployment", "toolchain", "target", "model", "dataset", "trainer"],
    ),
    // From what was trained to what ships: the verbs and the Evaluation agent go the same way.
    ("deployment", &["convert", "dataset", "trainer", "model"]),
    (
        "daemon",
        &[
            "supervisor",
            "proposal",
            "training",
            "evaluation",
            "api",
            "contract",
            "target",
            "history",
            "artifacts",
            "toolchain",
            "workers",
            "words",
            "dataset",
            "trainer",
            "search",
            "llm",
            "report",
            "model",
        ],
    ),
    // The verbs that work without a daemon know what they work with.
    (
        PROGRAM,
        &[
            "api",
            "settings",
            "search",
            "daemon",
            "deployment",
            "words",
            "trainer",
            "workers",
            "artifacts",
            "process",
            "convert",
            "search",
            "toolchain",
            "dataset",
            "target",
            "model",
        ],
    ),
    ("needs", &[]),
    ("fakes", &["convert", "model", "process", "target", "toolchain"]),
    (
        "xtask",
        &["needs", "target", "model", "api", "settings", "contract", "convert", "search", "history", "llm", "report"],
    ),
];

/// Crates that see everything, because they test the whole.
const SEES_ALL: &[&str] = &["tests"];

/// Crates with a state of their own that nobody else may reach into.
const AGENTS: &[&str] = &["supervisor", "proposal", "training", "evaluation"];

/// Each secret with the crates that may keep it.
const HOMES: &[(&str, &[&str])] = &[
    ("actix", &["contract", "supervisor", "proposal", "training", "evaluation", "daemon"]),
    ("actix-web", &["daemon"]),
    ("actix-rt", &["daemon"]),
    ("async-openai", &["llm"]),
    ("burn", &["trainer-burn"]),
    ("burn-*", &["trainer-burn"]),
    ("clap", &[PROGRAM, "trainer-burn", "xtask"]),
    ("clap_*", &[PROGRAM]),
    ("hyper", &["api"]),
    ("hyper-util", &["api"]),
    ("sled", &["history"]),
    ("ureq", &[PROGRAM]),
    ("wgpu", &["trainer-burn"]),
];

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut violations = violations_in(root)?;
    violations.extend(purity::violations_in(root)?);
    if violations.is_empty() {
        say("layers: nobody knows what it may not");
        return Ok(());
    }
    for violation in &violations {
        say(violation);
    }
    bail!("{} violations of the layer rules (crates/xtask/src/layers.rs)", violations.len());
}

/// What the workspace in this folder has that it may not have.
pub(crate) fn violations_in(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .cargo_path(env!("CARGO"))
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()?;
    Ok(violations(&metadata))
}

fn violations(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let folders: BTreeMap<&str, &str> =
        packages.iter().map(|package| (package.name.as_str(), folder(package))).collect();
    let mut found = Vec::new();
    for package in packages {
        found.extend(misnamed(package));
        found.extend(unhoused(folder(package)));
        for dependency in &package.dependencies {
            match folders.get(dependency.name.as_str()) {
                Some(known) => found.extend(forbidden(folder(package), known)),
                None => found.extend(away_from_home(folder(package), dependency)),
            }
        }
    }
    found
}

/// The folder that the manifest stands in.
fn folder(package: &Package) -> &str {
    package.manifest_path.parent().and_then(|folder| folder.file_name()).unwrap_or_default()
}

fn misnamed(package: &Package) -> Option<String> {
    let (name, folder) = (package.name.as_str(), folder(package));
    let right = if folder == PROGRAM { PROGRAM.to_owned() } else { format!("{PREFIX}{folder}") };
    (name != right).then(|| format!("{folder}: the package is called {name}; call it {right}"))
}

fn unhoused(folder: &str) -> Option<String> {
    let known = SEES_ALL.contains(&folder) || MAY_KNOW.iter().any(|(name, _)| *name == folder);
    (!known).then(|| format!("{folder}: has no place in the house; say in MAY_KNOW whom it may know"))
}

fn forbidden(from: &str, to: &str) -> Option<String> {
    if AGENTS.contains(&from) && AGENTS.contains(&to) {
        return Some(format!("{from}: knows {to}, but agents know each other through `contract` only"));
    }
    let allowed = MAY_KNOW.iter().find(|(name, _)| *name == from).is_none_or(|(_, known)| known.contains(&to));
    (!allowed).then(|| format!("{from}: may not know {to}"))
}

fn away_from_home(from: &str, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if let Some((_, allowed)) = PURE.iter().find(|(crate_, _)| *crate_ == from)
        && dependency.kind != cargo_metadata::DependencyKind::Development
        && !allowed.contains(&name)
    {
        return Some(format!("{from}: is pure and may not depend on {name}"));
    }
    let is = |pattern: &str| pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start));
    let (_, homes) = HOMES.iter().find(|(pattern, _)| is(pattern))?;
    let at_home = SEES_ALL.contains(&from) || homes.contains(&from);
    (!at_home).then(|| format!("{from}: may not depend on {name}; its home is {}", homes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;
    use std::fs;

    #[test]
    fn nobody_in_this_workspace_knows_what_it_may_not() {
        assert_eq!(violations_in(&repository().expect("a workspace")).expect("metadata"), [""; 0]);
    }

    /// A workspace with these crates, each with its `[dependencies]`.
    fn violations_of(crates: &[(&str, &str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"*/*\"]\n")
            .expect("writable");
        for (folder, name, dependencies) in crates {
            let at = root.path().join(folder);
            fs::create_dir_all(at.join("src")).expect("writable");
            fs::write(at.join("src/lib.rs"), "").expect("writable");
            let manifest =
                format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{dependencies}\n");
            fs::write(at.join("Cargo.toml"), manifest).expect("writable");
        }
        violations_in(root.path()).expect("metadata")
    }

    #[test]
    fn a_manifest_that_breaks_a_rule_is_caught() {
        let model = ("crates/model", "automcu-model", "");
        let history = ("crates/history", "automcu-history", "[dependencies]\nsled = \"0.34\"");
        let training = ("agents/training", "automcu-training", "");
        for (guilty, said) in [
            (
                ("agents/supervisor", "automcu-supervisor", "[dependencies]\nautomcu-training.path = \"../training\""),
                "supervisor: knows training, but agents know each other through `contract` only",
            ),
            (
                ("crates/api", "automcu-api", "[dependencies]\nautomcu-model.path = \"../model\""),
                "api: may not know model",
            ),
            (
                ("crates/target", "automcu-target", "[dev-dependencies]\nautomcu-history.path = \"../history\""),
                "target: may not know history",
            ),
            (
                ("crates/daemon", "automcu-daemon", "[dependencies]\nsled = \"0.34\""),
                "daemon: may not depend on sled; its home is history",
            ),
            (
                ("crates/trainer", "automcu-trainer", "[build-dependencies]\nburn-wgpu = \"0.22\""),
                "trainer: may not depend on burn-wgpu; its home is trainer-burn",
            ),
            (
                (
                    "crates/dataset",
                    "automcu-dataset",
                    "[dependencies]\nactors = { package = \"actix\", version = \"0.13\" }",
                ),
                "dataset: may not depend on actix; its home is contract, supervisor, proposal, training, evaluation, daemon",
            ),
            (
                ("crates/convert", "automcu-convert", "[dependencies]\nrand = \"0.9\""),
                "convert: is pure and may not depend on rand",
            ),
            (
                ("crates/utils", "automcu-utils", ""),
                "utils: has no place in the house; say in MAY_KNOW whom it may know",
            ),
            (("crates/llm", "llm", ""), "llm: the package is called llm; call it automcu-llm"),
        ] {
            assert_eq!(violations_of(&[model, history, training, guilty]), [said]);
        }
        assert_eq!(violations_of(&[model, history, training]), [""; 0]);
    }

    #[test]
    fn the_table_lets_no_agent_know_another_and_has_no_cycle() {
        for agent in AGENTS {
            let (_, known) = MAY_KNOW.iter().find(|(name, _)| name == agent).expect("every agent is in the table");
            assert!(known.iter().all(|other| !AGENTS.contains(other)), "{agent}");
        }
        fn depth(name: &str, left: usize) -> usize {
            assert!(left > 0, "a cycle through {name}");
            let known = MAY_KNOW.iter().find(|(from, _)| *from == name).map_or(&[][..], |(_, known)| known);
            1 + known.iter().map(|to| depth(to, left - 1)).max().unwrap_or(0)
        }
        for (name, _) in MAY_KNOW {
            depth(name, MAY_KNOW.len());
        }
    }
}
