//! The memory, with a judge that counts how often it is asked.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Budget, Catalogue, FlashUse, Footprint, RamUse};

use super::*;
use crate::{
    judge::{Judged, Patience, ask, memory::files},
    testing::{network, question},
};

struct Counting {
    identity: Identity,
    minds_budget: bool,
    answer: Result<Measurement, NoAnswer>,
    asked: AtomicU32,
}

impl Counting {
    fn new(answer: Result<Measurement, NoAnswer>) -> Self {
        let identity =
            Identity { name: "counting", tool: "Counting 1.0".to_owned(), settings: vec!["as usual".to_owned()] };
        Self { identity, minds_budget: false, answer, asked: AtomicU32::new(0) }
    }

    fn measuring() -> Self {
        let footprint = Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Tool,
            ram: RamUse { activations: Bytes(600), runtime: None, stack: None },
            flash: FlashUse { weights: Bytes(10), tables: Some(Bytes(0)), code: None },
        };
        let (operators, layers, remarks) = (vec!["Dense".to_owned()], Vec::new(), vec!["a remark".to_owned()]);
        Self::new(Ok(Measurement { footprint, macs: Some(8), operators, layers, ran: None, remarks }))
    }
}

impl Judge for Counting {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn minds_budget(&self) -> bool {
        self.minds_budget
    }

    fn analyze(&self, _: &Question<'_>) -> Result<Measurement, NoAnswer> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answer.clone()
    }

    fn generate(&self, _: &Question<'_>, _: &Path) -> Result<Vec<PathBuf>, NoAnswer> {
        Ok(Vec::new())
    }
}

fn asked(judge: &Remembered<Counting>, question: &Question<'_>) -> (Judged, u32) {
    let judged = ask(judge, question, Patience { tries: 1, pause: std::time::Duration::ZERO });
    (judged, judge.judge.asked.load(Ordering::Relaxed))
}

/// Asks a question, and then perhaps another one; whether the second was answered from memory.
fn is_recalled(folder: &Path, other: impl FnOnce(&mut Counting), question: &Question<'_>) -> bool {
    let mut judge = Counting::measuring();
    other(&mut judge);
    let (judged, count) = asked(&Remembered::new(judge, folder, 100), question);
    assert_eq!(judged.remembered, count == 0);
    assert_eq!(judged.tries, count);
    assert!(judged.measurement.is_some());
    judged.remembered
}

#[test]
fn the_same_question_is_answered_from_memory_and_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (network, within) = (network(), folder.path().join("answers"));
    let judge = Remembered::new(Counting::measuring(), &within, 100);
    let (first, _) = asked(&judge, &question(&network));
    let (second, count) = asked(&judge, &question(&network));
    assert_eq!((first.remembered, second.remembered, count), (false, true, 1));
    assert_eq!((&first.measurement, &first.verdict), (&second.measurement, &second.verdict));
    // A smaller budget is compared anew.
    let tight = Budget { ram: Some(Bytes(1)), flash: None };
    let (third, _) = asked(&judge, &Question { budget: tight, ..question(&network) });
    assert_eq!((third.remembered, third.verdict.word()), (true, "over budget"));
    assert!(is_recalled(&within, |_| {}, &question(&network)), "by the next program too");
}

#[test]
fn another_version_setting_target_budget_or_network_is_another_question() {
    let folder = tempfile::tempdir().expect("a folder");
    let (network, at) = (network(), folder.path());
    let of = question(&network);
    let catalogue = Catalogue::built_in();
    let part = |name: &str| Question { part: Some(catalogue.find(name).expect("a part")), ..of };
    assert!(!is_recalled(at, |_| {}, &of));
    assert!(!is_recalled(at, |judge| judge.identity.name = "other", &of));
    assert!(!is_recalled(at, |judge| judge.identity.tool = "Counting 1.1".to_owned(), &of));
    assert!(!is_recalled(at, |judge| judge.identity.settings.push("otherwise".to_owned()), &of));
    assert!(!is_recalled(at, |_| {}, &part("STM32F407")));
    assert!(!is_recalled(at, |_| {}, &part("STM32F411")));
    assert!(is_recalled(at, |_| {}, &part("STM32F407")));
    let float = network.dequantised();
    assert!(!is_recalled(at, |_| {}, &Question { float: Some(&float), ..of }));
    let labelled = network.clone().with_labels(vec!["one".to_owned(), "two".to_owned()]);
    assert!(!is_recalled(at, |_| {}, &question(&labelled)));
    let budget = |ram| Question { budget: Budget { ram: Some(Bytes(ram)), flash: None }, ..of };
    assert!(is_recalled(at, |_| {}, &budget(1_000)));
    assert!(!is_recalled(at, |judge| judge.minds_budget = true, &budget(1_000)));
    assert!(!is_recalled(at, |judge| judge.minds_budget = true, &budget(2_000)));
    assert!(is_recalled(at, |judge| judge.minds_budget = true, &budget(1_000)));
}

#[test]
fn only_what_will_not_change_is_kept() {
    let network = network();
    let words = || "words".to_owned();
    let unsupported = NoAnswer::Unsupported { operator: "Mean".to_owned(), layer: Some("a".to_owned()) };
    for (none, is_kept) in [
        (unsupported, true),
        (NoAnswer::NotForTarget { words: words() }, true),
        (NoAnswer::Transient { words: words() }, false),
        (NoAnswer::Bench { words: words() }, false),
        (NoAnswer::Failed { words: words() }, false),
        (NoAnswer::WrongFlags { words: words() }, false),
        (NoAnswer::BadModel { words: words() }, false),
        (NoAnswer::Missing { tool: words(), remedy: words() }, false),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let judge = Remembered::new(Counting::new(Err(none.clone())), folder.path(), 100);
        let (first, _) = asked(&judge, &question(&network));
        let (second, _) = asked(&judge, &question(&network));
        assert_eq!((first.verdict, second.remembered), (second.verdict, is_kept), "{none}");
        assert_eq!(files(folder.path()).len(), usize::from(is_kept));
    }
}

#[test]
fn what_is_damaged_foreign_or_older_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = network();
    let ask_again = || is_recalled(folder.path(), |_| {}, &question(&network));
    assert!(!ask_again());
    let [file] = &files(folder.path())[..] else { panic!("one answer") };
    let good = fs::read_to_string(file).expect("written");
    for bad in [
        String::new(),
        good[..good.len() / 2].to_owned(),
        "[]".to_owned(),
        good.replace("\"format\": 1", "\"format\": 0"),
        good.replace("Counting 1.0", "Counting 0.9"),
        good.replace("\"activations_bytes\": 600", "\"activations_bytes\": \"many\""),
        "x".repeat(8 << 20),
    ] {
        assert_ne!(bad, good);
        fs::write(file, &bad).expect("writable");
        assert!(!ask_again(), "{:.200}", bad);
        assert!(ask_again());
        assert_eq!(fs::read_to_string(file).expect("written"), good);
    }
}

#[test]
fn the_oldest_answers_go_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = network();
    let left = format!(".{}.json.abcdef.new", ArtifactId::of(b"begun"));
    for name in ["README.md", &left] {
        fs::write(folder.path().join(name), "").expect("writable");
    }
    let of = |version: u32| {
        let mut judge = Counting::measuring();
        judge.identity.tool = format!("Counting {version}");
        asked(&Remembered::new(judge, folder.path(), 3), &question(&network)).0.remembered
    };
    for version in 0..5 {
        assert!(!of(version));
        // Times of files may be coarse.
        for file in files(folder.path()) {
            let age =
                fs::metadata(&file).expect("there").modified().expect("a time") - std::time::Duration::from_secs(9);
            fs::File::options().append(true).open(&file).and_then(|file| file.set_modified(age)).expect("ours");
        }
    }
    assert_eq!(files(folder.path()).len(), 4, "three answers and a file of somebody else's");
    assert!(folder.path().join("README.md").exists() && !folder.path().join(left).exists());
    assert!(of(4) && of(2) && !of(0));
}

#[test]
fn a_folder_that_cannot_be_had_costs_nothing_but_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("writable");
    let network = network();
    assert!(!is_recalled(&file, |_| {}, &question(&network)));
    assert!(!is_recalled(&file, |_| {}, &question(&network)));
}
