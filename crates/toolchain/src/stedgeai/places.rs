//! Where the tool lies: what was configured, what the environment says, and where installers put it.

use std::{
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What there is to go by. The environment is read by whoever starts the search, not here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// What the user configured: the program, or the folder that it is installed in. Nothing else counts then.
    pub configured: Option<PathBuf>,
    /// `STEDGEAI_CORE_DIR`: the folder that it is installed in.
    pub core_dir: Option<PathBuf>,
    /// `STM32_AI_EXE`: the program.
    pub stm32_ai_exe: Option<PathBuf>,
    /// `STM_AI_EXE`: the program.
    pub stm_ai_exe: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// The user's home, below which installers put it.
    pub home: Option<PathBuf>,
}

/// The program, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub program: PathBuf,
    /// How it was found.
    pub by: FoundBy,
}

/// How the program was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// It was configured.
    Configured,
    /// By a variable of the environment.
    Variable(&'static str),
    /// In a folder of `PATH`.
    Path,
    /// Where X-CUBE-AI unpacks it.
    Pack,
    /// Where the installer of ST Edge AI Core puts it.
    Installed,
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("as configured"),
            Self::Variable(name) => write!(f, "by {name}"),
            Self::Path => f.write_str("in PATH"),
            Self::Pack => f.write_str("in a pack of X-CUBE-AI"),
            Self::Installed => f.write_str("where ST Edge AI Core is installed"),
        }
    }
}

/// There is no program; these places were looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no stedgeai and no stm32ai; looked at {}", places(looked_at))]
pub struct NotFound {
    /// Each file or folder with what is wrong with it.
    pub looked_at: Vec<String>,
}

fn places(looked_at: &[String]) -> String {
    if looked_at.is_empty() { "nothing, as nothing says where it may be".to_owned() } else { looked_at.join(", ") }
}

/// The program by the names that it has had, the newest first.
const NAMES: [&str; 2] = ["stedgeai", "stm32ai"];
/// Below the home: packs of X-CUBE-AI, each in a folder called by its version.
const PACKS: &str = "STM32Cube/Repository/Packs/STMicroelectronics/X-CUBE-AI";
/// Below the home: ST Edge AI Core, likewise.
const INSTALLED: [&str; 3] = ["ST/STEdgeAI", "st/stedgeai", "opt/stedgeai"];
/// Below the folder that it is installed in: programs by the system that they are for.
const UTILITIES: &str = "Utilities";
#[cfg(target_os = "macos")]
const SYSTEM: &str = "mac";
#[cfg(not(target_os = "macos"))]
const SYSTEM: &str = "linux";

/// Finds the program.
pub fn find(places: &Places) -> Result<Found, NotFound> {
    let mut search = Search::default();
    let program = search.run(places);
    program.ok_or(NotFound { looked_at: search.looked_at })
}

#[derive(Default)]
struct Search {
    looked_at: Vec<String>,
}

impl Search {
    fn run(&mut self, places: &Places) -> Option<Found> {
        let found = |by: FoundBy| move |program| Found { program, by };
        if let Some(configured) = &places.configured {
            let program =
                if configured.is_dir() { self.installed_in(configured) } else { self.program(configured.clone()) };
            return program.map(found(FoundBy::Configured));
        }
        let core = places.core_dir.as_ref().and_then(|folder| self.installed_in(folder));
        if let Some(program) = core {
            return Some(found(FoundBy::Variable("STEDGEAI_CORE_DIR"))(program));
        }
        for (name, file) in [("STM32_AI_EXE", &places.stm32_ai_exe), ("STM_AI_EXE", &places.stm_ai_exe)] {
            if let Some(program) = file.clone().and_then(|file| self.program(file)) {
                return Some(found(FoundBy::Variable(name))(program));
            }
        }
        if let Some(program) = self.in_path(&places.path) {
            return Some(found(FoundBy::Path)(program));
        }
        let home = places.home.as_ref()?;
        if let Some(program) = self.newest_in(&home.join(PACKS)) {
            return Some(found(FoundBy::Pack)(program));
        }
        INSTALLED.iter().find_map(|folder| self.newest_in(&home.join(folder))).map(found(FoundBy::Installed))
    }

    /// The file, if it is a program.
    fn program(&mut self, file: PathBuf) -> Option<PathBuf> {
        let wrong = match fs::metadata(&file) {
            Ok(metadata) if !metadata.is_file() => "is no file",
            Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => "may not be run",
            Ok(_) => return Some(file),
            Err(_) => "is not there",
        };
        self.looked_at.push(format!("{} ({wrong})", file.display()));
        None
    }

    fn in_path(&mut self, folders: &[PathBuf]) -> Option<PathBuf> {
        let candidates = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        // A path has many folders, and what is not in one of them is not worth a word.
        let there: Vec<PathBuf> = candidates.filter(|file| file.is_file()).collect();
        let program = there.into_iter().find_map(|file| self.program(file));
        if program.is_none() && !folders.is_empty() {
            self.looked_at.push(format!("the {} folders of PATH", folders.len()));
        }
        program
    }

    /// The program below the folder that it is installed in. Some archives hold a folder of the same name again.
    fn installed_in(&mut self, root: &Path) -> Option<PathBuf> {
        let again = root.file_name().map(|name| root.join(name));
        let roots = [Some(root.to_owned()), again.filter(|folder| folder.is_dir())];
        roots.into_iter().flatten().find_map(|root| {
            let systems = versions_in(&root.join(UTILITIES));
            let systems: Vec<PathBuf> = systems.into_iter().filter(|folder| is_for_this_system(folder)).collect();
            if systems.is_empty() {
                self.looked_at.push(format!("{}/{UTILITIES}/{SYSTEM} (is not there)", root.display()));
            }
            let files = systems.iter().flat_map(|folder| NAMES.iter().map(|name| folder.join(name)));
            files.collect::<Vec<_>>().into_iter().find_map(|file| self.program(file))
        })
    }

    /// The program in the newest of the versions that stand beside each other.
    fn newest_in(&mut self, folder: &Path) -> Option<PathBuf> {
        let versions = versions_in(folder);
        if versions.is_empty() {
            self.looked_at.push(format!("{} (is not there)", folder.display()));
        }
        versions.iter().find_map(|version| self.installed_in(version))
    }
}

fn is_for_this_system(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SYSTEM))
}

/// The folders in a folder, the newest version first; what is called by no version comes last.
fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort_by_key(|folder| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        std::cmp::Reverse((numbers(&name), std::cmp::Reverse(name)))
    });
    folders
}

/// `10.2.0` as numbers, so that it comes after `9.1.0`.
fn numbers(name: &str) -> Vec<u64> {
    name.split(['.', '-', '_']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these programs in it.
    fn with(programs: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for program in programs {
            let file = root.path().join(program);
            fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
            fs::write(&file, "#!/bin/sh\n").expect("writable");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("its own");
        }
        root
    }

    fn check(programs: &[&str], places: impl Fn(&Path) -> Places, expected: &str, by: FoundBy) {
        let root = with(programs);
        let found = find(&places(root.path())).expect("found");
        assert_eq!((found.program.strip_prefix(root.path()).expect("below"), found.by), (Path::new(expected), by));
    }

    const PACK_9: &str = "STM32Cube/Repository/Packs/STMicroelectronics/X-CUBE-AI/9.1.0/Utilities/linux/stm32ai";
    const PACK_10: &str = "STM32Cube/Repository/Packs/STMicroelectronics/X-CUBE-AI/10.2.0/Utilities/linux/stedgeai";
    const TWICE: &str = "ST/STEdgeAI/4.0/4.0/Utilities/linux/stedgeai";

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn each_place_is_looked_at_in_its_turn() {
        let everywhere = |root: &Path| Places {
            configured: None,
            core_dir: Some(root.join("core")),
            stm32_ai_exe: Some(root.join("exe/stm32ai-7")),
            stm_ai_exe: Some(root.join("exe/stm32ai-5")),
            path: vec![root.join("bin"), root.join("sbin")],
            home: Some(root.to_owned()),
        };
        let all = [
            ("core/Utilities/linux/stedgeai", FoundBy::Variable("STEDGEAI_CORE_DIR")),
            ("exe/stm32ai-7", FoundBy::Variable("STM32_AI_EXE")),
            ("exe/stm32ai-5", FoundBy::Variable("STM_AI_EXE")),
            ("sbin/stedgeai", FoundBy::Path),
            ("bin/stm32ai", FoundBy::Path),
            (PACK_10, FoundBy::Pack),
            (PACK_9, FoundBy::Pack),
            ("ST/STEdgeAI/10.0/Utilities/linux/stedgeai", FoundBy::Installed),
            (TWICE, FoundBy::Installed),
            ("opt/stedgeai/3.0/Utilities/linux/stedgeai", FoundBy::Installed),
        ];
        for (first, (expected, by)) in all.into_iter().enumerate() {
            let programs: Vec<&str> = all[first..].iter().map(|(program, _)| *program).collect();
            check(&programs, everywhere, expected, by);
        }
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn what_is_configured_counts_alone() {
        let configured = |path: &'static str| {
            move |root: &Path| Places {
                configured: Some(root.join(path)),
                path: vec![root.join("bin")],
                ..Places::default()
            }
        };
        let programs = ["bin/stedgeai", "mine/stm32ai", "core/2.2/Utilities/linux/stedgeai"];
        check(&programs, configured("mine/stm32ai"), "mine/stm32ai", FoundBy::Configured);
        check(&programs, configured("core/2.2"), "core/2.2/Utilities/linux/stedgeai", FoundBy::Configured);
        let root = with(&programs);
        let not_found = find(&configured("gone")(root.path())).expect_err("not there");
        assert_eq!(not_found.looked_at, [format!("{}/gone (is not there)", root.path().display())]);
    }

    #[test]
    fn whoever_finds_nothing_says_where_it_looked() {
        assert_eq!(
            find(&Places::default()).expect_err("nothing").to_string(),
            "no stedgeai and no stm32ai; looked at nothing, as nothing says where it may be"
        );
        let root = with(&["stm32ai"]);
        fs::set_permissions(root.path().join("stm32ai"), fs::Permissions::from_mode(0o644)).expect("its own");
        let places = Places {
            core_dir: Some(root.path().join("core")),
            stm32_ai_exe: Some(root.path().join("stm32ai")),
            path: vec![root.path().join("bin")],
            home: Some(root.path().to_owned()),
            ..Places::default()
        };
        let said = find(&places).expect_err("nothing").to_string();
        for part in ["core/Utilities/", "stm32ai (may not be run)", "the 1 folders of PATH", "X-CUBE-AI (is not there)"]
        {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}
