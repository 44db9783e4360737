//! The architecture spec, a = (backbone, head): versioned JSON that people, searches and language models write.

mod declare;
mod modules;
mod numbers;
mod schema;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

pub use modules::{
    AveragePool, Block, Classifier, Conv, DepthwiseConv, DepthwiseSeparable, Dropout, Embedding, Fire,
    FusedInvertedResidual, Head, InvertedResidual, MaxPool, Reconstruction, Regression, Residual, SqueezeExcite, Stage,
};
pub use numbers::{
    Activation, Channels, Classes, Expansion, InputChannels, Kernel, Norm, Outputs, Padding, Percent, Pool, Reduction,
    Repeat, Side, Stride, Version, Window,
};
pub use schema::{spec_schema, strict_spec_schema};

use crate::{
    limits,
    read::{At, Fields, Json, Read, expected, parse},
    refusal::{Findings, Limit, Refusal, RefusalKind, Refusals},
};
use declare::record;

record! {
    /// The shape of one input: an image, a spectrogram, or a signal with one row.
    Input {
        /// Rows; 1 for a signal.
        height: Side,
        /// Columns, or time steps of a signal.
        width: Side,
        /// Values at each place.
        channels: InputChannels,
    }
}

/// One entry of the backbone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Module {
    /// A block, once.
    Block(Block),
    /// A block, repeated.
    Stage(Stage),
}

impl Module {
    const STAGE: &'static str = "stage";
    const WORDS: [&'static str; Block::WORDS.len() + 1] = declare::prepended(Self::STAGE, Block::WORDS);

    /// The word that stands in the field `op`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Block(block) => block.word(),
            Self::Stage(_) => Self::STAGE,
        }
    }
}

impl Serialize for Module {
    fn serialize<S: serde::Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'s> {
            op: &'static str,
            #[serde(flatten)]
            stage: &'s Stage,
        }
        match self {
            Self::Block(block) => block.serialize(sink),
            Self::Stage(stage) => Tagged { op: Self::STAGE, stage }.serialize(sink),
        }
    }
}

impl Read for Module {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self> {
        let word = declare::tag(json, &Self::WORDS, at, found)?;
        if word != Self::STAGE {
            return Block::read_as(word, json, at, found).map(Self::Block);
        }
        let fields = Fields::of(json, &["op", "repeat", "block"], at, found)?;
        Stage::read_fields(&fields, at, found).map(Self::Stage)
    }
}

impl JsonSchema for Module {
    fn schema_name() -> Cow<'static, str> {
        "Module".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut all = Block::describe_all(generator);
        all.push(Stage::describe(generator, Some(Self::STAGE)));
        schema::any_of(all)
    }
}

/// A candidate's architecture as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Spec {
    /// The version of this form.
    pub version: Version,
    /// The shape of one input.
    pub input: Input,
    /// The modules, first to last.
    pub backbone: Vec<Module>,
    /// What the last module's map is turned into.
    pub head: Head,
}

impl Spec {
    /// The version that this program writes.
    pub const VERSION: Version = Version::fixed(1);

    const FIELDS: &'static [&'static str] = &["$schema", "version", "input", "backbone", "head"];

    /// Reads a spec. Every mistake of form is named; shapes are looked at by [`Spec::lower`].
    pub fn from_json(text: &[u8]) -> Result<Self, Refusals> {
        let tree = parse(text)?;
        let mut found = Findings::default();
        let spec = Self::read(&tree, &At::Root, &mut found);
        found.into_result(spec)
    }

    /// Writes the spec as indented JSON, every field spelled out.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a spec is plain data")
    }
}

impl Read for Spec {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self> {
        let fields = Fields::of(json, Self::FIELDS, at, found)?;
        if let Some(other) = fields.get("$schema").filter(|json| !matches!(json, Json::Text(_))) {
            return expected(other, &At::Key(at, "$schema"), "a text, or leave it out", found);
        }
        let version = fields.required("version", at, found);
        let input = fields.required("input", at, found);
        let backbone = fields.required("backbone", at, found);
        let head = fields.required("head", at, found);
        Some(Self { version: version?, input: input?, backbone: backbone?, head: head? })
    }
}

impl Read for Vec<Module> {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self> {
        let Json::List(items) = json else {
            return expected(json, at, "a list of modules", found);
        };
        if !(1..=limits::MODULES).contains(&items.len()) {
            let problem = format!("there are {} modules", items.len());
            let remedy = format!("use 1 to {}", limits::MODULES);
            found.add(if items.is_empty() {
                Refusal::new(RefusalKind::Schema, at, problem, remedy)
            } else {
                Refusal::limit(Limit::Modules, at, problem, remedy)
            });
            return None;
        }
        let modules: Vec<_> =
            items.iter().enumerate().map(|(i, item)| Module::read(item, &At::Index(at, i), found)).collect();
        modules.into_iter().collect()
    }
}

impl JsonSchema for Spec {
    fn schema_name() -> Cow<'static, str> {
        "Architecture".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut object = schema::Object::new(&["An architecture: a backbone of modules and a head."], None);
        object.field::<Version>(generator, "version", &["The version of this form."], None);
        object.field::<Input>(generator, "input", &["The shape of one input."], None);
        object.list::<Module>(generator, "backbone", &["The modules, first to last."], limits::MODULES);
        object.field::<Head>(generator, "head", &["What the last module's map is turned into."], None);
        object.finish()
    }
}
