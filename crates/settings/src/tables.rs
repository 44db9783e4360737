//! Every value of the configuration: what it is, what is usual, and by which word that is written.

use std::{net::SocketAddr, path::PathBuf};

use automcu_api::{Money, Size, Span, Surroundings as Sockets};
use serde_json::{Map, Value as Json, json};

use crate::{
    Environment, Mistakes, Origin, Row, VERSION,
    declare::{Key, table},
    layers::{ConfigFile, Flag, Layers},
    value::{
        Accelerator, Count, ExtraFields, GivenName, HttpAddress, JudgeName, LogFilter, LogFormat, Proxy,
        StructuredOutput, VendorFormat, Warmth,
    },
};

table! {
    /// Where things are.
    Places at "" with usual {
        /// The folder of history, artifacts and attempts.
        state: PathBuf = usual.state(), or "auto";
        /// The socket on which the daemon listens, and on which it is looked for.
        socket: PathBuf = usual.socket(), or "auto";
        /// The folder in which data sets lie under their names.
        data: PathBuf = usual.data(), or "auto";
        /// A folder of families of targets (*.toml) that are added to the built-in ones.
        targets: Option<PathBuf> = None, or "none";
    }
}

table! {
    /// How much is trained at a time.
    Training at "training." with usual {
        /// Trainings that run at a time.
        slots: Count<1, 64> = usual.slots(), or "auto";
        /// Threads of each.
        threads: Count<1, 256> = usual.threads(slots.value.get()), or "auto";
        /// The most memory that each may take.
        memory: Option<Size> = None, or "unbounded";
    }
}

table! {
    /// How many jobs are taken.
    Jobs at "jobs." with _usual {
        /// Jobs that are worked on at a time; the others wait.
        at_work: Count<1, 64> = Count::closest(4);
        /// Jobs that are not over; more are refused.
        most: Count<1, 100_000> = Count::closest(1_000);
    }
}

table! {
    /// Who judges whether a network fits.
    Judges at "judges." with _usual {
        /// Those that are asked; "auto" leaves it to each verb, which says whom it asks.
        which: Option<Vec<JudgeName>> = None, or "auto";
        /// How long each tool may take.
        deadline: Span = Span::new(300).expect("within bounds");
        /// The vendor's tool, stedgeai or stm32ai, instead of the one that is found.
        vendor_tool: Option<PathBuf> = None, or "auto";
        /// As what the vendor's tool is handed a network: "tflite", "qdq" or "float32".
        vendor_format: VendorFormat = VendorFormat::Tflite;
        /// What Vela compiles for.
        accelerator: Accelerator = Accelerator::default();
    }
}

table! {
    /// What is logged, and how.
    Log at "log." with _usual {
        /// The least level, and others for places, as in "info,automcu_training=debug".
        level: LogFilter = LogFilter::default();
        /// "text", "json", "journald", or "auto": for the journal where it is read by one, otherwise text.
        format: LogFormat = LogFormat::Auto;
    }
}

table! {
    /// How long the history is kept. What is kept for either reason is kept.
    History at "history." with _usual {
        /// The latest jobs that are over.
        keep_jobs: Option<Count<1, 1_000_000>> = None, or "all";
        /// Jobs that were over no more than so many days ago.
        keep_days: Option<Count<1, 36_500>> = None, or "all";
    }
}

table! {
    /// The language model that proposers may ask.
    Llm at "llm." with _usual {
        /// The address of an OpenAI-compatible server, up to what stands before /chat/completions.
        base_url: Option<HttpAddress> = None, or "none";
        /// What the model is called there.
        model: Option<GivenName> = None, or "none";
        /// A file that holds the key, and nothing else.
        key_file: Option<PathBuf> = None, or "none";
        /// How JSON is asked for: "json_schema", "json_object", "tool" or "prompt".
        structured: StructuredOutput = StructuredOutput::JsonSchema;
        /// How freely it chooses its words: "0" to "2", or "omit" where the server decides.
        temperature: Warmth = Warmth::default();
        /// Fields that are added to each request, as a JSON object in quotes.
        extra_body: Option<ExtraFields> = None, or "none";
        /// How long an answer may take, with all tries.
        timeout: Span = Span::new(300).expect("within bounds");
        /// How often a request is tried.
        tries: Count<1, 10> = Count::closest(4);
        /// Requests that go out in a minute at most.
        requests_a_minute: Option<Count<1, 100_000>> = None, or "unbounded";
        /// What a million tokens cost that are read.
        price_input: Option<Money> = None, or "unknown";
        /// What a million of these cost that the server remembers.
        price_cached_input: Option<Money> = None, or "as others";
        /// What a million tokens cost that are written.
        price_output: Option<Money> = None, or "unknown";
        /// What prices are in.
        currency: GivenName = GivenName::new("USD").expect("a name");
        /// Whether the proxy that the environment names counts: "none" or "environment".
        proxy: Proxy = Proxy::None;
    }
}

table! {
    /// Figures for those who watch.
    Metrics at "metrics." with _usual {
        /// The address at which they are handed out to anybody; by the socket they always are.
        listen: Option<SocketAddr> = None, or "off";
    }
}

/// The configuration: what the program works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where things are.
    pub places: Places,
    /// How much is trained at a time.
    pub training: Training,
    /// How many jobs are taken.
    pub jobs: Jobs,
    /// Who judges whether a network fits.
    pub judges: Judges,
    /// What is logged, and how.
    pub log: Log,
    /// How long the history is kept.
    pub history: History,
    /// The language model that proposers may ask.
    pub llm: Llm,
    /// Figures for those who watch.
    pub metrics: Metrics,
}

impl Llm {
    /// An address and a model belong together; so do prices.
    fn check(&self, layers: &mut Layers<'_>) {
        let Self { base_url, model, price_input, price_output, price_cached_input, .. } = self;
        let mut wants = |has: bool, origin: &Origin, name: &str, lacks: bool, other: &str| {
            if has && lacks {
                layers.wrong(origin, name, format!("is said, and {other} is not; say both"));
            }
        };
        wants(base_url.value.is_some(), &base_url.origin, "llm.base_url", model.value.is_none(), "llm.model");
        wants(model.value.is_some(), &model.origin, "llm.model", base_url.value.is_none(), "llm.base_url");
        let (input, output) = (price_input.value.is_some(), price_output.value.is_some());
        wants(input, &price_input.origin, "llm.price_input", !output, "llm.price_output");
        wants(output, &price_output.origin, "llm.price_output", !input, "llm.price_input");
        let cached = &price_cached_input;
        wants(cached.value.is_some(), &cached.origin, "llm.price_cached_input", !input, "llm.price_input");
    }
}

/// Each table: its name, what it is for, and what is in it.
const TABLES: [(&str, &str, &[Key]); 8] = [
    ("", "", Places::KEYS),
    ("training", "How much is trained at a time.", Training::KEYS),
    ("jobs", "How many jobs are taken.", Jobs::KEYS),
    ("judges", "Who judges whether a network fits.", Judges::KEYS),
    ("log", "What is logged, and how.", Log::KEYS),
    ("history", "How long the history is kept. What is kept for either reason is kept.", History::KEYS),
    ("llm", "The language model that proposers may ask.", Llm::KEYS),
    ("metrics", "Figures for those who watch.", Metrics::KEYS),
];

/// What a training takes at least, by far.
const LEAST_MEMORY_BYTES: u64 = 16 << 20;

impl Settings {
    /// All as usual where nobody says anything; of the environment only what follows from it counts.
    #[must_use]
    pub fn usual(environment: &Environment) -> Self {
        Self::gather(&[], &environment.without_values(), None).expect("what is usual is in order")
    }

    /// Flags before the environment before the file before what is usual. All that is wrong is told.
    pub fn gather(flags: &[Flag], environment: &Environment, file: Option<&ConfigFile<'_>>) -> Result<Self, Mistakes> {
        let mut layers = Layers::of(flags, environment, file);
        let settings = Self {
            places: Places::gather(&mut layers, environment),
            training: Training::gather(&mut layers, environment),
            jobs: Jobs::gather(&mut layers, environment),
            judges: Judges::gather(&mut layers, environment),
            log: Log::gather(&mut layers, environment),
            history: History::gather(&mut layers, environment),
            llm: Llm::gather(&mut layers, environment),
            metrics: Metrics::gather(&mut layers, environment),
        };
        settings.check(&mut layers);
        layers.end().map(|()| settings)
    }

    /// What no value says for itself.
    fn check(&self, layers: &mut Layers<'_>) {
        if let Some(memory) = self.training.memory.value.filter(|memory| memory.bytes() < LEAST_MEMORY_BYTES) {
            let problem = format!("{memory} is less than any training takes; write \"16 MiB\" or more");
            layers.wrong(&self.training.memory.origin, "training.memory", problem);
        }
        self.llm.check(layers);
        let Jobs { at_work, most } = &self.jobs;
        if most.value.get() < at_work.value.get() {
            let problem = format!(
                "{} is less than jobs.at_work, {}; write as many at least",
                most.value.get(),
                at_work.value.get()
            );
            layers.wrong(&most.origin, "jobs.most", problem);
        }
    }

    /// Every value with its name and its origin, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let Self { places, training, jobs, judges, log, history, llm, metrics } = self;
        let first = [places.rows(), training.rows(), jobs.rows(), judges.rows(), log.rows()].concat();
        [first, history.rows(), llm.rows(), metrics.rows()].concat()
    }

    /// Where a daemon listens, and where it is looked for.
    #[must_use]
    pub fn sockets(&self, environment: &Environment) -> Sockets {
        let path = &self.places.socket.value;
        // The usual place is looked at with the care that it takes, whoever names it.
        environment.sockets((*path != environment.socket()).then(|| path.clone()))
    }

    pub(crate) fn keys() -> impl Iterator<Item = &'static Key> + Clone {
        TABLES.iter().flat_map(|(_, _, keys)| keys.iter())
    }
}

/// The schema of configuration files.
#[must_use]
pub fn settings_schema() -> Json {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AutoMCU configuration",
        "description": "The configuration of AutoMCU, TOML read as JSON. What is left out is as usual.",
    });
    let version = json!({ "description": "The version of the configuration file.", "const": VERSION });
    let mut root = Map::from_iter([("version".to_owned(), version)]);
    for (table, about, keys) in TABLES {
        let fields = keys.iter().map(|key| (short(key).to_owned(), described(key)));
        if table.is_empty() {
            root.extend(fields);
        } else {
            let object = closed(json!({ "description": about }), fields.collect());
            root.insert(table.to_owned(), object);
        }
    }
    closed(schema, root)
}

/// An object with these fields, and no others.
fn closed(mut schema: Json, fields: Map<String, Json>) -> Json {
    schema["type"] = "object".into();
    schema["properties"] = fields.into();
    schema["additionalProperties"] = false.into();
    schema
}

fn described(key: &Key) -> Json {
    let of_type = (key.schema)();
    let mut schema = match key.word {
        Some(word) => json!({ "anyOf": [{ "const": word }, of_type] }),
        None => of_type,
    };
    schema["description"] = about(key).into();
    schema
}

pub(crate) fn about(key: &Key) -> String {
    key.about.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The name within its table.
pub(crate) fn short(key: &Key) -> &'static str {
    key.name.rsplit('.').next().unwrap_or(key.name)
}
