//! What a daemon works with, put together from the program's surroundings.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, SystemTime},
};

use automcu_daemon::{Capacity, Clocks, House};
use automcu_target::Catalogue;
use automcu_toolchain::{Choice, Own, judge::Judge};
use automcu_workers::{Bounds, Local};

use crate::{
    input,
    judges::{Found, Setting, Vendor, Workshop},
    outcome::Failure,
};

/// A tool of a judge takes at most so long.
const DEADLINE: Duration = Duration::from_secs(60);
/// The judges that are asked about each candidate: our own planner, and the compiler that links it.
const USUAL: [&str; 1] = ["gcc"];

/// The house of this program in a folder.
pub(crate) fn house(
    folder: PathBuf,
    targets: Catalogue,
    data: &Path,
    program: &Path,
    clock: fn() -> Duration,
    workshop: &Workshop<'_>,
) -> Result<House, Failure> {
    let home = data.to_owned();
    let find = move |name: &str, options| {
        input::source(Path::new(name), &home, options).map_err(|failure| failure.to_string())
    };
    let processors = available_parallelism().unwrap_or(std::num::NonZero::<usize>::MIN);
    Ok(House {
        folder,
        clocks: Clocks { wall_ms: Arc::new(wall_ms), steady: Arc::new(clock) },
        executor: Arc::new(Local::new(program, Bounds::default())),
        targets,
        judges: judges(workshop)?,
        tools: workshop.tools(Some(DEADLINE)),
        data: Arc::new(find),
        capacity: Capacity::of(processors),
    })
}

/// Our own planner first, which needs no tool, then what is there of the usual ones.
fn judges(workshop: &Workshop<'_>) -> Result<Vec<Arc<dyn Judge>>, Failure> {
    let setting = Setting {
        deadline: DEADLINE,
        accelerator: "ethos-u55-128".parse().expect("an accelerator"),
        accelerated: Vec::new(),
        remembers: true,
        afresh: false,
        runs_code: false,
        choice: Choice::default(),
        vendor: Vendor::default(),
    };
    let found = workshop.judges(&setting).map_err(|error| Failure::Runs(error.to_string()))?;
    let mut judges: Vec<Arc<dyn Judge>> = vec![Arc::new(Own::default())];
    judges.extend(found.into_iter().filter(|tool| USUAL.contains(&tool.name)).filter_map(|tool| match tool.found {
        Found::Ready { judge, .. } => Some(Arc::from(judge)),
        Found::Missing { .. } | Found::Broken { .. } => None,
    }));
    Ok(judges)
}

#[expect(clippy::disallowed_methods, reason = "the program hands the clock in")]
pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
