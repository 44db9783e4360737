//! Spaces of architectures: listed, described, chosen among, filled, and searched though a user wrote them.

use std::fs;

use automcu::Outcome;
use automcu_model::Spec;
use automcu_search::{Rules, built_in_spaces};
use automcu_tests::automcu;
use serde_json::Value;

const MINE: &str = r#"
name = "mine"
about = "Small networks of hard-swish blocks on smaller pictures."
side = 16
depth = { least = 1, most = 3 }

[stem]
channels = [8]

[stage]
modules = ["depthwise_separable", "fused_inverted_residual"]
channels = [8, 16, 24]
expansions = [2]
squeeze_excite = [false, true]
activations = ["hard_swish"]
halved_by = ["max_pool"]
"#;

fn json(arguments: &[&str]) -> (Outcome, Value) {
    let said = automcu(&[arguments, &["--json"]].concat());
    (said.outcome, serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors)))
}

#[test]
fn built_in_spaces_are_listed_and_described_with_exact_counts() {
    let said = automcu(&["spaces"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    for name in built_in_spaces() {
        assert!(said.output.contains(name), "{name}");
        let (outcome, space) = json(&["spaces", name]);
        assert_eq!((outcome, space["name"].as_str()), (Outcome::Yes, Some(name)));
        let is_signal = name == "signal";
        let count = Rules::built_in(name).expect("built in").configurations(is_signal).to_string();
        assert_eq!(space["configurations"], count.as_str());
        assert!(space["smallest"]["flash_bytes"].as_u64() > Some(0), "{space}");
        assert_eq!((&space["dtype"], &space["provenance"]), (&"int8".into(), &"estimated".into()));
        assert!(automcu(&["spaces", name]).output.contains(&count));
    }
    let (_, stages) = json(&["spaces", "stages"]);
    assert_eq!(stages["stage_configurations"], serde_json::Value::from(vec!["17280"; 5]));
}

#[test]
fn what_names_no_space_is_refused_by_file_field_and_remedy() {
    let said = automcu(&["spaces", "moblie"]);
    assert_eq!(said.outcome, Outcome::Unreadable);
    assert!(said.errors.contains("there is no space moblie") && said.errors.contains("mobile"), "{}", said.errors);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    fs::write(&file, MINE.replace("[8, 16, 24]", "[7]")).expect("writable");
    let said = automcu(&["largest", "--space", file.to_str().expect("text"), "--ram", "64KiB"]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("wrong.toml: stage.channels: 7 is not allowed; write "), "{}", said.errors);
    assert_eq!(automcu(&["spaces", "mobile", "free"]).outcome, Outcome::Misused);
    assert_eq!(automcu(&["spaces", "signal", "--input", "32x32x3"]).outcome, Outcome::Refused);
    assert_eq!(automcu(&["spaces", "mixed", "--input", "32x32"]).outcome, Outcome::Misused);
}

#[test]
fn the_largest_networks_fit_and_can_be_checked() {
    let budget = ["--ram", "8KiB", "--flash", "24KiB"];
    let (outcome, answer) = json(&[&["largest", "--input", "1x128x6", "--classes", "6"], &budget[..]].concat());
    assert_eq!(outcome, Outcome::Yes);
    let found = answer["found"].as_array().expect("a list");
    assert_eq!(found.iter().map(|one| one["by"].as_str()).collect::<Vec<_>>(), [Some("macs"), Some("parameters")]);
    for one in found {
        let spec = Spec::from_json(one["architecture"].to_string().as_bytes()).expect("a spec");
        assert_eq!(one["digest"], spec.lower().expect("it lowers").digest().to_string().as_str());
        assert_eq!(
            (&one["footprint"]["dtype"], &one["footprint"]["provenance"]),
            (&"int8".into(), &"estimated".into())
        );
    }
    let said = automcu(&[&["largest", "--input", "1x128x6"], &budget[..]].concat());
    assert!(said.output.contains("int8, estimated, code counted"), "{}", said.output);
    let none = automcu(&["largest", "--ram", "1KiB"]);
    assert_eq!(none.outcome, Outcome::No);
    assert!(none.output.contains("nothing fits: the smallest network of the space needs"), "{}", none.output);
}

#[test]
fn a_side_and_a_width_are_chosen_and_can_be_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.toml");
    let choices = "[choose]\nsides = [16, 32]\nwidth_percents = [50, 100]\n";
    fs::write(&file, MINE.replace("side = 16\n", "") + choices).expect("writable");
    let (file, to) = (file.to_str().expect("text"), folder.path().join("chosen.json"));
    let choose = ["spaces", file, "--choose", "--draws", "12", "--data", "synthetic", "--ram", "16KiB"];
    let chosen = [&choose[..], &["--flash", "48KiB", "-o", to.to_str().expect("text")]].concat();
    let (outcome, answer) = json(&chosen);
    assert_eq!(outcome, Outcome::Yes, "{answer}");
    let spreads = answer["spreads"].as_array().expect("a list");
    assert_eq!(spreads.len(), 4);
    let place = usize::try_from(answer["chosen"].as_u64().expect("one")).expect("small");
    let most = spreads.iter().filter_map(|spread| spread["mean_macs"].as_u64()).max();
    assert_eq!(spreads[place]["mean_macs"].as_u64(), most);
    assert!(automcu(&chosen).output.contains("draws fit, and compute the most multiply-accumulates"));
    let (outcome, space) = json(&["spaces", to.to_str().expect("text")]);
    assert_eq!((outcome, &space["name"]), (Outcome::Yes, &spreads[place]["space"]));
    let nothing = automcu(&[&choose[..], &["--flash", "1KiB"]].concat());
    assert_eq!(nothing.outcome, Outcome::No, "{}", nothing.output);
}

#[test]
fn a_job_searches_the_space_that_a_user_wrote() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    fs::write(at("mine.toml"), MINE).expect("writable");
    let job = format!(
        "data = 'synthetic'\nspace = '{}'\nbudget = {{ ram = '32 KiB', flash = '64 KiB' }}\n\
         limits = {{ candidates = 2, epochs = 1 }}\nproposer = 'random'\n",
        at("mine.toml")
    );
    fs::write(at("job.toml"), job).expect("writable");
    let said = automcu(&["run", &at("job.toml"), "--yes", "-o", &at("out"), "--state", &at("state"), "--json"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}{}", said.output, said.errors);
    let network = fs::read(at("out/spec.json")).expect("a bundle has its architecture");
    let spec = Spec::from_json(&network).expect("a spec");
    assert_eq!((spec.input.height.get(), spec.input.width.get()), (16, 16), "pictures are brought to its side");
    let text = spec.to_json();
    assert!(text.contains("hard_swish") && !text.contains("relu6"), "{text}");
    fs::write(at("job.toml"), "data = 'synthetic'\ntarget = 'RP2040'\nspace = 'signal'\n").expect("writable");
    let said = automcu(&["run", &at("job.toml"), "--yes", "-o", &at("other"), "--state", &at("state")]);
    assert_eq!(said.outcome, Outcome::Refused, "{}", said.errors);
    assert!(said.errors.contains("the space signal is for signals"), "{}", said.errors);
}

#[test]
fn every_built_in_space_has_its_words() {
    let vocabulary = automcu_words::Vocabulary::new(["mnist"], ["RP2040"]);
    for name in built_in_spaces() {
        let read = automcu_words::read(&format!("mnist on an RP2040 in the {name} space"), &vocabulary);
        assert_eq!(read.expect("understood").job.space.as_deref(), Some(name));
    }
}

#[test]
fn the_document_on_spaces_says_what_is() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SPACES.md")).expect("a document");
    let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    Rules::read("SPACES.md", example.as_bytes()).expect("the example is a space");
    let built_in = text.split("## Those built in").nth(1).expect("a section");
    for name in built_in_spaces() {
        let rules = Rules::built_in(name).expect("built in");
        let is_signal = name == "signal";
        let stage: u64 = rules.stage_configurations(1, is_signal).to_string().parse().expect("small");
        let row = built_in.lines().find(|line| line.starts_with(&format!("| `{name}` | "))).expect("a row");
        let (thousands, rest) = (stage / 1000, stage % 1000);
        let said = if thousands > 0 { format!("{thousands},{rest:03}") } else { rest.to_string() };
        assert!(row.contains(&said), "{said} in {row}");
        let power = format!("about 10^{:.1}", rules.configurations(is_signal).log10());
        assert!(row.contains(&power), "{power} in {row}");
    }
}
