//! Tokens and what they cost.

use automcu_model::Provenance;
use serde::{Deserialize, Serialize};

/// Bytes of text that are taken for one token where nobody counted.
const BYTES_A_TOKEN: u64 = 4;

/// The tokens of an answer, as the server counts them. What it does not say is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that were read, the cached ones among them.
    pub input: Option<u64>,
    /// Those of them that the server remembered, which are cheaper.
    pub cached_input: Option<u64>,
    /// Tokens that were written, thoughts among them.
    pub output: Option<u64>,
    /// What both together come to by their bytes: an estimate, for caps on what nobody counted.
    pub estimated_total: u64,
}

impl Usage {
    /// Unknown, but for an estimate from the bytes that went out and came in.
    #[must_use]
    pub fn unknown(bytes_out: usize, bytes_in: usize) -> Self {
        Self { estimated_total: tokens(bytes_out) + tokens(bytes_in), ..Self::default() }
    }

    /// All tokens, and who says so: the server (`tool`), or an estimate from bytes.
    #[must_use]
    pub fn total(&self) -> (u64, Provenance) {
        match (self.input, self.output) {
            (Some(input), Some(output)) => (input.saturating_add(output), Provenance::Tool),
            _ => (self.estimated_total, Provenance::Estimated),
        }
    }
}

/// The tokens that these bytes come to, about.
pub(crate) fn tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_A_TOKEN)
}

/// What a million tokens cost, in millionths of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Of those that are read.
    pub input_per_mtok_micros: u64,
    /// Of those that are read and the server remembers.
    pub cached_input_per_mtok_micros: u64,
    /// Of those that are written.
    pub output_per_mtok_micros: u64,
    /// The currency, for people.
    pub currency: String,
}

impl Price {
    /// What these tokens cost, rounded up; unknown where their number is. Where the server does not say what it remembered, it
    /// remembered nothing.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> Option<u64> {
        let (input, output) = (usage.input?, usage.output?);
        let cached = usage.cached_input.unwrap_or(0).min(input);
        Some(self.sum(input - cached, cached, output))
    }

    /// What this many tokens cost at most, whatever they are.
    pub(crate) fn at_most(&self, tokens: u64) -> u64 {
        self.sum(tokens, 0, 0).max(self.sum(0, tokens, 0)).max(self.sum(0, 0, tokens))
    }

    fn sum(&self, input: u64, cached: u64, output: u64) -> u64 {
        let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = part(input, self.input_per_mtok_micros)
            .saturating_add(part(cached, self.cached_input_per_mtok_micros))
            .saturating_add(part(output, self.output_per_mtok_micros));
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        Price {
            input_per_mtok_micros: 280_000,
            cached_input_per_mtok_micros: 28_000,
            output_per_mtok_micros: 420_000,
            currency: "USD".to_owned(),
        }
    }

    #[test]
    fn cached_tokens_are_cheaper_and_parts_of_a_millionth_are_rounded_up() {
        let usage = |input, cached_input, output| Usage { input, cached_input, output, estimated_total: 0 };
        for (usage, cost) in [
            (usage(Some(1_000_000), Some(0), Some(0)), Some(280_000)),
            (usage(Some(1_000_000), Some(1_000_000), Some(1_000_000)), Some(448_000)),
            // More cached than read is not believed.
            (usage(Some(10), Some(1_000), Some(0)), Some(1)),
            (usage(Some(1), None, Some(1)), Some(1)),
            (usage(None, None, Some(1)), None),
            (usage(Some(1), Some(1), None), None),
            (usage(Some(u64::MAX), None, Some(u64::MAX)), Some(12_912_720_851_596_686_131)),
        ] {
            assert_eq!(price().of(&usage), cost, "{usage:?}");
        }
    }

    #[test]
    fn what_nobody_counted_is_estimated_and_said_so() {
        assert_eq!(Usage::unknown(401, 8).total(), (103, Provenance::Estimated));
        let counted = Usage { input: Some(5), cached_input: None, output: Some(2), estimated_total: 9 };
        assert_eq!(counted.total(), (7, Provenance::Tool));
    }
}
