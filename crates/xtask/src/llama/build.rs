//! llama.cpp's server and a model for it, made once and kept below `target/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{process::Program, say};

/// The source package, whose wheels hold no server.
const VERSION: &str = "0.3.36";
const DIGEST: &str = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e";
/// What builds it and makes weights.
const PYTHON: &[&str] = &["cmake==4.4.5", "ninja==1.13.2", "gguf==0.19.0", "numpy==2.4.6"];
/// Only the server, without what would be fetched.
const OPTIONS: &[&str] = &[
    "CMAKE_BUILD_TYPE=Release",
    "BUILD_SHARED_LIBS=OFF",
    "GGML_NATIVE=OFF",
    "GGML_OPENMP=OFF",
    "LLAMA_OPENSSL=OFF",
    "LLAMA_BUILD_UI=OFF",
    "LLAMA_USE_PREBUILT_UI=OFF",
    "LLAMA_BUILD_TESTS=OFF",
    "LLAMA_BUILD_EXAMPLES=OFF",
    "LLAMA_BUILD_APP=OFF",
    "LLAMA_BUILD_SERVER=ON",
];

/// The server and its weights.
pub(super) struct Built {
    pub(super) server: PathBuf,
    pub(super) weights: PathBuf,
}

/// Builds what is not there yet. Another seed is another model.
pub(super) fn built(root: &Path, seed: u32, minutes: u64) -> anyhow::Result<Built> {
    let folder = root.join("target/needs/llama");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let python = python(&folder, minutes)?;
    let server = folder.join(format!("llama-server-{VERSION}"));
    if !server.is_file() {
        say("llama.cpp is built; that takes ten minutes of a processor");
        fs::copy(compiled(&folder, &python, minutes)?, &server)?;
    }
    let weights = folder.join(format!("random-{seed}.gguf"));
    let script = folder.join("weights.py");
    fs::write(&script, include_str!("weights.py"))?;
    let [script, file] = [&script, &weights].map(|path| path.display().to_string());
    Program::new(&python, &[&script, &file, &seed.to_string()], minutes).output()?;
    Ok(Built { server, weights })
}

/// A Python of its own, with what builds and makes weights.
fn python(folder: &Path, minutes: u64) -> anyhow::Result<PathBuf> {
    let environment = folder.join("python");
    let python = environment.join("bin/python");
    if !python.is_file() {
        Program::new("python3", &["-m", "venv", &environment.to_string_lossy()], minutes).output()?;
    }
    let arguments = [&["-m", "pip", "install", "--quiet"], PYTHON].concat();
    Program::new(&python, &arguments, minutes).output()?;
    Ok(python)
}

/// Fetches, configures and compiles; gives the program.
fn compiled(folder: &Path, python: &Path, minutes: u64) -> anyhow::Result<PathBuf> {
    let list = folder.join("source.txt");
    fs::write(&list, format!("llama-cpp-python=={VERSION} --hash=sha256:{DIGEST}\n"))?;
    let list = list.display().to_string();
    let fetch = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python", "-r", &list];
    Program::new(python, &fetch, minutes).within(folder).output()?;
    let archive = format!("llama_cpp_python-{VERSION}.tar.gz");
    Program::new("tar", &["xzf", &archive], minutes).within(folder).output()?;
    let source = format!("llama_cpp_python-{VERSION}/vendor/llama.cpp");
    let tools = folder.join("python/bin");
    let ninja = format!("CMAKE_MAKE_PROGRAM={}", tools.join("ninja").display());
    let options: Vec<String> = OPTIONS.iter().chain([&&*ninja]).map(|option| format!("-D{option}")).collect();
    let mut arguments = vec!["-S", &source, "-B", "build", "-G", "Ninja"];
    arguments.extend(options.iter().map(String::as_str));
    Program::new(tools.join("cmake"), &arguments, minutes).within(folder).output()?;
    Program::new(tools.join("ninja"), &["-C", "build", "llama-server"], minutes).within(folder).output()?;
    Ok(folder.join("build/bin/llama-server"))
}
