//! One operator of a file.

use automcu_model::{
    Extent, Shape,
    spec::{Activation, Padding},
};

use super::{
    Reading, TfliteError, field,
    flat::{Table, Tables},
};
use crate::ops::{READERS, Reader};

/// The most inputs or outputs of one operator.
const MOST_ENDS: usize = 64;

/// One operator: its code, its ends and its options.
pub(crate) struct Operator<'b> {
    index: u32,
    code: i32,
    name: String,
    table: Table<'b>,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    /// What it writes, as people know it.
    writes: String,
}

impl<'b> Operator<'b> {
    pub(super) fn new(
        index: usize,
        table: Table<'b>,
        codes: Tables<'b>,
        reading: &Reading<'b>,
    ) -> Result<Self, TfliteError> {
        let (inputs, outputs) =
            (table.i32s(field::operator::INPUTS, MOST_ENDS)?, table.i32s(field::operator::OUTPUTS, MOST_ENDS)?);
        let writes = outputs.first().map_or(Ok(String::new()), |&tensor| reading.name_of(tensor))?;
        let unknown = || TfliteError::Wrong { place: format!("operator {index}"), problem: "its code".to_owned() };
        let code = codes.get(table.u32(field::operator::CODE, 0)? as usize)?.ok_or_else(unknown)?;
        // Codes below 127 stand in a field of one byte, for old readers; later ones in another.
        let number = code.i32(field::code::NUMBER, 0)?.max(code.i8(field::code::OLD, 0)?.into());
        let custom = code.text(field::code::CUSTOM)?;
        let name = READERS.iter().find(|(known, ..)| *known == number).map(|(_, name, _)| (*name).to_owned());
        let name = name.unwrap_or(if custom.is_empty() { format!("operator code {number}") } else { plain(&custom) });
        let index = u32::try_from(index).map_err(|_| unknown())?;
        Ok(Self { index, code: number, name, table, inputs, outputs, writes })
    }

    pub(super) fn reader(&self) -> Result<Reader, TfliteError> {
        let known = READERS.iter().find(|(code, ..)| *code == self.code).map(|(_, _, reader)| *reader);
        known.ok_or_else(|| self.unsupported("this operator".to_owned()))
    }

    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// How people find the operator.
    pub(super) fn place(&self) -> String {
        format!("operator {} ({}, writes \"{}\")", self.index, self.name, plain(&self.writes))
    }

    pub(crate) fn unsupported(&self, what: String) -> TfliteError {
        let remedy = "change the network, or convert it in another way";
        TfliteError::Unsupported { place: self.place(), what, remedy }
    }

    pub(crate) fn wrong(&self, problem: String) -> TfliteError {
        TfliteError::Wrong { place: self.place(), problem }
    }

    pub(crate) const fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// The file's number of an input; none where it is left out.
    pub(super) fn input(&self, index: usize) -> Option<i32> {
        self.inputs.get(index).copied().filter(|&tensor| tensor >= 0)
    }

    pub(super) fn output(&self) -> Result<i32, TfliteError> {
        match self.outputs.as_slice() {
            [one] => Ok(*one),
            other => Err(self.unsupported(format!("an operator with {} outputs", other.len()))),
        }
    }

    /// The file's numbers of what it writes.
    pub(super) fn outputs(&self) -> impl Iterator<Item = i32> + '_ {
        self.outputs.iter().copied()
    }

    /// Whether it writes nothing but the shape of what it reads.
    pub(super) const fn is_shape(&self) -> bool {
        const SHAPE: i32 = 77;
        self.code == SHAPE
    }

    pub(crate) fn options(&self) -> Result<Table<'b>, TfliteError> {
        Ok(self.table.table(field::operator::OPTIONS)?.unwrap_or(Table::EMPTY))
    }

    /// The activation in a field of the options.
    pub(crate) fn activation(&self, field: usize) -> Result<Activation, TfliteError> {
        match self.options()?.i8(field, 0)? {
            0 => Ok(Activation::None),
            1 => Ok(Activation::Relu),
            3 => Ok(Activation::Relu6),
            2 => Err(self.unsupported("the activation RELU_N1_TO_1".to_owned())),
            4 => Err(self.unsupported("the activation TANH".to_owned())),
            other => Err(self.unsupported(format!("the activation {other}"))),
        }
    }

    pub(crate) fn refuse_activation(&self, field: usize) -> Result<(), TfliteError> {
        match self.activation(field)? {
            Activation::None => Ok(()),
            other => Err(self.unsupported(format!("{other} in the same operator"))),
        }
    }

    /// The shape that a window leaves.
    pub(crate) fn placed(
        &self,
        shape: Shape,
        kernel: Extent,
        stride: Extent,
        padding: Padding,
    ) -> Result<Shape, TfliteError> {
        let height = padding.places(shape.height, kernel.height, stride.height);
        let width = padding.places(shape.width, kernel.width, stride.width);
        if height == 0 || width == 0 || kernel.area() == 0 {
            return Err(self.wrong(format!("a window of {kernel} on {shape}")));
        }
        Ok(Shape { height, width, ..shape })
    }
}

/// A name of the file's, for a message: nothing in it that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
