//! `automcu config` on the command line, and the flags that say what the configuration says.

use std::{ffi::OsString, path::PathBuf};

use automcu_settings::Flag;
use clap::{Args, Subcommand};

use super::{CatalogueArgs, JobVerb, OUTCOMES, Verb};

/// Shows the configuration, checks a file, or prints the commented default.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) verb: ConfigVerb,
}

/// What is asked of the configuration.
#[derive(Subcommand)]
pub(crate) enum ConfigVerb {
    Show(ConfigShow),
    Check(ConfigCheck),
    Default(ConfigDefault),
}

/// Shows every value as it is, by flags, the environment, the file and what is usual, in this order.
///
/// The answer is a configuration file that says the same.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct ConfigShow {
    /// Say behind each value who said it: a flag, a variable of the environment, a line of the file, or nobody
    #[arg(long)]
    pub(crate) origin: bool,
    #[command(flatten)]
    pub(crate) said: SettingFlags,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Checks a configuration file, and tells every mistake: the line, the field, the value, and what would be right.
///
/// Without FILE the file is checked that would be used, and what the environment says.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct ConfigCheck {
    /// The file; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the default configuration: a file with every value and what it means, in which nothing is changed yet.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct ConfigDefault;

/// Values of the configuration that the daemon takes from its command line.
#[derive(Args)]
pub(crate) struct SettingFlags {
    /// The folder of history, artifacts and attempts
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<OsString>,
    /// The socket of the daemon
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<OsString>,
    /// What is logged: a level, and others for places, as in `info,automcu_training=debug`
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<OsString>,
    /// How it is logged: text, json, journald or auto
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<OsString>,
}

impl SettingFlags {
    /// What they say, for whoever puts the configuration together.
    pub(crate) fn said(&self) -> Vec<Flag> {
        let flags = [
            ("state", "--state", &self.state),
            ("socket", "--socket", &self.socket),
            ("log.level", "--log", &self.log),
            ("log.format", "--log-format", &self.log_format),
        ];
        let said = flags.into_iter().filter_map(|(key, name, text)| Some((key, name, text.clone()?)));
        said.map(|(key, name, text)| Flag { key, name, text }).collect()
    }
}

impl Verb {
    /// Whether the verb works with what the configuration says. The others work whatever is wrong with it.
    pub(crate) const fn is_configured(&self) -> bool {
        !matches!(
            self,
            Self::Bench(_)
                | Self::Completions(_)
                | Self::Config(_)
                | Self::Man(_)
                | Self::VendorReport(_)
                | Self::Worker(_)
        )
    }

    /// What its flags say of the configuration.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        match self {
            Self::Serve(verb) => verb.settings.said(),
            _ => Vec::new(),
        }
    }

    /// Where the verb's targets come from.
    pub(crate) const fn catalogue(&mut self) -> Option<&mut CatalogueArgs> {
        match self {
            Self::Run(verb) => Some(&mut verb.catalogue),
            Self::Job(JobVerb::Submit(verb)) => Some(&mut verb.catalogue),
            Self::Check(verb) => Some(&mut verb.budget.catalogue),
            Self::Inspect(verb) => Some(&mut verb.budget.catalogue),
            Self::Fit(verb) => Some(&mut verb.budget.catalogue),
            Self::Compile(verb) => Some(&mut verb.budget.catalogue),
            Self::Build(verb) => Some(&mut verb.compile.budget.catalogue),
            Self::Verify(verb) => Some(&mut verb.budget.catalogue),
            Self::Screen(verb) => Some(&mut verb.budget.catalogue),
            Self::Audit(verb) => Some(&mut verb.catalogue),
            Self::Targets(verb) => Some(&mut verb.catalogue),
            Self::Spaces(verb) => Some(&mut verb.budget.catalogue),
            Self::Largest(verb) => Some(&mut verb.budget.catalogue),
            _ => None,
        }
    }
}
