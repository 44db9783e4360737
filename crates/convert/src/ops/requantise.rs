//! Steps of another size; at the ends of a network also numbers made into integers and back. What it computes is a table
//! ([`super::activate`]).

use crate::tflite::{Operator, Reading, TfliteError};

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    reading.quantised(operator)
}

pub(crate) fn read_back(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    reading.dequantised(operator)
}
