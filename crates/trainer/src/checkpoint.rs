//! Checkpoints: all that training goes on from, and the network that is handed out, in one safetensors file.
//!
//! The format is written down in `docs/TRAINING.md`. A file is written whole or not at all.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use automcu_artifacts::write_whole;
use automcu_dataset::Samples;
use automcu_model::{Graph, Refusals, Spec};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    executor::State,
    optimise::Memory,
    plan::{Held, Holder, NotTrained, Plan, index},
    recipe::{Recipe, RecipeError},
    training::{Best, Counts, Epoch, MOST_EPOCHS, Progress, Summary},
};

/// The field of the file's metadata that holds [`Header`].
const FIELD: &str = "automcu";
/// The version of the format.
const VERSION: u32 = 1;
/// Metadata above this are none that were written here.
const LONGEST_HEADER: usize = 16 << 20;
/// A file above this is no checkpoint of a network that trains here.
const LARGEST: u64 = 1 << 30;

/// What samples are before the network sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preparation {
    /// Bytes of pictures: less 128, by 128.
    Bytes,
    /// Numbers, less the mean of each channel, by its deviation.
    Standardised {
        /// By channel.
        means: Vec<f32>,
        /// By channel.
        deviations: Vec<f32>,
    },
}

impl Preparation {
    /// How these samples were prepared.
    #[must_use]
    pub fn of(samples: &Samples) -> Self {
        match samples.standard() {
            Some(standard) => {
                Self::Standardised { means: standard.means().to_vec(), deviations: standard.deviations().to_vec() }
            }
            None => Self::Bytes,
        }
    }
}

/// What was trained on what.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The architecture.
    pub spec: Spec,
    /// The recipe, as it was followed.
    pub recipe: Recipe,
    /// The seed.
    pub seed: u64,
    /// Threads that compute: another number rounds otherwise.
    pub threads: u32,
    /// The vectors that it is computed with, which round otherwise as well.
    pub vectors: String,
    /// The digest of the split.
    pub split: String,
    /// What the data set is called.
    pub data: String,
    /// The group that is tested on, instead of the published test part.
    pub left_out: Option<u32>,
    /// What the classes are called; none where they have no names.
    pub classes: Vec<String>,
    /// How samples are prepared.
    pub preparation: Preparation,
}

impl Subject {
    /// What keeps training of this from going on as training of another.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let differs = [
            (self.spec != other.spec, "architecture"),
            (self.split != other.split || self.left_out != other.left_out, "data set or split"),
            (self.preparation != other.preparation || self.classes != other.classes, "data set"),
            (self.recipe != other.recipe, "recipe"),
            (self.seed != other.seed, "seed"),
            (self.threads != other.threads, "number of threads"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What was trained on what.
    pub subject: Subject,
    /// How far training has come.
    pub progress: Progress,
    /// What came of it, once it has ended.
    pub summary: Option<Summary>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    spec: serde_json::Value,
    recipe: Recipe,
    seed: u64,
    threads: u32,
    vectors: String,
    split: String,
    data: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<u32>,
    classes: Vec<String>,
    preparation: Preparation,
    counts: Counts,
    steps: u64,
    best: Option<(u32, f64)>,
    curve: Vec<Epoch>,
    summary: Option<Summary>,
}

/// A checkpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The file cannot be written; what was there before is still there.
    #[error("{}: cannot be written: {error}; what was there before is still there", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is no checkpoint, or not a whole one.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is too large.
    #[error("{0} bytes; a checkpoint has at most {LARGEST}")]
    TooLarge(u64),
    /// No safetensors file.
    #[error("no safetensors file: {0}")]
    Container(safetensors::SafeTensorError),
    /// No metadata of ours.
    #[error("a safetensors file that AutoMCU has not written: its metadata has no field {FIELD}")]
    Foreign,
    /// Metadata that do not say what they should.
    #[error("metadata: {0}")]
    Header(serde_json::Error),
    /// A version that is not known.
    #[error(
        "version {0} of checkpoints; this program knows version {VERSION}; use the program that wrote it, or a newer one"
    )]
    Version(u32),
    /// The architecture is refused.
    #[error("architecture: {0}")]
    Spec(Refusals),
    /// The architecture is not trained.
    #[error("architecture: {0}")]
    NotTrained(NotTrained),
    /// The recipe is refused.
    #[error("recipe: {0}")]
    Recipe(RecipeError),
    /// Counts that cannot be.
    #[error("{what} is {value}, which cannot be")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How much it is.
        value: String,
    },
    /// A tensor is missing, or of another shape.
    #[error("tensor {name}: {what}")]
    Tensor {
        /// Which.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
}

/// Something that a network has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// The node of the graph that was trained.
    pub node: usize,
    /// What it is.
    pub kind: Held,
    /// Its values, in the order that [`Held`] says.
    pub values: &'a [f32],
}

/// A tensor of the file: its name, its shape, and what it is.
struct Entry {
    name: String,
    shape: Vec<usize>,
    holder: Holder,
}

/// The list of a state that something is in.
fn list(kind: Held, state: &State) -> &[f32] {
    match kind {
        Held::Means => &state.means,
        Held::Variances => &state.variances,
        _ => &state.parameters,
    }
}

fn list_mut(kind: Held, state: &mut State) -> &mut [f32] {
    match kind {
        Held::Means => &mut state.means,
        Held::Variances => &mut state.variances,
        _ => &mut state.parameters,
    }
}

/// All tensors of a state.
fn entries(graph: &Graph, plan: &Plan) -> Vec<Entry> {
    let all = plan.holders.iter().chain(&plan.seen).map(|holder| {
        let node = &graph.nodes()[holder.node];
        let (inputs, outputs) = (index(graph.shape(node.inputs[0]).channels), index(graph.shape(node.output).channels));
        let kernel = node.op.window().map_or([1, 1], |(kernel, _)| [index(kernel.height), index(kernel.width)]);
        let (word, shape) = match holder.kind {
            Held::Conv => ("weight", vec![kernel[0], kernel[1], inputs, outputs]),
            Held::Depthwise => ("weight", vec![kernel[0], kernel[1], outputs]),
            Held::Dense => ("weight", vec![inputs, outputs]),
            Held::Biases => ("bias", vec![outputs]),
            Held::Scales => ("scale", vec![outputs]),
            Held::Shifts => ("shift", vec![outputs]),
            Held::Means => ("mean", vec![outputs]),
            Held::Variances => ("variance", vec![outputs]),
        };
        Entry { name: format!("{}.{}.{word}", holder.node, node.op.word()), shape, holder: holder.clone() }
    });
    all.collect()
}

impl Checkpoint {
    /// The state that is handed out: the best one, or the average, or the last.
    #[must_use]
    pub fn handed_out(&self) -> &State {
        self.progress.handed_out()
    }

    /// What the state that is handed out has learnt.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor<'_>> {
        let graph = self.subject.spec.lower().expect("it was trained");
        let plan = Plan::of(&graph).expect("it was trained");
        let state = self.handed_out();
        let all = plan.holders.iter().chain(&plan.seen).map(|holder| Tensor {
            node: holder.node,
            kind: holder.kind,
            values: &list(holder.kind, state)[holder.span.clone()],
        });
        all.collect()
    }

    /// The checkpoint as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let graph = self.subject.spec.lower().expect("it was trained");
        let plan = Plan::of(&graph).expect("it was trained");
        let entries = entries(&graph, &plan);
        let progress = &self.progress;
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut add = |prefix: &str, state: &State| {
            for Entry { name, shape, holder } in &entries {
                let bytes = list(holder.kind, state)[holder.span.clone()]
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                tensors.push((format!("{prefix}{name}"), shape.clone(), bytes));
            }
        };
        add("", self.handed_out());
        add("last/", &progress.state);
        if let Some(average) = &progress.memory.average {
            add("average/", average);
        }
        let mut add_list = |name: &str, values: &[f32]| {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.push((name.to_owned(), vec![values.len()], bytes));
        };
        add_list("optimiser/first", &progress.memory.first);
        add_list("optimiser/second", &progress.memory.second);
        let views = tensors.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as many bytes as the shape has"))
        });
        let header = serde_json::to_string(&self.header()).expect("numbers and words");
        let metadata = HashMap::from([(FIELD.to_owned(), header)]);
        safetensors::serialize(views, Some(metadata)).expect("names and shapes are right")
    }

    fn header(&self) -> Header {
        let Subject { spec, recipe, seed, threads, vectors, split, data, left_out, classes, preparation } =
            self.subject.clone();
        Header {
            version: VERSION,
            spec: serde_json::to_value(spec).expect("specs are documents"),
            recipe,
            seed,
            threads,
            vectors,
            split,
            data,
            left_out,
            classes,
            preparation,
            counts: self.progress.counts,
            steps: self.progress.memory.steps,
            best: self.progress.best.as_ref().map(|best| (best.epoch, best.share)),
            curve: self.progress.curve.clone(),
            summary: self.summary.clone(),
        }
    }

    /// Reads a checkpoint from bytes; `path` is for what is said of it.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::parse(bytes).map_err(|problem| CheckpointError::Wrong { path: path.to_owned(), problem })
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(Problem::Container)?;
        let text = metadata.metadata().as_ref().and_then(|fields| fields.get(FIELD)).ok_or(Problem::Foreign)?;
        if text.len() > LONGEST_HEADER {
            return Err(Problem::Count { what: "the length of its metadata", value: text.len().to_string() });
        }
        let version: VersionOnly = serde_json::from_str(text).map_err(Problem::Header)?;
        if version.version != VERSION {
            return Err(Problem::Version(version.version));
        }
        let header: Header = serde_json::from_str(text).map_err(Problem::Header)?;
        let spec = Spec::from_json(header.spec.to_string().as_bytes()).map_err(Problem::Spec)?;
        let graph = spec.lower().map_err(Problem::Spec)?;
        let plan = Plan::of(&graph).map_err(Problem::NotTrained)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(Problem::Container)?;
        let entries = entries(&graph, &plan);
        let read = |prefix: &str| {
            let mut state = State {
                parameters: vec![0.0; plan.parameters],
                means: vec![0.0; plan.running],
                variances: vec![0.0; plan.running],
            };
            for Entry { name, shape, holder } in &entries {
                let values = values(&tensors, &format!("{prefix}{name}"), shape)?;
                list_mut(holder.kind, &mut state)[holder.span.clone()].copy_from_slice(&values);
            }
            Ok::<State, Problem>(state)
        };
        header.check()?;
        let recipe = header.recipe.checked().map_err(Problem::Recipe)?;
        let second = if Memory::has_second(&recipe) { plan.parameters } else { 0 };
        let memory = Memory {
            first: values(&tensors, "optimiser/first", &[plan.parameters])?,
            second: values(&tensors, "optimiser/second", &[second])?,
            average: recipe.average.map(|_| read("average/")).transpose()?,
            steps: header.steps,
        };
        let best = header.best.map(|(epoch, share)| Ok(Best { state: read("")?, epoch, share })).transpose()?;
        let progress = Progress { state: read("last/")?, memory, best, counts: header.counts, curve: header.curve };
        let subject = Subject {
            spec,
            recipe,
            seed: header.seed,
            threads: header.threads,
            vectors: header.vectors,
            split: header.split,
            data: header.data,
            left_out: header.left_out,
            classes: header.classes,
            preparation: header.preparation,
        };
        Ok(Self { subject, progress, summary: header.summary })
    }

    /// Reads a checkpoint.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let failed = |error| CheckpointError::Read { path: path.to_owned(), error };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > LARGEST {
            return Err(CheckpointError::Wrong { path: path.to_owned(), problem: Problem::TooLarge(length) });
        }
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
        Self::from_bytes(path, &bytes)
    }

    /// Writes the checkpoint: under another name first, so that there is always a whole one.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        write_whole(path, &self.to_bytes()).map_err(|error| CheckpointError::Write { path: path.to_owned(), error })
    }
}

impl Header {
    /// Refuses counts that training could not go on from.
    fn check(&self) -> Result<(), Problem> {
        let Counts { epochs, batches, seconds, loss, .. } = self.counts;
        let wrong = |what, value: String| Err(Problem::Count { what, value });
        if epochs > MOST_EPOCHS || self.curve.len() != epochs as usize {
            return wrong("the number of epochs", epochs.to_string());
        }
        if batches > 1 << 40 || self.steps > 1 << 60 {
            return wrong("the number of batches", batches.to_string());
        }
        if !(0.0..1e12).contains(&seconds) || !loss.is_finite() {
            return wrong("the time or the loss", format!("{seconds} s, {loss}"));
        }
        if self.best.is_some_and(|(epoch, _)| epoch > epochs || epoch == 0) {
            return wrong("the best epoch", format!("{:?}", self.best));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// The values of a tensor of this shape.
fn values(tensors: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, Problem> {
    let wrong = |what| Problem::Tensor { name: name.to_owned(), what };
    let tensor = tensors.tensor(name).map_err(|_| wrong("it is not there"))?;
    if tensor.dtype() != Dtype::F32 {
        return Err(wrong("it is not of float32 numbers"));
    }
    if tensor.shape() != shape {
        return Err(wrong("it has another shape than the architecture says"));
    }
    let numbers = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let numbers: Vec<f32> = numbers.collect();
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(wrong("it has values that are no numbers"));
    }
    if name.ends_with(".variance") && numbers.iter().any(|number| *number < 0.0) {
        return Err(wrong("it has variances below 0"));
    }
    Ok(numbers)
}
