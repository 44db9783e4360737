//! What a daemon works with, put together from the program's surroundings.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use automcu_daemon::{Capacity, Clocks, House};
use automcu_settings::Settings;
use automcu_target::Catalogue;
use automcu_toolchain::{Choice, Own, judge::Judge};
use automcu_workers::{Bounds, Local};

use tracing::warn;

use crate::{
    Host, input,
    judges::{Found, Setting, Workshop},
    language,
    outcome::Failure,
};

/// Candidates that are screened at a time.
const SCREENINGS: u32 = 2;
/// The judges that are asked about each candidate: our own planner, and the compiler that links it.
const USUAL: [&str; 1] = ["gcc"];

/// The house of this program in a folder.
pub(crate) fn house(
    folder: PathBuf,
    targets: Catalogue,
    settings: &Settings,
    host: &Host<'_>,
    workshop: &Workshop<'_>,
) -> Result<House, Failure> {
    let home = host.data.to_owned();
    let find = move |name: &str, options| {
        input::source(Path::new(name), &home, options).map_err(|failure| failure.to_string())
    };
    Ok(House {
        folder,
        clocks: Clocks { wall_ms: Arc::new(wall_ms), steady: Arc::new(host.clock) },
        executor: Arc::new(Local::new(host.program, Bounds::default())),
        targets,
        judges: judges(workshop)?,
        tools: workshop.tools(Some(workshop.configured().deadline)),
        data: Arc::new(find),
        language: language::endpoint(&settings.llm)?,
        capacity: capacity(settings),
    })
}

/// As much at a time as is configured.
fn capacity(settings: &Settings) -> Capacity {
    let count = |number: u32| NonZero::new(number).expect("a count is more than none");
    Capacity {
        slots: count(settings.training.slots.value.get()),
        threads: count(settings.training.threads.value.get()),
        screenings: count(SCREENINGS),
        jobs_at_work: count(settings.jobs.at_work.value.get()),
        most_jobs: count(settings.jobs.most.value.get()),
        memory_bytes: settings.training.memory.value.map(automcu_api::Size::bytes),
    }
}

/// Our own planner first, which needs no tool, then what is there of the usual ones.
fn judges(workshop: &Workshop<'_>) -> Result<Vec<Arc<dyn Judge>>, Failure> {
    let configured = workshop.configured();
    let setting = Setting {
        deadline: configured.deadline,
        accelerator: configured.accelerator.clone(),
        accelerated: Vec::new(),
        remembers: true,
        afresh: false,
        runs_code: false,
        choice: Choice::default(),
        vendor: configured.vendor.clone(),
    };
    let found = workshop.judges(&setting).map_err(|error| Failure::Runs(error.to_string()))?;
    let mut judges: Vec<Arc<dyn Judge>> = vec![Arc::new(Own::default())];
    let is_wanted = |name: &str| match configured.names.as_slice() {
        [] => USUAL.contains(&name),
        names => names.iter().any(|wanted| wanted == name || wanted == "all"),
    };
    judges.extend(found.into_iter().filter(|tool| is_wanted(tool.name)).filter_map(|tool| match tool.found {
        Found::Ready { judge, .. } => Some(Arc::from(judge)),
        Found::Missing { looked_at } => {
            warn!(judge = tool.name, looked_at, "not there; candidates are judged without it");
            None
        }
        Found::Broken { why, .. } => {
            warn!(judge = tool.name, %why, "does not work; candidates are judged without it");
            None
        }
    }));
    Ok(judges)
}

#[expect(clippy::disallowed_methods, reason = "the program hands the clock in")]
pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
