//! Which version of the tool wrote a report. Figures of one network differ by a third between versions, so none goes without.

use std::fmt;

use serde::Serialize;

use super::plain;

/// What the tool is called; each name has version numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// STM32Cube.AI, the `stm32ai` of X-CUBE-AI up to 8.1.
    CubeAi,
    /// ST Edge AI Core, the `stedgeai` of X-CUBE-AI from 9.0.
    EdgeAi,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CubeAi => "STM32Cube.AI",
            Self::EdgeAi => "ST Edge AI Core",
        })
    }
}

/// A version of the tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolVersion {
    /// What the tool is called.
    pub family: Family,
    /// `8` of 8.1.0.
    pub major: u32,
    /// `1` of 8.1.0.
    pub minor: u32,
    /// `0` of 8.1.0.
    pub micro: u32,
    /// A release candidate or build, such as `RC3` or `20266`.
    pub build: Option<String>,
    /// The start of a commit's digest.
    pub commit: Option<String>,
}

impl fmt::Display for ToolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}.{}", self.family, self.major, self.minor, self.micro)?;
        self.build.iter().try_for_each(|build| write!(f, "-{build}"))?;
        self.commit.iter().try_for_each(|commit| write!(f, " {commit}"))
    }
}

/// What comes right before the number. The same line of the older tool has another number before, that of its command line.
const BANNERS: &[(&str, Family)] = &[
    ("ai tools v", Family::CubeAi),
    ("stm.ai v", Family::CubeAi),
    ("st edge ai core v", Family::EdgeAi),
    ("stedgeai core v", Family::EdgeAi),
];

impl ToolVersion {
    /// Reads the line that the tool begins with, also that of `--version`; none where the line is another.
    #[must_use]
    pub fn of_banner(line: &str) -> Option<Self> {
        let lower = line.to_ascii_lowercase();
        BANNERS.iter().find_map(|&(banner, family)| {
            let start = lower.find(banner)? + banner.len();
            Self::of_number(family, &line[start..])
        })
    }

    /// Reads `7.1.0-RC3`, `2.2.0-20266 2adc00962`.
    pub(super) fn of_number(family: Family, text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let mut parts = number.split('.').map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(micro)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let mut words = rest.split([' ', '\t', ')']);
        let build = words.next().and_then(|word| word.strip_prefix('-')).filter(|word| !word.is_empty()).map(plain);
        let is_digest = |word: &&str| word.len() >= 6 && word.chars().all(|c| c.is_ascii_hexdigit());
        let commit = words.find(|word| !word.is_empty()).filter(is_digest).map(plain);
        Some(Self { family, major, minor, micro, build, commit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_banner_that_was_seen_is_read() {
        for (line, expected) in [
            ("Neural Network Tools for STM32 v1.0.0 (AI tools v4.0.0)", "STM32Cube.AI 4.0.0"),
            ("Neural Network Tools for STM32 v1.2.0 (AI tools v5.0.0)", "STM32Cube.AI 5.0.0"),
            ("stm32ai - Neural Network Tools for STM32 v1.4.0 (AI tools v5.2.0)", "STM32Cube.AI 5.2.0"),
            ("stm32ai - Neural Network Tools for STM32AI v1.5.1 (STM.ai v7.0.0)", "STM32Cube.AI 7.0.0"),
            ("Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.1.0-RC3)", "STM32Cube.AI 7.1.0-RC3"),
            ("Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.3.0-RC5)", "STM32Cube.AI 7.3.0-RC5"),
            ("Neural Network Tools for STM32AI v1.7.0 (STM.ai v8.0.0-19389)", "STM32Cube.AI 8.0.0-19389"),
            ("Neural Network Tools for STM32 family v1.7.0 (stm.ai v8.1.0-19520)", "STM32Cube.AI 8.1.0-19520"),
            ("ST Edge AI Core v1.0.0-19894", "ST Edge AI Core 1.0.0-19894"),
            ("ST Edge AI Core v1.0.0-A1", "ST Edge AI Core 1.0.0-A1"),
            ("STEdgeAI Core v9.0.0-19802", "ST Edge AI Core 9.0.0-19802"),
            ("ST Edge AI Core v2.0.0-20049", "ST Edge AI Core 2.0.0-20049"),
            ("ST Edge AI Core v2.2.0-20266 2adc00962", "ST Edge AI Core 2.2.0-20266 2adc00962"),
            ("ST Edge AI Core v3.0.0-20426 123672867", "ST Edge AI Core 3.0.0-20426 123672867"),
            (" ST Edge AI Core v4.0.1-20581 7ed50de05 ", "ST Edge AI Core 4.0.1-20581 7ed50de05"),
        ] {
            let version = ToolVersion::of_banner(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(version.to_string(), expected, "{line}");
        }
    }

    #[test]
    fn other_lines_have_no_version() {
        for line in ["", "   STM32CubeAI 10.0.0", "ST Edge AI Core v2", "ST Edge AI Core v2.0.x", "AI tools v1.2.3.4"] {
            assert_eq!(ToolVersion::of_banner(line), None, "{line}");
        }
    }
}
