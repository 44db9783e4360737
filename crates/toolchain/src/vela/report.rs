//! What Vela says: its summary as CSV, and the operators that it prints. Text in, figures out.

use automcu_model::Bytes;

use crate::vendor::plain;

/// The figures of a summary that are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// SRAM, and DRAM where the system has some.
    pub(super) ram: Bytes,
    /// Constants: encoded weights and commands.
    pub(super) flash: Bytes,
    pub(super) macs: u64,
    /// Of the accelerator, as Vela estimates them.
    pub(super) cycles: Option<u64>,
}

/// A summary that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SummaryError {
    #[error("the summary is not one line of figures under one of names")]
    Form,
    #[error("the summary has no {0}")]
    Missing(&'static str),
    #[error("the summary says {1:?} of {0}")]
    Value(&'static str, String),
    #[error("the summary is of the network {0:?}")]
    OtherNetwork(String),
    #[error("the summary is for {0:?}")]
    OtherAccelerator(String),
}

impl Summary {
    /// Reads a summary of this network for this accelerator.
    pub(super) fn read(text: &str, network: &str, accelerator: &str) -> Result<Self, SummaryError> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let (Some(names), Some(values), None) = (lines.next(), lines.next(), lines.next()) else {
            return Err(SummaryError::Form);
        };
        if names.split(',').count() != values.split(',').count() || text.contains('"') {
            return Err(SummaryError::Form);
        }
        let field = |wanted: &'static str| {
            let place = names.split(',').position(|name| name.trim() == wanted).ok_or(SummaryError::Missing(wanted))?;
            Ok(values.split(',').nth(place).unwrap_or_default().trim())
        };
        let count = |wanted| field(wanted).and_then(|word| word.parse().map_err(|_| wrong(wanted, word)));
        let size = |wanted| field(wanted).and_then(|word| kib(word).ok_or_else(|| wrong(wanted, word)));
        if field("network")? != network {
            return Err(SummaryError::OtherNetwork(plain(field("network")?)));
        }
        let told = field("accelerator_configuration")?;
        if !told.replace('_', "-").eq_ignore_ascii_case(accelerator) {
            return Err(SummaryError::OtherAccelerator(plain(told)));
        }
        Ok(Self {
            ram: size("sram_memory_used")? + size("dram_memory_used")?,
            flash: size("on_chip_flash_memory_used")? + size("off_chip_flash_memory_used")?,
            macs: count("nn_macs")?,
            cycles: count("cycles_total").ok(),
        })
    }
}

fn wrong(field: &'static str, value: &str) -> SummaryError {
    SummaryError::Value(field, plain(value))
}

/// `49.671875`: KiB, which are whole bytes.
fn kib(word: &str) -> Option<Bytes> {
    format!("{word}KiB").parse().ok()
}

/// Where operators run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Operators {
    /// Those that run on the accelerator, each once, as Vela calls them.
    pub(super) accelerated: Vec<String>,
    /// What those that do not compute: names of tensors.
    pub(super) left: Vec<String>,
    /// How many of the ones and of the others.
    pub(super) counts: Option<(u64, u64)>,
}

impl Operators {
    /// Reads what `--show-cpu-operations` prints.
    pub(super) fn read(output: &str) -> Self {
        let mut operators = Self::default();
        for line in output.lines().map(str::trim) {
            if let Some((operator, _)) = line.strip_prefix("NPU: ").and_then(|rest| rest.split_once(" = ")) {
                let operator = plain(operator);
                if !operators.accelerated.contains(&operator) {
                    operators.accelerated.push(operator);
                }
            }
            if let Some((_, tensor)) = line.strip_prefix("CPU: ").and_then(|rest| rest.split_once(" = ")) {
                operators.left.push(plain(tensor.rsplit_once(" (outputs").map_or(tensor, |(name, _)| name)));
            }
        }
        let count =
            |mark| output.lines().find_map(|line| line.strip_prefix(mark)?.split_whitespace().next()?.parse().ok());
        operators.counts = count("NPU operators = ").zip(count("CPU operators = "));
        operators
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "experiment,network,accelerator_configuration,sram_memory_used,dram_memory_used,\
                         on_chip_flash_memory_used,off_chip_flash_memory_used,nn_macs,cycles_total";

    fn read(values: &str) -> Result<Summary, SummaryError> {
        Summary::read(&format!("{NAMES}\n{values}\n"), "net_1", "ethos-u55-128")
    }

    #[test]
    fn a_summary_is_read_to_the_byte() {
        let expected = Summary { ram: Bytes(1_552), flash: Bytes(2_064), macs: 700, cycles: Some(90) };
        assert_eq!(read("default,net_1,Ethos_U55_128,1.515625,0.0,0.0,2.015625,700,90"), Ok(expected));
        let sum = read("default,net_1,Ethos_U55_128,1.5,2.0,1.0,0.25,700,nan").expect("a summary");
        assert_eq!((sum.ram, sum.flash, sum.cycles), (Bytes(3_584), Bytes(1_280), None));
    }

    #[test]
    fn a_summary_of_something_else_is_refused() {
        for (values, words) in [
            ("default,net_2,Ethos_U55_128,1.5,0.0,0.0,2.0,700,90", "network \"net_2\""),
            ("default,net_1,Ethos_U55_256,1.5,0.0,0.0,2.0,700,90", "for \"Ethos_U55_256\""),
            ("default,net_1,Ethos_U55_128,nan,0.0,0.0,2.0,700,90", "\"nan\" of sram_memory_used"),
            ("default,net_1,Ethos_U55_128,1.3,0.0,0.0,2.0,700,90", "\"1.3\" of sram_memory_used"),
            ("default,net_1,Ethos_U55_128,1.5,0.0,0.0,2.0,-7,90", "\"-7\" of nn_macs"),
            ("default,net_1,Ethos_U55_128,1.5", "not one line"),
            ("", "not one line"),
        ] {
            let error = read(values).expect_err(values).to_string();
            assert!(error.contains(words), "{values}: {error}");
        }
        let short = Summary::read("network\nnet_1\n", "net_1", "ethos-u55-128");
        assert_eq!(short, Err(SummaryError::Missing("accelerator_configuration")));
    }

    #[test]
    fn operators_are_told_apart_by_where_they_run() {
        let said = "Warning: none\n\nCPU operators = 1 (25.0%)\n   CPU: Passthrough = pool = 3 (outputs [1, 1, 1, 4])\n\
                    NPU operators = 3 (75.0%)\n   NPU: Conv2D = a (outputs [1, 2, 2, 4])\n   NPU: Relu6 = a\n   NPU: Conv2D = b\n";
        let expected = Operators {
            accelerated: vec!["Conv2D".to_owned(), "Relu6".to_owned()],
            left: vec!["pool = 3".to_owned()],
            counts: Some((3, 1)),
        };
        assert_eq!(Operators::read(said), expected);
        assert_eq!(Operators::read("hello"), Operators::default());
    }
}
