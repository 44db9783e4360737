//! How a test asks for what it needs.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use crate::{Origin, Record, needs};

/// The program of a need: what `cargo xtask test` set up or, in a plain `cargo test`, what is on the path. Where there
/// is none the test says so here, and should return.
///
/// # Panics
/// Where the list does not have the need: then nobody could set it up.
#[must_use]
pub fn need(name: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are started by a runner, which hands things over in no other way"
    )]
    let (record, path) = (std::env::var_os(Record::VARIABLE), std::env::var_os("PATH").unwrap_or_default());
    let record = record.map(|folder| Record::in_folder(Path::new(&folder)));
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    need_from(name, &test, record.as_ref(), &std::env::split_paths(&path).collect::<Vec<_>>())
}

/// [`need`], with everything that it looks at handed in.
#[must_use]
pub fn need_from(name: &str, test: &str, record: Option<&Record>, path: &[PathBuf]) -> Option<PathBuf> {
    let all = needs().expect("the list of needs reads");
    let need = all.iter().find(|need| need.name == name).expect("the need is in tests/needs/needs.toml");
    let found = match (record, &need.origin) {
        (Some(record), _) => record.program(name),
        (None, Origin::Debian { program, .. }) => on_path(program, path),
        (None, Origin::Python { .. }) => None,
    };
    if found.is_none() {
        let why = &need.why;
        // The runner shows this with the test's output; a test has no other way to say that it was skipped.
        let _ = writeln!(std::io::stderr(), "skipped {test}: there is no {name}, so it is not tried that {why}");
        if let Some(record) = record {
            record.skip(name, test).expect("the record can be written");
        }
    }
    found
}

fn on_path(program: &str, path: &[PathBuf]) -> Option<PathBuf> {
    path.iter().map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_gets_what_is_there_and_leaves_a_note_where_it_goes_without() {
        let folder = tempfile::tempdir().expect("a folder");
        let record = Record::in_folder(folder.path());
        record.clear().expect("writable");
        record.add("zsh", Path::new("/somewhere/zsh")).expect("writable");
        assert_eq!(need_from("zsh", "a", Some(&record), &[]), Some(PathBuf::from("/somewhere/zsh")));
        assert_eq!(need_from("mandoc", "b::c", Some(&record), &[]), None);
        let skips = record.skips().expect("readable");
        assert_eq!(skips, [crate::Skip { need: "mandoc".into(), test: "b::c".into() }]);
    }

    #[test]
    fn without_a_record_programs_are_looked_for_on_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("fish"), "").expect("writable");
        let path = [folder.path().to_owned()];
        assert_eq!(need_from("fish", "a", None, &path), Some(folder.path().join("fish")));
        assert_eq!(need_from("zsh", "a", None, &path), None);
    }

    #[test]
    #[should_panic(expected = "needs.toml")]
    fn a_need_that_is_not_in_the_list_is_a_mistake_in_the_test() {
        let _ = need_from("perl", "a", None, &[]);
    }
}
