//! The job file: what a user wants, as TOML or JSON. What is left out is decided when the job is taken, and shown back before.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    amounts::{Goal, Money, Size, Span},
    ids::JobId,
    reading::{Format, ReadError, cut, in_braces, read, wrong},
};

/// The version of job files that is read and written.
const VERSION: u32 = 1;
/// The largest seed: what every reader of JSON holds exactly.
const LARGEST_SEED: u64 = (1 << 53) - 1;
/// The most tokens.
const MOST_TOKENS: u64 = 1_000_000_000_000;
/// The most tags, and the most bytes of one.
const TAGS: usize = 16;
const NAME_BYTES: usize = 64;
/// The most bytes of a path.
const PATH_BYTES: usize = 4096;

/// A job, as a user asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// The version of the job file.
    #[serde(default = "version", skip_serializing_if = "is_version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// A data set: `synthetic`, `signals`, one that was prepared, or a path.
    #[schemars(length(min = 1, max = 4096))]
    pub data: String,
    /// The microcontroller, by any of its names (`automcu targets` lists them).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub target: Option<String>,
    /// What candidates may need. Where a target is named, the tighter of the two counts.
    #[serde(default, deserialize_with = "in_braces", skip_serializing_if = "is_default")]
    pub budget: Budget,
    /// The accuracy at which the search ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// How long the job may take.
    #[serde(default, deserialize_with = "in_braces", skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// Who proposes candidates.
    #[serde(default, skip_serializing_if = "is_default")]
    pub proposer: Proposer,
    /// What is searched: a built-in space of architectures by its name (`automcu spaces` lists them), or a path of a described one;
    /// without it `mixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub space: Option<String>,
    /// How candidates are trained: a recipe's name; `auto` takes what suits the data and the limits.
    #[serde(default = "auto", skip_serializing_if = "is_auto")]
    #[schemars(length(min = 1, max = 64))]
    pub recipe: String,
    /// The seed of everything random.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub seed: u64,
    /// How often the best is trained anew, each time with another seed, to confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 32))]
    pub seeds: Option<u32>,
    /// What you call it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 64)))]
    pub tags: Vec<String>,
    /// Jobs of higher priority are begun first.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(min = -100, max = 100))]
    pub priority: i8,
    /// Whether the search begins with what did well in past jobs with the same data and target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub warm: bool,
    /// The group (person, speaker) that is the test part; all others are learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave_out: Option<u32>,
    /// Whether samples of one group may be on both sides of the split.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mix_groups: bool,
    /// Which deployment tools judge; without this list all that are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 64)))]
    pub judges: Option<Vec<String>>,
    /// The job whose recorded answers of a language model are given again; nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<JobId>,
    /// Parts of the search that are left out, to see what they bring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    pub ablate: Vec<Ablation>,
}

/// What candidates may need. What is not bounded is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// RAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ram: Option<Size>,
    /// Flash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<Size>,
}

/// How long a job may take. With epochs and without a time its outcome depends on its seed alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// In all; while the job is paused it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Span>,
    /// Candidates that are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub candidates: Option<u32>,
    /// Epochs that the best are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub epochs: Option<u32>,
    /// Tokens that language models may read and write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub tokens: Option<u64>,
    /// What language models may cost, in the currency that the provider bills in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

impl Proposer {
    /// Whether a language model is asked.
    #[must_use]
    pub const fn asks_a_model(self) -> bool {
        matches!(self, Self::Llm | Self::Hybrid | Self::Genius)
    }
}

/// Who proposes candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proposer {
    /// Seeds scaled to the budget, then what a surrogate expects to gain most by.
    #[default]
    Guided,
    /// Seeds, random draws, then evolution.
    Mixed,
    /// The seed library, scaled to the budget.
    Seeds,
    /// Evolution from random draws.
    Evolution,
    /// Random draws.
    Random,
    /// Changes of the best, the first improvement taken, begun anew where none is left.
    Local,
    /// Aging evolution by weights of accuracy and cost that are drawn anew each time.
    Unas,
    /// The simplest first: kernels doubled, then cells, as long as that gains.
    Occam,
    /// A language model; where it fails, the search goes on without it.
    Llm,
    /// A language model and the default proposer together, each as often as it has earned.
    Hybrid,
    /// A language model that sees the last result only.
    Genius,
}

/// A part of the search that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ablation {
    /// That whoever proposes is shown summaries, not all that agents say.
    Msim,
    /// That candidates are screened before they are trained.
    Hag,
}

impl JobFile {
    /// A job with this data set and nothing else said.
    #[must_use]
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            data: data.into(),
            target: None,
            budget: Budget::default(),
            goal: None,
            limits: Limits::default(),
            proposer: Proposer::default(),
            space: None,
            recipe: auto(),
            seed: first(),
            seeds: None,
            tags: Vec::new(),
            priority: 0,
            warm: false,
            leave_out: None,
            mix_groups: false,
            judges: None,
            replays: None,
            ablate: Vec::new(),
        }
    }

    /// Reads a job file; `file` is what it is called in errors.
    pub fn read(file: &str, format: Format, text: &[u8]) -> Result<Self, ReadError> {
        let job: Self = read(file, format, text)?;
        job.check().map_err(|(field, problem)| wrong(file, field, &problem))?;
        Ok(job)
    }

    /// What no type says of it: the field that is wrong, and how it would be right.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        self.names()?;
        let Limits { candidates, epochs, .. } = self.limits;
        within("version", Some(self.version), 1, VERSION)?;
        within("limits.candidates", candidates, 1, 10_000)?;
        within("limits.epochs", epochs, 1, 10_000)?;
        within("limits.tokens", self.limits.tokens, 1, MOST_TOKENS)?;
        within("seeds", self.seeds, 1, 32)?;
        within("seed", Some(self.seed), 0, LARGEST_SEED)?;
        within("priority", Some(self.priority), -100, 100)?;
        if self.target.is_none() && self.budget == Budget::default() {
            return Err(("budget", "missing, and no target is named; write ram and flash, or name a target".into()));
        }
        self.costs()?;
        if self.ablate.iter().enumerate().any(|(at, part)| self.ablate[..at].contains(part)) {
            return Err(("ablate", "the same part twice; name it once".into()));
        }
        Ok(())
    }

    /// What only means something where a language model is asked.
    fn costs(&self) -> Result<(), (&'static str, String)> {
        if self.proposer.asks_a_model() {
            return Ok(());
        }
        let said = [
            ("limits.tokens", self.limits.tokens.is_some()),
            ("limits.money", self.limits.money.is_some()),
            ("replays", self.replays.is_some()),
            ("ablate", self.ablate.contains(&Ablation::Msim)),
        ];
        let remedy =
            "it is about a language model, and the proposer asks none; write proposer = \"llm\" or leave it out";
        said.into_iter().find(|(_, is_said)| *is_said).map_or(Ok(()), |(field, _)| Err((field, remedy.to_owned())))
    }

    fn names(&self) -> Result<(), (&'static str, String)> {
        named("data", &self.data, PATH_BYTES)?;
        named("recipe", &self.recipe, NAME_BYTES)?;
        self.space.iter().try_for_each(|space| named("space", space, PATH_BYTES))?;
        self.target.iter().try_for_each(|target| named("target", target, NAME_BYTES))?;
        self.tags.iter().try_for_each(|tag| named("tags", tag, NAME_BYTES))?;
        if self.tags.len() > TAGS {
            return Err(("tags", format!("{} tags; write at most {TAGS}", self.tags.len())));
        }
        let Some(judges) = &self.judges else { return Ok(()) };
        if judges.is_empty() || judges.len() > TAGS {
            return Err(("judges", format!("{} judges; name 1 to {TAGS}, or leave the list out", judges.len())));
        }
        judges.iter().try_for_each(|judge| named("judges", judge, NAME_BYTES))
    }

    /// As TOML, without what is as usual.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every value of a job file is one of TOML")
    }
}

/// The schema of job files.
#[must_use]
pub fn job_schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<JobFile>();
    schema.insert("title".into(), "AutoMCU job".into());
    schema.to_value()
}

fn within<N: Copy + PartialOrd + std::fmt::Display>(
    field: &'static str,
    number: Option<N>,
    least: N,
    most: N,
) -> Result<(), (&'static str, String)> {
    match number.filter(|number| *number < least || *number > most) {
        Some(number) if least == most => Err((field, format!("{number} is not known; write {most}"))),
        Some(number) => Err((field, format!("{number} is out of range; write {least} to {most}"))),
        None => Ok(()),
    }
}

fn named(field: &'static str, name: &str, most: usize) -> Result<(), (&'static str, String)> {
    if name.is_empty() || name.len() > most || name.chars().any(char::is_control) {
        let problem = format!("{:?} names nothing; write 1 to {most} bytes without control characters", cut(name));
        return Err((field, problem));
    }
    Ok(())
}

const fn version() -> u32 {
    VERSION
}

fn auto() -> String {
    "auto".to_owned()
}

const fn first() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_version(version: &u32) -> bool {
    *version == VERSION
}

fn is_auto(recipe: &str) -> bool {
    recipe == "auto"
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_first(seed: &u64) -> bool {
    *seed == first()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::REQUEST_BYTES;
    use proptest::{
        collection::vec,
        option,
        prelude::{Just, Strategy, any, prop_oneof, proptest},
    };

    const FULL: &str = r#"
version = 1
data = "fashion-mnist"
target = "STM32F407"
goal = "91 %"
proposer = "hybrid"
recipe = "paper"
seed = 7
seeds = 3
tags = ["night"]
priority = -5
warm = true
leave_out = 4
mix_groups = true
judges = ["own", "vela"]
replays = "j12"
ablate = ["msim", "hag"]

[budget]
ram = "64 KiB"
flash = 131072

[limits]
time = "2 h"
candidates = 40
epochs = 30
tokens = 200000
money = "2.50"
"#;

    fn toml(text: &str) -> Result<JobFile, String> {
        JobFile::read("job.toml", Format::Toml, text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_full_job_file_is_read_as_toml_and_as_json() {
        let job = toml(FULL).expect("a job");
        assert_eq!(job.budget, Budget { ram: Size::new(65_536), flash: Size::new(131_072) });
        let limits = Limits {
            time: Span::new(7200),
            candidates: Some(40),
            epochs: Some(30),
            tokens: Some(200_000),
            money: Money::new(2_500_000),
        };
        assert_eq!(job.limits, limits);
        assert_eq!((job.goal, job.proposer), (Goal::new(0.91), Proposer::Hybrid));
        assert_eq!(job.ablate, [Ablation::Msim, Ablation::Hag]);
        let json = serde_json::to_vec(&job).expect("json");
        assert_eq!(JobFile::read("job.json", Format::of(std::path::Path::new("a/job.JSON")), &json), Ok(job));
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let job = toml("data = 'synthetic'\ntarget = 'RP2040'\n").expect("a job");
        assert_eq!(job, JobFile { target: Some("RP2040".into()), ..JobFile::new("synthetic") });
        assert_eq!(job.to_toml(), "data = \"synthetic\"\ntarget = \"RP2040\"\n");
    }

    #[test]
    fn a_wrong_job_file_is_refused_by_field_value_and_remedy() {
        let head = "data = 'synthetic'\ntarget = 'RP2040'\n";
        for (text, said) in [
            ("data = ", "job.toml: no TOML: "),
            ("target = 'x'", "job.toml: the document: missing field `data`"),
            ("data = 'synthetic'", "job.toml: budget: missing, and no target is named; write ram and flash"),
            ("data = ''\ntarget = 'x'", "job.toml: data: \"\" names nothing; write 1 to 4096 bytes"),
        ] {
            let error = toml(text).expect_err(text);
            assert!(error.starts_with(said), "{error}");
        }
        for (text, said) in [
            ("bugdet = 1", "unknown field `bugdet`, expected one of `version`, `data`"),
            ("limits.time = '2 hurs'", "limits.time: \"2 hurs\" is no time; write a time like \"2 h\""),
            ("budget.ram = '64K'", "budget.ram: \"64K\" is no size; write KiB (times 1024) or KB (times 1000)"),
            ("goal = 91", "goal: \"91\" is no accuracy; write an accuracy like 0.91 or \"91 %\""),
            ("goal = nan", "goal: \"NaN\" is no accuracy"),
            ("limits.candidates = 'many'", "limits.candidates: invalid type: string \"many\", expected u32"),
            ("limits.candidates = 0", "limits.candidates: 0 is out of range; write 1 to 10000"),
            ("version = 2", "version: 2 is not known; write 1"),
            ("priority = 101", "priority: 101 is out of range; write -100 to 100"),
            ("priority = 300", "priority: invalid value: integer `300`"),
            ("proposer = 'mix'", "proposer: unknown variant `mix`, expected one of `guided`, `mixed`, `seeds`"),
            ("ablate = ['hag', 'hag']", "ablate: the same part twice; name it once"),
            ("judges = []", "judges: 0 judges; name 1 to 16, or leave the list out"),
            ("space = ''", "space: \"\" names nothing; write 1 to 4096 bytes"),
            ("tags = [\"a\\nb\"]", "tags: \"a b\" names nothing"),
            ("seed = 9007199254740992", "seed: 9007199254740992 is out of range"),
            ("leave_out = -1", "leave_out: invalid value: integer `-1`, expected u32"),
        ] {
            let error = toml(&format!("{head}{text}")).expect_err(text);
            assert!(error.contains(said) && error.starts_with("job.toml: "), "{error}");
        }
        let error = toml(&format!("{head}limits.candidates = 'many'")).expect_err("no number");
        assert!(error.ends_with("at line 3"), "{error}");
    }

    #[test]
    fn json_is_refused_as_clearly() {
        for (text, said) in [
            (r#"{"data":"synthetic""#, "job.json: no JSON: EOF"),
            (r#"{"data":"synthetic","target":"x"} 1"#, "job.json: no JSON: trailing characters"),
            (r#"{"data":"a","data":"b"}"#, "duplicate field `data`"),
            (r#"{"data":"a","budget":{"rom":1}}"#, "unknown field `rom`, expected `ram` or `flash`"),
            (r#"{"data":"a","limits":{"time":-5}}"#, "limits.time: \"-5\" is no time"),
            (r#"[1,"synthetic"]"#, "job.json: the document: invalid type: sequence, expected fields with names"),
            (r#"{"data":"a","budget":[1,2]}"#, "budget: invalid type: sequence, expected fields with names"),
        ] {
            let error = JobFile::read("job.json", Format::Json, text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(said), "{error}");
        }
        let long = vec![b' '; REQUEST_BYTES + 1];
        let error = JobFile::read("job.json", Format::Json, &long).expect_err("too long").to_string();
        assert!(error.starts_with("job.json: 65537 bytes, and at most 65536 are read"), "{error}");
    }

    /// Without what means nothing where no language model is asked.
    fn sensible(job: JobFile) -> JobFile {
        if job.proposer.asks_a_model() {
            return job;
        }
        let ablate = job.ablate.into_iter().filter(|part| *part != Ablation::Msim).collect();
        JobFile { limits: Limits { tokens: None, money: None, ..job.limits }, replays: None, ablate, ..job }
    }

    fn jobs() -> impl Strategy<Value = JobFile> {
        let text = "[a-z][a-z0-9 /\"\\\\é-]{0,12}";
        let budget = (1_u64..1 << 30, option::of(1_u64..1 << 30))
            .prop_map(|(ram, flash)| Budget { ram: Size::new(ram), flash: flash.and_then(Size::new) });
        let lengths = (option::of(1_u64..10_000_000), option::of(1_u32..=10_000), option::of(1_u32..=10_000));
        let costs = (option::of(1_u64..=MOST_TOKENS), option::of(1_u64..1 << 40));
        let limits = (lengths, costs).prop_map(|((time, candidates, epochs), (tokens, money))| Limits {
            time: time.and_then(Span::new),
            candidates,
            epochs,
            tokens,
            money: money.and_then(Money::new),
        });
        let proposer = prop_oneof![Just(Proposer::Mixed), Just(Proposer::Random), Just(Proposer::Llm)];
        let ablate = prop_oneof![Just(vec![]), Just(vec![Ablation::Hag]), Just(vec![Ablation::Hag, Ablation::Msim])];
        let first = (text, option::of(text), budget, option::of(1e-6_f64..=1.0), limits, proposer, text);
        let second = (0..=LARGEST_SEED, option::of(1_u32..=32), vec(text, 0..3), -100_i8..=100, any::<bool>());
        let third = (option::of(any::<u32>()), any::<bool>(), option::of(vec(text, 1..3)), ablate, option::of(text));
        let third = (third, option::of(any::<u64>()));
        (first, second, third).prop_map(|(first, second, third)| {
            let (data, target, budget, goal, limits, proposer, recipe) = first;
            let (seed, seeds, tags, priority, warm) = second;
            let ((leave_out, mix_groups, judges, ablate, space), replays) = third;
            let goal = goal.and_then(Goal::new);
            let said = JobFile { target, budget, goal, limits, proposer, recipe, seed, ..JobFile::new(data) };
            let replays = replays.map(JobId);
            sensible(JobFile {
                seeds,
                tags,
                priority,
                warm,
                leave_out,
                mix_groups,
                judges,
                ablate,
                space,
                replays,
                ..said
            })
        })
    }

    proptest! {
        #[test]
        fn a_job_file_reads_back_from_what_it_writes_and_keeps_to_its_schema(job in jobs()) {
            let json = serde_json::to_value(&job).expect("json");
            assert_eq!(toml(&job.to_toml()), Ok(job));
            let schema = jsonschema::validator_for(&job_schema()).expect("a schema");
            assert!(schema.is_valid(&json), "{json}");
        }

        #[test]
        fn garbage_is_refused_and_nothing_else_happens(text in any::<String>()) {
            let _ = toml(&text);
            let _ = JobFile::read("x", Format::Json, text.as_bytes());
        }
    }
}
