//! The most stack that a network's code can take, from what the compiler says of each function.

use std::{io::ErrorKind, path::Path};

use crate::{build::BuildError, judge::NoAnswer};

/// What a function of the library takes at most, below the deepest of ours: a copy saves a few registers.
const LIBRARY: u64 = 48;

/// Reads what the compiler wrote beside the object; one that does not tell leaves the bound unknown. Nothing calls itself, and the chain is known: `run`, one step, one layer, one
/// kernel; of each kind the largest counts, whether they meet or not.
pub(super) fn most(folder: &Path, name: &str) -> Result<Option<u64>, NoAnswer> {
    let file = folder.join("network.su");
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| BuildError::File { file: file.display().to_string(), error })?,
    };
    sum(&text, name).map(Some).map_err(|words| NoAnswer::Failed { words })
}

fn sum(text: &str, name: &str) -> Result<u64, String> {
    let (run, step) = (format!("{name}_run"), "nn_step");
    let (mut own, mut layers, mut kernels) = (0, 0, 0);
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(place), Some(bytes), Some(kind)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(format!("the compiler says of the stack {line:?}"));
        };
        let bytes: u64 = bytes.parse().map_err(|_| format!("the compiler says of the stack {line:?}"))?;
        if !kind.starts_with("static") && !kind.contains("bounded") {
            return Err(format!("the stack of a function has no bound: {line:?}"));
        }
        let function = place.rsplit(':').next().unwrap_or(place);
        if function == run || function == step {
            own += bytes;
        } else if function.starts_with("layer_") {
            layers = bytes.max(layers);
        } else {
            kernels = bytes.max(kernels);
        }
    }
    // A stack begins and ends at multiples of 8.
    Ok((own + layers + kernels + LIBRARY).next_multiple_of(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_each_kind_count() {
        let text = "n.c:1:1:conv_a\t80\tstatic\nn.c:2:1:conv_b\t96\tstatic\nn.c:3:1:layer_0\t24\tstatic\n\
                    n.c:4:1:layer_1\t16\tstatic\nn.c:5:1:nn_step\t8\tstatic\nn.c:6:1:net_run\t64\tstatic\n\
                    n.c:7:1:net_input\t0\tstatic\n";
        assert_eq!(sum(text, "net"), Ok((96 + 24 + 8 + 64 + LIBRARY).next_multiple_of(8)));
        assert!(sum("n.c:1:1:f\t80\tdynamic\n", "net").is_err());
        assert!(sum("n.c:1:1:f\n", "net").is_err());
    }
}
