//! A graph in the making from a file.

use automcu_model::{Graph, GraphBuilder, Op, Origin, Refusal, Shape, TensorId, limits};

use super::{
    Operator, TfliteError, Value, field,
    flat::{Table, Tables},
    kind,
    operator::plain,
};
use crate::{
    network::{End, Network, Quantisation, Weights, keeps_step},
    range::is_scale,
};

/// The most tensors of a file.
const MOST_TENSORS: usize = 16_384;
/// The most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;
/// The most scales of a tensor.
const MOST_SCALES: usize = 65_536;

/// A graph in the making.
pub(crate) struct Reading<'b> {
    tensors: Tables<'b>,
    buffers: Tables<'b>,
    builder: GraphBuilder,
    /// By the file's number of the tensor.
    values: Vec<Value>,
    /// By the graph's tensor.
    quantisations: Vec<Quantisation>,
    names: Vec<String>,
    /// By the graph's node.
    weights: Vec<Option<Weights>>,
    /// How many weights were copied; the graph's own bound comes too late for them.
    copied: u64,
    /// The file's numbers of what is handed in and of what comes out.
    input: i32,
    output: i32,
    /// Whether a float input has been made int8.
    is_input_quantised: bool,
}

fn too_large(refusal: Refusal) -> TfliteError {
    TfliteError::TooLarge(refusal)
}

impl<'b> Reading<'b> {
    pub(super) fn new(graph: Table<'b>, buffers: Tables<'b>) -> Result<Self, TfliteError> {
        let tensors = graph.tables(field::graph::TENSORS)?;
        let one = |list: Vec<i32>, what: &str| match list.as_slice() {
            [one] => Ok(*one),
            other => Err(TfliteError::Unsupported {
                place: "the graph".to_owned(),
                what: format!("a network with {} {what}", other.len()),
                remedy: "export one input and one output",
            }),
        };
        let input = one(graph.i32s(field::graph::INPUTS, MOST_TENSORS)?, "inputs")?;
        let output = one(graph.i32s(field::graph::OUTPUTS, MOST_TENSORS)?, "outputs")?;
        if tensors.len() > MOST_TENSORS {
            let what = format!("a graph of {} tensors", tensors.len());
            let remedy = "no microcontroller runs it";
            return Err(TfliteError::Unsupported { place: "the graph".to_owned(), what, remedy });
        }
        let place = || format!("the input, tensor {input}");
        let table = tensor(tensors, input)?;
        let shape = map_shape(&table, place)?;
        let is_real = table.i8(field::tensor::KIND, 0)? == kind::FLOAT32;
        // What a float input means is said by the operator that makes it int8.
        let unknown = Quantisation { scale: 1.0, zero_point: 0 };
        let quantisation = if is_real { unknown } else { quantisation(&table, place)? };
        let mut reading = Self {
            tensors,
            buffers,
            builder: GraphBuilder::new(shape).map_err(too_large)?,
            values: Vec::with_capacity(tensors.len()),
            quantisations: vec![quantisation],
            names: vec![table.text(field::tensor::NAME)?],
            weights: Vec::new(),
            copied: 0,
            input,
            output,
            is_input_quantised: false,
        };
        for table in tensors.iter() {
            let buffer = table?.u32(field::tensor::BUFFER, 0)? as usize;
            let has_data = match buffers.get(buffer)? {
                Some(buffer) => !buffer.bytes(field::buffer::DATA)?.is_empty(),
                None => false,
            };
            reading.values.push(if has_data { Value::Constant } else { Value::Unwritten });
        }
        let of = if is_real { Value::Real } else { Value::Activation };
        reading.define(input, of(Graph::INPUT));
        Ok(reading)
    }

    fn define(&mut self, tensor: i32, value: Value) {
        if let Some(place) = usize::try_from(tensor).ok().and_then(|tensor| self.values.get_mut(tensor)) {
            *place = value;
        }
    }

    /// Passes over an operator that does not depend on what is handed in, like the sum of two shapes. Shapes are fixed, so
    /// that nothing needs what it writes.
    pub(super) fn fold(&mut self, operator: &Operator<'_>) -> Result<bool, TfliteError> {
        let is_constant = |input: usize| {
            operator
                .input(input)
                .is_none_or(|tensor| matches!(self.value(tensor), Some(Value::Constant | Value::Folded)))
        };
        let folds = operator.is_shape() || (operator.input_count() > 0 && (0..operator.input_count()).all(is_constant));
        if folds {
            for output in operator.outputs() {
                self.check_new(operator, output)?;
                self.define(output, Value::Folded);
            }
        }
        Ok(folds)
    }

    fn value(&self, tensor: i32) -> Option<Value> {
        usize::try_from(tensor).ok().and_then(|tensor| self.values.get(tensor)).copied()
    }

    pub(super) fn name_of(&self, index: i32) -> Result<String, TfliteError> {
        Ok(tensor(self.tensors, index)?.text(field::tensor::NAME)?)
    }

    fn table(&self, operator: &Operator<'_>, input: usize) -> Result<Table<'b>, TfliteError> {
        let index = operator.input(input).ok_or_else(|| operator.wrong(format!("no input {input}")))?;
        tensor(self.tensors, index)
    }

    /// An input that the network computes.
    pub(crate) fn activation(&self, operator: &Operator<'_>, input: usize) -> Result<TensorId, TfliteError> {
        let index = operator.input(input).ok_or_else(|| operator.wrong(format!("no input {input}")))?;
        match self.value(index) {
            Some(Value::Activation(id)) => match tensor(self.tensors, index)?.i8(field::tensor::KIND, 0)? {
                kind::INT8 => Ok(id),
                kind => Err(operator.unsupported(format!("input {input} of type {kind}"))),
            },
            Some(Value::Real(_)) => Err(operator.unsupported(format!("input {input} of float32"))),
            Some(Value::Constant | Value::Folded) => {
                Err(operator.unsupported(format!("input {input}, which is constant,")))
            }
            Some(Value::Unwritten) => Err(operator.unsupported(format!("input {input}, which comes later,"))),
            None => Err(operator.wrong(format!("tensor {index}"))),
        }
    }

    /// QUANTIZE: a float input becomes int8, or steps change.
    pub(crate) fn quantised(&mut self, operator: &Operator<'_>) -> Result<(), TfliteError> {
        let index = operator.input(0).ok_or_else(|| operator.wrong("no input 0".to_owned()))?;
        let to = self.quantisation_of_output(operator)?;
        match self.value(index) {
            Some(Value::Real(Graph::INPUT)) if !self.is_input_quantised => {
                self.is_input_quantised = true;
                self.quantisations[Graph::INPUT.index()] = to;
                self.rename(operator, Graph::INPUT)
            }
            Some(Value::Activation(id)) if self.quantisations[id.index()] == to => self.rename(operator, id),
            Some(Value::Activation(id)) => {
                let shape = self.shape(id);
                self.add_unary(operator, Op::Requantise, id, shape)
            }
            _ => self.activation(operator, 0).map(drop),
        }
    }

    /// DEQUANTIZE: the numbers that integers mean, at the end of the network.
    pub(crate) fn dequantised(&mut self, operator: &Operator<'_>) -> Result<(), TfliteError> {
        let (id, output) = (self.activation(operator, 0)?, operator.output()?);
        let table = tensor(self.tensors, output)?;
        if output != self.output || table.i8(field::tensor::KIND, 0)? != kind::FLOAT32 {
            return Err(operator.unsupported("float32 before the end of the network".to_owned()));
        }
        self.check_new(operator, output)?;
        self.define(output, Value::Real(id));
        Ok(())
    }

    /// Another name of the file's for an activation.
    fn rename(&mut self, operator: &Operator<'_>, id: TensorId) -> Result<(), TfliteError> {
        let (output, declared) = (operator.output()?, self.output_shape(operator)?);
        let shape = self.shape(id);
        if declared != shape {
            return Err(operator.wrong(format!("{declared} where {shape} is computed")));
        }
        self.check_new(operator, output)?;
        self.define(output, Value::Activation(id));
        Ok(())
    }

    fn check_new(&self, operator: &Operator<'_>, tensor: i32) -> Result<(), TfliteError> {
        match self.value(tensor) {
            Some(Value::Unwritten) => Ok(()),
            _ => Err(operator.wrong(format!("tensor {tensor} written twice"))),
        }
    }

    pub(crate) fn shape(&self, tensor: TensorId) -> Shape {
        self.builder.shape(tensor)
    }

    pub(crate) fn rank(&self, operator: &Operator<'_>, input: usize) -> Result<i32, TfliteError> {
        let dimensions = self.table(operator, input)?.i32s(field::tensor::SHAPE, MOST_DIMENSIONS)?.len();
        Ok(i32::try_from(dimensions).expect("few dimensions"))
    }

    /// The shape of a constant input of `N` dimensions.
    pub(crate) fn weight_shape<const N: usize>(
        &self,
        operator: &Operator<'_>,
        input: usize,
    ) -> Result<[u32; N], TfliteError> {
        let shape = self.table(operator, input)?.i32s(field::tensor::SHAPE, MOST_DIMENSIONS)?;
        let side = |&side: &i32| u32::try_from(side).ok().filter(|side| *side > 0);
        let sides: Vec<u32> = shape.iter().map(side).collect::<Option<_>>().unwrap_or_default();
        sides.try_into().map_err(|_| operator.wrong(format!("weights of {shape:?}")))
    }

    /// The bytes of a constant input.
    fn bytes(&self, operator: &Operator<'_>, input: usize, kind: i8) -> Result<&'b [u8], TfliteError> {
        let table = self.table(operator, input)?;
        let has = table.i8(field::tensor::KIND, 0)?;
        if has != kind {
            return Err(operator.unsupported(format!("input {input} of type {has}")));
        }
        let buffer = self.buffers.get(table.u32(field::tensor::BUFFER, 0)? as usize)?;
        let buffer = buffer.ok_or_else(|| operator.wrong(format!("the buffer of input {input}")))?;
        Ok(buffer.bytes(field::buffer::DATA)?)
    }

    /// The numbers of a constant input.
    pub(crate) fn integers(&self, operator: &Operator<'_>, input: usize) -> Result<Vec<i32>, TfliteError> {
        const MOST: usize = 4 * 2 * MOST_DIMENSIONS;
        let bytes = self.bytes(operator, input, kind::INT32)?;
        if bytes.len() > MOST {
            return Err(operator.unsupported(format!("input {input} of {} bytes", bytes.len())));
        }
        Ok(bytes.as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect())
    }

    /// The weights at one input and the biases at the next; `axis` is the dimension of the output channels.
    pub(crate) fn weights(
        &mut self,
        operator: &Operator<'_>,
        input: usize,
        axis: i32,
        channels: u32,
    ) -> Result<Weights, TfliteError> {
        let table = self.table(operator, input)?;
        let sides = table.i32s(field::tensor::SHAPE, MOST_DIMENSIONS)?;
        let count = sides.iter().try_fold(1_u64, |count, &side| count.checked_mul(u64::try_from(side).ok()?));
        let bytes = self.bytes(operator, input, kind::INT8)?;
        if count != Some(bytes.len() as u64) {
            return Err(operator.wrong(format!("{} weights for the shape {sides:?}", bytes.len())));
        }
        self.copied += bytes.len() as u64;
        if self.copied > limits::PARAMETERS {
            return Err(operator.unsupported(format!("a network of more than {} weights", limits::PARAMETERS)));
        }
        let values = bytes.iter().map(|byte| byte.cast_signed()).collect();
        let scales = weight_scales(operator, &table, axis, channels)?;
        let biases = match operator.input(input + 1) {
            None => vec![0; channels as usize],
            Some(_) => self.biases(operator, input + 1, channels, &scales)?,
        };
        Ok(Weights { values, scales, biases })
    }

    fn biases(
        &self,
        operator: &Operator<'_>,
        input: usize,
        channels: u32,
        weight_scales: &[f32],
    ) -> Result<Vec<i32>, TfliteError> {
        self.check_bias_steps(operator, input, weight_scales)?;
        let bytes = self.bytes(operator, input, kind::INT32)?;
        if bytes.len() != 4 * channels as usize {
            return Err(operator.wrong(format!("{} bytes of bias for {channels} channels", bytes.len())));
        }
        Ok(bytes.as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect())
    }

    /// Biases count in steps of input scale times weight scale; a file that says otherwise means another network.
    fn check_bias_steps(
        &self,
        operator: &Operator<'_>,
        input: usize,
        weight_scales: &[f32],
    ) -> Result<(), TfliteError> {
        let parameters = self.table(operator, input)?.table(field::tensor::QUANTISATION)?.unwrap_or(Table::EMPTY);
        let scales = parameters.f32s(field::quantisation::SCALES, MOST_SCALES)?;
        let step = self.quantisations[self.activation(operator, 0)?.index()].scale;
        // As far as the reference lets them be apart.
        let tolerance = 0.02 * f64::from(self.quantisation_of_output(operator)?.scale);
        let is_off = |(bias, weight): (&f32, &f32)| {
            let difference = f64::from(*bias) - f64::from(step) * f64::from(*weight);
            difference.is_nan() || difference.abs() > tolerance
        };
        if scales.iter().zip(weight_scales).any(is_off) {
            return Err(operator.wrong("a bias in other steps than input scale times weight scale".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn quantisation_of_output(&self, operator: &Operator<'_>) -> Result<Quantisation, TfliteError> {
        let table = tensor(self.tensors, operator.output()?)?;
        quantisation(&table, || operator.place())
    }

    pub(crate) fn output_shape(&self, operator: &Operator<'_>) -> Result<Shape, TfliteError> {
        let table = tensor(self.tensors, operator.output()?)?;
        map_shape(&table, || operator.place())
    }

    pub(crate) fn add_unary(
        &mut self,
        operator: &Operator<'_>,
        op: Op,
        input: TensorId,
        output: Shape,
    ) -> Result<(), TfliteError> {
        self.add_node(operator, op, vec![input], output, None)
    }

    pub(crate) fn add_binary(
        &mut self,
        operator: &Operator<'_>,
        op: Op,
        inputs: [TensorId; 2],
        output: Shape,
    ) -> Result<(), TfliteError> {
        self.add_node(operator, op, inputs.to_vec(), output, None)
    }

    pub(crate) fn add_weighted(
        &mut self,
        operator: &Operator<'_>,
        op: Op,
        input: TensorId,
        output: Shape,
        weights: Weights,
    ) -> Result<(), TfliteError> {
        self.add_node(operator, op, vec![input], output, Some(weights))
    }

    /// The same values in another shape, before an operator that takes them so.
    pub(crate) fn reshaped(
        &mut self,
        operator: &Operator<'_>,
        input: TensorId,
        shape: Shape,
    ) -> Result<TensorId, TfliteError> {
        let quantisation = self.quantisations[input.index()];
        let origin = Origin::Operator(operator.index());
        let id = self.builder.unary(Op::Reshape, input, shape, origin).map_err(too_large)?;
        self.quantisations.push(quantisation);
        self.names.push(String::new());
        self.weights.push(None);
        Ok(id)
    }

    /// Adds the node that computes the operator's output.
    pub(crate) fn add_node(
        &mut self,
        operator: &Operator<'_>,
        op: Op,
        inputs: Vec<TensorId>,
        output: Shape,
        weights: Option<Weights>,
    ) -> Result<(), TfliteError> {
        let (tensor, declared) = (operator.output()?, self.output_shape(operator)?);
        if declared != output {
            return Err(operator.wrong(format!("{declared} where {output} is computed")));
        }
        self.check_new(operator, tensor)?;
        if self.end(tensor)? == End::Uint8 && op != Op::Requantise {
            return Err(operator.unsupported("uint8 as what it writes".to_owned()));
        }
        let quantisation = self.quantisation_of_output(operator)?;
        if keeps_step(&op) && inputs.iter().any(|input| self.quantisations[input.index()] != quantisation) {
            return Err(operator.unsupported("another step or zero point at its output than at its input".to_owned()));
        }
        let origin = Origin::Operator(operator.index());
        let id = self.builder.add(op, inputs.into_iter().collect(), output, origin).map_err(too_large)?;
        self.quantisations.push(quantisation);
        self.names.push(self.name_of(tensor)?);
        self.weights.push(weights);
        self.define(tensor, Value::Activation(id));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Network, TfliteError> {
        let output = match self.value(self.output) {
            Some(Value::Activation(id) | Value::Real(id)) => id,
            _ => {
                let problem = format!("tensor {}, which nothing writes,", self.output);
                return Err(TfliteError::Wrong { place: "the output".to_owned(), problem });
            }
        };
        let [input_end, output_end] = [self.end(self.input)?, self.end(self.output)?];
        let graph = self.builder.finish(output);
        let readers = graph.readers();
        let is_read = |tensor: usize| tensor == output.index() || !readers[tensor].is_empty();
        let unread = (0..graph.tensors().len()).find(|&tensor| !is_read(tensor));
        if let Some(tensor) = unread.or(graph.nodes().is_empty().then_some(0)) {
            return Err(TfliteError::Unsupported {
                place: format!("tensor \"{}\"", plain(&self.names[tensor])),
                what: "a tensor that nothing reads, or an empty graph,".to_owned(),
                remedy: "export what leads from the input to the output",
            });
        }
        let network = Network::checked(graph, self.quantisations, self.weights, self.names);
        network.map(|network| network.with_ends(input_end, output_end)).map_err(TfliteError::Network)
    }

    /// What is handed in or comes out at a tensor of the file.
    fn end(&self, index: i32) -> Result<End, TfliteError> {
        Ok(match tensor(self.tensors, index)?.i8(field::tensor::KIND, 0)? {
            kind::FLOAT32 => End::Float32,
            kind::UINT8 => End::Uint8,
            _ => End::Int8,
        })
    }
}

fn tensor(tensors: Tables<'_>, index: i32) -> Result<Table<'_>, TfliteError> {
    let table = usize::try_from(index).ok().map_or(Ok(None), |index| tensors.get(index))?;
    table.ok_or_else(|| TfliteError::Wrong { place: "the graph".to_owned(), problem: format!("tensor {index}") })
}

/// The shape of one input's map; the batch is 1.
fn map_shape(table: &Table<'_>, place: impl Fn() -> String) -> Result<Shape, TfliteError> {
    let shape = table.i32s(field::tensor::SHAPE, MOST_DIMENSIONS)?;
    let side =
        |side: i32| u32::try_from(side).ok().filter(|&side| (1..=limits::TENSOR_ELEMENTS).contains(&side.into()));
    let sides: Option<Vec<u32>> = shape.iter().map(|&number| side(number)).collect();
    match sides.as_deref() {
        Some(&[1, height, width, channels]) => Ok(Shape { height, width, channels }),
        Some(&[1, width, channels]) => Ok(Shape { height: 1, width, channels }),
        Some(&[1, length]) | Some(&[length]) => Ok(Shape::vector(length)),
        _ => Err(TfliteError::Unsupported {
            place: place(),
            what: format!("a tensor of {shape:?}"),
            remedy: "use a batch of 1 and maps of rows, columns and channels",
        }),
    }
}

fn quantisation(table: &Table<'_>, place: impl Fn() -> String) -> Result<Quantisation, TfliteError> {
    let kind = table.i8(field::tensor::KIND, 0)?;
    if kind != kind::INT8 && kind != kind::UINT8 {
        return Err(TfliteError::Unsupported {
            place: place(),
            what: format!("a tensor of type {kind}"),
            remedy: "convert the whole network to int8, inputs and outputs too",
        });
    }
    let parameters = table.table(field::tensor::QUANTISATION)?.unwrap_or(Table::EMPTY);
    let (scales, zeros) = (
        parameters.f32s(field::quantisation::SCALES, MOST_SCALES)?,
        parameters.i64s(field::quantisation::ZERO_POINTS, MOST_SCALES)?,
    );
    // An uint8 is an int8 that counts from 128 more.
    let offset = if kind == kind::UINT8 { 128 } else { 0 };
    let zero = zeros.first().copied().unwrap_or(0).saturating_sub(offset);
    match (scales.as_slice(), i8::try_from(zero)) {
        (&[scale], Ok(zero_point)) if is_scale(scale) && zeros.len() <= 1 => Ok(Quantisation { scale, zero_point }),
        _ => Err(TfliteError::Wrong { place: place(), problem: format!("{} scales with zero {zero}", scales.len()) }),
    }
}

/// The scale of each output channel.
fn weight_scales(
    operator: &Operator<'_>,
    table: &Table<'_>,
    axis: i32,
    channels: u32,
) -> Result<Vec<f32>, TfliteError> {
    let parameters = table.table(field::tensor::QUANTISATION)?.unwrap_or(Table::EMPTY);
    let (scales, zeros) = (
        parameters.f32s(field::quantisation::SCALES, MOST_SCALES)?,
        parameters.i64s(field::quantisation::ZERO_POINTS, MOST_SCALES)?,
    );
    if zeros.iter().any(|&zero| zero != 0) {
        return Err(operator.unsupported("weights whose zero is not 0".to_owned()));
    }
    if !scales.iter().copied().all(is_scale) {
        return Err(operator.wrong("a scale of its weights".to_owned()));
    }
    match scales.as_slice() {
        [one] => Ok(vec![*one; channels as usize]),
        many if many.len() == channels as usize && parameters.i32(field::quantisation::AXIS, 0)? == axis => Ok(scales),
        many => Err(operator.wrong(format!("{} scales for {channels} channels", many.len()))),
    }
}
