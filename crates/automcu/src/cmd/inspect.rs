//! `automcu inspect`.

use std::io::Read;

use automcu_model::DataType;

use super::write_json;
use crate::{
    Said,
    answer::{Allowance, Answer},
    cli::Inspect,
    input,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(arguments: &Inspect, stdin: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let (name, network) = input::network(&arguments.model, stdin)?;
    let graph = network.graph();
    let answer = Answer::of(graph, graph, DataType::Int8, allowance).with_integers(&network);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&name, "is an int8 network", &mut said.output)?;
    }
    Ok(answer.outcome())
}
