//! How many pictures of 32x32x3 a second one core augments: nothing should ever wait for it.

use std::hint::black_box;

use automcu_dataset::{Augmentation, Batch, Batching, Pixels, SamplesRef, TrainingBatches};
use automcu_model::Shape;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SAMPLES: u32 = 2048;
const BATCH: u32 = 128;

/// One batch an iteration, so that criterion prints pictures a second.
fn augmentations(criterion: &mut Criterion) {
    let shape = Shape { height: 32, width: 32, channels: 3 };
    let bytes: Vec<u8> = (0..u64::from(SAMPLES) * shape.elements()).map(|i| (i * i / 97).to_le_bytes()[0]).collect();
    let labels: Vec<u16> = (0..SAMPLES).map(|i| u16::try_from(i % 10).expect("small")).collect();
    let indices: Vec<u32> = (0..SAMPLES).collect();
    let source = SamplesRef { shape, pixels: Pixels::Bytes(&bytes), labels: &labels, standard: None };
    let options = Batching { batch: BATCH as usize, seed: 1, drop_last: true };
    let mut group = criterion.benchmark_group("augment");
    group.throughput(Throughput::Elements(BATCH.into()));
    for (name, augmentation) in [
        ("none", "{}"),
        ("crop+flip", r#"{"crop": {"pad": 4}, "flip": true}"#),
        ("crop+flip+cutout", r#"{"crop": {"pad": 4}, "flip": true, "cutout": {"side": 8}}"#),
        ("colour_jitter", r#"{"colour_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4}}"#),
        ("mixup", r#"{"mixup": {"alpha": 0.2}}"#),
        ("cutmix", r#"{"cutmix": {"alpha": 1.0}}"#),
        ("auto", r#"{"auto": "cifar10"}"#),
        ("rand", r#"{"rand": {"count": 2, "magnitude": 9}}"#),
        ("crop+flip+auto+mixup", r#"{"crop": {"pad": 4}, "flip": true, "auto": "cifar10", "mixup": {"alpha": 0.2}}"#),
        ("resize to 160x160", r#"{"resize": {"height": 160, "width": 160}}"#),
    ] {
        let augmentation: Augmentation = serde_json::from_str(augmentation).expect("an augmentation");
        let batches = TrainingBatches::new(source, &indices, augmentation, options).expect("batches");
        let mut feed = batches.here(0..u32::MAX);
        group.bench_function(name, |bencher| bencher.iter(|| feed.next_batch().map(|batch| batch.values[0])));
    }
    group.finish();
}

/// What a trainer waits that takes a while over each batch: with the feed on its own thread, and with one thread ahead.
fn waits(criterion: &mut Criterion) {
    let shape = Shape { height: 32, width: 32, channels: 3 };
    let bytes: Vec<u8> = (0..u64::from(SAMPLES) * shape.elements()).map(|i| (i * i / 97).to_le_bytes()[0]).collect();
    let labels: Vec<u16> = (0..SAMPLES).map(|i| u16::try_from(i % 10).expect("small")).collect();
    let indices: Vec<u32> = (0..SAMPLES).collect();
    let source = SamplesRef { shape, pixels: Pixels::Bytes(&bytes), labels: &labels, standard: None };
    let text = r#"{"crop": {"pad": 4}, "flip": true, "auto": "cifar10", "mixup": {"alpha": 0.2}}"#;
    let augmentation: Augmentation = serde_json::from_str(text).expect("an augmentation");
    let options = Batching { batch: BATCH as usize, seed: 1, drop_last: true };
    let batches = TrainingBatches::new(source, &indices, augmentation, options).expect("batches");
    // About as long as three batches take to make.
    let trained = |batch: &Batch| (0..8).map(|_| black_box(&batch.values).iter().sum::<f32>()).sum::<f32>();
    let mut group = criterion.benchmark_group("trainer");
    group.throughput(Throughput::Elements(BATCH.into()));
    let mut feed = batches.here(0..u32::MAX);
    let batch = feed.next_batch().expect("a batch").clone();
    group.bench_function("without a feed", |bencher| bencher.iter(|| trained(&batch)));
    group.bench_function("with its own feed", |bencher| bencher.iter(|| feed.next_batch().map(trained)));
    for threads in [1, 2] {
        let (waits, all) = std::thread::scope(|scope| {
            let mut feed = batches.ahead(scope, threads, 0..u32::MAX).expect("threads");
            let mut all = 0_u64;
            group.bench_function(format!("fed by {threads} threads"), |bencher| {
                bencher.iter(|| {
                    all += 1;
                    feed.next_batch().map(trained)
                });
            });
            (feed.waits(), all)
        });
        #[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
        {
            println!("{threads} threads: waited for {waits} of {all} batches");
        }
    }
    group.finish();
}

criterion_group!(benches, augmentations, waits);
criterion_main!(benches);
