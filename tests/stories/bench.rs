//! `automcu bench`: searches held against each other, on a made-up table and on networks that were really trained.

use std::{fs, path::Path};

use automcu::Outcome;
use automcu_tests::automcu;
use serde_json::Value;

const HEADER: &str =
    "arch,cifar10_valid,cifar10_test,cifar100_valid,cifar100_test,imagenet16_120_valid,imagenet16_120_test";
const WORDS: [&str; 5] = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];

/// A table in which each convolution of three by three is worth ten points; what validates says a little else than what tests.
fn table(folder: &Path) -> String {
    let mut text = format!("{HEADER}\n");
    for place in (0..15_625_usize).step_by(37) {
        let edges: Vec<usize> = (0..6_u32).rev().map(|edge| place / 5_usize.pow(edge) % 5).collect();
        let good = 10 * edges.iter().filter(|edge| **edge == 3).count() + 20;
        let word = |edge: usize, from: usize| format!("{}~{from}", WORDS[edges[edge]]);
        let arch =
            format!("|{}|+|{}|{}|+|{}|{}|{}|", word(0, 0), word(1, 0), word(2, 1), word(3, 0), word(4, 1), word(5, 2));
        let accuracies: Vec<String> = (0..6).map(|column| (good + column % 2).to_string()).collect();
        text += &format!("{arch},{}\n", accuracies.join(","));
    }
    let path = folder.join("table.csv");
    fs::write(&path, text).expect("writable");
    path.to_str().expect("text").to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn strategies_search_a_table_and_what_is_finished_is_not_run_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = table(folder.path());
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (runs, plot) = (at("runs.jsonl"), at("plot.svg"));
    let line = |count: &'static str| {
        let mut line = vec!["bench", "nas-bench-201", "--table", &table, "--data", "cifar10", "--evaluations", "6"];
        line.extend(["--pool", "200", "--runs", count, "--seed", "3", "--json", "--resume", &runs, "--plot", &plot]);
        automcu(&line)
    };
    let first = line("4");
    assert_eq!(first.outcome, Outcome::Yes, "{}", first.errors);
    let answer = json(&first.output);
    let rows = answer["rows"].as_array().expect("rows");
    let mean = |name: &str| {
        let row = rows.iter().find(|row| row["proposer"] == name).expect("a row");
        row["mean"].as_f64().expect("a number")
    };
    assert_eq!(rows.len(), 10);
    assert!(mean("guided-unseeded") > mean("random"), "{answer:#}");
    let drawing = fs::read_to_string(&plot).expect("a drawing");
    assert_eq!(drawing.matches("<polyline").count(), 10);
    assert!(drawing.contains(">guided-no-prior</text>"));

    // All runs are kept: the same answer, and nothing is added.
    let kept = fs::read_to_string(&runs).expect("runs");
    assert_eq!(kept.lines().count(), 40);
    assert_eq!(line("4").output, first.output);
    assert_eq!(fs::read_to_string(&runs).expect("runs"), kept);
    // A line that was not written to its end is run again.
    fs::write(&runs, &kept[..kept.len() - 9]).expect("writable");
    assert_eq!(line("4").output, first.output);
    assert_eq!(fs::read_to_string(&runs).expect("runs"), kept);
    let more = line("5");
    assert_eq!(json(&more.output)["runs"], 5);
    assert_eq!(fs::read_to_string(&runs).expect("runs").lines().count(), 50);
}

#[test]
fn a_table_that_is_none_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.csv");
    fs::write(&path, format!("{HEADER}\n|none~0|,1,2,3,4,5,6\n")).expect("writable");
    let said = automcu(&["bench", "nas-bench-201", "--table", path.to_str().expect("text")]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("line 2, column arch: "), "{}", said.errors);
    let said = automcu(&["bench", "nas-bench-201", "--table", "/nowhere.csv"]);
    assert_eq!(said.outcome, Outcome::Unreadable);
}

#[test]
fn strategies_search_networks_that_were_really_trained() {
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/search/pictures.jsonl");
    let said = automcu(&["bench", "search", "--record", record, "--evaluations", "100", "--runs", "3", "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let answer = json(&said.output);
    let rows = answer["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 10);
    let row = |name: &str| rows.iter().find(|row| row["proposer"] == name).expect("a row");
    // Whoever may try all finds the best, and does so within the record.
    let best = &answer["best"];
    assert!(row("guided")["bests"].as_array().expect("bests").iter().all(|own| own == best), "{answer:#}");
    let after = row("guided")["median_as_random"].as_u64().expect("it comes to what random draws do");
    assert!(after <= answer["networks"].as_u64().expect("a count"), "{answer:#}");
    let said = automcu(&["bench", "search", "--record", record, "--runs", "1", "--proposer", "guided"]);
    assert!(said.output.contains("guided") && said.output.contains("networks"), "{}", said.output);
}

#[test]
fn a_record_without_networks_or_with_others_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.jsonl");
    let refused = |text: &str| {
        fs::write(&path, text).expect("writable");
        let said = automcu(&["bench", "search", "--record", path.to_str().expect("text")]);
        assert_eq!(said.outcome, Outcome::Refused, "{text}");
        said.errors
    };
    assert!(refused("").contains("--train adds some"));
    assert!(refused("{\"version\":1}\n").contains("line 1: "));
    let other = r#"{"version":1,"spec":{"version":1,"input":{"height":32,"width":32,"channels":3},
        "backbone":[{"op":"conv","channels":7}],"head":{"op":"classifier","classes":10}},"score":0.5,"epochs":1,"seed":1}"#;
    let said = refused(&format!("{}\n", other.replace('\n', "")));
    assert!(said.contains("entry 1 is no network of stages"), "{said}");
}

#[test]
fn networks_are_drawn_and_trained_for_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.jsonl");
    let record = path.to_str().expect("text");
    let line = ["bench", "search", "--record", record, "--train", "1", "--epochs", "1", "--seed", "5", "--json"];
    let said = automcu(&[&line[..], &["--proposer", "random", "--runs", "1"]].concat());
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.errors.contains("1 of 1: "), "{}", said.errors);
    assert_eq!(json(&said.output)["networks"], 1);
    // The same seed goes on with another one.
    let said = automcu(&[&line[..], &["--proposer", "random", "--runs", "1"]].concat());
    assert_eq!(json(&said.output)["networks"], 2, "{}", said.errors);
}
