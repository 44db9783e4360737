use automcu_dataset::Target;
use automcu_model::Spec;
use automcu_trainer::{Executor, Isa, Loss, Setup};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let spec = std::fs::read(&args[1]).unwrap();
    let graph = Spec::from_json(&spec).unwrap().lower().unwrap();
    let batch: usize = args[2].parse().unwrap();
    let threads: usize = args[3].parse().unwrap();
    let iters: usize = args[4].parse().unwrap();
    let isa = Isa::available()[args.get(5).map_or(0, |a| a.parse().unwrap())];
    let mut e = Executor::new(&graph, Setup { batch, threads, isa }).unwrap();
    let mut s = e.initial(&graph, 1);
    let n = graph.tensors()[0].elements() as usize * batch;
    let values: Vec<f32> = (0..n).map(|i| ((i * 7919 % 1000) as f32) / 500.0 - 1.0).collect();
    let targets: Vec<Target> = (0..batch).map(|i| Target { first: (i % 10) as u16, second: 0, share: 1.0 }).collect();
    let loss = Loss { targets: &targets, smoothing: 0.0 };
    let mut times = vec![];
    for i in 0..iters {
        let t = std::time::Instant::now();
        let l = e.step(&mut s, &values, &loss, i as u64);
        let g: Vec<f32> = e.gradient().to_vec();
        s.parameters.iter_mut().zip(g).for_each(|(p, g)| *p -= 0.01 * g);
        if i >= 3 {
            times.push(t.elapsed().as_secs_f64());
        }
        if i < 2 || i + 1 == iters {
            println!("step {i} loss {l:.5}");
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{} b{batch} t{threads}: median {:.0} img/s, best {:.0}; params {}",
        isa.name(),
        batch as f64 / times[times.len() / 2],
        batch as f64 / times[0],
        s.parameters.len()
    );
}
