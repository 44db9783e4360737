//! Trains for a look.
use automcu_dataset::{Part, Pixels, SamplesRef, Source, Split, Values};
use automcu_model::Spec;
use automcu_trainer::{Event, Isa, Length, Nature, Recipe, Task, Trainer, Wish};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let graph = Spec::from_json(&std::fs::read(&args[1]).unwrap()).unwrap().lower().unwrap();
    println!("parameters {} macs {}", graph.deployed().cost().parameters(), graph.deployed().cost().macs);
    let source = Source::open(std::path::Path::new(&args[2])).unwrap();
    let train = source.read(Part::Train).unwrap();
    let is_picture = matches!(train.values(), Values::Bytes(_));
    let pixels = match train.values() {
        Values::Bytes(b) => Pixels::Bytes(b),
        Values::Floats(f) => Pixels::Floats(f),
    };
    let samples = SamplesRef { shape: train.shape(), pixels, labels: train.labels() };
    println!("{} of {}", train.len(), train.shape());
    let mut recipe = if args[3].ends_with("json") {
        Recipe::from_json(&std::fs::read(&args[3]).unwrap()).unwrap()
    } else {
        Recipe::named(&args[3], Nature::of(train.shape(), is_picture)).unwrap()
    };
    if let Some(s) = args.get(4) {
        recipe.length = if let Some(e) = s.strip_suffix('e') {
            Length::Epochs(e.parse().unwrap())
        } else {
            Length::Seconds(s.parse().unwrap())
        };
    }
    let threads: usize = args.get(5).map_or(1, |a| a.parse().unwrap());
    println!("{}", recipe.to_json());
    let split = Split::stratified(train.labels(), train.groups(), 0.1, 1).unwrap();
    let task =
        Task { graph: &graph, samples, split: &split, recipe: &recipe, seed: 1, threads, loaders: 0, isa: Isa::best() };
    let mut t = Trainer::new(task).unwrap();
    let start = std::time::Instant::now();
    let p = t.beginning();
    let done = t
        .run(p, &|| start.elapsed(), &mut |e| {
            if let Event::Epoch { progress, share } = e {
                let e = progress.curve.last().unwrap();
                println!(
                    "{:3} {:5.1}% loss {:.4} val {:.4} acc {:.2}% {:.0}s",
                    progress.curve.len(),
                    share * 100.0,
                    e.loss,
                    e.validation.loss,
                    e.validation.accuracy.share * 100.0,
                    e.seconds
                );
            }
            Wish::GoOn
        })
        .unwrap();
    println!("{:?}", done.summary);
    let test = source.read(Part::Test).unwrap();
    let pixels = match test.values() {
        Values::Bytes(b) => Pixels::Bytes(b),
        Values::Floats(f) => Pixels::Floats(f),
    };
    let all: Vec<u32> = (0..test.len() as u32).collect();
    let r = SamplesRef { shape: test.shape(), pixels, labels: test.labels() };
    println!("test {:?}", t.test(&done.state, r, &all).unwrap());
}
