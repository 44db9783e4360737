//! The judges that are there, asked side by side.

use automcu_target::Part;
use automcu_toolchain::{
    Board, Cpu, Own,
    judge::{Judge, Judged, NoAnswer, Patience, Question, Verdict, ask},
};
use serde::Serialize;

use crate::{
    judges::{Candidate, Found, Setting, Workshop},
    outcome::Failure,
};

/// The judge that needs no other program.
pub(in crate::cmd) const OWN: &str = "plan";
/// Whoever is asked for all judges.
pub(in crate::cmd) const ALL: &str = "all";

/// The judges that are asked, the one whose word counts first, and those that are not there.
pub(in crate::cmd) struct Judges {
    pub(in crate::cmd) asked: Vec<Box<dyn Judge>>,
    pub(in crate::cmd) absent: Vec<Absent>,
}

/// A judge that could not be asked.
#[derive(Serialize)]
pub(in crate::cmd) struct Absent {
    pub(in crate::cmd) name: &'static str,
    pub(in crate::cmd) why: String,
    pub(in crate::cmd) install: &'static str,
}

impl Judges {
    /// Nobody, where there is nothing to ask about.
    pub(in crate::cmd) const fn none() -> Self {
        Self { asked: Vec::new(), absent: Vec::new() }
    }

    /// Those of these names; without a name our own code is judged.
    pub(in crate::cmd) fn of(
        backend: &[String],
        part: Option<&Part>,
        setting: &Setting,
        workshop: &Workshop<'_>,
    ) -> Result<Self, Failure> {
        let tools = workshop.compilers(setting);
        let cpu = part.map_or(Some(Board::M4.cpu), |part| Cpu::of(part.core(), part.fpu(), part.has_dsp()));
        let is_linked = cpu.is_some_and(|cpu| tools.compiler(cpu.isa()).is_some());
        let is_wanted = |name: &str| match backend {
            // Without a word, our own code is judged as firmly as it can be here for this core.
            [] => name == "gcc" && is_linked,
            wanted => wanted.iter().any(|word| word == name || word == ALL),
        };
        let mut judges = Self { asked: Vec::new(), absent: Vec::new() };
        for Candidate { name, found, install } in
            workshop.judges(setting).map_err(|error| Failure::Runs(error.to_string()))?
        {
            if !is_wanted(name) {
                continue;
            }
            match found {
                Found::Ready { judge, .. } => judges.asked.push(judge),
                Found::Missing { looked_at } => judges.absent.push(Absent { name, why: looked_at, install }),
                Found::Broken { path, why } => {
                    judges.absent.push(Absent { name, why: format!("{}: {why}", path.display()), install });
                }
            }
        }
        let is_needed = judges.asked.is_empty() && backend.is_empty();
        if is_needed || is_wanted(OWN) && !backend.is_empty() {
            let at = usize::from(judges.asked.first().is_some_and(|judge| judge.identity().name == "gcc"));
            // What GCC's judge runs need not be run twice.
            let runs = setting.runs_code && at == 0;
            let own = if runs { Own::running(tools) } else { Own::default() };
            judges.asked.insert(at, Box::new(own));
        }
        if judges.asked.is_empty() {
            let why: Vec<String> =
                judges.absent.iter().map(|absent| format!("{}: {}", absent.name, absent.why)).collect();
            return Err(Failure::NothingRun(why.join("; ")));
        }
        Ok(judges)
    }

    /// All of them side by side: each waits for its tool most of the time.
    pub(in crate::cmd) fn ask(&self, question: &Question<'_>) -> Vec<Judged> {
        self.ask_those(question, &|_| true)
    }

    /// Those of them whose names are wanted.
    pub(in crate::cmd) fn ask_those(&self, question: &Question<'_>, is_wanted: &dyn Fn(&str) -> bool) -> Vec<Judged> {
        let wanted: Vec<&dyn Judge> =
            self.asked.iter().map(AsRef::as_ref).filter(|judge| is_wanted(judge.identity().name)).collect();
        std::thread::scope(|scope| {
            let asking: Vec<_> =
                wanted.iter().map(|judge| scope.spawn(|| ask(*judge, question, Patience::default()))).collect();
            let asked = asking.into_iter().zip(&wanted);
            asked.map(|(asked, judge)| asked.join().unwrap_or_else(|_| lost(*judge, question))).collect()
        })
    }
}

/// A judge that broke down has said nothing of the network.
fn lost(judge: &dyn Judge, question: &Question<'_>) -> Judged {
    let none = NoAnswer::Failed { words: "AutoMCU itself broke down while it asked; please report this".to_owned() };
    Judged {
        judge: judge.identity().clone(),
        verdict: Verdict::of(&Err(none), question.budget),
        measurement: None,
        duration_ms: 0,
        tries: 1,
        remembered: false,
    }
}
