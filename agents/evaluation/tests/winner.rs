//! A candidate that was really trained: chosen by, proven, and handed out as a bundle that anybody can hold to its word.

mod support;

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use automcu_artifacts::Bundle;
use automcu_contract::{
    ArtifactId, AttemptId, Proof, ScreenCandidate, Ticket, Verdict, VerificationSummary, VerifyCandidate,
};
use automcu_convert::{Interpreter, Network};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::Budget;
use automcu_toolchain::{
    Own, Subject, Tools,
    folder::Outline,
    gcc::{self, Gcc},
    host,
    judge::Judge,
};
use automcu_trainer::{Checkpoint, Conditions, Length, Nature, PROTOCOL, Recipe, Request, Splitting, work};
use sha2::{Digest, Sha256};
use support::{Act, Fake, ONE, SPEC, Scene, brief, ticket};

const SEED: u64 = 7;

fn conditions() -> Conditions {
    let recipe = Recipe::named("rung-0", Nature::Colour).expect("built in");
    Conditions {
        data: "synthetic".into(),
        left_out: None,
        split: Splitting::default(),
        recipe: Recipe { length: Length::Epochs(2), ..recipe },
        threads: 2,
        memory_bytes: None,
        deadline_s: 600.0,
        checkpoint_every_s: 600.0,
    }
}

/// The checkpoint of two epochs.
fn trained(folder: &Path) -> Vec<u8> {
    let checkpoint = folder.join("checkpoint.safetensors");
    let spec = serde_json::from_str(SPEC).expect("JSON");
    let request = Request {
        version: PROTOCOL,
        spec,
        seed: SEED,
        conditions: conditions(),
        checkpoint: checkpoint.clone(),
        from: None,
        grace_s: 600.0,
    };
    let (input, mut asking) = io::pipe().expect("a pipe");
    let line = serde_json::to_string(&request).expect("JSON") + "\n";
    io::Write::write_all(&mut asking, line.as_bytes()).expect("room");
    // The end of its input would stop it.
    work(input, io::sink(), || Duration::ZERO).expect("trained");
    drop(asking);
    fs::read(checkpoint).expect("written")
}

#[expect(clippy::disallowed_methods, reason = "compilers are looked for where whoever runs the tests has them")]
fn tools() -> Tools {
    let folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    Tools { deadline: Some(Duration::from_secs(120)), ..Tools::in_folders(&folders) }
}

/// What is asked of the trained candidate.
fn asked(scene: &Scene, proof: Proof) -> VerifyCandidate {
    let ScreenCandidate { spec, .. } = scene.candidate(ticket(1));
    let checkpoint = scene.store.put(&trained(scene.folder.path())).expect("put");
    let conditions = scene.store.put(&serde_json::to_vec(&conditions()).expect("JSON")).expect("put");
    let budget = Budget { ram: Some(Bytes(32 << 10)), flash: Some(Bytes(64 << 10)) };
    let (target, dtype) = (brief("STM32F407VET6"), DataType::Int8);
    VerifyCandidate { ticket: ticket(1), spec, checkpoint, conditions, target, budget, dtype, judge: None, proof }
}

async fn verified(scene: &mut Scene, asked: VerifyCandidate) -> VerificationSummary {
    let ticket = asked.ticket;
    scene.verify(asked).await.expect("accepted");
    let summary = scene.verified.recv().await.expect("an outcome");
    assert_eq!(summary.ticket, ticket);
    summary
}

#[actix::test]
async fn a_trained_candidate_is_measured_in_its_integers_to_choose_by() {
    let mut scene = Scene::new(vec![Arc::new(Own::default())], ONE, Tools::default());
    let asked = asked(&scene, Proof::Choice);
    let summary = verified(&mut scene, asked.clone()).await;
    assert_eq!((summary.verdict, summary.bundle, summary.test), (Verdict::Fits, None, None));
    let metric = summary.metric.expect("measured");
    assert_eq!((metric.dtype, metric.provenance), (DataType::Int8, Provenance::Host));
    assert!(metric.low < metric.value && metric.value < metric.high, "{metric:?}");
    let checkpoint = Checkpoint::read(&scene.store.file(asked.checkpoint).expect("there")).expect("a checkpoint");
    let float = checkpoint.summary.expect("it is through").validation.accuracy;
    assert!((float.share - metric.value.get()).abs() < 0.05, "{float:?} as float32, {metric:?}");
    assert!(summary.judge.as_str().starts_with("plan (AutoMCU"), "{}", summary.judge);
    // The same again says the same, and what does not belong together is refused.
    let again = VerifyCandidate { ticket: Ticket { attempt: AttemptId(2), ..ticket(1) }, ..asked.clone() };
    assert_eq!(verified(&mut scene, again).await.metric, Some(metric));
    let other = Conditions { split: Splitting { seed: 2, ..Splitting::default() }, ..conditions() };
    let other = scene.store.put(&serde_json::to_vec(&other).expect("JSON")).expect("put");
    let spec = scene.store.put(SPEC.replace("12", "16").as_bytes()).expect("put");
    for (wrong, told) in [
        (VerifyCandidate { conditions: other, ..asked.clone() }, "of another data set or split"),
        (VerifyCandidate { spec, ..asked.clone() }, "of another architecture"),
    ] {
        let summary = verified(&mut scene, VerifyCandidate { ticket: ticket(2), ..wrong }).await;
        let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
        assert!(reason.as_str().contains(told), "{reason}");
    }
    // Without a compiler nothing is proven, and nothing handed out.
    let winner = VerifyCandidate { ticket: ticket(3), proof: Proof::Winner, ..asked };
    let summary = verified(&mut scene, winner).await;
    let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("could not be run on this computer: there is no C compiler"), "{reason}");
    assert_eq!((summary.metric, summary.test, summary.bundle), (Some(metric), None, None));
}

#[actix::test]
async fn the_winner_is_proven_and_handed_out_with_all_that_it_comes_from() {
    let mut judges: Vec<Arc<dyn Judge>> = vec![Arc::new(Own::default())];
    let has_arm = tools().arm_compiler.is_some();
    if has_arm {
        judges.push(Arc::new(Gcc::new(tools(), gcc::Settings { runs: false }).expect("it says who it is")));
    }
    let mut scene = Scene::new(judges, ONE, tools());
    let asked = asked(&scene, Proof::Winner);
    for (number, target) in [(1, asked.target.clone()), (2, None)] {
        let is_firmware = target.is_some();
        let asked = VerifyCandidate { ticket: ticket(number), target, ..asked.clone() };
        let checkpoint = scene.store.get(asked.checkpoint).expect("there");
        let summary = verified(&mut scene, asked).await;
        assert_eq!(summary.verdict, Verdict::Fits, "{summary:?}");
        assert!(summary.judge.as_str().starts_with(if has_arm { "gcc (" } else { "plan (" }), "{}", summary.judge);
        let test = summary.test.expect("opened");
        assert!(test.low < test.value && test.value < test.high && summary.metric.is_some());
        let folder = scene.folder.path().join(format!("bundle-{number}"));
        let bundle = Bundle::read(&scene.store, summary.bundle.expect("handed out")).expect("a list");
        bundle.lay_out(&scene.store, &folder).expect("laid out");
        check_files(&bundle, &folder, is_firmware);
        check_sums(&folder);
        assert_eq!(fs::read(folder.join("checkpoint.safetensors")).expect("there"), checkpoint);
        check_code(&folder);
        check_report(&folder, &summary, is_firmware && has_arm && tools().emulator.is_some());
    }
}

#[actix::test]
async fn whoever_does_not_fit_is_not_handed_out() {
    let judges = [Fake::new("quick", [Act::Measure(100)]), Fake::new("firm", [Act::Measure(1 << 20)])];
    let judges = judges.iter().map(|judge| Arc::clone(judge) as Arc<dyn Judge>).collect();
    let mut scene = Scene::new(judges, ONE, tools());
    let asked = asked(&scene, Proof::Winner);
    let summary = verified(&mut scene, asked).await;
    assert!(matches!(summary.verdict, Verdict::OverBudget { .. }), "{summary:?}");
    assert_eq!((summary.judge.as_str(), summary.test, summary.bundle), ("firm (Fake firm 1.0)", None, None));
    assert!(summary.metric.is_some());
}

#[track_caller]
fn check_files(bundle: &Bundle, folder: &Path, is_firmware: bool) {
    let paths: Vec<&str> = bundle.files.iter().map(|file| file.path.as_str()).collect();
    let own = ["automcu.json", "model.c", "model.h", "model.tflite", "model.onnx", "vectors.h", "Makefile"];
    let around = [
        "REPORT.md",
        "HOW.md",
        "report.json",
        "spec.json",
        "recipe.json",
        "conditions.json",
        "labels.txt",
        "checkpoint.safetensors",
        "vectors/inputs.bin",
        "vectors/outputs.bin",
        "SHA256SUMS",
    ];
    let firmware: &[&str] = if is_firmware { &["STM32F407VET6.ld", "startup.c", "README.md"] } else { &["main.c"] };
    for path in own.iter().chain(&around).chain(firmware) {
        assert!(paths.contains(path), "{path} of {paths:?}");
    }
    for file in &bundle.files {
        let content = fs::read(folder.join(&file.path)).expect("laid out");
        assert_eq!((ArtifactId::of(&content), content.len() as u64), (file.artifact, file.bytes), "{}", file.path);
    }
    let outline: Outline =
        serde_json::from_slice(&fs::read(folder.join("automcu.json")).expect("there")).expect("JSON");
    assert!(outline.is_whole && outline.firmware.is_some() == is_firmware);
    let recipe = Recipe::from_json(&fs::read(folder.join("recipe.json")).expect("there")).expect("a recipe");
    assert_eq!(recipe, conditions().recipe);
}

/// Every file is in the list of checksums, with the right one.
#[track_caller]
fn check_sums(folder: &Path) {
    let text = fs::read_to_string(folder.join("SHA256SUMS")).expect("there");
    let sums: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(a, b)| (b, a)).collect();
    for path in ["model.c", "vectors/inputs.bin", "REPORT.md", "checkpoint.safetensors", "automcu.json"] {
        let digest = Sha256::digest(fs::read(folder.join(path)).expect("there"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sums.get(path), Some(&digest.as_str()), "{path}");
    }
}

/// The integers of the .tflite and the C code answer what the bundle says, to the byte.
#[track_caller]
fn check_code(folder: &Path) {
    let bytes = |path: &str| -> Vec<i8> {
        fs::read(folder.join(path)).expect("there").into_iter().map(u8::cast_signed).collect()
    };
    let text = |path: &str| fs::read_to_string(folder.join(path)).expect("text");
    let (inputs, outputs) = (bytes("vectors/inputs.bin"), bytes("vectors/outputs.bin"));
    let network = Network::from_tflite(&fs::read(folder.join("model.tflite")).expect("there")).expect("a network");
    let mut interpreter = Interpreter::new(&network).expect("computed");
    let each = 32 * 32 * 3;
    let answers: Vec<i8> =
        inputs.chunks(each).flat_map(|input| interpreter.run(input).expect("whole inputs").to_vec()).collect();
    assert_eq!((answers.len(), &answers), (16 * 10, &outputs));
    let (header, source) = (text("model.h"), text("model.c"));
    let subject = Subject { name: "model", header: &header, source: &source, inputs: &inputs };
    assert_eq!(host(&tools(), &subject).expect("it runs").outputs, outputs);
    let labels = text("labels.txt");
    assert_eq!(labels.lines().collect::<Vec<_>>(), network.labels());
}

#[track_caller]
fn check_report(folder: &Path, summary: &VerificationSummary, is_emulated: bool) {
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("report.json")).expect("there")).expect("JSON");
    let share = |part: &str| report[part]["accuracy"]["share"].as_f64();
    assert_eq!(share("validation"), summary.metric.map(|metric| metric.value.get()));
    assert_eq!(share("test"), summary.test.map(|metric| metric.value.get()));
    assert_eq!((&report["verdict"], &report["proof"]["is_proven"]), (&"fits".into(), &true.into()));
    assert_eq!((&report["seed"], &report["test"]["dtype"]), (&SEED.into(), &"int8".into()));
    assert_eq!(report["footprint"], serde_json::to_value(summary.footprint).expect("JSON"));
    let text = fs::read_to_string(folder.join("REPORT.md")).expect("there");
    assert!(text.contains("| test |") && text.contains("- this computer (host): 0 bytes differ"), "{text}");
    if is_emulated {
        assert!(text.contains("(emulated): 0 bytes differ; "), "{text}");
        assert!(text.contains("- firmware for STM32F407VET6 (linked): "), "{text}");
    }
    let how = fs::read_to_string(folder.join("HOW.md")).expect("there");
    assert!(how.contains("automcu verify .") && how.contains("--recipe recipe.json --seed 7 --threads 2"), "{how}");
}
