//! `automcu train`.

pub(super) mod progress;
mod report;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use automcu_artifacts::write_whole;
use automcu_dataset::{Kind, Options, Part, Samples, Sealed, Source, Split, Values};
use automcu_deployment::{deployed, measured, validated};
use automcu_model::{Graph, Spec, spec::Head};
use automcu_trainer::{
    Checkpoint, Conditions, End, Isa, Length, Nature, PROTOCOL, Recipe, Request, Splitting, Summary, Task, check,
};
use automcu_workers::{Bounds, Ending, Executor, Heard, Local};

use super::{processors, write_json};
use crate::{
    Host, Live, Said,
    cli::Train,
    input,
    outcome::{Failure, Outcome},
};
use progress::Progress;
use report::Answer;

/// What the checkpoint is called in its folder.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// What the report is called.
const REPORT: &str = "train.json";
/// So often at most a checkpoint is written, in seconds.
const BETWEEN_CHECKPOINTS: f64 = 20.0;
/// Writing the last checkpoint takes at most so many seconds.
const GRACE: f64 = 120.0;
/// Nobody waits longer than that, in seconds: a hundred years.
const WITHOUT_END: f64 = 100.0 * 365.25 * 24.0 * 3600.0;

pub(crate) fn run(
    arguments: &Train,
    stdin: &mut dyn Read,
    host: &Host<'_>,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let architecture = input::architecture(&arguments.architecture, stdin)?;
    let name = architecture.name.clone();
    let Some((spec, graph)) = constructible(architecture, said) else {
        return Err(Failure::NotConstructible { file: name });
    };
    let options = Options { left_out: arguments.leave_out, ..Options::default() };
    let source = input::source(&arguments.data, host.data, options)?;
    let samples = source.read(Part::Train)?;
    let test = if arguments.test { Some(Sealed::new(source.read(Part::Test)?)) } else { None };
    check_classes(&name, &spec, &arguments.data, &samples)?;
    let recipe = recipe(arguments, &samples)?;
    let splitting = Splitting { mixes_groups: arguments.mix_groups, ..Splitting::default() };
    let split = splitting.of(&samples)?;
    check_task(arguments, &graph, &samples, &split, &recipe)?;
    let folder = folder(arguments);
    let checkpoint = folder.join(CHECKPOINT);
    before(arguments, &folder, &checkpoint, &spec)?;
    fs::create_dir_all(&folder).map_err(|error| Failure::Create { path: folder.clone(), error })?;
    let request = request(arguments, &spec, recipe, splitting, &source, &checkpoint)?;
    let summary = train(&request, &folder, host, live)?;
    if summary.end == End::Stopped {
        return Err(Failure::Interrupted { folder, epochs: summary.epochs });
    }
    let work = Work { folder, samples, split };
    let checkpoint = Checkpoint::read(&checkpoint)?;
    let answer = work.prove(&name, &checkpoint, &summary, test)?;
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&work.folder, &checkpoint.progress.curve, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// What is asked of a worker.
fn request(
    arguments: &Train,
    spec: &Spec,
    recipe: Recipe,
    split: Splitting,
    source: &Source,
    checkpoint: &Path,
) -> Result<Request, Failure> {
    let is_built_in = matches!(source.kind(), Kind::Synthetic | Kind::Signals);
    let conditions = Conditions {
        data: if is_built_in { source.path().to_owned() } else { found_from_elsewhere(source.path())? },
        left_out: arguments.leave_out,
        split,
        recipe,
        threads: arguments.threads,
        memory_bytes: None,
        deadline_s: WITHOUT_END,
        checkpoint_every_s: BETWEEN_CHECKPOINTS,
    };
    Ok(Request {
        version: PROTOCOL,
        spec: serde_json::from_str(&spec.to_json()).expect("a spec is written as JSON"),
        seed: arguments.seed,
        conditions,
        checkpoint: found_from_elsewhere(checkpoint)?,
        from: arguments.from.as_deref().map(found_from_elsewhere).transpose()?,
        grace_s: GRACE,
    })
}

/// Has a worker train, and says how far it is.
fn train(request: &Request, folder: &Path, host: &Host<'_>, live: &mut Live<'_>) -> Result<Summary, Failure> {
    let is_interrupted = (host.interrupts)();
    let executor = Local::new(host.program, Bounds::default());
    let mut started = executor.start(request, folder).map_err(|error| Failure::NotTrainable(error.to_string()))?;
    let mut stop = Some(started.stop);
    let mut progress = Progress::new(live, host.clock, &request.conditions.recipe);
    let ending = loop {
        match started.heard.blocking_recv() {
            Some(Heard::Said(event)) => progress.tell(&event),
            Some(Heard::Ended(ending)) => break ending,
            None => return Err(Failure::NotTrainable("the worker's watch has ended".to_owned())),
        }
        if is_interrupted.load(Ordering::Relaxed)
            && let Some(stop) = stop.take()
        {
            // It may have ended meanwhile.
            let _ = stop.send(());
        }
    };
    progress.finish();
    // What follows is ended at once by an interruption, as everything is.
    let was_interrupted = is_interrupted.swap(true, Ordering::Relaxed);
    match ending {
        Ending::Done { summary, .. } if was_interrupted => {
            Err(Failure::Interrupted { folder: folder.to_owned(), epochs: summary.epochs })
        }
        Ending::Done { summary, .. } => Ok(summary),
        Ending::Failed { cause, message } => Err(Failure::Attempt { cause, message }),
        Ending::Lost { .. } => Err(Failure::NotTrainable(ending.to_string())),
    }
}

/// Whether what would be written over or gone on from is there, and is what it should be.
fn before(arguments: &Train, folder: &Path, checkpoint: &Path, spec: &Spec) -> Result<(), Failure> {
    match (checkpoint.exists(), arguments.resume) {
        (true, false) => return Err(Failure::Trained(folder.to_owned())),
        (false, true) => return Err(Failure::NotTrained(folder.to_owned())),
        _ => {}
    }
    match &arguments.from {
        Some(path) if Checkpoint::read(path)?.subject.spec != *spec => {
            Err(Failure::OtherSubject { path: path.clone(), what: "architecture" })
        }
        _ => Ok(()),
    }
}

/// Refuses here what a worker would refuse, before anything is written.
fn check_task(
    arguments: &Train,
    graph: &Graph,
    samples: &Samples,
    split: &Split,
    recipe: &Recipe,
) -> Result<(), Failure> {
    let task = Task {
        graph,
        samples: samples.borrowed(),
        split,
        recipe,
        seed: arguments.seed,
        threads: arguments.threads as usize,
        loaders: 0,
        isa: Isa::best(),
    };
    Ok(check(&task)?)
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
fn check_classes(name: &str, spec: &Spec, data: &Path, samples: &Samples) -> Result<(), Failure> {
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

/// A path as it is found from another folder.
fn found_from_elsewhere(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::Read { path: path.to_owned(), error })
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

struct Work {
    folder: PathBuf,
    samples: Samples,
    split: Split,
}

impl Work {
    /// Makes the network int8, and measures that.
    fn prove(
        &self,
        name: &str,
        checkpoint: &Checkpoint,
        summary: &Summary,
        test: Option<Sealed<Samples>>,
    ) -> Result<Answer, Failure> {
        let (network, _) = deployed(checkpoint, self.samples.borrowed(), self.split.train())?;
        let resize = checkpoint.subject.recipe.resize();
        let validation = validated(&network, &self.samples, &self.split, resize, processors())?;
        let stem = self.folder.file_name().map_or_else(|| "network".into(), |name| name.to_string_lossy().into_owned());
        let file = self.folder.join(format!("{stem}.tflite"));
        write_whole(&file, &network.to_tflite()?).map_err(|error| Failure::Create { path: file.clone(), error })?;
        let test = test.map(|sealed| measured(&network, sealed.open(), resize, processors())).transpose()?;
        let answer = Answer::of(name, &checkpoint.subject, &network, summary, validation, test, &file);
        let path = self.folder.join(REPORT);
        let mut text = Vec::new();
        write_json(&answer, &mut text)?;
        write_whole(&path, &text).map_err(|error| Failure::Create { path, error })?;
        Ok(answer)
    }
}
