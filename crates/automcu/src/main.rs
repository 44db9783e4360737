//! The program: hands its arguments and streams to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut streams = automcu::Streams {
        input: Box::new(std::io::stdin()),
        output: Box::new(anstream::stdout()),
        errors: Box::new(anstream::stderr()),
    };
    automcu::run(std::env::args_os(), &mut streams).into()
}
