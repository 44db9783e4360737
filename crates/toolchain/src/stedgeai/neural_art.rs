//! The compiler for the neural accelerator of an STM32N6, Neural-ART: which profile it is to follow, of which file.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use automcu_artifacts::ArtifactId;

use crate::judge::NoAnswer;

/// The family of microcontrollers that have it, as the tool calls it.
pub(super) const SERIES: &str = "stm32n6";
/// The longest file of profiles that is read.
const LONGEST: u64 = 1 << 20;

/// A profile of the compiler, by its name, of the tool's own or of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuralArt {
    /// What it is called.
    pub profile: String,
    /// The file that has it, instead of the tool's own.
    pub file: Option<PathBuf>,
}

/// Text that names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no profile of Neural-ART; write PROFILE or PROFILE@FILE, such as default@user_neuralart.json")]
pub struct NoProfile(String);

impl FromStr for NeuralArt {
    type Err = NoProfile;

    fn from_str(text: &str) -> Result<Self, NoProfile> {
        let (profile, file) = match text.split_once('@') {
            Some((profile, file)) => (profile, Some(file)),
            None => (text, None),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_profile = !profile.is_empty() && profile.chars().all(is_name) && !profile.starts_with('-');
        if !is_profile || file == Some("") {
            return Err(NoProfile(text.to_owned()));
        }
        Ok(Self { profile: profile.to_owned(), file: file.map(PathBuf::from) })
    }
}

/// A profile as the tool is told of it, and what its figures depend on.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// The value of the flag.
    pub(super) value: String,
    /// Its name and what is in its file, wherever that lies.
    pub(super) told: String,
}

impl Profile {
    pub(super) fn of(neural_art: &NeuralArt) -> Result<Self, NoAnswer> {
        let NeuralArt { profile, file } = neural_art;
        let Some(file) = file else {
            return Ok(Self { value: profile.clone(), told: format!("neural-art {profile}") });
        };
        let bench = |path: &Path, why: &str| NoAnswer::Bench { words: format!("{}: {why}", path.display()) };
        // The tool runs in a folder of its own.
        let path = file.canonicalize().map_err(|error| bench(file, &error.to_string()))?;
        if !path.as_os_str().is_ascii() {
            return Err(bench(&path, "the compiler of Neural-ART stumbles over letters beyond ASCII; move the file"));
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() && metadata.len() <= LONGEST => {}
            Ok(_) => return Err(bench(&path, &format!("it is no file of profiles, of at most {LONGEST} bytes"))),
            Err(error) => return Err(bench(&path, &error.to_string())),
        }
        let bytes = std::fs::read(&path).map_err(|error| bench(&path, &error.to_string()))?;
        let told = format!("neural-art {profile} of {}", ArtifactId::of(&bytes));
        Ok(Self { value: format!("{profile}@{}", path.display()), told })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_as_they_are_written() {
        let of = |text: &str| text.parse::<NeuralArt>();
        let file = Some(PathBuf::from("a@b.json"));
        assert_eq!(of("default@a@b.json"), Ok(NeuralArt { profile: "default".to_owned(), file }));
        assert_eq!(of("profile-default"), Ok(NeuralArt { profile: "profile-default".to_owned(), file: None }));
        for wrong in ["", "@a.json", "default@", "--help", "two words"] {
            assert!(of(wrong).is_err_and(|error| error.to_string().contains("PROFILE@FILE")), "{wrong}");
        }
    }

    #[test]
    fn what_stands_in_the_file_counts_and_not_where_it_lies() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("writable");
            Profile::of(&NeuralArt { profile: "default".to_owned(), file: Some(path) })
        };
        let (first, second) = (write("a", "{}").expect("a file"), write("b", "{}").expect("a file"));
        assert_eq!(first.told, second.told);
        assert!(first.value.starts_with("default@/") && first.value != second.value);
        assert_ne!(first.told, write("a", "{ }").expect("a file").told);
        let refused = write("ä", "{}").expect_err("refused");
        assert!(matches!(&refused, NoAnswer::Bench { words } if words.contains("ASCII")), "{refused}");
        let gone = NeuralArt { profile: "default".to_owned(), file: Some(folder.path().join("gone")) };
        assert!(matches!(Profile::of(&gone), Err(NoAnswer::Bench { .. })));
    }
}
