//! A folder through which `cargo xtask test` tells tests what is there, and tests tell it what they went without.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder.
#[derive(Clone, Debug)]
pub struct Record(PathBuf);

/// A test went without something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// What it went without.
    pub need: String,
    /// The test.
    pub test: String,
}

impl Record {
    /// The environment variable that names the folder to tests.
    pub const VARIABLE: &'static str = "AUTOMCU_NEEDS";

    /// The record in this folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Begins anew: nothing is there, nothing was skipped.
    pub fn clear(&self) -> io::Result<()> {
        for part in ["there", "skipped"] {
            let folder = self.0.join(part);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
        }
        Ok(())
    }

    /// Says that a need is there.
    pub fn add(&self, need: &str, program: &Path) -> io::Result<()> {
        fs::write(self.0.join("there").join(need), program.as_os_str().as_encoded_bytes())
    }

    /// The program of a need, if it is there.
    #[must_use]
    pub fn program(&self, need: &str) -> Option<PathBuf> {
        fs::read_to_string(self.0.join("there").join(need)).ok().map(PathBuf::from)
    }

    /// Says that a test went without a need.
    pub fn skip(&self, need: &str, test: &str) -> io::Result<()> {
        let plain: String = test.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        fs::write(self.0.join("skipped").join(format!("{need}.{plain}")), format!("{need}\n{test}"))
    }

    /// What tests went without.
    pub fn skips(&self) -> io::Result<Vec<Skip>> {
        let mut skips = Vec::new();
        for entry in fs::read_dir(self.0.join("skipped"))? {
            let text = fs::read_to_string(entry?.path())?;
            if let Some((need, test)) = text.split_once('\n') {
                skips.push(Skip { need: need.to_owned(), test: test.to_owned() });
            }
        }
        skips.sort();
        Ok(skips)
    }
}
