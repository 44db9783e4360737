//! No summary, whatever it holds, takes more than 4 KiB.

use automcu_contract::*;
use automcu_model::{Bytes, DataType, GraphDigest, Provenance, Spec};
use automcu_target::{Budget, FlashUse, Footprint, RamUse};
use proptest::prelude::*;

/// The value of a type that takes most bytes.
trait Largest {
    fn largest() -> Self;
}

fn text() -> Brief {
    Brief::new(&"\"".repeat(1_000))
}

fn artifact() -> ArtifactId {
    ArtifactId::of(b"anything")
}

fn ticket() -> Ticket {
    Ticket { job: JobId(u64::MAX), candidate: CandidateId(u64::MAX), attempt: AttemptId(u64::MAX) }
}

fn digest() -> GraphDigest {
    let spec = br#"{"version":1,"input":{"height":8,"width":8,"channels":1},"backbone":[{"op":"conv","channels":1}],
        "head":{"op":"classifier","classes":2}}"#;
    Spec::from_json(spec).and_then(|spec| spec.lower()).expect("constructible").digest()
}

fn share() -> Share {
    Share::new(0.123_456_789_012_345_67).expect("between 0 and 1")
}

fn metric() -> Option<Metric> {
    let (value, low, high) = (share(), share(), share());
    Some(Metric { value, low, high, dtype: DataType::Float32, provenance: Provenance::Estimated })
}

const MOST: Option<Bytes> = Some(Bytes(u64::MAX));
const BUDGET: Budget = Budget { ram: MOST, flash: MOST };

fn footprint() -> Option<Footprint> {
    Some(Footprint {
        dtype: DataType::Float32,
        provenance: Provenance::Estimated,
        ram: RamUse { activations: Bytes(u64::MAX), runtime: MOST, stack: MOST },
        flash: FlashUse { weights: Bytes(u64::MAX), tables: MOST, code: MOST },
    })
}

fn verdict() -> Verdict {
    Verdict::ToolFailed { reason: text(), is_transient: false }
}

/// As many as there may be.
fn most<T: Clone, const N: usize>(one: T) -> Few<T, N> {
    Few::new(vec![one; N]).expect("as many as there may be")
}

fn spent() -> Spent {
    Spent { requests: u32::MAX, failures: u32::MAX, tokens: u64::MAX, money_micros: Some(u64::MAX) }
}

impl Largest for ProposeCandidates {
    fn largest() -> Self {
        let (assignment, outcomes) = (artifact(), Some(artifact()));
        let pending = most(digest());
        Self {
            job: JobId(u64::MAX),
            round: u32::MAX,
            wanted: u8::MAX,
            budget: BUDGET,
            assignment,
            outcomes,
            pending,
            spent: spent(),
        }
    }
}

impl Largest for ProposalSummary {
    fn largest() -> Self {
        let one = Proposed {
            spec: artifact(),
            digest: digest(),
            source: Source::Surrogate,
            rationale: text(),
            evidence: most(CandidateId(u64::MAX)),
        };
        let shortfall = Some(Shortfall::Failed { reason: text(), is_transient: false });
        Self {
            job: JobId(u64::MAX),
            round: u32::MAX,
            candidates: most(one),
            refused: u32::MAX,
            shortfall,
            spent: Some(spent()),
            remarks: most(text()),
        }
    }
}

impl Largest for ScreenCandidate {
    fn largest() -> Self {
        Self {
            ticket: ticket(),
            spec: artifact(),
            target: Some(text()),
            budget: BUDGET,
            dtype: DataType::Float32,
            judge: Some(text()),
        }
    }
}

impl Largest for ScreeningSummary {
    fn largest() -> Self {
        let report = Some(artifact());
        let duration_ms = u64::MAX;
        Self { ticket: ticket(), judge: text(), verdict: verdict(), footprint: footprint(), report, duration_ms }
    }
}

impl Largest for TrainCandidate {
    fn largest() -> Self {
        let beginning = Beginning::Checkpoint(artifact());
        Self { ticket: ticket(), spec: artifact(), conditions: artifact(), seed: u64::MAX, beginning }
    }
}

impl Largest for TrainingProgress {
    fn largest() -> Self {
        Self { ticket: ticket(), epochs: u32::MAX, done: share(), metric: Some(share()) }
    }
}

impl Largest for TrainingSummary {
    fn largest() -> Self {
        Self {
            ticket: ticket(),
            end: TrainingEnd::Failed { reason: text(), is_transient: false },
            metric: metric(),
            epochs: u32::MAX,
            duration_ms: u64::MAX,
            energy_mj: Some(u64::MAX),
            checkpoint: Some(artifact()),
        }
    }
}

impl Largest for StopAttempt {
    fn largest() -> Self {
        Self { ticket: ticket(), cause: StopCause::Cancellation }
    }
}

impl Largest for VerifyCandidate {
    fn largest() -> Self {
        Self {
            ticket: ticket(),
            spec: artifact(),
            checkpoint: artifact(),
            conditions: artifact(),
            target: Some(text()),
            budget: BUDGET,
            dtype: DataType::Float32,
            judge: Some(text()),
            proof: Proof::Choice,
        }
    }
}

impl Largest for VerificationSummary {
    fn largest() -> Self {
        Self {
            ticket: ticket(),
            judge: text(),
            verdict: verdict(),
            footprint: footprint(),
            metric: metric(),
            test: metric(),
            bundle: Some(artifact()),
            duration_ms: u64::MAX,
        }
    }
}

impl Largest for SubmitJob {
    fn largest() -> Self {
        Self { plan: artifact() }
    }
}

impl Largest for CommandJob {
    fn largest() -> Self {
        Self {
            job: JobId(u64::MAX),
            command: Command::Adjust(Adjustment {
                priority: Some(i8::MIN),
                time_s: Some(Some(u64::MAX)),
                candidates: Some(u32::MAX),
                goal: Some(Some(share())),
            }),
        }
    }
}

/// A summary that is added without its largest value does not compile here.
#[test]
fn the_largest_value_of_every_summary_takes_at_most_4_kib() {
    macro_rules! check {
        ($($name:ident),* $(,)?) => {
            $( let bytes = $name::largest().encoded_bytes();
               assert!((64..=SUMMARY_BYTES).contains(&bytes), "{} takes {bytes} bytes", stringify!($name)); )*
        };
    }
    automcu_contract::every_summary!(check);
}

#[test]
fn more_candidates_than_a_message_takes_are_refused() {
    let error = Few::<u8, 8>::new(vec![0; 9]).expect_err("too many");
    assert_eq!(error.to_string(), "9 items in a message that takes 8; send them in several");
}

#[test]
fn a_late_outcome_is_recognised() {
    let first = Ticket { job: JobId(1), candidate: CandidateId(2), attempt: AttemptId(1) };
    let second = Ticket { attempt: AttemptId(2), ..first };
    let other = Ticket { candidate: CandidateId(3), ..second };
    assert!(first.is_outdated_by(&second));
    assert!(!second.is_outdated_by(&first) && !first.is_outdated_by(&first) && !first.is_outdated_by(&other));
}

#[test]
fn a_share_is_a_number_from_0_to_1() {
    for wrong in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        assert_eq!(Share::new(wrong), None);
    }
    assert_eq!(Share::new(1.0).map(Share::get), Some(1.0));
}

proptest! {
    #[test]
    fn a_brief_stays_within_its_bound_and_keeps_short_texts(text in "\\PC{0,300}|.{0,300}|[\"\\\\…]{0,200}") {
        let brief = Brief::new(&text);
        let encoded = serde_json::to_string(&brief).expect("JSON");
        prop_assert!(encoded.len() <= Brief::BYTES + 2, "{}", encoded.len());
        prop_assert!(!brief.as_str().chars().any(char::is_control));
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if serde_json::to_string(&plain).expect("JSON").len() <= Brief::BYTES + 2 {
            prop_assert_eq!(brief.as_str(), plain);
        } else {
            prop_assert!(brief.as_str().ends_with('…'));
        }
    }
}
