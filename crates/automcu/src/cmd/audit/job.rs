//! The candidates of a daemon's job as a record, as `automcu screen --record` writes one.

use automcu_api::{CandidateView, JobId, Order, ScreeningView, Verdict};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Budget, FlashUse, Footprint, RamUse};
use automcu_toolchain::judge::Measurement;

use crate::{
    daemon::{Daemon, LARGEST},
    outcome::Failure,
    record::{Candidate, Heard, Record, Word},
};

/// The longest spec.
const SPEC_BYTES: usize = 256 << 10;

/// What was put forward in a job, and what judges said of it.
pub(super) fn record(daemon: &Daemon, job: JobId) -> Result<Record, Failure> {
    let of = daemon.ask(daemon.client.job(job))?.job;
    let budget = Budget { ram: of.budget.ram_bytes.map(Bytes), flash: of.budget.flash_bytes.map(Bytes) };
    let (mut candidates, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = daemon.ask(daemon.client.candidates(job, Order::Number, cursor.as_deref(), Some(LARGEST)))?;
        for view in page.items {
            let spec = daemon.ask(daemon.client.artifact(&view.spec, SPEC_BYTES))?;
            let mut candidate = Candidate::new(format!("{job} {}", view.id), of.target.clone(), budget);
            candidate.digest = Some(view.graph.clone());
            candidate.spec = serde_json::from_slice(&spec).ok();
            candidate.judges = heard(&view);
            candidates.push(candidate);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if candidates.is_empty() {
        Err(Failure::NothingProposed(job.to_string()))
    } else {
        Ok(Record { candidates, torn: Vec::new() })
    }
}

/// The last word before training, which counted.
fn heard(view: &CandidateView) -> Vec<Heard> {
    view.screenings.last().map(one).into_iter().collect()
}

fn one(screening: &ScreeningView) -> Heard {
    let (judge, tool) = screening.judge.split_once(" (").unwrap_or((&screening.judge, ""));
    let word = match &screening.verdict {
        Verdict::Fits => Word::Fits,
        Verdict::OverBudget { .. } => Word::OverBudget,
        Verdict::Unsupported { reason } => Word::Unsupported { operator: reason.clone(), layer: None },
        Verdict::ToolFailed { reason, .. } => Word::ToolFailed { words: reason.clone() },
        Verdict::Unknown => Word::Unknown { words: "nobody could tell".to_owned() },
    };
    let measurement = screening.footprint.map(|footprint| Measurement {
        footprint: footprint_of(footprint),
        macs: None,
        operators: Vec::new(),
        layers: Vec::new(),
        ran: None,
        remarks: Vec::new(),
    });
    let tool = tool.trim_end_matches(')').to_owned();
    Heard { judge: judge.to_owned(), tool, settings: Vec::new(), word, measurement }
}

fn footprint_of(of: automcu_api::Footprint) -> Footprint {
    use automcu_api::Provenance as Told;
    let bytes = |number: Option<u64>| number.map(Bytes);
    Footprint {
        dtype: match of.dtype {
            automcu_api::DataType::Int8 => DataType::Int8,
            automcu_api::DataType::Float32 => DataType::Float32,
        },
        provenance: match of.provenance {
            Told::Estimated => Provenance::Estimated,
            Told::Tool => Provenance::Tool,
            Told::Linked => Provenance::Linked,
            Told::Host => Provenance::Host,
            Told::Emulated => Provenance::Emulated,
            Told::Device => Provenance::Device,
        },
        ram: RamUse {
            activations: Bytes(of.activations_bytes),
            runtime: bytes(of.runtime_bytes),
            stack: bytes(of.stack_bytes),
        },
        flash: FlashUse {
            weights: Bytes(of.weights_bytes),
            tables: bytes(of.tables_bytes),
            code: bytes(of.code_bytes),
        },
    }
}
