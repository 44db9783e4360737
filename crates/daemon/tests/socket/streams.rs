//! Streams of events.

use automcu_api::{Client, JobId, JobState as State, Notice, Watch};
use automcu_contract::{Share, Ticket, TrainingProgress};
use automcu_daemon::http::{Gate, Hub};
use automcu_history::{JobState, What};
use automcu_model::{AttemptId, CandidateId, JobId as Job};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

use crate::support::{SOON, World};

async fn next(watch: &mut Watch) -> Option<Notice> {
    timeout(SOON, watch.next()).await.expect("in time").expect("a notice")
}

/// The number of an event.
fn number(notice: Option<Notice>) -> u64 {
    match notice {
        Some(Notice::Event(event)) => event.n,
        other => panic!("{other:?}"),
    }
}

fn ends(world: &World, job: u64) {
    let change = What::JobStateChanged { from: JobState::Queued, to: JobState::Finished, cause: "goal".into() };
    world.happens(job, change);
}

fn progress(job: u64) -> TrainingProgress {
    let ticket = Ticket { job: Job(job), candidate: CandidateId(2), attempt: AttemptId(1) };
    TrainingProgress { ticket, epochs: 3, done: Share::new(0.5).expect("a share"), metric: None }
}

#[actix::test]
async fn a_watcher_is_told_what_was_and_what_happens_until_the_job_is_over() {
    let world = World::new();
    world.submitted(1);
    world.submitted(2);
    world.note(1, "before");
    let mut watch = world.client().watch(JobId(1), 0);
    assert_eq!([number(next(&mut watch).await), number(next(&mut watch).await)], [1, 2]);
    world.note(2, "another job");
    world.hub.progressed(&progress(2));
    world.hub.progressed(&progress(1));
    world.note(1, "now");
    match next(&mut watch).await {
        Some(Notice::Progress(progress)) => assert_eq!((progress.job, progress.done), (JobId(1), 0.5)),
        other => panic!("{other:?}"),
    }
    assert_eq!(number(next(&mut watch).await), 3);
    ends(&world, 1);
    assert_eq!(number(next(&mut watch).await), 4);
    assert_eq!(next(&mut watch).await, Some(Notice::Over(State::Finished)));
    assert_eq!(next(&mut watch).await, None);
    // Who comes when all is over is told the rest, and that it is.
    let mut late = world.client().watch(JobId(1), 3);
    assert_eq!(number(next(&mut late).await), 4);
    assert_eq!(next(&mut late).await, Some(Notice::Over(State::Finished)));
}

#[actix::test]
async fn a_stream_is_taken_up_after_the_last_event() {
    let world = World::new();
    world.submitted(1);
    for text in ["a", "b", "c"] {
        world.note(1, text);
    }
    ends(&world, 1);
    let accept = "accept: text/event-stream\r\n";
    let (status, head, body) =
        world.asked("GET /v1/jobs/j1/events?after=1", &format!("{accept}last-event-id: 3\r\n"), "").await;
    assert_eq!(status, 200, "{body}");
    assert!(head.contains("content-type: text/event-stream") && head.contains("cache-control: no-store"), "{head}");
    let ids: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["4", "5"], "{body}");
    assert!(body.contains("event: over\ndata: \"finished\"\n\n"), "{body}");
    let (_, _, body) = world.asked("GET /v1/jobs/j1/events?after=4", accept, "").await;
    assert!(body.contains("id: 5\n") && !body.contains("id: 4\n"), "{body}");
    let wrong = world.asked("GET /v1/jobs/j1/events", &format!("{accept}last-event-id: x\r\n"), "").await;
    assert_eq!(wrong.0, 400, "{}", wrong.2);
    assert_eq!(world.asked("GET /v1/jobs/j9/events", accept, "").await.0, 404);
}

#[actix::test]
async fn an_event_of_which_nobody_told_comes_with_the_next() {
    let world = World::new();
    world.submitted(1);
    let mut watch = world.client().watch(JobId(1), 0);
    assert_eq!(number(next(&mut watch).await), 1);
    world.written(1, What::Note { text: "untold".into(), candidate: None });
    world.note(1, "told");
    assert_eq!([number(next(&mut watch).await), number(next(&mut watch).await)], [2, 3]);
}

#[actix::test]
async fn a_slow_watcher_is_told_so_and_misses_no_event_of_its_job() {
    let world = World::with(Gate::Everyone, Hub::with_room(4));
    world.submitted(1);
    let mut watch = world.client().watch(JobId(1), 0);
    assert_eq!(number(next(&mut watch).await), 1);
    // So much at once that neither the hub nor the frames that wait hold it.
    let long = "x".repeat(4096);
    for _ in 0..400 {
        world.note(1, &long);
    }
    let (mut seen, mut missed) = (1, 0);
    while seen < 401 {
        match next(&mut watch).await {
            Some(Notice::Event(event)) => {
                assert_eq!(event.n, seen + 1, "none is left out");
                seen = event.n;
            }
            Some(Notice::Missed(count)) => missed += count,
            other => panic!("{other:?}"),
        }
    }
    assert!(missed > 0, "it is told");
}

#[actix::test]
async fn all_jobs_are_watched_from_now_on() {
    let world = World::new();
    world.submitted(1);
    let mut watch = world.client().watch_all();
    let hears = async {
        let event = match next(&mut watch).await {
            Some(Notice::Event(event)) => (event.job, event.n),
            other => panic!("{other:?}"),
        };
        (event, next(&mut watch).await)
    };
    let tells = async {
        // Nothing is told before somebody watches.
        while !world.client().metrics().await.expect("figures").contains("automcu_watchers 1") {
            tokio::task::yield_now().await;
        }
        world.submitted(2);
        world.hub.progressed(&progress(2));
    };
    let ((event, then), ()) = tokio::join!(hears, tells);
    assert_eq!(event, (JobId(2), 1));
    assert!(matches!(then, Some(Notice::Progress(_))), "{then:?}");
}

#[actix::test]
async fn the_end_of_the_server_ends_streams_at_once_and_removes_the_socket() {
    let world = World::new();
    world.submitted(1);
    let mut stream = UnixStream::connect(world.socket()).await.expect("a server");
    let request = "GET /v1/jobs/j1/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut heard = String::new();
    while !heard.contains("id: 1\n") {
        let mut part = [0; 512];
        let count = timeout(SOON, stream.read(&mut part)).await.expect("in time").expect("readable");
        heard += &String::from_utf8_lossy(&part[..count]);
    }
    world.stopper.stop().await;
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.expect("in time").expect("hung up");
    assert!(rest.ends_with(b"0\r\n\r\n"), "it is ended, not cut off when its grace is over");
    let gone = async {
        while world.socket().exists() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, gone).await.expect("removed");
    let client: Client = world.client();
    assert!(client.version().await.is_err());
}
