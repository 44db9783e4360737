//! Writes a network as C99: one header and one source without heap or library, computing bit for bit what the
//! interpreter computes, in the arena that the plan says.

mod channels;
mod project;
mod unit;

use std::fmt::Write;

use automcu_model::{Graph, Node};

use crate::{
    network::Network,
    ops::{self, NotComputed},
    plan::{Order, Plan},
};
pub(crate) use channels::{Channels, factor};
pub use project::{File, Name, Project, Vectors, WrongName};
pub(crate) use unit::{CHANNEL_BYTES, Fragment, Unit, clamp, number};

/// The C code of a network.
#[derive(Clone, Debug)]
pub struct Code {
    /// What a program includes.
    pub header: String,
    /// What is compiled.
    pub source: String,
    /// Bytes of weights and of the tables by which accumulators become int8.
    pub table_bytes: u64,
}

impl Code {
    /// Writes the network under a name, with memory as planned.
    pub fn of(network: &Network, plan: &Plan, name: &Name) -> Result<Self, NotComputed> {
        let mut unit = Unit::new(network, plan);
        for place in 0..network.graph.nodes().len() {
            ops::emit(&mut unit, place)?;
        }
        let table_bytes = unit.table_bytes + plan.order_bytes();
        let [fragments, tables, kernels, layers] = unit.parts();
        let mut source = about(network, plan, name);
        let _ = write!(source, "#include \"{name}.h\"\n\n#include <stddef.h>\n#include <string.h>\n\n{MACROS}\n");
        let arithmetic = Fragment::ARITHMETIC;
        let _ = write!(source, "{arithmetic}\n{fragments}\n{tables}{kernels}{layers}{}", run(network, plan, name));
        Ok(Self { header: header(network, plan, name), source, table_bytes })
    }
}

const MACROS: &str = r"#if defined(__GNUC__)
#define NN_INLINE static inline __attribute__((always_inline))
#define NN_KERNEL __attribute__((noinline))
#define NN_ALIGNED __attribute__((aligned(4)))
#else
#define NN_INLINE static inline
#define NN_KERNEL
#define NN_ALIGNED
#endif

/* The DSP extension of Cortex-M4, M7, M33, M35P, M55 and M85. Its loops are written in assembly, with constants that only
   an optimising compiler hands on; every other core, compiler and setting takes the portable path, to the same bits.
   Define NN_PORTABLE where a compiler keeps so many registers for itself that it finds none for the loops. */
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_ARCH_PROFILE) && defined(__GNUC__) && defined(__OPTIMIZE__)
#if (__ARM_ARCH_PROFILE == 'M') && !defined(__ARM_BIG_ENDIAN) && !defined(NN_PORTABLE)
#define NN_DSP
#endif
#endif
";

/// What stands at the top of the source: the network, the contract, the memory map.
fn about(network: &Network, plan: &Plan, name: &Name) -> String {
    let graph = &network.graph;
    let cost = graph.cost();
    let mut text = format!(
        "/* {name}: an int8 network, written by AutoMCU {}.\n\n   Input {}, output {}; {} layers, {} weights and biases, \
         {} multiply-accumulates.\n   Arithmetic: \"tflm-double\", bit for bit that of TensorFlow Lite Micro.\n   No heap, \
         no library beyond memcpy, memmove and memset, no state but the arena of {} bytes.\n\n   Layers run row by row, \
         a row when another first needs it. Row y of a tensor lies in slot y % slots:\n\n",
        env!("CARGO_PKG_VERSION"),
        graph.shape(Graph::INPUT),
        graph.shape(graph.output()),
        graph.nodes().len(),
        cost.parameters(),
        cost.macs,
        plan.arena_bytes,
    );
    let _ = writeln!(text, "   {:>7} {:>7}  {:>5} x {:<6} {:>13}  what", "from", "to", "slots", "bytes", "steps");
    for (region, what) in memory_map(network, plan) {
        let _ = writeln!(
            text,
            "   {:>7} {:>7}  {:>5} x {:<6} {:>6}-{:<6}  {what}",
            region.offset,
            region.offset + region.bytes(),
            region.slots,
            region.slot_bytes,
            region.from_step,
            region.to_step,
        );
    }
    text + "*/\n"
}

/// Every region of the arena with what it holds, in the order of their bytes.
#[must_use]
pub fn memory_map(network: &Network, plan: &Plan) -> Vec<(crate::plan::Region, String)> {
    let graph = &network.graph;
    let mut regions = vec![(plan.tensors[0], format!("input {}", graph.shape(Graph::INPUT)))];
    for (place, node) in graph.nodes().iter().enumerate() {
        let what = format!("layer {place}: {} {}", node.op.word(), graph.shape(node.output));
        regions.push((plan.tensors[node.output.index()], what));
        regions.extend(plan.scratch[place].map(|region| (region, format!("layer {place}: scratch"))));
        regions.extend(plan.kept[place].map(|region| (region, format!("layer {place}: sums"))));
    }
    regions.sort_by_key(|(region, _)| (region.offset, region.from_step));
    regions
}

fn header(network: &Network, plan: &Plan, name: &Name) -> String {
    let graph = &network.graph;
    let upper = name.upper();
    let mut text = format!(
        "/* {name}: an int8 network, written by AutoMCU {}. */\n#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n",
        env!("CARGO_PKG_VERSION")
    );
    for (end, tensor) in [("INPUT", Graph::INPUT), ("OUTPUT", graph.output())] {
        let (shape, step) = (graph.shape(tensor), network.tensors[tensor.index()]);
        let _ = write!(
            text,
            "#define {upper}_{end}_HEIGHT {}\n#define {upper}_{end}_WIDTH {}\n#define {upper}_{end}_CHANNELS {}\n\
             #define {upper}_{end}_BYTES {}\n/* An int8 means (value - ZERO) * SCALE. */\n\
             #define {upper}_{end}_SCALE {:e}f\n#define {upper}_{end}_ZERO ({})\n\n",
            shape.height,
            shape.width,
            shape.channels,
            shape.elements(),
            step.scale,
            step.zero_point
        );
    }
    if !network.labels().is_empty() {
        let labels: Vec<String> = network.labels().iter().map(|label| literal(label)).collect();
        let _ = write!(
            text,
            "/* What the outputs are called: `static const char *const labels[] = {upper}_LABELS;`. */\n\
             #define {upper}_LABELS {{ \\\n    {} \\\n}}\n\n",
            labels.join(", \\\n    ")
        );
    }
    let _ = write!(
        text,
        "/* All memory that a run needs beside the stack. */\n#define {upper}_ARENA_BYTES {}\n\n\
         /* An arena, unless the program has one of its own, which starts at a multiple of 4: then {upper}_OWN_ARENA is defined\n   for {name}.c, too. */\n\
         #ifndef {upper}_OWN_ARENA\nextern int8_t {name}_arena[{upper}_ARENA_BYTES];\n#endif\n\n\
         /* Where the input goes, row by row, pixel by pixel. A run overwrites it. */\n\
         int8_t *{name}_input(int8_t *arena);\n\n/* Computes the output of the input. */\n\
         void {name}_run(int8_t *arena);\n\n/* Where the output is after a run, until the next input is written. */\n\
         const int8_t *{name}_output(const int8_t *arena);\n\n#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        plan.arena_bytes
    );
    text
}

/// The order of steps and the functions that the header promises.
fn run(network: &Network, plan: &Plan, name: &Name) -> String {
    let count = network.graph.nodes().len();
    let order = Order::of(&plan.steps);
    let kind = if Order::node_bytes(count) == 1 { "uint8_t" } else { "uint16_t" };
    let start = if order.start_bytes() == 2 { "uint16_t" } else { "uint32_t" };
    let mut text = format!(
        "/* In which order layers do their steps: stretches of this list, each done so many times. */\n\
         static const {kind} nn_pattern[{}] = {{\n",
        order.pattern.len()
    );
    for line in order.pattern.chunks(24) {
        let layers: Vec<String> = line.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "    {},", layers.join(", "));
    }
    let _ = write!(
        text,
        "}};\n\nstatic const struct {{\n    {start} start;\n    uint16_t length, times;\n}} nn_rounds[{}] = {{\n",
        order.rounds.len()
    );
    for line in order.rounds.chunks(6) {
        let rounds: Vec<String> =
            line.iter().map(|round| format!("{{{}, {}, {}}}", round.start, round.length, round.times)).collect();
        let _ = writeln!(text, "    {},", rounds.join(", "));
    }
    let upper = name.upper();
    let _ = write!(
        text,
        "}};\n\n#ifndef {upper}_OWN_ARENA\nNN_ALIGNED int8_t {name}_arena[{upper}_ARENA_BYTES];\n#endif\n\n\
         int8_t *{name}_input(int8_t *arena)\n{{\n    return arena + {};\n}}\n\n\
         const int8_t *{name}_output(const int8_t *arena)\n{{\n    return arena + {};\n}}\n\n\
         static void nn_step({kind} layer, int8_t *arena, int32_t y)\n{{\n    switch (layer) {{\n",
        plan.tensors[Graph::INPUT.index()].offset,
        plan.tensors[network.graph.output().index()].offset,
    );
    for layer in 0..count {
        let label = if layer + 1 == count { "default".to_owned() } else { format!("case {layer}") };
        let _ = write!(text, "    {label}:\n        layer_{layer}(arena, y);\n        break;\n");
    }
    let _ = write!(
        text,
        "    }}\n}}\n\nvoid {name}_run(int8_t *arena)\n{{\n    uint16_t done[{count}] = {{0}};\n    \
         for (size_t i = 0; i < sizeof nn_rounds / sizeof nn_rounds[0]; i++) {{\n        \
         for (uint32_t times = nn_rounds[i].times; times > 0u; times--) {{\n            \
         for (uint32_t k = 0; k < nn_rounds[i].length; k++) {{\n                \
         const {kind} layer = nn_pattern[nn_rounds[i].start + k];\n                \
         const int32_t y = done[layer];\n                done[layer]++;\n                \
         nn_step(layer, arena, y);\n            }}\n        }}\n    }}\n}}\n"
    );
    text
}

/// What a layer does, for people.
pub(crate) fn described(network: &Network, node: &Node) -> String {
    let inputs: Vec<String> = node.inputs.iter().map(|&input| network.graph.shape(input).to_string()).collect();
    format!("{}, {} to {}", node.description(), inputs.join(" and "), network.graph.shape(node.output))
}

/// A C string; what is not plain is written by its bytes.
fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' | b'?' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            // Three octal digits end by themselves, whatever follows.
            _ => quoted += &format!("\\{byte:03o}"),
        }
    }
    quoted + "\""
}

/// A name from a file, fit for a comment.
pub(crate) fn printable(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:; ".contains(c);
    let plain: String = name.chars().take(60).map(|c| if is_plain(c) { c } else { '_' }).collect();
    // A name may hold what ends a comment.
    plain.replace("*/", "__").replace("/*", "__")
}
