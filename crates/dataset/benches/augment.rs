//! How many pictures of 32x32x3 a second one core augments: nothing should ever wait for it.

use automcu_dataset::{Augmentation, Options, Pixels, Source, TrainingBatches};
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
    let source = Source { shape, pixels: Pixels::Bytes(&bytes), labels: &labels };
    let options = Options { batch: BATCH as usize, seed: 1, drop_last: true };
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

criterion_group!(benches, augmentations);
criterion_main!(benches);
