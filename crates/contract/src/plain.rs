//! What may cross from one agent to another: values, never a way to reach into each other.

use std::fmt::Debug;

use serde::Serialize;

/// The most bytes that a summary takes as JSON.
pub const SUMMARY_BYTES: usize = 4096;

/// A value that holds no shared state. The bounds refuse what would leak it, at compile time:
///
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<std::sync::Mutex<u32>>(); // a lock
/// ```
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<std::sync::Arc<std::sync::Mutex<u32>>>(); // a shared lock
/// ```
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<std::sync::atomic::AtomicU64>(); // an atomic
/// ```
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<std::sync::mpsc::Sender<u32>>(); // the end of a channel
/// ```
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<actix::Recipient<automcu_contract::TrainingProgress>>(); // an address
/// ```
/// ```compile_fail,E0277
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<std::rc::Rc<u32>>(); // shared within a thread
/// ```
/// ```
/// # fn crosses<T: automcu_contract::Plain>() {}
/// crosses::<automcu_contract::TrainingSummary>();
/// ```
pub trait Plain: Clone + PartialEq + Debug + Serialize + Send + 'static {}

impl<T: Clone + PartialEq + Debug + Serialize + Send + 'static> Plain for T {}

/// A message between agents: plain, and at most [`SUMMARY_BYTES`] as JSON whatever it holds. The set is closed: a
/// test writes the largest value of each.
pub trait Summary: Plain + sealed::Sealed {
    /// How many bytes it takes as JSON.
    fn encoded_bytes(&self) -> usize {
        serde_json::to_vec(self).expect("summaries are plain data").len()
    }
}

pub(crate) mod sealed {
    /// Only this crate says what a summary is.
    pub trait Sealed {}
}

/// Every summary, in one place: calls `$then!` with their names.
#[doc(hidden)]
#[macro_export]
macro_rules! every_summary {
    ($then:ident) => {
        $then! {
            ProposeCandidates, ProposalSummary,
            ScreenCandidate, ScreeningSummary,
            TrainCandidate, TrainingProgress, TrainingSummary, StopAttempt,
            VerifyCandidate, VerificationSummary,
            SubmitJob, CommandJob,
        }
    };
}
