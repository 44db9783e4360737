//! Float32 networks become int8 ones that answer nearly the same, and say how nearly.

use std::path::Path;

use automcu_convert::{
    Choice, Closeness, FloatError, FloatInterpreter, FloatNetwork, FloatWeights, Learnt, Method, Network, Norm,
    Options, QuantiseError, Report,
};
use automcu_model::{Edge, Extent, Graph, GraphBuilder, Op, Origin, Shape, spec::Activation};

/// Numbers that look random, from -1 to 1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[expect(clippy::cast_precision_loss, reason = "24 bits")]
        let share = (self.0 >> 40) as f32 / (1 << 24) as f32;
        2.0 * share - 1.0
    }

    fn list(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| size * self.next()).collect()
    }
}

const fn conv(side: u32, activation: Activation) -> Op {
    let kernel = Extent { height: side, width: side };
    Op::Conv { kernel, stride: Extent::ONE, padding: Edge::Same, bias: true, activation }
}

const fn depthwise(activation: Activation) -> Op {
    let kernel = Extent { height: 3, width: 3 };
    Op::DepthwiseConv { kernel, stride: Extent::ONE, padding: Edge::Same, bias: true, activation }
}

/// A chain of layers on an 8x8 map, each with its output channels, and random weights.
fn chain(inputs: u32, layers: &[(Op, u32)], numbers: &mut Numbers) -> (Graph, Vec<Learnt>) {
    let shape = |channels| Shape { height: 8, width: 8, channels };
    let mut graph = GraphBuilder::new(shape(inputs)).expect("small");
    let mut end = Graph::INPUT;
    for &(op, channels) in layers {
        end = graph.unary(op, end, shape(channels), Origin::Head).expect("small");
    }
    let graph = graph.finish(end);
    let learnt = graph.nodes().iter().map(|node| {
        let cost = graph.cost_of(node);
        let channels = graph.shape(node.output).channels as usize;
        if cost.weights == 0 {
            return Learnt::Nothing;
        }
        let count = usize::try_from(cost.weights).expect("small");
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let size = (3.0 * channels as f32 / count as f32).sqrt();
        Learnt::Weights(FloatWeights { values: numbers.list(count, size), biases: numbers.list(channels, 0.2) })
    });
    let learnt = learnt.collect();
    (graph, learnt)
}

fn options(method: Method, equalise: Choice, correct_biases: Choice) -> Options {
    Options { method, equalise, correct_biases, ..Options::default() }
}

fn decibels(report: &Report) -> f64 {
    report.output_decibels.expect("there is some noise")
}

#[test]
fn a_real_network_keeps_its_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models/resnet8_te_int8.tflite");
    let network = Network::from_tflite(&std::fs::read(path).expect("a fixture")).expect("supported");
    let float = network.dequantised();
    let first = network.quantisations()[0];
    let mut numbers = Numbers(1);
    // Smooth fields, as images are.
    let mut samples = Vec::new();
    for _ in 0..12 {
        let waves: Vec<f32> = numbers.list(12, 0.5);
        for i in 0..3072_u16 {
            let (x, y, c) = (f32::from(i / 3 % 32), f32::from(i / 96), usize::from(i % 3));
            let wave = (waves[c] * x + waves[c + 3] * y + 3.0 * waves[c + 6]).sin() * waves[c + 9];
            samples.push(first.real(0) + wave * 255.0 * first.scale);
        }
    }
    for method in [Method::MinMax, Method::Percentile(0.0001), Method::SquaredError] {
        let (int8, report) = float.quantised(&samples, options(method, Choice::No, Choice::No)).expect("quantised");
        assert_eq!(int8.graph().nodes().len(), network.graph().nodes().len());
        assert!(decibels(&report) > 18.0, "{method:?}: {} dB", decibels(&report));
        assert!(report.agreement >= 0.9, "{method:?}: {}", report.agreement);
        assert_eq!((report.samples, report.layers.len()), (12, int8.graph().nodes().len()));
        let worst = report.worst().expect("some layer is worst").decibels.expect("noise");
        assert!(report.layers.iter().all(|layer| layer.decibels.is_none_or(|decibels| decibels >= worst)));
    }
}

/// With 256 steps little is gained by cutting off, and nothing may be lost.
#[test]
fn ranges_by_squared_error_do_no_worse_than_all_that_was_seen() {
    for seed in 0..8 {
        let mut numbers = Numbers(seed);
        let layers = [(conv(3, Activation::Relu), 8), (depthwise(Activation::Relu), 8), (conv(3, Activation::None), 4)];
        let (graph, learnt) = chain(4, &layers, &mut numbers);
        let float = FloatNetwork::deployed(&graph, &learnt).expect("a network");
        // Most values near 0, as behind a ReLU.
        let samples: Vec<f32> = numbers.list(8 * 256, 2.0).iter().map(|value| value.powi(7)).collect();
        let quantised =
            |method| float.quantised(&samples, options(method, Choice::No, Choice::No)).expect("quantised").1;
        let (all, least) = (decibels(&quantised(Method::MinMax)), decibels(&quantised(Method::SquaredError)));
        assert!(least > all - 0.7, "{least} dB by squared error, {all} dB by all that was seen");
    }
}

/// A channel a hundred times as large as its neighbours, which the next layer makes small again.
#[test]
fn equalisation_helps_where_channels_differ_much() {
    let mut numbers = Numbers(3);
    let layers = [(conv(1, Activation::Relu), 8), (depthwise(Activation::Relu), 8), (conv(1, Activation::None), 4)];
    let (graph, mut learnt) = chain(4, &layers, &mut numbers);
    for (channel, factor) in [(0, 60.0), (3, 20.0)] {
        let Learnt::Weights(first) = &mut learnt[0] else { unreachable!("a convolution") };
        first.values[channel * 4..][..4].iter_mut().for_each(|value| *value *= factor);
        first.biases[channel] *= factor;
        let Learnt::Weights(second) = &mut learnt[1] else { unreachable!("a convolution") };
        second.values.iter_mut().skip(channel).step_by(8).for_each(|value| *value /= factor);
    }
    let float = FloatNetwork::deployed(&graph, &learnt).expect("a network");
    let samples = numbers.list(8 * 256, 1.0);
    let quantised =
        |choice| float.quantised(&samples, options(Method::MinMax, choice, Choice::No)).expect("quantised").1;
    let [without, with, chosen] = [Choice::No, Choice::Yes, Choice::WhereItHelps].map(quantised);
    assert!(
        decibels(&with) > decibels(&without) + 6.0,
        "{} dB with, {} dB without",
        decibels(&with),
        decibels(&without)
    );
    assert!(chosen.is_equalised && decibels(&chosen) == decibels(&with));
}

/// Rounded weights are off by a constant for a constant input; biases make up for it.
#[test]
fn corrected_biases_take_the_mean_error_away() {
    let mut numbers = Numbers(4);
    let (graph, learnt) = chain(16, &[(conv(1, Activation::None), 8)], &mut numbers);
    let float = FloatNetwork::deployed(&graph, &learnt).expect("a network");
    let samples: Vec<f32> = numbers.list(4 * 1024, 0.1).iter().map(|value| 4.0 + value).collect();
    let quantised =
        |choice| float.quantised(&samples, options(Method::MinMax, Choice::No, choice)).expect("quantised").1;
    let [without, with] = [Choice::No, Choice::Yes].map(quantised);
    assert!(decibels(&with) > decibels(&without), "{} dB with, {} dB without", decibels(&with), decibels(&without));
}

#[test]
fn a_normalisation_is_folded_into_the_layer_before_it() {
    let mut graph = GraphBuilder::new(Shape { height: 1, width: 1, channels: 2 }).expect("small");
    let shape = Shape { height: 1, width: 1, channels: 3 };
    let op = Op::Conv {
        kernel: Extent::ONE,
        stride: Extent::ONE,
        padding: Edge::Valid,
        bias: false,
        activation: Activation::None,
    };
    let mut end = graph.unary(op, Graph::INPUT, shape, Origin::Head).expect("small");
    end = graph.unary(Op::BatchNorm, end, shape, Origin::Head).expect("small");
    end = graph.unary(Op::Activate(Activation::Relu), end, shape, Origin::Head).expect("small");
    let graph = graph.finish(end);
    let weights = FloatWeights { values: vec![1.0, 2.0, -1.0, 0.5, 3.0, 0.0], biases: Vec::new() };
    let norm = Norm {
        scales: vec![2.0, 1.0, 0.5],
        shifts: vec![0.5, 0.25, -1.0],
        means: vec![1.0, -1.0, 0.0],
        variances: vec![3.75, 0.75, 15.75],
        epsilon: 0.25,
    };
    let learnt = [Learnt::Weights(weights), Learnt::Norm(norm.clone()), Learnt::Nothing];
    let network = FloatNetwork::deployed(&graph, &learnt).expect("a network");
    // The layer gives 5, 0 and 3; less the means, over the roots, times the scales: 4, 1 and 0.375; plus the shifts.
    assert_eq!(FloatInterpreter::new(&network).run(&[1.0, 2.0]), [4.5, 1.25, 0.0]);
    assert_eq!(network.graph().nodes().len(), 1);

    let short = Norm { means: vec![0.0], ..norm.clone() };
    let refused = FloatNetwork::deployed(&graph, &[learnt[0].clone(), Learnt::Norm(short), Learnt::Nothing]);
    assert!(matches!(refused, Err(FloatError::Count { what: "means", given: 1, wanted: 3, .. })), "{refused:?}");
    let broken = Norm { shifts: vec![0.0, f32::NAN, 0.0], ..norm };
    let refused = FloatNetwork::deployed(&graph, &[learnt[0].clone(), Learnt::Norm(broken), Learnt::Nothing]);
    assert!(matches!(refused, Err(FloatError::NotFinite { .. })), "{refused:?}");
}

/// A sum that a rectifier makes 0 on all samples says nothing of its range, and must not stop the rest.
#[test]
fn a_tensor_that_was_always_zero_is_quantised_too() {
    let shape = Shape { height: 4, width: 4, channels: 2 };
    let mut graph = GraphBuilder::new(shape).expect("small");
    let activation = Activation::Relu;
    let sum = graph.binary(Op::Add { activation }, [Graph::INPUT; 2], shape, Origin::Head).expect("small");
    let end = graph.unary(Op::Activate(Activation::HardSwish), sum, shape, Origin::Head).expect("small");
    let graph = graph.finish(end);
    let float = FloatNetwork::deployed(&graph, &[Learnt::Nothing, Learnt::Nothing]).expect("a network");
    let samples: Vec<f32> = Numbers(6).list(64, 1.0).iter().map(|value| value - 2.0).collect();
    let (_, report) = float.quantised(&samples, Options::default()).expect("quantised");
    assert_eq!(report.output_decibels, None, "nothing but 0, exactly");
}

#[test]
fn without_samples_nothing_is_quantised() {
    let (graph, learnt) = chain(1, &[(conv(1, Activation::None), 1)], &mut Numbers(5));
    let float = FloatNetwork::deployed(&graph, &learnt).expect("a network");
    for samples in [vec![], vec![0.0; 65]] {
        let refused = float.quantised(&samples, Options::default());
        assert!(matches!(refused, Err(QuantiseError::Samples { each: 64, .. })), "{refused:?}");
    }
    let refused = float.quantised(&[f32::INFINITY; 64], Options::default());
    assert!(matches!(refused, Err(QuantiseError::NotFinite { .. })), "{refused:?}");
    // Nothing but zeros is a range, too.
    assert!(float.quantised(&[0.0; 64], Options::default()).is_ok());
}

/// A network of one layer that tells two classes by a small part of its input, which is large at times.
fn telling() -> (FloatNetwork, Vec<f32>) {
    let mut numbers = Numbers(3);
    let (graph, _) = chain(1, &[(conv(1, Activation::None), 2)], &mut numbers);
    let learnt = vec![Learnt::Weights(FloatWeights { values: vec![8.0, -8.0], biases: vec![0.0, 0.0] })];
    let network = FloatNetwork::deployed(&graph, &learnt).expect("fits");
    let mut samples = numbers.list(64 * 200, 0.02);
    samples.iter_mut().step_by(4001).for_each(|value| *value = 4.0);
    (network, samples)
}

#[test]
fn inputs_are_cut_off_where_classes_are_told_better_by_finer_steps() {
    let (network, samples) = telling();
    let base = Options { method: Method::MinMax, closeness: Closeness::Classes, ..Options::default() };
    let (wide, report) = network.quantised(&samples, base).expect("quantised");
    let (narrow, better) = network.quantised(&samples, Options { narrow_input: true, ..base }).expect("quantised");
    let step = |network: &Network| network.quantisations()[Graph::INPUT.index()].scale;
    assert!(step(&narrow) < 0.5 * step(&wide), "{} and {}", step(&narrow), step(&wide));
    assert!(
        better.divergence_bits < report.divergence_bits,
        "{} and {}",
        better.divergence_bits,
        report.divergence_bits
    );
    // By their values, what is cut off costs more than finer steps bring.
    let values = Options { narrow_input: true, closeness: Closeness::Values, ..base };
    let (kept, _) = network.quantised(&samples, values).expect("quantised");
    assert!((step(&kept) - step(&wide)).abs() < 1e-9);
}
