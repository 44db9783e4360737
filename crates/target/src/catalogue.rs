//! All parts that are known: the built-in families, and a user's.

use std::sync::LazyLock;

use crate::{checks::CHECKS, file::FamilyFile, part::Part};

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        /// The built-in family files: name and text.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($file, include_str!(concat!("../targets/", $file)))),*];
    };
}

built_in! {
    "apollo.toml",
    "esp32.toml",
    "imxrt.toml",
    "nrf52.toml",
    "nrf53.toml",
    "nrf54.toml",
    "rp2.toml",
    "samd5.toml",
    "same7.toml",
    "stm32f4.toml",
    "stm32f7.toml",
    "stm32g0.toml",
    "stm32g4.toml",
    "stm32h5.toml",
    "stm32h7.toml",
    "stm32l4.toml",
    "stm32l5.toml",
    "stm32u5.toml",
    "stm32wb.toml",
}

/// A family file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is not TOML, or not of the form of a family file.
    #[error("{file}: not a family of targets: {problem}")]
    Form {
        /// The file.
        file: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// A part fails a check.
    #[error("{file}: part {part}: {problem} (check: {check})")]
    Check {
        /// The file.
        file: String,
        /// The part.
        part: String,
        /// The check's name.
        check: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A name is taken.
    #[error("{file}: part {part}: the name {name:?} is taken by {by}; use another")]
    NameTaken {
        /// The file.
        file: String,
        /// The part.
        part: String,
        /// The name.
        name: String,
        /// Who has it.
        by: String,
    },
}

/// A name that no part has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no target {name:?}; {}", suggestion(.likely))]
pub struct UnknownTarget {
    /// The name.
    pub name: String,
    /// Names that are like it, the likeliest first.
    pub likely: Vec<String>,
}

fn suggestion(likely: &[String]) -> String {
    match likely {
        [] => "`automcu targets` lists all".to_owned(),
        names => format!("did you mean {}?", names.join(", ")),
    }
}

/// Parts by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    parts: Vec<Part>,
}

impl Catalogue {
    /// The built-in parts.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static ALL: LazyLock<Catalogue> = LazyLock::new(|| {
            let mut all = Catalogue::default();
            for (file, text) in BUILT_IN {
                all.add(file, text).expect("a test loads every built-in family");
            }
            all
        });
        &ALL
    }

    /// Adds a family; all of it or, where anything is wrong, nothing.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), TargetError> {
        let family: FamilyFile = toml::from_str(text).map_err(|error| misformed(file, text, &error))?;
        let parts = family.into_parts();
        for (i, part) in parts.iter().enumerate() {
            check(file, part)?;
            self.check_names(file, part, &parts[..i])?;
        }
        self.parts.extend(parts);
        Ok(())
    }

    fn check_names(&self, file: &str, part: &Part, before: &[Part]) -> Result<(), TargetError> {
        for (i, name) in part.names().enumerate() {
            let elsewhere = self.parts.iter().chain(before).find(|other| goes_by(other, name));
            let twice = part.names().take(i).any(|earlier| earlier.eq_ignore_ascii_case(name)).then_some(part);
            if let Some(other) = elsewhere.or(twice) {
                return Err(TargetError::NameTaken {
                    file: file.to_owned(),
                    part: part.name.clone(),
                    name: name.to_owned(),
                    by: other.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// All parts, in the order they were added.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The part of this name, upper or lower case.
    pub fn find(&self, name: &str) -> Result<&Part, UnknownTarget> {
        self.parts.iter().find(|part| goes_by(part, name)).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> UnknownTarget {
        let name: String = name.chars().take(40).collect();
        let asked = name.to_ascii_uppercase();
        let mut likely: Vec<(f64, &str)> = self
            .parts
            .iter()
            .filter_map(|part| {
                let likeness = |name: &str| strsim::jaro_winkler(&asked, &name.to_ascii_uppercase());
                let best = part.names().map(likeness).max_by(f64::total_cmp)?;
                (best > 0.85).then_some((best, part.name()))
            })
            .collect();
        likely.sort_by(|a, b| b.0.total_cmp(&a.0));
        UnknownTarget { name, likely: likely.into_iter().take(3).map(|(_, name)| name.to_owned()).collect() }
    }
}

/// The error without the line that it is about: that line is a user's, as long as it likes.
fn misformed(file: &str, text: &str, error: &toml::de::Error) -> TargetError {
    const MOST: usize = 300;
    let line =
        error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| 1 + before.matches('\n').count());
    let message: String = error.message().chars().take(MOST).flat_map(char::escape_debug).collect();
    TargetError::Form { file: file.to_owned(), problem: format!("line {line}: {}", message.replace("\\\"", "\"")) }
}

fn goes_by(part: &Part, name: &str) -> bool {
    part.names().any(|own| own.eq_ignore_ascii_case(name))
}

fn check(file: &str, part: &Part) -> Result<(), TargetError> {
    for (name, check) in CHECKS {
        check(part).map_err(|problem| TargetError::Check {
            file: file.to_owned(),
            part: part.name.clone(),
            check: name,
            problem,
        })?;
    }
    Ok(())
}
