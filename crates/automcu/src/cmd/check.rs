//! `automcu check`.

use std::io::{Read, Write};

use automcu_model::{Refusal, Refusals};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    answer::{Allowance, Answer},
    cli::Check,
    input,
    outcome::{Failure, Outcome},
    show::{BAD, styled},
};

pub(crate) fn run(arguments: &Check, stdin: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let read = input::architecture(&arguments.architecture, stdin)?;
    match read.graph {
        Err(refusals) => refuse(&read.name, &refusals, arguments.json, said),
        Ok((trained, deployed)) => {
            let answer = Answer::of(&trained, &deployed, arguments.dtype.0, allowance);
            if arguments.json {
                write_json(&answer, &mut said.output)?;
            } else {
                answer.write(&read.name, "is constructible", &mut said.output)?;
            }
            Ok(answer.outcome())
        }
    }
}

pub(crate) fn refuse(name: &str, refusals: &Refusals, json: bool, said: &mut Said) -> Result<Outcome, Failure> {
    if json {
        write_json(&Refused { version: 1, constructible: false, refusals: refusals.as_slice() }, &mut said.output)?;
        return Ok(Outcome::Refused);
    }
    for refusal in refusals.as_slice() {
        let kind = styled(format!("{} error", refusal.kind), BAD);
        writeln!(said.errors, "{kind}: {refusal}")?;
    }
    Err(Failure::NotConstructible { file: name.to_owned() })
}

#[derive(Serialize)]
struct Refused<'r> {
    version: u32,
    constructible: bool,
    refusals: &'r [Refusal],
}
