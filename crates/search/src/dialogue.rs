//! What a language model is asked, and what is made of its answer: pure, so that the agent and the arena hear it alike.
//!
//! ```text
//! Dialogue ──schema, prompt──► (somebody asks a model) ──JSON──► hear ──► kept: understood, new, within the budget
//!     ▲                                                           └────► refused, each with what is wrong and how it would be right
//!     └── once: the refusals, word for word, as a second question
//! ```
//!
//! Nothing that a model says is believed: what is understood is built anew by the [`Language`], and texts are only shown to people.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The most characters of a rationale, and candidates that it names.
const RATIONALE: usize = 300;
const EVIDENCE: usize = 4;
/// Refusals that are told in a second question, and characters of each.
const TOLD: usize = 12;
const TOLD_CHARACTERS: usize = 400;
/// Entries of an answer that are looked at.
const LOOKED_AT: usize = 32;

/// How candidates are written for a language model, and understood.
pub trait Language {
    /// What an entry becomes.
    type Idea;
    /// What tells ideas apart.
    type Id: Ord + Clone;

    /// The JSON Schema of a candidate.
    fn schema(&self) -> Value;

    /// What an entry means; or all that is wrong with it, each with how it would be right.
    fn understand(&self, entry: &Value) -> Result<(Self::Id, Self::Idea), Vec<String>>;
}

/// An idea that can be put forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thought<I> {
    /// It.
    pub idea: I,
    /// Why, as the model says.
    pub rationale: String,
    /// The numbers of the candidates that the model says it rests on.
    pub evidence: Vec<u64>,
}

/// An entry that cannot be put forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Its place in the answer, from 1 on; none where the answer itself is meant.
    pub place: Option<usize>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Whether it was put forward before.
    pub is_repeated: bool,
}

/// A round of questions and answers: one question, and one more where not enough could be used.
#[derive(Debug)]
pub struct Dialogue<'l, L: Language> {
    language: &'l L,
    wanted: usize,
    known: BTreeSet<L::Id>,
    thoughts: Vec<(L::Id, Thought<L::Idea>)>,
    objections: Vec<Objection>,
    heard: u32,
}

impl<'l, L: Language> Dialogue<'l, L> {
    /// So many questions are asked at most.
    pub const QUESTIONS: u32 = 2;

    /// So many ideas are wanted, none of those that are known.
    #[must_use]
    pub fn new(language: &'l L, wanted: usize, known: impl IntoIterator<Item = L::Id>) -> Self {
        let known = known.into_iter().collect();
        Self { language, wanted, known, thoughts: Vec::new(), objections: Vec::new(), heard: 0 }
    }

    /// The JSON Schema of an answer.
    #[must_use]
    pub fn schema(&self) -> Value {
        let text = json!({ "type": "string", "maxLength": RATIONALE });
        let numbers = json!({ "type": "array", "items": { "type": "integer", "minimum": 1 }, "maxItems": EVIDENCE });
        // The reason comes first, so that it is thought of first.
        let entry = object([("rationale", text), ("evidence", numbers), ("candidate", self.language.schema())]);
        let most = self.missing().clamp(1, LOOKED_AT);
        let list = json!({ "type": "array", "items": entry, "minItems": 1, "maxItems": most });
        object([("candidates", list)])
    }

    /// How many ideas are still wanted.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.thoughts.len())
    }

    /// Whether another question is worth asking: the last answer was wanting, and told why.
    #[must_use]
    pub fn asks_again(&self) -> bool {
        self.missing() > 0 && self.heard < Self::QUESTIONS && !self.objections.is_empty()
    }

    /// Takes an answer in.
    pub fn hear(&mut self, answer: &Value) {
        self.heard += 1;
        self.objections.clear();
        let Some(entries) = entries(answer) else {
            let problem = "the answer has no list \"candidates\"; write {\"candidates\": [...]}".to_owned();
            self.objections.push(Objection { place: None, problems: vec![problem], is_repeated: false });
            return;
        };
        for (place, entry) in (1..).zip(entries.iter().take(LOOKED_AT)) {
            if self.missing() > 0 {
                self.consider(place, entry);
            }
        }
        if entries.is_empty() {
            let problems = vec!["the list \"candidates\" is empty; write at least one".to_owned()];
            self.objections.push(Objection { place: None, problems, is_repeated: false });
        }
    }

    /// No answer came that could be read.
    pub fn hear_nothing(&mut self, problem: &str) {
        self.heard += 1;
        self.objections = vec![Objection { place: None, problems: vec![problem.to_owned()], is_repeated: false }];
    }

    fn consider(&mut self, place: usize, entry: &Value) {
        // Some leave the envelope out where it holds one thing.
        let candidate = entry.get("candidate").unwrap_or(entry);
        let object = |problems| Objection { place: Some(place), problems, is_repeated: false };
        match self.language.understand(candidate) {
            Err(problems) => self.objections.push(object(problems)),
            Ok((id, _)) if !self.known.insert(id.clone()) => {
                let problems = vec!["it was put forward before; write another".to_owned()];
                self.objections.push(Objection { is_repeated: true, ..object(problems) });
            }
            Ok((id, idea)) => {
                let rationale = entry.get("rationale").and_then(Value::as_str).unwrap_or_default();
                let evidence = entry.get("evidence").and_then(Value::as_array);
                let evidence = evidence.into_iter().flatten().filter_map(number).take(EVIDENCE).collect();
                self.thoughts.push((id, Thought { idea, rationale: tidied(rationale, RATIONALE), evidence }));
            }
        }
    }

    /// What was refused of the last answer.
    #[must_use]
    pub fn objections(&self) -> &[Objection] {
        &self.objections
    }

    /// The refusals in words, for the second question.
    #[must_use]
    pub fn complaint(&self) -> String {
        let line = |objection: &Objection| {
            let whose = objection.place.map_or_else(|| "the answer".to_owned(), |place| format!("candidate {place}"));
            tidied(&format!("- {whose}: {}", objection.problems.join("; ")), TOLD_CHARACTERS)
        };
        self.objections.iter().take(TOLD).map(line).collect::<Vec<_>>().join("\n")
    }

    /// The ideas, in the order in which they were said.
    #[must_use]
    pub fn into_thoughts(self) -> Vec<(L::Id, Thought<L::Idea>)> {
        self.thoughts
    }
}

/// The list of candidates, however the answer wraps it.
fn entries(answer: &Value) -> Option<&[Value]> {
    match answer {
        Value::Array(entries) => Some(entries),
        Value::Object(fields) => match fields.get("candidates") {
            Some(Value::Array(entries)) => Some(entries),
            _ if fields.contains_key("candidate") => Some(std::slice::from_ref(answer)),
            _ => None,
        },
        _ => None,
    }
}

/// `7`, or `"c7"` as people write it.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim_start_matches(['c', 'C', '#']).parse().ok())
}

/// One line of at most so many characters.
fn tidied(text: &str, most: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An object that has exactly these fields.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: Map<String, Value> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Even numbers below a hundred.
    struct Even;

    impl Language for Even {
        type Idea = u64;
        type Id = u64;

        fn schema(&self) -> Value {
            json!({ "type": "integer" })
        }

        fn understand(&self, entry: &Value) -> Result<(u64, u64), Vec<String>> {
            let number = entry.as_u64().ok_or_else(|| vec![format!("{entry} is no number")])?;
            if number % 2 == 1 {
                return Err(vec![format!("{number} is odd; write {}", number + 1)]);
            }
            Ok((number, number))
        }
    }

    fn ideas(dialogue: Dialogue<'_, Even>) -> Vec<u64> {
        dialogue.into_thoughts().into_iter().map(|(_, thought)| thought.idea).collect()
    }

    #[test]
    fn what_is_understood_and_new_is_kept_and_the_rest_is_told() {
        let mut dialogue = Dialogue::new(&Even, 3, [8]);
        dialogue.hear(&json!({ "candidates": [
            { "rationale": "as c3\nsaid", "evidence": [3, "c4", -1, {}], "candidate": 2 },
            { "rationale": 7, "candidate": 3 },
            { "candidate": 8 },
            { "candidate": 2 },
        ] }));
        assert_eq!(dialogue.missing(), 2);
        assert!(dialogue.asks_again());
        let complaint = "- candidate 2: 3 is odd; write 4\n\
            - candidate 3: it was put forward before; write another\n\
            - candidate 4: it was put forward before; write another";
        assert_eq!(dialogue.complaint(), complaint);
        dialogue.hear(&json!([4, { "candidate": 6 }, 10]));
        assert!(!dialogue.asks_again(), "enough was said");
        let thoughts = dialogue.into_thoughts();
        let first = Thought { idea: 2, rationale: "as c3 said".to_owned(), evidence: vec![3, 4] };
        assert_eq!(thoughts[0], (2, first));
        assert_eq!(thoughts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 4, 6]);
    }

    #[test]
    fn answers_that_are_none_end_in_a_defined_way() {
        for (answer, said) in [
            (json!(null), "- the answer: the answer has no list"),
            (json!("candidates"), "- the answer: the answer has no list"),
            (json!({ "candidates": {} }), "- the answer: the answer has no list"),
            (json!({ "candidates": [] }), "- the answer: the list \"candidates\" is empty"),
            (json!({ "candidates": [null] }), "- candidate 1: null is no number"),
            (json!([{ "candidate": { "candidate": 2 } }]), "- candidate 1: {\"candidate\":2} is no number"),
        ] {
            let mut dialogue = Dialogue::new(&Even, 1, []);
            dialogue.hear(&answer);
            assert!(dialogue.complaint().starts_with(said), "{answer}: {}", dialogue.complaint());
            assert!(dialogue.asks_again());
            dialogue.hear_nothing("nothing came");
            assert!(!dialogue.asks_again(), "two questions are enough");
            assert_eq!(ideas(dialogue), [0_u64; 0]);
        }
    }

    #[test]
    fn the_same_a_thousand_times_is_one_idea_and_a_short_complaint() {
        let mut dialogue = Dialogue::new(&Even, 5, []);
        dialogue.hear(&json!(vec![json!({ "candidate": 2 }); 1000]));
        assert!(dialogue.complaint().len() < 1_000 && dialogue.objections().iter().all(|one| one.is_repeated));
        assert_eq!(ideas(dialogue), [2]);
    }

    #[test]
    fn a_long_rationale_is_cut_at_a_character() {
        let mut dialogue = Dialogue::new(&Even, 1, []);
        dialogue.hear(&json!([{ "rationale": "ä".repeat(10_000), "candidate": 2 }]));
        let (_, thought) = dialogue.into_thoughts().remove(0);
        assert_eq!(thought.rationale, format!("{}…", "ä".repeat(RATIONALE)));
    }
}
