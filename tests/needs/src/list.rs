//! The list of needs.

use serde::Deserialize;

/// Something from outside that tests need.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Entry")]
pub struct Need {
    /// What tests ask for.
    pub name: String,
    /// What it is needed for.
    pub why: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a need comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A program, found on the path or installed with Debian's packages.
    Debian {
        /// The program.
        program: String,
        /// The packages that bring it.
        packages: Vec<String>,
    },
    /// A Python of its own with packages from PyPI.
    Python {
        /// The packages with their versions.
        packages: Vec<String>,
    },
}

/// The list does not say what is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NeedsError {
    /// An entry names no origin, or two.
    #[error("need {name:?}: give either `program` and `debian`, or `python`")]
    Origin {
        /// The entry.
        name: String,
    },
    /// The file is not of the right form.
    #[error("needs.toml: {0}")]
    Form(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    why: String,
    program: Option<String>,
    debian: Option<Vec<String>>,
    python: Option<Vec<String>>,
}

impl TryFrom<Entry> for Need {
    type Error = NeedsError;

    fn try_from(entry: Entry) -> Result<Self, NeedsError> {
        let origin = match (entry.program, entry.debian, entry.python) {
            (Some(program), Some(packages), None) => Origin::Debian { program, packages },
            (None, None, Some(packages)) => Origin::Python { packages },
            _ => return Err(NeedsError::Origin { name: entry.name }),
        };
        Ok(Self { name: entry.name, why: entry.why, origin })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    need: Vec<Need>,
}

/// All needs.
pub fn needs() -> Result<Vec<Need>, NeedsError> {
    let file: File =
        toml::from_str(include_str!("../needs.toml")).map_err(|error| NeedsError::Form(error.to_string()))?;
    Ok(file.need)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_reads_and_names_are_unique() {
        let all = needs().expect("a list");
        for (i, need) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other.name != need.name), "{}", need.name);
            assert!(!need.why.is_empty());
        }
    }

    #[test]
    fn an_entry_with_no_origin_is_refused() {
        let error = toml::from_str::<Need>("name = \"x\"\nwhy = \"y\"\nprogram = \"z\"").expect_err("no packages");
        assert!(error.to_string().contains("either `program` and `debian`, or `python`"), "{error}");
    }
}
