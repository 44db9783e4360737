//! `automcu man`.

use std::io::Write;

use clap_mangen::Man as Page;

use crate::{
    Said,
    cli::Man,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(arguments: &Man, said: &mut Said) -> Result<Outcome, Failure> {
    let mut command = crate::command();
    command.build();
    let command = match &arguments.verb {
        None => command,
        Some(verb) => {
            let found = command.get_subcommands().find(|sub| sub.get_name() == verb && verb != "help");
            let name = format!("automcu-{verb}");
            // clap_mangen takes the page's title from the name.
            found.cloned().ok_or_else(|| Failure::UnknownVerb(verb.clone()))?.name(name)
        }
    };
    let mut page = Vec::new();
    Page::new(command).render(&mut page)?;
    said.output.write_all(&page)?;
    Ok(Outcome::Yes)
}
