//! Files that no converter writes: each is refused with what is wrong, and none panics.

use super::{
    IDENTIFIER, TfliteError,
    field::{buffer, code, graph, model, operator, quantisation, tensor},
    flatten::{Field, Table, file},
    kind,
};
use crate::network::Network;

/// A tensor of int8 in steps of 1/16, with its data.
fn int8(shape: &[i32], data: u32) -> Table {
    let meaning =
        vec![(quantisation::SCALES, Field::F32s(vec![0.0625])), (quantisation::ZERO_POINTS, Field::I64s(vec![0]))];
    vec![
        (tensor::SHAPE, Field::I32s(shape.to_vec())),
        (tensor::KIND, Field::I8(kind::INT8)),
        (tensor::BUFFER, Field::U32(data)),
        (tensor::QUANTISATION, Field::Table(meaning)),
    ]
}

/// An operator: which code, what it reads and writes, its options.
type Step = (i32, Vec<i32>, Vec<i32>, Table);

/// A file whose input is tensor 0.
fn network(tensors: Vec<Table>, steps: Vec<Step>, output: i32, data: Vec<Vec<u8>>) -> Result<Network, TfliteError> {
    let codes = steps.iter().map(|(number, ..)| vec![(code::NUMBER, Field::I32(*number))]).collect();
    let operators = steps.into_iter().zip(0..).map(|((_, inputs, outputs, options), place)| {
        vec![
            (operator::CODE, Field::U32(place)),
            (operator::INPUTS, Field::I32s(inputs)),
            (operator::OUTPUTS, Field::I32s(outputs)),
            (operator::OPTIONS, Field::Table(options)),
        ]
    });
    let main = vec![
        (graph::TENSORS, Field::Tables(tensors)),
        (graph::INPUTS, Field::I32s(vec![0])),
        (graph::OUTPUTS, Field::I32s(vec![output])),
        (graph::OPERATORS, Field::Tables(operators.collect())),
    ];
    let buffers = data.into_iter().map(|bytes| vec![(buffer::DATA, Field::Bytes(bytes))]).collect();
    let root = vec![
        (model::CODES, Field::Tables(codes)),
        (model::GRAPHS, Field::Tables(vec![main])),
        (model::BUFFERS, Field::Tables(buffers)),
    ];
    Network::from_tflite(&file(root, IDENTIFIER))
}

#[track_caller]
fn refused(network: Result<Network, TfliteError>, said: &str) {
    let error = network.expect_err(said).to_string();
    assert!(error.contains(said), "{error}");
}

const RELU: i32 = 19;
const RESHAPE: i32 = 22;
const MEAN: i32 = 40;
const CONV: i32 = 3;
const MAX_POOL: i32 = 17;

/// A convolution in steps of one.
fn steps_of_one() -> Table {
    vec![(1, Field::I32(1)), (2, Field::I32(1))]
}

#[test]
fn a_file_of_this_kind_is_read() {
    let map = [1, 4, 2, 3];
    let read = network(vec![int8(&map, 0), int8(&map, 0)], vec![(RELU, vec![0], vec![1], vec![])], 1, vec![vec![]]);
    assert_eq!(read.expect("a network").graph().nodes().len(), 1);
}

#[test]
fn shapes_that_overflow_are_refused() {
    let huge = [1, 1 << 30, 1 << 30, 16];
    refused(network(vec![int8(&huge, 0)], vec![], 0, vec![vec![]]), "a tensor of [1, 1073741824");
    let tensors = vec![int8(&[1, 4, 4, 1], 0), int8(&huge, 0)];
    refused(network(tensors, vec![(RESHAPE, vec![0], vec![1], vec![])], 1, vec![vec![]]), "a tensor of [1, 1073741824");
}

#[test]
fn weights_with_an_empty_dimension_are_refused() {
    let tensors = vec![int8(&[1, 4, 4, 2], 0), int8(&[0, 8, 3, 3, 2], 0), int8(&[1, 4, 4, 8], 0)];
    refused(network(tensors, vec![(CONV, vec![0, 1], vec![2], steps_of_one())], 2, vec![vec![]]), "weights of [0, 8");
}

#[test]
fn a_graph_without_operators_or_with_dead_ones_is_refused() {
    let map = [1, 4, 2, 3];
    refused(network(vec![int8(&map, 0)], vec![], 0, vec![vec![]]), "an empty graph");
    let steps = vec![(RELU, vec![0], vec![1], vec![]), (RELU, vec![0], vec![2], vec![])];
    refused(network(vec![int8(&map, 0), int8(&map, 0), int8(&map, 0)], steps, 1, vec![vec![]]), "nothing reads");
}

#[test]
fn an_output_declared_in_another_shape_is_refused() {
    let tensors = vec![int8(&[1, 4, 2, 3], 0), int8(&[1, 2, 4, 3], 0)];
    refused(network(tensors, vec![(RELU, vec![0], vec![1], vec![])], 1, vec![vec![]]), "2x4x3 where 4x2x3 is computed");
}

#[test]
fn work_without_multiplications_is_bounded_too() {
    let map = [1, 2048, 2048, 1];
    let pool = |rows| vec![(1, Field::I32(1)), (2, Field::I32(1)), (3, Field::I32(1024)), (4, Field::I32(rows))];
    for (rows, said) in [(256, "values under windows"), (257, "rows under a window")] {
        let steps = vec![(MAX_POOL, vec![0], vec![1], pool(rows))];
        refused(network(vec![int8(&map, 0), int8(&map, 0)], steps, 1, vec![vec![]]), said);
    }
    let tall = [1, 65_536, 1, 1];
    let steps = vec![(RELU, vec![0], vec![1], vec![])];
    refused(network(vec![int8(&tall, 0), int8(&tall, 0)], steps, 1, vec![vec![]]), "rows in a tensor");
}

/// The gate of MobileNetV3 and EfficientNet: a mean that keeps its rows and columns, and a convolution on it.
#[test]
fn a_mean_before_a_convolution_stays_a_map_when_it_is_written_again() {
    let axes = vec![
        (tensor::SHAPE, Field::I32s(vec![2])),
        (tensor::KIND, Field::I8(kind::INT32)),
        (tensor::BUFFER, Field::U32(1)),
    ];
    let tensors =
        vec![int8(&[1, 4, 4, 2], 0), axes, int8(&[1, 1, 1, 2], 0), int8(&[3, 1, 1, 2], 2), int8(&[1, 1, 1, 3], 0)];
    let steps =
        vec![(MEAN, vec![0, 1], vec![2], vec![(0, Field::Bool(true))]), (CONV, vec![2, 3], vec![4], steps_of_one())];
    let data = vec![vec![], [1_i32, 2].iter().flat_map(|axis| axis.to_le_bytes()).collect(), vec![1; 6]];
    let read = network(tensors, steps, 4, data).expect("a network");
    // The reader takes windows on maps of four dimensions only, so reading it again says that it was written as one.
    let again = Network::from_tflite(&read.to_tflite().expect("written")).expect("what we wrote");
    assert_eq!(again.graph().digest(), read.graph().digest());
}

#[test]
fn a_bias_in_steps_of_its_own_is_refused() {
    let bias = |step: f32| {
        vec![
            (tensor::SHAPE, Field::I32s(vec![3])),
            (tensor::KIND, Field::I8(kind::INT32)),
            (tensor::BUFFER, Field::U32(2)),
            (tensor::QUANTISATION, Field::Table(vec![(quantisation::SCALES, Field::F32s(vec![step]))])),
        ]
    };
    let dense = |step| {
        let tensors = vec![int8(&[1, 2], 0), int8(&[3, 2], 1), bias(step), int8(&[1, 3], 0)];
        network(tensors, vec![(9, vec![0, 1, 2], vec![3], vec![])], 3, vec![vec![], vec![1; 6], vec![0; 12]])
    };
    assert!(dense(0.0625 * 0.0625).is_ok());
    refused(dense(1.0), "a bias in other steps");
}

/// What Keras makes of `Flatten`: the shape is taken apart and put together again at run time.
#[test]
fn what_does_not_depend_on_the_input_is_passed_over() {
    const SHAPE: i32 = 77;
    const STRIDED_SLICE: i32 = 45;
    const PACK: i32 = 83;
    let integers = |shape: &[i32], data: u32| {
        vec![
            (tensor::SHAPE, Field::I32s(shape.to_vec())),
            (tensor::KIND, Field::I8(kind::INT32)),
            (tensor::BUFFER, Field::U32(data)),
        ]
    };
    let tensors = vec![
        int8(&[1, 2, 2, 3], 0),
        integers(&[4], 0),
        integers(&[1], 1),
        integers(&[], 0),
        integers(&[], 1),
        integers(&[2], 0),
        int8(&[1, 12], 0),
    ];
    let steps = vec![
        (SHAPE, vec![0], vec![1], vec![]),
        (STRIDED_SLICE, vec![1, 2, 2, 2], vec![3], vec![]),
        (PACK, vec![3, 4], vec![5], vec![]),
        (RESHAPE, vec![0, 5], vec![6], vec![]),
    ];
    let network = network(tensors.clone(), steps.clone(), 6, vec![vec![], vec![0, 0, 0, 0]]).expect("supported");
    let words: Vec<_> = network.graph().nodes().iter().map(|node| node.op.word()).collect();
    assert_eq!(words, ["reshape"]);
    // A shape that depends on what nothing writes is none.
    let late = steps.into_iter().filter(|(code, ..)| *code != SHAPE).collect();
    refused(self::network(tensors, late, 6, vec![vec![], vec![0, 0, 0, 0]]), "operator code 45");
}
