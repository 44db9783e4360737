//! Training as a whole: the same every time, the same after a break, stopped where nothing is gained, undone where numbers go
//! wrong.

use std::{path::Path, time::Duration};

use automcu_dataset::{Augmentation, Crop, Mix, Samples, Split, synthetic};
use automcu_model::{Graph, Spec};
use automcu_trainer::{
    Checkpoint, CheckpointError, EarlyStop, End, Event, Isa, Length, Nature, Optimiser, Preparation, Recipe, Schedule,
    State, Stretch, Subject, Task, TrainError, Trained, Trainer, Version, Wish,
};

const NETWORK: &str = r#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":8,"stride":4},{"op":"depthwise_separable","channels":12,"stride":2},{"op":"dropout","percent":20}],
    "head":{"op":"classifier","classes":10}}"#;

fn recipe(epochs: u32) -> Recipe {
    let augmentation = Augmentation {
        crop: Some(Crop { pad: 2 }),
        flip: true,
        mixup: Some(Mix { alpha: 0.2 }),
        ..Augmentation::none()
    };
    Recipe {
        version: Version,
        name: "test".into(),
        length: Length::Epochs(epochs),
        batch: 16,
        optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
        rate: 0.05,
        schedule: Schedule::Cosine { warm_up: 0.1, last: 0.0 },
        weight_decay: 5e-4,
        label_smoothing: 0.1,
        average: Some(0.9),
        clip: Some(5.0),
        early_stop: None,
        fraction: 1.0,
        stretches: vec![
            Stretch { until: 0.5, augmentation },
            Stretch { until: 1.0, augmentation: Augmentation::none() },
        ],
    }
}

struct Given {
    spec: Spec,
    graph: Graph,
    samples: Samples,
    split: Split,
    recipe: Recipe,
    threads: usize,
}

impl Given {
    fn new(recipe: Recipe) -> Self {
        let spec = Spec::from_json(NETWORK.as_bytes()).expect("a network");
        let samples = synthetic(3, 0, 200);
        let split = Split::stratified(samples.labels(), None, 0.2, 1).expect("enough samples");
        Self { graph: spec.lower().expect("constructible"), spec, samples, split, recipe, threads: 1 }
    }

    fn trainer(&self) -> Result<Trainer<'_>, TrainError> {
        Trainer::new(Task {
            graph: &self.graph,
            samples: self.samples.borrowed(),
            split: &self.split,
            recipe: &self.recipe,
            seed: 5,
            threads: self.threads,
            loaders: 0,
            isa: Isa::best(),
        })
    }

    fn run(&self, watch: &mut dyn FnMut(Event<'_>) -> Wish) -> Result<Trained, TrainError> {
        let mut trainer = self.trainer()?;
        let beginning = trainer.beginning();
        trainer.run(beginning, &|| Duration::ZERO, watch)
    }

    fn checkpoint(&self, trained: &Trained) -> Checkpoint {
        let subject = Subject {
            spec: self.spec.clone(),
            recipe: self.recipe.clone(),
            seed: 5,
            threads: 1,
            vectors: Isa::best().name().into(),
            split: self.split.digest().to_string(),
            data: "synthetic".into(),
            left_out: None,
            classes: self.samples.names().to_vec(),
            preparation: Preparation::Bytes,
        };
        Checkpoint { subject, progress: trained.progress.clone(), summary: Some(trained.summary.clone()) }
    }
}

fn bits(state: &State) -> Vec<u32> {
    state.parameters.iter().chain(&state.means).chain(&state.variances).map(|value| value.to_bits()).collect()
}

fn go_on(_: Event<'_>) -> Wish {
    Wish::GoOn
}

#[test]
fn the_same_seed_gives_the_same_weights_to_the_bit() {
    for threads in [1, 2, 3] {
        let given = Given { threads, ..Given::new(recipe(3)) };
        let [first, second] = [0, 1].map(|_| given.run(&mut go_on).unwrap());
        assert_eq!(bits(&first.state), bits(&second.state), "{threads} threads");
        assert_eq!(first.summary, second.summary);
        assert_eq!((first.summary.epochs, first.summary.end), (3, End::Completed));
    }
}

#[test]
fn what_was_stopped_goes_on_to_the_same_weights_as_what_was_not() {
    let adam = Optimiser::Adamw { mean: 0.9, square: 0.999 };
    // Of five epochs the third lies across the border of two stretches.
    for recipe in [recipe(5), Recipe { optimiser: adam, rate: 0.003, average: None, ..recipe(4) }] {
        let given = Given::new(recipe);
        let whole = given.run(&mut go_on).unwrap();
        // In the middle of an epoch, at its end, and after the first batch of all.
        for batches in [1, 10, 13, 25, 28] {
            let mut left = batches;
            let stopped = given.run(&mut |event| {
                left -= i32::from(matches!(event, Event::Batch { .. }));
                if left <= 0 { Wish::Stop } else { Wish::GoOn }
            });
            let stopped = stopped.unwrap();
            assert_eq!(stopped.summary.end, End::Stopped);
            let bytes = given.checkpoint(&stopped).to_bytes();
            let checkpoint = Checkpoint::from_bytes(Path::new("memory"), &bytes).unwrap();
            assert_eq!(checkpoint, given.checkpoint(&stopped), "what is read is what was written");
            let mut trainer = given.trainer().unwrap();
            let resumed = trainer.run(checkpoint.progress, &|| Duration::ZERO, &mut go_on).unwrap();
            assert_eq!(bits(&resumed.state), bits(&whole.state), "stopped after {batches} batches");
            assert_eq!(resumed.summary, whole.summary);
            assert_eq!(resumed.progress.curve, whole.progress.curve);
        }
    }
}

#[test]
fn training_learns_what_can_be_learnt() {
    let given = Given::new(Recipe {
        stretches: vec![Stretch { until: 1.0, augmentation: Augmentation::none() }],
        ..recipe(30)
    });
    let trained = given.run(&mut go_on).unwrap();
    let curve = &trained.progress.curve;
    assert_eq!(curve.len(), 30);
    assert!(curve[29].loss < 0.9 * curve[0].loss, "{} to {}", curve[0].loss, curve[29].loss);
    let right = trained.summary.validation.accuracy;
    assert!(right.interval.0 < right.share && right.share < right.interval.1, "{right:?}");
}

#[test]
fn training_stops_where_nothing_is_gained() {
    // With a rate of next to nothing no epoch is better than the first by a fifth.
    let stop = EarlyStop { patience: 2, least: 4, rise: 0.2 };
    let given = Given::new(Recipe { rate: 1e-8, early_stop: Some(stop), ..recipe(50) });
    let trained = given.run(&mut go_on).unwrap();
    assert_eq!((trained.summary.end, trained.summary.epochs, trained.summary.best_epoch), (End::Plateau, 4, 1));
}

#[test]
fn training_ends_when_its_time_is_over() {
    let given = Given::new(Recipe { length: Length::Seconds(30.0), ..recipe(1) });
    let mut trainer = given.trainer().unwrap();
    let beginning = trainer.beginning();
    // A clock that goes on by a second whenever it is looked at.
    let seconds = std::cell::Cell::new(0);
    let clock = || {
        seconds.set(seconds.get() + 1);
        Duration::from_secs(seconds.get())
    };
    let trained = trainer.run(beginning, &clock, &mut go_on).unwrap();
    assert_eq!(trained.summary.end, End::Completed);
    assert!((30.0..40.0).contains(&trained.summary.seconds), "{}", trained.summary.seconds);
}

#[test]
fn numbers_that_go_wrong_are_undone_once_and_then_told() {
    // Steps so large that no rate saves them.
    let wild = Recipe { rate: 100.0, clip: None, schedule: Schedule::Constant, weight_decay: 10.0, ..recipe(20) };
    let mut backed_off = Vec::new();
    let error = Given::new(wild).run(&mut |event| {
        if let Event::BackedOff { epoch } = event {
            backed_off.push(epoch);
        }
        Wish::GoOn
    });
    let error = error.expect_err("it diverges").to_string();
    assert_eq!(backed_off.len(), 1, "{error}");
    assert!(error.starts_with("epoch ") && error.contains("lower the recipe's rate"), "{error}");
}

#[test]
fn numbers_that_were_wrong_from_the_beginning_are_told() {
    let given = Given::new(recipe(2));
    let mut trainer = given.trainer().unwrap();
    let mut beginning = trainer.beginning();
    beginning.state.parameters[0] = f32::NAN;
    let error = trainer.run(beginning, &|| Duration::ZERO, &mut go_on).expect_err("no number comes back").to_string();
    assert!(error.contains("epoch 1: the loss is no number"), "{error}");
}

#[test]
fn numbers_that_only_normalisations_see_go_wrong_too() {
    // Variances that grow beyond all numbers are never read in training; the network that is handed out has them.
    let given = Given::new(recipe(3));
    let mut trainer = given.trainer().unwrap();
    let mut beginning = trainer.beginning();
    beginning.state.variances[0] = f32::INFINITY;
    let error = trainer.run(beginning, &|| Duration::ZERO, &mut go_on).expect_err("no number comes back").to_string();
    assert!(error.contains("epoch 1: the loss is no number"), "{error}");
}

#[test]
fn progress_of_another_recipe_is_refused() {
    let stopped = Given::new(recipe(2)).run(&mut go_on).unwrap();
    let other = Optimiser::Adamw { mean: 0.9, square: 0.999 };
    let given = Given::new(Recipe { optimiser: other, ..recipe(4) });
    let mut trainer = given.trainer().unwrap();
    let error = trainer.run(stopped.progress, &|| Duration::ZERO, &mut go_on).expect_err("no squares").to_string();
    assert!(error.contains("has 0 mean squares"), "{error}");
}

#[test]
fn what_does_not_go_together_is_told() {
    let mut given = Given::new(recipe(1));
    given.graph =
        Spec::from_json(NETWORK.replace("\"height\":32", "\"height\":16").as_bytes()).unwrap().lower().unwrap();
    let error = given.trainer().err().expect("another shape").to_string();
    assert!(error.contains("16x32x3") && error.contains("32x32x3") && error.contains("shape as its input"), "{error}");
    given.graph =
        Spec::from_json(NETWORK.replace("\"classes\":10", "\"classes\":9").as_bytes()).unwrap().lower().unwrap();
    let error = given.trainer().err().expect("too few classes").to_string();
    assert!(error.contains("9 classes") && error.contains("10 classes"), "{error}");
}

#[test]
fn a_checkpoint_is_written_whole_or_not_at_all() {
    let given = Given::new(recipe(1));
    let checkpoint = given.checkpoint(&given.run(&mut go_on).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    checkpoint.write(&path).unwrap();
    assert_eq!(Checkpoint::read(&path).unwrap(), checkpoint);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let error = checkpoint.write(&folder.path().join("no/such.safetensors")).expect_err("no folder").to_string();
    assert!(error.contains("such.safetensors") && error.contains("still there"), "{error}");
}

#[test]
fn a_checkpoint_that_was_damaged_is_refused_with_the_reason() {
    let given = Given::new(recipe(1));
    let bytes = given.checkpoint(&given.run(&mut go_on).unwrap()).to_bytes();
    let refused = |bytes: &[u8]| match Checkpoint::from_bytes(Path::new("x.safetensors"), bytes) {
        Err(CheckpointError::Wrong { problem, .. }) => problem.to_string(),
        other => panic!("{other:?}"),
    };
    for cut in [0, 1, 7, 8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(refused(&bytes[..cut]).starts_with("no safetensors file"), "cut at {cut}");
    }
    let header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let text = std::str::from_utf8(&bytes[8..8 + header]).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        // As long as before, so that offsets stay.
        let new = text.replacen(from, &format!("{to:width$}", width = from.len()), 1);
        [&bytes[..8], new.as_bytes(), &bytes[8 + header..]].concat()
    };
    assert!(
        refused(&with(r#"{\"version\":1,\"spec"#, r#"{\"version\":9,\"spec"#)).contains("version 9 of checkpoints")
    );
    assert!(refused(&with("automcu", "another")).contains("has not written"));
    assert!(refused(&with(r#"\"channels\":12"#, r#"\"channels\":11"#)).contains("another shape"));
    let mut wrong = bytes.clone();
    let last = wrong.len();
    wrong[last - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(refused(&wrong).contains("no numbers"), "{}", refused(&wrong));
    // Whatever byte is wrong, nothing panics.
    for place in (0..8 + header).step_by(7) {
        let mut wrong = bytes.clone();
        wrong[place] ^= 0x15;
        let _ = Checkpoint::from_bytes(Path::new("x"), &wrong);
    }
}

#[test]
fn recipes_are_data_with_checked_values_and_a_digest() {
    for name in ["paper", "lmanet-mini", "lmanet-full", "fast", "rung-0", "rung-5"] {
        for nature in [Nature::Colour, Nature::Grey, Nature::Signal] {
            let recipe = Recipe::named(name, nature).unwrap();
            assert_eq!(Recipe::from_json(recipe.to_json().as_bytes()).unwrap(), recipe);
            assert_eq!(recipe.name, name);
        }
    }
    assert!(Recipe::named("rung-6", Nature::Grey).unwrap_err().to_string().contains("known are paper"));
    let one = recipe(3);
    assert_eq!(one.digest(), Recipe::from_json(one.to_json().as_bytes()).unwrap().digest());
    assert_ne!(one.digest(), recipe(4).digest());
    for (from, to, said) in [
        (r#""batch":16"#, r#""batch":0"#, "batch is 0: give a number from 1 to 4,096"),
        (r#""rate":0.05"#, r#""rate":-1"#, "rate is -1"),
        (r#""version":1"#, r#""version":2"#, "version 2 of recipes"),
        (r#""name":"test""#, r#""nam":"test""#, "unknown field `nam`"),
        (r#""until":0.5"#, r#""until":1.5"#, "stretches.until is 1.5"),
        (r#""until":1.0"#, r#""until":0.9"#, "stretches is up to 0.9"),
        (r#""pad":2"#, r#""pad":9999"#, "stretches[0].augmentation"),
        (r#""epochs":3"#, r#""epochs":0"#, "length.epochs is 0"),
    ] {
        let text = one.to_json();
        assert!(text.contains(from), "{from} in {text}");
        let error = Recipe::from_json(text.replace(from, to).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn schedules_rise_and_fall_as_they_say() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let cosine = Schedule::Cosine { warm_up: 0.2, last: 0.1 };
    assert!(near(cosine.at(0.0), 0.0) && near(cosine.at(0.1), 0.5) && near(cosine.at(0.2), 1.0));
    assert!(near(cosine.at(0.6), 0.55) && near(cosine.at(1.0), 0.1) && near(cosine.at(2.0), 0.1));
    let cycle = Schedule::OneCycle { warm_up: 0.25, first: 0.2 };
    assert!(
        near(cycle.at(0.0), 0.2) && near(cycle.at(0.25), 1.0) && near(cycle.at(0.625), 0.5) && near(cycle.at(1.0), 0.0)
    );
    let steps = Schedule::Steps { parts: 3, factor: 0.1 };
    assert!(near(steps.at(0.3), 1.0) && near(steps.at(0.4), 0.1) && near(steps.at(1.0), 0.01));
}
