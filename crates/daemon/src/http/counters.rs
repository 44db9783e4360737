//! Figures as Prometheus reads them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
};

/// Every figure: its name, what kind it is, and what it says.
const FIGURES: &[(&str, &str, &str)] = &[
    ("automcu_jobs", "gauge", "jobs that are not over, by state"),
    ("automcu_jobs_submitted_total", "counter", "jobs taken since the daemon began"),
    ("automcu_jobs_over_total", "counter", "jobs that came to an end since then, by how"),
    ("automcu_candidates_total", "counter", "candidates put forward since then, by whose idea they were"),
    ("automcu_verdicts_total", "counter", "verdicts since then, by stage and what was said"),
    ("automcu_trainings_total", "counter", "trainings that ended since then, by how"),
    ("automcu_events_total", "counter", "events written since then"),
    ("automcu_history_writable", "gauge", "1 while the history takes events"),
    ("automcu_watchers", "gauge", "streams that are open"),
    ("automcu_requests_total", "counter", "requests since then, by endpoint and status"),
];

/// Counts by name and labels. Labels come from closed sets, so that there are never many.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Counters {
    /// Counts one more.
    pub(super) fn add(&self, name: &'static str, labels: &[(&str, &str)]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((name, written(labels))).or_default() += 1;
    }

    /// Sets what is no count.
    pub(super) fn set(&self, name: &'static str, labels: &[(&str, &str)], value: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((name, written(labels)), value);
    }

    /// All figures of all of these, as text.
    pub(super) fn text(all: &[&Self]) -> String {
        let all: Vec<_> = all.iter().map(|one| one.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect();
        let mut text = String::new();
        for (name, kind, about) in FIGURES {
            let mut values = all.iter().flatten().filter(|((own, _), _)| own == name).peekable();
            if values.peek().is_some() {
                _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}");
            }
            for ((_, labels), value) in values {
                _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

fn written(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", value.replace(['\\', '"', '\n'], "_"));
    format!("{{{}}}", labels.iter().map(label).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_with_what_they_mean() {
        let (first, second) = (Counters::default(), Counters::default());
        first.add("automcu_verdicts_total", &[("stage", "screening"), ("says", "fits")]);
        first.add("automcu_verdicts_total", &[("stage", "screening"), ("says", "fits")]);
        second.set("automcu_watchers", &[], 3);
        let text = Counters::text(&[&first, &second]);
        let verdicts = "# HELP automcu_verdicts_total verdicts since then, by stage and what was said\n\
            # TYPE automcu_verdicts_total counter\nautomcu_verdicts_total{stage=\"screening\",says=\"fits\"} 2\n";
        assert!(text.starts_with(verdicts), "{text}");
        assert!(text.ends_with("\nautomcu_watchers 3\n"), "{text}");
    }
}
