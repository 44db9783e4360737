//! The configuration as its users meet it: files, variables, flags, mistakes.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use automcu_settings::{
    ConfigFile, DEFAULT_FILE, Environment, Files, Flag, LogFilter, Mistakes, Origin, Settings, settings_schema, to_toml,
};
use proptest::prelude::{any, prop_oneof, proptest};

/// An environment in which variables say this, of a user with four processors.
fn environment(user: u32, said: &[(&str, &str)]) -> Environment {
    let said: BTreeMap<_, _> = said.iter().copied().collect();
    Environment::read(|name| said.get(name).map(OsString::from), user, 4)
}

fn user() -> Environment {
    environment(1000, &[("HOME", "/mine"), ("XDG_RUNTIME_DIR", "/run/user/1000")])
}

fn read_within(environment: &Environment, text: &[u8]) -> Result<Settings, Mistakes> {
    Settings::gather(&[], environment, Some(&ConfigFile { path: Path::new("c.toml"), text }))
}

fn read(text: &str) -> Result<Settings, Mistakes> {
    read_within(&user(), text.as_bytes())
}

fn usual() -> Settings {
    Settings::gather(&[], &user(), None).expect("the default is in order")
}

fn values(settings: &Settings) -> Vec<(&str, String)> {
    settings.rows().iter().map(|row| (row.name, row.value.to_string())).collect()
}

/// The default file, with all that is commented out in it.
fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    DEFAULT_FILE.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_default_file_says_exactly_what_is_usual() {
    assert_eq!(read(DEFAULT_FILE), Ok(usual()), "commented, it says nothing");
    let said = read(&uncommented()).expect("in order");
    assert_eq!(values(&said), values(&usual()));
    for row in said.rows() {
        let written =
            row.origin.file().and_then(|(_, line)| uncommented().lines().nth(line? - 1).map(ToOwned::to_owned));
        let written = written.unwrap_or_else(|| panic!("{} is not in the default file", row.name));
        assert!(row.name.ends_with(written.split(" = ").next().expect("a name")), "{written}");
    }
}

#[test]
fn the_document_names_every_value_and_its_variable() {
    let document = include_str!("../../../docs/DAEMON.md");
    for row in usual().rows() {
        let start = format!("| `{}` | `{}` | ", row.name, row.variable);
        let line = document.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{start}"));
        let usual = row.word.map_or_else(|| row.written(), |word| format!("{word:?}"));
        assert!(line.contains(&format!("| `{usual}`")), "{line}");
    }
}

#[test]
fn whoever_says_it_first_counts_and_is_named() {
    let file = "[training]\nslots = 3\n[log]\nlevel = \"warn\"\n[judges]\nwhich = [\"plan\", \"gcc\"]\n";
    let around =
        user().saying("AUTOMCU_TRAINING_SLOTS", "5").saying("AUTOMCU_LOG", "debug").saying("AUTOMCU_DATA", "sets");
    let flags = [Flag { key: "log.level", name: "--log", text: "trace".into() }];
    let file = ConfigFile { path: Path::new("c.toml"), text: file.as_bytes() };
    let settings = Settings::gather(&flags, &around, Some(&file)).expect("in order");
    let Settings { places, training, judges, log, .. } = &settings;
    assert_eq!((log.level.value.get(), &log.level.origin), ("trace", &Origin::Flag("--log")));
    let variable = Origin::Environment("AUTOMCU_TRAINING_SLOTS".to_owned());
    assert_eq!((training.slots.value.get(), &training.slots.origin), (5, &variable));
    assert_eq!((training.threads.value.get(), &training.threads.origin), (1, &Origin::Default), "4 processors of 5");
    let named: Vec<&str> = judges.which.value.iter().flatten().map(|name| name.get()).collect();
    assert_eq!((named, judges.which.origin.to_string()), (vec!["plan", "gcc"], "c.toml:6".to_owned()));
    assert_eq!(places.data.value, Path::new("sets"), "as the user's shell has it");

    let without = Settings::gather(&[], &around, None).expect("in order");
    assert_eq!(without.log.level.value.get(), "debug");
    let empty = environment(1000, &[("AUTOMCU_DATA", ""), ("HOME", "/mine")]);
    let unsaid = Settings::gather(&[], &empty, None).expect("in order");
    assert_eq!(unsaid.places.data.value, Path::new("/mine/.local/share/automcu/data"));
}

#[test]
fn words_stand_for_what_is_usual_and_undo_what_the_file_says() {
    let file = "[metrics]\nlisten = \"127.0.0.1:9464\"\n[training]\nslots = 2\nmemory = \"4 GiB\"\n";
    let said = read(file).expect("in order");
    assert_eq!(said.metrics.listen.value.map(|address| address.port()), Some(9464));
    assert_eq!(said.training.memory.value.map(|memory| memory.bytes()), Some(4 << 30));
    let around = user().saying("AUTOMCU_METRICS_LISTEN", "off").saying("AUTOMCU_TRAINING_SLOTS", "auto");
    let undone = read_within(&around, file.as_bytes()).expect("in order");
    assert_eq!(undone.metrics.listen.value, None);
    assert_eq!(undone.training.slots.value, usual().training.slots.value);
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_a_remedy() {
    let text = r#"version = 2
state = "relative"
socket = 7
slots = 2
colour = "red"
[training]
slots = 0
threads = 1.5
memory = "4 K"
[jobs]
at_work = "many"
most = -1
[judges]
which = ["gcc", "gcc"]
deadline = "soon"
vendor_tool = ""
vendor_format = "onnx"
accelerator = "npu"
[log]
level = "loud"
format = true
[history]
keep_jobs = 0
keep_days = 2020-01-01
[metrics]
listen = "localhost"
[metrisc]
listen = "127.0.0.1:1"
"#;
    let mistakes = read_within(&user().saying("AUTOMCU_LOG", "louder"), text.as_bytes()).expect_err("wrong all over");
    let told: Vec<String> = mistakes.0.iter().map(ToString::to_string).collect();
    for (told, expected) in told.iter().zip([
        r#"AUTOMCU_LOG: log.level: "louder" is no level; write "off", "error", "warn", "info", "debug" or "trace", and "#,
        "c.toml:1: version: 2 is not known here; write 1, or use a newer AutoMCU",
        r#"c.toml:2: state: "relative" is relative; write the whole path, from / on, or "auto""#,
        r#"c.toml:3: socket: 7 is no path; write one in quotes, or "auto""#,
        "c.toml:4: slots: there is no such field; did you mean training.slots?",
        "c.toml:5: colour: there is no such field; `automcu config default` names all",
        r#"c.toml:7: training.slots: 0 is no number from 1 to 64; write one, or "auto""#,
        r#"c.toml:8: training.threads: 1.5 is no number from 1 to 256; write one, or "auto""#,
        r#"c.toml:9: training.memory: "4 K" is no size; write KiB (times 1024) or KB"#,
        r#"c.toml:11: jobs.at_work: "many" is no number from 1 to 64; write one"#,
        "c.toml:12: jobs.most: -1 is no number from 1 to 100000; write one",
        r#"c.toml:14: judges.which: "gcc" is there twice; name each judge once, or "auto""#,
        r#"c.toml:15: judges.deadline: "soon" is no time; write a time like "2 h""#,
        r#"c.toml:16: judges.vendor_tool: "" is no path; write 1 to 4,096 bytes, or "auto""#,
        r#"c.toml:17: judges.vendor_format: "onnx" is not known; write "tflite", "qdq" or "float32""#,
        r#"c.toml:18: judges.accelerator: "npu" is no accelerator of Vela; write one like "ethos-u55-128""#,
        r#"c.toml:20: log.level: "loud" is no level; write"#,
        r#"c.toml:21: log.format: true is not known; write "auto", "text", "json" or "journald""#,
        r#"c.toml:23: history.keep_jobs: 0 is no number from 1 to 1000000; write one, or "all""#,
        "c.toml:24: history.keep_days: 2020-01-01 is no number from 1 to 36500; write one",
        r#"c.toml:26: metrics.listen: "localhost" is no address; write one with its port, like "127.0.0.1:9464", or "off""#,
        "c.toml:27: metrisc: there is no such field; did you mean metrics?",
    ]) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
    assert_eq!(told.len(), 22, "{told:#?}");
}

#[test]
fn values_are_held_against_each_other() {
    let told = |text: &str| read(text).expect_err(text).to_string();
    let most = told("[jobs]\nat_work = 8\nmost = 4\n");
    assert_eq!(most, "c.toml:3: jobs.most: 4 is less than jobs.at_work, 8; write as many at least");
    let memory = told("[training]\nmemory = 1\n");
    assert_eq!(memory, "c.toml:2: training.memory: 1 B is less than any training takes; write \"16 MiB\" or more");
}

#[test]
fn what_is_no_toml_is_told_with_its_lines_and_nothing_is_guessed() {
    let told = read("state = \nlog = {\n\n[x\n").expect_err("no TOML");
    assert!(told.0.len() >= 2 && told.0.iter().all(|mistake| mistake.field.is_none()), "{told}");
    assert!(told.to_string().starts_with("c.toml:1: no TOML: "), "{told}");
    for (text, expected) in [
        (&b"[log]\n\xff"[..], "c.toml:2: it is no UTF-8 text"),
        (&[b'#'; 70_000], "c.toml: it is longer than 65536 bytes"),
        (b"training = 3", "c.toml:1: training: is a table; write [training], and its fields below"),
        (b"[state]\nx = 1", "c.toml:1: state: a table is no path"),
        (b"[training]\nslots = 99999999999999999999", "c.toml:2: training.slots: 99999999999999999999 is no number"),
        (b"state = 1\nstate = 2", "c.toml:2: no TOML: duplicate key"),
    ] {
        let told = read_within(&user(), text).expect_err(expected).to_string();
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    let text =
        "data = \"/a \\\"b\\\"\"\n[judges]\nwhich = [\"all\"]\ndeadline = \"1 h 30 min\"\n[history]\nkeep_days = 30\n";
    let settings = read(text).expect("in order");
    for with_origin in [false, true] {
        let shown = to_toml(&settings.rows(), with_origin);
        assert_eq!(values(&read(&shown).expect("in order")), values(&settings), "{shown}");
    }
    let shown = to_toml(&settings.rows(), true);
    let line = shown.lines().find(|line| line.starts_with("keep_days")).expect("there");
    assert!(line.starts_with("keep_days = 30 ") && line.ends_with("# c.toml:6"), "{line}");
    assert!(shown.contains("keep_jobs = \"all\"") && shown.contains("# default"), "{shown}");
}

#[test]
fn places_follow_from_who_runs_the_program() {
    let places = |environment: &Environment| {
        let settings = Settings::gather(&[], environment, None).expect("in order");
        let places = settings.places;
        [places.state.value, places.socket.value, places.data.value].map(|path| path.display().to_string())
    };
    let expected =
        ["/mine/.local/state/automcu", "/run/user/1000/automcu/automcu.sock", "/mine/.local/share/automcu/data"];
    assert_eq!(places(&user()), expected);
    let own = environment(
        1000,
        &[("XDG_STATE_HOME", "/s"), ("XDG_DATA_HOME", "/d"), ("XDG_RUNTIME_DIR", "/r"), ("HOME", "x")],
    );
    assert_eq!(places(&own), ["/s/automcu", "/r/automcu/automcu.sock", "/d/automcu/data"]);
    let root = environment(0, &[("HOME", "/r")]);
    assert_eq!(places(&root)[..2], ["/var/lib/automcu", "/run/automcu/automcu.sock"]);
    let service = environment(990, &[("STATE_DIRECTORY", "/var/lib/automcu:/other"), ("HOME", "/")]);
    assert_eq!(places(&service)[0], "/var/lib/automcu");
    assert_eq!(places(&service)[2], "/var/lib/automcu/data");
}

#[test]
fn the_usual_socket_is_looked_at_with_care_whoever_names_it() {
    let bare = environment(1000, &[("HOME", "/mine")]);
    let named = Settings::gather(&[], &bare.clone().saying("AUTOMCU_SOCKET", "/tmp/automcu-1000/automcu.sock"), None);
    assert!(named.expect("in order").sockets(&bare).listens().is_shared_ground);
    let other = Settings::gather(&[], &bare.clone().saying("AUTOMCU_SOCKET", "/s"), None).expect("in order");
    assert_eq!(other.sockets(&bare).looks().len(), 1);
    assert_eq!(usual().sockets(&user()).looks().len(), 2);
}

#[test]
fn a_file_is_where_it_is_named_or_in_the_usual_places() {
    let flag = Files::Named { path: "f".into(), origin: Origin::Flag("--config") };
    assert_eq!(user().saying("AUTOMCU_CONFIG", "v").files(Some("f".into())), flag);
    let variable = Files::Named { path: "v".into(), origin: Origin::Environment("AUTOMCU_CONFIG".to_owned()) };
    assert_eq!(user().saying("AUTOMCU_CONFIG", "v").files(None), variable);
    let usual = ["/mine/.config/automcu/config.toml", "/etc/automcu/config.toml"].map(Into::into).to_vec();
    assert_eq!(user().files(None), Files::Usual(usual));
    let own = user().saying("XDG_CONFIG_HOME", "/c");
    let usual = ["/c/automcu/config.toml", "/etc/automcu/config.toml"].map(Into::into).to_vec();
    assert_eq!(own.files(None), Files::Usual(usual));
    assert_eq!(Environment::default().files(None), Files::Usual(Vec::new()), "who says nothing has no file");
}

#[test]
fn the_schema_says_what_the_reader_says() {
    let schema = jsonschema::validator_for(&settings_schema()).expect("a schema");
    let mut documents: Vec<String> = vec![uncommented(), DEFAULT_FILE.to_owned()];
    for (table, fields) in [
        ("", &["state = \"/a\"", "state = \"a\"", "version = 1", "version = 2", "targets = \"none\"", "x = 1"][..]),
        (
            "training",
            &["slots = 1", "slots = 64", "slots = 65", "slots = \"1\"", "memory = \"1 GiB\"", "memory = \"1 K\""],
        ),
        ("jobs", &["at_work = 4", "at_work = 0", "most = \"auto\"", "most = 1000"]),
        (
            "judges",
            &["which = [\"vela\"]", "which = []", "which = [\"gcc\", \"gcc\"]", "which = \"gcc\"", "which = \"auto\""],
        ),
        (
            "judges",
            &["deadline = \"2 h\"", "deadline = 0", "accelerator = \"ethos-u85-256\"", "accelerator = \"ethos-u1-1\""],
        ),
        (
            "log",
            &["level = \"info,automcu_training=debug\"", "level = \"loud\"", "format = \"json\"", "format = \"xml\""],
        ),
        ("history", &["keep_days = 36500", "keep_days = 36501", "keep_jobs = \"all\"", "keep_jobs = \"none\""]),
        ("metrics", &["listen = \"[::1]:9\"", "listen = \"off\"", "listen = \"nowhere\"", "liste = \"off\""]),
    ] {
        let header = if table.is_empty() { String::new() } else { format!("[{table}]\n") };
        documents.extend(fields.iter().map(|field| format!("{header}{field}\n")));
    }
    let mut refused = 0;
    for document in documents {
        let json: toml::Value = toml::from_str(&document).expect("TOML");
        let json = serde_json::to_value(json).expect("JSON");
        let ours = read(&document);
        assert_eq!(schema.is_valid(&json), ours.is_ok(), "{document}: {ours:?}");
        refused += usize::from(ours.is_err());
    }
    assert!(refused >= 15, "{refused}");
}

#[test]
fn filters_are_levels_and_others_for_places() {
    for filter in ["info", "off", "warn,automcu_training=debug", "automcu_supervisor::actor=trace,error", "a=info"] {
        assert_eq!(filter.parse::<LogFilter>().map(|read| read.get().to_owned()), Ok(filter.to_owned()));
    }
    for wrong in ["", "INFO", "info,debug", "info,", "=debug", "a=", "a=loud", "a b=info", "[span]=info", "1"] {
        assert!(wrong.parse::<LogFilter>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_file_is_too_strange(
        bytes in any::<Vec<u8>>(),
        text in prop_oneof!["(\\[[a-z.]{0,9}\\]|[a-z_.]{1,9} ?= ?[a-z0-9\"\\[\\]{}.-]{0,9}|\n){0,20}", "\\PC*"],
    ) {
        for bytes in [bytes, text.into_bytes()] {
            if let Err(mistakes) = read_within(&user(), &bytes) {
                assert!(!mistakes.0.is_empty());
                assert!(mistakes.0.iter().all(|mistake| !mistake.problem.contains(['\u{1b}', '\n'])), "{mistakes}");
            }
        }
    }
}
