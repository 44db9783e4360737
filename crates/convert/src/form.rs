//! The form of a deployed graph that int8 operators can take: only bounds are applied in the same pass, other activations
//! stand on their own, and x * sigmoid(x) is a sigmoid and a product.

use automcu_model::{Graph, GraphBuilder, Node, Op, Refusal, Slope, TensorId, spec::Activation};

/// The graph in that form.
pub fn integer_form(deployed: &Graph) -> Result<Graph, Refusal> {
    let mut form = GraphBuilder::new(deployed.shape(Graph::INPUT))?;
    let mut renamed = vec![Graph::INPUT; deployed.tensors().len()];
    for node in deployed.nodes() {
        let inputs = node.inputs.iter().map(|input| renamed[input.index()]).collect();
        let shape = deployed.shape(node.output);
        let (op, apart) = separated(node);
        let computed = match op {
            Some(op) => form.add(op, inputs, shape, node.origin)?,
            None => inputs[0],
        };
        renamed[node.output.index()] = activated(&mut form, apart, computed, node)?;
    }
    Ok(form.finish(renamed[deployed.output().index()]))
}

/// The operation without an activation that is no bound, and that activation.
fn separated(node: &Node) -> (Option<Op>, Activation) {
    let is_bound = |activation| matches!(activation, Activation::None | Activation::Relu | Activation::Relu6);
    match node.op {
        Op::Activate(activation) => (None, activation),
        op => match op.activation() {
            Some(activation) if !is_bound(activation) => (Some(op.with_activation(Activation::None)), activation),
            _ => (Some(op), Activation::None),
        },
    }
}

fn activated(form: &mut GraphBuilder, activation: Activation, x: TensorId, node: &Node) -> Result<TensorId, Refusal> {
    let shape = form.shape(x);
    match activation {
        Activation::None => Ok(x),
        Activation::LeakyRelu => form.unary(Op::LeakyRelu(Slope::OF_SPECS), x, shape, node.origin),
        Activation::Swish => {
            let share = form.unary(Op::Activate(Activation::Sigmoid), x, shape, node.origin)?;
            form.binary(Op::Multiply, [x, share], shape, node.origin)
        }
        other => form.unary(Op::Activate(other), x, shape, node.origin),
    }
}
