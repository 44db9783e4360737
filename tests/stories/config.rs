//! The configuration: shown, checked, and worked with.

use std::{fs, path::PathBuf};

use automcu::Outcome;
use automcu_settings::Environment;
use automcu_tests::{Ended, automcu, automcu_configured, automcu_reading, fixture};
use serde_json::Value;
use tempfile::TempDir;

/// A user with a configuration file, and nothing else.
struct User {
    folder: TempDir,
}

impl User {
    fn with(file: &str) -> Self {
        let user = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(user.folder.path().join("automcu")).expect("writable");
        fs::write(user.file(), file).expect("writable");
        user
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("automcu/config.toml")
    }

    fn asks(&self, said: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let environment = Environment::default().saying("XDG_CONFIG_HOME", self.folder.path());
        let environment = said.iter().fold(environment, |all, (variable, value)| all.saying(variable, *value));
        automcu_configured(&environment, b"", arguments)
    }
}

fn json(said: &Ended) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors))
}

#[test]
fn the_default_that_is_printed_is_in_order() {
    let printed = automcu(&["config", "default"]);
    assert_eq!(printed.outcome, Outcome::Yes);
    let said = automcu_reading(printed.output.as_bytes(), &["config", "check", "-"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.starts_with("standard input: ") && said.output.contains("in order"), "{}", said.output);
    assert!(automcu(&["config", "check"]).output.contains("there is no configuration file"));
}

#[test]
fn every_mistake_of_a_file_is_told_with_its_line() {
    let user = User::with("[training]\nslots = 0\nthreds = 2\n\n[log]\nlevel = \"loud\"\n");
    let file = user.file().display().to_string();
    for arguments in [&["config", "check"][..], &["config", "check", &file], &["config", "show"]] {
        let said = user.asks(&[], arguments);
        assert_eq!((said.outcome, said.output.as_str()), (Outcome::Misconfigured, ""), "{arguments:?}");
        let lines: Vec<&str> = said.errors.lines().collect();
        assert_eq!(lines[0], "automcu: the configuration is refused");
        assert_eq!(lines[1], format!("{file}:2: training.slots: 0 is no number from 1 to 64; write one, or \"auto\""));
        let meant = "there is no such field; did you mean training.threads?";
        assert_eq!(lines[2], format!("{file}:3: training.threds: {meant}"));
        assert!(lines[3].starts_with(&format!("{file}:6: log.level: \"loud\" is no level; write")), "{lines:?}");
        assert_eq!(lines.len(), 4, "{lines:?}");
    }
    let answer = json(&user.asks(&[], &["config", "check", "--json"]));
    assert_eq!((&answer["valid"], &answer["file"]), (&false.into(), &file.as_str().into()));
    let first = &answer["mistakes"][0];
    assert_eq!((&first["field"], &first["origin"]["line"]), (&"training.slots".into(), &2.into()), "{first}");
}

#[test]
fn what_is_shown_names_who_said_it() {
    let user = User::with("[jobs]\nmost = 10\n[log]\nformat = \"json\"\n");
    let said = [("AUTOMCU_TRAINING_SLOTS", "2")];
    let shown = user.asks(&said, &["config", "show", "--origin", "--log", "debug", "--state", "here"]);
    assert_eq!(shown.outcome, Outcome::Yes, "{}", shown.errors);
    let line = |name: &str| {
        let line = shown.output.lines().find(|line| line.starts_with(&format!("{name} = "))).expect(name);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("state"), "state = \"here\" # --state");
    assert_eq!(line("slots"), "slots = 2 # AUTOMCU_TRAINING_SLOTS");
    assert_eq!(line("most"), format!("most = 10 # {}:2", user.file().display()));
    assert_eq!(line("at_work"), "at_work = 4 # default");
    assert_eq!(line("level"), "level = \"debug\" # --log");

    let bare = user.asks(&[], &["config", "show"]);
    let again = automcu_reading(bare.output.as_bytes(), &["config", "check", "-"]);
    assert_eq!(again.outcome, Outcome::Misconfigured, "without a home, places are relative: {}", again.errors);
    let bare = user.asks(&[("HOME", "/nowhere")], &["config", "show"]);
    let again = automcu_reading(bare.output.as_bytes(), &["config", "check", "-"]);
    assert_eq!(again.outcome, Outcome::Yes, "{}", again.errors);

    let answer = json(&user.asks(&said, &["config", "show", "--json"]));
    let settings = answer["settings"].as_array().expect("a list");
    let of = |name: &str| settings.iter().find(|setting| setting["name"] == name).expect("there");
    assert_eq!(of("training.slots")["origin"]["name"], "AUTOMCU_TRAINING_SLOTS");
    assert_eq!((&of("jobs.most")["value"], &of("jobs.most")["origin"]["line"]), (&10.into(), &2.into()));
    assert_eq!(
        (&of("metrics.listen")["value"], &of("metrics.listen")["origin"]["kind"]),
        (&Value::Null, &"default".into())
    );
}

#[test]
fn a_file_is_the_one_that_is_named_first() {
    let user = User::with("[jobs]\nmost = 10\n");
    let other = user.folder.path().join("other.toml");
    fs::write(&other, "[jobs]\nmost = 20\n").expect("writable");
    let third = user.folder.path().join("third.toml");
    fs::write(&third, "[jobs]\nmost = 30\n").expect("writable");
    let (other, third) = (other.to_str().expect("text"), third.to_str().expect("text"));
    let most = |said: &[(&str, &str)], more: &[&str]| {
        let shown = user.asks(said, &[&["config", "show"], more].concat());
        shown.output.lines().find_map(|line| line.strip_prefix("most = ").map(ToOwned::to_owned))
    };
    assert_eq!(most(&[], &[]).as_deref(), Some("10"));
    assert_eq!(most(&[("AUTOMCU_CONFIG", other)], &[]).as_deref(), Some("20"));
    assert_eq!(most(&[("AUTOMCU_CONFIG", other)], &["--config", third]).as_deref(), Some("30"));
    let said = user.asks(&[], &["targets", "--config", "no-such-file.toml"]);
    assert_eq!(said.outcome, Outcome::Unreadable);
    assert!(said.errors.starts_with("automcu: no-such-file.toml: "), "{}", said.errors);
}

#[test]
fn verbs_work_with_what_is_configured_and_flags_say_otherwise() {
    let user =
        User::with(&format!("targets = {:?}\n[judges]\nwhich = [\"plan\"]\ndeadline = \"20 s\"\n", fixture("targets")));
    let spec = fixture("specs/separable.json");
    assert_eq!(user.asks(&[], &["targets", "BENCH-1"]).outcome, Outcome::Yes);
    assert_eq!(user.asks(&[("AUTOMCU_TARGETS", "none")], &["targets", "BENCH-1"]).outcome, Outcome::Misused);
    let elsewhere = user.asks(&[], &["targets", "BENCH-1", "--targets-dir", "no-such-folder"]);
    assert_eq!(elsewhere.outcome, Outcome::Unreadable);
    let judges = |more: &[&str]| {
        let said = user.asks(&[], &[&["screen", &spec, "--target", "BENCH-1", "--json"], more].concat());
        let judged = json(&said);
        let judged = judged["judges"].as_array().expect("judges").iter();
        judged.map(|judged| judged["judge"]["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(judges(&[]), ["plan"]);
    assert!(judges(&["--backend", "all"]).contains(&"plan".to_owned()));
}

#[test]
fn data_sets_lie_where_the_configuration_says() {
    let (configured, said) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let path = |folder: &TempDir| folder.path().to_str().expect("text").to_owned();
    let user = User::with(&format!("data = {:?}\n", path(&configured)));
    let missing = user.asks(&[], &["data", "inspect", "mnist"]);
    assert_eq!(missing.outcome, Outcome::Unreadable, "{}", missing.errors);
    for folder in [&configured, &said] {
        // A folder in the place of the data set is it, whatever is wrong with it.
        fs::create_dir(folder.path().join("mnist")).expect("writable");
    }
    let inspected = |variables: &[(&str, &str)]| user.asks(variables, &["data", "inspect", "mnist"]).errors;
    assert!(inspected(&[]).contains(&path(&configured)), "{}", inspected(&[]));
    assert!(inspected(&[("AUTOMCU_DATA", &path(&said))]).contains(&path(&said)));
}

#[test]
fn what_needs_no_configuration_works_whatever_is_wrong_with_it() {
    let user = User::with("this is no TOML");
    for arguments in [&["man"][..], &["completions", "bash"], &["config", "default"]] {
        assert_eq!(user.asks(&[], arguments).outcome, Outcome::Yes, "{arguments:?}");
    }
    let spec = fixture("specs/separable.json");
    for arguments in [&["targets"][..], &["check", &spec], &["data", "list"], &["doctor"]] {
        let said = user.asks(&[], arguments);
        assert_eq!((said.outcome, said.output.as_str()), (Outcome::Misconfigured, ""), "{arguments:?}");
        assert!(said.errors.contains("config.toml:1: no TOML: "), "{}", said.errors);
    }
}
