//! `automcu data`.

use std::{fs, path::Path};

use automcu::Outcome;
use automcu_tests::{automcu, automcu_keeping, fixture, server::Server};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// CIFAR-10 as it lies in its archive, with one picture of each class a file.
fn cifar(folder: &Path) {
    let record = |class: u8, file: u8| {
        let pixels =
            (0..3072_u16).map(move |i| (i.wrapping_mul(u16::from(class) * 31 + 7) >> 3).to_le_bytes()[0] ^ file);
        std::iter::once(class).chain(pixels).collect::<Vec<u8>>()
    };
    let own = folder.join("cifar-10-batches-bin");
    fs::create_dir_all(&own).expect("writable");
    let files = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
    for (file, name) in (0..).zip(files) {
        let bytes: Vec<u8> = (0..10).flat_map(|class| record(class, file * 40)).collect();
        fs::write(own.join(format!("{name}.bin")), bytes).expect("writable");
    }
}

#[test]
fn a_data_set_is_prepared_listed_inspected_and_evaluated_by_its_name() {
    let (home, from) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    cifar(from.path());
    let said = automcu_keeping(home.path(), &["data", "prepare", "cifar-10", "--from", text(from.path())]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.contains("50 samples to learn from, 10 to test"), "{}", said.output);
    // Preparing again changes nothing, and needs no network.
    let said = automcu_keeping(home.path(), &["data", "prepare", "cifar-10", "--json"]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&answer["train"], &answer["files"]), (&50.into(), &Value::Array(vec![])), "{}", said.errors);

    let said = automcu_keeping(home.path(), &["data", "list", "--json"]);
    let list: Value = serde_json::from_str(&said.output).expect("JSON");
    let data = list["data"].as_array().expect("all");
    let path = |name: &str| data.iter().find(|data| data["name"] == name).map(|data| data["path"].clone());
    assert_eq!(path("cifar-10"), Some(text(&home.path().join("cifar-10")).into()));
    assert_eq!(path("mnist"), Some(Value::Null));

    let said = automcu_keeping(home.path(), &["data", "inspect", "cifar-10"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    for part in ["50 train and 10 test samples of 32x32x3, 10 classes", "9 truck", "0 within train, 0 within test"] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let model = fixture("models/mbnet32_te_int8.tflite");
    let said = automcu_keeping(home.path(), &["eval", &model, "--data", "cifar-10"]);
    assert!(said.output.contains("of 10 samples of cifar-10 (test) right"), "{}{}", said.output, said.errors);
}

#[test]
fn a_file_that_is_not_the_published_one_is_refused_with_both_checksums() {
    let home = tempfile::tempdir().expect("a folder");
    let server = Server::new(&[("train-images-idx3-ubyte.gz", b"something else")], &[]);
    let said = automcu_keeping(home.path(), &["data", "prepare", "mnist", "--base-url", server.url()]);
    assert_eq!(said.outcome, Outcome::Unavailable);
    for part in ["train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "--from DIR"] {
        assert!(said.errors.contains(part), "{part:?} in {}", said.errors);
    }
    let said =
        automcu_keeping(home.path(), &["eval", &fixture("models/mbnet32_te_int8.tflite"), "--data", "cifar-100"]);
    assert_eq!(said.outcome, Outcome::Unreadable);
    assert!(said.errors.contains("`automcu data prepare cifar-100` fetches it"), "{}", said.errors);

    let from = tempfile::tempdir().expect("a folder");
    fs::write(from.path().join("train-images-idx3-ubyte.gz"), "nothing").expect("writable");
    let said = automcu_keeping(home.path(), &["data", "prepare", "mnist", "--from", text(from.path())]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("f68b3c2dcbeaaa9fbdd348bbdeb94873"), "{}", said.errors);
}

#[test]
fn built_in_sets_are_inspected_without_a_download() {
    let folder = tempfile::tempdir().expect("a folder");
    let montage = folder.path().join("signals.png");
    let said = automcu(&["data", "inspect", "signals", "--json", "--montage", text(&montage)]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&answer["shape"], &answer["classes"][7]["test"]), (&"128x1x3".into(), &250.into()));
    assert_eq!(answer.pointer("/duplicates/between"), Some(&0.into()));
    assert_eq!(answer.pointer("/standard/means").and_then(Value::as_array).map(Vec::len), Some(3));
    assert!(fs::read(&montage).expect("written").starts_with(b"\x89PNG"));
    let said = automcu(&["data", "prepare", "synthetic"]);
    assert!(said.output.contains("is built in; there is nothing to prepare"), "{}", said.output);
}

#[test]
fn names_that_are_not_known_and_folders_of_nothing_are_refused() {
    assert_eq!(automcu(&["data", "prepare", "imagenet"]).outcome, Outcome::Misused);
    let said = automcu(&["data", "prepare", "fsdd"]);
    assert!(said.outcome == Outcome::Misused && said.errors.contains("clone that repository"), "{}", said.errors);
    let folder = tempfile::tempdir().expect("a folder");
    let said = automcu(&["data", "inspect", text(folder.path())]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("train-x.npy"), "{}", said.errors);
    assert_eq!(automcu(&["data", "inspect", "no-such-folder"]).outcome, Outcome::Unreadable);
}
