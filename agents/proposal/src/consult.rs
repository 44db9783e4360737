//! A conversation with a language model about one round: a question, an answer, and one more question where the answer was wanting.
//! Whatever comes of it, it ends in a defined way, and what it cost is known.

use std::time::Duration;

use automcu_contract::{Prompting, Spent};
use automcu_llm::{Account, Answer, Ask, Caps, Ledger, LlmError, Message, Schema};
use automcu_model::GraphDigest;
use automcu_search::{Dialogue, Thought};
use tokio::runtime::Handle;
use tracing::{info, warn};

use crate::{
    Counterpart,
    language::{Architectures, Suggested},
    prompt::{self, Told},
    trouble::Trouble,
};

/// The most tokens of an answer, thoughts among them.
const ANSWER_TOKENS: u32 = 16_384;
/// So often somebody looks whether the agent ends.
const LOOK: Duration = Duration::from_millis(100);

/// What came of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Consulted {
    pub(crate) thoughts: Vec<(GraphDigest, Thought<Suggested>)>,
    pub(crate) spent: Option<Spent>,
    /// Candidates that were refused without being put forward.
    pub(crate) refused: u32,
    /// What the user should know.
    pub(crate) remark: Option<String>,
}

/// Who is asked, and within which bounds.
pub(crate) struct Asked<'a> {
    pub(crate) counterpart: &'a Counterpart,
    pub(crate) handle: &'a Handle,
    /// What the job has spent before.
    pub(crate) before: Spent,
    pub(crate) seed: u64,
    pub(crate) ends: &'a dyn Fn() -> bool,
}

impl Asked<'_> {
    /// Asks for so many candidates, none of those that are known.
    pub(crate) fn consult(
        &self,
        told: &Told<'_>,
        language: &Architectures<'_>,
        known: impl IntoIterator<Item = GraphDigest>,
        wanted: usize,
    ) -> Result<Consulted, Trouble> {
        let mut dialogue = Dialogue::new(language, wanted, known);
        let mut messages = vec![Message::system(prompt::system()), Message::user(told.question(wanted))];
        let mut consulted = Consulted::default();
        let mut ledger = self.ledger(told.prompting);
        loop {
            if let Err(why) = ledger.may_ask() {
                consulted.remark = Some(why.to_string());
                break;
            }
            let schema = Schema { name: "candidates".to_owned(), value: automcu_llm::strict(dialogue.schema()) };
            let ask = Ask {
                messages: messages.clone(),
                schema: Some(schema),
                most_tokens: ANSWER_TOKENS,
                seed: Some(self.seed),
            };
            let answered = self.wait_for(&ask)?;
            match &answered {
                Ok(answer) => ledger.add(answer),
                Err(error) => ledger.add_failure(&ask, error),
            }
            let said = match take_in(answered, &mut dialogue) {
                Ok(said) => said,
                Err(error) => {
                    warn!(agent = "proposal", cause = %error, word = error.word(), "the language model gives nothing");
                    consulted.remark = Some(format!("the language model gives nothing: {error}"));
                    break;
                }
            };
            consulted.refused += u32::try_from(dialogue.objections().len()).unwrap_or(u32::MAX);
            for objection in dialogue.objections() {
                let (place, problems) = (objection.place, objection.problems.join("; "));
                info!(agent = "proposal", place, problems, "a proposal of the language model is refused");
            }
            if !dialogue.asks_again() {
                break;
            }
            messages.push(Message::assistant(said));
            messages.push(Message::user(prompt::repair(&dialogue.complaint(), dialogue.missing())));
        }
        consulted.thoughts = dialogue.into_thoughts();
        consulted.spent = self.spent(&ledger.account());
        if let Some(spent) = consulted.spent.as_mut().filter(|_| consulted.thoughts.is_empty()) {
            spent.failures = spent.failures.max(1);
            consulted.remark.get_or_insert_with(|| "nothing that the language model wrote could be used".to_owned());
        }
        Ok(consulted)
    }

    /// What the job has spent before, and what it may. What was counted then is not known by kinds.
    fn ledger(&self, prompting: &Prompting) -> Ledger {
        let Prompting { most_tokens, most_money_micros, .. } = *prompting;
        let Spent { requests, failures, tokens, money_micros } = self.before;
        let account = Account {
            asks: requests.into(),
            failures: failures.into(),
            estimated_tokens: tokens,
            money_micros,
            worst_money_micros: money_micros,
            ..Account::default()
        };
        Ledger::resumed(Caps { most_tokens, most_money_micros }, self.counterpart.price.clone(), account)
    }

    /// What this conversation took; nothing where nobody was asked.
    fn spent(&self, account: &Account) -> Option<Spent> {
        let more = |now: u64, before: u32| u32::try_from(now).unwrap_or(u32::MAX).saturating_sub(before);
        let requests = more(account.asks, self.before.requests);
        (requests > 0).then(|| Spent {
            requests,
            failures: more(account.failures, self.before.failures),
            tokens: account.tokens().saturating_sub(self.before.tokens),
            money_micros: account.money_micros.zip(self.before.money_micros).map(|(now, before)| now - before),
        })
    }

    /// Waits for an answer, or for the end of the agent.
    fn wait_for(&self, ask: &Ask) -> Result<Result<Answer, LlmError>, Trouble> {
        self.handle.block_on(async {
            let answer = self.counterpart.model.ask(ask);
            tokio::pin!(answer);
            loop {
                tokio::select! {
                    answered = &mut answer => return Ok(answered),
                    () = tokio::time::sleep(LOOK) => if (self.ends)() {
                        return Err(Trouble::Ending);
                    },
                }
            }
        })
    }
}

/// What the model said, once the dialogue has taken it in; an error where no other question would help.
fn take_in(
    answered: Result<Answer, LlmError>,
    dialogue: &mut Dialogue<'_, Architectures<'_>>,
) -> Result<String, LlmError> {
    match answered {
        Ok(Answer { value: Some(value), text, .. }) => {
            dialogue.hear(&value);
            Ok(text)
        }
        Ok(Answer { text, .. }) => {
            dialogue.hear_nothing("the answer is not the JSON that was asked for");
            Ok(text)
        }
        Err(error @ (LlmError::NotJson { .. } | LlmError::Truncated { .. } | LlmError::Empty { .. })) => {
            dialogue.hear_nothing(&error.to_string());
            Ok(match error {
                LlmError::NotJson { text, .. } | LlmError::Truncated { text, .. } => text,
                _ => String::new(),
            })
        }
        Err(error) => Err(error),
    }
}
