//! How each generation of the tool is called. Versions that nobody has seen are called like the newest before them.

use std::path::Path;

use super::neural_art::SERIES;
use crate::vendor::{Family, ToolVersion};

/// What the tool is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Analyze,
    Generate,
    Validate,
}

impl Verb {
    /// The word on the command line and in the names of reports.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Analyze => "analyze",
            Self::Generate => "generate",
            Self::Validate => "validate",
        }
    }
}

/// What the tool is to favour, from STM32Cube.AI 7.3 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimization {
    /// Neither.
    #[default]
    Balanced,
    /// Small RAM.
    Ram,
    /// Short time.
    Time,
}

impl Optimization {
    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Ram => "ram",
            Self::Time => "time",
        }
    }
}

/// What a generation understands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// The first version that understands it.
    since: (Family, u32, u32),
    /// The flag that names the microcontroller.
    target: Option<&'static str>,
    /// No compression, where something else would be done without a word: figures of compressed weights compare with nothing.
    compression: Option<&'static str>,
    /// Whether inputs and outputs lie beside the activations unless it is told otherwise.
    asks_for_ports_within: bool,
    has_optimization: bool,
    /// Whether it knows the neural accelerator.
    has_neural_art: bool,
    /// Whether it can be kept from showing progress.
    can_be_quiet: bool,
    /// What validation on this computer and on a board are called.
    modes: [&'static str; 2],
    /// Whether the signature in its reports is the MD5 of the file that it was given.
    pub(super) signs_files: bool,
}

const OLDEST: Dialect = Dialect {
    since: (Family::CubeAi, 0, 0),
    target: None,
    compression: None,
    asks_for_ports_within: false,
    has_optimization: false,
    has_neural_art: false,
    can_be_quiet: false,
    modes: ["x86", "stm32"],
    signs_files: true,
};

const DIALECTS: &[Dialect] = &[
    OLDEST,
    Dialect { since: (Family::CubeAi, 5, 1), asks_for_ports_within: true, signs_files: false, ..OLDEST },
    Dialect {
        since: (Family::CubeAi, 7, 0),
        compression: Some("1"),
        asks_for_ports_within: true,
        signs_files: false,
        ..OLDEST
    },
    Dialect { since: (Family::CubeAi, 7, 2), can_be_quiet: true, has_optimization: false, ..SEVEN },
    SEVEN,
    Dialect { since: (Family::CubeAi, 8, 0), target: Some("--series"), modes: ["host", "target"], ..SEVEN },
    EIGHT,
    Dialect { since: (Family::EdgeAi, 0, 0), signs_files: true, ..EIGHT },
    Dialect {
        since: (Family::EdgeAi, 2, 0),
        asks_for_ports_within: false,
        has_neural_art: true,
        signs_files: true,
        ..EIGHT
    },
];

/// STM32Cube.AI 7.3.
const SEVEN: Dialect = Dialect {
    since: (Family::CubeAi, 7, 3),
    compression: Some("none"),
    asks_for_ports_within: true,
    has_optimization: true,
    can_be_quiet: true,
    signs_files: false,
    ..OLDEST
};

/// STM32Cube.AI 8.1.
const EIGHT: Dialect =
    Dialect { since: (Family::CubeAi, 8, 1), target: Some("--target"), modes: ["host", "target"], ..SEVEN };

/// Versions of which a report or the manual was read.
const SEEN: &[(Family, u32, u32)] = &[
    (Family::CubeAi, 4, 0),
    (Family::CubeAi, 5, 0),
    (Family::CubeAi, 5, 2),
    (Family::CubeAi, 7, 0),
    (Family::CubeAi, 7, 1),
    (Family::CubeAi, 7, 3),
    (Family::CubeAi, 8, 0),
    (Family::CubeAi, 8, 1),
    (Family::EdgeAi, 1, 0),
    (Family::EdgeAi, 2, 0),
    (Family::EdgeAi, 2, 2),
    (Family::EdgeAi, 3, 0),
    (Family::EdgeAi, 4, 0),
];

/// A build of STM32Cube.AI 9.0 that called itself by the newer name with the older number.
fn is_early_build(version: &ToolVersion) -> bool {
    let build = version.build.as_deref().and_then(|build| build.parse::<u32>().ok());
    version.family == Family::EdgeAi && version.major == 9 && build.is_some_and(|build| build < 20_000)
}

impl Dialect {
    pub(super) fn of(version: &ToolVersion) -> &'static Self {
        let number = if is_early_build(version) { (1, 0) } else { (version.major, version.minor) };
        let is_older =
            |&&Self { since: (family, major, minor), .. }: &&Self| family == version.family && (major, minor) <= number;
        DIALECTS.iter().rfind(is_older).unwrap_or(&OLDEST)
    }

    /// The command line, without the program. The command comes first: newer versions insist.
    pub(super) fn arguments(&self, call: &Call<'_>) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        let mut line = vec![call.verb.word().to_owned()];
        let mut add = |words: &[&str]| line.extend(words.iter().map(|&word| word.to_owned()));
        if let (Some(flag), Some(target)) = (self.target, call.target) {
            add(&[flag, target]);
        }
        add(&["--model", &path(call.model), "--type", call.format, "--name", NETWORK]);
        if let Some(none) = self.compression {
            add(&["--compression", none]);
        }
        if self.has_optimization {
            add(&["--optimization", call.optimization.word()]);
        }
        if let Some(profile) = call.neural_art.filter(|_| self.has_neural_art && call.target == Some(SERIES)) {
            add(&["--st-neural-art", profile]);
        }
        if self.asks_for_ports_within {
            add(&["--allocate-inputs", "--allocate-outputs"]);
        }
        if let Some(way) = call.validation {
            let [host, board] = self.modes;
            match way {
                Way::Host => add(&["--mode", host]),
                Way::Board(at) => add(&["--mode", board, "--desc", at]),
            }
            add(&["--batch-size", &call.samples.to_string()]);
        }
        add(&["--workspace", &path(call.workspace), "--output", &path(call.output), "--verbosity", "1"]);
        if self.can_be_quiet {
            add(&["--quiet"]);
        }
        line
    }

    /// Whether the microcontroller can be named.
    pub(super) const fn knows_targets(&self) -> bool {
        self.target.is_some()
    }

    /// Whether it has a name for no microcontroller in particular.
    pub(super) fn has_any_target(&self) -> bool {
        self.target == Some("--target")
    }

    /// What else its figures depend on.
    pub(super) fn settings(&self, optimization: Optimization) -> Vec<String> {
        let compression = "compression none".to_owned();
        let optimization = self.has_optimization.then(|| format!("optimization {}", optimization.word()));
        [Some(compression), optimization].into_iter().flatten().collect()
    }
}

/// What is to be known of a version that nobody has seen.
pub(super) fn remark(version: &ToolVersion) -> Option<String> {
    if SEEN.contains(&(version.family, version.major, version.minor)) {
        return None;
    }
    let (_, major, minor) = Dialect::of(version).since;
    let like = if major == 0 { "the oldest".to_owned() } else { format!("{major}.{minor}") };
    Some(format!("{version} was never seen; it is called and read like {like}"))
}

/// What the network is called in the tool's files.
pub(super) const NETWORK: &str = "network";

/// Where validation runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'c> {
    Host,
    /// On a board, described as `serial:PORT:BAUD`.
    Board(&'c str),
}

/// What is to be said on a command line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'c> {
    pub(super) verb: Verb,
    pub(super) model: &'c Path,
    pub(super) format: &'static str,
    pub(super) target: Option<&'c str>,
    pub(super) optimization: Optimization,
    /// A profile for the neural accelerator, where the target has one.
    pub(super) neural_art: Option<&'c str>,
    pub(super) validation: Option<Way<'c>>,
    pub(super) samples: u32,
    pub(super) workspace: &'c Path,
    pub(super) output: &'c Path,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(banner: &str) -> String {
        let version = ToolVersion::of_banner(banner).unwrap_or_else(|| panic!("{banner}"));
        let call = Call {
            verb: Verb::Analyze,
            model: Path::new("m.tflite"),
            format: "tflite",
            target: Some("stm32f4"),
            optimization: Optimization::Balanced,
            neural_art: Some("default"),
            validation: None,
            samples: 10,
            workspace: Path::new("ws"),
            output: Path::new("out"),
        };
        Dialect::of(&version).arguments(&call).join(" ")
    }

    #[test]
    fn each_generation_is_called_as_it_understands() {
        let model = "--model m.tflite --type tflite --name network";
        let end = "--workspace ws --output out --verbosity 1";
        let ports = "--allocate-inputs --allocate-outputs";
        for (banners, expected) in [
            (&["AI tools v4.0.0", "AI tools v5.0.0"][..], format!("analyze {model} {end}")),
            (&["AI tools v5.2.0", "STM.ai v6.0.0"], format!("analyze {model} {ports} {end}")),
            (&["STM.ai v7.0.0", "STM.ai v7.1.0-RC3"], format!("analyze {model} --compression 1 {ports} {end}")),
            (&["STM.ai v7.2.0"], format!("analyze {model} --compression none {ports} {end} --quiet")),
            (
                &["STM.ai v7.3.0-RC5"],
                format!("analyze {model} --compression none --optimization balanced {ports} {end} --quiet"),
            ),
            (
                &["STM.ai v8.0.0-19389"],
                format!(
                    "analyze --series stm32f4 {model} --compression none --optimization balanced {ports} {end} --quiet"
                ),
            ),
            (
                &["stm.ai v8.1.0-19520", "ST Edge AI Core v1.0.0-19894", "STEdgeAI Core v9.0.0-19802"],
                format!(
                    "analyze --target stm32f4 {model} --compression none --optimization balanced {ports} {end} --quiet"
                ),
            ),
            (
                &["ST Edge AI Core v2.2.0-20266", "ST Edge AI Core v4.0.1-20581", "ST Edge AI Core v9.0.0-30000"],
                format!("analyze --target stm32f4 {model} --compression none --optimization balanced {end} --quiet"),
            ),
        ] {
            for banner in banners {
                assert_eq!(line(banner), expected, "{banner}");
            }
        }
    }

    #[test]
    fn a_version_that_was_never_seen_says_so() {
        let of = |banner| remark(&ToolVersion::of_banner(banner).expect("a version"));
        assert_eq!(of("ST Edge AI Core v4.0.1-20581 7ed50de05"), None);
        assert_eq!(
            of("ST Edge AI Core v7.1.0-31415").as_deref(),
            Some("ST Edge AI Core 7.1.0-31415 was never seen; it is called and read like 2.0")
        );
        assert_eq!(
            of("STM.ai v7.2.0").as_deref(),
            Some("STM32Cube.AI 7.2.0 was never seen; it is called and read like 7.2")
        );
    }
}
