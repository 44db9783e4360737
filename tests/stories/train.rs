//! `automcu train` and what follows from it.

use std::{
    fs,
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use automcu::Outcome;
use automcu_tests::{automcu, program};
use automcu_trainer::Checkpoint;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Small enough to be trained in seconds, and to learn something.
const NETWORK: &str = r#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":8,"stride":2},{"op":"residual","channels":12,"stride":2}],
    "head":{"op":"classifier","classes":10}}"#;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("writable");
    path.to_str().expect("text").to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn an_architecture_becomes_an_int8_network_whose_accuracy_is_that_of_its_integers() {
    let folder = tempfile::tempdir().expect("a folder");
    let architecture = write(folder.path(), "eye.json", NETWORK);
    let output = folder.path().join("eye").to_str().expect("text").to_owned();
    let line = ["train", &architecture, "--epochs", "2", "-o", &output, "--test", "--json"];
    let said = automcu(&line);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(
        said.errors.contains("epoch 1: 50 % done, loss ") && said.errors.contains("epoch 2: 100 %"),
        "{}",
        said.errors
    );
    let answer = json(&said.output);
    assert_eq!(answer.pointer("/training/epochs"), Some(&2.into()));
    assert_eq!(answer.pointer("/training/end"), Some(&"completed".into()));
    assert_eq!(
        (answer.pointer("/test/dtype"), answer.pointer("/test/provenance")),
        (Some(&"int8".into()), Some(&"host".into()))
    );
    assert_eq!(answer.pointer("/validation/accuracy/samples"), Some(&1000.into()));

    // The file gets as many right as was said.
    let model = answer["model"].as_str().expect("a path");
    let said = automcu(&["eval", model, "--data", "synthetic", "--json"]);
    assert_eq!(json(&said.output)["right"], answer["test"]["right"], "{}", said.errors);
    assert_eq!(json(&said.output).pointer("/range/most"), Some(&0.992_187_5.into()), "a byte less 128 is the integer");

    // The checkpoint compiles to the very same network.
    let checkpoint = format!("{output}/checkpoint.safetensors");
    let code = folder.path().join("code").to_str().expect("text").to_owned();
    let said = automcu(&["compile", &checkpoint, "--name", "eye", "-o", &code]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert_eq!(fs::read(format!("{code}/eye.tflite")).expect("written"), fs::read(model).expect("written"));

    // Nothing is lost by a second start, and nothing is trained twice.
    let said = automcu(&line);
    assert_eq!(said.outcome, Outcome::NotCreated);
    assert!(said.errors.contains("--resume goes on with it"), "{}", said.errors);
    let resumed = automcu(&["train", &architecture, "--epochs", "2", "-o", &output, "--test", "--json", "--resume"]);
    assert_eq!(json(&resumed.output), answer, "{}", resumed.errors);
    let said = automcu(&["train", &architecture, "--epochs", "2", "-o", &output, "--resume", "--seed", "2"]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("is of another seed"), "{}", said.errors);
    let said = automcu(&["train", &architecture, "--epochs", "2", "-o", &output, "--from", &checkpoint]);
    assert_eq!(said.outcome, Outcome::NotCreated, "what is there is not written over");
    let said = automcu(&["compile", &checkpoint, "--data", "signals", "-o", &format!("{code}-of-signals")]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("name the data set that it was trained on"), "{}", said.errors);
}

#[test]
fn signals_are_trained_as_pictures_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = r#"{"version":1,"input":{"height":128,"width":1,"channels":3},
        "backbone":[{"op":"conv","channels":8,"kernel":[5,1],"stride":[4,1]}],"head":{"op":"classifier","classes":8}}"#;
    let architecture = write(folder.path(), "wave.json", network);
    let output = folder.path().join("wave").to_str().expect("text").to_owned();
    let said =
        automcu(&["train", &architecture, "--data", "signals", "--recipe", "rung-0", "--epochs", "1", "-o", &output]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    for part in [" by rung-0  ", "the very integers that ship", "not opened; --test does", "next: automcu compile"] {
        assert!(said.output.contains(part), "{part} in {}", said.output);
    }
    let said = automcu(&["eval", &format!("{output}/wave.tflite"), "--data", "signals"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
}

#[test]
fn what_cannot_be_trained_is_told_before_it_costs_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out").to_str().expect("text").to_owned();
    let small = write(folder.path(), "small.json", &NETWORK.replace("\"height\":32", "\"height\":16"));
    let good = write(folder.path(), "good.json", NETWORK);
    let odd = write(folder.path(), "odd.json", &NETWORK.replace("\"classes\":10", "\"classes\":9"));
    let regression = NETWORK.replace("\"op\":\"classifier\",\"classes\":10", "\"op\":\"regression\",\"outputs\":10");
    let numbers = write(folder.path(), "numbers.json", &regression);
    let broken = write(folder.path(), "broken.json", &NETWORK.replace("\"channels\":12", "\"channels\":0"));
    let recipe = write(folder.path(), "recipe.json", r#"{"version":1}"#);
    let missing = folder.path().join("nowhere").to_str().expect("text").to_owned();
    for (line, outcome, told) in [
        (vec!["train", &small], Outcome::Refused, "16x32x3"),
        (vec!["train", &broken], Outcome::Refused, "backbone[1].channels"),
        (vec!["train", &odd, "--epochs", "1"], Outcome::Refused, "takes 9 classes"),
        (vec!["train", &numbers], Outcome::Refused, "classifiers are what is trained here"),
        (vec!["train", &good, "--resume"], Outcome::Unreadable, "leave --resume out"),
        (vec!["train", &good, "--recipe", "slow"], Outcome::Refused, "slow is no recipe; known are paper"),
        (vec!["train", &good, "--recipe", &recipe], Outcome::Refused, "missing field"),
        (vec!["train", &good, "--data", &missing], Outcome::Unreadable, "nowhere"),
        (vec!["train", &good, "--from", &missing], Outcome::Unreadable, "nowhere"),
        (vec!["train", &good, "--time", "soon"], Outcome::Misused, "like 90s, 10m or 1.5h"),
        (vec!["compile", &missing], Outcome::Unreadable, "nowhere"),
    ] {
        let mut line = line;
        line.extend(["-o", &output]);
        let said = automcu(&line);
        assert_eq!(said.outcome, outcome, "{line:?}: {}", said.errors);
        assert!(said.errors.contains(told), "{line:?}: {}", said.errors);
        assert!(!Path::new(&output).exists(), "{line:?} left something behind");
    }
}

#[test]
fn the_pace_of_training_is_measured_without_pytorch_too() {
    let said = automcu_tests::automcu_among(
        &["/nowhere"],
        b"",
        &["bench", "train", "--seconds", "1s", "--rounds", "1", "--json"],
    );
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer = json(&said.output);
    assert_eq!(answer["torch"], Value::Null);
    let rows = answer["rows"].as_array().expect("rows");
    assert!(
        rows.len() >= 6 && rows.iter().all(|row| row["median"].as_f64().is_some_and(|pace| pace > 1.0)),
        "{answer}"
    );
}

/// Starts a training as a process, and waits until it says that an epoch is done.
#[expect(clippy::disallowed_methods, reason = "it is interrupted as a user does")]
fn started(line: &[&str]) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child =
        Command::new(program()).args(line).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it is built");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let is_there = lines.any(|line| line.expect("text").starts_with("epoch "));
    assert!(is_there);
    (child, lines)
}

fn checkpoint(folder: &str) -> Checkpoint {
    Checkpoint::read(&Path::new(folder).join("checkpoint.safetensors")).expect("written")
}

#[test]
fn a_training_that_is_interrupted_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let architecture = write(folder.path(), "eye.json", NETWORK);
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let line =
        |output: &str| ["train", &architecture, "--recipe", "rung-0", "--epochs", "6", "-o", output].map(str::to_owned);
    let (whole, parts) = (path("whole"), path("parts"));
    let said = automcu(&line(&whole).each_ref().map(String::as_str));
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);

    let words = line(&parts);
    let (mut child, lines) = started(&words.each_ref().map(String::as_str));
    let process = Pid::from_child(&child);
    kill_process(process, Signal::INT).expect("it runs");
    let last = lines.map(|line| line.expect("text")).last().expect("a word");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{last}");
    assert!(last.contains("the same command with --resume goes on from"), "{last}");
    assert!(checkpoint(&parts).summary.is_none() && checkpoint(&parts).progress.epochs() < 6);

    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push("--resume");
    let said = automcu(&words);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert_eq!(checkpoint(&parts).handed_out(), checkpoint(&whole).handed_out());
}

#[test]
fn a_training_whose_starter_is_killed_keeps_what_was_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let architecture = write(folder.path(), "eye.json", NETWORK);
    let output = folder.path().join("eye").to_str().expect("text").to_owned();
    let line = ["train", &architecture, "--epochs", "500", "-o", &output];
    let (mut child, _lines) = started(&line);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    // The worker notices that nobody is left, and lets go of the folder.
    let held = fs::File::open(&output).expect("a folder");
    held.lock().expect("free in the end");
    drop(held);
    assert!(checkpoint(&output).progress.epochs() >= 1);
    let (mut child, _lines) = started(&[&line[..], &["--resume"]].concat());
    // Meanwhile nobody else may write there.
    let said = automcu(&[&line[..], &["--resume"]].concat());
    assert_eq!(said.outcome, Outcome::NotCreated);
    assert!(said.errors.contains("another training writes here"), "{}", said.errors);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

/// An array of 16-bit integers or of bytes as NumPy writes it.
fn npy(kind: &str, sizes: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

#[test]
fn a_person_who_is_left_out_is_tested_on_and_not_learnt_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("motions");
    fs::create_dir(&data).expect("made");
    // Three persons who move alike, along the first axis or the second; two in one part, one in the other.
    for (part, persons) in [("train", [1, 2].as_slice()), ("test", [3].as_slice())] {
        let each: Vec<(u8, u8)> = persons.iter().flat_map(|&person| (0..60).map(move |i| (i % 2, person))).collect();
        let (labels, subjects): (Vec<u8>, Vec<u8>) = each.iter().copied().unzip();
        let values = each.iter().enumerate().flat_map(|(i, &(label, person))| {
            let other = i16::try_from(i * 31 % 17).expect("small");
            (0..24_i16).flat_map(move |j| {
                let strength = if j % 3 == i16::from(label) { 900 } else { 40 };
                (i16::from(person) * 10 + j / 3 % 2 * strength + other).to_le_bytes()
            })
        });
        let count = each.len();
        let write =
            |name: &str, bytes: Vec<u8>| fs::write(data.join(format!("{part}-{name}.npy")), bytes).expect("ours");
        write("x", npy("<i2", &format!("{count}, 8, 3"), &values.collect::<Vec<u8>>()));
        write("y", npy("|u1", &format!("{count},"), &labels));
        write("subject", npy("|u1", &format!("{count},"), &subjects));
    }
    let network = r#"{"version":1,"input":{"height":8,"width":1,"channels":3},
        "backbone":[{"op":"conv","channels":8,"kernel":[3,1]}],"head":{"op":"classifier","classes":2}}"#;
    let architecture = write(folder.path(), "motion.json", network);
    let recipe = r#"{"version":1,"name":"turning","length":{"epochs":12},"batch":16,"optimiser":{"sgd":{"momentum":0.9,"nesterov":true}},
        "rate":0.1,"schedule":"constant","stretches":[{"until":1.0,"augmentation":{"rotation":{"degrees":5}}}]}"#;
    let recipe = write(folder.path(), "turning.json", recipe);
    let (data, output) = (data.to_str().expect("text"), folder.path().join("motion"));
    let output = output.to_str().expect("text");
    let line = [
        "train",
        &architecture,
        "--data",
        data,
        "--recipe",
        &recipe,
        "-o",
        output,
        "--leave-out",
        "2",
        "--test",
        "--json",
    ];
    let said = automcu(&line);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer = json(&said.output);
    assert_eq!((&answer["left_out"], &answer["test"]["accuracy"]["samples"]), (&2.into(), &60.into()));
    assert_eq!(answer["test"]["right"], 60, "{answer}");
    let model = answer["model"].as_str().expect("a path");
    let said = automcu(&["eval", model, "--data", data, "--leave-out", "2", "--json"]);
    let evaluated = json(&said.output);
    assert_eq!((&evaluated["samples"], &evaluated["right"]), (&60.into(), &60.into()), "{}", said.errors);
    // Whoever compiles the checkpoint need not say again who was left out.
    let code = format!("{output}-code");
    let said = automcu(&["compile", &format!("{output}/checkpoint.safetensors"), "--name", "motion", "-o", &code]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let [made, compiled] = [answer["model"].as_str().expect("a path"), &format!("{code}/motion.tflite")].map(fs::read);
    assert_eq!(made.expect("written"), compiled.expect("written"));
    let said = automcu(&["train", &architecture, "--data", data, "-o", &format!("{output}-2"), "--leave-out", "9"]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("there is no group 9 to leave out; there are [1, 2, 3]"), "{}", said.errors);
}

#[test]
fn pictures_are_learnt_and_measured_in_another_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = NETWORK.replace("\"height\":32,\"width\":32", "\"height\":20,\"width\":24");
    let architecture = write(folder.path(), "small.json", &network);
    let recipe = r#"{"version":1,"name":"small","length":{"epochs":3},"batch":32,"optimiser":{"sgd":{"momentum":0.9,"nesterov":true}},
        "rate":0.02,"schedule":"constant","stretches":[{"until":1.0,"augmentation":{"resize":{"height":20,"width":24}}}]}"#;
    let recipe = write(folder.path(), "small-recipe.json", recipe);
    let output = folder.path().join("small").to_str().expect("text").to_owned();
    let said = automcu(&["train", &architecture, "--recipe", &recipe, "-o", &output, "--test", "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer = json(&said.output);
    let model = answer["model"].as_str().expect("a path");
    let said = automcu(&["eval", model, "--data", "synthetic", "--resize", "--json"]);
    assert_eq!(json(&said.output)["right"], answer["test"]["right"], "{}", said.errors);
    assert!(answer["test"]["right"].as_u64().is_some_and(|right| right > 250), "{answer}");
    let said = automcu(&["eval", model, "--data", "synthetic"]);
    assert_eq!(said.outcome, Outcome::Refused, "as they are, they do not fit");
    let code = format!("{output}-code");
    let said = automcu(&["compile", &format!("{output}/checkpoint.safetensors"), "--name", "small", "-o", &code]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert_eq!(fs::read(format!("{code}/small.tflite")).expect("written"), fs::read(model).expect("written"));
    // Signals have no other size.
    let said = automcu(&["eval", model, "--data", "signals", "--resize"]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("resize is for pictures"), "{}", said.errors);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "in a folder of its own, as a user is")]
fn folders_may_be_named_from_where_the_user_is() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "eye.json", NETWORK);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program());
        let ended =
            command.args(arguments).current_dir(folder.path()).stdin(Stdio::null()).output().expect("it is built");
        assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    };
    run(&["train", "eye.json", "--recipe", "rung-0", "--epochs", "1"]);
    run(&["train", "eye.json", "--recipe", "rung-0", "--epochs", "1", "--resume"]);
    // A folder that is called like a built-in set is no data set.
    run(&[
        "train",
        "eye.json",
        "--recipe",
        "rung-0",
        "--epochs",
        "1",
        "-o",
        "synthetic",
        "--from",
        "eye-trained/checkpoint.safetensors",
    ]);
    run(&["train", "eye.json", "--recipe", "rung-0", "--epochs", "1", "-o", "synthetic", "--resume"]);
    for name in ["eye-trained", "synthetic"] {
        let mut there: Vec<_> = fs::read_dir(folder.path().join(name))
            .expect("made")
            .map(|entry| entry.expect("there").file_name())
            .collect();
        there.sort();
        assert_eq!(there, ["checkpoint.safetensors", &format!("{name}.tflite"), "train.json"]);
    }
}
