//! A server that speaks as those of language models do, and says what a test has it say.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// What is said to a request: the text of an answer, or a status and a body.
pub enum Said {
    /// An answer.
    Text(String),
    /// Something else.
    Raw(u16, String),
}

/// A server on a port of its own. It runs until the process ends.
pub struct Sage {
    address: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Sage {
    /// Says to each request what this makes of it and of its place, from 0 on.
    #[must_use]
    pub fn new(says: impl Fn(usize, &Value) -> Said + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/v1", listener.local_addr().expect("a port"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is none of the server's business.
                let _ = answer(&stream, &requests, &says);
            }
        });
        Self { address, asked }
    }

    /// A table of the configuration that names it.
    #[must_use]
    pub fn configuration(&self) -> String {
        format!(
            "[llm]\nbase_url = \"{}\"\nmodel = \"sage\"\nprice_input = \"1.00\"\nprice_output = \"2.00\"\ntries = 1\n",
            self.address
        )
    }

    /// All that it was asked.
    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no request panics").clone()
    }
}

fn answer(
    mut stream: &TcpStream,
    asked: &Mutex<Vec<Value>>,
    says: &dyn Fn(usize, &Value) -> Said,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let place = {
        let mut asked = asked.lock().expect("no request panics");
        asked.push(body.clone());
        asked.len() - 1
    };
    let (status, text) = match says(place, &body) {
        Said::Raw(status, text) => (status, text),
        Said::Text(text) => {
            let message = json!({ "role": "assistant", "content": text });
            let usage = json!({ "prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100 });
            let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
            (200, json!({ "id": "1", "object": "chat.completion", "choices": [choice], "usage": usage }).to_string())
        }
    };
    let head = format!("HTTP/1.1 {status} said\r\ncontent-type: application/json\r\ncontent-length: {}", text.len());
    write!(stream, "{head}\r\nconnection: close\r\n\r\n{text}")
}
