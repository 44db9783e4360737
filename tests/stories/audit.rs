//! `automcu screen` of several candidates, the record of them, and `automcu audit` of that record.

use std::{fs, os::unix::fs::symlink, path::Path};

use automcu::{Outcome, Surroundings};
use automcu_needs::need;
use automcu_tests::{Ended, automcu_within, fixture};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Small enough to be trained in seconds.
const SMALL: &str = r#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":4,"stride":4}],"head":{"op":"classifier","classes":10}}"#;

/// A computer with the tools that are put there, and files of one test.
struct Desk {
    root: TempDir,
    record: String,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("bin")).expect("writable");
        let record = root.path().join("record.jsonl").to_str().expect("text").to_owned();
        Self { root, record }
    }

    /// With a compiler, where there is one.
    fn linking() -> Option<Self> {
        let compiler = need("arm-none-eabi-gcc")?;
        let desk = Self::new();
        symlink(compiler, desk.root.path().join("bin/arm-none-eabi-gcc")).expect("writable");
        Some(desk)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.root.path().join(name);
        fs::write(&path, text).expect("writable");
        path.to_str().expect("text").to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let at = |name: &str| self.root.path().join(name);
        let surroundings = Surroundings { cache: Some(at("cache")), ..Surroundings::default() };
        let programs = at("bin").to_str().expect("text").to_owned();
        automcu_within(&surroundings, &[&programs], arguments)
    }

    /// Screens by the planner, adding to the record.
    fn screen(&self, arguments: &[&str]) -> Ended {
        self.run(&[&["screen", "--backend", "plan", "--record", &self.record], arguments].concat())
    }

    fn audit(&self, arguments: &[&str]) -> Ended {
        self.run(&[&["audit", &self.record], arguments].concat())
    }

    /// The lines of the record.
    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.record).expect("a record");
        text.lines().map(json).collect()
    }

    /// Has a judge refuse candidates that is stricter by so many bytes than the one who retained them.
    fn refuse_strictly(&self, is_meant: impl Fn(&Value) -> bool, bytes: u64) {
        let lines = self.lines().into_iter().map(|mut line| {
            if is_meant(&line) {
                let first = &mut line["judges"][0];
                (first["judge"], first["tool"]) = (json!("strict"), json!("Strict 1.0"));
                first["verdict"] = json!("over_budget");
                first["measurement"]["footprint"]["ram"]["runtime_bytes"] = json!(bytes);
            }
            format!("{line}\n")
        });
        fs::write(&self.record, lines.collect::<String>()).expect("writable");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn told(said: &Ended) -> Value {
    json(&said.output)
}

fn is_retained(line: &Value) -> bool {
    line.pointer("/judges/0/verdict") == Some(&json!("fits"))
}

const TIGHT: [&str; 6] = ["--target", "STM32F407", "--ram", "24KiB", "--flash", "64KiB"];

/// All fixtures, in a budget that some of them fit.
fn tight(desk: &Desk, more: &[&str]) -> Ended {
    desk.screen(&[&[fixture("specs").as_str()], &TIGHT[..], more].concat())
}

#[test]
fn several_candidates_are_told_in_one_table_and_recorded_without_times() {
    let desk = Desk::new();
    let broken = desk.file("broken.json", &SMALL.replace("\"channels\":4", "\"channels\":0"));
    let none = desk.file("none.json", "{\"version\":1,");
    let said = tight(&desk, &[&broken, &none, "nowhere.json", "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.errors.contains("nowhere.json: No such file"), "{}", said.errors);
    let (answer, lines) = (told(&said), desk.lines());
    let count = |field: &str| answer["summary"][field].as_u64().expect("counted");
    let fixtures = fs::read_dir(fixture("specs")).expect("fixtures").count() as u64;
    assert_eq!((count("proposed"), count("unreadable"), count("undecided")), (fixtures + 2, 1, 0));
    assert_eq!(count("retained") + count("refused"), fixtures + 2);
    assert!(count("retained") > 2 && count("refused") > 4, "{}", answer["summary"]);
    let causes = answer["summary"]["causes"].as_array().expect("a list");
    assert!(causes.contains(&json!({ "judge": "reader", "cause": "not_constructible", "count": 2 })), "{causes:?}");
    assert!(causes.iter().any(|cause| (&cause["judge"], &cause["cause"]) == (&json!("plan"), &json!("flash"))));

    // Nothing is lost of what cannot be built.
    assert_eq!(lines.len() as u64, fixtures + 2);
    let recorded = |name: &str| lines.iter().find(|line| line["name"] == json!(name)).expect("recorded");
    assert_eq!((&recorded(&none)["spec"], &recorded(&none)["text"]), (&Value::Null, &json!("{\"version\":1,")));
    assert!(recorded(&broken)["refusals"][0].as_str().is_some_and(|words| words.contains("backbone[0].channels")));
    for line in lines.iter().filter(|line| line["refusals"] == json!([])) {
        assert_eq!(
            (&line["version"], &line["dtype"], &line["target"]),
            (&json!(1), &json!("int8"), &json!("STM32F407VET6"))
        );
        assert!(line.pointer("/judges/0/measurement/footprint/ram").is_some(), "{line}");
        assert!(line["spec"]["backbone"].is_array() && line["digest"].is_string(), "{line}");
    }

    // The same again adds the very same lines.
    let said = tight(&desk, &[&broken, &none]);
    assert!(said.output.contains("not constructible") && said.output.contains("refused"), "{}", said.output);
    let again = desk.lines();
    assert_eq!(again[..lines.len()], again[lines.len()..]);
}

#[test]
fn one_candidate_is_told_as_ever_and_recorded_too() {
    let desk = Desk::new();
    let small = desk.file("small.json", SMALL);
    let said = desk.screen(&[&small, "--json"]);
    let answer = told(&said);
    assert_eq!((said.outcome, &answer["verdict"]), (Outcome::Yes, &json!("fits")), "{}", said.errors);
    assert!(answer["summary"].is_null());
    assert_eq!(desk.lines().len(), 1);
    let said = desk.screen(&[&small, "--ram", "100B"]);
    assert_eq!(said.outcome, Outcome::No);
    let broken = desk.file("broken.json", "{}");
    assert_eq!(desk.screen(&[&broken]).outcome, Outcome::Refused);
    assert_eq!(desk.lines().len(), 3);
    let said = desk.screen(&[&small, &small, "--ram", "100B"]);
    assert_eq!(said.outcome, Outcome::No, "none is retained");
    let empty = desk.root.path().join("bin").to_str().expect("text").to_owned();
    let said = desk.screen(&[&empty]);
    assert_eq!(said.outcome, Outcome::Misused);
    assert!(said.errors.contains("there is no architecture (*.json) in the folder"), "{}", said.errors);
}

#[test]
fn a_refusal_of_what_fits_is_found_false() {
    for desk in [Some(Desk::new()), Desk::linking()].into_iter().flatten() {
        let is_linking = desk.root.path().join("bin/arm-none-eabi-gcc").exists();
        let specs =
            ["activity", "cifar-44k", "ds-cnn-keywords", "grey-42k", "mbnet32", "spoken-digits", "twenty-layers"];
        let specs = specs.map(|name| fixture(&format!("specs/{name}.json")));
        desk.screen(&[&specs.each_ref().map(String::as_str)[..], &TIGHT].concat());
        let (all, retained) = (desk.lines().len(), desk.lines().iter().filter(|line| is_retained(line)).count());
        desk.refuse_strictly(is_retained, 1 << 20);
        let said = desk.audit(&["--json", "--sample", "100"]);
        let answer = told(&said);
        assert_eq!(said.outcome, Outcome::No, "{}", said.errors);
        assert_eq!(answer["counts"]["refused"], json!(all));
        let refused = &answer["refused"];
        // The planner does not judge what it refused itself.
        let told_of = if is_linking { all } else { retained };
        assert_eq!((&refused["otherwise"]["count"], &refused["otherwise"]["of"]), (&json!(retained), &json!(told_of)));
        let share = refused["otherwise"]["share"].as_f64().expect("a share");
        let interval = &refused["otherwise"]["interval"];
        let [least, most] = [0, 1].map(|end| interval[end].as_f64().expect("a share"));
        assert!(least < share && share < most + 1e-9, "{interval}");
        let (judge, provenance) = if is_linking { ("gcc", "linked") } else { ("plan", "estimated") };
        for review in refused["reviews"].as_array().expect("a list") {
            let opinions = review["opinions"].as_array().expect("a list");
            assert!(opinions.iter().all(|opinion| opinion["judge"] == json!(judge)), "{review}");
            assert_eq!(review["otherwise"].as_bool().is_none(), opinions.is_empty());
            let figures = opinions.first().map(|opinion| &opinion["footprint"]);
            assert!(figures.is_none_or(|of| of["provenance"] == json!(provenance) && of["dtype"] == json!("int8")));
        }
        let remarks = answer["remarks"].to_string();
        assert_eq!(remarks.contains("makes it firm"), !is_linking, "{remarks}");

        // A few of them, the same for a seed.
        let few = |seed: &str| {
            let answer = told(&desk.audit(&["--json", "--sample", "5", "--seed", seed]));
            let reviews = answer["refused"]["reviews"].as_array().expect("a list").clone();
            reviews.iter().map(|review| review["digest"].clone()).collect::<Vec<_>>()
        };
        assert_eq!((few("1"), few("1").len()), (few("1"), 5));
        assert_ne!(few("1"), few("2"));
        let said = desk.audit(&["--sample", "5"]);
        assert!(
            said.output.contains("some are") && said.output.contains("refused by strict for RAM"),
            "{}",
            said.output
        );
        assert!(said.output.lines().count() < 40, "one screen:\n{}", said.output);
    }
}

#[test]
fn a_judge_does_not_judge_itself() {
    let desk = Desk::new();
    tight(&desk, &[]);
    let said = desk.audit(&["--json"]);
    let answer = told(&said);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    let refused = &answer["refused"];
    assert_eq!((&refused["otherwise"]["of"], &refused["otherwise"]["share"]), (&json!(0), &Value::Null));
    assert_eq!((&refused["untold"], &refused["judges"]), (&answer["counts"]["refused"], &json!([])));
    let said = desk.audit(&[]);
    assert!(said.output.contains("nobody else could tell") && said.output.contains("makes it firm"), "{}", said.output);
}

#[test]
fn looser_limits_keep_more_and_int8_makes_networks_fit() {
    let desk = Desk::new();
    let resnet = fixture("specs/resnet8.json");
    desk.screen(&[&resnet, "--ram", "64KiB", "--flash", "128KiB"]);
    let answer = told(&desk.audit(&["--json"]));
    let table = &answer["data_types"];
    assert_eq!((&table["int8_only"], &table["both"], &table["neither"]), (&json!(1), &json!(0), &json!(0)), "{table}");
    assert_eq!(table["provenance"], json!("estimated"));
    assert!(table["accounting"].as_str().is_some_and(|words| words.contains("op by op")));

    tight(&desk, &[]);
    let answer = told(&desk.audit(&["--json"]));
    let limits = &answer["limits"];
    let kept: Vec<(u64, u64)> = limits["thresholds"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|limit| (limit["percent"].as_u64().expect("a number"), limit["fit"].as_u64().expect("a number")))
        .collect();
    assert_eq!(kept.iter().map(|limit| limit.0).collect::<Vec<_>>(), [50, 75, 90, 100, 110, 125, 150, 200]);
    assert!(kept.windows(2).all(|pair| pair[0].1 <= pair[1].1) && kept[0].1 < kept[7].1, "{kept:?}");
    assert_eq!(Some(kept[3].1), answer["counts"]["retained"].as_u64(), "the limit itself keeps what was retained");
    assert_eq!(limits["figures"][0]["provenance"], json!("estimated"));
}

#[test]
fn a_torn_line_is_passed_over_and_another_version_is_not() {
    let desk = Desk::new();
    let small = desk.file("small.json", SMALL);
    desk.screen(&[&small]);
    let whole = fs::read_to_string(&desk.record).expect("a record");
    fs::write(&desk.record, format!("{whole}{}", &whole[..whole.len() / 2])).expect("writable");
    let said = desk.audit(&[]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.contains("not whole and passed over: 2"), "{}", said.output);
    assert!(said.output.contains("no judge refused any candidate"), "{}", said.output);
    desk.screen(&[&small, "--ram", "100B"]);
    let answer = told(&desk.audit(&["--json"]));
    assert_eq!((&answer["torn_lines"], &answer["counts"]["candidates"]), (&json!([2]), &json!(2)), "{answer}");

    for (text, words) in [
        (
            whole.replace("{\"version\":1,\"name\"", "{\"version\":2,\"name\""),
            "is of version 2, where this program knows 1",
        ),
        (whole[..whole.len() / 2].to_owned(), "no line tells of a candidate, and 1 are not whole"),
        (String::new(), "no line tells of a candidate"),
        (SMALL.replace('\n', ""), "line 1 is no candidate of a record"),
    ] {
        fs::write(&desk.record, text).expect("writable");
        let said = desk.audit(&[]);
        assert_eq!(said.outcome, Outcome::Refused);
        assert!(said.errors.contains(words), "{words}: {}", said.errors);
    }
    assert!(!Path::new("nowhere.jsonl").exists());
    assert_eq!(desk.run(&["audit", "nowhere.jsonl"]).outcome, Outcome::Unreadable);
}

#[test]
fn refused_and_retained_ones_are_trained_under_the_same_conditions() {
    let desk = Desk::new();
    let [narrow, wide] = [4, 8].map(|channels| {
        desk.file(&format!("c{channels}.json"), &SMALL.replace("\"channels\":4", &format!("\"channels\":{channels}")))
    });
    let other = desk.file("other.json", &SMALL.replace("\"height\":32", "\"height\":16"));
    desk.screen(&[&narrow, &wide, &other, "--ram", "64KiB"]);
    let is_meant = |line: &Value| line["name"] != json!(narrow);
    desk.refuse_strictly(is_meant, 1 << 20);
    let said = desk.audit(&["--train", "2", "--data", "synthetic", "--time", "1s", "--json"]);
    assert_eq!(said.outcome, Outcome::No, "{}", said.errors);
    let answer = told(&said);
    let training = &answer["training"];
    assert!(training["contest"].is_string() && training["contest"] != json!("untold"), "{training}");
    let (refused, retained) = (&training["refused"], &training["retained"]);
    let find = |name: &str| refused.as_array().expect("a list").iter().find(|one| one["name"] == json!(name));
    for one in [find(&wide).expect("trained"), &retained[0]] {
        let validation = &one["validation"];
        assert_eq!((&validation["dtype"], &validation["provenance"]), (&json!("int8"), &json!("host")), "{one}");
        assert_eq!(validation["accuracy"]["samples"], json!(1000));
    }
    let failed = find(&other).expect("tried");
    assert!(failed["failure"].as_str().is_some_and(|words| words.contains("16x32x3")), "{failed}");
    assert!(!said.output.contains("\"test\""));
    // Nothing of it is left.
    let left = fs::read_dir(desk.root.path().join("cache/automcu/runs")).expect("made").count();
    assert_eq!(left, 0);

    let said = desk.audit(&["--train", "1", "--data", "nothing-here"]);
    assert_eq!(said.outcome, Outcome::Unreadable, "data is looked for first");
}
