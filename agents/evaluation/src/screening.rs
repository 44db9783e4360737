//! Whether a candidate fits, before anything is trained: its graph with weights that are drawn, as what it takes does not depend
//! on them, put to one judge after the other. The first refusal ends it.

use std::sync::atomic::AtomicBool;

use automcu_contract::ScreenCandidate;
use automcu_convert::{FloatNetwork, Network};
use automcu_toolchain::judge::Question;

use crate::{
    bench::{Bench, check_type},
    finding::{Finding, Trouble},
    panel::{Extent, Panel},
    report::ScreeningReport,
};

/// Of the weights: the same every time, so that what judges remember is asked about.
const SEED: u64 = 1;

pub(crate) fn screened(bench: &Bench, asked: &ScreenCandidate, is_given_up: &AtomicBool) -> Result<Finding, Trouble> {
    check_type(asked.dtype)?;
    let place = bench.place(asked.target.as_ref(), asked.budget)?;
    let panel = Panel::new(&bench.judges, asked.judge.as_ref().map(|judge| judge.as_str()))?;
    let (_, graph) = bench.spec(asked.spec)?;
    let deployed = graph.deployed();
    let network = Network::untrained(&deployed, SEED)?;
    let float = FloatNetwork::drawn(&deployed, SEED).ok();
    let question = Question { network: &network, float: float.as_ref(), part: place.part, budget: place.budget };
    let heard = panel.ask(&question, Extent::UntilRefused, bench.config.patience, is_given_up)?;
    let verdict = heard.verdict(&network, place.budget);
    let report = ScreeningReport::of(asked, &question, &heard, &verdict);
    let report = bench.store.put(&report.json())?;
    Ok(Finding { judge: heard.judge(), footprint: heard.footprint(), report: Some(report), ..Finding::own(verdict) })
}
