//! The judges, asked one after the other, and whose word counts.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use automcu_contract::{Brief, Verdict};
use automcu_convert::{Network, Room, edits};
use automcu_target::{Budget, Footprint};
use automcu_toolchain::judge::{self, Judge, Judged, Patience, Question, ask};

use crate::finding::Trouble;

/// How far judges are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Until one refuses.
    UntilRefused,
    /// All of them.
    All,
    /// The first one only.
    First,
}

/// The judges of a question, in order.
pub(crate) struct Panel<'p> {
    judges: &'p [Arc<dyn Judge>],
    /// The one whose word alone counts.
    wanted: Option<usize>,
}

/// What judges said.
#[derive(Debug)]
pub(crate) struct Heard {
    /// By those who were asked.
    pub(crate) judged: Vec<Judged>,
    /// Those who were not, as there was no need.
    pub(crate) not_asked: Vec<&'static str>,
    /// Whose word counts.
    counts: usize,
    is_wanted: bool,
}

impl<'p> Panel<'p> {
    pub(crate) fn new(judges: &'p [Arc<dyn Judge>], wanted: Option<&str>) -> Result<Self, Trouble> {
        let name = |judge: &Arc<dyn Judge>| judge.identity().name;
        let place = wanted.map(|wanted| {
            judges.iter().position(|judge| name(judge) == wanted).ok_or_else(|| Trouble::NoJudge {
                wanted: wanted.to_owned(),
                there: judges.iter().map(name).collect::<Vec<_>>().join(", "),
            })
        });
        let wanted = place.transpose()?;
        if judges.is_empty() {
            return Err(Trouble::NoJudge { wanted: "plan".to_owned(), there: "none".to_owned() });
        }
        Ok(Self { judges, wanted })
    }

    /// Asks. Whose word alone counts is asked alone, but where all are wanted.
    pub(crate) fn ask(
        &self,
        question: &Question<'_>,
        extent: Extent,
        patience: Patience,
        is_given_up: &AtomicBool,
    ) -> Result<Heard, Trouble> {
        let mut heard =
            Heard { judged: Vec::new(), not_asked: Vec::new(), counts: 0, is_wanted: self.wanted.is_some() };
        let mut is_through = false;
        for (place, judge) in self.judges.iter().enumerate() {
            let is_due = match (extent, self.wanted) {
                (Extent::All, _) => true,
                (_, Some(wanted)) => place == wanted,
                (Extent::First, None) => place == 0,
                (Extent::UntilRefused, None) => !is_through,
            };
            if !is_due {
                heard.not_asked.push(judge.identity().name);
                continue;
            }
            if is_given_up.load(Ordering::Relaxed) {
                return Err(Trouble::GivenUp);
            }
            let judged = ask(&**judge, question, patience);
            is_through |= judged.verdict.refuses();
            if self.wanted == Some(place) {
                heard.counts = heard.judged.len();
            }
            heard.judged.push(judged);
        }
        if self.wanted.is_none() {
            heard.counts = decisive(&heard.judged);
        }
        Ok(heard)
    }
}

/// Whose word counts: the first that refuses, else the last that says it fits, else one that may tell another time, else the
/// last. A tool that failed has said nothing of the candidate.
fn decisive(judged: &[Judged]) -> usize {
    use judge::Verdict::{Fits, ToolFailed};
    let find = |is: fn(&judge::Verdict) -> bool| judged.iter().rposition(|judged| is(&judged.verdict));
    let refusing = judged.iter().position(|judged| judged.verdict.refuses());
    let fitting = || find(|verdict| matches!(verdict, Fits { .. }));
    let passing = || find(|verdict| matches!(verdict, ToolFailed { may_retry: true, .. }));
    refusing.or_else(fitting).or_else(passing).unwrap_or(judged.len().saturating_sub(1))
}

impl Heard {
    /// The one whose word counts.
    pub(crate) fn counts(&self) -> &Judged {
        &self.judged[self.counts]
    }

    /// Its name with its version.
    pub(crate) fn judge(&self) -> Brief {
        let judge = &self.counts().judge;
        Brief::new(&format!("{} ({})", judge.name, judge.tool))
    }

    pub(crate) fn footprint(&self) -> Option<Footprint> {
        self.counts().measurement.as_ref().map(|measurement| measurement.footprint)
    }

    /// Its verdict; of what does not fit with the smallest change that would help, where a single one does.
    pub(crate) fn verdict(&self, network: &Network, budget: Budget) -> Verdict {
        use judge::Verdict as Said;
        let judged = self.counts();
        match &judged.verdict {
            Said::Fits { .. } => Verdict::Fits,
            Said::OverBudget { .. } => {
                let fix = self.footprint().and_then(|footprint| fix(network, &footprint, budget));
                let fix = fix.map(|fix| format!("; {fix}")).unwrap_or_default();
                Verdict::OverBudget { reason: Brief::new(&(judged.verdict.excess().unwrap_or_default() + &fix)) }
            }
            Said::Unsupported { operator, layer } => {
                let layer = layer.as_ref().map(|layer| format!(" in {layer}")).unwrap_or_default();
                Verdict::Unsupported { reason: Brief::new(&format!("{operator}{layer}")) }
            }
            Said::ToolFailed { words, may_retry, .. } => {
                Verdict::ToolFailed { reason: Brief::new(words), is_transient: *may_retry }
            }
            // Who asks for this judge's word has to hear why there is none.
            Said::Unknown { words } if self.is_wanted => {
                Verdict::ToolFailed { reason: Brief::new(words), is_transient: false }
            }
            Said::Unknown { .. } => Verdict::Unknown,
        }
    }
}

/// The smallest single change by which what lies beside arena, weights and tables leaves room for these.
fn fix(network: &Network, footprint: &Footprint, budget: Budget) -> Option<String> {
    let (ram, flash) = (&footprint.ram, &footprint.flash);
    let around_ram = footprint.known_ram().0 - ram.activations.0;
    let tables = flash.weights.0 + flash.tables.map_or(0, |bytes| bytes.0);
    let around_flash = footprint.known_flash().0 - tables;
    let room = Room {
        ram: budget.ram.map(|bytes| bytes.0.saturating_sub(around_ram)),
        flash: budget.flash.map(|bytes| bytes.0.saturating_sub(around_flash)),
    };
    edits(network.graph(), room).into_iter().next().map(|edit| edit.what)
}
