use std::{collections::BTreeSet, fs};

use automcu_history::{Keep, Swept};
use automcu_model::JobId;

use crate::support::*;

#[test]
fn old_jobs_go_and_what_others_name_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    for job in 1..=6 {
        put(&history, whole_job(job));
    }
    put(&history, vec![submitted(7), proposed(7, 1)]);
    // j6 is the newest that is over and the only one so late; j2 and j5 stay for their tag.
    let keep = Keep { newest: 1, since_ms: Some(6_000), tags: vec!["tag2".to_owned()] };
    let swept = history.gc(keep.clone()).expect("swept");
    let gone: BTreeSet<_> = [1, 3, 4]
        .into_iter()
        .flat_map(|job| {
            [format!("spec {job} 1"), format!("spec {job} 2"), format!("weights {job} 1"), format!("weights {job} 2")]
                .into_iter()
                .chain([format!("checkpoint {job} 1 10"), format!("bundle {job} 1")])
        })
        .map(|name| artifact(&name))
        .collect();
    assert_eq!((swept.jobs, swept.events), (3, 48));
    assert_eq!(swept.artifacts, gone);
    let left: Vec<_> = history.jobs(None, 10).expect("readable").items.iter().map(|job| job.id.0).collect();
    assert_eq!(left, [7, 6, 5, 2]);
    assert_eq!(history.gc(keep).expect("swept"), Swept::default());
    let before = seen(&history);
    put(&history, vec![proposed(7, 2)]);
    drop(history);
    let (history, opened) = open(folder.path());
    assert_eq!((opened.lost, opened.damaged, opened.rebuilt), (0, 0, None));
    assert_ne!(seen(&history), before);
    assert_eq!(history.job(JobId(7)).expect("there").candidates, 2);
}

#[test]
fn no_id_is_given_twice_though_its_job_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    put(&history, whole_job(2));
    assert_eq!(history.gc(Keep::default()).expect("swept").jobs, 2);
    put(&history, whole_job(3));
    assert_eq!(history.gc(Keep::default()).expect("swept").jobs, 1);
    drop(history);
    fs::remove_dir_all(folder.path().join("index")).expect("removable");
    let (history, _) = open(folder.path());
    assert_eq!(history.next_job().expect("readable"), JobId(4));
    assert_eq!(exported(&history).lines().count(), 1);
}

#[test]
fn a_sweep_that_was_cut_short_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    put(&history, whole_job(2));
    let before = exported(&history);
    drop(history);
    let journal = folder.path().join("journal");
    let half = journal.join("v1-00000002.new");
    fs::create_dir(&half).expect("writable");
    fs::write(half.join("00000001.jsonl"), "half a li").expect("writable");
    let (history, opened) = open(folder.path());
    assert_eq!((exported(&history), opened.rebuilt), (before, None));
    assert!(!half.exists());
    // The other way round: it was through, and only the old files are still there.
    history.gc(Keep { newest: 1, ..Keep::default() }).expect("swept");
    let after = exported(&history);
    drop(history);
    fs::create_dir(journal.join("v1-00000001")).expect("writable");
    let (history, _) = open(folder.path());
    assert_eq!(exported(&history), after);
    assert!(!journal.join("v1-00000001").exists());
}
