//! The program: hands its arguments and streams to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "a program looks for others where its user's shell does")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut streams = automcu::Streams {
        input: Box::new(std::io::stdin()),
        output: Box::new(anstream::stdout()),
        errors: Box::new(anstream::stderr()),
        folders: std::env::split_paths(&path).collect(),
    };
    automcu::run(std::env::args_os(), &mut streams).into()
}
