//! What the tool says of a network that it has validated: how far what it generates is from what it was given, and how long
//! an inference took on a board. The duration on a computer says nothing of a microcontroller and is not taken.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LONGEST, ReportError, json::parsed, plain, text::decoded};

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Validated {
    /// One for each comparison of an output.
    pub metrics: Vec<Metric>,
    /// Of one inference on the board.
    pub cycles: Option<u64>,
    /// Of one inference on the board.
    pub duration_ms: Option<f64>,
}

/// How far one output is from another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// What was compared with what, in the tool's words.
    pub what: String,
    /// The share of samples whose class agrees, of a classifier.
    pub accuracy: Option<f64>,
    /// Root of the mean squared error.
    pub rmse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// The error's norm over that of the output.
    pub l2r: Option<f64>,
    /// The cosine of the angle between both.
    pub cosine: Option<f64>,
}

#[derive(Deserialize)]
struct File {
    /// Of `*_c_info.json`.
    validation: Option<Metrics>,
    #[serde(default)]
    graphs: Vec<Graph>,
    /// Of `*_report.json`.
    #[serde(default)]
    val_metrics: Vec<RawMetric>,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default)]
    val_metrics: Vec<RawMetric>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMetric {
    desc: Option<String>,
    ts_name: Option<String>,
    acc: Value,
    rmse: Value,
    mae: Value,
    l2r: Value,
    cos: Value,
}

#[derive(Deserialize)]
struct Graph {
    exec_time: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Time {
    cycles: Value,
    duration_ms: Value,
}

impl Validated {
    /// Reads a `*_c_info.json` or `*_report.json`; one without anything of validation has no metrics.
    pub fn read(file: &[u8]) -> Result<Self, ReportError> {
        if file.len() > LONGEST {
            return Err(ReportError::TooLong);
        }
        let file: File = parsed(&decoded(file))?;
        let raw = file.validation.map_or(file.val_metrics, |validation| validation.val_metrics);
        let time = file.graphs.into_iter().find_map(|graph| graph.exec_time).unwrap_or_default();
        Ok(Self {
            metrics: raw.iter().map(Metric::of).collect(),
            cycles: number(&time.cycles).filter(|cycles| *cycles >= 1.0).and(time.cycles.as_u64()),
            duration_ms: number(&time.duration_ms).filter(|duration| *duration > 0.0),
        })
    }
}

impl Metric {
    fn of(raw: &RawMetric) -> Self {
        let what = raw.desc.as_deref().or(raw.ts_name.as_deref()).map(plain).unwrap_or_default();
        Self {
            what,
            accuracy: share(&raw.acc),
            rmse: number(&raw.rmse),
            mae: number(&raw.mae),
            l2r: number(&raw.l2r),
            cosine: number(&raw.cos),
        }
    }
}

/// A number, which some versions write as text; `n.a.` is none.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

/// `100.00%` as a share. A bare number is one in a hundred, too.
fn share(value: &Value) -> Option<f64> {
    let percent = match value {
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok()?,
        value => value.as_f64()?,
    };
    (0.0..=100.0).contains(&percent).then(|| percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_both_files_are_read() {
        let metric =
            r#"{ "acc": "87.50%", "rmse": 0.25, "mae": "0.125", "l2r": 0.5, "cos": null, "desc": "X-cross #1" }"#;
        let info = format!(r#"{{ "validation": {{ "val_error": 0.5, "val_metrics": [{metric}] }} }}"#);
        let report = format!(r#"{{ "report_version": 1.0, "val_metrics": [{metric}] }}"#);
        for file in [info, report] {
            let read = Validated::read(file.as_bytes()).expect("a file");
            let [metric] = read.metrics.as_slice() else { panic!("one metric") };
            assert_eq!((metric.what.as_str(), metric.accuracy, metric.rmse), ("X-cross #1", Some(0.875), Some(0.25)));
            assert_eq!((metric.mae, metric.l2r, metric.cosine), (Some(0.125), Some(0.5), None));
            assert_eq!((read.cycles, read.duration_ms), (None, None));
        }
    }

    #[test]
    fn the_time_on_a_board_is_read_and_nothing_is_none() {
        let file =
            br#"{ "graphs": [{ "exec_time": { "cycles": 12345, "duration_ms": 0.5, "cycles_by_macc": 1.2 } }] }"#;
        let read = Validated::read(file).expect("a file");
        assert_eq!((read.cycles, read.duration_ms, read.metrics.len()), (Some(12_345), Some(0.5), 0));
        let file = br#"{ "validation": { "val_metrics": [] }, "graphs": [{ "exec_time": { "cycles": null, "duration_ms": null } }] }"#;
        assert_eq!(Validated::read(file).expect("a file"), Validated::default());
        assert!(Validated::read(b"{").is_err());
    }
}
