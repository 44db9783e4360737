//! Files are fetched from a server on this computer.

use std::cell::Cell;

use super::*;

#[path = "../../../../tests/src/server.rs"]
#[expect(unreachable_pub, reason = "the stories have it too")]
mod server;

use server::{Manner, Server};

const BYTES: &[u8] = b"what is published, to the last byte of it";
const MD5: &str = "1738b1839bc8d2a2a39042c1f945d8ee";
const NAME: &str = "data.gz";

/// What came of fetching a file from such servers, into a folder that holds a part already.
fn fetched(servers: &[&Server], begun: &[u8], most_bytes: u64) -> (Result<Had, FetchError>, tempfile::TempDir, u32) {
    let folder = tempfile::tempdir().expect("a folder");
    if !begun.is_empty() {
        fs::write(folder.path().join("data.gz.part"), begun).expect("writable");
    }
    let waits = Cell::new(0);
    let places: Vec<String> = servers.iter().map(|server| server.url().to_owned()).collect();
    let file = PublishedFile { name: NAME, md5: MD5, most_bytes };
    let had = fetch(&places, &file, folder.path(), &|_| waits.set(waits.get() + 1));
    (had, folder, waits.get())
}

fn whole(folder: &tempfile::TempDir) -> Option<Vec<u8>> {
    assert!(!folder.path().join("data.gz.part").exists());
    fs::read(folder.path().join(NAME)).ok()
}

#[test]
fn a_file_that_is_broken_off_is_resumed_where_it_was() {
    let server = Server::new(&[(NAME, BYTES)], &[Manner::BreaksOff(10), Manner::Fails, Manner::BreaksOff(5)]);
    let (had, folder, waits) = fetched(&[&server], b"", 1_000);
    assert_eq!((had.expect("fetched"), waits), (Had::Fetched, 3));
    assert_eq!(whole(&folder).as_deref(), Some(BYTES));
    assert_eq!(server.asked(), ["data.gz from 0", "data.gz from 10", "data.gz from 10", "data.gz from 15"]);
    // What is there and right is not fetched again.
    let file = PublishedFile { name: NAME, md5: MD5, most_bytes: 1_000 };
    let again = fetch(&[server.url().to_owned()], &file, folder.path(), &|_| ()).expect("there");
    assert_eq!((again, server.asked().len()), (Had::Before, 4));
}

#[test]
fn a_server_that_does_not_resume_sends_everything() {
    let server = Server::new(&[(NAME, BYTES)], &[Manner::IgnoresRange]);
    let (had, folder, _) = fetched(&[&server], b"what is", 1_000);
    assert!(had.is_ok() && whole(&folder).as_deref() == Some(BYTES));
}

#[test]
fn a_part_that_does_not_fit_is_thrown_away() {
    for begun in [b"nonsense".as_slice(), &[b'x'; 100], BYTES] {
        let server = Server::new(&[(NAME, BYTES)], &[]);
        let (had, folder, _) = fetched(&[&server], begun, 1_000);
        assert!(had.is_ok() && whole(&folder).as_deref() == Some(BYTES), "{begun:?}");
    }
}

#[test]
fn another_file_is_refused_with_both_checksums_and_asked_of_each_place_once() {
    let wrong = Server::new(&[(NAME, b"another file")], &[]);
    let (had, folder, _) = fetched(&[&wrong, &wrong], b"", 1_000);
    let error = had.expect_err("another file").to_string();
    assert!(error.contains(MD5) && error.contains("--from DIR") && error.contains(NAME), "{error}");
    assert_eq!((whole(&folder), wrong.asked().len()), (None, 2));
    let right = Server::new(&[(NAME, BYTES)], &[]);
    assert!(fetched(&[&wrong, &right], b"", 1_000).0.is_ok());
}

#[test]
fn a_file_without_end_is_broken_off() {
    let server = Server::new(&[(NAME, BYTES)], &[]);
    let (had, folder, _) = fetched(&[&server], b"", 20);
    assert!(had.expect_err("too long").to_string().contains("more than 20 bytes"));
    assert_eq!(whole(&folder), None);
}

#[test]
fn a_file_that_is_not_there_is_asked_for_so_often_and_no_more() {
    let server = Server::new(&[], &[]);
    let (had, _, waits) = fetched(&[&server], b"", 1_000);
    assert!(had.expect_err("not there").to_string().contains("404"));
    assert_eq!((server.asked().len(), waits), (6, 5));
}

#[test]
fn the_checksum_of_this_test_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAME);
    fs::write(&path, BYTES).expect("writable");
    assert_eq!(md5_of(&path).expect("readable"), MD5);
}
