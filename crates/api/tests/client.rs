//! The client against a daemon that says what a test lets it say.

use std::{path::PathBuf, time::Duration};

use automcu_api::{Client, ClientError, EventView, JobId, JobState, Notice, PROTOCOL, ProblemKind, What};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
    sync::mpsc,
    time::timeout,
};

/// A daemon that gives one answer a connection, and tells what it was asked.
struct Fake {
    _folder: TempDir,
    socket: PathBuf,
    asked: mpsc::UnboundedReceiver<String>,
}

impl Fake {
    fn new(answers: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    assert!(stream.read_buf(&mut request).await.expect("readable") > 0);
                }
                tell.send(String::from_utf8_lossy(&request).into_owned()).expect("heard");
                // One that has heard enough may be gone.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            std::future::pending::<()>().await;
        });
        Self { _folder: folder, socket, asked }
    }

    fn client(&self) -> Client {
        Client::new(&self.socket).with_patience(Duration::from_secs(5))
    }
}

fn answer(status: &str, protocol: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nautomcu-protocol: {protocol}\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn ours(status: &str, body: &str) -> String {
    answer(status, &PROTOCOL.to_string(), body)
}

/// A stream that breaks off where it ends.
fn stream(notices: &[Notice]) -> String {
    let frames: String = notices.iter().map(|notice| notice.frame(true)).collect();
    format!("HTTP/1.1 200 OK\r\nautomcu-protocol: {PROTOCOL}\r\nconnection: close\r\n\r\n: alive\n\n{frames}")
}

fn event(n: u64) -> Notice {
    let what = What::Note { text: n.to_string(), candidate: None };
    Notice::Event(Box::new(EventView { job: JobId(1), n, at_ms: n, what }))
}

#[tokio::test]
async fn a_request_says_the_protocol_and_its_answer_is_read() {
    let page = r#"{"items":[],"next":"ab"}"#;
    let mut daemon = Fake::new(vec![ours("200 OK", page)]);
    let page = daemon.client().jobs(Some("a b&c=é"), Some(7)).await.expect("a page");
    assert_eq!(page.next.as_deref(), Some("ab"));
    let asked = daemon.asked.recv().await.expect("asked");
    assert!(asked.starts_with("GET /v1/jobs?cursor=a%20b%26c%3D%C3%A9&limit=7 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("automcu-protocol: {PROTOCOL}\r\n")), "{asked}");
}

#[tokio::test]
async fn a_daemon_that_is_not_there_is_told_at_once() {
    let client = Client::new("/nowhere/automcu.sock");
    for error in
        [client.version().await.expect_err("no daemon"), client.watch(JobId(1), 0).next().await.expect_err("no daemon")]
    {
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
        assert!(error.to_string().starts_with("/nowhere/automcu.sock: no daemon answers ("), "{error}");
    }
    let long = Client::new("/".to_owned() + &"x".repeat(107)).version().await.expect_err("too long");
    assert!(matches!(long, ClientError::PathTooLong { .. }), "{long}");
}

#[tokio::test]
async fn another_protocol_is_told_whatever_the_answer() {
    let daemon = Fake::new(vec![answer("200 OK", "99", "{}"), "HTTP/1.1 200 OK\r\n\r\n".to_owned()]);
    let error = daemon.client().version().await.expect_err("another protocol").to_string();
    assert_eq!(error, "the daemon speaks protocol 99, and this program protocol 1; use programs of one version");
    let error = daemon.client().version().await.expect_err("none").to_string();
    assert!(error.starts_with("the daemon speaks no protocol of ours, and"), "{error}");
}

#[tokio::test]
async fn refusals_and_nonsense_are_told_apart() {
    let problem = r#"{"type":"urn:automcu:problem:not-there","title":"t","status":404,"detail":"there is no j1"}"#;
    let daemon = Fake::new(vec![
        ours("404 Not Found", problem),
        ours("500 Internal Server Error", "oops"),
        ours("200 OK", "oops"),
        ours("503 Service Unavailable", r#"{"is_well":false,"troubles":["no disk"]}"#),
    ]);
    let client = daemon.client();
    match client.job(JobId(1)).await {
        Err(ClientError::Refused(problem)) => {
            assert_eq!((problem.kind, problem.to_string().as_str()), (ProblemKind::NotThere, "there is no j1"));
        }
        other => panic!("{other:?}"),
    }
    let error = client.job(JobId(1)).await.expect_err("nothing said").to_string();
    assert!(error.contains("a refusal (500 Internal Server Error) that says nothing"), "{error}");
    assert!(matches!(client.job(JobId(1)).await, Err(ClientError::NotUnderstood(_))));
    assert_eq!(client.health().await.expect("health").troubles, ["no disk"]);
}

#[tokio::test]
async fn answers_are_bounded_in_length_and_time() {
    let daemon = Fake::new(vec![ours("200 OK", &"x".repeat(100)), ours("200 OK", &"x".repeat(100)), String::new()]);
    let digest = "0".repeat(64).parse().expect("a digest");
    let client = daemon.client();
    assert_eq!(client.artifact(&digest, 100).await.expect("short enough").len(), 100);
    assert!(matches!(client.artifact(&digest, 99).await, Err(ClientError::TooLong { most: 99 })));
    // The third says nothing, and hangs up.
    let silent = client.version().await.expect_err("no answer");
    assert!(matches!(silent, ClientError::Broken(_)), "{silent}");
    let late = client.with_patience(Duration::from_millis(50)).version().await.expect_err("nobody accepts");
    assert!(matches!(late, ClientError::TimedOut { .. }), "{late}");
}

#[tokio::test]
async fn a_watch_goes_on_where_the_stream_broke() {
    let over = Notice::Over(JobState::Finished);
    let mut daemon = Fake::new(vec![
        stream(&[event(4), event(5)]),
        stream(&[]),
        stream(&[event(5), event(6), over.clone(), event(7)]),
    ]);
    let mut watch = daemon.client().watch(JobId(1), 3);
    let mut seen = Vec::new();
    while let Some(notice) = timeout(Duration::from_secs(30), watch.next()).await.expect("in time").expect("a notice") {
        seen.push(notice);
        if seen.last() == Some(&over) {
            break;
        }
    }
    assert_eq!(seen, [event(4), event(5), event(6), over]);
    assert_eq!(watch.last(), 6);
    for after in ["3", "5", "5"] {
        let asked = daemon.asked.recv().await.expect("asked");
        assert!(asked.starts_with("GET /v1/jobs/j1/events HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains(&format!("last-event-id: {after}\r\n")), "{asked}");
        assert!(asked.contains("accept: text/event-stream\r\n"), "{asked}");
    }
}

#[tokio::test]
async fn a_watch_gives_up_when_the_daemon_stays_away() {
    let daemon = Fake::new(vec![stream(&[event(1)])]);
    let mut watch = daemon.client().watch(JobId(1), 0);
    assert_eq!(watch.next().await.expect("a notice"), Some(event(1)));
    std::fs::remove_file(&daemon.socket).expect("there");
    // Nothing but pauses is left.
    tokio::time::pause();
    let lost = watch.next().await.expect_err("gone");
    assert!(matches!(lost, ClientError::Lost { tries: 6, .. }), "{lost}");
}
