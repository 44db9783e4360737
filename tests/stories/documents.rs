//! What the documents show is what the program says.

use std::path::Path;

use automcu::Outcome;
use automcu_tests::{automcu, automcu_reading};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(path).expect("the document is in the repository")
}

/// The text between "```language" and "```", each with the first line before it.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_architecture_in_the_documents_is_constructible() {
    let mut seen = 0;
    for name in ["README.md", "docs/SPEC.md"] {
        for spec in blocks(&document(name), "json") {
            let said = automcu_reading(spec.as_bytes(), &["check", "-"]);
            assert_eq!(said.outcome, Outcome::Yes, "{name}:\n{spec}\n{}", said.errors);
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn every_module_is_documented() {
    let text = document("docs/SPEC.md");
    let schema = document("schemas/architecture.json");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let mut words = Vec::new();
    collect_ops(&schema, &mut words);
    assert!(words.len() >= 16, "{words:?}");
    for word in words {
        assert!(text.contains(&format!("`{word}`")), "{word}");
    }
}

/// The words that the field `op` may hold.
fn collect_ops(schema: &serde_json::Value, words: &mut Vec<String>) {
    match schema {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_ops(item, words)),
        serde_json::Value::Object(object) => {
            let op = object.get("properties").and_then(|properties| properties.pointer("/op/enum/0"));
            words.extend(op.and_then(|op| op.as_str()).map(ToOwned::to_owned));
            object.values().for_each(|item| collect_ops(item, words));
        }
        _ => {}
    }
}

/// The words of a command, as a shell takes them: what stands in double quotes is one.
fn words_of(line: &str) -> Vec<&str> {
    let pieces = line.split('"').enumerate();
    pieces.flat_map(|(at, piece)| if at % 2 == 0 { piece.split_whitespace().collect() } else { vec![piece] }).collect()
}

/// Verbs that ask a daemon.
const ASKS_DAEMON: [&str; 14] = [
    "submit",
    "ls",
    "show",
    "watch",
    "logs",
    "cancel",
    "pause",
    "resume",
    "set",
    "wait",
    "export",
    "replay",
    "log-level",
    "metrics",
];

#[test]
fn every_command_in_the_readme_that_checks_something_works() {
    let text = document("README.md");
    let written = tempfile::tempdir().expect("a folder");
    let lines: Vec<&str> = blocks(&text, "sh").into_iter().flat_map(str::lines).collect();
    let mut seen = 0;
    for line in lines.iter().filter_map(|line| line.split("cargo run --release -- ").nth(1)) {
        let mut words: Vec<String> = words_of(line)
            .into_iter()
            .take_while(|word| !word.starts_with(['#', '&']))
            .map(|word| {
                if let Some(name) = word.strip_prefix("tests/fixtures/") {
                    automcu_tests::fixture(name)
                } else if let Some(name) = word.strip_prefix("target/") {
                    written.path().join(name).to_str().expect("text").to_owned()
                } else {
                    word.into()
                }
            })
            .collect();
        // A look at training is enough here.
        if let Some(at) = words.iter().position(|word| word == "--time") {
            words[at + 1] = "2s".to_owned();
        }
        // Jobs from their beginning to their end have stories of their own.
        if ["run", "serve"].contains(&words[0].as_str()) || words[0] == "verify" && automcu_needs::need("cc").is_none()
        {
            continue;
        }
        // Those that ask a daemon are understood where they find none; nobody's own is asked.
        let asks_daemon = ASKS_DAEMON.contains(&words[0].as_str());
        if asks_daemon {
            words.extend(["--socket".to_owned(), written.path().join("no-socket").display().to_string()]);
        }
        let said = automcu(&words.iter().map(String::as_str).collect::<Vec<_>>());
        // The vendor's tool is for its user to install.
        let is_answered = matches!(said.outcome, Outcome::Yes | Outcome::No);
        let lacks_tool = (words[0] == "validate" || asks_daemon) && said.outcome == Outcome::Unavailable;
        assert!(is_answered || lacks_tool, "{line}: {}", said.errors);
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}
