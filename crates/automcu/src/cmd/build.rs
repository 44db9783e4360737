//! `automcu build`.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use automcu_toolchain::firmware::{Firmware, Kit};

use super::compile::written;
use crate::{
    Said,
    answer::Allowance,
    cli::Build,
    outcome::{Failure, Outcome},
    show::{TITLE, styled},
};

pub(crate) fn run(arguments: &Build, stdin: &mut dyn Read, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let arguments = &arguments.compile;
    let allowance = Allowance::of(&arguments.budget)?;
    let part = allowance.part.as_ref().ok_or(Failure::NoTarget)?;
    // Whether firmware can be written is known before a checkpoint is made int8.
    Firmware::check(part)?;
    let code = written(arguments, &allowance, Some(part), stdin, home)?;
    let outcome = code.say(arguments, said)?;
    if let Some(kit) = code.kit().filter(|_| !arguments.json) {
        write_next(kit, &arguments.output, &mut said.output)?;
    }
    Ok(outcome)
}

/// Where it is linked, and what may be done next.
fn write_next(kit: &Kit, folder: &Path, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "\n{} in {}:", styled("linked", TITLE), kit.script())?;
    for (what, stretch) in [("Flash", kit.flash), ("RAM", kit.ram)] {
        writeln!(sink, "  {what:<6} {} from {:#010x}", stretch.size, stretch.address)?;
    }
    writeln!(sink, "  stack  {} of it", kit.stack_bytes)?;
    let folder = folder.display();
    writeln!(sink, "\n`make -C {folder}` builds it; {folder}/README.md says how to flash it.")?;
    match &kit.stand_in {
        Some(board) => writeln!(sink, "`make -C {folder} run` runs its self-test in QEMU on {board}."),
        None => writeln!(sink, "No board of QEMU stands in for it with this network."),
    }
}
