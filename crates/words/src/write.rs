//! A job file as words, which read back as the same job.

use automcu_api::{Ablation, JobFile, Proposer};

/// The job in words, phrase by phrase. The order does not matter to what reads it; lists come back in the order of names.
#[must_use]
pub fn write(job: &JobFile) -> String {
    phrases(job).join(", ")
}

pub(crate) fn phrases(job: &JobFile) -> Vec<String> {
    let mut said = vec![format!("data {}", quoted(&job.data))];
    said.extend(job.target.as_ref().map(|target| format!("target {}", quoted(target))));
    said.extend(job.budget.ram.map(|size| format!("{size} of RAM")));
    said.extend(job.budget.flash.map(|size| format!("{size} of Flash")));
    said.extend(job.goal.map(|goal| format!("at least {goal}")));
    said.extend(job.limits.time.map(|time| format!("within {time}")));
    said.extend(job.limits.candidates.map(|count| format!("{count} candidates")));
    said.extend(job.limits.epochs.map(|count| format!("{count} epochs")));
    said.extend(job.limits.tokens.map(|count| format!("{count} tokens")));
    said.extend(job.limits.money.map(|money| format!("money {money}")));
    let usual = JobFile::new("");
    said.extend((job.proposer != usual.proposer).then(|| format!("proposer {}", proposer(job.proposer))));
    said.extend(job.space.as_ref().map(|space| format!("space {}", quoted(space))));
    said.extend((job.recipe != usual.recipe).then(|| format!("recipe {}", quoted(&job.recipe))));
    said.extend((job.seed != usual.seed).then(|| format!("seed {}", job.seed)));
    said.extend(job.seeds.map(|count| format!("{count} seeds")));
    said.extend(job.tags.iter().map(|tag| format!("tag {}", quoted(tag))));
    said.extend((job.priority != usual.priority).then(|| format!("priority {}", job.priority)));
    said.extend(job.warm.then(|| "warm start".to_owned()));
    said.extend(job.replays.map(|job| format!("replay {job}")));
    said.extend(job.leave_out.map(|group| format!("leave out group {group}")));
    said.extend(job.mix_groups.then(|| "mix groups".to_owned()));
    said.extend(job.judges.iter().flatten().map(|judge| format!("judge {}", quoted(judge))));
    said.extend(job.ablate.iter().map(|part| format!("without {}", ablation(*part))));
    said
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Each proposer with its word.
pub(crate) const PROPOSERS: [(&str, Proposer); 11] = [
    ("guided", Proposer::Guided),
    ("mixed", Proposer::Mixed),
    ("seeds", Proposer::Seeds),
    ("evolution", Proposer::Evolution),
    ("random", Proposer::Random),
    ("local", Proposer::Local),
    ("unas", Proposer::Unas),
    ("occam", Proposer::Occam),
    ("llm", Proposer::Llm),
    ("hybrid", Proposer::Hybrid),
    ("genius", Proposer::Genius),
];

fn proposer(proposer: Proposer) -> &'static str {
    PROPOSERS.iter().find(|(_, known)| *known == proposer).map_or("mixed", |(word, _)| word)
}

const fn ablation(part: Ablation) -> &'static str {
    match part {
        Ablation::Msim => "msim",
        Ablation::Hag => "hag",
    }
}
