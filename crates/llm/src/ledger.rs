//! What was spent on asks, and whether more may be. Who asks for whom keeps one for each.

use serde::{Deserialize, Serialize};

use crate::{Answer, Ask, LlmError, Price, Usage, price::tokens};

/// What may be spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// The most tokens, read and written.
    pub most_tokens: Option<u64>,
    /// The most money, in millionths of the price's currency.
    pub most_money_micros: Option<u64>,
}

/// What was spent so far. Recorded answers count like others: they were paid for, and what follows from them has to follow again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Asks that were made.
    pub asks: u64,
    /// Those of them that brought no answer of use.
    pub failures: u64,
    /// Answers that came from a record.
    pub recorded: u64,
    /// Tokens that were read, the cached ones among them, as servers count them.
    pub input_tokens: u64,
    /// Tokens that servers remembered.
    pub cached_input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// Tokens that nobody counted, by the bytes of their texts and at the worst (`estimated`).
    pub estimated_tokens: u64,
    /// Money, in millionths of the price's currency; unknown once a part of it is.
    pub money_micros: Option<u64>,
    /// The same with what is unknown taken at the worst; unknown without a price.
    pub worst_money_micros: Option<u64>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            asks: 0,
            failures: 0,
            recorded: 0,
            input_tokens: 0,
            cached_input_tokens: 0,
            output_tokens: 0,
            estimated_tokens: 0,
            money_micros: Some(0),
            worst_money_micros: Some(0),
        }
    }
}

impl Account {
    /// All tokens, counted and estimated.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens).saturating_add(self.estimated_tokens)
    }
}

/// Why no more may be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapSpent {
    /// The tokens are spent.
    #[error("{spent} tokens are spent of at most {most}; allow more, or go on without the language model")]
    Tokens {
        /// What was spent.
        spent: u64,
        /// The cap.
        most: u64,
    },
    /// The money is spent.
    #[error(
        "{spent_micros} millionths of {currency} are spent of at most {most_micros}; allow more, or go on without the language model"
    )]
    Money {
        /// What was spent, at the worst.
        spent_micros: u64,
        /// The cap.
        most_micros: u64,
        /// The currency.
        currency: String,
    },
    /// There is a cap on money and no price.
    #[error("money is capped, and without a price nobody knows what was spent; configure the price, or cap tokens")]
    NoPrice,
}

/// What was spent, what may be, and at what price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    caps: Caps,
    price: Option<Price>,
    account: Account,
}

impl Ledger {
    /// A ledger in which nothing is spent.
    #[must_use]
    pub fn new(caps: Caps, price: Option<Price>) -> Self {
        Self::resumed(caps, price, Account::default())
    }

    /// A ledger in which this is spent already.
    #[must_use]
    pub const fn resumed(caps: Caps, price: Option<Price>, account: Account) -> Self {
        Self { caps, price, account }
    }

    /// What was spent.
    #[must_use]
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Whether more may be asked. A cap is spent once it is reached: the ask that reaches it may go beyond by what it takes.
    pub fn may_ask(&self) -> Result<(), CapSpent> {
        let spent = self.account.tokens();
        if let Some(most) = self.caps.most_tokens.filter(|most| spent >= *most) {
            return Err(CapSpent::Tokens { spent, most });
        }
        let Some(most_micros) = self.caps.most_money_micros else { return Ok(()) };
        let (Some(price), Some(spent_micros)) = (&self.price, self.account.worst_money_micros) else {
            return Err(CapSpent::NoPrice);
        };
        if spent_micros < most_micros {
            return Ok(());
        }
        Err(CapSpent::Money { spent_micros, most_micros, currency: price.currency.clone() })
    }

    /// Counts an answer.
    pub fn add(&mut self, answer: &Answer) {
        self.count(&answer.usage, answer.is_recorded);
    }

    /// Counts an ask that brought no answer of use. What a server may have worked for without saying so is taken at the worst.
    pub fn add_failure(&mut self, ask: &Ask, error: &LlmError) {
        self.account.failures = self.account.failures.saturating_add(1);
        let is_lost = matches!(error, LlmError::Timeout { .. } | LlmError::Connect { is_sent: true, .. });
        match error.spent() {
            Some(spent) => self.count(&spent.usage, spent.is_recorded),
            None if is_lost => {
                let bytes = ask.messages.iter().map(|message| message.text.len()).sum();
                let estimated_total = tokens(bytes).saturating_add(ask.most_tokens.into());
                self.count(&Usage { estimated_total, ..Usage::default() }, false);
            }
            None => self.account.asks = self.account.asks.saturating_add(1),
        }
    }

    fn count(&mut self, usage: &Usage, is_recorded: bool) {
        let account = &mut self.account;
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut account.asks, 1);
        add(&mut account.recorded, is_recorded.into());
        if let (Some(input), Some(output)) = (usage.input, usage.output) {
            add(&mut account.input_tokens, input);
            add(&mut account.cached_input_tokens, usage.cached_input.unwrap_or(0));
            add(&mut account.output_tokens, output);
        } else {
            add(&mut account.estimated_tokens, usage.estimated_total);
        }
        let price = self.price.as_ref();
        let cost = price.and_then(|price| price.of(usage));
        let worst = cost.or_else(|| price.map(|price| price.at_most(usage.estimated_total)));
        let sum = |sum: Option<u64>, more: Option<u64>| Some(sum?.saturating_add(more?));
        account.money_micros = sum(account.money_micros, cost);
        account.worst_money_micros = sum(account.worst_money_micros, worst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Digest, Message, Spent, Structured};
    use serde_json::json;
    use std::time::Duration;

    fn price() -> Option<Price> {
        let currency = "USD".to_owned();
        Some(Price {
            input_per_mtok_micros: 1_000_000,
            cached_input_per_mtok_micros: 100_000,
            output_per_mtok_micros: 2_000_000,
            currency,
        })
    }

    fn usage(counted: Option<(u64, u64, u64)>) -> Usage {
        let Some((input, cached, output)) = counted else {
            return Usage { estimated_total: 30, ..Usage::default() };
        };
        Usage { input: Some(input), cached_input: Some(cached), output: Some(output), estimated_total: 1 }
    }

    fn answer(usage: Usage) -> Answer {
        Answer {
            text: String::new(),
            value: None,
            finish: "stop".to_owned(),
            usage,
            cost_micros: None,
            tries: 1,
            duration_ms: 1,
            digest: Digest::of(&json!(1)),
            is_recorded: true,
            structured: Structured::Prompt,
        }
    }

    fn ask() -> Ask {
        Ask { messages: vec![Message::user("eight by")], schema: None, most_tokens: 100, seed: None }
    }

    #[test]
    fn tokens_and_money_add_up_and_are_unknown_once_a_part_is() {
        let mut ledger = Ledger::new(Caps::default(), price());
        ledger.add(&answer(usage(Some((10, 4, 3)))));
        let account = ledger.account();
        assert_eq!((account.input_tokens, account.cached_input_tokens, account.output_tokens), (10, 4, 3));
        assert_eq!((account.money_micros, account.worst_money_micros), (Some(13), Some(13)), "6 + 0.4 + 6, rounded up");
        ledger.add(&answer(usage(None)));
        let account = ledger.account();
        assert_eq!((account.estimated_tokens, account.money_micros, account.worst_money_micros), (30, None, Some(73)));
        assert_eq!((account.tokens(), account.asks, account.recorded, account.failures), (43, 2, 2, 0));
        let mut unpriced = Ledger::new(Caps::default(), None);
        unpriced.add(&answer(usage(Some((1, 0, 1)))));
        assert_eq!(unpriced.account().money_micros, None, "unknown, not 0");
    }

    #[test]
    fn failures_count_what_they_took_and_what_they_may_have_taken() {
        let spent = Box::new(Spent {
            usage: usage(Some((5, 0, 5))),
            cost_micros: None,
            tries: 1,
            duration_ms: 1,
            digest: Digest::of(&json!(1)),
            is_recorded: false,
        });
        let lost = LlmError::Timeout { after: Duration::from_secs(1) };
        let refused = LlmError::Connect { message: String::new(), is_sent: false };
        let mut tokens = Vec::new();
        for error in [LlmError::Truncated { text: String::new(), spent }, lost, refused] {
            let mut ledger = Ledger::new(Caps::default(), price());
            ledger.add_failure(&ask(), &error);
            let account = ledger.account();
            assert_eq!((account.asks, account.failures), (1, 1));
            tokens.push((account.tokens(), account.money_micros, account.worst_money_micros));
        }
        assert_eq!(tokens, [(10, Some(15), Some(15)), (102, None, Some(204)), (0, Some(0), Some(0))]);
    }

    #[test]
    fn a_cap_that_is_reached_is_spent() {
        let caps = |most_tokens, most_money_micros| Caps { most_tokens, most_money_micros };
        let spent = |caps, price| {
            let mut ledger = Ledger::new(caps, price);
            ledger.add(&answer(usage(Some((10, 0, 5)))));
            ledger.may_ask()
        };
        assert_eq!(spent(caps(None, None), None), Ok(()));
        assert_eq!(spent(caps(Some(16), Some(21)), price()), Ok(()));
        assert_eq!(spent(caps(Some(15), None), price()), Err(CapSpent::Tokens { spent: 15, most: 15 }));
        let currency = "USD".to_owned();
        let money = CapSpent::Money { spent_micros: 20, most_micros: 20, currency };
        assert_eq!(spent(caps(None, Some(20)), price()), Err(money));
        assert_eq!(spent(caps(None, Some(20)), None), Err(CapSpent::NoPrice));
        assert_eq!(
            Ledger::new(caps(None, Some(20)), None).may_ask(),
            Err(CapSpent::NoPrice),
            "before anything is spent"
        );
        assert!(Ledger::new(caps(Some(0), None), None).may_ask().is_err());
    }

    #[test]
    fn a_ledger_goes_on_from_what_was_kept() {
        let mut ledger = Ledger::new(Caps::default(), price());
        ledger.add(&answer(usage(Some((10, 4, 3)))));
        let kept = serde_json::to_string(&ledger.account()).expect("JSON");
        let account = serde_json::from_str(&kept).expect("JSON");
        assert_eq!(Ledger::resumed(Caps::default(), price(), account), ledger);
    }
}
