//! What tests ask, whom, and how what came of it is written down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use automcu_llm::{Answer, Ask, Client, Endpoint, LlmError, Message, Model, Schema};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

/// An endpoint that is impatient enough for tests.
pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint {
        tries: 3,
        longest_wait: Duration::from_millis(2),
        timeout: Duration::from_secs(60),
        ..Endpoint::new(base_url, "tiny")
    }
}

/// An ask for `{"a": a number}`.
pub(crate) fn ask() -> Ask {
    let value = json!({
        "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"], "additionalProperties": false
    });
    Ask {
        messages: vec![Message::system("Be brief."), Message::user("How much is a?")],
        schema: Some(Schema { name: "reply".to_owned(), value }),
        most_tokens: 100,
        seed: None,
    }
}

/// A whole answer with this message and reason to stop.
pub(crate) fn whole(message: &Value, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "tiny",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish, "logprobs": null }],
        "usage": { "prompt_tokens": 40, "completion_tokens": 8, "total_tokens": 48 }
    })
}

/// A whole answer with this content.
pub(crate) fn saying(content: &str) -> Value {
    whole(&json!({ "role": "assistant", "content": content }), "stop")
}

/// What came of an ask, in one line: the value, or the word and the words of the error.
pub(crate) fn outcome(answer: &Result<Answer, LlmError>) -> String {
    match answer {
        Ok(answer) => answer.value.as_ref().map_or_else(|| answer.text.clone(), ToString::to_string),
        Err(error) => format!("{}: {error}", error.word()),
    }
}

/// Answers each request with the next of these, and the last ones with the last.
pub(crate) struct Sequence {
    answers: Vec<ResponseTemplate>,
    given: AtomicUsize,
}

impl Respond for Sequence {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let turn = self.given.fetch_add(1, Ordering::SeqCst);
        self.answers[turn.min(self.answers.len() - 1)].clone()
    }
}

/// A server that gives these answers.
pub(crate) async fn server(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(Sequence { answers, given: AtomicUsize::new(0) }).mount(&server).await;
    server
}

/// A client of a server.
pub(crate) fn client(endpoint: Endpoint) -> Client {
    Client::new(endpoint).expect("an endpoint that can work")
}

/// The bodies that a server received.
pub(crate) async fn bodies(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("they are kept");
    requests.iter().map(|request| request.body_json().expect("JSON")).collect()
}

/// Asks a server once.
pub(crate) async fn asked(endpoint: Endpoint) -> Result<Answer, LlmError> {
    client(endpoint).ask(&ask()).await
}

/// What a server below HTTP does with a connection once it has read the request.
#[derive(Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// One byte a millisecond, over and over.
    Drip(u8),
    /// The same bytes, without end.
    Flood(Vec<u8>),
    /// Nothing more, without hanging up.
    Stall,
    /// Hangs up in mid-air.
    Reset,
}

/// A server that does the same with each connection, and how many requests it has read.
pub(crate) async fn raw(acts: Vec<Act>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, acts.clone(), Arc::clone(&count)));
        }
    });
    (format!("http://{address}/v1"), read)
}

async fn serve(mut stream: TcpStream, acts: Vec<Act>, count: Arc<AtomicUsize>) {
    if read_request(&mut stream).await.is_none() {
        return;
    }
    count.fetch_add(1, Ordering::SeqCst);
    for act in acts {
        let done = match act {
            Act::Send(bytes) => stream.write_all(&bytes).await,
            Act::Stall => std::future::pending().await,
            Act::Reset => stream.set_zero_linger(),
            Act::Drip(byte) => loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if let Err(error) = stream.write_all(&[byte]).await {
                    break Err(error);
                }
            },
            Act::Flood(bytes) => loop {
                if let Err(error) = stream.write_all(&bytes).await {
                    break Err(error);
                }
            },
        };
        if done.is_err() {
            return;
        }
    }
}

/// Reads a request to its end.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 4096];
        let bytes = stream.read(&mut part).await.ok().filter(|bytes| *bytes > 0)?;
        read.extend_from_slice(&part[..bytes]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            return Some(());
        }
    }
}
