//! Jobs cancelled in each of their states, and a daemon over a history that an earlier version has written.

use std::{fs, path::Path, time::Duration};

use automcu_api::{Budget, JobFile, JobId, JobState, Limits, Order, Size};
use automcu_tests::Lair;

/// Between two looks: states may be short.
const LOOK: Duration = Duration::from_millis(1);
/// A state that was missed is waited for in another job, so often.
const JOBS: u32 = 24;

fn small(seed: u64) -> JobFile {
    JobFile {
        budget: Budget { ram: Size::new(8 << 10), flash: Size::new(16 << 10) },
        limits: Limits { candidates: Some(4), epochs: Some(12), ..Limits::default() },
        seed,
        ..JobFile::new("signals")
    }
}

/// A job that was cancelled while it was seen in this state.
async fn cancelled_in(lair: &Lair, wanted: JobState) -> JobId {
    let client = lair.client();
    for seed in 1..=u64::from(JOBS) {
        let job = client.submit(&small(seed), None).await.expect("taken").job;
        if wanted == JobState::Paused {
            client.pause(job).await.expect("at work");
        }
        loop {
            let state = client.job(job).await.expect("there").job.state;
            if state == wanted {
                // It may have gone on meanwhile, or be over.
                if client.cancel(job).await.is_ok() {
                    return job;
                }
            }
            if state.is_final() || (state == JobState::Verifying && wanted != JobState::Verifying) {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        // Too late for the state that is wanted.
        let _ = client.cancel(job).await;
    }
    panic!("no job was seen {wanted:?}:\n{}", lair.log());
}

#[actix::test]
async fn a_job_can_be_cancelled_in_each_state_and_nothing_of_it_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let lair = Lair::new(folder.path()).configured("[jobs]\nat_work = 1\n".to_owned());
    let daemon = lair.awake().await;
    for wanted in [
        JobState::Proposing,
        JobState::Screening,
        JobState::Training,
        JobState::Refining,
        JobState::Verifying,
        JobState::Paused,
    ] {
        let job = cancelled_in(&lair, wanted).await;
        let detail = lair.over(job).await;
        assert_eq!(detail.job.state, JobState::Cancelled, "{wanted:?}: {}", detail.job.cause);
        assert_eq!(detail.job.winner, None, "{wanted:?}");
    }
    // One that waits for its turn, behind another.
    let first = lair.client().submit(&small(1), None).await.expect("taken").job;
    let waits = lair.client().submit(&small(2), None).await.expect("taken").job;
    assert_eq!(lair.client().job(waits).await.expect("there").job.state, JobState::Queued);
    lair.client().cancel(waits).await.expect("it waits");
    assert_eq!(lair.over(waits).await.job.state, JobState::Cancelled);
    assert_eq!(lair.over(first).await.job.state, JobState::Finished, "the other is not meant");
    assert_eq!(daemon.end(), Some(0), "nothing of a cancelled job holds the daemon up");
}

#[actix::test]
async fn a_daemon_lists_and_shows_what_an_earlier_version_has_written_and_leaves_what_it_cannot_go_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let lair = Lair::new(folder.path());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("compat/history-v1/journal/v1-00000001");
    let generation = lair.state().join("history/journal/v1-00000001");
    fs::create_dir_all(&generation).expect("writable");
    for file in fs::read_dir(&golden).expect("readable") {
        let file = file.expect("readable");
        fs::copy(file.path(), generation.join(file.file_name())).expect("copied");
    }
    let _daemon = lair.awake().await;
    let client = lair.client();
    let jobs = client.jobs(None, None).await.expect("listed").items;
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [JobId(2), JobId(1)]);
    // The plan of the second is of no version that there was: it stays as it is, and the log says so.
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Queued, JobState::Finished]);
    assert!(lair.log().contains("its plan cannot be read; it stays as it is"), "{}", lair.log());
    for job in jobs {
        let detail = client.job(job.id).await.expect("shown");
        assert!(!detail.job.cause.is_empty(), "{detail:?}");
        let candidates = client.candidates(job.id, Order::Number, None, None).await.expect("shown").items;
        assert_eq!(candidates.len() as u64, detail.job.candidates);
    }
    let first = client.job(JobId(1)).await.expect("shown").job;
    assert_eq!((first.tokens, first.money_micros, first.trainings.attempts), (1_200, Some(3_400), 2));
    // And numbers go on from there.
    assert_eq!(client.submit(&small(1), None).await.expect("taken").job, JobId(3));
}
