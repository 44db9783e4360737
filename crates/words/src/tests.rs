//! What people say, and what it comes to.

use automcu_api::{Ablation, Budget, Goal, JobFile, JobId, Limits, Money, Proposer, Size, Span};
use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
    sample::{select, subsequence},
};

use crate::{
    Vocabulary, WordsError, read, write,
    write::{PROPOSERS, phrases},
};

fn vocabulary() -> Vocabulary {
    Vocabulary::new(
        ["synthetic", "signals", "mnist", "fashion-mnist", "cifar-10", "cifar-100", "fsdd", "har"],
        ["STM32F407", "STM32F407VG", "STM32F746NG", "RP2040", "nRF52840", "ESP32-S3-WROOM-1-N8"],
    )
}

fn job(text: &str) -> JobFile {
    read(text, &vocabulary()).unwrap_or_else(|error| panic!("{text}: {error}")).job
}

fn refused(text: &str) -> String {
    read(text, &vocabulary()).expect_err(text).to_string()
}

/// Fashion-MNIST with these memories.
fn within(ram: u64, flash: u64) -> JobFile {
    let budget = Budget { ram: Size::new(ram), flash: Size::new(flash) };
    JobFile { budget, ..JobFile::new("fashion-mnist") }
}

#[test]
fn a_job_is_said_in_many_ways() {
    let said = JobFile {
        target: Some("STM32F407".into()),
        goal: Goal::new(0.91),
        limits: Limits { time: Span::new(7200), ..Limits::default() },
        ..within(64_000, 128_000)
    };
    for text in [
        "Fashion-MNIST on an STM32F407, at least 91 %, 64 KB RAM and 128 KB Flash, within two hours",
        "within 2h: fashion mnist with 91% accuracy; stm32f407 (64 KB of RAM, 128 KB of flash)",
        "Find me a network for FMNIST that fits the STM32F407 with RAM 64 KB, Flash 128 KB. Reach an accuracy of 0.91 in 120 minutes.",
        "64/128 KB, fashion-mnist, 91 percent or more, stm32-f407, up to 1h 60 min",
        "I want ninety-one percent on fashion_mnist in two hours on the STM32F407 with sixty-four kilobytes of SRAM and 128kB ROM",
        "flash/ram of 128KB/64KB, STM32F407, fmnist, accuracy ≥ 91 %, under 2 hours",
        "STM32F407: RAM and Flash at most 64 and 128 KB for Fashion MNIST, >= 91 %, no more than two hours",
        "64 and 128 KB of RAM and Flash, fashion-mnist, goal: 0.91, STM32F407, time limit 2 hours",
        "minimum accuracy of 91 %, a maximum RAM of 64 KB and flash limited to 128 KB, STM32F407, fmnist, max 2 h",
        "64 kb/128 kb RAM/Flash, fashion-mnist on STM32F407, 91% minimum, 2-hour limit",
    ] {
        assert_eq!(job(text), said, "{text}");
    }
}

#[test]
fn spans_of_time_are_understood() {
    for (text, seconds) in [
        ("an hour and a half", 5400),
        ("two and a half hours", 9000),
        ("half an hour", 1800),
        ("1h30m", 5400),
        ("two hours and 30 minutes", 9000),
        ("90-minute", 5400),
        ("a day", 86_400),
        ("overnight", 28_800),
        ("within three days", 259_200),
        ("for 45 s", 45),
        ("1.5 hours", 5400),
    ] {
        let read = job(&format!("mnist on an RP2040, {text}"));
        assert_eq!(read.limits.time, Span::new(seconds), "{text}");
    }
}

#[test]
fn everything_else_has_its_words() {
    let base = || JobFile { target: Some("RP2040".into()), ..JobFile::new("mnist") };
    let limits = |candidates, epochs| Limits { candidates, epochs, ..Limits::default() };
    for (text, said) in [
        ("up to 40 candidates", JobFile { limits: limits(Some(40), None), ..base() }),
        ("candidates: 40, a dozen epochs", JobFile { limits: limits(Some(40), Some(12)), ..base() }),
        ("3 seeds, seed 7", JobFile { seeds: Some(3), seed: 7, ..base() }),
        ("random search with random seed 7", JobFile { proposer: Proposer::Random, seed: 7, ..base() }),
        ("by evolution", JobFile { proposer: Proposer::Evolution, ..base() }),
        ("evolutionary search", JobFile { proposer: Proposer::Evolution, ..base() }),
        ("seeds only", JobFile { proposer: Proposer::Seeds, ..base() }),
        ("by a language model", JobFile { proposer: Proposer::Llm, ..base() }),
        ("proposed by an LLM", JobFile { proposer: Proposer::Llm, ..base() }),
        ("hybrid search", JobFile { proposer: Proposer::Hybrid, ..base() }),
        ("proposer genius", JobFile { proposer: Proposer::Genius, ..base() }),
        (
            "by an LLM, at most 200000 tokens, money 2.50",
            JobFile {
                proposer: Proposer::Llm,
                limits: Limits { tokens: Some(200_000), money: Money::new(2_500_000), ..Limits::default() },
                ..base()
            },
        ),
        ("in the mobile space", JobFile { space: Some("mobile".into()), ..base() }),
        ("mixed space, space: mixed", JobFile { space: Some("mixed".into()), ..base() }),
        ("space ./mine.toml", JobFile { space: Some("./mine.toml".into()), ..base() }),
        ("recipe lmanet-mini.", JobFile { recipe: "lmanet-mini".into(), ..base() }),
        ("tagged night, tag \"a b\"", JobFile { tags: vec!["a b".into(), "night".into()], ..base() }),
        ("priority -5", JobFile { priority: -5, ..base() }),
        ("high priority", JobFile { priority: 10, ..base() }),
        ("warm-start", JobFile { warm: true, ..base() }),
        ("begin with past jobs", JobFile { warm: true, ..base() }),
        ("leave group 4 out", JobFile { leave_out: Some(4), ..base() }),
        ("leaving out group 4, mix groups", JobFile { leave_out: Some(4), mix_groups: true, ..base() }),
        ("judged by vela", JobFile { judges: Some(vec!["vela".into()]), ..base() }),
        ("without screening", JobFile { ablate: vec![Ablation::Hag], ..base() }),
        (
            "by an LLM, without screening, without msim, replay j7",
            JobFile {
                proposer: Proposer::Llm,
                replays: Some(JobId(7)),
                ablate: vec![Ablation::Msim, Ablation::Hag],
                ..base()
            },
        ),
    ] {
        assert_eq!(job(&format!("MNIST on the RP2040, {text}")), said, "{text}");
    }
    for (text, data) in [
        ("speech digits", "fsdd"),
        ("CIFAR10", "cifar-10"),
        ("CIFAR-100", "cifar-100"),
        ("data \"my pictures\"", "my pictures"),
        ("the data set /data/x-1.npz,", "/data/x-1.npz"),
    ] {
        assert_eq!(job(&format!("{text} on nRF52840")).data, data, "{text}");
    }
}

#[test]
fn what_is_assumed_is_told() {
    let understood = read("mnist, 64/128 KB, overnight, high priority", &vocabulary()).expect("a job");
    assert_eq!(
        understood.assumed,
        [
            "KB is 1,000 bytes; KiB is 1,024",
            "of two sizes the first is RAM, the second Flash",
            "overnight is 8 h",
            "a high priority is 10",
        ]
    );
    let words: Vec<&str> = understood.placed.iter().map(|placed| placed.words.as_str()).collect();
    assert_eq!(words, ["mnist", "64/128 KB", "overnight", "high priority"]);
    let exact = read("mnist, 64 KiB RAM, 131072 bytes of flash", &vocabulary()).expect("a job");
    assert_eq!(exact.assumed, [""; 0]);
}

#[test]
fn what_cannot_be_placed_is_quoted_exactly() {
    for (text, said) in [
        (
            "MNIST on an STM32F4, 64 KB RAM, quickly please",
            "not understood: \"STM32F4\", \"quickly\"; understood are \"MNIST\", \"64 KB RAM\"; did you mean one of STM32F407, STM32F407VG?",
        ),
        ("hello world", "not understood: \"hello world\"; nothing else is said"),
        ("MNIST not on an RP2040", "not understood: \"not\"; understood are \"MNIST\", \"RP2040\""),
        ("MNIST, RP2040, 1,000 candidates", "not understood: \"1\"; understood are"),
        ("MNIST, RP2040, accuracy -5 %", "not understood: \"-\"; understood are"),
        ("MNIST-like on RP2040", "not understood: \"MNIST-like\"; understood are \"RP2040\""),
        ("MNIST, RP2040, 30 epochs a candidate", "not understood: \"candidate\"; understood are"),
        ("MNIST, RP2040 and Flash", "not understood: \"Flash\"; understood are"),
    ] {
        let error = refused(text);
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, said) in [
        ("MNIST, RP2040, 64 KB", "\"64 KB\": of which memory? say \"64 KB of RAM\" or \"64 KB of Flash\""),
        ("MNIST, 64 K of RAM", "\"64 K of RAM\": \"64 K\" is no size; write KiB (times 1024) or KB"),
        ("MNIST, at least 64 KB of RAM", "\"at least 64 KB of RAM\": a goal is what is reached at least, a limit"),
        ("MNIST, 64 KB RAM minimum", "\"64 KB RAM minimum\": a goal is"),
        ("MNIST, RP2040, at most 91 %", "\"at most 91 %\": a goal is"),
        ("MNIST, RP2040, over two hours", "\"over two hours\": a goal is"),
        ("MNIST, RP2040, 910 %", "\"910 %\": \"910 %\" is no accuracy"),
        ("MNIST, RP2040, accuracy of 91", "\"accuracy of 91\": \"91\" is no accuracy; write"),
        ("MNIST, RP2040, 1 h, 2 h", "\"1 h\" and \"2 h\" say different things; leave one out"),
        ("MNIST on RP2040 and nRF52840", "\"RP2040\" and \"nRF52840\" say different things"),
        ("RP2040 within 2 h", "no data set is named; name one of \"cifar-10\", \"cifar-100\""),
        ("MNIST", "budget: missing, and no target is named; write ram and flash"),
        ("MNIST on RP2040, 0 candidates", "limits.candidates: 0 is out of range; write 1 to 10000"),
        ("MNIST on RP2040, 500 weeks", "\"500 weeks\": \"500 week\" is no time"),
    ] {
        let error = refused(text);
        assert!(error.starts_with(said), "{error}");
    }
    assert!(matches!(read(&"a ".repeat(9000), &vocabulary()), Err(WordsError::TooLong { .. })));
    assert_eq!(job("MNIST on RP2040 within 1 h, 60 minutes").limits.time, Span::new(3600));
}

/// Without what means nothing where no language model is asked.
fn sensible(job: JobFile) -> JobFile {
    if job.proposer.asks_a_model() {
        return job;
    }
    let ablate = job.ablate.into_iter().filter(|part| *part != Ablation::Msim).collect();
    JobFile { limits: Limits { tokens: None, money: None, ..job.limits }, replays: None, ablate, ..job }
}

fn jobs() -> impl Strategy<Value = JobFile> {
    let text = "[a-zA-Z0-9 ,;./\"\\\\é%-]{1,12}";
    let budget = (1_u64..1 << 30, option::of(1_u64..1 << 30))
        .prop_map(|(ram, flash)| Budget { ram: Size::new(ram), flash: flash.and_then(Size::new) });
    let lengths = (option::of(1_u64..10_000_000), option::of(1_u32..=10_000), option::of(1_u32..=10_000));
    let costs = (option::of(1_u64..=1_000_000_000_000), option::of(1_u64..1 << 40));
    let limits = (lengths, costs).prop_map(|((time, candidates, epochs), (tokens, money))| Limits {
        time: time.and_then(Span::new),
        candidates,
        epochs,
        tokens,
        money: money.and_then(Money::new),
    });
    let proposer = select(PROPOSERS.iter().map(|(_, proposer)| *proposer).collect::<Vec<_>>());
    let sorted = || btree_set(text, 0..3).prop_map(Vec::from_iter);
    let first = (text, option::of(text), budget, option::of(1e-6_f64..=1.0), limits, proposer, text);
    let second = (0_u64..1 << 53, option::of(1_u32..=32), sorted(), -100_i8..=100, any::<bool>());
    let ablate = subsequence(vec![Ablation::Msim, Ablation::Hag], 0..=2);
    let third = (option::of(any::<u32>()), any::<bool>(), sorted(), ablate, option::of(text));
    (first, second, third).prop_map(|(first, second, third)| {
        let (data, target, budget, goal, limits, proposer, recipe) = first;
        let (seed, seeds, tags, priority, warm) = second;
        let (leave_out, mix_groups, judges, ablate, space) = third;
        let (goal, judges) = (goal.and_then(Goal::new), Some(judges).filter(|judges| !judges.is_empty()));
        let said = JobFile { target, budget, goal, limits, proposer, recipe, seed, ..JobFile::new(data) };
        let replays = leave_out.map(|number| JobId(number.into()));
        sensible(JobFile { seeds, tags, priority, warm, leave_out, mix_groups, judges, ablate, space, replays, ..said })
    })
}

/// Phrases of one job that everybody understands, in one order.
fn spoken() -> impl Strategy<Value = Vec<&'static str>> {
    let all = vec![
        "Fashion-MNIST",
        "on an STM32F407",
        "at least 91 %",
        "64 KB RAM",
        "128 KB of Flash",
        "within an hour and a half",
        "40 candidates",
        "a dozen epochs",
        "3 seeds",
        "seed 7",
        "by evolution",
        "recipe paper",
        "in the residual space",
        "tag b",
        "tag a",
        "high priority",
        "warm start",
        "without hag",
        "judged by own",
        "leave out group 4",
    ];
    let count = all.len();
    subsequence(all, 4..=count).prop_shuffle()
}

proptest! {
    #[test]
    fn a_job_reads_back_from_its_words_in_any_order(job in jobs(), seed in any::<u64>()) {
        let understood = read(&write(&job), &vocabulary()).expect("its own words");
        prop_assert_eq!(&understood.job, &job);
        let mut phrases = phrases(&job);
        let turns = usize::try_from(seed % 20).expect("small") % phrases.len();
        phrases.rotate_left(turns);
        if seed % 2 == 0 {
            phrases.reverse();
        }
        prop_assert_eq!(read(&phrases.join(", "), &vocabulary()).expect("its own words").job, job);
    }

    #[test]
    fn the_order_of_phrases_does_not_matter(phrases in spoken(), glue in prop_oneof![Just(", "), Just("; "), Just(" and ")]) {
        let mut sorted = phrases.clone();
        sorted.sort_unstable();
        let read = |phrases: &[&str]| {
            let text = phrases.join(glue);
            read(&text, &vocabulary()).map(|understood| understood.job).map_err(|error| matches!(error, WordsError::NoData { .. } | WordsError::Job { .. }))
        };
        prop_assert_eq!(read(&phrases), read(&sorted));
        prop_assert!(read(&phrases) != Err(false));
    }

    #[test]
    fn garbage_never_panics(text in any::<String>(), parts in vec("[a-z0-9.%/\"\\\\ -]{0,8}|an?|half|and|hour|KB|RAM|at least|64|or more|seed", 0..20)) {
        let _ = read(&text, &vocabulary());
        let _ = read(&parts.join(" "), &vocabulary());
        let _ = read(&parts.concat(), &vocabulary());
    }
}
