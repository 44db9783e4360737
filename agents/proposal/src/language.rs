//! Architectures as a language model writes them: a backbone and a head, read by the same reader as everybody's specs, and held against
//! the budget by the same planner.

use automcu_model::{
    GraphDigest, Spec,
    spec::{Input, strict_spec_schema},
};
use automcu_search::{Language, Misfit, Space, Staged, Stages, Task};
use serde_json::{Map, Value, json};

/// The most modules of a backbone that a model is asked for; more are read where they come.
const MODULES: usize = 24;
/// The most problems of a candidate that it is told.
const PROBLEMS: usize = 5;

/// The architectures of a job.
pub(crate) struct Architectures<'t> {
    pub(crate) task: &'t Task<Stages>,
    /// Whether what is no member of the space is refused.
    pub(crate) members_only: bool,
}

/// An architecture that fits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Suggested {
    pub(crate) spec: Spec,
}

impl Architectures<'_> {
    /// The whole spec: what is given of a job is added to what was written.
    fn completed(&self, entry: &Value) -> Result<Value, String> {
        let fields = entry.as_object().ok_or("a candidate is an object with \"backbone\" and \"head\"")?;
        let known = ["backbone", "head", "version", "input"];
        if let Some(other) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            let other: String = other.chars().take(40).collect();
            return Err(format!("{other:?} is no part of a candidate; write \"backbone\" and \"head\""));
        }
        let backbone = fields.get("backbone").ok_or("backbone: missing; write a list of modules")?;
        let mut head = match fields.get("head") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(head)) => head.clone(),
            Some(_) => return Err("head: write an object such as {\"op\": \"classifier\"}".to_owned()),
        };
        if head.get("op").is_some_and(|op| op != "classifier") {
            return Err("head.op: the job tells classes apart; write \"classifier\"".to_owned());
        }
        head.insert("op".to_owned(), json!("classifier"));
        head.insert("classes".to_owned(), json!(self.task.space.classes().get()));
        let Input { height, width, channels } = self.task.space.input();
        let input = json!({ "height": height.get(), "width": width.get(), "channels": channels.get() });
        Ok(json!({ "version": 1, "input": input, "backbone": backbone, "head": head }))
    }

    /// What is too much, and the smallest change that would help where one is known.
    fn fix(&self, misfit: &Misfit, member: Option<&Staged>) -> String {
        let narrower = |eighths: &u32| {
            let member = self.task.space.widened(member?, *eighths);
            self.task.admit(&member).is_ok().then_some(())
        };
        let fits = (1..8).rev().find(|eighths| narrower(eighths).is_some());
        match (misfit, fits) {
            (Misfit::Unbuildable(_), _) | (_, None) => misfit.to_string(),
            (_, Some(eighths)) => {
                let percent = f64::from(eighths) * 12.5;
                format!("{misfit}: with {percent} % of all channels it fits")
            }
        }
    }
}

impl Language for Architectures<'_> {
    type Idea = Suggested;
    type Id = GraphDigest;

    fn schema(&self) -> Value {
        let mut whole = strict_spec_schema();
        let mut backbone = whole["properties"]["backbone"].take();
        backbone["maxItems"] = json!(MODULES);
        let head = json!({
            "type": "object",
            "properties": {
                "op": { "type": "string", "enum": ["classifier"] },
                "pool": { "type": "string", "enum": ["average", "max"] },
            },
            "required": ["op", "pool"],
            "additionalProperties": false,
        });
        json!({
            "type": "object",
            "properties": { "backbone": backbone, "head": head },
            "required": ["backbone", "head"],
            "additionalProperties": false,
        })
    }

    fn understand(&self, entry: &Value) -> Result<(GraphDigest, Suggested), Vec<String>> {
        let document = self.completed(entry).map_err(|problem| vec![problem])?;
        let spec = Spec::from_json(document.to_string().as_bytes()).map_err(|refusals| {
            refusals.as_slice().iter().take(PROBLEMS).map(ToString::to_string).collect::<Vec<_>>()
        })?;
        let member = self.task.space.member(&spec);
        if self.members_only && member.is_none() {
            return Err(vec![
                "it is no member of the job's space; stay within its kinds, kernels and widths".to_owned(),
            ]);
        }
        match self.task.admit_spec(&spec) {
            Ok((digest, _)) => Ok((digest, Suggested { spec })),
            Err(misfit) => Err(vec![self.fix(&misfit, member.as_ref())]),
        }
    }
}
