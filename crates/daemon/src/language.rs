//! The language model that proposers may ask: one client for all jobs, and for each job a record of all that was said, so that a daemon
//! that asks again gets the same answer and pays once, and a job can be replayed without asking anybody.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use automcu_api::{Ablation, Goal, JobFile, Money, Proposer};
use automcu_contract::{JobId, Prompting, Shown};
use automcu_llm::{Cassette, Client, Endpoint, Mode, Recorded, WallClock};
use automcu_proposal::{Conversation, Counterpart, Models};
use automcu_target::Part;

/// Records that are kept open.
const MOST_OPEN: usize = 64;

/// The models of jobs, by this endpoint; records lie in this folder.
pub(crate) fn models(endpoint: Endpoint, folder: PathBuf, wall_ms: WallClock) -> Models {
    let price = endpoint.price.clone();
    // Why there is none is told to each job that asks.
    let client = Client::new(endpoint).map_err(|error| error.to_string());
    let open: Mutex<BTreeMap<PathBuf, Counterpart>> = Mutex::default();
    Arc::new(move |conversation| {
        let client = client.clone()?;
        let (path, mode) = record(&folder, conversation);
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counterpart) = open.get(&path) {
            return Ok(counterpart.clone());
        }
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let cassette = Cassette::open(&path, mode, Arc::clone(&wall_ms)).map_err(|error| error.to_string())?;
        let model = Arc::new(Recorded::new(client, cassette));
        let counterpart = Counterpart { model, price: price.clone() };
        if open.len() >= MOST_OPEN {
            open.pop_first();
        }
        open.insert(path, counterpart.clone());
        Ok(counterpart)
    })
}

/// Where a conversation is recorded, and how it is used. Each conversation of a replay has its own place in it.
fn record(folder: &Path, conversation: Conversation) -> (PathBuf, Mode) {
    let path = |job: JobId| folder.join(format!("{job}.jsonl"));
    match conversation.replays {
        Some(replayed) => (path(replayed), Mode::Replay),
        None => (path(conversation.job), Mode::Remember),
    }
}

/// What a model is told of a job, and what it may cost.
pub(crate) fn prompting(asked: &JobFile, part: Option<&Part>, candidates: u32) -> Option<Prompting> {
    asked.proposer.asks_a_model().then(|| Prompting {
        data: asked.data.clone(),
        goal: asked.goal.map(Goal::share),
        candidates,
        target: part.map(facts).unwrap_or_default(),
        shown: match asked.proposer {
            _ if asked.ablate.contains(&Ablation::Msim) => Shown::Transcript,
            Proposer::Genius => Shown::Last,
            _ => Shown::Summaries,
        },
        most_tokens: asked.limits.tokens,
        most_money_micros: asked.limits.money.map(Money::micros),
        replays: asked.replays.map(|job| JobId(job.0)),
    })
}

fn facts(part: &Part) -> Vec<String> {
    let dsp = if part.has_dsp() { "with" } else { "without" };
    vec![
        format!("{} of {}", part.name(), part.vendor()),
        format!("{} at {} MHz, {dsp} the DSP extension", part.core(), part.clock_mhz()),
        format!("{} of RAM, {} of Flash in all", part.ram().total(), part.flash().total()),
    ]
}
