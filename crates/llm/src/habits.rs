//! What a server turned out to know less of than its configuration says. It is kept for as long as the program runs, so that each
//! lesson costs one refused request.

use std::sync::Mutex;

use crate::Structured;

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Habits {
    /// How JSON is asked for.
    pub(crate) structured: Structured,
    /// Schemas say how long texts are.
    pub(crate) has_lengths: bool,
    /// The limit of tokens goes by its newer name.
    is_newer_limit: bool,
}

impl Habits {
    pub(crate) const fn new(structured: Structured) -> Self {
        Self { structured, has_lengths: true, is_newer_limit: false }
    }

    /// What the limit of tokens is called.
    pub(crate) const fn limit_field(self) -> &'static str {
        if self.is_newer_limit { "max_completion_tokens" } else { "max_tokens" }
    }

    /// What to try after a rejection with this status and these words; nothing where they do not speak of what we could change.
    /// Every step is taken once: from the first to the last are at most five.
    fn after(self, status: u16, message: &str, has_schema: bool) -> Option<Self> {
        let message = message.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if ![400, 404, 422].contains(&status) {
            return None;
        }
        if !self.is_newer_limit && names(&["max_completion_tokens"]) {
            return Some(Self { is_newer_limit: true, ..self });
        }
        if !has_schema {
            return None;
        }
        if self.has_lengths && self.structured != Structured::JsonObject && names(&["minlength", "maxlength"]) {
            return Some(Self { has_lengths: false, ..self });
        }
        let is_meant = match self.structured {
            Structured::Tool => names(&["tool", "function"]),
            _ => names(&["response_format", "json_schema", "json_object", "json schema", "structured", "grammar"]),
        };
        let structured = self.structured.lower().filter(|_| is_meant)?;
        Some(Self { structured, ..self })
    }
}

/// The habits towards one server.
#[derive(Debug)]
pub(crate) struct Learnt(Mutex<Habits>);

impl Learnt {
    pub(crate) const fn new(habits: Habits) -> Self {
        Self(Mutex::new(habits))
    }

    pub(crate) fn now(&self) -> Habits {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What to try instead of these habits, remembered; nothing where the rejection has another reason. Where another ask has learnt
    /// meanwhile, that counts.
    pub(crate) fn instead_of(&self, tried: Habits, status: u16, message: &str, has_schema: bool) -> Option<Habits> {
        let mut habits = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *habits == tried {
            *habits = tried.after(status, message, has_schema)?;
        }
        Some(*habits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_learnt_from_only_where_it_names_what_can_be_changed() {
        use Structured::{JsonObject, JsonSchema, Prompt, Tool};
        for (structured, status, message, next) in [
            (JsonSchema, 400, "response_format.type `json_schema` is unavailable now", Some(JsonObject)),
            (JsonSchema, 422, "Unknown field: Response_Format", Some(JsonObject)),
            (JsonSchema, 400, "failed to parse grammar", Some(JsonObject)),
            (JsonSchema, 400, "too many messages", None),
            (JsonSchema, 401, "response_format", None),
            (JsonSchema, 500, "response_format", None),
            (JsonObject, 400, "json_object is unsupported", Some(Prompt)),
            (Tool, 400, "tool_choice is not supported by this model", Some(JsonObject)),
            (Tool, 400, "response_format", None),
            (Prompt, 400, "response_format", None),
        ] {
            let learnt = Learnt::new(Habits::new(structured));
            let habits = learnt.instead_of(learnt.now(), status, message, true);
            assert_eq!(habits.map(|habits| habits.structured), next, "{structured:?} {message}");
            assert_eq!(learnt.now().structured, next.unwrap_or(structured), "it is remembered");
            assert_eq!(Habits::new(structured).after(status, message, false), None, "without a schema there is none");
        }
    }

    #[test]
    fn the_newer_name_of_the_limit_and_schemas_without_lengths_are_learnt_once() {
        let first = Habits::new(Structured::JsonSchema);
        let message = "'max_tokens' is not supported; use 'max_completion_tokens' instead";
        let second = first.after(400, message, false).expect("a lesson");
        assert_eq!(second.limit_field(), "max_completion_tokens");
        assert_eq!(second.after(400, message, false), None);
        let third = second.after(400, "In context=('a',), 'maxLength' is not permitted", true).expect("a lesson");
        assert!(!third.has_lengths && third.structured == Structured::JsonSchema);
    }

    #[test]
    fn who_tried_what_is_known_to_fail_takes_what_others_learnt() {
        let learnt = Learnt::new(Habits::new(Structured::JsonSchema));
        let tried = learnt.now();
        let next = learnt.instead_of(tried, 400, "json_schema", true);
        assert_eq!(learnt.instead_of(tried, 400, "json_schema", true), next, "not two steps for two asks at a time");
    }
}
