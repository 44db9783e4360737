//! `automcu config`.

use std::{
    io::{Read, Write},
    path::PathBuf,
};

use automcu_settings::{DEFAULT_FILE, Environment, Mistake, Mistakes, Origin, Row, to_toml};
use serde::Serialize;
use serde_json::Value as Json;

use super::write_json;
use crate::{
    Said,
    cli::{Config, ConfigCheck, ConfigShow, ConfigVerb},
    configured::Configured,
    outcome::{Failure, Outcome},
    show::{FAINT, GOOD, styled},
};

pub(crate) fn run(
    arguments: &Config,
    named: Option<PathBuf>,
    input: &mut dyn Read,
    environment: &Environment,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    match &arguments.verb {
        ConfigVerb::Show(arguments) => show(arguments, named, environment, said),
        ConfigVerb::Check(arguments) => check(arguments, named, input, environment, said),
        ConfigVerb::Default(_) => {
            said.output.write_all(DEFAULT_FILE.as_bytes())?;
            Ok(Outcome::Yes)
        }
    }
}

fn show(
    arguments: &ConfigShow,
    named: Option<PathBuf>,
    environment: &Environment,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let configured = Configured::of(&arguments.said.said(), named, environment)?;
    let rows = configured.settings.rows();
    if arguments.json {
        let settings = rows.iter().map(Value::of).collect();
        let file = configured.file.map(|file| file.display().to_string());
        write_json(&Shown { version: 1, file, settings }, &mut said.output)?;
    } else {
        said.output.write_all(to_toml(&rows, arguments.origin).as_bytes())?;
    }
    Ok(Outcome::Yes)
}

fn check(
    arguments: &ConfigCheck,
    named: Option<PathBuf>,
    input: &mut dyn Read,
    environment: &Environment,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let configured = match &arguments.file {
        Some(file) => Configured::of_file(file, input),
        None => Configured::of(&[], named, environment),
    };
    let (outcome, file, mistakes) = match configured {
        Ok(Configured { file, .. }) => (Outcome::Yes, file, Vec::new()),
        Err(Failure::Misconfigured(Mistakes(mistakes))) if arguments.json => {
            let file = mistakes.iter().find_map(|mistake| mistake.origin.file());
            (Outcome::Misconfigured, file.map(|(path, _)| path.to_owned()), mistakes)
        }
        Err(failure) => return Err(failure),
    };
    let file = file.map(|file| file.display().to_string());
    if arguments.json {
        let mistakes = mistakes.iter().map(Told::of).collect();
        write_json(&Checked { version: 1, file, valid: outcome == Outcome::Yes, mistakes }, &mut said.output)?;
        return Ok(outcome);
    }
    let order = styled("in order", GOOD);
    match file {
        Some(file) => writeln!(said.output, "{file}: {order}")?,
        None => {
            let hint = styled("(`automcu config default` prints one)", FAINT);
            writeln!(said.output, "{order}: there is no configuration file, and all is as usual {hint}")?;
        }
    }
    Ok(outcome)
}

/// The configuration as it is.
#[derive(Serialize)]
struct Shown<'r> {
    version: u32,
    file: Option<String>,
    settings: Vec<Value<'r>>,
}

#[derive(Serialize)]
struct Value<'r> {
    name: &'static str,
    about: &'r str,
    /// The variable of the environment that may say it.
    variable: &'r str,
    /// Null where it is not bounded, or left to whoever works with it.
    value: &'r Json,
    origin: Who<'r>,
}

/// Who said it.
#[derive(Serialize)]
struct Who<'r> {
    kind: &'static str,
    /// Of the variable or the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

/// What came of checking a file.
#[derive(Serialize)]
struct Checked<'m> {
    version: u32,
    file: Option<String>,
    valid: bool,
    mistakes: Vec<Told<'m>>,
}

#[derive(Serialize)]
struct Told<'m> {
    field: Option<&'m str>,
    problem: &'m str,
    origin: Who<'m>,
}

impl<'r> Value<'r> {
    fn of(row: &'r Row) -> Self {
        let Row { name, about, variable, value, origin, .. } = row;
        Self { name, about, variable, value, origin: Who::of(origin) }
    }
}

impl<'m> Told<'m> {
    fn of(mistake: &'m Mistake) -> Self {
        let Mistake { origin, field, problem } = mistake;
        Self { field: field.as_deref(), problem, origin: Who::of(origin) }
    }
}

impl<'o> Who<'o> {
    fn of(origin: &'o Origin) -> Self {
        let name = match origin {
            Origin::Environment(variable) => Some(variable.as_str()),
            Origin::Flag(flag) => Some(*flag),
            Origin::Default | Origin::File { .. } => None,
        };
        let file = origin.file().map(|(path, _)| path.display().to_string());
        let line = origin.file().and_then(|(_, line)| line);
        Self { kind: origin.word(), name, file, line }
    }
}
