//! `automcu log-level`.

use std::io::Write;

use super::Desk;
use crate::{
    cli::LogLevel,
    cmd::write_json,
    outcome::{Failure, Outcome},
};

pub(super) fn run(arguments: &LogLevel, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let client = &daemon.client;
    let now = match &arguments.level {
        None => daemon.ask(client.log_level())?,
        Some(level) => daemon.ask(client.set_log_level(&automcu_api::LogLevel { level: level.clone() }))?,
    };
    if arguments.via.json {
        write_json(&now, &mut desk.said.output)?;
    } else {
        writeln!(desk.said.output, "{}", now.level)?;
    }
    Ok(Outcome::Yes)
}
