//! The accelerators that Vela compiles for.

use std::{fmt, str::FromStr};

/// An Ethos-U, such as `ethos-u55-128`: its kind, and its multiply-accumulates a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Accelerator {
    name: String,
    system: &'static str,
}

/// The most common one.
impl Default for Accelerator {
    fn default() -> Self {
        let (kind, system) = KINDS[0];
        Self { name: format!("{kind}128"), system }
    }
}

/// Each kind, and the system of Vela's own configuration file in which it works beside SRAM and Flash, without DRAM.
const KINDS: &[(&str, &str)] = &[
    ("ethos-u55-", "Ethos_U55_High_End_Embedded"),
    ("ethos-u65-", "Ethos_U65_Embedded"),
    ("ethos-u85-", "Ethos_U85_SYS_Flash_High"),
];

/// What is no accelerator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no accelerator of Vela; write one like \"ethos-u55-128\", \"ethos-u65-256\" or \"ethos-u85-256\"")]
pub struct UnknownAccelerator(String);

impl Accelerator {
    /// Its name, as Vela has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The system that Vela is told to take it to be in.
    pub(super) const fn system(&self) -> &'static str {
        self.system
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// Which sizes there are depends on Vela's version: it refuses others.
impl FromStr for Accelerator {
    type Err = UnknownAccelerator;

    fn from_str(text: &str) -> Result<Self, UnknownAccelerator> {
        let is_size = |size: &str| (1..=5).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_digit());
        let found = KINDS.iter().find(|(kind, _)| text.strip_prefix(kind).is_some_and(is_size));
        let (_, system) = found.ok_or_else(|| UnknownAccelerator(text.chars().take(40).collect()))?;
        Ok(Self { name: text.to_owned(), system })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accelerators_are_read_by_kind_and_size() {
        let of = |text: &str| text.parse::<Accelerator>().map(|accelerator| accelerator.system());
        assert_eq!(of("ethos-u55-128"), Ok("Ethos_U55_High_End_Embedded"));
        assert_eq!(of("ethos-u85-2048"), Ok("Ethos_U85_SYS_Flash_High"));
        for text in ["", "ethos-u55", "ethos-u55-", "ethos-u55-x", "ethos-u56-128", "--version", "ethos-u55-128 -h"] {
            assert!(of(text).is_err(), "{text:?}");
        }
    }
}
