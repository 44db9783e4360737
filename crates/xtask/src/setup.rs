//! Sets up what tests need from Debian and PyPI where it may, and says what it could not.

use std::path::{Path, PathBuf};

use anyhow::Context;
use automcu_needs::{Need, Origin, Record, needs};

use crate::{process::Program, say};

/// What came of setting up one need.
pub(crate) struct Outcome {
    pub(crate) need: Need,
    /// Where it is, or why it is not.
    pub(crate) program: Result<PathBuf, String>,
}

/// Makes each need available, if it may, and writes into the record what is there.
pub(crate) fn all(root: &Path, record: &Record, may_install: bool) -> anyhow::Result<Vec<Outcome>> {
    record.clear().with_context(|| record.folder().display().to_string())?;
    let mut debian = Debian { may_install, updated: None };
    let mut outcomes = Vec::new();
    for need in needs()? {
        let program = match &need.origin {
            Origin::Debian { program, packages } => debian.program(program, packages),
            Origin::Python { packages } => python(root, &need.name, packages, &mut debian),
        };
        match &program {
            Ok(program) => {
                record.add(&need.name, program)?;
                say(&format!("needs: {:<18} {}", need.name, program.display()));
            }
            Err(reason) => say(&format!("needs: {:<18} left out: {reason}", need.name)),
        }
        outcomes.push(Outcome { need, program });
    }
    Ok(outcomes)
}

/// Debian's packages.
struct Debian {
    may_install: bool,
    /// Whether the package lists could be fetched; they are once, when first needed.
    updated: Option<Result<(), String>>,
}

impl Debian {
    fn program(&mut self, program: &str, packages: &[String]) -> Result<PathBuf, String> {
        if let Some(found) = on_path(program) {
            return Ok(found);
        }
        self.install(packages)?;
        on_path(program).ok_or_else(|| format!("{} brought no {program}", packages.join(", ")))
    }

    fn install(&mut self, packages: &[String]) -> Result<(), String> {
        if !self.may_install {
            return Err("nothing is to be installed".to_owned());
        }
        let prefix = may_install_packages()?;
        let apt = |arguments: &[&str], minutes| {
            let line: Vec<&str> = prefix.iter().copied().chain(["apt-get"]).chain(arguments.iter().copied()).collect();
            let program = Program::new(line[0], &line[1..], minutes).with("DEBIAN_FRONTEND", "noninteractive");
            program.output().map(drop).map_err(|error| format!("{error:#}"))
        };
        self.updated.get_or_insert_with(|| apt(&["update", "-qq"], 3)).clone()?;
        let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
        arguments.extend(packages.iter().map(String::as_str));
        apt(&arguments, 5)
    }
}

/// What stands before `apt-get` for it to be allowed, if it can be.
fn may_install_packages() -> Result<&'static [&'static str], String> {
    if on_path("apt-get").is_none() {
        return Err("there is no apt-get on this system".to_owned());
    }
    let is_root = Program::new("id", &["-u"], 1).output().is_ok_and(|id| id.trim() == "0");
    if is_root {
        return Ok(&[]);
    }
    match Program::new("sudo", &["-n", "true"], 1).output() {
        Ok(_) => Ok(&["sudo", "-n"]),
        Err(_) => Err("installing it takes root, or sudo without a password".to_owned()),
    }
}

/// A Python of its own with these packages, kept between runs.
fn python(root: &Path, name: &str, packages: &[String], debian: &mut Debian) -> Result<PathBuf, String> {
    let folder = root.join("target/needs/python").join(name);
    let program = folder.join("bin/python");
    let installed = folder.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&installed).is_ok_and(|has| has == wanted) && program.is_file() {
        return Ok(program);
    }
    if !debian.may_install {
        return Err("nothing is to be installed".to_owned());
    }
    make_environment(&folder, debian)?;
    let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(packages.iter().map(String::as_str));
    Program::new(&program, &arguments, 10).output().map_err(|error| format!("{error:#}"))?;
    std::fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(program)
}

fn make_environment(folder: &Path, debian: &mut Debian) -> Result<(), String> {
    debian.program("python3", &["python3".to_owned()])?;
    let make = || {
        let folder = folder.to_string_lossy();
        Program::new("python3", &["-m", "venv", "--clear", &folder], 3).output()
    };
    if make().is_ok() {
        return Ok(());
    }
    // Debian's Python comes without the part that makes environments.
    debian.install(&["python3-venv".to_owned()])?;
    make().map(drop).map_err(|error| format!("{error:#}"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where programs lie is for the environment to say")]
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
