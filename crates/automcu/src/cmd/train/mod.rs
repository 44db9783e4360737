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
use automcu_dataset::{Options, Part, Samples, Sealed, Source, Split, Values};
use automcu_model::Graph;
use automcu_trainer::{Checkpoint, Isa, Length, Nature, Recipe, Subject, Task, Trained, Trainer, Wish};

use super::write_json;
use crate::{
    Live, Said,
    answers::{Input, answers},
    cli::{RangeName, Train},
    deploy, input,
    outcome::{Failure, Outcome},
    samples::{borrowed, preparation, split},
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
    let recipe = recipe(arguments, &samples)?;
    let split = split(&samples)?;
    let subject = Subject {
        spec,
        recipe,
        seed: arguments.seed,
        split: split.digest().to_string(),
        data: arguments.data.display().to_string(),
        classes: samples.names().to_vec(),
        preparation: preparation(&samples),
    };
    let folder = folder(arguments);
    let mut work = Work { arguments, subject, graph, samples, split, source, folder };
    let (checkpoint, trained) = work.train(clock, live)?;
    let answer = work.prove(&name, &checkpoint, &trained)?;
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&work.folder, &checkpoint.progress.curve, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// The architecture as it is trained; each reason why not is told.
fn constructible(architecture: input::Architecture, said: &mut Said) -> Option<(automcu_model::Spec, Graph)> {
    match (architecture.spec, architecture.graph) {
        (Ok(spec), Ok((trained, _))) => Some((spec, trained)),
        (Err(refusals), _) | (_, Err(refusals)) => {
            said.errors.extend_from_slice(format!("{refusals}\n").as_bytes());
            None
        }
    }
}

fn recipe(arguments: &Train, samples: &Samples) -> Result<Recipe, Failure> {
    let is_picture = matches!(samples.values(), Values::Bytes(_));
    let mut recipe = if arguments.recipe.ends_with(".json") {
        let path = PathBuf::from(&arguments.recipe);
        let text = fs::read(&path).map_err(|error| Failure::Read { path: path.clone(), error })?;
        Recipe::from_json(&text)?
    } else {
        Recipe::named(&arguments.recipe, Nature::of(samples.shape(), is_picture))?
    };
    if let Some(seconds) = arguments.time {
        recipe.length = Length::Seconds(seconds);
    }
    if let Some(epochs) = arguments.epochs {
        recipe.length = Length::Epochs(epochs);
    }
    Ok(recipe.checked()?)
}

fn folder(arguments: &Train) -> PathBuf {
    let called = || arguments.architecture.file_stem().map_or_else(|| "architecture".into(), PathBuf::from);
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
    source: Source,
    folder: PathBuf,
}

impl Work<'_> {
    /// Trains, and writes checkpoints on the way.
    fn train(&mut self, clock: fn() -> Duration, live: &mut Live<'_>) -> Result<(Checkpoint, Trained), Failure> {
        let path = self.folder.join(CHECKPOINT);
        let before = self.before(&path)?;
        fs::create_dir_all(&self.folder).map_err(|error| Failure::Create { path: self.folder.clone(), error })?;
        let task = Task {
            graph: &self.graph,
            samples: borrowed(&self.samples),
            split: &self.split,
            recipe: &self.subject.recipe,
            seed: self.arguments.seed,
            threads: self.arguments.threads as usize,
            loaders: 0,
            isa: Isa::best(),
        };
        let mut trainer = Trainer::new(task)?;
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
        if let Some(path) = &self.arguments.from {
            let checkpoint = Checkpoint::read(path)?;
            if checkpoint.subject.spec != self.subject.spec {
                return Err(Failure::OtherSubject { path: path.clone(), what: "architecture" });
            }
            return Ok(Some(checkpoint));
        }
        if !path.exists() {
            return Ok(None);
        }
        if !self.arguments.resume {
            return Err(Failure::Trained(self.folder.clone()));
        }
        let checkpoint = Checkpoint::read(path)?;
        let (was, is) = (&checkpoint.subject, &self.subject);
        let differs = [
            (was.spec != is.spec, "architecture"),
            (was.split != is.split, "data set or split"),
            (was.recipe != is.recipe, "recipe"),
            (was.seed != is.seed, "seed"),
        ];
        match differs.into_iter().find(|(differs, _)| *differs) {
            Some((_, what)) => Err(Failure::OtherSubject { path: path.to_owned(), what }),
            None => Ok(Some(checkpoint)),
        }
    }

    /// Makes the network int8, and measures that.
    fn prove(&self, name: &str, checkpoint: &Checkpoint, trained: &Trained) -> Result<Answer, Failure> {
        let (network, _) = deploy::deployed(checkpoint, borrowed(&self.samples), self.split.train())?;
        let indices: Vec<usize> = self.split.validation().iter().map(|&index| index as usize).collect();
        let validation = measured(&network, &self.samples.subset(&indices))?;
        let test = if self.arguments.test {
            let sealed = Sealed::new(self.source.read(Part::Test)?);
            Some(measured(&network, &sealed.open())?)
        } else {
            None
        };
        let stem = self.folder.file_name().map_or_else(|| "network".into(), |name| name.to_string_lossy().into_owned());
        let file = self.folder.join(format!("{stem}.tflite"));
        fs::write(&file, network.to_tflite()?).map_err(|error| Failure::Create { path: file.clone(), error })?;
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
