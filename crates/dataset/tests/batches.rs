//! Batches: the same whatever threads there are, augmented when they are learnt from and never else.

use std::thread;

use automcu_dataset::{
    Augmentation, Batch, Batching, EvaluationBatches, Feed, Pixels, Resize, SamplesRef, TrainingBatches,
};
use automcu_model::Shape;

const PICTURE: Shape = Shape { height: 16, width: 12, channels: 3 };
const SIGNAL: Shape = Shape { height: 20, width: 5, channels: 2 };
const SAMPLES: u16 = 50;
const OPTIONS: Batching = Batching { batch: 8, seed: 9, drop_last: true };

/// Samples that are all different, and their classes.
struct Samples {
    bytes: Vec<u8>,
    floats: Vec<f32>,
    labels: Vec<u16>,
    indices: Vec<u32>,
}

impl Samples {
    fn new() -> Self {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        };
        let count = u64::from(SAMPLES);
        Self {
            bytes: (0..count * PICTURE.elements()).map(|_| byte()).collect(),
            floats: (0..count * SIGNAL.elements()).map(|_| f32::from(byte()) / 64.0).collect(),
            labels: (0..SAMPLES).collect(),
            indices: (0..SAMPLES.into()).collect(),
        }
    }

    fn pictures(&self) -> SamplesRef<'_> {
        SamplesRef { shape: PICTURE, pixels: Pixels::Bytes(&self.bytes), labels: &self.labels, standard: None }
    }

    fn signals(&self) -> SamplesRef<'_> {
        SamplesRef { shape: SIGNAL, pixels: Pixels::Floats(&self.floats), labels: &self.labels, standard: None }
    }

    /// A source that this augmentation is for.
    fn fit(&self, name: &str) -> SamplesRef<'_> {
        if matches!(
            name,
            "time_shift" | "time_stretch" | "band_shift" | "scale" | "noise" | "spec_augment" | "signal mixup"
        ) {
            self.signals()
        } else if name == "rotation" {
            let shape = Shape { width: 1, channels: 3, ..SIGNAL };
            let values = &self.floats[..usize::from(SAMPLES) * 60];
            SamplesRef { shape, pixels: Pixels::Floats(values), ..self.signals() }
        } else {
            self.pictures()
        }
    }
}

/// Every augmentation, with the digest of a batch.
const AUGMENTATIONS: &[(&str, &str, &str)] = &[
    ("none", "{}", "814def331cebd237"),
    ("resize", r#"{"resize": {"height": 20, "width": 9}}"#, "96c167e6d65b39b6"),
    ("crop", r#"{"crop": {"pad": 4}}"#, "c647f243397dd325"),
    ("flip", r#"{"flip": true}"#, "3d51fd5561303ae8"),
    ("auto", r#"{"auto": "cifar10"}"#, "cf881dd047da640f"),
    ("rand", r#"{"rand": {"count": 2, "magnitude": 9}}"#, "ba700ea02db91fb3"),
    (
        "colour_jitter",
        r#"{"colour_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4}}"#,
        "4c90ae77bdc56a67",
    ),
    ("cutout", r#"{"cutout": {"side": 5}}"#, "f1a85d574e13424b"),
    ("time_shift", r#"{"time_shift": {"most": 3}}"#, "4552a513e513c4b8"),
    ("scale", r#"{"scale": {"deviation": 0.1}}"#, "0a23ef7489f41630"),
    ("rotation", r#"{"rotation": {"degrees": 20}}"#, "8a23a9887ab7f475"),
    ("time_stretch", r#"{"time_stretch": {"most": 0.2}, "time_shift": {"most": 3}}"#, "ed3971443d8d307d"),
    ("band_shift", r#"{"band_shift": {"most": 2}}"#, "e38bb03fd8caf2ad"),
    ("noise", r#"{"noise": {"deviation": 0.1}}"#, "8501b10bcef6635e"),
    (
        "spec_augment",
        r#"{"spec_augment": {"time_masks": 2, "time_width": 5, "band_masks": 1, "band_width": 2}}"#,
        "d8361217c5e12c71",
    ),
    ("mixup", r#"{"mixup": {"alpha": 0.2}}"#, "1672e0ba242c2484"),
    ("cutmix", r#"{"cutmix": {"alpha": 1.0}}"#, "c1d3a134e7bd3e22"),
    ("signal mixup", r#"{"mixup": {"alpha": 1.0}, "cutmix": {"alpha": 1.0}}"#, "2f613bae7e71de9e"),
];

fn read(text: &str) -> Augmentation {
    serde_json::from_str(text).expect("an augmentation")
}

fn taken(mut feed: Feed<'_>) -> Vec<Batch> {
    std::iter::from_fn(|| feed.next_batch().cloned()).collect()
}

fn training<'a>(source: SamplesRef<'a>, samples: &'a Samples, augmentation: &str) -> TrainingBatches<'a> {
    TrainingBatches::new(source, &samples.indices, read(augmentation), OPTIONS).expect("batches")
}

fn digest(batch: &Batch) -> String {
    let mut hasher = blake3::Hasher::new();
    for value in &batch.values {
        hasher.update(&value.to_le_bytes());
    }
    for target in &batch.targets {
        hasher.update(&target.first.to_le_bytes());
        hasher.update(&target.second.to_le_bytes());
        hasher.update(&target.share.to_le_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[test]
fn batches_are_the_same_whatever_threads_make_them() {
    let samples = Samples::new();
    for (name, augmentation, _) in AUGMENTATIONS {
        let batches = training(samples.fit(name), &samples, augmentation);
        let wanted = taken(batches.here(2..5));
        assert_eq!(wanted.len(), 3 * batches.per_epoch());
        for threads in [0, 1, 2, 5, 30] {
            let got = thread::scope(|scope| taken(batches.ahead(scope, threads, 2..5).expect("threads")));
            assert!(got == wanted, "{name} by {threads} threads");
        }
        assert!(taken(batches.here(4..5)) == wanted[2 * batches.per_epoch()..], "{name}: an epoch on its own");
    }
}

#[test]
fn every_augmentation_gives_the_same_batch_in_every_version() {
    let samples = Samples::new();
    let mut got = Vec::new();
    for (name, augmentation, _) in AUGMENTATIONS {
        let batches = training(samples.fit(name), &samples, augmentation);
        got.push((*name, digest(batches.here(1..2).next_batch().expect("a batch"))));
    }
    let wanted: Vec<_> = AUGMENTATIONS.iter().map(|(name, _, digest)| (*name, (*digest).to_owned())).collect();
    assert_eq!(got, wanted);
}

#[test]
fn validation_never_sees_augmentation() {
    let samples = Samples::new();
    let indices = [7, 3, 3, 49, 0];
    let evaluation = EvaluationBatches::new(samples.pictures(), &indices, 2, None).expect("batches");
    let each = usize::try_from(PICTURE.elements()).expect("small");
    for _ in 0..3 {
        let batches = taken(evaluation.here());
        assert_eq!(batches.iter().map(|batch| batch.targets.len()).collect::<Vec<_>>(), [2, 2, 1]);
        let values = batches.iter().flat_map(|batch| batch.values.chunks_exact(each).zip(&batch.targets));
        for ((values, target), index) in values.zip(indices) {
            let bytes = &samples.bytes[index as usize * each..][..each];
            assert!(values.iter().zip(bytes).all(|(value, byte)| *value == (f32::from(*byte) - 128.0) / 128.0));
            assert_eq!((u32::from(target.first), u32::from(target.second), target.share), (index, index, 1.0));
        }
        let ahead = thread::scope(|scope| taken(evaluation.ahead(scope, 2).expect("threads")));
        assert!(ahead == batches);
    }
}

#[test]
fn training_always_sees_augmentation() {
    let samples = Samples::new();
    for (name, augmentation, _) in AUGMENTATIONS.iter().filter(|(name, ..)| !matches!(*name, "none" | "resize")) {
        let plain = training(samples.fit(name), &samples, "{}");
        let augmented = training(samples.fit(name), &samples, augmentation);
        for epoch in 0..20 {
            let (plain, augmented) = (taken(plain.here(epoch..epoch + 1)), taken(augmented.here(epoch..epoch + 1)));
            assert_eq!(plain.len(), augmented.len());
            let is_same = plain.iter().zip(&augmented).all(|(one, other)| one.values == other.values);
            assert!(!is_same, "{name} left an epoch as it was");
        }
    }
}
#[test]
fn an_epoch_has_every_sample_once_in_another_order_each_time() {
    let samples = Samples::new();
    let options = Batching { drop_last: false, ..OPTIONS };
    let batches =
        TrainingBatches::new(samples.pictures(), &samples.indices, Augmentation::none(), options).expect("batches");
    let order = |epoch| {
        let batches = taken(batches.here(epoch..epoch + 1));
        batches.iter().flat_map(|batch| &batch.targets).map(|target| target.first).collect::<Vec<_>>()
    };
    let (one, other) = (order(0), order(1));
    assert_ne!(one, other);
    for mut order in [one, other] {
        order.sort_unstable();
        assert_eq!(order, samples.labels);
    }
    assert_eq!(training(samples.pictures(), &samples, "{}").per_epoch(), 6, "the last batch is left out");
}

#[test]
fn what_a_resize_makes_is_the_same_in_validation() {
    let samples = Samples::new();
    let resize = Resize { height: 20, width: 9 };
    let evaluation = EvaluationBatches::new(samples.pictures(), &samples.indices, 50, Some(resize)).expect("batches");
    let training = training(samples.pictures(), &samples, r#"{"resize": {"height": 20, "width": 9}}"#);
    assert_eq!(training.shape(), Shape { height: 20, width: 9, channels: 3 });
    assert_eq!(training.shape(), evaluation.shape());
    let validated = taken(evaluation.here());
    let mut feed = training.here(0..1);
    let batch = feed.next_batch().expect("a batch");
    for (values, target) in batch.values.chunks_exact(20 * 9 * 3).zip(&batch.targets) {
        let at = usize::from(target.first) * 20 * 9 * 3;
        assert!(values == &validated[0].values[at..at + 20 * 9 * 3]);
    }
}

#[test]
fn the_share_of_a_label_is_the_area_that_was_not_pasted() {
    // Each sample is of one value, its class, so that what came from where can be counted.
    let labels: Vec<u16> = (0..100).collect();
    let area = 16 * 12;
    let values: Vec<f32> = labels.iter().flat_map(|&label| [f32::from(label); 16 * 12]).collect();
    let shape = Shape { height: 16, width: 12, channels: 1 };
    let source = SamplesRef { shape, pixels: Pixels::Floats(&values), labels: &labels, standard: None };
    let indices: Vec<u32> = (0..100).collect();
    for text in [r#"{"cutmix": {"alpha": 1.0}}"#, r#"{"mixup": {"alpha": 1.0}}"#] {
        let batches = TrainingBatches::new(source, &indices, read(text), OPTIONS).expect("batches");
        let mut mixed = 0;
        for batch in taken(batches.here(0..4)) {
            for (values, target) in batch.values.chunks_exact(area).zip(&batch.targets) {
                let (first, second) = (f32::from(target.first), f32::from(target.second));
                let wanted = target.share * first + (1.0 - target.share) * second;
                let mean = values.iter().sum::<f32>() / area as f32;
                assert!((mean - wanted).abs() < 1e-3, "{text}: {mean} where the labels say {wanted}");
                mixed += u32::from(target.share > 0.01 && target.share < 0.99);
            }
        }
        assert!(mixed > 200, "{text} mixed only {mixed}");
    }
}

#[test]
fn a_feed_that_is_dropped_half_way_ends_its_threads() {
    let samples = Samples::new();
    let batches = training(samples.pictures(), &samples, r#"{"flip": true}"#);
    for threads in [1, 3] {
        for taken in [0, 1, 2, 7, 11] {
            // The scope ends only when all threads have.
            thread::scope(|scope| {
                let mut feed = batches.ahead(scope, threads, 0..u32::MAX).expect("threads");
                assert!((0..taken).all(|_| feed.next_batch().is_some()));
            });
        }
    }
    let mut feed = batches.here(0..1);
    while feed.next_batch().is_some() {}
    assert!(feed.next_batch().is_none(), "the end is the end");
}

#[test]
fn batches_that_cannot_be_are_refused_with_what_to_do() {
    let samples = Samples::new();
    let refused = |source, text: &str| {
        TrainingBatches::new(source, &samples.indices, read(text), OPTIONS).expect_err("refused").to_string()
    };
    for (text, said) in [
        (r#"{"crop": {"pad": 0}}"#, "augmentation.crop.pad is 0: give 1 to 4096"),
        (r#"{"mixup": {"alpha": 0.0}}"#, "augmentation.mixup.alpha is 0: give 0.01 to 100"),
        (
            r#"{"auto": "cifar10", "rand": {"count": 1, "magnitude": 3}}"#,
            "augmentation.auto and augmentation.rand exclude each other: leave one out",
        ),
        (
            r#"{"noise": {"deviation": 0.1}}"#,
            "augmentation.noise is for signals, and the samples are bytes of 16x12x3: leave it out",
        ),
    ] {
        assert_eq!(refused(samples.pictures(), text), said);
    }
    assert!(refused(samples.signals(), r#"{"flip": true}"#).starts_with("augmentation.flip is for pictures, and"));
    let wide = r#"{"spec_augment": {"band_masks": 1, "band_width": 6}}"#;
    assert!(refused(samples.signals(), wide).contains("give 0 to 5, which is all of a sample"));
}

#[test]
fn samples_that_cannot_be_are_refused_with_what_to_do() {
    let samples = Samples::new();
    let short = SamplesRef { labels: &samples.labels[1..], ..samples.pictures() };
    let short = EvaluationBatches::new(short, &[1], 1, None).expect_err("refused").to_string();
    assert!(short.starts_with("samples: 28800 values and 49 labels at 576 values a sample"));
    let missing = EvaluationBatches::new(samples.pictures(), &[50], 1, None).expect_err("refused");
    assert_eq!(missing.to_string(), "indices: sample 50 of 50; give indices below 50");
    let resize = Some(Resize { height: 4, width: 4 });
    let signals = EvaluationBatches::new(samples.signals(), &[1], 1, resize).expect_err("refused");
    assert!(signals.to_string().starts_with("augmentation.resize is for pictures, and the samples are floats"));
    let none = EvaluationBatches::new(samples.pictures(), &[1], 0, None).expect_err("refused");
    assert!(none.to_string().starts_with("batch is 0: give 1 to "));
    let few = TrainingBatches::new(samples.pictures(), &[1], Augmentation::none(), OPTIONS).expect_err("refused");
    assert_eq!(few.to_string(), "batch is 8: give 1 to 1");
}

#[test]
fn an_augmentation_reads_back_from_what_it_is_written_as_and_knows_its_fields() {
    for (_, text, _) in AUGMENTATIONS {
        let augmentation = read(text);
        let written = serde_json::to_string(&augmentation).expect("written");
        assert_eq!(serde_json::from_str::<Augmentation>(&written).expect("read"), augmentation);
    }
    assert_eq!(read("{}"), Augmentation::none());
    assert_eq!(serde_json::to_string(&Augmentation::none()).expect("written"), "{}");
    for wrong in [r#"{"crop": {"pads": 4}}"#, r#"{"flop": true}"#, r#"{"auto": "imagenet"}"#, r#"{"crop": {}}"#] {
        assert!(serde_json::from_str::<Augmentation>(wrong).is_err(), "{wrong}");
    }
}
