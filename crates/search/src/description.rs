//! A space as a file says it: which architectures there are to choose from. What is not said is as usual.
//!
//! [`Rules`](crate::Rules) are made of it, and refuse what is empty, contradictory or too large.

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use crate::staged::{Follows, Kind};

/// The version of descriptions that is read.
const VERSION: u32 = 1;
/// The most bytes of a description.
pub const DESCRIPTION_BYTES: usize = 64 << 10;

/// A description that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {field}: {problem}")]
pub struct DescriptionError {
    /// The file.
    pub file: String,
    /// The field, as a path.
    pub field: String,
    /// The value, what is wrong with it, and what would be right.
    pub problem: String,
}

/// A space of architectures: a convolution as stem, stages of equal blocks, and a classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The version of this form.
    #[serde(default = "version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What it is called.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What it is, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 400))]
    pub about: String,
    /// Which inputs it is for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub inputs: Inputs,
    /// The longer side that pictures are brought to before they are learnt from; without it they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 8, max = 512))]
    pub side: Option<u32>,
    /// All widths, in percent of what is said below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 400))]
    pub width_percent: Option<u32>,
    /// How small the last map may be, and how large, as far as the input's shape allows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_map: LastMap,
    /// The first convolution.
    pub stem: Stem,
    /// How many stages.
    pub depth: Amounts,
    /// What every stage may be.
    pub stage: Place,
    /// What is otherwise at the first stage, the second, and so on; later ones are as `stage` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24))]
    pub stages: Vec<Place>,
    /// How the head pools the last map.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Head,
    /// The sides and widths between which `choose` chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choose: Option<Choices>,
}

/// Which inputs a space is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// Any.
    #[default]
    Any,
    /// Those with rows and columns.
    Pictures,
    /// Those with one row or one column.
    Signals,
}

/// The sides of the last map. Strides bring the longer side to `most` or less, and leave the shorter at `least` or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LastMap {
    /// The shorter side is no less.
    #[schemars(range(min = 1, max = 64))]
    pub least: u32,
    /// The longer side is no more.
    #[schemars(range(min = 1, max = 128))]
    pub most: u32,
}

impl Default for LastMap {
    fn default() -> Self {
        Self { least: 2, most: 8 }
    }
}

/// The first convolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stem {
    /// Its channels: multiples of 4 up to 16, of 8 above.
    pub channels: Amounts,
    /// The sides of its kernel.
    #[serde(default = "threes")]
    #[schemars(length(min = 1, max = 8))]
    pub kernels: Vec<u32>,
    /// The same for signals; without it, as for pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub signal_kernels: Option<Vec<u32>>,
    /// How often it halves the map: 0 to 2.
    #[serde(default = "none_or_one")]
    pub halvings: Amounts,
}

/// What a stage may be. What is left out of `stages` is as `stage` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// The modules that it may be made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modules: Option<Vec<Kind>>,
    /// Output channels: multiples of 4 up to 16, of 8 above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Amounts>,
    /// How many blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Amounts>,
    /// The sides of kernels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub kernels: Option<Vec<u32>>,
    /// The same for signals; without it, as for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub signal_kernels: Option<Vec<u32>>,
    /// How many times as many channels inverted residuals have inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub expansions: Option<Vec<u32>>,
    /// Whether depthwise and inverted blocks have a squeeze-excite.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2))]
    pub squeeze_excite: Option<Vec<bool>>,
    /// How many times fewer channels a squeeze-excite has inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4))]
    pub reductions: Option<Vec<u32>>,
    /// Whether depthwise and inverted blocks add their input where shapes allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2))]
    pub skips: Option<Vec<bool>>,
    /// The activations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activations: Option<Vec<Follows>>,
    /// Whether it halves the map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halves: Option<Halves>,
    /// What halves the map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halved_by: Option<Vec<HalvedBy>>,
}

/// Whether a stage halves the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Halves {
    /// It may.
    #[default]
    Free,
    /// It does, as far as the input's shape allows.
    Always,
    /// It does not.
    Never,
}

/// What halves a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HalvedBy {
    /// The stride of the first block.
    #[default]
    Stride,
    /// A maximum pool before the first block.
    MaxPool,
    /// An average pool before the first block.
    AveragePool,
}

/// How a head pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean.
    Average,
    /// The maximum.
    Max,
}

/// The classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How it pools the last map.
    #[schemars(length(min = 1, max = 2))]
    pub pools: Vec<Pooling>,
}

impl Default for Head {
    fn default() -> Self {
        Self { pools: vec![Pooling::Average, Pooling::Max] }
    }
}

/// The sides and widths between which `choose` chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// Longer sides of pictures. Those longer than the data's are left out.
    #[schemars(length(min = 1, max = 16))]
    pub sides: Vec<u32>,
    /// Widths, in percent.
    #[schemars(length(min = 1, max = 16))]
    pub width_percents: Vec<u32>,
}

/// Numbers to choose from: `[1, 2, 4]`, all the same likely, or `{ least = 1, most = 8 }`, of which `draws` are drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Amounts {
    /// These.
    List(#[schemars(length(min = 1, max = 64))] Vec<u32>),
    /// All between two.
    Range(Range),
}

/// All numbers between two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// Which of them are drawn at random, each as likely as it is often here; without it all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub draws: Vec<u32>,
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Amounts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of whole numbers, or { least = 1, most = 8 }")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Amounts, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Amounts::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Amounts, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(fields)).map(Amounts::Range)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amounts, E> {
                let number = u32::try_from(number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &"a number from 0 on"))?;
                Ok(Amounts::List(vec![number]))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amounts, E> {
                let number = u32::try_from(number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &"a smaller number"))?;
                Ok(Amounts::List(vec![number]))
            }
        }

        source.deserialize_any(Either)
    }
}

impl Description {
    /// Reads a description, JSON if it begins with a brace and else TOML; `file` is what it is called in errors.
    pub fn read(file: &str, text: &[u8]) -> Result<Self, DescriptionError> {
        let wrong = |field: &str, problem: String| wrong(file, field, &problem);
        if text.len() > DESCRIPTION_BYTES {
            let problem = format!("{} bytes, and at most {DESCRIPTION_BYTES} are read; shorten it", text.len());
            return Err(wrong("the document", problem));
        }
        let text = str::from_utf8(text).map_err(|error| wrong("the document", format!("no text: {error}")))?;
        if text.trim_start().starts_with('{') {
            let mut source = serde_json::Deserializer::from_str(text);
            let read = serde_path_to_error::deserialize(&mut source)
                .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
            source.end().map_err(|error| wrong("the document", error.to_string()))?;
            return Ok(read);
        }
        let source = toml::Deserializer::parse(text)
            .map_err(|error| wrong("the document", format!("no TOML: {}", at_line(text, &error))))?;
        serde_path_to_error::deserialize(source)
            .map_err(|error| wrong(&error.path().to_string(), at_line(text, error.inner())))
    }

    /// The spaces between which [`choose`](crate::choose) chooses: this one at each of its sides and widths, for inputs whose
    /// longer side is this long. Without choices it is the only one.
    #[must_use]
    pub fn variants(&self, longer_side: u32) -> Vec<Self> {
        let Some(Choices { sides, width_percents }) = &self.choose else { return vec![self.clone()] };
        // With what is added it must not be too long a name.
        let short: String = self.name.chars().take(24).collect();
        let at = |side: Option<u32>, percent: u32| {
            let said = side.map_or_else(|| "as it is".to_owned(), |side| format!("{side} px"));
            let name = format!("{short} at {said}, {percent} % wide");
            Self { name, side, width_percent: Some(percent), choose: None, ..self.clone() }
        };
        let mut fit: Vec<_> = sides.iter().filter(|side| **side <= longer_side).map(|side| Some(*side)).collect();
        if fit.is_empty() {
            fit.push(None);
        }
        fit.into_iter().flat_map(|side| width_percents.iter().map(move |percent| at(side, *percent))).collect()
    }
}

/// A TOML error on one line, with its place.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| 1 + before.matches('\n').count());
    let message = error.message().trim_end();
    line.map_or_else(|| message.to_owned(), |line| format!("{message} at line {line}"))
}

pub(crate) fn wrong(file: &str, field: &str, problem: &str) -> DescriptionError {
    // What a file says is quoted; a hostile one must not fill the screen, nor speak to the terminal.
    const MOST: usize = 400;
    let cut = |text: &str| -> String {
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MOST).collect()
    };
    let field = if matches!(field, "." | "") { "the document" } else { field };
    DescriptionError { file: cut(file), field: cut(field), problem: cut(problem) }
}

/// The JSON Schema of a description.
#[must_use]
pub fn space_schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Description>();
    schema.insert("title".into(), "AutoMCU space of architectures".into());
    schema.to_value()
}

const fn version() -> u32 {
    VERSION
}

fn threes() -> Vec<u32> {
    vec![3]
}

fn none_or_one() -> Amounts {
    Amounts::List(vec![0, 1])
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
