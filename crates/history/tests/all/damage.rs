use std::fs;

use automcu_history::{History, Options};
use automcu_model::JobId;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use crate::support::*;

#[test]
fn a_tail_torn_at_any_byte_is_cut_off_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    let before = exported(&history);
    put(&history, vec![submitted(2)]);
    drop(history);
    let file = segments(folder.path()).pop().expect("a file");
    let whole = fs::read(&file).expect("readable");
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    for end in (last..whole.len()).step_by(7).chain([last, last + 1, whole.len() - 1]) {
        fs::write(&file, &whole[..end]).expect("writable");
        // As after a power cut, the index is not ahead: every second time it is gone.
        if end % 2 == 0 {
            fs::remove_dir_all(folder.path().join("index")).expect("removable");
        }
        let (history, opened) = open(folder.path());
        let torn = opened.torn.map(|torn| (torn.byte, torn.bytes));
        let expected = (end > last).then_some((last as u64, (end - last) as u64));
        assert_eq!((torn, opened.lost, opened.damaged), (expected, 0, 0), "at {end}");
        assert_eq!(exported(&history), before);
        assert_eq!(history.jobs(None, 9).expect("readable").items.len(), 1);
        assert_eq!(put(&history, vec![submitted(2)]).last, 17);
    }
}

/// A journal over several files, and its lines.
fn long_journal(folder: &std::path::Path) -> Vec<String> {
    let (history, _) =
        History::open_with(folder, Options { segment_bytes: 3_000, ..Options::default() }).expect("opens");
    for job in 1..=3 {
        for event in whole_job(job) {
            put(&history, vec![event]);
        }
    }
    exported(&history).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn damage_in_the_middle_is_told_and_what_is_behind_it_is_salvaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = long_journal(folder.path());
    let files = segments(folder.path());
    assert!(files.len() > 3, "{files:?}");
    let mut bytes = fs::read(&files[1]).expect("readable");
    let begin = bytes.iter().position(|byte| *byte == b'\n').expect("lines") + 1;
    bytes[begin + 60] ^= 1;
    fs::write(&files[1], bytes).expect("writable");
    for is_indexed in [true, false] {
        if !is_indexed {
            fs::remove_dir_all(folder.path().join("index")).expect("removable");
        }
        let (history, opened) = open(folder.path());
        assert_eq!((opened.damaged, opened.lost, opened.torn), (1, 1, None));
        assert_eq!((&opened.damages[0].file, opened.damages[0].byte), (&files[1], begin as u64));
        assert_eq!(opened.events, lines.len() as u64 - 1);
        assert!(opened.salvaged > 20);
        assert_eq!(opened.rebuilt.is_some(), !is_indexed);
        // The damage is in the first job; the others are whole.
        for job in [2, 3] {
            assert_eq!(history.job(JobId(job)).expect("there").events, 16);
        }
    }
}

#[test]
fn a_missing_file_of_the_journal_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = long_journal(folder.path());
    fs::remove_file(&segments(folder.path())[1]).expect("removable");
    let (history, opened) = open(folder.path());
    assert!(opened.lost > 0);
    assert_eq!(opened.events + opened.lost, lines.len() as u64);
    history.rebuild().expect("rebuilt");
}

#[test]
fn an_index_that_is_gone_or_garbled_is_made_anew_and_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    long_journal(folder.path());
    let before = seen(&open(folder.path()).0);
    let index = folder.path().join("index");
    for turn in 0..8_usize {
        match turn {
            0 => fs::remove_dir_all(&index).expect("removable"),
            _ => {
                let mut files = vec![index.join("db"), index.join("conf")];
                files.extend(fs::read_dir(&index).expect("there").map(|entry| entry.expect("readable").path()));
                for file in files.iter().filter(|file| file.is_file()) {
                    let mut bytes = fs::read(file).expect("readable");
                    let length = bytes.len();
                    match turn {
                        1 => bytes.truncate(length / 2),
                        2 => bytes.clear(),
                        3 => bytes.fill(0xff),
                        _ => (turn..length).step_by(97 * turn).for_each(|at| bytes[at] ^= 0x55),
                    }
                    fs::write(file, bytes).expect("writable");
                }
            }
        }
        let (history, _) = open(folder.path());
        assert_eq!(seen(&history), before, "turn {turn}");
        put(
            &history,
            vec![event(1, 5, automcu_history::What::Cost { tokens: 0, money_micros: None, requests: 0, failures: 0 })],
        );
        history.rebuild().expect("rebuilt");
        drop(history);
        // That last event goes again, so that every turn begins alike.
        let file = segments(folder.path()).pop().expect("a file");
        let bytes = fs::read(&file).expect("readable");
        let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        fs::write(&file, &bytes[..end]).expect("writable");
        let (history, opened) = open(folder.path());
        assert!(opened.rebuilt.is_some(), "the index was ahead");
        drop(history);
    }
}

#[test]
fn a_journal_of_a_newer_version_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("journal/v2-00000001")).expect("writable");
    let Err(error) = History::open(folder.path()) else { panic!("newer") };
    assert!(error.to_string().ends_with("version 2, and this program knows up to 1; use the newer program"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn flipped_bytes_never_panic_and_never_give_a_wrong_event(
        flips in proptest::collection::vec((any::<usize>(), any::<usize>(), 1_u8..), 1..6),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = long_journal(folder.path());
        let files = segments(folder.path());
        for (file, at, with) in flips {
            let file = &files[file % files.len()];
            let mut bytes = fs::read(file).expect("readable");
            let at = at % bytes.len();
            bytes[at] ^= with;
            fs::write(file, bytes).expect("writable");
        }
        fs::remove_dir_all(folder.path().join("index")).expect("removable");
        let (history, opened) = open(folder.path());
        let left = exported(&history);
        let mut originals = lines.iter();
        // What is left is a part of what was written, in its order.
        for line in left.lines().skip(1) {
            prop_assert!(originals.any(|original| original == line), "{line}");
        }
        prop_assert!(opened.damaged > 0 || opened.torn.is_some() || left.lines().count() == lines.len() + 1);
        prop_assert!(opened.damaged <= 5);
        seen(&history);
    }
}

#[test]
fn an_end_of_more_than_one_line_is_put_aside_before_it_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    put(&open(folder.path()).0, whole_job(1));
    let file = segments(folder.path()).pop().expect("a file");
    let whole = fs::read(&file).expect("readable");
    // Lines that are right, under another generation's name.
    let journal = folder.path().join("journal");
    fs::rename(journal.join("v1-00000001"), journal.join("v1-00000002")).expect("renamed");
    let (history, opened) = open(folder.path());
    assert_eq!(opened.events, 0);
    assert_eq!(fs::read(opened.kept.expect("kept")).expect("readable"), whole);
    put(&history, whole_job(1));
}
