//! A server of files on this computer, with manners that can be as bad as those of the world's.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What a server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It sends what is asked for.
    Whole,
    /// It says how much there is, and breaks off after so many bytes.
    BreaksOff(usize),
    /// It sends everything, wherever it was asked to go on.
    IgnoresRange,
    /// It has an error of its own.
    Fails,
}

/// A server on a port of its own. It runs until the process ends.
pub struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves these files by their names. Each request is treated by the next manner, those after the last as a whole.
    #[must_use]
    pub fn new(files: &[(&str, &[u8])], manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("a port"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let files: HashMap<String, Vec<u8>> =
            files.iter().map(|(name, bytes)| (format!("/{name}"), bytes.to_vec())).collect();
        let manners: Vec<Manner> = manners.into();
        let (requests, mut manners) = (Arc::clone(&asked), manners.into_iter());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is none of the server's business.
                let _ = answer(stream, &files, manners.next().unwrap_or(Manner::Whole), &requests);
            }
        });
        Self { url, asked }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The first byte of each request, as `NAME from BYTE`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no request panics").clone()
    }
}

fn answer(
    stream: TcpStream,
    files: &HashMap<String, Vec<u8>>,
    manner: Manner,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let name = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut start = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim().trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    asked.lock().expect("no request panics").push(format!("{} from {start}", name.trim_start_matches('/')));
    let (status, head, body) = response(files.get(&name), manner, start);
    let length = body.len();
    let sent = if let Manner::BreaksOff(after) = manner { &body[..after.min(length)] } else { &body };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status}\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(sent)
}

fn response(file: Option<&Vec<u8>>, manner: Manner, start: usize) -> (&'static str, String, Vec<u8>) {
    let none = String::new;
    match (file, manner) {
        (_, Manner::Fails) => ("503 Service Unavailable", none(), Vec::new()),
        (None, _) => ("404 Not Found", none(), Vec::new()),
        (Some(file), Manner::IgnoresRange) => ("200 OK", none(), file.clone()),
        (Some(file), _) if start == 0 => ("200 OK", none(), file.clone()),
        (Some(file), _) if start >= file.len() => ("416 Range Not Satisfiable", none(), Vec::new()),
        (Some(file), _) => {
            let range = format!("content-range: bytes {start}-{}/{}\r\n", file.len() - 1, file.len());
            ("206 Partial Content", range, file[start..].to_vec())
        }
    }
}
