//! The files of a bundle: a folder of code as `automcu compile` or `automcu build` writes it, and beside it all that the network
//! comes from and all that is known of it.

use std::fmt::Write;

use automcu_trainer::{Conditions, Splitting, Subject};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    proof::{NAME, Proven},
    report::Report,
    verification::Candidate,
};

/// The version of `conditions.json`.
const VERSION: u32 = 1;
/// What the checksums are called.
const CHECKSUMS: &str = "SHA256SUMS";

/// Files: path and content.
type Files = Vec<(String, Vec<u8>)>;

/// What it was trained under.
#[derive(Serialize)]
struct Origin<'o> {
    version: u32,
    #[serde(flatten)]
    conditions: &'o Conditions,
    seed: u64,
    split_digest: &'o str,
    recipe_digest: String,
    /// What it was computed with: others round otherwise.
    vectors: &'o str,
}

/// What is told of it, and what it comes from.
pub(crate) fn texts(candidate: &Candidate, report: &Report<'_>) -> Files {
    let subject = &candidate.checkpoint.subject;
    let file = |name: &str, content: Vec<u8>| (name.to_owned(), content);
    let mut files = vec![
        file("report.json", report.json()),
        file("REPORT.md", report.markdown().into_bytes()),
        file("HOW.md", how(candidate).into_bytes()),
        file("spec.json", subject.spec.to_json().into_bytes()),
        file("recipe.json", subject.recipe.to_json().into_bytes()),
        file("conditions.json", origin(&candidate.conditions, subject)),
    ];
    if !subject.classes.is_empty() {
        files.push(file("labels.txt", (subject.classes.join("\n") + "\n").into_bytes()));
    }
    files
}

/// All of them: the code, what its answers were compared by, the texts, the weights, and the checksums of all that.
pub(crate) fn files(proven: Proven, texts: Files, weights: Vec<u8>) -> Files {
    let bytes = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect::<Vec<u8>>();
    let mut files = proven.folder.into_files();
    files.extend(texts);
    files.push(("vectors/inputs.bin".to_owned(), bytes(&proven.vectors.inputs)));
    files.push(("vectors/outputs.bin".to_owned(), bytes(&proven.vectors.outputs)));
    files.push(("checkpoint.safetensors".to_owned(), weights));
    files.sort();
    let sums = checksums(&files);
    files.push((CHECKSUMS.to_owned(), sums.into_bytes()));
    files
}

fn origin(conditions: &Conditions, subject: &Subject) -> Vec<u8> {
    let origin = Origin {
        version: VERSION,
        conditions,
        seed: subject.seed,
        split_digest: &subject.split,
        recipe_digest: subject.recipe.digest().to_string(),
        vectors: &subject.vectors,
    };
    serde_json::to_vec_pretty(&origin).expect("conditions are plain data")
}

/// As `sha256sum` writes and checks them.
fn checksums(files: &[(String, Vec<u8>)]) -> String {
    let mut sums = String::new();
    for (path, content) in files {
        for byte in Sha256::digest(content) {
            let _ = write!(sums, "{byte:02x}");
        }
        let _ = writeln!(sums, "  {path}");
    }
    sums
}

/// How it was made, and how anybody holds it to that.
fn how(candidate: &Candidate) -> String {
    let Subject { data, seed, threads, vectors, .. } = &candidate.checkpoint.subject;
    let mut text = format!(
        "# How this was made\n\n\
         `spec.json` was trained on `{data}` by `recipe.json` with seed {seed}, on {threads} threads of {vectors} \
         (`conditions.json`); what was learnt is in `checkpoint.safetensors`. It was made int8 on samples that it had learnt \
         from: `{NAME}.tflite`, and the same as ONNX and as C. `REPORT.md` says what that takes, what it gets right, and where \
         the code was run; `report.json` says the same to programs.\n\n\
         `vectors/inputs.bin` holds int8 inputs, one behind the other, the first of them drawn, the others samples that \
         validate; `vectors/outputs.bin` holds what the integer interpreter answers, and the code answered here, to the byte.\n\n\
         ## Hold it to that\n\nIn this folder:\n"
    );
    for (what, command) in commands(candidate) {
        let _ = write!(text, "\n{what}:\n\n```sh\n{command}\n```\n");
    }
    text
}

/// What shows what.
fn commands(candidate: &Candidate) -> Vec<(&'static str, String)> {
    let Subject { data, seed, threads, left_out, .. } = &candidate.checkpoint.subject;
    let left_out = left_out.map(|group| format!(" --leave-out {group}")).unwrap_or_default();
    let split = candidate.conditions.split;
    let mixes = if split.mixes_groups { " --mix-groups" } else { "" };
    let mut commands = vec![
        ("The files are those that were handed out", format!("sha256sum -c {CHECKSUMS}")),
        ("The code answers as the integers do, here and in QEMU", "automcu verify .".to_owned()),
        ("What it gets right of the test samples", format!("automcu eval {NAME}.tflite --data {data}{left_out}")),
    ];
    // The command line knows the usual split only.
    if split == (Splitting { mixes_groups: split.mixes_groups, ..Splitting::default() }) {
        let again = format!("automcu compile checkpoint.safetensors --data {data} --name {NAME} -o again");
        let train =
            format!("automcu train spec.json --data {data} --recipe recipe.json --seed {seed} --threads {threads}");
        commands.push(("The very same integers from what was learnt", again));
        commands.push(("Train it anew, from drawn weights", format!("{train}{mixes}{left_out} -o anew")));
    }
    commands
}
