//! Pure crates name no file, socket, process, clock, thread or environment.

use std::{fs, path::Path};

use anyhow::Context;

/// Crates that do no I/O, read no clock and draw no unseeded random number, with all that they may depend on.
pub(crate) const PURE: &[(&str, &[&str])] = &[
    ("model", &["blake3", "schemars", "serde", "serde_json", "smallvec", "strsim", "thiserror"]),
    ("target", &["schemars", "serde", "serde_json", "strsim", "thiserror", "toml"]),
    ("search", &["serde", "serde_json", "thiserror"]),
    ("convert", &["serde", "serde_json", "thiserror"]),
    ("report", &["serde", "serde_json", "thiserror"]),
];

/// What a pure crate's sources may not name.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time",
    "SystemTime",
    "Instant::now",
    "stdin()",
    "stdout()",
    "stderr()",
    "println!",
    "eprintln!",
    "thread_rng",
    "from_os_rng",
    "from_entropy",
];

/// What the pure crates below `root` name that they may not.
pub(crate) fn violations_in(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, _) in PURE {
        let sources = root.join("crates").join(name).join("src");
        if sources.is_dir() {
            visit(&sources, root, &mut found)?;
        }
    }
    Ok(found)
}

fn visit(folder: &Path, root: &Path, found: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            visit(&path, root, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.extend(impure_lines(&text).map(|(line, word)| format!("{shown}:{line}: a pure crate names {word}")));
        }
    }
    Ok(())
}

/// Lines of code, counted from 1, with the word that they may not have.
fn impure_lines(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    let code = text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with("//"));
    code.filter_map(|(line, number)| IMPURE.iter().find(|word| line.contains(**word)).map(|word| (number, *word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[test]
    fn pure_crates_are_pure() {
        assert_eq!(violations_in(&repository().expect("a workspace")).expect("readable"), [""; 0]);
    }

    #[test]
    fn a_pure_crate_that_reads_a_file_is_caught() {
        let root = tempfile::tempdir().expect("a folder");
        let sources = root.path().join("crates/search/src/strategies");
        fs::create_dir_all(&sources).expect("writable");
        fs::write(sources.join("random.rs"), "// std::fs in a comment\nfn f() {\n    std::fs::read(\"x\");\n}\n")
            .expect("writable");
        let found = violations_in(root.path()).expect("readable");
        assert_eq!(found, ["crates/search/src/strategies/random.rs:3: a pure crate names std::fs"]);
    }
}
