//! Servers that break below HTTP.

use std::{sync::atomic::Ordering, time::Duration};

use automcu_llm::Model;
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::support::{Act, ask, asked, client, endpoint, outcome, raw, read_request, saying};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn send(bytes: &[u8]) -> Act {
    Act::Send(bytes.to_vec())
}

/// What a server does, what comes of it, after how many requests, and how many milliseconds are waited for an answer.
type Row = (&'static str, Vec<Act>, &'static str, usize, u64);

fn rows() -> Vec<Row> {
    let good = saying("{\"a\":1}").to_string();
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{good}GET /more", good.len());
    let plain = format!("HTTP/1.0 200 OK\r\n\r\n{good}");
    let early = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{good}", good.len());
    let blanks = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into_bytes();
    let headers = format!("HTTP/1.1 200 OK\r\n{}", "x-a: b\r\n".repeat(100_000));
    vec![
        ("hangs up at once", vec![], "connect: ", 3, 60_000),
        ("resets at once", vec![Act::Reset], "connect: ", 3, 60_000),
        ("hangs up within the head", vec![send(b"HTTP/1.1 200 OK\r\ncontent-")], "connect: ", 3, 60_000),
        ("hangs up within the body", vec![send(HEAD), send(b"{\"choices\":[")], "connect: ", 3, 60_000),
        ("resets within the body", vec![send(HEAD), send(b"{\"choices\":["), Act::Reset], "connect: ", 3, 60_000),
        ("breaks a chunk", vec![send(CHUNKED), send(b"5\r\n{\"cho\r\nzz\r\n")], "connect: ", 3, 60_000),
        ("ends a chunk early", vec![send(CHUNKED), send(b"ff\r\n{\"cho")], "connect: ", 3, 60_000),
        ("speaks no HTTP", vec![send(b"SSH-2.0-OpenSSH_9.2\r\n")], "connect: ", 3, 60_000),
        ("has headers without end", vec![send(headers.as_bytes())], "connect: ", 3, 60_000),
        ("has a body without end", vec![send(CHUNKED), Act::Flood(blanks)], "too_large: ", 1, 60_000),
        (
            "hangs up within a refusal",
            vec![send(&HEAD.to_vec().splice_status("400"))],
            "rejected: (status 400)",
            1,
            60_000,
        ),
        (
            "hangs up within an overload",
            vec![send(&HEAD.to_vec().splice_status("503"))],
            "overloaded: (status 503)",
            3,
            60_000,
        ),
        ("says nothing", vec![Act::Stall], "timeout: 1000 ms", 1, 1000),
        ("stops after the head", vec![send(HEAD), Act::Stall], "timeout: ", 1, 1000),
        ("drips blanks", vec![send(HEAD), Act::Drip(b' ')], "timeout: ", 1, 1000),
        ("drips a head", vec![send(b"HTTP/1.1 200 OK\r\nx-a: "), Act::Drip(b'a')], "timeout: ", 1, 1000),
        ("says more than it announced", vec![send(whole.as_bytes())], "{\"a\":1}", 1, 60_000),
        ("speaks HTTP/1.0 and hangs up", vec![send(plain.as_bytes())], "{\"a\":1}", 1, 60_000),
        ("goes on first", vec![send(early.as_bytes())], "{\"a\":1}", 1, 60_000),
    ]
}

trait SpliceStatus {
    fn splice_status(self, status: &str) -> Vec<u8>;
}

impl SpliceStatus for Vec<u8> {
    /// The same head with another status.
    fn splice_status(mut self, status: &str) -> Vec<u8> {
        self.splice(9..12, status.bytes());
        self
    }
}

/// What is wrong with what came of a row.
async fn wrong((name, acts, expected, tries, wait_ms): Row) -> Option<String> {
    let (url, read) = raw(acts).await;
    let mut endpoint = endpoint(&url);
    endpoint.timeout = Duration::from_millis(wait_ms);
    let said = outcome(&asked(endpoint).await);
    let (start, words) = expected.split_once(": ").unwrap_or((expected, ""));
    let read = read.load(Ordering::SeqCst);
    let is_right = said.starts_with(start) && said.contains(words) && read == tries;
    (!is_right).then(|| format!("{name}: {read} tries of {tries}, {said} instead of {expected}"))
}

#[tokio::test]
async fn every_broken_connection_comes_to_what_the_table_says() {
    let mut asking = tokio::task::JoinSet::new();
    for row in rows() {
        asking.spawn(wrong(row));
    }
    let found: Vec<String> = asking.join_all().await.into_iter().flatten().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn nobody_at_the_address_is_no_connection_and_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    drop(listener);
    let error = asked(endpoint(&url)).await.expect_err("nobody is there");
    assert!(matches!(&error, automcu_llm::LlmError::Connect { is_sent: false, .. }), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_wait_that_would_outlast_the_ask_is_not_begun() {
    let (url, read) = raw(vec![send(b"HTTP/1.1 429 Slow\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n")]).await;
    let mut endpoint = endpoint(&url);
    endpoint.longest_wait = Duration::from_secs(60);
    endpoint.timeout = Duration::from_secs(20);
    assert!(outcome(&asked(endpoint).await).starts_with("rate_limited: "));
    assert_eq!(read.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn more_requests_than_a_minute_may_have_are_refused_here() {
    let good = saying("{\"a\":1}").to_string();
    let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{good}", good.len());
    let (url, read) = raw(vec![send(answer.as_bytes())]).await;
    let mut endpoint = endpoint(&url);
    endpoint.requests_a_minute = Some(2);
    let client = client(endpoint);
    for _ in 0..2 {
        client.ask(&ask()).await.expect("an answer");
    }
    assert!(outcome(&client.ask(&ask()).await).contains("2 requests a minute are configured"));
    assert_eq!(read.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_ask_that_nobody_waits_for_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let client = client(endpoint(&url));
    let asking = tokio::spawn(async move { client.ask(&ask()).await });
    let (mut stream, _) = listener.accept().await.expect("it connects");
    read_request(&mut stream).await.expect("a request");
    asking.abort();
    let hung_up = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0; 1])).await;
    assert!(matches!(hung_up, Ok(Ok(0) | Err(_))), "{hung_up:?}");
}
