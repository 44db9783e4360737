//! The index's keys. Numbers are big-endian, so that the order of keys is the order of what they name; what is wanted largest
//! first is inverted.

use automcu_model::{CandidateId, JobId};

use crate::scan::Spot;

/// Where the index stands.
pub(crate) const META: &[u8] = b"m";
/// The highest job id that was ever given.
pub(crate) const HIGHEST: &[u8] = b"h";
/// All jobs by time, the newest first.
pub(crate) const BY_TIME: &[u8] = b"t";
/// Jobs that are not over.
pub(crate) const RUNNING: &[u8] = b"r";

/// A job's record.
pub(crate) fn job(id: JobId) -> Vec<u8> {
    key(b"j", &[id.0])
}

/// A job's document.
pub(crate) fn document(id: JobId) -> Vec<u8> {
    key(b"d", &[id.0])
}

pub(crate) fn by_time(submitted_ms: u64, id: JobId) -> Vec<u8> {
    key(BY_TIME, &[!submitted_ms, !id.0])
}

pub(crate) fn running(id: JobId) -> Vec<u8> {
    key(RUNNING, &[id.0])
}

/// A candidate's record.
pub(crate) fn candidate(job: JobId, id: CandidateId) -> Vec<u8> {
    key(b"c", &[job.0, id.0])
}

/// Where an event lies in the journal.
pub(crate) fn event(job: JobId, n: u64) -> Vec<u8> {
    key(b"e", &[job.0, n])
}

pub(crate) fn events(job: JobId) -> Vec<u8> {
    key(b"e", &[job.0])
}

pub(crate) fn candidates(job: JobId) -> Vec<u8> {
    key(b"c", &[job.0])
}

/// A candidate with an attempt that is under way.
pub(crate) fn open(job: JobId, id: CandidateId) -> Vec<u8> {
    key(b"o", &[job.0, id.0])
}

pub(crate) fn opens(job: JobId) -> Vec<u8> {
    key(b"o", &[job.0])
}

/// A job's candidates by metric, the best first.
pub(crate) fn best(job: JobId, metric: f64, id: CandidateId) -> Vec<u8> {
    key(b"b", &[job.0, !rank(metric), id.0])
}

pub(crate) fn bests(job: JobId) -> Vec<u8> {
    key(b"b", &[job.0])
}

/// Candidates of all jobs with this data set and target, the best first.
pub(crate) fn warm(dataset: &str, target: Option<&str>, metric: f64, job: JobId, id: CandidateId) -> Vec<u8> {
    let mut made = warms(dataset, target);
    made.extend(key(b"", &[!rank(metric), job.0, id.0]));
    made
}

pub(crate) fn warms(dataset: &str, target: Option<&str>) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(dataset.len() as u64).to_le_bytes()).update(dataset.as_bytes());
    if let Some(target) = target {
        hasher.update(b"t").update(target.as_bytes());
    }
    let mut made = b"w".to_vec();
    made.extend_from_slice(&hasher.finalize().as_bytes()[..16]);
    made
}

/// The last number of a key that ends with one.
pub(crate) fn last_number(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*key.last_chunk()?))
}

/// The number before the last one.
pub(crate) fn number_before_last(key: &[u8]) -> Option<u64> {
    last_number(key.get(..key.len().checked_sub(8)?)?)
}

/// The job of a key that begins with one, behind the letter of its kind.
pub(crate) fn number_of_job(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*key.get(1..)?.first_chunk()?))
}

/// A place in the journal as the index keeps it.
pub(crate) fn spot(spot: Spot) -> Vec<u8> {
    key(b"", &[spot.segment, spot.byte])
}

/// The place that was kept.
pub(crate) fn read_spot(kept: &[u8]) -> Option<Spot> {
    Some(Spot { segment: number_before_last(kept)?, byte: last_number(kept)? })
}

/// The bits of a number from 0 to 1 are in the numbers' order; -0 counts as 0.
fn rank(metric: f64) -> u64 {
    (metric + 0.0).to_bits()
}

fn key(kind: &[u8], numbers: &[u64]) -> Vec<u8> {
    let mut made = kind.to_vec();
    made.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_the_order_of_what_they_name() {
        let (id, other) = (CandidateId(1), CandidateId(2));
        let ranked: Vec<_> = [1.0, 0.9, 0.5, 1e-300, 0.0].iter().map(|metric| best(JobId(3), *metric, id)).collect();
        assert!(ranked.is_sorted(), "the best first");
        assert_eq!(best(JobId(3), -0.0, id), best(JobId(3), 0.0, id));
        assert!(best(JobId(3), 0.0, other) < best(JobId(4), 1.0, id));
        assert!(by_time(2, JobId(1)) < by_time(1, JobId(9)), "the newest first");
        assert!(candidate(JobId(1), CandidateId(u64::MAX)) < candidate(JobId(2), id));
        assert!(candidate(JobId(258), other).starts_with(&candidates(JobId(258))));
    }

    #[test]
    fn a_key_leads_to_what_it_names() {
        let key = warm("gestures", None, 0.5, JobId(7), CandidateId(9));
        assert_eq!((number_before_last(&key), last_number(&key)), (Some(7), Some(9)));
        assert_eq!(number_of_job(&best(JobId(7), 0.5, CandidateId(9))), Some(7));
        assert_ne!(warms("ab", Some("c")), warms("a", Some("bc")));
        assert_ne!(warms("a", Some("")), warms("a", None));
    }
}
