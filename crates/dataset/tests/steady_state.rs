//! Once a feed has begun, it allocates nothing. In a program of its own, because all allocations of a program are counted.
#![expect(unsafe_code, reason = "an allocator is unsafe to write; this one only counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use automcu_dataset::{Augmentation, Batching, Feed, Pixels, SamplesRef, TrainingBatches};
use automcu_model::Shape;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system's.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system's.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Epochs before allocations are counted, and while they are.
const EPOCHS: (usize, usize) = (3, 30);

fn allocations(mut feed: Feed<'_>, per_epoch: usize) -> u64 {
    for _ in 0..EPOCHS.0 * per_epoch {
        feed.next_batch();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..EPOCHS.1 * per_epoch {
        assert!(feed.next_batch().is_some());
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn a_feed_that_has_begun_allocates_nothing() {
    let labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let indices: Vec<u32> = (0..10).collect();
    let picture = Shape { height: 9, width: 11, channels: 3 };
    let bytes: Vec<u8> = (0..10 * picture.elements()).map(|i| (i * i).to_le_bytes()[0]).collect();
    let signal = Shape { height: 9, width: 4, channels: 3 };
    let floats = vec![0.5; 1_080];
    let pictures = SamplesRef { shape: picture, pixels: Pixels::Bytes(&bytes), labels: &labels, standard: None };
    let signals = SamplesRef { shape: signal, pixels: Pixels::Floats(&floats), labels: &labels, standard: None };
    let all = r#"{"resize": {"height": 14, "width": 8}, "crop": {"pad": 2}, "flip": true, "auto": "cifar10",
        "colour_jitter": {"brightness": 0.3, "contrast": 0.3, "saturation": 0.3}, "cutout": {"side": 3},
        "mixup": {"alpha": 0.3}, "cutmix": {"alpha": 1.0}}"#;
    let rand = r#"{"rand": {"count": 3, "magnitude": 12}}"#;
    let spec = r#"{"time_shift": {"most": 2}, "time_stretch": {"most": 0.2}, "band_shift": {"most": 1},
        "rotation": {"degrees": 20}, "scale": {"deviation": 0.1}, "noise": {"deviation": 0.1},
        "spec_augment": {"time_masks": 1, "time_width": 2, "band_masks": 1, "band_width": 1}, "mixup": {"alpha": 0.3}}"#;
    for (source, text) in [(pictures, all), (pictures, rand), (signals, spec)] {
        let augmentation: Augmentation = serde_json::from_str(text).expect("an augmentation");
        let options = Batching { batch: 3, seed: 1, drop_last: false };
        let batches = TrainingBatches::new(source, &indices, augmentation, options).expect("batches");
        let count = batches.per_epoch();
        assert_eq!(allocations(batches.here(0..100), count), 0, "{text}");
        // A thread's first wait for a channel allocates a few bytes, whenever it comes; a batch never does.
        for threads in [1, 2] {
            let counted =
                thread::scope(|scope| allocations(batches.ahead(scope, threads, 0..100).expect("threads"), count));
            assert!(counted < 20, "{counted} allocations in {} batches: {text}", EPOCHS.1 * count);
        }
    }
}
