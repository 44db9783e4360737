//! The configuration of this run: the file that counts is found and read, and what it says is put together with flags and the
//! environment.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use automcu_settings::{ConfigFile, Environment, Files, Flag, Settings};

use crate::{input, outcome::Failure};

/// The configuration, and the file that it comes from, if there is one.
pub(crate) struct Configured {
    pub(crate) settings: Settings,
    pub(crate) file: Option<PathBuf>,
}

impl Configured {
    /// By these flags, the environment, and the file that one of them names or that lies in a usual place.
    pub(crate) fn of(flags: &[Flag], named: Option<PathBuf>, environment: &Environment) -> Result<Self, Failure> {
        let file = match environment.files(named) {
            Files::Named { path, .. } => Some(path),
            Files::Usual(paths) => paths.into_iter().find(|path| path.is_file()),
        };
        let Some(path) = file else { return Ok(Self { settings: gathered(flags, environment, None)?, file: None }) };
        let text = input::configuration(&path, &mut io::empty())?;
        let settings = gathered(flags, environment, Some(ConfigFile { path: &path, text: &text }))?;
        Ok(Self { settings, file: Some(path) })
    }

    /// By this file alone.
    pub(crate) fn of_file(path: &Path, input: &mut dyn Read) -> Result<Self, Failure> {
        let text = input::configuration(path, input)?;
        let name = if path == Path::new("-") { Path::new("standard input") } else { path };
        let settings = gathered(&[], &Environment::default(), Some(ConfigFile { path: name, text: &text }))?;
        Ok(Self { settings, file: Some(name.to_owned()) })
    }
}

fn gathered(flags: &[Flag], environment: &Environment, file: Option<ConfigFile<'_>>) -> Result<Settings, Failure> {
    Ok(Settings::gather(flags, environment, file.as_ref())?)
}
