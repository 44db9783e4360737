//! `automcu train`.

mod progress;
mod report;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_convert::Network;
use automcu_dataset::{Options, Part, Samples, Sealed, Split, Values};
use automcu_model::{Graph, Spec, spec::Head};
use automcu_trainer::{Checkpoint, Isa, Length, Nature, Preparation, Recipe, Subject, Task, Trained, Trainer, Wish};

use super::write_json;
use crate::{
    Live, Said,
    answers::{Input, answers},
    cli::{RangeName, Train},
    deploy, input,
    outcome::{Failure, Outcome},
    samples::split,
};
use progress::Progress;
use report::{Answer, Share};

/// What the checkpoint is called in its folder.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// What the report is called.
const REPORT: &str = "train.json";
/// So often at most a checkpoint is written, in seconds.
const BETWEEN_CHECKPOINTS: f64 = 20.0;

pub(crate) fn run(
    arguments: &Train,
    stdin: &mut dyn Read,
    home: &Path,
    clock: fn() -> Duration,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let architecture = input::architecture(&arguments.architecture, stdin)?;
    let name = architecture.name.clone();
    let Some((spec, graph)) = constructible(architecture, said) else {
        return Err(Failure::NotConstructible { file: name });
    };
    let source = input::source(&arguments.data, home, Options::default())?;
    let samples = source.read(Part::Train)?;
    let test = if arguments.test { Some(Sealed::new(source.read(Part::Test)?)) } else { None };
    check(&name, &spec, &arguments.data, &samples)?;
    let recipe = recipe(arguments, &samples)?;
    let split = split(&samples, arguments.mix_groups)?;
    let subject = Subject {
        spec,
        recipe,
        seed: arguments.seed,
        threads: arguments.threads,
        vectors: Isa::best().name().to_owned(),
        split: split.digest().to_string(),
        data: named(&arguments.data),
        classes: samples.names().to_vec(),
        preparation: Preparation::of(&samples),
    };
    let folder = folder(arguments);
    let work = Work { arguments, subject, graph, samples, split, folder };
    let (checkpoint, trained) = work.train(clock, live)?;
    let answer = work.prove(&name, &checkpoint, &trained, test)?;
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&work.folder, &checkpoint.progress.curve, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// The architecture as it is trained; each reason why not is told.
fn constructible(architecture: input::Architecture, said: &mut Said) -> Option<(Spec, Graph)> {
    match (architecture.spec, architecture.graph) {
        (Ok(spec), Ok((trained, _))) => Some((spec, trained)),
        (Err(refusals), _) | (_, Err(refusals)) => {
            said.errors.extend_from_slice(format!("{refusals}\n").as_bytes());
            None
        }
    }
}

/// Refuses what is learnt otherwise than by telling classes apart, and samples of other classes.
fn check(name: &str, spec: &Spec, data: &Path, samples: &Samples) -> Result<(), Failure> {
    let mismatch = |takes: String, has: String, remedy| {
        Err(Failure::Mismatch { model: name.to_owned(), takes, data: data.display().to_string(), has, remedy })
    };
    let Head::Classifier(head) = &spec.head else {
        let remedy = "classifiers are what is trained here; give the architecture such a head";
        return mismatch("no classes".to_owned(), format!("{} of them", samples.classes()), remedy);
    };
    let (takes, has) = (u64::from(head.classes.get()), samples.classes() as u64);
    if takes == has {
        return Ok(());
    }
    mismatch(format!("{takes} classes"), has.to_string(), "give the head as many classes as the data set has")
}

/// What the data set is called in records: a name as it is, a path so that it is found from elsewhere.
fn named(data: &Path) -> String {
    let path = if data.exists() { fs::canonicalize(data).ok() } else { None };
    path.unwrap_or_else(|| data.to_owned()).display().to_string()
}

fn recipe(arguments: &Train, samples: &Samples) -> Result<Recipe, Failure> {
    let is_picture = matches!(samples.values(), Values::Bytes(_));
    let mut recipe = if arguments.recipe.ends_with(".json") {
        Recipe::from_json(&input::recipe(Path::new(&arguments.recipe))?)?
    } else {
        Recipe::named(&arguments.recipe, Nature::of(samples.shape(), is_picture))?
    };
    if let Some(seconds) = arguments.time {
        recipe.length = Length::Seconds(seconds);
    }
    if let Some(epochs) = arguments.epochs {
        recipe.length = Length::Epochs(epochs);
    }
    // The int8 network is measured on samples as they are.
    if recipe.stretches.iter().any(|stretch| stretch.augmentation.resize.is_some()) {
        return Err(Failure::Resized);
    }
    Ok(recipe.checked()?)
}

fn folder(arguments: &Train) -> PathBuf {
    let stem = arguments.architecture.file_stem().filter(|stem| *stem != "-");
    let called = || stem.map_or_else(|| "architecture".into(), PathBuf::from);
    arguments.output.clone().unwrap_or_else(|| {
        let mut name = called().into_os_string();
        name.push("-trained");
        name.into()
    })
}

struct Work<'a> {
    arguments: &'a Train,
    subject: Subject,
    graph: Graph,
    samples: Samples,
    split: Split,
    folder: PathBuf,
}

impl Work<'_> {
    /// Trains, and writes checkpoints on the way.
    fn train(&self, clock: fn() -> Duration, live: &mut Live<'_>) -> Result<(Checkpoint, Trained), Failure> {
        let path = self.folder.join(CHECKPOINT);
        let before = self.before(&path)?;
        let task = Task {
            graph: &self.graph,
            samples: self.samples.borrowed(),
            split: &self.split,
            recipe: &self.subject.recipe,
            seed: self.arguments.seed,
            threads: self.arguments.threads as usize,
            loaders: 0,
            isa: Isa::best(),
        };
        let mut trainer = Trainer::new(task)?;
        fs::create_dir_all(&self.folder).map_err(|error| Failure::Create { path: self.folder.clone(), error })?;
        let start = match before {
            Some(checkpoint) if self.arguments.resume => checkpoint.progress,
            Some(checkpoint) => trainer.beginning_with(checkpoint.handed_out().clone()),
            None => trainer.beginning(),
        };
        let mut progress = Progress::new(live, clock, &self.subject.recipe);
        let mut written = Ok(());
        let mut last = clock();
        let subject = &self.subject;
        let trained = trainer.run(start, &clock, &mut |event| {
            progress.tell(&event);
            if let automcu_trainer::Event::Epoch { progress, .. } = event
                && (clock() - last).as_secs_f64() > BETWEEN_CHECKPOINTS
            {
                let checkpoint = Checkpoint { subject: subject.clone(), progress: progress.clone(), summary: None };
                written = checkpoint.write(&path);
                last = clock();
            }
            if written.is_ok() { Wish::GoOn } else { Wish::Stop }
        });
        progress.finish();
        let trained = trained?;
        written?;
        let (progress, summary) = (trained.progress.clone(), Some(trained.summary.clone()));
        let checkpoint = Checkpoint { subject: self.subject.clone(), progress, summary };
        checkpoint.write(&path)?;
        Ok((checkpoint, trained))
    }

    /// What is gone on from, if anything is.
    fn before(&self, path: &Path) -> Result<Option<Checkpoint>, Failure> {
        let is_there = path.exists();
        if is_there && !self.arguments.resume {
            return Err(Failure::Trained(self.folder.clone()));
        }
        if !is_there && self.arguments.resume {
            return Err(Failure::NotTrained(self.folder.clone()));
        }
        if let Some(path) = &self.arguments.from {
            let checkpoint = Checkpoint::read(path)?;
            if checkpoint.subject.spec != self.subject.spec {
                return Err(Failure::OtherSubject { path: path.clone(), what: "architecture" });
            }
            return Ok(Some(checkpoint));
        }
        if !is_there {
            return Ok(None);
        }
        let checkpoint = Checkpoint::read(path)?;
        let (was, is) = (&checkpoint.subject, &self.subject);
        match was.difference(is) {
            Some(what) => Err(Failure::OtherSubject { path: path.to_owned(), what }),
            None => Ok(Some(checkpoint)),
        }
    }

    /// Makes the network int8, and measures that.
    fn prove(
        &self,
        name: &str,
        checkpoint: &Checkpoint,
        trained: &Trained,
        test: Option<Sealed<Samples>>,
    ) -> Result<Answer, Failure> {
        let (network, _) = deploy::deployed(checkpoint, self.samples.borrowed(), self.split.train())?;
        let indices: Vec<usize> = self.split.validation().iter().map(|&index| index as usize).collect();
        let validation = measured(&network, &self.samples.subset(&indices))?;
        let stem = self.folder.file_name().map_or_else(|| "network".into(), |name| name.to_string_lossy().into_owned());
        let file = self.folder.join(format!("{stem}.tflite"));
        fs::write(&file, network.to_tflite()?).map_err(|error| Failure::Create { path: file.clone(), error })?;
        let test = test.map(|sealed| measured(&network, &sealed.open())).transpose()?;
        let answer = Answer::of(name, &self.subject, &network, trained, validation, test, &file);
        let path = self.folder.join(REPORT);
        let mut text = Vec::new();
        write_json(&answer, &mut text)?;
        fs::write(&path, text).map_err(|error| Failure::Create { path, error })?;
        Ok(answer)
    }
}

/// What the int8 network gets right.
fn measured(network: &Network, samples: &Samples) -> Result<Share, Failure> {
    let first = network.quantisations()[Graph::INPUT.index()];
    let input = Input::of(RangeName::Auto, first, samples.values());
    let answers = answers(network, samples, &input)?;
    let right = answers.iter().zip(samples.labels()).filter(|(answer, label)| **answer == usize::from(**label)).count();
    Ok(Share::of(right, samples.len()))
}
