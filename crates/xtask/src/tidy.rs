//! What is true of the repository's files as such.

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use crate::{process::Program, repository};

    /// The repository's files; none, and a note, where there is no git.
    fn tracked() -> Vec<String> {
        let root = repository().expect("a workspace");
        let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
        let Some(git) = automcu_needs::need("git") else { return Vec::new() };
        let listed = Program::new(git, &arguments, 1).within(&root).output().expect("git lists its files");
        listed.lines().filter(|file| root.join(file).is_file()).map(ToOwned::to_owned).collect()
    }

    fn text(file: &str) -> String {
        fs::read_to_string(repository().expect("a workspace").join(file)).unwrap_or_default()
    }

    #[test]
    fn the_code_is_formatted() {
        let root = repository().expect("a workspace");
        Program::cargo(&["fmt", "--all", "--check"], 2).within(&root).output().expect("run `cargo fmt --all`");
    }

    #[test]
    fn the_top_level_is_that_of_the_design() {
        for folder in ["agents", "crates", "deploy", "docs", "schemas", "tests"] {
            assert!(repository().expect("a workspace").join(folder).join("README.md").is_file(), "{folder}/README.md");
        }
    }

    #[test]
    fn files_are_short_enough_to_be_read() {
        for file in tracked().iter().filter(|file| file.ends_with(".rs")) {
            let lines = text(file).lines().count();
            assert!(lines <= 600, "{file} has {lines} lines; one room, one purpose");
        }
    }

    #[test]
    fn every_crate_takes_the_workspace_s_lints() {
        for file in tracked().iter().filter(|file| file.ends_with("/Cargo.toml") && !file.starts_with("tests/fuzz/")) {
            assert!(text(file).contains("[lints]\nworkspace = true"), "{file}");
        }
    }

    #[test]
    fn a_panic_takes_no_more_than_its_thread_along() {
        for file in tracked().iter().filter(|file| file.ends_with("Cargo.toml")) {
            let aborts =
                text(file).lines().any(|line| line.trim_start().starts_with("panic") && line.contains("abort"));
            assert!(!aborts, "{file}: agents are restarted after a panic, so no profile may abort");
        }
    }

    #[test]
    fn no_file_names_a_place_on_one_machine() {
        let homes = ["/ro", "/ho"].map(|start| format!("{start}{}", if start == "/ro" { "ot/" } else { "me/" }));
        for file in tracked().iter().filter(|file| !file.ends_with("Cargo.lock")) {
            let text = text(file);
            for home in &homes {
                assert!(!text.contains(home.as_str()), "{file} names {home}");
            }
        }
    }

    #[test]
    fn links_in_documents_lead_somewhere() {
        let root = repository().expect("a workspace");
        for file in tracked().iter().filter(|file| file.ends_with(".md")) {
            let text = text(file);
            for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let target = target.split('#').next().unwrap_or_default();
                if target.is_empty() || target.contains("://") {
                    continue;
                }
                let path = root.join(file).parent().unwrap_or(Path::new("")).join(target);
                assert!(path.exists(), "{file} links to {target}");
            }
        }
    }
}
