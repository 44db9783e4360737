//! `automcu metrics`.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::Desk;
use crate::{
    cli::Metrics,
    cmd::write_json,
    outcome::{Failure, Outcome},
};

#[derive(Serialize)]
struct Answer {
    version: u32,
    /// Each by its name and labels.
    figures: Map<String, Value>,
}

pub(super) fn run(arguments: &Metrics, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let text = daemon.ask(daemon.client.metrics())?;
    if arguments.via.json {
        write_json(&Answer { version: 1, figures: figures(&text) }, &mut desk.said.output)?;
    } else {
        desk.said.output.write_all(text.as_bytes())?;
    }
    Ok(Outcome::Yes)
}

/// What Prometheus reads, as names and numbers; what is no number of JSON is null.
fn figures(text: &str) -> Map<String, Value> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let split = lines.filter_map(|line| line.rsplit_once(' '));
    let value = |text: &str| {
        let whole = text.parse::<u64>().map(Value::from);
        whole.unwrap_or_else(|_| text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number))
    };
    split.map(|(name, number)| (name.to_owned(), value(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_their_labels() {
        let text = "# HELP x of x\n# TYPE x counter\nx{a=\"b c\"} 3\ny 0.5\nz NaN\n";
        let read = Value::Object(figures(text)).to_string();
        assert_eq!(read, r#"{"x{a=\"b c\"}":3,"y":0.5,"z":null}"#);
    }
}
