//! What others say of a candidate than the judge that decided.

use automcu_model::Graph;
use automcu_target::{Budget, Catalogue, Footprint, Part};
use automcu_toolchain::judge::{Judged, Question, Uncounted, Verdict};
use serde::Serialize;

use crate::{
    audit::Rate,
    cmd::screen::{
        asked::{Judges, OWN},
        proposal::Subject,
    },
    outcome::Failure,
    record::{Candidate, Heard, Standing, Word},
};

/// The judge that links our own code.
const LINKER: &str = "gcc";
/// What a network takes does not depend on its weights; with the seed of `automcu screen` answers are remembered.
const SEED: u64 = 1;

/// Whoever can be asked, and about which parts.
pub(super) struct Bench {
    pub(super) judges: Judges,
    pub(super) catalogue: Catalogue,
}

/// A candidate of the sample, and what others say.
pub(super) struct Review {
    pub(super) candidate: Candidate,
    pub(super) opinions: Vec<Opinion>,
    /// Whether another judge says otherwise; none where no other has an answer.
    pub(super) is_otherwise: Option<bool>,
}

/// What a judge says that did not decide.
#[derive(Serialize)]
pub(super) struct Opinion {
    judge: &'static str,
    tool: String,
    #[serde(flatten)]
    pub(super) word: Word,
    /// Whether it was asked within the limit, where the first layers may run in patches; otherwise without any.
    within_limit: bool,
    footprint: Option<Footprint>,
    uncounted: Vec<Uncounted>,
}

impl Opinion {
    /// Whether the network fits; none where that is not known.
    fn fits(&self) -> Option<bool> {
        match self.word {
            Word::Fits => Some(true),
            Word::OverBudget | Word::Unsupported { .. } => Some(false),
            Word::ToolFailed { .. } | Word::Unknown { .. } => None,
        }
    }

    /// What a judge that was asked without a limit says of a budget.
    fn of(judged: &Judged, budget: Budget, within_limit: bool) -> Self {
        let verdict = judged.measurement.clone().map(|measurement| Verdict::of(&Ok(measurement), budget));
        let judged = Judged { verdict: verdict.unwrap_or_else(|| judged.verdict.clone()), ..judged.clone() };
        let uncounted = match &judged.verdict {
            Verdict::Fits { uncounted, .. } => uncounted.clone(),
            _ => Vec::new(),
        };
        let footprint = judged.measurement.as_ref().map(|measurement| measurement.footprint);
        let word = Heard::from(&judged).word;
        Self { judge: judged.judge.name, tool: judged.judge.tool, word, within_limit, footprint, uncounted }
    }
}

impl Bench {
    /// What others say of each.
    pub(super) fn reviews(&self, candidates: Vec<Candidate>) -> Result<Vec<Review>, Failure> {
        candidates.into_iter().map(|candidate| self.review(candidate)).collect()
    }

    fn review(&self, candidate: Candidate) -> Result<Review, Failure> {
        let part = candidate.target.as_deref().map(|name| self.catalogue.find(name)).transpose()?;
        let opinions = match candidate.graph() {
            Some(graph) => self.opinions(&candidate, &graph, part)?,
            // What this version does not build it cannot say anything about.
            None => Vec::new(),
        };
        let is_retained = candidate.standing() == Standing::Retained;
        let told: Vec<bool> = opinions.iter().filter_map(Opinion::fits).collect();
        let is_otherwise = (!told.is_empty()).then(|| told.iter().any(|fits| *fits != is_retained));
        Ok(Review { candidate, opinions, is_otherwise })
    }

    /// Linked without the limit where the compiler did not decide itself; planned only where nobody links, and neither
    /// decided.
    fn opinions(&self, candidate: &Candidate, graph: &Graph, part: Option<&Part>) -> Result<Vec<Opinion>, Failure> {
        let subject = Subject::drawn(graph, SEED)?;
        let free =
            Question { network: &subject.network, float: subject.float.as_ref(), part, budget: Budget::default() };
        let decided = candidate.judges.first().map_or("", |first| first.judge.as_str());
        // Without a part nobody says that there is an accelerator.
        let is_second = |name: &str| name != decided && name != OWN && (name != "vela" || part.is_some());
        let asked = self.judges.ask_those(&free, &is_second);
        let mut opinions: Vec<Opinion> =
            asked.iter().map(|judged| self.opinion(judged, &free, candidate.budget)).collect();
        let is_linked = opinions.iter().any(|opinion| opinion.judge == LINKER && opinion.fits().is_some());
        if !is_linked && ![OWN, LINKER].contains(&decided) {
            let planned = self.judges.ask_those(&free, &|name| name == OWN);
            opinions.extend(planned.iter().map(|judged| self.opinion(judged, &free, candidate.budget)));
        }
        Ok(opinions)
    }

    /// Our own code may fit in patches only, which it takes a limit to plan.
    fn opinion(&self, judged: &Judged, free: &Question<'_>, budget: Budget) -> Opinion {
        let opinion = Opinion::of(judged, budget, false);
        let is_own = [OWN, LINKER].contains(&opinion.judge);
        if !is_own || opinion.word != Word::OverBudget {
            return opinion;
        }
        let within = self.judges.ask_those(&Question { budget, ..*free }, &|name| name == opinion.judge);
        within
            .first()
            .map(|judged| Opinion::of(judged, budget, true))
            .filter(|within| within.fits() == Some(true))
            .unwrap_or(opinion)
    }

    /// What would make the answer firmer.
    pub(super) fn remarks(&self, refused: &[Review]) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(linker) = self.judges.absent.iter().find(|absent| absent.name == LINKER) {
            remarks.push(format!(
                "nothing is linked, as there is no compiler for microcontrollers; what is planned is an estimate, and `{}` makes it firm",
                linker.install
            ));
        }
        let alone = refused.iter().filter(|review| review.is_otherwise.is_none()).count();
        if alone > 0 {
            remarks.push(format!(
                "of {alone} refused ones nobody else could tell: a judge does not judge itself; `automcu doctor` says what others there are"
            ));
        }
        remarks
    }
}

/// A sample, and how often others say otherwise.
#[derive(Serialize)]
pub(super) struct Group {
    /// Of those of whom another judge could tell: of the refused ones, the share that fit; of the retained ones, the share that
    /// do not.
    pub(super) otherwise: Rate,
    /// Of whom no other judge could tell.
    pub(super) untold: usize,
    pub(super) judges: Vec<ByJudge>,
    pub(super) reviews: Vec<Told>,
}

/// How often one judge says otherwise.
#[derive(Serialize)]
pub(super) struct ByJudge {
    pub(super) judge: &'static str,
    pub(super) tool: String,
    pub(super) otherwise: Rate,
    /// How its figures are known.
    pub(super) figures: Option<String>,
}

/// A review as it is told.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) name: String,
    digest: Option<String>,
    target: Option<String>,
    budget: Budget,
    #[serde(flatten)]
    pub(super) standing: Standing,
    otherwise: Option<bool>,
    pub(super) opinions: Vec<Opinion>,
}

impl Told {
    /// Whether others say otherwise, and who, with figures.
    pub(super) fn others(&self) -> Option<String> {
        let is_retained = self.standing == Standing::Retained;
        let differs = |opinion: &&Opinion| opinion.fits().is_some_and(|fits| fits != is_retained);
        let words = self.opinions.iter().filter(differs).map(|opinion| {
            let figures = opinion.footprint.as_ref().map(|of| {
                let (ram, flash) = (of.known_ram().0, of.known_flash().0);
                format!(" in {ram} B of RAM, {flash} B of Flash ({}, {})", of.dtype, of.provenance)
            });
            let uncounted: Vec<&str> = opinion.uncounted.iter().copied().map(Uncounted::words).collect();
            let left_out =
                if uncounted.is_empty() { String::new() } else { format!("; {} not counted", uncounted.join(", ")) };
            let word = if is_retained { "refuses" } else { "fits" };
            format!("{word} by {}{}{left_out}", opinion.judge, figures.unwrap_or_default())
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

impl Group {
    pub(super) fn of(reviews: Vec<Review>) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        for opinion in reviews.iter().flat_map(|review| &review.opinions) {
            if !names.contains(&opinion.judge) {
                names.push(opinion.judge);
            }
        }
        Self {
            otherwise: Rate::of(reviews.iter().filter_map(|review| review.is_otherwise)),
            untold: reviews.iter().filter(|review| review.is_otherwise.is_none()).count(),
            judges: names.into_iter().filter_map(|name| ByJudge::of(name, &reviews)).collect(),
            reviews: reviews.into_iter().map(Told::from).collect(),
        }
    }
}

impl ByJudge {
    fn of(judge: &'static str, reviews: &[Review]) -> Option<Self> {
        let own = reviews.iter().flat_map(|review| {
            let is_retained = review.candidate.standing() == Standing::Retained;
            review.opinions.iter().filter(|opinion| opinion.judge == judge).map(move |opinion| (opinion, is_retained))
        });
        let told: Vec<_> = own.collect();
        let figures = told.iter().find_map(|(opinion, _)| opinion.footprint);
        let known = told.iter().filter_map(|(opinion, is_retained)| Some(opinion.fits()? != *is_retained));
        Some(Self {
            judge,
            tool: told.first()?.0.tool.clone(),
            otherwise: Rate::of(known),
            figures: figures.map(|of| format!("{}, {}", of.dtype, of.provenance)),
        })
    }
}

impl From<Review> for Told {
    fn from(review: Review) -> Self {
        let Review { candidate, opinions, is_otherwise } = review;
        let standing = candidate.standing();
        let Candidate { name, digest, target, budget, .. } = candidate;
        Self { name, digest, target, budget, standing, otherwise: is_otherwise, opinions }
    }
}
