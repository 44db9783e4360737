//! `automcu data list`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use automcu_dataset::{PUBLISHED, Published, Source, Supply};
use serde::Serialize;

use crate::{
    Said,
    cli::DataList,
    cmd::write_json,
    outcome::{Failure, Outcome},
    show::{FAINT, GOOD, TITLE, styled},
};

pub(super) fn run(arguments: &DataList, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let found: Vec<Found> = PUBLISHED.iter().map(|published| Found::of(published, home)).collect();
    let sink = &mut said.output;
    if arguments.json {
        write_json(&List { version: 1, home, data: found }, sink)?;
        return Ok(Outcome::Yes);
    }
    for Found { published, path } in &found {
        let there = match (published.supply, path) {
            (Supply::BuiltIn, _) => styled("built in", GOOD),
            (_, Some(path)) => styled(format!("here, in {}", path.display()), GOOD),
            (Supply::Fetched { .. }, None) => format!("not here; `automcu data prepare {}` fetches it", published.name),
            (Supply::ByHand { how }, None) => format!("not here; {how}"),
        };
        writeln!(sink, "{}: {}", styled(published.name, TITLE), published.about)?;
        writeln!(sink, "  {there}")?;
        writeln!(sink, "  {}", styled(format!("{}; licence: {}", published.home, published.licence), FAINT))?;
    }
    let hint = "a folder or file of your own is named by its path; docs/DATA.md says which forms are read";
    writeln!(sink, "\n{}", styled(hint, FAINT))?;
    Ok(Outcome::Yes)
}

#[derive(Serialize)]
struct List<'h> {
    version: u32,
    home: &'h Path,
    data: Vec<Found>,
}

/// A known data set, with where it lies.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    published: &'static Published,
    path: Option<PathBuf>,
}

impl Found {
    fn of(published: &'static Published, home: &Path) -> Self {
        let path = Some(home.join(published.name)).filter(|path| Source::open(path).is_ok());
        Self { published, path }
    }
}
