//! Published files over HTTP: resumed where they were broken off, checked, and there whole or not at all.
//!
//! Nothing here knows what is in the files. A server is not trusted: what it sends is bounded, and counts for nothing before
//! its checksum is right.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_dataset::{DatasetError, PublishedFile, check_md5, md5_of};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, header},
};

/// How often a file is asked for.
const ATTEMPTS: u32 = 6;
/// The wait before the second attempt; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// A file that takes longer is broken off and resumed.
const BODY_TIMEOUT: Duration = Duration::from_mins(10);

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{url}: {problem}; try again later, or get the file elsewhere and use --from DIR")]
    Failed { url: String, problem: String },
    #[error(
        "{url}: it sends more than {most_bytes} bytes, which is not the published file; get it elsewhere and use --from DIR"
    )]
    TooLong { url: String, most_bytes: u64 },
    #[error("{}: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("{0}")]
    Dataset(#[from] DatasetError),
}

/// How a file came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Had {
    /// It was there before, and is right.
    Before,
    /// It was fetched.
    Fetched,
}

/// What becomes of an attempt that did not bring a file.
enum Broken {
    /// Another one may.
    Again(String),
    /// The place has another file than the published one.
    Other(String),
    Never(FetchError),
}

/// Fetches a file into a folder from the first place that has it. `wait` is called between attempts.
pub(crate) fn fetch(
    places: &[String],
    file: &PublishedFile,
    folder: &Path,
    wait: &dyn Fn(Duration),
) -> Result<Had, FetchError> {
    let path = folder.join(file.name);
    if path.is_file() && check_md5(&path, file.md5).is_ok() {
        return Ok(Had::Before);
    }
    let begun = folder.join(format!("{}.part", file.name));
    let agent = agent();
    let mut last = (String::new(), "there is no place to fetch it from".to_owned());
    let mut pause = FIRST_WAIT;
    let mut wrong_places = 0;
    for (attempt, place) in (0..ATTEMPTS).zip(places.iter().cycle()) {
        if attempt > 0 {
            wait(pause);
            pause *= 2;
        }
        let url = format!("{}/{}", place.trim_end_matches('/'), file.name);
        match try_once(&agent, &url, file, &begun) {
            Ok(()) => {
                fs::rename(&begun, &path).map_err(|error| FetchError::Write { path, error })?;
                return Ok(Had::Fetched);
            }
            Err(Broken::Again(problem)) => last = (url, problem),
            Err(Broken::Other(problem)) => {
                last = (url, problem);
                wrong_places += 1;
                // None has the right file, however often it is asked for.
                if wrong_places >= places.len() {
                    break;
                }
            }
            Err(Broken::Never(error)) => return Err(error),
        }
    }
    Err(FetchError::Failed { url: last.0, problem: last.1 })
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .timeout_recv_body(Some(BODY_TIMEOUT))
        .http_status_as_error(false)
        .user_agent(concat!("automcu/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::new_with_config(config)
}

/// Asks for what is missing of a file, and checks the whole.
fn try_once(agent: &Agent, url: &str, file: &PublishedFile, begun: &Path) -> Result<(), Broken> {
    let unwritten = |error| Broken::Never(FetchError::Write { path: begun.to_owned(), error });
    let have = fs::metadata(begun).map_or(0, |metadata| metadata.len());
    let request = agent.get(url);
    let request = if have > 0 { request.header(header::RANGE, format!("bytes={have}-")) } else { request };
    let response = request.call().map_err(|error| Broken::Again(error.to_string()))?;
    let start = match response.status() {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if starts_at(&response, have) => have,
        // More is there than the server has, or as much.
        StatusCode::RANGE_NOT_SATISFIABLE => return check(begun, file, have),
        status => return Err(Broken::Again(format!("the server answers {status}"))),
    };
    let mut part = OpenOptions::new().create(true).append(true).open(begun).map_err(unwritten)?;
    part.set_len(start).map_err(unwritten)?;
    // One byte more than is allowed tells a file that is too long.
    let mut body = response.into_body().into_reader().take(file.most_bytes + 1 - start.min(file.most_bytes));
    let copied = copy(&mut body, &mut part).map_err(unwritten)?;
    part.sync_all().map_err(unwritten)?;
    if let Err(error) = copied {
        return Err(Broken::Again(error.to_string()));
    }
    if fs::metadata(begun).map_err(unwritten)?.len() > file.most_bytes {
        // It must not be resumed.
        fs::remove_file(begun).map_err(unwritten)?;
        return Err(Broken::Never(FetchError::TooLong { url: url.to_owned(), most_bytes: file.most_bytes }));
    }
    check(begun, file, start)
}

/// Whether an answer goes on where it was asked to.
fn starts_at(response: &Response<Body>, have: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {have}-")))
}

/// Refuses a whole file that is not the published one, and takes it away, so that the next attempt begins anew.
fn check(begun: &Path, file: &PublishedFile, resumed_at: u64) -> Result<(), Broken> {
    let found = md5_of(begun).map_err(|error| Broken::Never(error.into()))?;
    if found == file.md5 {
        return Ok(());
    }
    fs::remove_file(begun).map_err(|error| Broken::Never(FetchError::Write { path: begun.to_owned(), error }))?;
    let problem = format!("its MD5 is {found}, where the published file has {}", file.md5);
    Err(if resumed_at > 0 { Broken::Again(problem) } else { Broken::Other(problem) })
}

/// Copies to the end: an error of the reader within, one of the file without.
fn copy(body: &mut dyn Read, part: &mut File) -> io::Result<io::Result<()>> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(count) => part.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
