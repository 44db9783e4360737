//! The files that are handed over: the code, how to build it, a program that shows it, and values to check it by.

use std::fmt::{self, Write};

use automcu_model::Graph;

use crate::{Interpreter, NotComputed, emit::Code, network::Network, plan::Plan};

/// A name that C identifiers and files may begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A name that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name for C code: use a letter, then at most 39 letters, digits and underscores, and not `nn` or `main`"
)]
pub struct WrongName(String);

impl Name {
    /// The longest name.
    const LONGEST: usize = 40;

    /// Takes a name as it is.
    pub fn new(name: &str) -> Result<Self, WrongName> {
        let mut letters = name.chars();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = letters.next().is_some_and(|first| first.is_ascii_alphabetic()) && letters.all(is_word);
        if !is_name || name.len() > Self::LONGEST || RESERVED.contains(&name) {
            return Err(WrongName(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    /// Makes a name of whatever a file is called.
    #[must_use]
    pub fn like(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let word: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let word: String = word.trim_matches('_').chars().take(Self::LONGEST - 4).collect();
        let prefixed = || if word.is_empty() { Self::new("net") } else { Self::new(&format!("net_{word}")) };
        Self::new(&word).or_else(|_| prefixed()).expect("a short word behind letters is a name")
    }

    /// Whether it is this word, letters taken for the same in either case as some file systems do.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.0.eq_ignore_ascii_case(word)
    }

    pub(super) fn upper(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

/// Names that the files of a project use themselves, and words of C.
const RESERVED: &[&str] = &[
    "nn", "main", "vectors", "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
    "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
    "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
];

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A file of a project.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Inputs and what the network answers.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    /// Inputs, one behind the other.
    pub inputs: Vec<i8>,
    /// Their outputs.
    pub outputs: Vec<i8>,
}

impl Vectors {
    /// As many inputs that look random and are the same every time, every other one with runs of one value as images have
    /// them, and their outputs.
    pub fn drawn(network: &Network, count: usize) -> Result<Self, NotComputed> {
        let length = usize::try_from(network.graph.shape(Graph::INPUT).elements()).expect("tensors are bounded");
        let mut state = 0x853c_49e6_748f_ea9b_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40).to_le_bytes()[0].cast_signed()
        };
        let mut values = Vec::with_capacity(count * length);
        for input in 0..count {
            let run = if input % 2 == 0 { 1 } else { 24 };
            while values.len() < (input + 1) * length {
                let room = (input + 1) * length - values.len();
                values.extend(std::iter::repeat_n(next(), run.min(room)));
            }
        }
        Self::of(network, values)
    }

    /// Computes the outputs of inputs.
    ///
    /// # Panics
    /// Where the inputs are not whole ones.
    pub fn of(network: &Network, inputs: Vec<i8>) -> Result<Self, NotComputed> {
        let mut interpreter = Interpreter::new(network)?;
        let length = interpreter.tensor(0).len();
        let mut outputs = Vec::new();
        for input in inputs.chunks(length) {
            outputs.extend_from_slice(interpreter.run(input).expect("whole inputs"));
        }
        Ok(Self { inputs, outputs })
    }
}

/// The C code of a network with everything around it.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its files.
    pub files: Vec<File>,
    /// Bytes of weights and of the tables by which accumulators become int8.
    pub table_bytes: u64,
}

impl Project {
    /// Writes the project of a network.
    pub fn of(network: &Network, plan: &Plan, name: &Name, vectors: &Vectors) -> Result<Self, NotComputed> {
        let Code { header, source, table_bytes } = Code::of(network, plan, name)?;
        let file = |name: String, text: String| File { name, text };
        let fill = |template: &str| template.replace("@name@", &name.0).replace("@NAME@", &name.upper());
        let files = vec![
            file(format!("{name}.h"), header),
            file(format!("{name}.c"), source),
            file("vectors.h".to_owned(), vectors_header(vectors, name, network)),
            file("main.c".to_owned(), fill(include_str!("template/main.c"))),
            file("Makefile".to_owned(), fill(include_str!("template/Makefile"))),
            file("CMakeLists.txt".to_owned(), fill(include_str!("template/CMakeLists.txt"))),
        ];
        Ok(Self { files, table_bytes })
    }
}

impl Project {
    /// The files for a folder of firmware, which has a program and a build of its own: the program that checks the code on the
    /// computer at hand is `host.c` there.
    #[must_use]
    pub fn within_firmware(self) -> Vec<File> {
        let files = self.files.into_iter().filter(|file| !["Makefile", "CMakeLists.txt"].contains(&file.name.as_str()));
        files
            .map(|file| if file.name == "main.c" { File { name: "host.c".to_owned(), ..file } } else { file })
            .collect()
    }
}

fn vectors_header(vectors: &Vectors, name: &Name, network: &Network) -> String {
    let length = |tensor: automcu_model::TensorId| network.graph.shape(tensor).elements();
    let (input, output) = (length(automcu_model::Graph::INPUT), length(network.graph.output()));
    let count = vectors.inputs.len() as u64 / input.max(1);
    let mut text = format!(
        "/* Inputs of {name} and what it answers, computed by AutoMCU. */\n#ifndef {0}_VECTORS_H\n#define {0}_VECTORS_H\n\n\
         #include <stdint.h>\n\n#define {0}_VECTORS {count}\n\n",
        name.upper()
    );
    for (what, values, each) in [("inputs", &vectors.inputs, input), ("outputs", &vectors.outputs, output)] {
        let _ = writeln!(text, "static const int8_t {name}_{what}[{}][{each}] = {{", count.max(1));
        for row in values.chunks(usize::try_from(each).unwrap_or(1).max(1)) {
            text += "    {\n";
            for line in row.chunks(24) {
                let numbers: Vec<String> = line.iter().map(i8::to_string).collect();
                let _ = writeln!(text, "        {},", numbers.join(", "));
            }
            text += "    },\n";
        }
        text += "};\n\n";
    }
    text + "#endif\n"
}
