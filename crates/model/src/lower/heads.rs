//! The heads.

use super::Lowering;
use crate::{
    graph::{Op, Shape, TensorId},
    refusal::Refusal,
    spec::{Activation, Head, Pool, Reconstruction},
};

impl Lowering {
    pub(super) fn head(&mut self, head: &Head, map: TensorId, input: Shape) -> Result<TensorId, Refusal> {
        match head {
            Head::Classifier(spec) => {
                let mut x = self.pooled(spec.pool, map)?;
                if let Some(percent) = spec.dropout {
                    x = self.keep_shape(Op::Dropout(percent), x)?;
                }
                self.dense(spec.classes.get(), Activation::None, x)
            }
            Head::Embedding(spec) => {
                let x = self.pooled(spec.pool, map)?;
                self.dense(spec.size.get(), Activation::None, x)
            }
            Head::Regression(spec) => {
                let x = self.pooled(spec.pool, map)?;
                self.dense(spec.outputs.get(), Activation::None, x)
            }
            Head::Reconstruction(spec) => self.reconstructed(spec, map, input),
        }
    }

    fn pooled(&mut self, pool: Pool, map: TensorId) -> Result<TensorId, Refusal> {
        let op = match pool {
            Pool::Average => Op::GlobalAverage,
            Pool::Max => Op::GlobalMax,
        };
        let vector = Shape::vector(self.graph.shape(map).channels);
        self.graph.unary(op, map, vector, self.origin)
    }

    fn reconstructed(&mut self, spec: &Reconstruction, map: TensorId, input: Shape) -> Result<TensorId, Refusal> {
        let flat = self.reshaped(map, vector_of(self.graph.shape(map)))?;
        let narrow = self.dense(spec.bottleneck.get(), spec.activation, flat)?;
        let wide = self.dense(spec.hidden.get(), spec.activation, narrow)?;
        let values = self.dense(vector_of(input).channels, Activation::None, wide)?;
        self.reshaped(values, input)
    }

    fn reshaped(&mut self, x: TensorId, shape: Shape) -> Result<TensorId, Refusal> {
        if self.graph.shape(x) == shape {
            return Ok(x);
        }
        self.graph.unary(Op::Reshape, x, shape, self.origin)
    }
}

/// The same values as one vector. Tensors are bounded far below `u32::MAX` values.
fn vector_of(shape: Shape) -> Shape {
    Shape::vector(u32::try_from(shape.elements()).expect("tensors are bounded"))
}
