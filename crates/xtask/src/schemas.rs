//! The JSON Schemas, made from the Rust types.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::say;

type Maker = fn() -> Value;

/// Every schema: its file below `schemas/`, and what makes it.
const SCHEMAS: &[(&str, Maker)] = &[
    ("architecture.json", automcu_model::spec::spec_schema),
    ("architecture.strict.json", automcu_model::spec::strict_spec_schema),
    ("config.json", automcu_settings::settings_schema),
    ("job.json", automcu_api::job_schema),
    ("openapi.json", automcu_api::openapi),
    ("space.json", automcu_search::space_schema),
    ("target-family.json", automcu_target::family_schema),
];

pub(crate) fn run(root: &Path, only_check: bool) -> anyhow::Result<()> {
    let stale = stale_in(root)?;
    if only_check && !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask schemas`", stale.join(", "));
    }
    for (file, make) in SCHEMAS.iter().filter(|(file, _)| stale.iter().any(|stale| stale == file)) {
        let path = root.join("schemas").join(file);
        fs::write(&path, text(make)?).with_context(|| path.display().to_string())?;
        say(&format!("schemas: wrote {file}"));
    }
    say(&format!("schemas: {} are as the types say", SCHEMAS.len()));
    Ok(())
}

/// The files that are not what the types say.
fn stale_in(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut stale = Vec::new();
    for (file, make) in SCHEMAS {
        let stands = fs::read_to_string(root.join("schemas").join(file)).unwrap_or_default();
        if stands != text(make)? {
            stale.push((*file).to_owned());
        }
    }
    Ok(stale)
}

fn text(make: &Maker) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&make())? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[test]
    fn the_schemas_are_as_the_types_say() {
        assert_eq!(
            stale_in(&repository().expect("a workspace")).expect("schemas"),
            [""; 0],
            "run `cargo xtask schemas`"
        );
    }

    #[test]
    fn a_schema_that_was_edited_is_stale() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("schemas")).expect("writable");
        run(root.path(), false).expect("written");
        assert_eq!(stale_in(root.path()).expect("schemas"), [""; 0]);
        fs::write(root.path().join("schemas/architecture.json"), "{}").expect("writable");
        let error = run(root.path(), true).expect_err("stale");
        assert_eq!(error.to_string(), "stale: architecture.json; run `cargo xtask schemas`");
    }
}
