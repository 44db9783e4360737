//! Pure crates name no file, socket, process, clock, thread or environment.

use std::{fs, path::Path};

use anyhow::Context;
use syn::{UseTree, visit::Visit};

/// Crates that do no I/O, read no clock and draw no unseeded random number, with all that they may depend on.
pub(crate) const PURE: &[(&str, &[&str])] = &[
    ("model", &["blake3", "schemars", "serde", "serde_json", "smallvec", "strsim", "thiserror"]),
    ("target", &["schemars", "serde", "serde_json", "strsim", "thiserror", "toml"]),
    ("search", &["schemars", "serde", "serde_json", "serde_path_to_error", "thiserror", "toml"]),
    ("convert", &["serde", "serde_json", "thiserror"]),
    ("report", &["serde", "serde_json", "thiserror"]),
];

/// Paths that a pure crate's sources may not name, nor anything below them.
const IMPURE_PATHS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "Instant::now",
    "SystemTime::now",
    "rand::rng",
];

/// Macros and methods that reach out without naming a path.
const IMPURE_NAMES: &[&str] = &[
    "print",
    "println",
    "eprint",
    "eprintln",
    "exists",
    "try_exists",
    "is_file",
    "is_dir",
    "read_dir",
    "metadata",
    "canonicalize",
    "from_os_rng",
    "from_entropy",
    "thread_rng",
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
            let impure = impure_names(&text).with_context(|| shown.clone())?;
            found.extend(impure.into_iter().map(|name| format!("{shown}: a pure crate names {name}")));
        }
    }
    Ok(())
}

/// What a source names that it may not.
fn impure_names(source: &str) -> anyhow::Result<Vec<String>> {
    let mut names = Names::default();
    names.visit_file(&syn::parse_file(source)?);
    let below =
        |path: &str, root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let is_impure = |path: &&String| IMPURE_PATHS.iter().any(|root| below(path, root));
    let mut impure: Vec<String> = names.paths.iter().filter(is_impure).cloned().collect();
    impure.extend(names.words.into_iter().filter(|word| IMPURE_NAMES.contains(&word.as_str())));
    Ok(impure)
}

/// All paths, macros and methods of a source.
#[derive(Default)]
struct Names {
    paths: Vec<String>,
    words: Vec<String>,
}

impl Names {
    fn import(&mut self, before: &str, tree: &UseTree) {
        let join = |name: &dyn ToString| {
            if before.is_empty() { name.to_string() } else { format!("{before}::{}", name.to_string()) }
        };
        match tree {
            UseTree::Path(path) => self.import(&join(&path.ident), &path.tree),
            UseTree::Name(name) => self.paths.push(join(&name.ident)),
            UseTree::Rename(rename) => self.paths.push(join(&rename.ident)),
            UseTree::Glob(_) => self.paths.push(before.to_owned()),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.import(before, item)),
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push(segments.join("::"));
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.words.extend(call.path.segments.last().map(|segment| segment.ident.to_string()));
        syn::visit::visit_macro(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.words.push(call.method.to_string());
        syn::visit::visit_expr_method_call(self, call);
    }
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
        let source = "use std::{collections::HashMap, fs::{self, File}};\nuse std::time as t;\n// std::net in a comment\n\
            fn f(path: &std::path::Path) { std::thread::yield_now(); path.exists(); println!(\"\"); let now = \"std::env\"; }\n";
        fs::write(sources.join("random.rs"), source).expect("writable");
        let found = violations_in(root.path()).expect("readable");
        let names: Vec<&str> = found.iter().filter_map(|line| line.split(" names ").nth(1)).collect();
        assert_eq!(
            names,
            ["std::fs::self", "std::fs::File", "std::time", "std::thread::yield_now", "exists", "println"]
        );
        assert!(found[0].starts_with("crates/search/src/strategies/random.rs: "), "{}", found[0]);
    }
}
