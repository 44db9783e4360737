//! What values may be: how each kind is read, from TOML or from a bare text, shown, and described by a schema.

use std::{
    ffi::OsStr,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use automcu_api::{Money, Size, Span};
use serde_json::{Value as Json, json};

use crate::mistake::quoted;

/// Every judge, by name; `all` are all that are there.
pub const JUDGES: [&str; 6] = ["all", "plan", "gcc", "tflm", "vela", "stedgeai"];

/// A value as somebody says it.
pub(crate) enum Raw<'r> {
    /// By a flag or the environment, where everything is text.
    Untyped(&'r OsStr),
    Text(&'r str),
    Whole(i64),
    List(Vec<Raw<'r>>),
    /// What no value is, as it is written.
    Other(String),
}

impl Raw<'_> {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Untyped(text) => text.to_str(),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Untyped(text) => text.to_str()?.trim().parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untyped(text) => f.write_str(&quoted(&text.to_string_lossy())),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Whole(number) => write!(f, "{number}"),
            Self::List(_) => f.write_str("a list"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// How a kind of value is read, shown and described.
pub(crate) trait Value: Clone {
    /// The value, or what is wrong and how it would be right.
    fn read(raw: &Raw<'_>) -> Result<Self, String>;
    fn show(&self) -> Json;
    fn schema() -> Json;
}

/// What has a default that no value says.
impl<T: Value> Value for Option<T> {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        T::read(raw).map(Some)
    }

    fn show(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::show)
    }

    fn schema() -> Json {
        T::schema()
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Count<LEAST, MOST> {
    /// This number, or the closest that is allowed.
    #[must_use]
    pub fn closest(number: u32) -> Self {
        Self(number.clamp(LEAST, MOST))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const LEAST: u32, const MOST: u32> Value for Count<LEAST, MOST> {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let number = raw.number().and_then(|number| u32::try_from(number).ok());
        let within = number.filter(|number| (LEAST..=MOST).contains(number)).map(Self);
        within.ok_or_else(|| format!("{raw} is no number from {LEAST} to {MOST}; write one"))
    }

    fn show(&self) -> Json {
        self.0.into()
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// Sizes and spans of time: texts with a unit, or whole bytes and seconds.
macro_rules! amount {
    ($type:ty) => {
        impl Value for $type {
            fn read(raw: &Raw<'_>) -> Result<Self, String> {
                let wrong = || format!("{raw} is none; {}", description::<Self>());
                if let Some(number) = raw.number() {
                    return u64::try_from(number).ok().and_then(Self::new).ok_or_else(wrong);
                }
                raw.text().ok_or_else(wrong)?.parse().map_err(|error: automcu_api::AmountError| error.to_string())
            }

            fn show(&self) -> Json {
                self.to_string().into()
            }

            fn schema() -> Json {
                schemars::schema_for!(Self).get("anyOf").map_or(json!({}), |any| json!({ "anyOf": any }))
            }
        }
    };
}

amount!(Size);
amount!(Span);
amount!(Money);

fn description<T: schemars::JsonSchema>() -> String {
    let schema = schemars::schema_for!(T);
    schema.get("description").and_then(Json::as_str).unwrap_or_default().trim_end_matches('.').replace(": ", ": write ")
}

/// A path. In a file it is absolute, as nobody knows from where the program is started.
impl Value for PathBuf {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let path = match raw {
            Raw::Untyped(text) => Path::new(*text),
            Raw::Text(text) => Path::new(*text),
            _ => return Err(format!("{raw} is no path; write one in quotes")),
        };
        let shown = path.to_string_lossy();
        if shown.is_empty() || shown.len() > 4096 || shown.contains('\0') {
            return Err(format!("{raw} is no path; write 1 to 4,096 bytes"));
        }
        if matches!(raw, Raw::Text(_)) && !path.is_absolute() {
            return Err(format!("{raw} is relative; write the whole path, from / on"));
        }
        Ok(path.to_owned())
    }

    fn show(&self) -> Json {
        self.to_string_lossy().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^/", "maxLength": 4096 })
    }
}

/// An address of this computer, with a port.
impl Value for SocketAddr {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let address = raw.text().and_then(|text| text.trim().parse().ok());
        let has_port = address.filter(|address: &Self| address.port() != 0);
        has_port.ok_or_else(|| format!("{raw} is no address; write one with its port, like \"127.0.0.1:9464\""))
    }

    fn show(&self) -> Json {
        self.to_string().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[0-9a-fA-F.:\\[\\]]+:[0-9]{1,5}$" })
    }
}

/// A word of a few.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $( $(#[doc = $about:literal])+ $variant:ident = $word:literal, )+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[doc = $about])+ $variant, )+ }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// As it is written.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl Value for $name {
            fn read(raw: &Raw<'_>) -> Result<Self, String> {
                match raw.text().map(str::trim) {
                    $( Some($word) => Ok(Self::$variant), )+
                    _ => Err(format!("{raw} is not known; write {}", either(Self::WORDS))),
                }
            }

            fn show(&self) -> Json {
                self.word().into()
            }

            fn schema() -> Json {
                json!({ "enum": Self::WORDS })
            }
        }
    };
}

words! {
    /// How the log is written.
    LogFormat {
        /// For the journal where it is read by one, otherwise as text.
        Auto = "auto",
        /// Lines for people.
        Text = "text",
        /// A line of JSON for each event.
        Json = "json",
        /// Lines with the journal's priorities and without times, which the journal knows.
        Journald = "journald",
    }
}

words! {
    /// How a language model is asked for JSON.
    StructuredOutput {
        /// By a schema that the server keeps to.
        JsonSchema = "json_schema",
        /// By a switch for JSON.
        JsonObject = "json_object",
        /// As the arguments of a tool.
        Tool = "tool",
        /// In words.
        Prompt = "prompt",
    }
}

words! {
    /// Whether the proxy that the environment names counts.
    Proxy {
        /// It does not.
        None = "none",
        /// It does.
        Environment = "environment",
    }
}

words! {
    /// As what the vendor's tool is handed a network.
    VendorFormat {
        /// int8, as .tflite.
        Tflite = "tflite",
        /// int8, as ONNX with QuantizeLinear and DequantizeLinear.
        Qdq = "qdq",
        /// float32, as ONNX.
        Float32 = "float32",
    }
}

fn either(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// A judge's name, one of [`JUDGES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgeName(&'static str);

impl JudgeName {
    /// The name.
    #[must_use]
    pub const fn get(self) -> &'static str {
        self.0
    }
}

impl Value for JudgeName {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let known = raw.text().and_then(|text| JUDGES.into_iter().find(|name| *name == text.trim())).map(Self);
        known.ok_or_else(|| format!("{raw} is no judge; write {}", either(&JUDGES)))
    }

    fn show(&self) -> Json {
        self.0.into()
    }

    fn schema() -> Json {
        json!({ "enum": JUDGES })
    }
}

/// A list, each once; by flags and the environment with commas.
impl Value for Vec<JudgeName> {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let names: Self = match raw {
            Raw::List(items) => items.iter().map(JudgeName::read).collect::<Result<_, _>>()?,
            Raw::Untyped(text) => {
                let items = text.to_str().unwrap_or_default().split(',');
                items.map(|item| JudgeName::read(&Raw::Untyped(OsStr::new(item)))).collect::<Result<_, _>>()?
            }
            _ => return Err(format!("{raw} is no list; write one like [\"plan\", \"gcc\"]")),
        };
        let again = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
        match again {
            _ if names.is_empty() => Err("the list is empty; name a judge at least".to_owned()),
            Some((_, name)) => Err(format!("{:?} is there twice; name each judge once", name.get())),
            None => Ok(names),
        }
    }

    fn show(&self) -> Json {
        self.iter().map(Value::show).collect()
    }

    fn schema() -> Json {
        json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": JudgeName::schema() })
    }
}

/// The address of a server that speaks HTTP, without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAddress(String);

impl HttpAddress {
    /// The address.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl Value for HttpAddress {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let is_host = |rest: &str| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', '@', ' ']);
        let is_one =
            |text: &&str| ["http://", "https://"].iter().any(|kind| text.strip_prefix(kind).is_some_and(is_host));
        let address = raw.text().filter(|text| text.len() <= 1_000).filter(is_one).map(|text| Self(text.to_owned()));
        address.ok_or_else(|| format!("{raw} is no address; write one like \"http://127.0.0.1:8080/v1\""))
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^https?://[^/?#@ ][^?#@ ]*$", "maxLength": 1000 })
    }
}

/// A name that somebody else has given: visible characters, at most 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenName(String);

impl GivenName {
    /// The name; nothing where it is none.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let is_name = (1..=200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl Value for GivenName {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let name = raw.text().and_then(Self::new);
        name.ok_or_else(|| format!("{raw} is no name; write 1 to 200 visible characters of ASCII"))
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[!-~]{1,200}$" })
    }
}

/// How freely a language model chooses its words: from 0 to 2, or left to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warmth(String);

impl Warmth {
    const OMIT: &'static str = "omit";

    /// The temperature; none where the server chooses.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        self.0.parse().ok()
    }
}

/// As little as can be, so that the same is answered again.
impl Default for Warmth {
    fn default() -> Self {
        Self("0".to_owned())
    }
}

impl Value for Warmth {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let whole = raw.number().map(|number| number.to_string());
        let text = whole.or_else(|| raw.text().map(|text| text.trim().to_owned())).unwrap_or_default();
        let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_sound = is_decimal && text.parse::<f64>().is_ok_and(|number| (0.0..=2.0).contains(&number));
        let warmth = (is_sound || text == Self::OMIT).then_some(Self(text));
        warmth.ok_or_else(|| format!("{raw} is no temperature; write one from \"0\" to \"2\" in quotes, or \"omit\""))
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        let text = json!({ "type": "string", "pattern": "^([0-9.]{1,8}|omit)$" });
        json!({ "anyOf": [text, { "type": "integer", "minimum": 0, "maximum": 2 }] })
    }
}

/// Fields that are added to each request, as a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraFields(String);

impl ExtraFields {
    const MOST_BYTES: usize = 4_096;

    /// The fields.
    #[must_use]
    pub fn get(&self) -> serde_json::Map<String, Json> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl Value for ExtraFields {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let is_object = |text: &&str| serde_json::from_str::<serde_json::Map<String, Json>>(text).is_ok();
        let fields = raw.text().filter(|text| text.len() <= Self::MOST_BYTES).filter(is_object);
        let fields = fields.map(|text| Self(text.to_owned()));
        fields.ok_or_else(|| format!("{raw} is no JSON object; write one like '{{\"top_p\": 1}}'"))
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^\\s*\\{", "maxLength": Self::MOST_BYTES })
    }
}

/// What Vela compiles for: `ethos-u55-`, `ethos-u65-` or `ethos-u85-`, and a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accelerator(String);

impl Accelerator {
    const KINDS: [&str; 3] = ["ethos-u55-", "ethos-u65-", "ethos-u85-"];

    /// The name.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// The most common one.
impl Default for Accelerator {
    fn default() -> Self {
        Self("ethos-u55-128".to_owned())
    }
}

impl Value for Accelerator {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let is_size = |size: &str| (1..=5).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_digit());
        let is_one = |text: &&str| Self::KINDS.iter().any(|kind| text.strip_prefix(kind).is_some_and(is_size));
        let name = raw.text().filter(is_one).map(|name| Self(name.to_owned()));
        name.ok_or_else(|| format!("{raw} is no accelerator of Vela; write one like \"ethos-u55-128\""))
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^ethos-u(55|65|85)-[0-9]{1,5}$" })
    }
}

/// What is logged: a level, or one for each place, as in `info,automcu_training=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    const MOST_BYTES: usize = 1_000;

    /// The filter, as it is written.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// What changes, and what goes wrong.
impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

/// What is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text} is no level; write {}, and after commas others for places, as in \"info,automcu_training=debug\"",
    either(&LogFilter::LEVELS)
)]
pub struct FilterError {
    text: String,
}

impl FromStr for LogFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let is_place = |place: &str| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
            place.starts_with(|c: char| c.is_ascii_alphabetic()) && place.chars().all(is_name)
        };
        let is_sound = |part: &str| match part.split_once('=') {
            Some((place, level)) => is_place(place) && Self::LEVELS.contains(&level),
            None => Self::LEVELS.contains(&part),
        };
        let bare = text.split(',').filter(|part| !part.contains('=')).count();
        if text.len() > Self::MOST_BYTES || bare > 1 || !text.split(',').all(is_sound) {
            return Err(FilterError { text: quoted(text) });
        }
        Ok(Self(text.to_owned()))
    }
}

impl Value for LogFilter {
    fn read(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text().ok_or_else(|| format!("{raw} is no level; write one like \"info\""))?;
        text.parse().map_err(|error: FilterError| error.to_string())
    }

    fn show(&self) -> Json {
        self.0.as_str().into()
    }

    fn schema() -> Json {
        let level = Self::LEVELS.join("|");
        let part = format!("([A-Za-z][A-Za-z0-9_:]*=)?({level})");
        json!({ "type": "string", "pattern": format!("^{part}(,{part})*$"), "maxLength": Self::MOST_BYTES })
    }
}
